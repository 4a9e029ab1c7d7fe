"""What passes between a client and a desk: one Struct a frame, a JSON object with a `type`.

A client's frame is a command, a query, or one of `Hello`, `Typing`, `Preview` and `Ping`. A field
that is left out has its default, in both directions. `schema()` gives the JSON Schema of all.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import msgspec
from msgspec import Struct

from chatdesk.model.commands import AnyCommand
from chatdesk.model.errors import Refusal
from chatdesk.model.events import EVENT_TYPES, Event
from chatdesk.model.ids import AgentId, ChatId, CommandId, Instant, Revision, TicketId
from chatdesk.model.queries import (
    AgentCard,
    AnyQuery,
    AnyView,
    ChatCard,
    Overview,
    VisitorChat,
    VisitorMessage,
    VisitorTicket,
)
from chatdesk.model.records import Message, Ticket, TicketEntry
from chatdesk.model.results import AnyResult
from chatdesk.model.values import Actor, Role

MAX_FRAME_BYTES = 65_536
"""Most bytes of one frame from a client, its line end not counted."""
MAX_FRAME_DEPTH = 16
"""Most arrays and objects inside each other in a client's frame."""


# -- from clients --------------------------------------------------------------------------------


class ClientOnly(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="type",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """The base of a client's frames that are neither commands nor queries."""


class Hello(ClientOnly, frozen=True, kw_only=True, tag="hello"):
    """Who connects, first on a socket; `after` is the last revision the client has seen."""

    token: str
    after: Revision | None = None
    id: str = ""


class Typing(ClientOnly, frozen=True, kw_only=True, tag="typing"):
    """The sender writes, or no longer does: told to the other side, never stored (B17)."""

    chat: ChatId
    on: bool


class Preview(ClientOnly, frozen=True, kw_only=True, tag="preview"):
    """What a visitor has typed so far, told to his agent where the desk allows it (B18)."""

    chat: ChatId
    text: str


class Ping(ClientOnly, frozen=True, kw_only=True, tag="ping"):
    """Asks for a `Pong`, to learn whether the connection lives."""

    id: str = ""


ClientFrame: TypeAlias = AnyCommand | AnyQuery | Hello | Typing | Preview | Ping
"""The union of all frames a client may send, for decoding."""


# -- events as they are told ---------------------------------------------------------------------


class WireEvent(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """An event without its audience and its command's id, which concern no client.

    Every event of `chatdesk.model.events` has a type of its own here, of the same name, tag and
    other fields, in `WIRE_EVENTS`.
    """

    at: Instant
    by: Actor


def _wire_event(event: type[Event]) -> type[WireEvent]:
    """The type that tells an event of this type."""
    told: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(event):
        if field.name in ("at", "by", "audience", "command"):
            continue
        if field.required:
            told.append((field.name, field.type))
        else:
            told.append((field.name, field.type, _default(field)))
    made = msgspec.defstruct(
        event.__name__,
        told,
        bases=(WireEvent,),
        module=__name__,
        namespace={"__doc__": event.__doc__},
        tag=event.__struct_config__.tag,
        frozen=True,
        kw_only=True,
    )
    assert issubclass(made, WireEvent)  # noqa: S101 - for the type checker
    return made


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """A field's default, as `defstruct` takes it."""
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return msgspec.field(default_factory=field.default_factory)


WIRE_EVENTS: Mapping[type[Event], type[WireEvent]] = MappingProxyType(
    {event: _wire_event(event) for event in EVENT_TYPES}
)
"""How each type of event is told."""

_TOLD_FIELDS = {event: wire.__struct_fields__ for event, wire in WIRE_EVENTS.items()}


def told(event: Event) -> WireEvent:
    """The event as clients see it; whether one may see it is decided before."""
    kind = type(event)
    return WIRE_EVENTS[kind](**{name: getattr(event, name) for name in _TOLD_FIELDS[kind]})


class Happened(
    Struct, frozen=True, kw_only=True, tag="happened", tag_field="type", omit_defaults=True
):
    """An event as visitors are told it: what and when, not who of the staff nor how decided.

    `what` is the type of the event. What it means for the visitor stands beside it in the notice.
    """

    what: str
    at: Instant
    chat: ChatId | None = None
    ticket: TicketId | None = None


def told_visitor(event: Event) -> Happened:
    """The event as its visitor sees it; whether he may see it is decided before."""
    return Happened(
        what=str(event.__struct_config__.tag),
        at=event.at,
        chat=getattr(event, "chat", None),
        ticket=getattr(event, "ticket", None),
    )


if TYPE_CHECKING:
    AnyWireEvent: TypeAlias = WireEvent | Happened
else:
    AnyWireEvent = Union[(*WIRE_EVENTS.values(), Happened)]


# -- to clients ----------------------------------------------------------------------------------


class ServerOnly(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """The base of a desk's frames."""


class Welcome(ServerOnly, frozen=True, kw_only=True, tag="welcome"):
    """Who the client is to the desk, and the revision its updates go on from.

    `role` is an agent's, as it is now.
    """

    actor: Actor
    revision: Revision
    role: Role | None = None
    id: str = ""


class Replied(ServerOnly, frozen=True, kw_only=True, tag="replied"):
    """A command's result; `revision` is at least the one that holds its effect."""

    result: AnyResult
    revision: Revision
    id: CommandId = ""


class Answered(ServerOnly, frozen=True, kw_only=True, tag="answered"):
    """A query's view, as the desk was at `revision`."""

    view: AnyView
    revision: Revision
    id: str = ""


class RefusedFrame(ServerOnly, frozen=True, kw_only=True, tag="refused"):
    """Why a frame had no effect; `id` is empty when the frame's own could not be read.

    The refusal's code is one of `chatdesk.model.errors`, or `unavailable_now` (send it again
    later) or `outcome_unknown` (send it again with the same id).
    """

    refusal: Refusal
    id: str = ""


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event, and what it is about as that is now, as this viewer sees it.

    A client replaces its copy by what comes. Agents get records and cards, visitors get views.
    """

    event: AnyWireEvent
    message: Message | VisitorMessage | None = None
    chat: ChatCard | VisitorChat | None = None
    agent: AgentCard | None = None
    ticket: Ticket | VisitorTicket | None = None
    entry: TicketEntry | None = None
    overview: Overview | None = None


class Update(ServerOnly, frozen=True, kw_only=True, tag="update"):
    """What happened in one commit, as far as this viewer may see it.

    Revisions rise, each comes at most once. One without notices only moves the client's cursor.
    """

    revision: Revision
    at: Instant
    notices: tuple[Notice, ...] = ()


class SignalKind(StrEnum):
    """What is told without being kept."""

    TYPING = "typing"
    PREVIEW = "preview"


class Signal(ServerOnly, frozen=True, kw_only=True, tag="signal"):
    """The other side writes: `agent` is who, `None` for the visitor; may be lost or repeated."""

    kind: SignalKind
    chat: ChatId
    on: bool
    agent: AgentId | None = None
    text: str = ""
    """A preview's text."""


class Reset(ServerOnly, frozen=True, kw_only=True, tag="reset"):
    """The client's cursor is too old or unknown: it asks anew and goes on from `revision`."""

    revision: Revision


class ByeCode(StrEnum):
    """Why the desk ends a connection or a stream."""

    SLOW = "slow"
    """The client did not read."""
    STOPPING = "stopping"
    """The server stops; another one, or this one later, goes on from the same revision."""
    REPLACED = "replaced"
    """The same client has connected anew."""
    REFUSED = "refused"
    """The client's frames cannot be read any more; a refusal stands before."""
    IDLE = "idle"
    """Nothing came for too long: send a ping now and then."""


class Bye(ServerOnly, frozen=True, kw_only=True, tag="bye"):
    """The connection closes; the client's cursor stays good."""

    code: ByeCode


class Pong(ServerOnly, frozen=True, kw_only=True, tag="pong"):
    """Answers a ping of this id."""

    id: str = ""


ServerFrame: TypeAlias = (
    Welcome | Replied | Answered | RefusedFrame | Update | Signal | Reset | Bye | Pong
)
"""The union of all frames a desk sends, for decoding."""

DownFrame: TypeAlias = Update | Signal | Reset | Bye
"""The frames that come without being asked for."""


# -- the published schema ------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every frame: `ClientFrame` and `ServerFrame` in `$defs`."""
    (client, server), components = msgspec.json.schema_components(
        (ClientFrame, ServerFrame), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frames of chatdesk",
        "anyOf": [{"$ref": "#/$defs/ClientFrame"}, {"$ref": "#/$defs/ServerFrame"}],
        "$defs": {"ClientFrame": client, "ServerFrame": server, **components},
    }


def schema_lines() -> Iterator[str]:
    """The schema as it is committed beside the documentation."""
    text = msgspec.json.format(msgspec.json.encode(schema(), order="deterministic"), indent=2)
    yield from text.decode().splitlines(keepends=True)
    yield "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.writelines(schema_lines())
