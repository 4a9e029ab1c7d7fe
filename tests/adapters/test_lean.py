"""The socket server's clients on asyncio, which have no task of their own."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatdesk.adapters import lean
from chatdesk.adapters.clients import Client
from chatdesk.adapters.lean import READ_AHEAD_BYTES, LeanClient
from chatdesk.adapters.sockets import SocketServer
from chatdesk.model.commands import Connect, PostMessage, RequestChat
from chatdesk.model.queries import AskConversation
from chatdesk.model.values import agent
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.transport.codec import decode_server
from chatdesk.transport.frames import (
    Answered,
    Ping,
    Pong,
    RefusedFrame,
    Replied,
    ServerFrame,
    Update,
    Welcome,
)
from chatdesk.transport.tokens import Claims
from tests.adapters.serving import TOKENS, TcpClient, new_desk, serve_tcp

ANA = Claims(agent("ana"))
ASK = RequestChat(queue="sales", question="Where is it?", answers={"name": "Bo", "email": "b@c.de"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ChatDesk]:
    """A desk on a SQLite file, and an agent who is there."""
    with new_desk(tmp_path) as desk:
        desk.execute(Connect(device="desk"), by=agent("ana"))
        yield desk


@pytest.fixture
def server(desk: ChatDesk) -> Iterator[SocketServer]:
    """The desk on a TCP port, on asyncio."""
    with serve_tcp(desk) as server:
        yield server


@pytest.fixture
def dial(server: SocketServer) -> Iterator[Callable[[str], TcpClient]]:
    """Connects visitors, whose connections are closed at the end."""
    opened: list[TcpClient] = []

    def connect(name: str) -> TcpClient:
        opened.append(TcpClient(server.port, TOKENS.visitor(name)))
        assert isinstance(opened[-1].hello(), Welcome)
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


def only(server: SocketServer) -> LeanClient:
    """The server's side of the one connection."""
    (client,) = set[Client](server.clients)
    assert isinstance(client, LeanClient)
    return client


def past_updates(client: TcpClient) -> ServerFrame:
    """The next frame that is no update."""
    while isinstance(frame := client.receive(), Update):
        pass
    return frame


def test_commands_and_queries_are_answered_in_order(dial: Callable[[str], TcpClient]) -> None:
    """Commands need no task and queries do; their answers come in the order they were asked."""
    client = dial("v1")
    chat = client.do(ASK).chat
    client.send(
        PostMessage(id="1", chat=chat, text="one"),
        PostMessage(id="2", chat=chat, text="two"),
        AskConversation(id="3"),
        PostMessage(id="4", chat=chat, text="four"),
        Ping(id="5"),
    )
    answers = [past_updates(client) for _ in range(5)]
    asked = [frame.id for frame in answers if isinstance(frame, Replied | Answered)]
    assert asked == ["1", "2", "3", "4"]
    assert Pong(id="5") in answers


def test_who_sends_no_more_is_answered_to_the_end(dial: Callable[[str], TcpClient]) -> None:
    """A client who closes his side of the line gets all he asked for, then the line is closed."""
    client = dial("v1")
    chat = client.do(ASK).chat
    client.send(*(PostMessage(id=f"m{n}", chat=chat, text="x") for n in range(100)))
    client.send(AskConversation(id="last"))
    client.connection.shutdown(socket.SHUT_WR)
    frames = [decode_server(line) for line in client.reader]
    ids = [frame.id for frame in frames if isinstance(frame, Replied | Answered)]
    assert ids == [*(f"m{n}" for n in range(100)), "last"]


def test_no_more_is_read_ahead_than_a_connection_bears(
    server: SocketServer, dial: Callable[[str], TcpClient], desk: ChatDesk
) -> None:
    """While the desk is busy a client who goes on sending is held back, and loses nothing."""
    client = dial("v1")
    chat = client.do(ASK).chat
    served = only(server)
    text = "x" * 5_000
    ids = [f"m{n}" for n in range(2 * READ_AHEAD_BYTES // len(text))]
    with desk.engine.replica.lock:  # no turn is taken meanwhile
        client.send(*(PostMessage(id=id_, chat=chat, text=text) for id_ in ids))
        while not served._held:
            pass
        assert served._ahead < 2 * READ_AHEAD_BYTES
    answers: list[Any] = [past_updates(client) for _ in ids]
    assert [answer.id for answer in answers] == ids
    assert not served._held


def test_who_does_not_read_for_a_while_misses_nothing(
    server: SocketServer, dial: Callable[[str], TcpClient]
) -> None:
    """What is told to one who does not read waits in his mailbox; it comes whole, in order."""
    reader, guest = TcpClient(server.port, TOKENS.agent("ana")), dial("v1")
    assert isinstance(reader.hello(), Welcome)
    chat = guest.do(ASK).chat
    (served,) = (each for each in server.clients if each.session.claims == ANA)
    assert isinstance(served, LeanClient)
    feed = served._feed
    assert feed is not None
    sent: list[str] = []
    more = 5
    while more:
        texts = [f"{len(sent) + n:06}{'x' * 7_990}" for n in range(60)]
        guest.send(*(PostMessage(id=text[:6], chat=chat, text=text) for text in texts))
        assert [getattr(past_updates(guest), "id", "") for _ in texts] == [t[:6] for t in texts]
        sent += texts
        more -= served.is_full  # so much more than a session bears waits in the mailbox
    assert not feed.subscriber.mailbox.is_empty
    assert served.session.unsent_bytes == 0
    heard: list[str] = []
    while len(heard) < len(sent):
        frame: Any = reader.receive()
        assert isinstance(frame, Update)
        heard += [notice.message.text for notice in frame.notices if notice.message is not None]
        heard = [text for text in heard if len(text) > 6_000]
    reader.close()
    assert heard == sent


def test_who_waits_too_long_for_the_desk_is_told_so(
    server: SocketServer, dial: Callable[[str], TcpClient], desk: ChatDesk
) -> None:
    """A command whose turn does not come in time is refused, and then not done either."""
    client = dial("v1")
    chat = client.do(ASK).chat
    served = only(server)
    with desk.engine.replica.lock:
        client.send(PostMessage(id="late", chat=chat, text="x"), Ping(id="p"))
        while not served._given:
            pass
        assert past_updates(client) == Pong(id="p")
        ((_, job),) = served._given
        job.give_up_at = 0.0
        server.sweep(1)
        refusal = past_updates(client)
    assert isinstance(refusal, RefusedFrame)
    assert (refusal.id, refusal.refusal.code) == ("late", "unavailable_now")
    view: Any = client.answer(AskConversation())
    assert [message.text for message in view.view.messages if message.text == "x"] == []


def test_a_defect_ends_only_the_connection_it_befalls(
    dial: Callable[[str], TcpClient],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever goes wrong with one client, others are served, and the log says what it was."""
    one, other = dial("v1"), dial("v2")

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(lean, "reply", broken)
        one.send(ASK)
        with pytest.raises((AssertionError, ConnectionError)):
            one.answer(Connect(device="d"))
    assert isinstance(other.answer(AskConversation()), Answered)
    assert "a connection failed" in caplog.text


def test_who_has_gone_leaves_nothing_behind(
    server: SocketServer, dial: Callable[[str], TcpClient], desk: ChatDesk
) -> None:
    """However connections end, the server forgets them, and the desk tells them nothing more."""
    stays = dial("v0")
    for n in range(10):
        client = dial(f"v{n + 1}")
        if n % 2:
            client.send(ASK)
        client.close()
    while len(server.clients) > 1:
        pass
    assert len(server.connections) == 1
    assert isinstance(stays.answer(AskConversation()), Answered)
    desk.tick()
    assert set(desk.engine.publisher._visitors) == {"v0"}
