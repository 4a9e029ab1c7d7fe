"""What happened: ids, times and states only, no personal data, so that the journal may be kept.

Every event carries its audience; `chatdesk.rules.access.visible` decides from it what any channel
may send. The texts themselves stand in records (`Message`, `TicketEntry`, `Customer`).
"""

from typing import TypeAlias

from msgspec import Struct

from chatdesk.model.ids import (
    AgentId,
    ChatId,
    CommandId,
    CustomerId,
    Instant,
    QueueId,
    TicketId,
    VisitorId,
)
from chatdesk.model.values import (
    Actor,
    Audience,
    EndReason,
    EntryKind,
    FormKind,
    IntentKind,
    MessageKind,
    OfferState,
    QueueMode,
    Source,
    Status,
    TicketSource,
    TicketState,
    WaitLevel,
)


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """The base of every event; `by` gave the command `command`, or is the clock."""

    at: Instant
    by: Actor
    audience: Audience
    command: CommandId | None = None


# -- the desk ------------------------------------------------------------------------------------


class DeskConfigured(Event, frozen=True, kw_only=True, tag="desk_configured"):
    """The desk was set up, or anew."""


class QueueSaved(Event, frozen=True, kw_only=True, tag="queue_saved"):
    """A queue was added, set up anew or retired."""

    queue: QueueId
    mode: QueueMode
    retired: bool = False


class QueueShut(Event, frozen=True, kw_only=True, tag="queue_shut"):
    """A queue shut because of its length, or opened again."""

    queue: QueueId
    shut: bool
    waiting: int


class PolicyFailed(Event, frozen=True, kw_only=True, tag="policy_failed"):
    """A policy of the shop's own raised an error; the least busy agent is chosen in its place.

    Told once by each process. `error` is the kind of error only: its text stands in the log.
    """

    policy: str
    error: str


class AgentSaved(Event, frozen=True, kw_only=True, tag="agent_saved"):
    """An agent was added, set up anew or retired; `capacity` is his maximum from now on."""

    agent: AgentId
    capacity: int
    queues: tuple[QueueId, ...] = ()
    skills: tuple[str, ...] = ()
    retired: bool = False


class AgentStatusChanged(Event, frozen=True, kw_only=True, tag="agent_status_changed"):
    """What the console shows for an agent changed, or the facts behind it."""

    agent: AgentId
    status: Status
    intent: IntentKind
    present: bool
    on_shift: bool
    load: int
    reason: str | None = None


# -- chats ---------------------------------------------------------------------------------------


class ChatEvent(Event, frozen=True, kw_only=True):
    """The base of what happens to a chat."""

    chat: ChatId
    queue: QueueId


class ChatOpened(ChatEvent, frozen=True, kw_only=True, tag="chat_opened"):
    """A visitor asked."""

    visitor: VisitorId
    customer: CustomerId
    source: Source
    new_customer: bool = False
    topic: str | None = None
    language: str | None = None
    skills: tuple[str, ...] = ()
    priority: int = 0
    preferred_agent: AgentId | None = None


class WaitLevelChanged(ChatEvent, frozen=True, kw_only=True, tag="wait_level_changed"):
    """A waiting chat passed a threshold (C02, C03)."""

    level: WaitLevel
    waited: float


class OfferMade(ChatEvent, frozen=True, kw_only=True, tag="offer_made"):
    """A chat was offered to an agent."""

    agent: AgentId
    epoch: int
    until: Instant


class OfferSettled(ChatEvent, frozen=True, kw_only=True, tag="offer_settled"):
    """An offer was accepted, declined, withdrawn, or expired."""

    agent: AgentId
    epoch: int
    state: OfferState


class ChatAssigned(ChatEvent, frozen=True, kw_only=True, tag="chat_assigned"):
    """The chat is an agent's."""

    agent: AgentId
    epoch: int
    waited: float
    """Seconds since the request, or since it last came back to the line."""
    load: int
    """The agent's slots held, this one included."""
    mode: QueueMode
    policy: str | None = None


class ChatReturned(ChatEvent, frozen=True, kw_only=True, tag="chat_returned"):
    """The chat went back to the line with its place in time: transferred, or its agent was lost."""

    agent: AgentId
    reason: str


class ChatTransferred(ChatEvent, frozen=True, kw_only=True, tag="chat_transferred"):
    """An agent gave the chat on (B12, B16)."""

    from_agent: AgentId
    to_agent: AgentId | None = None
    to_queue: QueueId | None = None
    consent: bool = False


class MessageAdded(ChatEvent, frozen=True, kw_only=True, tag="message_added"):
    """A message was posted; its text stands in the `Message` record."""

    seq: int
    author: Actor
    kind: MessageKind
    length: int


class ReplyGiven(ChatEvent, frozen=True, kw_only=True, tag="reply_given"):
    """The agent answered the visitor's unanswered message (B27, C19, C20)."""

    agent: AgentId
    seconds: float
    first: bool


class ReplyOverdue(ChatEvent, frozen=True, kw_only=True, tag="reply_overdue"):
    """The visitor's message was not answered in time (C21)."""

    agent: AgentId
    first: bool


class PromiseOverdue(ChatEvent, frozen=True, kw_only=True, tag="promise_overdue"):
    """What a holding reply promised was not given in time (D04)."""

    agent: AgentId


class ChatRead(ChatEvent, frozen=True, kw_only=True, tag="chat_read"):
    """The agent read up to a message (A25)."""

    agent: AgentId
    seq: int


class ChatEnded(ChatEvent, frozen=True, kw_only=True, tag="chat_ended"):
    """The conversation ended and wraps up, or the visitor left the line, or was missed."""

    reason: EndReason
    agent: AgentId | None = None
    served: bool = True
    """Whether an agent ever had it."""
    waited: float | None = None


class RatingInvited(ChatEvent, frozen=True, kw_only=True, tag="rating_invited"):
    """The visitor is asked to rate (A30)."""


class FormFilled(ChatEvent, frozen=True, kw_only=True, tag="form_filled"):
    """A form of the chat was filled; the answers stand in the `Answers` record."""

    form: FormKind
    closed: dict[str, tuple[str, ...]] = {}
    """Answers of closed questions, which are no personal data (A29, A32)."""


class SlotReleased(ChatEvent, frozen=True, kw_only=True, tag="slot_released"):
    """A chat in wrap-up no longer holds its agent's slot."""

    agent: AgentId


class ChatClosed(ChatEvent, frozen=True, kw_only=True, tag="chat_closed"):
    """The chat is closed for good."""

    agent: AgentId | None = None


# -- customers -----------------------------------------------------------------------------------


class CustomerChanged(Event, frozen=True, kw_only=True, tag="customer_changed"):
    """A profile was created or changed (A11); `fields` names what changed."""

    customer: CustomerId
    version: int
    fields: tuple[str, ...] = ()


class HistoryChanged(Event, frozen=True, kw_only=True, tag="history_changed"):
    """An entry of a customer's history was written, edited or removed (A09)."""

    customer: CustomerId
    interaction: str
    removed: bool = False


class CustomerErased(Event, frozen=True, kw_only=True, tag="customer_erased"):
    """A person's data was erased; replicas drop it too."""

    customer: CustomerId


# -- tickets -------------------------------------------------------------------------------------


class TicketEvent(Event, frozen=True, kw_only=True):
    """The base of what happens to a ticket."""

    ticket: TicketId


class TicketOpened(TicketEvent, frozen=True, kw_only=True, tag="ticket_opened"):
    """A ticket was made (B44)."""

    number: int
    source: TicketSource
    customer: CustomerId
    chat: ChatId | None = None


class TicketStateChanged(TicketEvent, frozen=True, kw_only=True, tag="ticket_state_changed"):
    """A ticket's state changed."""

    before: TicketState
    after: TicketState


class TicketAssigned(TicketEvent, frozen=True, kw_only=True, tag="ticket_assigned"):
    """A ticket got an assignee, or lost him."""

    agent: AgentId | None = None


class TicketEntryAdded(TicketEvent, frozen=True, kw_only=True, tag="ticket_entry_added"):
    """An entry was added; its text stands in the `TicketEntry` record."""

    seq: int
    kind: EntryKind
    author: Actor


# -- canned responses ----------------------------------------------------------------------------


class CannedChanged(Event, frozen=True, kw_only=True, tag="canned_changed"):
    """A canned response was added, edited or retired."""

    canned: str
    version: int
    retired: bool = False


class CannedSent(ChatEvent, frozen=True, kw_only=True, tag="canned_sent"):
    """An agent sent a message made from a canned response (A21, D06, D07)."""

    agent: AgentId
    canned: str
    seq: int
    likeness: float
    """Of what was sent to the response's text, from 0 to 1; 1 is unchanged."""
    learned: bool = False


class LearnedForgotten(Event, frozen=True, kw_only=True, tag="learned_forgotten"):
    """A learned question was taken away from its canned response."""

    canned: str
    learned: str


AnyEvent: TypeAlias = (
    DeskConfigured
    | QueueSaved
    | QueueShut
    | PolicyFailed
    | AgentSaved
    | AgentStatusChanged
    | ChatOpened
    | WaitLevelChanged
    | OfferMade
    | OfferSettled
    | ChatAssigned
    | ChatReturned
    | ChatTransferred
    | MessageAdded
    | ReplyGiven
    | ReplyOverdue
    | PromiseOverdue
    | ChatRead
    | ChatEnded
    | RatingInvited
    | FormFilled
    | SlotReleased
    | ChatClosed
    | CustomerChanged
    | HistoryChanged
    | CustomerErased
    | TicketOpened
    | TicketStateChanged
    | TicketAssigned
    | TicketEntryAdded
    | CannedChanged
    | CannedSent
    | LearnedForgotten
)
"""The union of all events, for decoding."""

EVENT_TYPES: tuple[type[Event], ...] = AnyEvent.__args__
