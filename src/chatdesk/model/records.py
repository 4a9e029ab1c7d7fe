"""The records a store keeps: what exists on a desk, frozen, without behaviour.

Every record has a `type` (its tag) and an `id`, unique for that type. A record that is *live* is
held in memory by every replica of the desk; `chatdesk.rules.lifecycle.is_live` says which are.
Personal data stands only in `Customer`, `Visitor`, `Message`, `Answers`, `Interaction`, `Learned`,
`Ticket` (its title) and `TicketEntry`, and in a chat's `page`, `question` and `customer_name`; the
journal holds ids and times.
"""

from typing import TypeAlias

from msgspec import Struct

from chatdesk.model.defaults import PRECHAT, QUALIFICATION, RATING
from chatdesk.model.ids import (
    AgentId,
    ChatId,
    CustomerId,
    DeskId,
    Instant,
    OfferId,
    QueueId,
    Seconds,
    TicketId,
    VisitorId,
)
from chatdesk.model.values import (
    Actor,
    AnswerValues,
    Audience,
    ChatState,
    EndReason,
    EntryKind,
    Form,
    FormKind,
    Hours,
    Intent,
    IntentKind,
    Lease,
    MessageKind,
    OfferState,
    Page,
    QueueMode,
    Role,
    Source,
    TicketSource,
    TicketState,
    Value,
    WaitLevel,
)


class DeskSetup(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a desk is set up; every length of time is in seconds."""

    name: str
    phone: str | None = None
    """What canned responses call `{{ desk.phone }}` (D14)."""
    hours_text: str | None = None
    """What canned responses call `{{ desk.hours }}`, such as "from nine to six"."""
    languages: tuple[str, ...] = ("en",)
    login_intent: IntentKind = IntentKind.ACCEPTING
    """What an agent's intent becomes when he connects (B01)."""
    prechat: Form = PRECHAT
    qualification: Form = QUALIFICATION
    rating: Form = RATING
    wrap_up_seconds: Seconds | None = 120.0
    """How long a chat in wrap-up holds its agent's slot; `None`: until it is closed."""
    wrap_up_holds_slot: bool = True
    presence_lease_seconds: Seconds = 30.0
    visitor_lease_seconds: Seconds = 60.0
    """A waiting visitor who is silent for so long has left."""
    visit_lease_seconds: Seconds | None = 150.0
    """A visitor whose page is silent for so long has left the site; `None`: who only browses is
    not watched at all."""
    rescue_seconds: Seconds | None = 120.0
    """Chats of an agent who is offline for so long go back to the head of the line."""
    long_wait_seconds: Seconds = 60.0
    """C02: one minute is already long."""
    max_wait_seconds: Seconds = 120.0
    """C03: what a visitor expects of a chat."""
    first_reply_seconds: Seconds = 30.0
    """C20."""
    reply_seconds: Seconds = 76.0
    """C19."""
    transfer_consent_required: bool = False
    """B13."""
    preview_enabled: bool = False
    """Whether agents see what a visitor types before he sends it (B18); told to the visitor."""
    ticket_policy: str | None = "least_busy"
    """How a new ticket gets its assignee; `None`: by hand."""
    ticket_pending_seconds: Seconds | None = None
    """A ticket that waits so long for the customer is solved; `None`: never."""
    message_max_length: int = 8000


class QueueSetup(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a queue is set up; every length of time is in seconds."""

    name: str
    mode: QueueMode = QueueMode.PUSH
    policy: str = "least_busy"
    discipline: str = "first_come"
    skills: tuple[str, ...] = ()
    """What an agent must be able to do to get a chat of this queue."""
    priority: int = 0
    """Queues of a higher priority are served first by agents who serve several."""
    offer_seconds: Seconds = 20.0
    wait_limit_seconds: Seconds | None = None
    length_limit: int | None = None
    """At so many waiting chats the queue shuts, until `reopen_at` are left."""
    reopen_at: int | None = None
    target_seconds: Seconds = 120.0
    """When a chat is due, for the discipline "earliest_due"."""
    ageing_seconds: Seconds = 60.0
    """How many seconds of wait one step of priority is worth, for the discipline "ageing"."""
    hours: Hours | None = None


class AgentSetup(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who an agent is and what he may get."""

    name: str
    role: Role = Role.AGENT
    teams: tuple[str, ...] = ()
    """Teams whose canned responses he sees."""
    queues: tuple[QueueId, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = 3
    """Most chats at once (C11)."""
    hours: Hours | None = None
    login_intent: IntentKind | None = None
    """Overrides the desk's for this agent."""


class Record(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """The base of every record."""

    id: str


class DeskRecord(Record, frozen=True, kw_only=True, tag="desk"):
    """A shop's live-chat desk."""

    id: DeskId
    setup: DeskSetup
    created_at: Instant


class Counters(Record, frozen=True, kw_only=True, tag="counters"):
    """Numbers that only go up, so that none is given twice."""

    id: str
    place: int = 0
    """Last place given in the order of idleness."""
    turn: int = 0
    """Turn of the agent chosen last; who comes back starts no lower (start-time fair queueing,
    Goyal, Vin and Cheng 1996)."""
    line: int = 0
    """Last place given in a waiting line."""
    ticket: int = 0
    """Last ticket number given."""
    handling_seconds: Seconds | None = None
    """How long a chat holds its slot: moving average, for estimates of the wait."""


class Queue(Record, frozen=True, kw_only=True, tag="queue"):
    """A waiting line with its rules."""

    id: QueueId
    setup: QueueSetup
    full: bool = False
    """Shut because of its length until `reopen_at` chats are left."""
    open: bool = True
    """Whether `setup.hours` say open."""
    open_until: Instant | None = None
    """When `open` next changes."""
    retired: bool = False


class Agent(Record, frozen=True, kw_only=True, tag="agent"):
    """An agent: what he is, the facts of his availability, and what policies remember of him."""

    id: AgentId
    setup: AgentSetup
    intent: Intent = Intent(IntentKind.NOT_ACCEPTING)
    intent_at: Instant = 0.0
    leases: tuple[Lease, ...] = ()
    left_at: Instant | None = None
    """When his last lease ended, while he has none."""
    on_shift: bool = True
    shift_until: Instant | None = None
    """When `on_shift` next changes."""
    load: int = 0
    """Slots held: offers, active chats, and wrap-ups that hold one."""
    tickets: int = 0
    """Open tickets assigned to him."""
    tickets_received: int = 0
    """Tickets assigned to him, ever."""
    last_ticket: int = 0
    """Number of the ticket assigned to him last."""
    received: int = 0
    """Chats assigned to him, ever."""
    turn: int = 0
    """Fair share: one more for each chat received, raised to the desk's turn on coming back."""
    place: int = 0
    """Order of idleness: lower is idle for longer."""
    last_assigned_at: Instant | None = None
    last_assigned_place: int = 0
    available_since: Instant | None = None
    """Since when he could get chats but for his load; `None` when he cannot."""
    available_seconds: Seconds = 0.0
    """Total of the earlier stretches of `available_since`."""
    retired: bool = False


class Customer(Record, frozen=True, kw_only=True, tag="customer"):
    """A person's profile."""

    id: CustomerId
    name: str | None = None
    email: str | None = None
    customer_number: str | None = None
    phone: str | None = None
    language: str | None = None
    social_login: str | None = None
    attributes: dict[str, str] = {}
    notes: str | None = None
    version: int = 1
    created_at: Instant
    updated_at: Instant


class Visitor(Record, frozen=True, kw_only=True, tag="visitor"):
    """Someone on the site, who may be a known customer.

    What his page tells of a visit (`page` to `timezone`) is kept no longer than the visit.
    """

    id: VisitorId
    customer: CustomerId | None = None
    page: Page | None = None
    page_since: Instant | None = None
    """When he came to the page."""
    here_since: Instant | None = None
    """When his present visit began."""
    here_until: Instant | None = None
    """Until when he is believed to be on the site, unless his page renews it."""
    language: str | None = None
    """What his browser speaks (RFC 5646)."""
    timezone: str | None = None
    """What his browser says, such as ``Europe/Paris``: the nearest thing to where he is."""
    chat: ChatId | None = None
    """The one chat he has open."""
    first_seen_at: Instant
    last_seen_at: Instant
    """When he was last written down: his page may have renewed the visit since."""


class Chat(Record, frozen=True, kw_only=True, tag="chat"):
    """One conversation, from the request to the qualification."""

    id: ChatId
    state: ChatState
    queue: QueueId
    visitor: VisitorId
    customer: CustomerId
    source: Source = Source.CHAT_BUTTON
    topic: str | None = None
    page: Page | None = None
    language: str | None = None
    skills: tuple[str, ...] = ()
    """What the chat asks for beyond the queue's skills."""
    priority: int = 0
    preferred_agent: AgentId | None = None
    question: str = ""
    """The beginning of what was asked; the whole is message 1."""
    customer_name: str | None = None
    requested_at: Instant
    waiting_since: Instant
    """Where it stands in line by time: a transfer or a lost agent does not change it."""
    queued_at: Instant
    """When it came to the line, or last came back to it: waits are counted from here."""
    line: int = 0
    """Where it stands among those who came at the same instant."""
    wait_level: WaitLevel = WaitLevel.FINE
    visitor_until: Instant | None = None
    """A waiting visitor's lease."""
    look_again_at: Instant | None = None
    """When the policy may decide otherwise without anything else happening."""
    declined_by: tuple[AgentId, ...] = ()
    """Agents who declined it, let it expire or gave it away: never offered to them again.

    They may still take it by `TakeChat`, except who gave it away.
    """
    agent: AgentId | None = None
    epoch: int = 0
    """Counts assignments and offers; an older one is refused."""
    holds_slot: bool = False
    assigned_at: Instant | None = None
    first_assigned_at: Instant | None = None
    first_reply_at: Instant | None = None
    reply_due_at: Instant | None = None
    """When the visitor's unanswered message is overdue."""
    unanswered_since: Instant | None = None
    promised_until: Instant | None = None
    """Until when a holding reply promised an answer; the next reply redeems it (D04)."""
    promise_late: bool = False
    """Whether that time has passed without a reply."""
    attention: bool = False
    """A visitor's message the agent has not read (A25)."""
    messages: int = 0
    """Sequence number of the last message."""
    visitor_seq: int = 0
    """Sequence number of the visitor's last message."""
    read_to: int = 0
    """Sequence number up to which the agent has read."""
    name_uses: int = 0
    """How often agents have called the customer by name (D01)."""
    transfers: int = 0
    agents: tuple[AgentId, ...] = ()
    """Everybody who had it, in order."""
    ended_at: Instant | None = None
    ended_by: EndReason | None = None
    wrap_up_until: Instant | None = None
    qualified_at: Instant | None = None
    rated_at: Instant | None = None
    closed_at: Instant | None = None
    tickets: tuple[TicketId, ...] = ()


class Offer(Record, frozen=True, kw_only=True, tag="offer"):
    """A chat shown to one agent to accept within a time."""

    id: OfferId
    state: OfferState
    chat: ChatId
    agent: AgentId
    epoch: int
    made_at: Instant
    until: Instant
    settled_at: Instant | None = None


class Message(Record, frozen=True, kw_only=True, tag="message"):
    """One message of a chat; `seq` counts from 1 in each chat."""

    id: str
    chat: ChatId
    seq: int
    at: Instant
    author: Actor
    kind: MessageKind
    audience: Audience
    text: str = ""
    code: str | None = None
    details: dict[str, str] = {}
    canned: str | None = None
    """The canned response it was made from."""
    attachments: tuple[str, ...] = ()
    """Addresses of files that go with it; a path is one of the shop's site."""


class Answers(Record, frozen=True, kw_only=True, tag="answers"):
    """A filled form of a chat."""

    id: str
    chat: ChatId
    customer: CustomerId
    form: FormKind
    values: AnswerValues
    at: Instant
    by: Actor


class Interaction(Record, frozen=True, kw_only=True, tag="interaction"):
    """An entry an agent writes in a customer's history: a call, a letter, the gist of a chat."""

    id: str
    customer: CustomerId
    at: Instant
    channel: str
    text: str
    by: Actor
    chat: ChatId | None = None
    edited_at: Instant | None = None
    removed: bool = False


class Ticket(Record, frozen=True, kw_only=True, tag="ticket"):
    """A case that outlives a conversation."""

    id: TicketId
    number: int
    state: TicketState
    title: str
    source: TicketSource
    customer: CustomerId
    visitor: VisitorId | None = None
    chat: ChatId | None = None
    queue: QueueId | None = None
    assignee: AgentId | None = None
    created_at: Instant
    updated_at: Instant
    state_at: Instant
    pending_until: Instant | None = None
    solved_at: Instant | None = None
    reopened: int = 0
    entries: int = 0
    """Sequence number of the last entry."""


class TicketEntry(Record, frozen=True, kw_only=True, tag="ticket_entry"):
    """One line of a ticket; `seq` counts from 1 in each ticket."""

    id: str
    ticket: TicketId
    seq: int
    at: Instant
    author: Actor
    kind: EntryKind
    audience: Audience
    text: str = ""
    before: str | None = None
    after: str | None = None


class CannedResponse(Record, frozen=True, kw_only=True, tag="canned"):
    """A text kept ready for questions that come again, with all it is found and limited by (A21).

    `shortcuts` begin with ``#``. `categories` are paths, ``orders/returns`` lying in ``orders``.
    `team` limits it to one team, `owner` to one agent; with neither it is everybody's.
    """

    id: str = ""
    title: str
    body: str
    shortcuts: tuple[str, ...]
    categories: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    language: str | None = None
    team: str | None = None
    owner: AgentId | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    """The first instant at which it is no longer offered."""
    attachments: tuple[str, ...] = ()
    """Addresses of files that are sent with it, as a `Message` has them."""
    promise_seconds: Seconds | None = None
    """What a holding reply promises: how soon the agent will be back (D04)."""
    version: int = 1
    """Grows by one a change."""
    retired: bool = False


class CannedUse(Record, frozen=True, kw_only=True, tag="canned_use"):
    """How often a response was sent by one agent, or by all: a count that halves with time."""

    response: str
    agent: AgentId | None = None
    level: float
    """See `chatdesk.canned.usage.UsageCount`."""


class Learned(Record, frozen=True, kw_only=True, tag="learned"):
    """A question that a response has answered, without personal data; its id is the message's."""

    response: str
    question: str
    customer: CustomerId
    at: Instant
    removed: bool = False


class Suggesting(Record, frozen=True, kw_only=True, tag="suggesting"):
    """What agents did with suggested responses, by how sure the suggestion was."""

    wanted: float
    accepted: tuple[float, ...]
    ignored: tuple[float, ...]


class Reply(Record, frozen=True, kw_only=True, tag="reply"):
    """What a command was answered, so that a repeated one is answered alike and does nothing."""

    id: str
    """`reply_id(actor, command)`, or `turn:…` for the receipt of a turn."""
    at: Instant
    command: str
    """The command's type, to tell a repeat from another command under the same id."""
    result: bytes
    """JSON of the result."""


AnyRecord: TypeAlias = (
    DeskRecord
    | Counters
    | Queue
    | Agent
    | Customer
    | Visitor
    | Chat
    | Offer
    | Message
    | Answers
    | Interaction
    | Ticket
    | TicketEntry
    | CannedResponse
    | CannedUse
    | Learned
    | Suggesting
    | Reply
)
"""The union of all records, for decoding."""

RECORD_TYPES: tuple[type[Record], ...] = AnyRecord.__args__
