"""What can be asked of a desk to change: one Struct a command.

A command on the wire is the same Struct, tagged with its `type`. `id` is made by the client: a
command sent again under its id is answered alike and does nothing twice. `Command[R]` says what
`execute` returns.
"""

from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from chatdesk.model.ids import (
    AgentId,
    ChatId,
    CommandId,
    CustomerId,
    DeviceId,
    QueueId,
    TicketId,
    VisitorId,
)
from chatdesk.model.records import AgentSetup, CannedResponse, DeskSetup, QueueSetup
from chatdesk.model.results import (
    CannedImported,
    CannedSaved,
    ChatRequested,
    ChatTaken,
    CustomerSaved,
    Done,
    InteractionSaved,
    MessagePosted,
    TicketSaved,
)
from chatdesk.model.values import AnswerValues, Intent, Page, Source, TicketState

R_co = TypeVar("R_co", covariant=True)


class Command(
    Struct,
    Generic[R_co],
    frozen=True,
    kw_only=True,
    tag_field="type",
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """The base of every command; `R_co` is what it returns."""

    id: CommandId = ""
    """Made by the client; the runtime makes one where it is empty."""


# -- the desk ------------------------------------------------------------------------------------


class ConfigureDesk(Command[Done], frozen=True, kw_only=True, tag="configure_desk"):
    """Sets the desk up, for the first time or anew."""

    setup: DeskSetup


class SaveQueue(Command[Done], frozen=True, kw_only=True, tag="save_queue"):
    """Adds a queue or sets it up anew."""

    queue: QueueId
    setup: QueueSetup


class RetireQueue(Command[Done], frozen=True, kw_only=True, tag="retire_queue"):
    """Takes a queue without waiting chats out of use."""

    queue: QueueId


class SaveAgent(Command[Done], frozen=True, kw_only=True, tag="save_agent"):
    """Adds an agent or sets him up anew; a retired one comes back."""

    agent: AgentId
    setup: AgentSetup


class RetireAgent(Command[Done], frozen=True, kw_only=True, tag="retire_agent"):
    """Takes an agent who has no chats out of use."""

    agent: AgentId


# -- agents --------------------------------------------------------------------------------------


class Connect(Command[Done], frozen=True, kw_only=True, tag="connect"):
    """A device of the agent is there, or still there; the first sets the login intent (B01)."""

    device: DeviceId


class Disconnect(Command[Done], frozen=True, kw_only=True, tag="disconnect"):
    """A device of the agent leaves; the agent goes offline with the last (B08)."""

    device: DeviceId


class SetIntent(Command[Done], frozen=True, kw_only=True, tag="set_intent"):
    """The agent wants chats, or none. A supervisor may set another's."""

    intent: Intent
    agent: AgentId | None = None


class TakeChat(Command[ChatTaken], frozen=True, kw_only=True, tag="take_chat"):
    """Connects the agent with the next visitor in line (A12), of one queue or of all of his.

    Also with one whose offer he declined, but not with one he gave away.
    """

    queue: QueueId | None = None


class AcceptOffer(Command[ChatTaken], frozen=True, kw_only=True, tag="accept_offer"):
    """Accepts a chat that is offered to the agent."""

    chat: ChatId
    epoch: int


class DeclineOffer(Command[Done], frozen=True, kw_only=True, tag="decline_offer"):
    """Declines a chat that is offered to the agent; it goes to the next one."""

    chat: ChatId
    epoch: int


# -- chats ---------------------------------------------------------------------------------------


class RequestChat(Command[ChatRequested], frozen=True, kw_only=True, tag="request_chat"):
    """A visitor asks for a chat (A01); `answers` fill the pre-chat form (A05).

    The shop's own code asks on a visitor's behalf by naming him in `visitor`, and may say which
    `customer_number` he has proved to have; a visitor's own claim stands in `answers`.
    """

    queue: QueueId
    question: str
    answers: AnswerValues = {}
    source: Source = Source.CHAT_BUTTON
    topic: str | None = None
    page: Page | None = None
    language: str | None = None
    skills: tuple[str, ...] = ()
    priority: int = 0
    preferred_agent: AgentId | None = None
    visitor: VisitorId | None = None
    customer_number: str | None = None


class RenewVisit(Command[Done], frozen=True, kw_only=True, tag="renew_visit"):
    """The visitor is still there: renews his visit, and his lease while he waits (B31, B51).

    It may be given as often as one likes: a renewal that tells nothing new is written down only
    when half of the visit's lease has passed. No answer to it is kept, for it does no harm twice.
    """

    page: Page | None = None
    language: str | None = None
    timezone: str | None = None
    leaving: bool = False
    """He closes `page`: unless another one of his renews soon, the visit is over."""


class PostMessage(Command[MessagePosted], frozen=True, kw_only=True, tag="post_message"):
    """Says something to the other side of the chat. An agent names the epoch he knows."""

    chat: ChatId
    text: str
    epoch: int | None = None
    canned: str | None = None
    """The canned response the text was made from: counted, and learned from when hardly changed."""
    discarded: tuple[str, ...] = ()
    """Canned responses that were put in and edited away: they did not answer what was asked."""
    attachments: tuple[str, ...] = ()
    """Addresses of files that go with an agent's message, as `PushPage` takes them."""
    suggested: tuple[str, ...] = ()
    """The best responses that the search gave for the visitor's question, shown or not."""
    confidence: float | None = None
    """How sure that search was, from 0 to 1; tells the desk when suggesting pays."""


class PushPage(Command[MessagePosted], frozen=True, kw_only=True, tag="push_page"):
    """Suggests a page to the visitor of the agent's own chat, with notice (D08, A35).

    `notice` is posted as a message of the agent's before the page; without one the command is
    refused by `NoticeRequired`. The page is a message of its own, which the visitor's page shows as
    a link: nothing opens unless he follows it. `url` is an http or https address without
    credentials, or a path of the shop's site that begins with one ``/``.
    """

    chat: ChatId
    url: str
    notice: str | None = None
    title: str | None = None
    """What to call the page instead of its address."""
    epoch: int | None = None


class PostNote(Command[MessagePosted], frozen=True, kw_only=True, tag="post_note"):
    """Writes a line for colleagues in the chat, which the visitor never sees.

    From a supervisor to the chat's agent it is a whisper (C08).
    """

    chat: ChatId
    text: str


class ReadChat(Command[Done], frozen=True, kw_only=True, tag="read_chat"):
    """The chat's agent has read up to a message: clears the attention mark (A25)."""

    chat: ChatId
    seq: int


class TransferChat(Command[Done], frozen=True, kw_only=True, tag="transfer_chat"):
    """Gives the chat to another agent, or back to a queue with its place in time (B12)."""

    chat: ChatId
    epoch: int
    agent: AgentId | None = None
    queue: QueueId | None = None
    consent: bool = False
    note: str | None = None


class EndChat(Command[Done], frozen=True, kw_only=True, tag="end_chat"):
    """Ends the conversation: the agent (B23), or the visitor (A33), who thereby leaves the line."""

    chat: ChatId
    epoch: int | None = None


class QualifyChat(Command[Done], frozen=True, kw_only=True, tag="qualify_chat"):
    """Fills the qualification form; it may be done anew until the chat is closed (A27)."""

    chat: ChatId
    answers: AnswerValues


class CloseChat(Command[Done], frozen=True, kw_only=True, tag="close_chat"):
    """Closes an ended and qualified chat for good (A26)."""

    chat: ChatId


class RateChat(Command[Done], frozen=True, kw_only=True, tag="rate_chat"):
    """The visitor's opinion of an ended chat, once (A30, A33)."""

    chat: ChatId
    answers: AnswerValues


# -- customers -----------------------------------------------------------------------------------


class CustomerChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to set of a profile: a field left out stays, an empty text removes the value."""

    name: str | None = None
    email: str | None = None
    customer_number: str | None = None
    phone: str | None = None
    language: str | None = None
    social_login: str | None = None
    notes: str | None = None
    attributes: dict[str, str] = {}
    """Merged key by key; an empty text removes the key."""


class SaveCustomer(Command[CustomerSaved], frozen=True, kw_only=True, tag="save_customer"):
    """Completes a profile (A10); `version` is the one that was read, so that no edit is lost."""

    customer: CustomerId
    change: CustomerChange
    version: int | None = None


class SaveInteraction(Command[InteractionSaved], frozen=True, kw_only=True, tag="save_interaction"):
    """Writes an entry in a customer's history, or edits one (A09)."""

    customer: CustomerId
    text: str
    channel: str = "note"
    chat: ChatId | None = None
    interaction: str | None = None


class RemoveInteraction(Command[Done], frozen=True, kw_only=True, tag="remove_interaction"):
    """Takes an entry out of a customer's history (A09)."""

    customer: CustomerId
    interaction: str


# -- tickets -------------------------------------------------------------------------------------


class LeaveNote(Command[TicketSaved], frozen=True, kw_only=True, tag="leave_note"):
    """A visitor leaves a note, which becomes a ticket (B10, B35)."""

    text: str
    answers: AnswerValues = {}
    queue: QueueId | None = None
    page: Page | None = None
    language: str | None = None
    visitor: VisitorId | None = None
    customer_number: str | None = None


class OpenTicket(Command[TicketSaved], frozen=True, kw_only=True, tag="open_ticket"):
    """An agent makes a ticket, from a chat (B34) or for a customer."""

    title: str
    text: str = ""
    chat: ChatId | None = None
    customer: CustomerId | None = None
    queue: QueueId | None = None


class AnswerTicket(Command[TicketSaved], frozen=True, kw_only=True, tag="answer_ticket"):
    """The customer answers: a pending ticket opens again (B45), a solved one reopens."""

    ticket: TicketId
    text: str


class ReplyToTicket(Command[TicketSaved], frozen=True, kw_only=True, tag="reply_to_ticket"):
    """An agent writes to the customer (B41); `state` pending asks, solved finishes the case."""

    ticket: TicketId
    text: str
    state: TicketState | None = None


class CommentOnTicket(Command[TicketSaved], frozen=True, kw_only=True, tag="comment_on_ticket"):
    """A comment among colleagues, never to the customer (B43)."""

    ticket: TicketId
    text: str


class SetTicketState(Command[TicketSaved], frozen=True, kw_only=True, tag="set_ticket_state"):
    """Sets the state from the list (B39)."""

    ticket: TicketId
    state: TicketState


class RetitleTicket(Command[TicketSaved], frozen=True, kw_only=True, tag="retitle_ticket"):
    """Edits the title (B42)."""

    ticket: TicketId
    title: str


class AssignTicket(Command[TicketSaved], frozen=True, kw_only=True, tag="assign_ticket"):
    """Assigns to an agent; `None` lets the desk's ticket policy choose."""

    ticket: TicketId
    agent: AgentId | None = None


# -- canned responses ----------------------------------------------------------------------------


class SaveCanned(Command[CannedSaved], frozen=True, kw_only=True, tag="save_canned"):
    """Adds a canned response (B29), or edits the one of its id, read at its `version`.

    An agent saves those he owns; supervisors save all.
    """

    response: CannedResponse


class RetireCanned(Command[Done], frozen=True, kw_only=True, tag="retire_canned"):
    """Takes a canned response out of use; saving it again brings it back."""

    canned: str


class ImportCanned(Command[CannedImported], frozen=True, kw_only=True, tag="import_canned"):
    """Adds or changes many canned responses by their ids: all of them, or none."""

    responses: tuple[CannedResponse, ...]


class ForgetLearned(Command[Done], frozen=True, kw_only=True, tag="forget_learned"):
    """Takes a learned question away from its canned response."""

    learned: str


AnyCommand: TypeAlias = (
    ConfigureDesk
    | SaveQueue
    | RetireQueue
    | SaveAgent
    | RetireAgent
    | Connect
    | Disconnect
    | SetIntent
    | TakeChat
    | AcceptOffer
    | DeclineOffer
    | RequestChat
    | RenewVisit
    | PostMessage
    | PushPage
    | PostNote
    | ReadChat
    | TransferChat
    | EndChat
    | QualifyChat
    | CloseChat
    | RateChat
    | SaveCustomer
    | SaveInteraction
    | RemoveInteraction
    | LeaveNote
    | OpenTicket
    | AnswerTicket
    | ReplyToTicket
    | CommentOnTicket
    | SetTicketState
    | RetitleTicket
    | AssignTicket
    | SaveCanned
    | RetireCanned
    | ImportCanned
    | ForgetLearned
)
"""The union of all commands, for decoding."""

COMMAND_TYPES: tuple[type[Command[object]], ...] = AnyCommand.__args__
