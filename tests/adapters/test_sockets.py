"""The TCP server, over real sockets, with a real store."""

import random
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from chatdesk.adapters.sockets import SocketServer
from chatdesk.model.commands import (
    AnswerTicket,
    CloseChat,
    CommentOnTicket,
    Connect,
    EndChat,
    LeaveNote,
    PostMessage,
    QualifyChat,
    RateChat,
    ReplyToTicket,
    RequestChat,
    SetTicketState,
)
from chatdesk.model.errors import ConfigurationError
from chatdesk.model.queries import AskConversation, AskOverview
from chatdesk.model.values import Role, TicketState
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.transport.codec import decode_server
from chatdesk.transport.frames import (
    Answered,
    Bye,
    ByeCode,
    Ping,
    Pong,
    RefusedFrame,
    Replied,
    ServerFrame,
    Signal,
    Typing,
    Update,
    Welcome,
)
from tests.adapters.serving import PATIENCE, TOKENS, TcpClient, few, new_desk, serve_tcp

ASK = RequestChat(queue="sales", question="Where is it?", answers={"name": "Bo", "email": "b@c.de"})
BACKENDS = ["asyncio", "trio"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ChatDesk]:
    """A desk on a SQLite file."""
    with new_desk(tmp_path) as desk:
        yield desk


@pytest.fixture(params=BACKENDS)
def server(desk: ChatDesk, request: pytest.FixtureRequest) -> Iterator[SocketServer]:
    """The desk on a TCP port, on asyncio and on trio."""
    with serve_tcp(desk, request.param) as server:
        yield server


@pytest.fixture
def clients() -> Iterator[list[TcpClient]]:
    """Clients that are closed at the end."""
    opened: list[TcpClient] = []
    yield opened
    for client in opened:
        client.close()


def dial(server: SocketServer, clients: list[TcpClient], token: str) -> TcpClient:
    """A client that is connected, and has said nothing."""
    clients.append(TcpClient(server.port, token))
    return clients[-1]


def visitor(server: SocketServer, clients: list[TcpClient], name: str = "v1") -> TcpClient:
    """A visitor who has said hello."""
    client = dial(server, clients, TOKENS.visitor(name))
    assert isinstance(client.hello(), Welcome)
    return client


def ana(server: SocketServer, clients: list[TcpClient]) -> TcpClient:
    """An agent who has said hello and is there."""
    client = dial(server, clients, TOKENS.agent("ana"))
    greeting = client.hello()
    assert isinstance(greeting, Welcome)
    assert (greeting.id, greeting.role) == ("hello", Role.AGENT)
    client.do(Connect(device="tcp"))
    return client


def test_a_whole_chat_over_tcp(server: SocketServer, clients: list[TcpClient]) -> None:
    """A01, A39, A26, A33: the same talk as over HTTP, by the same frames."""
    agent, guest = ana(server, clients), visitor(server, clients)
    chat = guest.do(ASK).chat
    card: Any = agent.until("chat_assigned").notices[-1].chat
    assert card.chat.id == chat
    guest.until("chat_assigned")
    agent.do(PostMessage(chat=chat, text="Let me look 🙂", epoch=card.chat.epoch))
    message: Any = guest.until("message_added").notices[0].message
    assert (message.text, message.author) == ("Let me look 🙂", "Ana")
    agent.send(Typing(chat=chat, on=True))
    assert isinstance(guest.receive(), Signal)
    guest.do(EndChat(chat=chat))
    refused = agent.answer(CloseChat(chat=chat))
    assert isinstance(refused, RefusedFrame)
    assert refused.refusal.code == "not_qualified"
    agent.do(QualifyChat(chat=chat, answers={"outcome": "answered"}))
    agent.do(CloseChat(chat=chat))
    guest.until("rating_invited")
    guest.do(RateChat(chat=chat, answers={"satisfaction": 4}))
    agent.until("chat_closed")


def test_a_note_over_tcp_becomes_a_ticket_that_is_answered(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """B10, B35, B41, B43–B46: with nobody there a note is left, answered, and solved."""
    guest = visitor(server, clients)
    assert guest.do(ASK).reason == "nobody"
    note = guest.do(LeaveNote(text="Ring me", answers=ASK.answers, queue="sales")).ticket
    agent = ana(server, clients)
    agent.do(CommentOnTicket(ticket=note, text="secret: he asked twice"))
    agent.do(ReplyToTicket(ticket=note, text="At what number?", state=TicketState.PENDING))
    while True:
        told: Any = guest.until("ticket_state_changed")
        (ticket,) = {n.ticket.ticket: n.ticket for n in told.notices if n.ticket}.values()
        if ticket.state is TicketState.PENDING:
            break
    assert [entry.text for entry in ticket.entries] == ["Ring me", "At what number?"]
    assert guest.do(AnswerTicket(ticket=note, text="42")).state is TicketState.OPEN
    agent.do(SetTicketState(ticket=note, state=TicketState.SOLVED))
    view: Any = guest.answer(AskConversation())
    (ticket,) = view.view.tickets
    assert (ticket.state, [entry.text for entry in ticket.entries]) == (
        TicketState.SOLVED,
        ["Ring me", "At what number?", "42"],
    )


def test_pipelined_frames_are_answered_in_order(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """Many frames in one piece are done one after the other, each once, answered in order."""
    agent, guest = ana(server, clients), visitor(server, clients)
    chat = guest.do(ASK).chat
    guest.send(*(PostMessage(id=f"m{n}", chat=chat, text=str(n)) for n in range(100)))
    answers: list[Any] = []
    while len(answers) < 100:
        frame = guest.receive()
        if isinstance(frame, Replied):
            answers.append(frame)
    assert [answer.id for answer in answers] == [f"m{n}" for n in range(100)]
    seqs = [answer.result.seq for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 100))
    texts: list[str] = []
    while len(texts) < 100:
        frames = [agent.pushed.pop(0) if agent.pushed else agent.receive()]
        for update in (frame for frame in frames if isinstance(frame, Update)):
            texts += [n.message.text for n in update.notices if n.message is not None]
        texts = [text for text in texts if text.isdigit()]
    assert texts == [str(n) for n in range(100)]


def test_a_connection_cut_at_a_random_byte_is_resumed(
    desk: ChatDesk, clients: list[TcpClient]
) -> None:
    """However often the line is cut, wherever: nothing is missed, doubled or out of order."""
    dice = random.Random(5417)
    with serve_tcp(desk) as server:
        agent = dial(server, clients, TOKENS.agent("ana"))
        start = agent.hello()
        assert isinstance(start, Welcome)
        seen: dict[int, bytes] = {}
        cursor = start.revision
        agent.do(Connect(device="tcp"))
        chat = visitor(server, clients).do(ASK).chat
        for number in range(60):
            desk.execute(PostMessage(chat=chat, text=str(number)), by=_visitor())
            if number % 3 == 0:
                cursor = read_and_cut(server, cursor, dice.randrange(3_000), seen)
        last = desk.revision
        while cursor < last:
            cursor = read_and_cut(server, cursor, 200_000, seen)
    texts = [
        notice.message.text
        for line in seen.values()
        for notice in update(line).notices
        if notice.message is not None
    ]
    assert list(seen) == sorted(seen)
    assert [text for text in texts if text.isdigit()] == [str(n) for n in range(60)]


def _visitor() -> Any:
    from chatdesk.model.values import visitor as visitor_actor

    return visitor_actor("v1")


def update(line: bytes) -> Update:
    """A line that is an update."""
    frame = decode_server(line)
    assert isinstance(frame, Update)
    return frame


def read_and_cut(server: SocketServer, cursor: int, most: int, seen: dict[int, bytes]) -> int:
    """Resumes, reads some bytes, hangs up; keeps whole lines only and gives the new cursor."""
    client = TcpClient(server.port, TOKENS.agent("cleo"))
    client.connection.settimeout(0.2)
    try:
        client.hello(after=cursor)
        data = read_some(client, most)
    finally:
        client.close()
    for line in data.split(b"\n")[:-1]:
        frame = decode_server(line)
        if isinstance(frame, Update):
            assert frame.revision > cursor
            assert frame.revision not in seen
            seen[frame.revision] = line
            cursor = frame.revision
    return cursor


def read_some(client: TcpClient, most: int) -> bytes:
    """Reads up to so many bytes, or until nothing comes."""
    data = b""
    try:
        while len(data) < most:
            piece = client.reader.read1(min(most - len(data), 700))
            if not piece:
                break
            data += piece
    except TimeoutError:
        pass
    return data


# -- who may come in -----------------------------------------------------------------------------


def codes(frames: list[ServerFrame]) -> list[str]:
    """What a client is told when he is turned away."""
    return [
        frame.refusal.code if isinstance(frame, RefusedFrame) else getattr(frame, "code", "?")
        for frame in frames
    ]


def rest(client: TcpClient) -> list[str]:
    """The codes of everything until the server closes the connection."""
    return codes([decode_server(line) for line in client.reader])


def test_nothing_is_answered_before_hello(server: SocketServer, clients: list[TcpClient]) -> None:
    """Somebody unknown gets nothing but refusals, pings aside."""
    client = dial(server, clients, "")
    client.send(AskConversation(id="q"), Ping(id="p"))
    assert codes([client.receive()]) == ["unauthenticated"]
    assert client.receive() == Pong(id="p")
    client.token = "v.false.token"
    assert codes([client.hello()]) == ["unauthenticated"]


def test_an_agent_the_desk_does_not_have_is_turned_away(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """A good token of nobody opens nothing."""
    client = dial(server, clients, TOKENS.agent("nobody"))
    assert codes([client.hello()]) == ["not_allowed"]
    assert rest(client) == ["refused"]


def test_hostile_bytes_harm_only_their_sender(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """Nonsense, endless lines and deep nesting are refused; another client notices nothing."""
    good = visitor(server, clients)
    attacks = [
        b"\x00\xff\n" * 50,
        b"A" * 200_000,
        b'{"type":"hello","token":' + b"[" * 60_000 + b"\n" + b"x\n" * 30,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
        b"\x16\x03\x01\x02\x00\x01\x00" + bytes(range(256)) * 300,
    ]
    for attack in attacks:
        bad = dial(server, clients, "")
        try:
            bad.connection.sendall(attack)
            last = rest(bad)[-1]
        except ConnectionError:
            continue  # we had hung up before all was sent
        assert last == "refused"
    assert isinstance(good.answer(AskConversation(id="q")), Answered)


def test_a_visitor_cannot_ask_what_agents_may(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """The desk's table of access decides, on every transport."""
    refused = visitor(server, clients).answer(AskOverview(id="q"))
    assert isinstance(refused, RefusedFrame)
    assert (refused.id, refused.refusal.code) == ("q", "not_allowed")


def test_there_are_limits_to_connections(desk: ChatDesk, clients: list[TcpClient]) -> None:
    """One more than there may be is told to come later; one person's oldest is replaced."""
    with serve_tcp(desk, connections=few(total=3, per_actor=2)) as server:
        first = visitor(server, clients)
        visitor(server, clients)
        visitor(server, clients)
        assert rest(first) == ["replaced"]
        visitor(server, clients, "v2")
        assert rest(dial(server, clients, "")) == ["unavailable_now", "stopping"]


def test_a_port_in_use_is_told(server: SocketServer) -> None:
    """A port that cannot be had is a mistake of the set-up, and the message says how to mend it."""
    second = SocketServer(server.desk, TOKENS, port=server.port)
    with pytest.raises(ConfigurationError, match=f"port {server.port}: .*port 0 for any"):
        anyio.run(second.serve)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
@pytest.mark.parametrize("backend", BACKENDS)
def test_tls_keeps_tokens_from_the_line(desk: ChatDesk, tmp_path: Path, backend: str) -> None:
    """With a certificate the same frames are exchanged; a client without TLS gets nothing."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost".split()
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=certificate)
    with serve_tcp(desk, backend, tls=serving) as server:
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, PATIENCE) as plain:
            plain.sendall(b'{"type":"ping"}\n')
            assert b"pong" not in plain.recv(1_000)
        with (
            socket.create_connection(address, PATIENCE) as raw,
            trusting.wrap_socket(raw, server_hostname="localhost") as secure,
        ):
            secure.sendall(b'{"type":"ping","id":"p"}\n')
            assert decode_server(secure.recv(1_000)) == Pong(id="p")


# -- how it ends ---------------------------------------------------------------------------------


def test_connections_end_when_the_server_stops(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """Every client is told, and the next is sent away."""
    client = visitor(server, clients)
    server.stop()
    assert rest(client) == ["stopping"]
    assert rest(dial(server, clients, "")) == ["unavailable_now", "stopping"]


def test_connections_end_when_the_serving_task_is_cancelled(
    desk: ChatDesk, clients: list[TcpClient]
) -> None:
    """A program that just cancels its tasks leaves no connection open."""
    with serve_tcp(desk) as server:
        client = visitor(server, clients)
    assert rest(client) == ["stopping"]


def test_connections_end_when_the_desk_stops(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """The desk's own farewell is passed on."""
    client = visitor(server, clients)
    server.desk.blocking.stop()
    assert rest(client) == ["stopping"]


def test_the_silent_are_let_go(desk: ChatDesk, clients: list[TcpClient]) -> None:
    """Who says no hello, and who is silent for too long, is sent away; a ping is enough to stay."""
    with serve_tcp(desk, write_seconds=1e9) as server:
        mute, silent = dial(server, clients, ""), visitor(server, clients)
        mute.send(Ping())
        mute.receive()
        server.sweep(11)
        assert rest(mute) == ["idle"]
        server.sweep(75)
        silent.send(Ping(id="here"))
        assert silent.receive() == Pong(id="here")
        server.sweep(85)
        silent.send(Ping(id="still"))
        assert silent.receive() == Pong(id="still")
        server.sweep(91)
        assert rest(silent) == ["idle"]


def test_a_client_who_does_not_read_is_dropped(
    server: SocketServer, clients: list[TcpClient]
) -> None:
    """Whoever asks and never reads is not listened to any more, then let go; others go on."""
    slow, other = visitor(server, clients), visitor(server, clients, "v2")
    slow.connection.settimeout(1.0)
    asked = ask_until_nobody_listens(slow)
    for _ in range(2):  # in two parts: only who reads nothing all the time is too slow
        assert isinstance(other.answer(AskConversation(id="q")), Answered)
        server.sweep(server.write_seconds * 0.6)
    slow.connection.settimeout(PATIENCE)
    assert count_lines(slow) < asked
    assert isinstance(other.answer(AskConversation(id="q")), Answered)


def ask_until_nobody_listens(client: TcpClient) -> int:
    """Sends pings, and reads no pong, until the server reads no more; how many were sent."""
    for count in range(1_000):
        try:
            client.send(*([Ping(id="p" * 200)] * 200))
        except TimeoutError:
            return count * 200
    raise AssertionError("the server takes in everything")


def count_lines(client: TcpClient) -> int:
    """How many lines come until the connection is closed or broken off."""
    count = 0
    try:
        for _ in client.reader:
            count += 1
    except ConnectionError:
        pass
    return count


def test_bye_has_a_code_for_each_end() -> None:
    """The codes a client may meet are those of the frames' schema."""
    assert {code.value for code in ByeCode} == {"slow", "stopping", "replaced", "refused", "idle"}
    assert decode_server(b'{"type":"bye","code":"slow"}') == Bye(code=ByeCode.SLOW)
