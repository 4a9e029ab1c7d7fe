"""The session: what may be said when, what is refused, and where it ends."""

import random
from typing import get_args

import msgspec

from chatdesk.model.commands import PostMessage
from chatdesk.model.errors import Unauthenticated
from chatdesk.model.queries import AskConversation
from chatdesk.model.values import visitor
from chatdesk.transport.codec import decode_server
from chatdesk.transport.frames import (
    MAX_FRAME_BYTES,
    Bye,
    ByeCode,
    ClientFrame,
    Hello,
    Ping,
    Pong,
    RefusedFrame,
    ServerFrame,
    Typing,
    Update,
    Welcome,
)
from chatdesk.transport.session import NEXT, Input, Limits, Session, SessionState
from chatdesk.transport.tokens import Claims

CLAIMS = Claims(visitor("v1"))
WELCOME = Welcome(actor=CLAIMS.actor, revision=3)


def authenticate(token: str) -> Claims:
    """Knows one token."""
    if token != "good":
        raise Unauthenticated("the token is false")
    return CLAIMS


def line(frame: ClientFrame) -> bytes:
    """A frame as a client sends it."""
    return msgspec.json.encode(frame) + b"\n"


HELLO = line(Hello(token="good", after=7, id="h"))
SAY = PostMessage(id="m1", chat="c", text="Hello")


def fresh(**limits: int) -> Session:
    """A session that nobody has spoken in."""
    return Session(authenticate, Limits(**limits))


def opened(**limits: int) -> Session:
    """A session after a good hello."""
    session = fresh(**limits)
    session.receive_data(HELLO)
    session.requests()
    return session


def sent(session: Session) -> list[ServerFrame]:
    """The frames that go to the client."""
    return [decode_server(each) for each in session.data_to_send().splitlines()]


def codes(session: Session) -> list[str]:
    """What goes to the client: the codes of refusals and byes."""
    found = []
    for frame in sent(session):
        if isinstance(frame, RefusedFrame):
            found.append(frame.refusal.code)
        elif isinstance(frame, Bye):
            found.append(frame.code)
        else:
            found.append(type(frame).__name__)
    return found


def test_a_good_hello_opens_the_session() -> None:
    """The hello is handed on, with the revision to go on from, and says who it is."""
    session = fresh()
    session.receive_data(HELLO)
    assert session.requests() == [Hello(token="good", after=7, id="h")]
    assert session.state is SessionState.OPEN
    assert session.claims == CLAIMS
    session.deliver([WELCOME])
    assert sent(session) == [WELCOME]


def test_a_false_token_opens_nothing() -> None:
    """The refusal names the hello; another hello may follow."""
    session = fresh()
    session.receive_data(line(Hello(token="bad", id="h1")) + HELLO)
    assert [type(frame) for frame in session.requests()] == [Hello]
    refusal = sent(session)
    assert len(refusal) == 1
    assert isinstance(refusal[0], RefusedFrame)
    assert (refusal[0].id, refusal[0].refusal.code) == ("h1", "unauthenticated")


def test_nothing_is_done_before_hello() -> None:
    """A command of somebody unknown is refused, and nobody is asked to do it."""
    session = fresh()
    session.receive_data(line(SAY) + line(Typing(chat="c", on=True)) + line(Ping(id="p")))
    assert session.requests() == []
    assert codes(session) == ["unauthenticated", "unauthenticated", "Pong"]
    assert session.state is SessionState.AWAITING_HELLO


def test_a_second_hello_is_refused_and_changes_nothing() -> None:
    """Whoever has said who he is stays it."""
    session = opened()
    session.receive_data(HELLO + line(SAY))
    assert session.requests() == [SAY]
    assert codes(session) == ["malformed"]
    assert session.claims == CLAIMS


def test_frames_come_out_in_order_however_the_bytes_are_cut() -> None:
    """A stream may be cut anywhere: the same frames come, once and in order."""
    frames: list[ClientFrame] = [
        PostMessage(id=f"m{n}", chat="c", text="é🙂\n" * n) for n in range(40)
    ]
    data = HELLO + b"\n  \r\n".join(map(line, frames))
    for seed in range(30):
        dice = random.Random(seed)
        session, found, at = fresh(), [], 0
        while at < len(data):
            step = dice.choice([1, 2, 7, 100, 5000])
            session.receive_data(data[at : at + step])
            at += step
            while got := session.requests():
                found += got
        assert found[1:] == frames
        assert codes(session) == []


def test_requests_come_in_portions() -> None:
    """Whoever sends a thousand requests at once has them answered a few at a time."""
    session = opened(pipelined=10)
    session.receive_data(line(SAY) * 25)
    assert [len(session.requests()) for _ in range(4)] == [10, 10, 5, 0]


def test_pings_are_answered_at_once() -> None:
    """A pong has the ping's id, and the desk is not asked."""
    session = opened()
    session.receive_data(line(Ping(id="p")))
    assert session.requests() == []
    assert sent(session) == [Pong(id="p")]


def test_a_refused_frame_is_named_and_the_next_is_read() -> None:
    """What is wrong with one frame does not harm those around it."""
    session = opened()
    session.receive_data(line(SAY) + b'{"type":"post_message","id":"m2","chat":5}\n' + line(SAY))
    assert session.requests() == [SAY, SAY]
    refusal = sent(session)[0]
    assert isinstance(refusal, RefusedFrame)
    assert (refusal.id, refusal.refusal.code) == ("m2", "invalid_input")


def test_a_line_without_end_is_given_up() -> None:
    """More than 64 KiB without a line end: the client is told why, and that is the end."""
    session = opened()
    session.receive_data(b" " * MAX_FRAME_BYTES)
    assert session.requests() == []
    assert not session.closed
    session.receive_data(b"x")
    assert session.requests() == []
    assert codes(session) == ["too_large", "refused"]
    assert session.closed


def test_a_long_line_with_an_end_is_refused_only() -> None:
    """Where the next frame begins is known, so the session goes on."""
    session = opened()
    session.receive_data(b"x" * (MAX_FRAME_BYTES + 1) + b"\n" + line(SAY))
    assert session.requests() == [SAY]
    assert codes(session) == ["too_large"]


def test_a_client_who_sends_nonsense_is_given_up() -> None:
    """After a number of frames that are none, the session ends; what follows is not read."""
    session = opened(faults=3)
    session.receive_data(b"nonsense\n" * 9 + line(SAY))
    assert session.requests() == []
    assert codes(session) == ["malformed"] * 4 + ["refused"]
    assert session.closed


def test_a_client_who_does_not_read_is_dropped_with_bounded_memory() -> None:
    """What waits is thrown away, and a last frame says why."""
    session = opened(unsent_bytes=2_000)
    session.deliver([WELCOME])
    session.data_to_send()
    for number in range(1_000):
        session.deliver([Update(revision=number, at=1.0)])
        assert session._unsent_bytes < 2_100
    assert codes(session) == ["slow"]
    assert session.closed
    assert session.data_to_send() == b""


def test_one_long_frame_is_no_sign_of_slowness() -> None:
    """A frame longer than the bound is sent to who has read all before; a second one drops him."""
    session, long = opened(unsent_bytes=2_000), b"x" * 10_000
    session.data_to_send()
    for _ in range(3):
        session.deliver_encoded([long])
        assert session.unsent_bytes == len(long) + 1
        assert session.data_to_send() == long + b"\n"
    session.deliver_encoded([long, long])
    assert codes(session) == ["slow"]


def test_what_is_sent_counts_no_more() -> None:
    """The bound is on what waits, not on what was sent in all."""
    session = opened(unsent_bytes=2_000)
    for number in range(1_000):
        session.deliver([Update(revision=number, at=1.0)])
        assert codes(session) == ["Update"]
    assert not session.closed


def test_nothing_happens_after_the_end() -> None:
    """Once closed, a session takes nothing in and gives nothing out; ending twice is no harm."""
    session = opened()
    session.bye(ByeCode.STOPPING)
    session.bye(ByeCode.SLOW)
    session.receive_data(line(SAY))
    session.deliver([WELCOME])
    session.receive_end()
    assert session.requests() == []
    assert codes(session) == ["stopping"]


def test_a_client_who_goes_leaves_no_half_frame() -> None:
    """The end of the connection forgets what was not whole."""
    session = opened()
    session.receive_data(line(SAY)[:-1])
    session.receive_end()
    assert session.requests() == []
    assert session.closed


def test_the_table_is_whole() -> None:
    """Every state is in the table, can be left by an end and a bye, and closed is for good."""
    assert set(NEXT) == set(SessionState)
    for state, row in NEXT.items():
        assert row[Input.END] is row[Input.BYE] is SessionState.CLOSED
        if state is SessionState.CLOSED:
            assert set(row.values()) == {SessionState.CLOSED}


def test_random_input_keeps_the_promises() -> None:
    """Random sequences: only frames after hello are handed on, and each is handed on once."""
    pieces = [HELLO, line(SAY), line(AskConversation(id="q")), line(Ping()), b"\xff\n", b"{", b"\n"]
    pieces.append(line(Hello(token="bad")))
    for seed in range(500):
        dice = random.Random(seed)
        session = fresh()
        for _ in range(30):
            before = session.state
            session.receive_data(dice.choice(pieces))
            for frame in session.requests():
                assert isinstance(frame, get_args(ClientFrame))
                assert not isinstance(frame, Ping)
                assert isinstance(frame, Hello) == (before is SessionState.AWAITING_HELLO)
                before = session.state
            assert (session.claims is not None) == (session.state is SessionState.OPEN) or (
                session.closed
            )
            assert all(sent(session) or [True])
