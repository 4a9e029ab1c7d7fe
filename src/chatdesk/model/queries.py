"""What can be asked of a desk to see: one Struct a query, and the views that answer them.

Views for visitors are types of their own: a field for agents cannot reach them by oversight.
"""

from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from chatdesk.model.ids import AgentId, ChatId, CustomerId, Instant, QueueId, TicketId, VisitorId
from chatdesk.model.records import (
    Agent,
    Answers,
    CannedResponse,
    Chat,
    Customer,
    Interaction,
    Learned,
    Message,
    Queue,
    Ticket,
    TicketEntry,
)
from chatdesk.model.values import (
    ChatState,
    EndReason,
    Form,
    MessageKind,
    Page,
    QueueMode,
    Status,
    TicketState,
    VisitState,
)

V_co = TypeVar("V_co", covariant=True)


class Query(
    Struct,
    Generic[V_co],
    frozen=True,
    kw_only=True,
    tag_field="type",
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """The base of every query; `V_co` is the view that answers it."""

    id: str = ""
    """Made by the client to tell answers apart on a connection."""


class View(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """The base of every view."""


# -- for visitors --------------------------------------------------------------------------------


class VisitorMessage(View, frozen=True, kw_only=True, tag="visitor_message"):
    """A message as its visitor sees it; `mine` when he wrote it."""

    seq: int
    at: Instant
    kind: MessageKind
    mine: bool
    author: str | None = None
    """The agent's name."""
    text: str = ""
    code: str | None = None
    details: dict[str, str] = {}
    attachments: tuple[str, ...] = ()
    """Addresses of files that go with it; a path is one of the shop's site."""


class VisitorChat(View, frozen=True, kw_only=True, tag="visitor_chat"):
    """A chat as its visitor sees it."""

    chat: ChatId
    state: ChatState
    queue: QueueId
    requested_at: Instant
    position: int | None = None
    expected_wait: float | None = None
    """Seconds; `None` when it cannot be told."""
    agent: str | None = None
    """The agent's name."""
    ended_by: EndReason | None = None
    rating: Form | None = None
    """The form to fill, while he is invited to rate."""
    messages: int = 0
    preview: bool = False
    """Whether the agent sees what he types before he sends it."""


class Availability(View, frozen=True, kw_only=True, tag="availability"):
    """Whether a chat can be asked for; otherwise a note can be left (B10, E02)."""

    queue: QueueId
    open: bool
    reason: str | None = None
    """`closed`, `full` or `nobody`."""
    waiting: int = 0
    expected_wait: float | None = None


class Conversation(View, frozen=True, kw_only=True, tag="conversation"):
    """What a visitor's page shows: his chat with its messages, the forms, and who is there."""

    name: str
    languages: tuple[str, ...]
    prechat: Form
    availability: tuple[Availability, ...]
    chat: VisitorChat | None = None
    messages: tuple[VisitorMessage, ...] = ()
    tickets: tuple["VisitorTicket", ...] = ()


class VisitorTicketEntry(View, frozen=True, kw_only=True, tag="visitor_ticket_entry"):
    """An entry of a ticket as its customer sees it."""

    seq: int
    at: Instant
    mine: bool
    text: str
    author: str | None = None


class VisitorTicket(View, frozen=True, kw_only=True, tag="visitor_ticket"):
    """A ticket as the visitor who made it sees it."""

    ticket: TicketId
    number: int
    state: TicketState
    title: str
    updated_at: Instant
    entries: tuple[VisitorTicketEntry, ...] = ()


class AskConversation(Query[Conversation], frozen=True, kw_only=True, tag="conversation"):
    """The visitor's own state."""


class AskAvailability(Query[Availability], frozen=True, kw_only=True, tag="availability"):
    """Whether a chat can be asked for at a queue."""

    queue: QueueId


# -- for agents ----------------------------------------------------------------------------------


class ChatCard(View, frozen=True, kw_only=True, tag="chat_card"):
    """A chat as agents see it in a list."""

    chat: Chat
    question: str
    customer_name: str | None = None
    agent_name: str | None = None
    position: int | None = None
    returning: bool = False
    """The customer was here before (D03)."""
    offered_until: Instant | None = None
    """When the offer of the chat expires, while it is offered to somebody."""


class AgentCard(View, frozen=True, kw_only=True, tag="agent_card"):
    """An agent as colleagues see him."""

    agent: AgentId
    name: str
    status: Status
    load: int
    capacity: int
    reason: str | None = None


class QueueCard(View, frozen=True, kw_only=True, tag="queue_card"):
    """A queue at a glance."""

    queue: QueueId
    name: str
    mode: QueueMode
    open: bool
    waiting: int
    longest_wait: float | None = None


class Overview(View, frozen=True, kw_only=True, tag="overview"):
    """The console's head: A13 waiting, A14 agents online, A15 open chats, A16 own status."""

    waiting: int
    agents_online: int
    chats_open: int
    tickets_open: int
    status: Status | None = None
    agent: Agent | None = None
    queues: tuple[QueueCard, ...] = ()
    agents: tuple[AgentCard, ...] = ()
    qualification: Form
    languages: tuple[str, ...]
    name: str


class AskOverview(Query[Overview], frozen=True, kw_only=True, tag="overview"):
    """The desk at a glance."""


class ChatList(View, frozen=True, kw_only=True, tag="chat_list"):
    """Chats, in the order asked for."""

    chats: tuple[ChatCard, ...]


class AskMyChats(Query[ChatList], frozen=True, kw_only=True, tag="my_chats"):
    """The agent's own chats, those that wait for an answer first (A17, C17, C18)."""


class AskWaiting(Query[ChatList], frozen=True, kw_only=True, tag="waiting"):
    """Chats in line that the agent may serve, in the order they will be taken."""


class AskRunningChats(Query[ChatList], frozen=True, kw_only=True, tag="running_chats"):
    """Every chat that is not closed; for supervisors (C07)."""


class VisitorCard(View, frozen=True, kw_only=True, tag="visitor_card"):
    """Somebody on the site, as agents watch him (B51)."""

    visitor: VisitorId
    state: VisitState
    since: Instant
    """When his visit began; of a visit nobody told of, when he asked."""
    last_seen_at: Instant
    here: bool = True
    """Whether his page still says that he is there; `False` only while he has an open chat."""
    name: str | None = None
    customer: CustomerId | None = None
    page: Page | None = None
    page_since: Instant | None = None
    language: str | None = None
    timezone: str | None = None
    chat: ChatId | None = None
    chat_state: ChatState | None = None
    queue: QueueId | None = None
    position: int | None = None
    """Where he stands in line, from 1."""
    agent: AgentId | None = None
    agent_name: str | None = None


class VisitorList(View, frozen=True, kw_only=True, tag="visitor_list"):
    """Who is on the site now, the latest to come first, and how many do what."""

    visitors: tuple[VisitorCard, ...]
    browsing: int
    waiting: int
    chatting: int
    after: tuple[float, str] | None = None
    """To ask for the next page with; `None` on the last."""


class AskVisitors(Query[VisitorList], frozen=True, kw_only=True, tag="visitors"):
    """Who is on the site now: all of them, or those who are in one of `states` (B03, B04, B51).

    For every agent in use, whatever his status: who accepts no chats, or is not connected with a
    console, may watch all the same.
    """

    states: tuple[VisitState, ...] = ()
    limit: int = 50
    after: tuple[float, str] | None = None


class Transcript(View, frozen=True, kw_only=True, tag="transcript"):
    """A chat with its messages, forms and tickets."""

    chat: ChatCard
    messages: tuple[Message, ...]
    answers: tuple[Answers, ...] = ()
    names: dict[str, str] = {}
    """Names of the agents who wrote."""
    prechat: Form = Form()
    """The pre-chat form as it is now, which has the words for its answers."""


class AskTranscript(Query[Transcript], frozen=True, kw_only=True, tag="transcript"):
    """A chat whole, or its messages after `after`."""

    chat: ChatId
    after: int = 0


class CustomerCard(View, frozen=True, kw_only=True, tag="customer_card"):
    """A profile with its history (A09, B20)."""

    customer: Customer
    chats: tuple[Chat, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    tickets: tuple[Ticket, ...] = ()


class AskCustomer(Query[CustomerCard], frozen=True, kw_only=True, tag="customer"):
    """A customer's profile and history."""

    customer: CustomerId


class LastQuestion(View, frozen=True, kw_only=True, tag="last_question"):
    """A visitor's question in e-mail form: from, subject, body (A19)."""

    chat: ChatId
    at: Instant
    sender: str
    email: str | None = None
    subject: str
    body: str
    customer: CustomerId
    state: ChatState


class LastQuestions(View, frozen=True, kw_only=True, tag="last_questions"):
    """The newest first."""

    questions: tuple[LastQuestion, ...]


class AskLastQuestions(Query[LastQuestions], frozen=True, kw_only=True, tag="last_questions"):
    """The last questions of visitors."""

    limit: int = 20


class TicketList(View, frozen=True, kw_only=True, tag="ticket_list"):
    """Tickets, the latest changed first."""

    tickets: tuple[Ticket, ...]
    after: tuple[float, str] | None = None
    """To ask for the next page with; `None` on the last."""


class AskTickets(Query[TicketList], frozen=True, kw_only=True, tag="tickets"):
    """Tickets, of some states or of one assignee."""

    states: tuple[TicketState, ...] = ()
    assignee: AgentId | None = None
    limit: int = 50
    after: tuple[float, str] | None = None


class TicketDetail(View, frozen=True, kw_only=True, tag="ticket_detail"):
    """A ticket with its entries and, when made from a chat, the transcript (B37, B40)."""

    ticket: Ticket
    entries: tuple[TicketEntry, ...]
    customer: Customer | None = None
    transcript: tuple[Message, ...] = ()
    names: dict[str, str] = {}


class AskTicket(Query[TicketDetail], frozen=True, kw_only=True, tag="ticket"):
    """A ticket whole."""

    ticket: TicketId


class Reason(View, frozen=True, kw_only=True, tag="reason"):
    """One reason: `code` for machines, `text` in English for logs and tests."""

    code: str
    text: str
    agent: AgentId | None = None
    chat: ChatId | None = None


class Explanation(View, frozen=True, kw_only=True, tag="explanation"):
    """Why a chat is where it is, or why an agent receives no chat, the first reason first."""

    reasons: tuple[Reason, ...]


class AskExplain(Query[Explanation], frozen=True, kw_only=True, tag="explain"):
    """Why the chat waits, or who would get it."""

    chat: ChatId


class AskWhyNot(Query[Explanation], frozen=True, kw_only=True, tag="why_not"):
    """Why the agent receives no chat (B07); `None` asks about oneself."""

    agent: AgentId | None = None


class CannedHit(View, frozen=True, kw_only=True, tag="canned_hit"):
    """A canned response found, with its text as it would be sent in the chat asked for."""

    response: CannedResponse
    text: str
    """The body with its placeholders filled in as far as they have values."""
    unfilled: tuple[str, ...] = ()
    """Names of placeholders that still stand in the text."""
    score: float = 0.0
    title_spans: tuple[tuple[int, int], ...] = ()
    """Where the title matched: start and end, in characters."""
    body_spans: tuple[tuple[int, int], ...] = ()


class CannedHits(View, frozen=True, kw_only=True, tag="canned_hits"):
    """Canned responses, the best first; `confidence` says how sure a question's first one is."""

    hits: tuple[CannedHit, ...]
    confidence: float | None = None
    suggested: bool = False
    """Whether the first ones are sure enough to be put before the agent unasked."""


class SearchCanned(Query[CannedHits], frozen=True, kw_only=True, tag="search_canned"):
    """Canned responses for a text (A22); an empty one lists by usage.

    `use` is `question` (the visitor's words), `typing` (the agent's letters) or `shortcut`.
    """

    text: str = ""
    use: str = "typing"
    chat: ChatId | None = None
    """Fills placeholders in."""
    category: str | None = None
    language: str | None = None
    limit: int = 10


class AskSuggestions(Query[CannedHits], frozen=True, kw_only=True, tag="suggestions"):
    """Responses to the last thing the visitor said; `suggested` says whether to show them."""

    chat: ChatId


class CannedCategory(View, frozen=True, kw_only=True, tag="canned_category"):
    """A category and the responses that lie in it, not in a category within it."""

    category: str
    responses: tuple[CannedHit, ...]


class CannedList(View, frozen=True, kw_only=True, tag="canned_list"):
    """All canned responses the agent may use, by category (A18)."""

    categories: tuple[CannedCategory, ...]


class AskCanned(Query[CannedList], frozen=True, kw_only=True, tag="canned_list"):
    """All canned responses by category; `chat` fills placeholders in.

    The shop's own code is also given the responses of single agents.
    """

    chat: ChatId | None = None
    all_times: bool = False
    """Also those that are not valid yet, or no longer: to edit or to export them."""
    retired: bool = False
    """Also those that were taken out of use: to bring them back, or to export all there is."""


class CannedUsage(View, frozen=True, kw_only=True, tag="canned_usage"):
    """How often a response was sent by an agent, or by all; each sending counts half in 14 days."""

    agent: AgentId | None = None
    count: float


class CannedDetail(View, frozen=True, kw_only=True, tag="canned_detail"):
    """A canned response with the questions it has learned, the oldest first."""

    response: CannedResponse
    learned: tuple[Learned, ...] = ()
    usage: tuple[CannedUsage, ...] = ()
    """The desk's, then the asker's own; supervisors and the shop's code get every agent's."""


class AskCannedDetail(Query[CannedDetail], frozen=True, kw_only=True, tag="canned_detail"):
    """A canned response whole, to be edited."""

    canned: str


class DraftFinding(View, frozen=True, kw_only=True, tag="draft_finding"):
    """Something to look at before sending: a code, a sentence, where; `blocks`: not as it is."""

    code: str
    message: str
    span: tuple[int, int] | None = None
    blocks: bool = False


class DraftFindings(View, frozen=True, kw_only=True, tag="draft_findings"):
    """What a look before sending found; nothing when all is well."""

    findings: tuple[DraftFinding, ...]


class CheckDraft(Query[DraftFindings], frozen=True, kw_only=True, tag="check_draft"):
    """A look at a reply before it is sent (D06, D10), or at the notice of a page (D08)."""

    chat: ChatId
    text: str
    canned: str | None = None
    url: str | None = None
    """The page that `text` gives notice of."""


class CannedGap(View, frozen=True, kw_only=True, tag="canned_gap"):
    """A response sent in too many chats, or a question without a good one, with examples."""

    chats: int
    canned: str | None = None
    title: str | None = None
    """The response's title; None where it is an agent's own."""
    share: float | None = None
    question: str | None = None
    examples: tuple[str, ...] = ()


class CannedGaps(View, frozen=True, kw_only=True, tag="canned_gaps"):
    """What the site or the list of canned responses lacks (D07, B29)."""

    chats: int
    with_canned: float
    overused: tuple[CannedGap, ...]
    unanswered: tuple[CannedGap, ...]
    proposals: tuple[CannedGap, ...]
    """Replies written by hand again and again, which could be canned responses."""


class AskCannedGaps(Query[CannedGaps], frozen=True, kw_only=True, tag="canned_gaps"):
    """The gaps seen in the last chats, at most `chats` of them."""

    chats: int = 200
    share: float = 0.3
    """From what part of the chats a response is sent too often."""


class Settings(View, frozen=True, kw_only=True, tag="settings"):
    """The desk's queues and agents as they are set up."""

    queues: tuple[Queue, ...]
    agents: tuple[Agent, ...]


class AskSettings(Query[Settings], frozen=True, kw_only=True, tag="settings"):
    """How the desk is set up; for administrators and the shop's code."""


AnyQuery: TypeAlias = (
    AskConversation
    | AskAvailability
    | AskOverview
    | AskMyChats
    | AskWaiting
    | AskRunningChats
    | AskVisitors
    | AskTranscript
    | AskCustomer
    | AskLastQuestions
    | AskTickets
    | AskTicket
    | AskExplain
    | AskWhyNot
    | AskSettings
    | SearchCanned
    | AskSuggestions
    | AskCanned
    | AskCannedDetail
    | CheckDraft
    | AskCannedGaps
)
"""The union of all queries, for decoding."""

AnyView: TypeAlias = (
    Conversation
    | Availability
    | Overview
    | ChatList
    | VisitorList
    | Transcript
    | CustomerCard
    | LastQuestions
    | TicketList
    | TicketDetail
    | Explanation
    | Settings
    | CannedHits
    | CannedList
    | CannedDetail
    | DraftFindings
    | CannedGaps
)
"""The union of all views that answer a query, for decoding."""
