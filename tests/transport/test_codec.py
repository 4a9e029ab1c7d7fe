"""The codec: clean frames pass unchanged, everything else is a typed error."""

import random
from collections.abc import Callable

import msgspec
import pytest

from chatdesk.model.commands import PostMessage, RequestChat
from chatdesk.model.errors import (
    FrameTooDeep,
    FrameTooLarge,
    InvalidInput,
    MalformedFrame,
    ProtocolError,
)
from chatdesk.model.queries import AskTickets
from chatdesk.model.values import Page
from chatdesk.transport.codec import MAX_WHOLE_NUMBER, decode, decode_server, encode, id_of
from chatdesk.transport.frames import (
    MAX_FRAME_BYTES,
    ClientFrame,
    Hello,
    Ping,
    Pong,
    Preview,
    Typing,
)

FRAMES: list[ClientFrame] = [
    PostMessage(id="c1", chat="chat-1", text="Hello", epoch=2),
    PostMessage(chat="c", text='quotes " and \\ and \n\t, [[[[[[[[[[[[[[[[[[{{{{{{{{{{{{'),
    PostMessage(chat="c", text="Grüße, 你好, 🙂 👩🏽‍🚀, \u202eright to left, \u2028, :-) : : :"),
    RequestChat(
        id="r",
        queue="sales",
        question="Where is my parcel?",
        answers={"name": "Ada", "topics": ("a", "b"), "scale": 3},
        page=Page(url="https://shop.example/cart?x=1", title="Cart"),
        skills=("fr",),
    ),
    AskTickets(id="q", limit=10, after=(1.5, "t")),
    Hello(token="t" * 500, after=4),
    Typing(chat="c", on=True),
    Preview(chat="c", text="I am wri"),
    Ping(id="p"),
    Ping(),
]


def post(text: str) -> bytes:
    """A message frame whose text is given as JSON."""
    return b'{"type":"post_message","id":"m1","chat":"c","text":"%s"}' % text.encode()


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_clean_frame_passes_unchanged(frame: ClientFrame) -> None:
    """D05: emoji, right-to-left marks and brackets in a text survive the way in."""
    assert decode(msgspec.json.encode(frame)) == frame
    spaced = msgspec.json.format(msgspec.json.encode(frame), indent=2)
    assert decode(spaced) == frame


def test_escaped_emoji_are_read() -> None:
    """D05: a client that escapes everything outside of ASCII is understood."""
    frame = decode(post("\\ud83d\\ude42 \\u00e9 \\\\u0000"))
    assert frame == PostMessage(id="m1", chat="c", text="\N{SLIGHTLY SMILING FACE} é \\u0000")


@pytest.mark.parametrize(
    "escape", ["\\u0000", "\\u0001", "\\u001f", "\\u001F", "\\b", "\\f", "\\r", "\\u000B"]
)
def test_control_characters_are_refused_by_field(escape: str) -> None:
    """NUL and its like would be refused by a database later: they are refused here, by name."""
    with pytest.raises(InvalidInput, match="control character") as caught:
        decode(post(f"x{escape}y"))
    assert [(p.field, p.code) for p in caught.value.problems] == [("text", "invalid")]
    with pytest.raises(InvalidInput):
        decode(
            b'{"type":"request_chat","queue":"q","question":"","answers":{"a%s":""}}'
            % escape.encode()
        )


@pytest.mark.parametrize(
    "text",
    [
        b"\x00",
        b"\n",
        b"\x1f",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\ud800x",
        b"\\x",
    ],
)
def test_what_is_no_text_is_malformed(text: bytes) -> None:
    """Raw control characters, lone surrogates and bytes that are not UTF-8 are no frame."""
    with pytest.raises(MalformedFrame):
        decode(b'{"type":"post_message","chat":"c","text":"%s"}' % text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"type":"nonsense"}',
        b'{"type":5}',
        b'{"type":"ping"} {}',
        b'{"type":"read_chat","chat":"c","seq":NaN}',
        b'\xef\xbb\xbf{"type":"ping"}',
        b'{"type":"ping","type":"hello","token":"x"}',
        b'{"type":"ping","id":"a","id":"b"}',
        b'{"type":"ping","id":"a","\\u0069d":"b"}',
        b'{"type":"ping" , "id" :"a", "id"\t:"b"}',
        b'{"type":"request_chat","queue":"q","question":"","page":{"url":"a","url":"b"}}',
    ],
)
def test_what_is_no_frame_is_malformed(data: bytes) -> None:
    """Not JSON, not a known type, or a key given twice: the sender is told that it is no frame."""
    with pytest.raises(MalformedFrame):
        decode(data)


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        (b'{"type":"post_message","text":"x"}', "chat", "missing"),
        (b'{"type":"ping","idd":"x"}', "idd", "unknown"),
        (b'{"type":"post_message","chat":1,"text":"x"}', "chat", "invalid"),
        (b'{"type":"set_intent","intent":{"kind":"x"}}', "intent.kind", "invalid"),
        (b'{"type":"request_chat","queue":"q","question":"","page":{}}', "page.url", "missing"),
        (b'{"type":"post_message","chat":"%s","text":""}' % (b"c" * 201), "chat", "too_long"),
        (b'{"type":"read_chat","chat":"c","seq":9007199254740992}', "seq", "invalid"),
        (b'{"type":"read_chat","chat":"c","seq":%s}' % (b"9" * 5000), "seq", "invalid"),
        (b'{"type":"read_chat","chat":"c","seq":1.5}', "seq", "invalid"),
        (
            b'{"type":"request_chat","queue":"q","question":"","answers":{"a":%s}}' % (b"9" * 30),
            "number",
            "invalid",
        ),
        (
            b'{"type":"request_chat","queue":"q","question":"","answers":{"%s":1}}' % (b"k" * 201),
            "k" * 200 + "…",
            "too_long",
        ),
    ],
)
def test_a_wrong_field_is_named(data: bytes, field: str, code: str) -> None:
    """Whoever writes a client is told which field is wrong, and how."""
    with pytest.raises(InvalidInput) as caught:
        decode(data)
    assert [(p.field, p.code) for p in caught.value.problems] == [(field, code)]


def test_the_largest_whole_number_passes() -> None:
    """What a browser can count to is read exactly."""
    frame = decode(b'{"type":"read_chat","chat":"c","seq":%d}' % MAX_WHOLE_NUMBER)
    assert getattr(frame, "seq", None) == MAX_WHOLE_NUMBER


def test_a_frame_may_have_64_kib_and_no_more() -> None:
    """The largest frame passes, one byte more does not."""
    rest = MAX_FRAME_BYTES - len(post(""))
    assert isinstance(decode(post("x" * rest)), PostMessage)
    with pytest.raises(FrameTooLarge):
        decode(post("x" * (rest + 1)))


@pytest.mark.parametrize("depth", [16, 30_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    """More than 16 arrays and objects inside each other are refused before they are read."""
    inner = b"[" * depth + b"]" * depth
    with pytest.raises(FrameTooDeep):
        decode(b'{"type":"ping","id":%s}' % inner)
    with pytest.raises(FrameTooDeep):
        decode(b'{"type":"ping","id":%s' % inner[:depth])


def test_the_id_of_a_refused_frame_is_found() -> None:
    """A refusal can name the frame, where its id can be read; otherwise the id is empty."""
    assert id_of(b'{"type":"nonsense","id":"x7"}') == "x7"
    for data in (b"", b"{", b'{"id":5}', b'{"id":"\\u0000"}', b'{"id":"%s"}' % (b"i" * 201)):
        assert id_of(data) == ""
    assert id_of(b'{"id":"x","a":"%s"}' % (b"y" * MAX_FRAME_BYTES)) == ""


def test_a_client_in_python_reads_server_frames() -> None:
    """The other direction has the same manner: a frame, or `MalformedFrame`."""
    assert decode_server(encode(Pong(id="p"))) == Pong(id="p")
    with pytest.raises(MalformedFrame):
        decode_server(b'{"type":"ping"}')


# -- mutated frames ------------------------------------------------------------------------------

TOKENS = [
    b'"',
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b":",
    b",",
    b"\x00",
    b"\xff",
    b"1e9",
]


def flip(data: bytearray, dice: random.Random) -> None:
    """Changes one byte."""
    data[dice.randrange(len(data))] = dice.randrange(256)


def cut(data: bytearray, dice: random.Random) -> None:
    """Takes a piece out."""
    start = dice.randrange(len(data))
    del data[start : start + dice.randrange(1, 9)]


def insert(data: bytearray, dice: random.Random) -> None:
    """Puts a piece of JSON in, once or often."""
    start = dice.randrange(len(data) + 1)
    data[start:start] = dice.choice(TOKENS) * dice.choice([1, 1, 1, 2, 40])


def repeat(data: bytearray, dice: random.Random) -> None:
    """Repeats a piece."""
    start = dice.randrange(len(data))
    data[start:start] = data[start : start + dice.randrange(1, 40)]


MUTATIONS: list[Callable[[bytearray, random.Random], None]] = [flip, cut, insert, repeat]


def decode_mutants(seed: int, count: int) -> tuple[int, int]:
    """Decodes so many mutated frames; gives how many passed and how many were refused."""
    dice = random.Random(seed)
    seeds = [msgspec.json.encode(frame) for frame in FRAMES]
    passed = 0
    for _ in range(count):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randrange(1, 5)):
            dice.choice(MUTATIONS)(data, dice)
            if not data:
                break
        try:
            msgspec.json.encode(decode(bytes(data)))
            passed += 1
        except (ProtocolError, InvalidInput) as error:
            encode_refusal(error, bytes(data))
    return passed, count - passed


def encode_refusal(error: ProtocolError | InvalidInput, data: bytes) -> None:
    """The refusal itself can be sent, whatever the frame was."""
    assert len(msgspec.json.encode((error.refusal(), id_of(data)))) < 3000


def test_mutated_frames_raise_only_typed_errors() -> None:
    """Of 20,000 mutated frames each is a clean frame or a typed error; some are either."""
    passed, refused = decode_mutants(seed=2026, count=20_000)
    assert passed > 1_000
    assert refused > 10_000


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(10))
def test_ten_million_mutated_frames(seed: int) -> None:
    """The goal of ten million mutated frames, a million a seed."""
    passed, refused = decode_mutants(seed=seed, count=1_000_000)
    assert passed + refused == 1_000_000
