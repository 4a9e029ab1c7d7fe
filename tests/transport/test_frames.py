"""Frames: what is told of an event, and the published schema."""

import re
from enum import EnumType
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from chatdesk.model.commands import COMMAND_TYPES, Command
from chatdesk.model.events import EVENT_TYPES, ChatRead, Event
from chatdesk.model.queries import Query
from chatdesk.model.values import CLOCK, Actor, Audience, service
from chatdesk.transport.frames import (
    WIRE_EVENTS,
    ClientFrame,
    Notice,
    ServerFrame,
    Update,
    Welcome,
    schema,
    schema_lines,
    told,
)

ROOT = Path(__file__).parents[2]
SECRET = Audience(visitor="secret-visitor", agents=("secret-agent",), staff=True)


def sample(kind: Any) -> Any:
    """Some value of a field's type."""
    samples: dict[Any, Any] = {
        int: 3,
        float: 2.5,
        str: "word",
        bool: True,
        Actor: CLOCK,
        Audience: SECRET,
    }
    if kind in samples:
        return samples[kind]
    return next(iter(kind)) if isinstance(kind, EnumType) else None


def sample_event(kind: type[Event]) -> Event:
    """An event with its required fields filled."""
    fields = {f.name: sample(f.type) for f in msgspec.structs.fields(kind) if f.required}
    return kind(**{**fields, "command": "secret-command"})


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: str(kind.__name__))
def test_an_event_is_told_without_audience_and_command(kind: type[Event]) -> None:
    """Nobody learns who else sees an event; every other field is told, under the same names."""
    event = sample_event(kind)
    update = Update(revision=7, at=1.0, notices=(Notice(event=told(event)),))
    text = msgspec.json.encode(update)
    assert b"secret" not in text
    assert msgspec.json.decode(text, type=ServerFrame) == update
    whole = msgspec.to_builtins(event)
    seen = msgspec.json.decode(text)["notices"][0]["event"]
    assert seen == {k: v for k, v in whole.items() if k not in ("audience", "command")}


def test_every_event_has_its_telling() -> None:
    """The types that tell events are made from the events, so none can be forgotten."""
    assert set(WIRE_EVENTS) == set(EVENT_TYPES)
    assert WIRE_EVENTS[ChatRead].__name__ == "ChatRead"


def test_commands_and_queries_are_frames() -> None:
    """There is one vocabulary: every command and query is a frame, unchanged."""
    frames = get_args(ClientFrame)
    assert set(COMMAND_TYPES) <= set(frames)
    assert sum(issubclass(kind, Command | Query) for kind in frames) == len(frames) - 4


def test_no_two_frames_of_one_side_share_a_type() -> None:
    """A frame is told by its `type` alone."""
    for union in (ClientFrame, ServerFrame):
        tags = [kind.__struct_config__.tag for kind in get_args(union)]
        assert len(tags) == len(set(tags))


def test_a_field_with_its_default_is_left_out() -> None:
    """An absent value is absent on the wire too."""
    frame = Welcome(actor=service("shop"), revision=4)
    assert msgspec.to_builtins(frame) == {
        "type": "welcome",
        "actor": {"kind": "service", "id": "shop"},
        "revision": 4,
    }


def test_the_published_schema_is_the_present_one() -> None:
    """The committed schema is what the frames say; its page tells how to make it anew."""
    published = ROOT / "docs" / "reference" / "frames.schema.json"
    same = published.read_text(encoding="utf-8") == "".join(schema_lines())
    assert same, f"run: python -m chatdesk.transport.frames > {published.relative_to(ROOT)}"


def test_the_schema_refers_to_nothing_that_is_missing() -> None:
    """Every reference in the schema leads somewhere, and every frame's tag stands in it."""
    text = msgspec.json.encode(schema()).decode()
    names = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert names <= set(schema()["$defs"])
    for kind in (*get_args(ClientFrame), *get_args(ServerFrame)):
        assert f'"const":"{kind.__struct_config__.tag}"' in text or (
            f'"enum":["{kind.__struct_config__.tag}"]' in text
        )
