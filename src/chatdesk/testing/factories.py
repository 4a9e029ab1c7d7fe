"""Small records and events for tests: what is not said has a plain value."""

from typing import Any

from chatdesk.model.commits import Batch
from chatdesk.model.events import ChatOpened, Event
from chatdesk.model.ids import Instant
from chatdesk.model.records import (
    Agent,
    AgentSetup,
    Answers,
    CannedResponse,
    CannedUse,
    Chat,
    Counters,
    Customer,
    DeskRecord,
    DeskSetup,
    Interaction,
    Learned,
    Message,
    Offer,
    Queue,
    QueueSetup,
    Record,
    Reply,
    Suggesting,
    Ticket,
    TicketEntry,
    Visitor,
)
from chatdesk.model.values import (
    Audience,
    ChatState,
    EntryKind,
    FormKind,
    MessageKind,
    OfferState,
    Source,
    TicketSource,
    TicketState,
    agent,
    service,
    visitor,
)

NOON: Instant = 1_700_000_000.0
"""When the records here were made, unless something else is said."""


def a_desk(**fields: Any) -> DeskRecord:
    """A desk."""
    return DeskRecord(
        **{"id": "default", "setup": DeskSetup(name="Shop"), "created_at": NOON, **fields}
    )


def a_queue(id_: str = "sales", **fields: Any) -> Queue:
    """An open queue."""
    return Queue(**{"id": id_, "setup": QueueSetup(name=id_), **fields})


def an_agent(id_: str = "ada", **fields: Any) -> Agent:
    """An agent who is not there."""
    return Agent(**{"id": id_, "setup": AgentSetup(name=id_), **fields})


def a_customer(id_: str = "customer", **fields: Any) -> Customer:
    """A customer of whom nothing is known."""
    return Customer(**{"id": id_, "created_at": NOON, "updated_at": NOON, **fields})


def a_visitor(id_: str = "visitor", **fields: Any) -> Visitor:
    """A visitor without a chat."""
    return Visitor(**{"id": id_, "first_seen_at": NOON, "last_seen_at": NOON, **fields})


def a_chat(id_: str = "chat", **fields: Any) -> Chat:
    """A waiting chat."""
    plain = {
        "id": id_,
        "state": ChatState.WAITING,
        "queue": "sales",
        "visitor": "visitor",
        "customer": "customer",
        "requested_at": NOON,
        "waiting_since": NOON,
        "queued_at": NOON,
    }
    return Chat(**{**plain, **fields})


def an_offer(id_: str = "offer", **fields: Any) -> Offer:
    """A pending offer."""
    plain = {
        "id": id_,
        "state": OfferState.PENDING,
        "chat": "chat",
        "agent": "ada",
        "epoch": 1,
        "made_at": NOON,
        "until": NOON + 20.0,
    }
    return Offer(**{**plain, **fields})


def a_message(id_: str = "message", **fields: Any) -> Message:
    """A visitor's first message."""
    plain = {
        "id": id_,
        "chat": "chat",
        "seq": 1,
        "at": NOON,
        "author": visitor("visitor"),
        "kind": MessageKind.TEXT,
        "audience": Audience(visitor="visitor", staff=True),
        "text": "Where is my parcel?",
    }
    return Message(**{**plain, **fields})


def some_answers(id_: str = "answers", **fields: Any) -> Answers:
    """A filled pre-chat form."""
    plain = {
        "id": id_,
        "chat": "chat",
        "customer": "customer",
        "form": FormKind.PRECHAT,
        "values": {"name": "Grace"},
        "at": NOON,
        "by": visitor("visitor"),
    }
    return Answers(**{**plain, **fields})


def an_interaction(id_: str = "interaction", **fields: Any) -> Interaction:
    """A call an agent noted."""
    plain = {
        "id": id_,
        "customer": "customer",
        "at": NOON,
        "channel": "phone",
        "text": "Called back.",
        "by": agent("ada"),
    }
    return Interaction(**{**plain, **fields})


def a_ticket(id_: str = "ticket", **fields: Any) -> Ticket:
    """An open ticket made from a chat."""
    plain = {
        "id": id_,
        "number": 1,
        "state": TicketState.OPEN,
        "title": "Parcel",
        "source": TicketSource.CHAT,
        "customer": "customer",
        "created_at": NOON,
        "updated_at": NOON,
        "state_at": NOON,
    }
    return Ticket(**{**plain, **fields})


def a_ticket_entry(id_: str = "entry", **fields: Any) -> TicketEntry:
    """A colleague's comment on a ticket."""
    plain = {
        "id": id_,
        "ticket": "ticket",
        "seq": 1,
        "at": NOON,
        "author": agent("ada"),
        "kind": EntryKind.COMMENT,
        "audience": Audience(staff=True),
        "text": "Ask the carrier.",
    }
    return TicketEntry(**{**plain, **fields})


def a_reply(id_: str = "visitor:visitor:1", **fields: Any) -> Reply:
    """What a command was answered."""
    plain = {"id": id_, "at": NOON, "command": "post_message", "result": b'{"type":"done"}'}
    return Reply(**{**plain, **fields})


def a_response(id_: str = "response", **fields: Any) -> CannedResponse:
    """A canned response that everybody may use."""
    plain = {
        "id": id_,
        "title": "Opening hours",
        "body": "We are open from nine to six.",
        "shortcuts": (f"#{id_}",),
        "categories": ("general",),
    }
    return CannedResponse(**{**plain, **fields})


def a_canned_use(**fields: Any) -> CannedUse:
    """How often all agents sent a response."""
    return CannedUse(**{"id": "response/", "response": "response", "level": 1.5, **fields})


def a_learned_question(id_: str = "chat.000001", **fields: Any) -> Learned:
    """A question that a response has answered."""
    plain = {
        "id": id_,
        "response": "response",
        "question": "when do you open",
        "customer": "customer",
        "at": NOON,
    }
    return Learned(**{**plain, **fields})


def some_suggesting(**fields: Any) -> Suggesting:
    """What agents did with suggestions."""
    plain = {"id": "suggesting", "wanted": 0.6, "accepted": (1.0, 0.0), "ignored": (0.0, 2.0)}
    return Suggesting(**{**plain, **fields})


def some_counters(**fields: Any) -> Counters:
    """The numbers of a new desk."""
    return Counters(**{"id": "default", **fields})


def one_of_each() -> tuple[Record, ...]:
    """A record of every kind."""
    return (
        a_desk(),
        some_counters(line=7),
        a_queue(),
        an_agent(),
        a_customer(email="grace@example.org", customer_number="C-1"),
        a_visitor(customer="customer", chat="chat"),
        a_chat(),
        an_offer(),
        a_message(),
        some_answers(),
        an_interaction(),
        a_ticket(),
        a_ticket_entry(),
        a_response(),
        a_canned_use(),
        a_learned_question(),
        some_suggesting(),
        a_reply(),
    )


def an_event(chat: str = "chat", *, at: Instant = NOON, **fields: Any) -> Event:
    """A visitor asked."""
    plain = {
        "at": at,
        "by": service(),
        "audience": Audience(staff=True),
        "chat": chat,
        "queue": "sales",
        "visitor": "visitor",
        "customer": "customer",
        "source": Source.CHAT_BUTTON,
    }
    return ChatOpened(**{**plain, **fields})


def a_batch(*things: Record | Event, at: Instant = NOON) -> Batch:
    """A batch of records, replies and events, each in the order given."""
    return Batch(
        at,
        tuple(t for t in things if isinstance(t, Record) and not isinstance(t, Reply)),
        tuple(t for t in things if isinstance(t, Event)),
        tuple(t for t in things if isinstance(t, Reply)),
    )
