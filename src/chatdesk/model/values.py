"""The small values that records, commands and events are made of."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from chatdesk.model.ids import AgentId, DeviceId, Instant, VisitorId


class Value(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """The base of every value."""


# -- people -------------------------------------------------------------------------------------


class ActorKind(StrEnum):
    """What sort of party gives a command."""

    VISITOR = "visitor"
    AGENT = "agent"
    SERVICE = "service"
    """The shop's own code, which is trusted."""
    CLOCK = "clock"
    """Time itself: a deadline that passed."""


class Actor(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Who gives a command or asks a query."""

    kind: ActorKind
    id: str


CLOCK = Actor(ActorKind.CLOCK, "clock")


class Role(StrEnum):
    """What an agent may do; each may do all that the one before may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Audience(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Who may see an event or a message.

    Supervisors see whatever any agent sees. Nobody sees what is not addressed to him.
    """

    visitor: VisitorId | None = None
    agents: tuple[AgentId, ...] = ()
    staff: bool = False
    """Every agent of the desk."""


# -- an agent's availability --------------------------------------------------------------------


class IntentKind(StrEnum):
    """What an agent wants: new chats, or none."""

    ACCEPTING = "accepting"
    NOT_ACCEPTING = "not_accepting"


class Intent(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an agent wants, with the shop's own word for why not ("lunch", "training")."""

    kind: IntentKind
    reason: str | None = None


class Status(StrEnum):
    """What the console shows for an agent; derived from the four facts, never stored."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    """Accepting, but at the maximum number of chats."""
    NOT_ACCEPTING = "not_accepting"
    OFF_SHIFT = "off_shift"
    OFFLINE = "offline"
    RETIRED = "retired"


class Lease(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One connected device of an agent, believed present until `until` unless renewed."""

    device: DeviceId
    until: Instant


class OpeningInterval(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From `opens` to `closes` on one weekday, local time in minutes after midnight.

    `weekday` is 0 for Monday. `closes` may be 1440, the following midnight.
    """

    weekday: int
    opens: int
    closes: int


class Hours(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weekly opening hours in one time zone; `closed_on` lists dates (YYYY-MM-DD) without any."""

    timezone: str
    week: tuple[OpeningInterval, ...]
    closed_on: tuple[str, ...] = ()


# -- forms --------------------------------------------------------------------------------------

Label: TypeAlias = dict[str, str]
"""A text by language code."""

AnswerValue: TypeAlias = str | int | tuple[str, ...]
AnswerValues: TypeAlias = dict[str, AnswerValue]


class QuestionKind(StrEnum):
    """How a question of a form is answered."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"
    """One of `choices`."""
    CHOICES = "choices"
    """Several of `choices`."""
    SCALE = "scale"
    """A whole number from 1 to `scale`."""


class Choice(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One closed answer."""

    value: str
    label: Label


class FormQuestion(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question of a form: closed (`choice`, `choices`, `scale`) or open (the others)."""

    key: str
    label: Label
    kind: QuestionKind = QuestionKind.TEXT
    choices: tuple[Choice, ...] = ()
    scale: int = 5
    required: bool = False
    max_length: int = 2000


class Form(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Questions, and groups of which at least one question each must be answered."""

    questions: tuple[FormQuestion, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()


class FormKind(StrEnum):
    """The forms a desk has."""

    PRECHAT = "prechat"
    QUALIFICATION = "qualification"
    RATING = "rating"


# -- a chat -------------------------------------------------------------------------------------


class ChatState(StrEnum):
    """Where a chat is in its life; the transitions are in `chatdesk.rules.lifecycle`."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    ABANDONED = "abandoned"
    MISSED = "missed"


class OfferState(StrEnum):
    """Where an offer of a chat to an agent is in its life."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class QueueMode(StrEnum):
    """How a queue's chats reach agents."""

    PUSH = "push"
    OFFER = "offer"
    PULL = "pull"


class Source(StrEnum):
    """Where a chat came from (A02, B11)."""

    CHAT_BUTTON = "chat_button"
    CONTACT_FORM = "contact_form"
    CART = "cart"
    PRODUCT_PAGE = "product_page"
    INVITATION = "invitation"
    SOCIAL_PAGE = "social_page"
    OTHER = "other"


class Page(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """The page a visitor is on."""

    url: str
    title: str | None = None
    referrer: str | None = None


class VisitState(StrEnum):
    """What a visitor on the site is doing."""

    BROWSING = "browsing"
    WAITING = "waiting"
    """In line for an agent, or offered to one."""
    CHATTING = "chatting"


class MessageKind(StrEnum):
    """What sort of message; whispers and notes never reach a visitor."""

    TEXT = "text"
    SYSTEM = "system"
    """A line the desk writes: `code` says which, `details` fill it, the page has the words."""
    WHISPER = "whisper"
    """From a supervisor to the chat's agent (C08)."""
    NOTE = "note"
    """Among agents, for instance at a transfer (B14)."""
    PAGE = "page"
    """A page the agent suggests (D08): the text is its address, `details` may have its `title`."""


class EndReason(StrEnum):
    """Why a conversation or a wait ended."""

    AGENT = "agent"
    VISITOR = "visitor"
    VISITOR_GONE = "visitor_gone"
    WAIT_LIMIT = "wait_limit"
    NOBODY = "nobody"
    """No agent was there who accepts chats of the queue (B10)."""
    FULL = "full"
    """The line was full."""
    CLOSED = "closed"
    """Outside the queue's hours."""
    SERVICE = "service"


class WaitLevel(StrEnum):
    """How long a chat has waited: the two thresholds of C02 and C03."""

    FINE = "fine"
    LONG = "long"
    OVERDUE = "overdue"


# -- a ticket -----------------------------------------------------------------------------------


class TicketState(StrEnum):
    """Where a ticket is in its life (B44–B47)."""

    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    SPAM = "spam"


class TicketSource(StrEnum):
    """What a ticket was made from (B34–B36)."""

    CHAT = "chat"
    NOTE = "note"
    EMAIL = "email"
    AGENT = "agent"


class EntryKind(StrEnum):
    """What an entry of a ticket tells."""

    NOTE = "note"
    """What the customer wrote first."""
    ANSWER = "answer"
    """What the customer wrote later."""
    REPLY = "reply"
    """To the customer."""
    COMMENT = "comment"
    """Among colleagues, never to the customer (B43)."""
    STATE = "state"
    TITLE = "title"
    ASSIGNEE = "assignee"


def visitor(visitor_id: VisitorId) -> Actor:
    """The actor for a visitor."""
    return Actor(ActorKind.VISITOR, visitor_id)


def agent(agent_id: AgentId) -> Actor:
    """The actor for an agent of any role."""
    return Actor(ActorKind.AGENT, agent_id)


def service(name: str = "shop") -> Actor:
    """The actor for the shop's own trusted code."""
    return Actor(ActorKind.SERVICE, name)
