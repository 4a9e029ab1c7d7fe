"""Frames to bytes and back: the one place where a client's text is checked.

msgspec checks the grammar and the types. What it lets through is refused here: NUL and other
control characters (a database may refuse them later), deep nesting, a key given twice, numbers
that no browser counts to, and ids as long as a book. So a frame that is decoded is clean, and
`decode` raises nothing but `ProtocolError` and `InvalidInput`.
"""

import json
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import NoReturn, get_args

import msgspec

from chatdesk.model.errors import (
    FieldProblem,
    FrameTooDeep,
    FrameTooLarge,
    InvalidInput,
    MalformedFrame,
)
from chatdesk.transport.frames import (
    MAX_FRAME_BYTES,
    MAX_FRAME_DEPTH,
    ClientFrame,
    ServerFrame,
)

MAX_ID_LENGTH = 200
"""Most characters of an id or of another word that is compared, not read."""
MAX_WHOLE_NUMBER = 2**53 - 1
"""Largest whole number: what a browser counts to exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""

_LONG_TEXTS = frozenset({"text", "question", "title", "note", "notice", "url", "token"})
"""Fields of a frame that people fill at length; the desk's rules set their limits."""

_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_decoder = msgspec.json.Decoder(ClientFrame)
_pairs = msgspec.json.Decoder(dict[str, msgspec.Raw])
_server_decoder = msgspec.json.Decoder(ServerFrame)


def _fields_with(kind: type[msgspec.Struct], type_: type) -> tuple[str, ...]:
    """The fields of a frame that are of this type, or of this type or null."""
    fields = msgspec.structs.fields(kind)
    return tuple(f.name for f in fields if f.type is type_ or type_ in get_args(f.type))


_FRAMES: tuple[type[msgspec.Struct], ...] = get_args(ClientFrame)
_NUMBERS = MappingProxyType({kind: _fields_with(kind, int) for kind in _FRAMES})
_WORDS = MappingProxyType(
    {kind: tuple(n for n in _fields_with(kind, str) if n not in _LONG_TEXTS) for kind in _FRAMES}
)

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_CONTROL_HINT = re.compile(rb"\\(?:u00[01]|[bfr])")
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<place>.*?)`)?$", re.DOTALL)
_NAMED = re.compile(r"Object (?P<how>missing required|contains unknown) field `(?P<field>.*)`")

encode = msgspec.json.Encoder().encode
"""One server frame as JSON bytes, without a line end: JSON escapes those inside texts."""


def decode(data: bytes) -> ClientFrame:
    """Reads one frame of a client.

    Costs about a microsecond for a message; time is linear in the frame's length.

    Raises:
        FrameTooLarge: more than `MAX_FRAME_BYTES`.
        FrameTooDeep: more than `MAX_FRAME_DEPTH` arrays and objects inside each other.
        MalformedFrame: not JSON, not UTF-8, not a frame, or with a key given twice.
        InvalidInput: a field of a known frame is missing, unknown or wrong; `problems` names it.
    """
    if len(data) > MAX_FRAME_BYTES:
        raise FrameTooLarge(f"the frame has {len(data)} bytes, more than {MAX_FRAME_BYTES}")
    if data.count(b"[") + data.count(b"{") > MAX_FRAME_DEPTH:
        _check_depth(data)
    try:
        frame: ClientFrame = _decoder.decode(data)
        keys = len(_pairs.decode(data))
    except _FAULTS as fault:
        _refuse(fault)
    if data.count(b":") != keys:
        _check_keys(data)
    if b"\\" in data and _CONTROL_HINT.search(data):
        _check_texts(data)
    if len(data) > MAX_ID_LENGTH:
        for name in _WORDS[type(frame)]:
            _check_word(name, getattr(frame, name))
    for name in _NUMBERS[type(frame)]:
        _check_number(name, getattr(frame, name))
    return frame


def decode_server(data: bytes) -> ServerFrame:
    """Reads one frame of a desk, for clients in Python; raises `MalformedFrame`."""
    try:
        frame: ServerFrame = _server_decoder.decode(data)
    except _FAULTS as fault:
        raise MalformedFrame(f"not a frame of a desk: {_short(str(fault))}") from None
    return frame


def id_of(data: bytes) -> str:
    """The id of a frame that `decode` refused, so that its sender knows which; "" if unknown."""
    if len(data) > MAX_FRAME_BYTES:
        return ""
    try:
        id_ = msgspec.json.decode(_pairs.decode(data)["id"], type=str)
    except (*_FAULTS, KeyError):
        return ""
    return id_ if len(id_) <= MAX_ID_LENGTH and not _CONTROL.search(id_) else ""


# -- what msgspec refuses ------------------------------------------------------------------------


def _refuse(fault: Exception) -> NoReturn:
    """Raises the error of ours that says what msgspec found."""
    if not isinstance(fault, msgspec.ValidationError):
        raise MalformedFrame(f"not JSON in UTF-8: {_short(str(fault))}") from None
    place = _PLACE.match(str(fault))
    what, field = (place["what"], place["place"] or "") if place else (str(fault), "")
    named = _NAMED.match(what)
    if named is not None:
        code = "missing" if named["how"].startswith("missing") else "unknown"
        field = ".".join(filter(None, (field, named["field"])))
        what = "is required" if code == "missing" else "is not a field of this frame"
    else:
        code = "invalid"
    if field in ("", "type"):
        raise MalformedFrame(f"not a frame: type: {_short(what)}") from None
    raise InvalidInput([FieldProblem(_short(field), code, _short(what))]) from None


def _short(text: str) -> str:
    """Enough of a message that quotes what a client sent."""
    return text if len(text) <= MAX_ID_LENGTH else f"{text[:MAX_ID_LENGTH]}…"


# -- what msgspec lets through -------------------------------------------------------------------


def _check_depth(data: bytes) -> None:
    """Counts brackets outside of strings."""
    depth = 0
    for mark in _STRING.sub(b"", data):
        if mark in b"[{":
            depth += 1
            if depth > MAX_FRAME_DEPTH:
                raise FrameTooDeep(
                    f"arrays and objects are nested more than {MAX_FRAME_DEPTH} deep"
                )
        elif mark in b"]}":
            depth -= 1


def _check_keys(data: bytes) -> None:
    """Refuses a key that stands twice in one object: two readers might choose differently.

    Frames that hold objects come here, so their inner numbers and keys are looked at too.
    """
    json.loads(data, object_pairs_hook=_unique, parse_int=_whole_number)


def _unique(pairs: list[tuple[str, object]]) -> None:
    """Raises when a key comes twice, or is too long."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise MalformedFrame(f"the key {_short(key)!r} is given twice in one object")
        _check_word(key, key)
        seen.add(key)


def _whole_number(digits: str) -> int:
    """Reads a whole number of a bearable length."""
    number = int(digits[:20])
    _check_number("number", number)
    return number


def _check_texts(data: bytes) -> None:
    """Refuses control characters."""
    for place, text in _texts("", msgspec.json.decode(data)):
        if _CONTROL.search(text):
            raise InvalidInput.field(
                _short(place), "invalid", "holds a control character other than \\n and \\t"
            )


def _texts(place: str, value: object) -> Iterator[tuple[str, str]]:
    """Every string in a decoded frame, keys too, with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            inside = f"{place}.{key}" if place else key
            yield place, key
            yield from _texts(inside, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(f"{place}[{index}]", inner)


def _check_word(name: str, word: str | None) -> None:
    """Refuses an id, or another word that is compared, when it is too long to be kept as one."""
    if word is not None and len(word) > MAX_ID_LENGTH:
        raise InvalidInput.field(
            _short(name), "too_long", f"has more than {MAX_ID_LENGTH} characters"
        )


def _check_number(name: str, value: int | None) -> None:
    """Refuses a whole number that databases and browsers cannot hold."""
    if value is not None and not -MAX_WHOLE_NUMBER <= value <= MAX_WHOLE_NUMBER:
        raise InvalidInput.field(name, "invalid", f"is not within ±{MAX_WHOLE_NUMBER}")
