"""What visitors and agents are shown of records: the one place that makes views of them."""

from collections.abc import Iterable

from chatdesk.desk.state import State
from chatdesk.model.ids import AgentId, Instant, QueueId, Seconds
from chatdesk.model.queries import (
    AgentCard,
    Availability,
    ChatCard,
    QueueCard,
    VisitorChat,
    VisitorMessage,
    VisitorTicket,
    VisitorTicketEntry,
)
from chatdesk.model.records import Agent, Chat, Message, Queue, Ticket, TicketEntry
from chatdesk.model.values import Actor, ActorKind, ChatState, Form, QueueMode
from chatdesk.rules.access import Standing, Viewer, visible
from chatdesk.rules.availability import can_receive, status
from chatdesk.rules.instants import between
from chatdesk.rules.lifecycle import IN_LINE
from chatdesk.rules.staff import queue_tag
from chatdesk.rules.waits import expected_wait


def visitor_viewer(visitor_id: str) -> Viewer:
    """A visitor who looks."""
    return Viewer(Actor(ActorKind.VISITOR, visitor_id), Standing.VISITOR)


# -- for agents ----------------------------------------------------------------------------------


def agent_name(state: State, agent_id: AgentId | None) -> str | None:
    """An agent's name, if there is such an agent."""
    agent = None if agent_id is None else state.agents.get(agent_id)
    return None if agent is None else agent.setup.name


def chat_card(state: State, chat: Chat, *, returning: bool = False) -> ChatCard:
    """A chat as agents see it in a list."""
    offer = state.offer_of(chat)
    return ChatCard(
        chat=chat,
        question=chat.question,
        customer_name=chat.customer_name,
        agent_name=agent_name(state, chat.agent),
        position=position(state, chat),
        returning=returning,
        offered_until=None if offer is None else offer.until,
    )


def agent_card(agent: Agent) -> AgentCard:
    """An agent as colleagues see him."""
    return AgentCard(
        agent=agent.id,
        name=agent.setup.name,
        status=status(agent),
        load=agent.load,
        capacity=agent.setup.capacity,
        reason=agent.intent.reason,
    )


def queue_card(state: State, queue: Queue, now: Instant) -> QueueCard:
    """A queue at a glance."""
    since = state.router.longest_waiting_since(queue.id)
    return QueueCard(
        queue=queue.id,
        name=queue.setup.name,
        mode=queue.setup.mode,
        open=queue.open and not queue.full,
        waiting=state.router.waiting(queue.id),
        longest_wait=None if since is None else between(since, now),
    )


def position(state: State, chat: Chat) -> int | None:
    """Where a chat stands in its queue's line, from 1; `None` when it does not wait."""
    return state.router.position(chat.id) if chat.state is ChatState.WAITING else None


# -- for visitors --------------------------------------------------------------------------------


def slots(state: State, queue_id: QueueId) -> int:
    """How many chats at once the agents serve who get chats of the queue now. O(agents)."""
    return sum(
        agent.setup.capacity
        for agent in state.agents.values()
        if queue_id in agent.setup.queues and can_receive(agent)
    )


def wait_at(state: State, queue_id: QueueId, place: int) -> Seconds | None:
    """The expected wait of a chat at a place in the queue's line, from 1."""
    return expected_wait(place, slots(state, queue_id), state.counters.handling_seconds)


def visitor_chat(state: State, chat: Chat) -> VisitorChat:
    """A chat as its visitor sees it."""
    place = position(state, chat)
    setup = state.setup
    return VisitorChat(
        chat=chat.id,
        state=chat.state,
        queue=chat.queue,
        requested_at=chat.requested_at,
        position=place,
        expected_wait=None if place is None else wait_at(state, chat.queue, place),
        agent=None if chat.state in IN_LINE else agent_name(state, chat.agent),
        ended_by=chat.ended_by,
        rating=rating_form(state, chat),
        messages=chat.messages,
        preview=setup.preview_enabled,
    )


def rating_form(state: State, chat: Chat) -> Form | None:
    """The form to fill, while the visitor is invited to rate (A30)."""
    over = chat.ended_at is not None and chat.first_assigned_at is not None
    return state.setup.rating if over and chat.rated_at is None else None


def visitor_message(state: State, message: Message, visitor_id: str) -> VisitorMessage | None:
    """A message as its visitor sees it, or nothing when it is not for him."""
    if not visible(message.audience, visitor_viewer(visitor_id)):
        return None
    author = message.author
    name = agent_name(state, author.id) if author.kind is ActorKind.AGENT else None
    return VisitorMessage(
        seq=message.seq,
        at=message.at,
        kind=message.kind,
        mine=author == Actor(ActorKind.VISITOR, visitor_id),
        author=name,
        text=message.text,
        code=message.code,
        details=message.details,
        attachments=message.attachments,
    )


def visitor_ticket(
    state: State, ticket: Ticket, entries: Iterable[TicketEntry], visitor_id: str
) -> VisitorTicket:
    """A ticket as the visitor who made it sees it."""
    viewer = visitor_viewer(visitor_id)
    shown = [each for each in entries if each.text and visible(each.audience, viewer)]
    return VisitorTicket(
        ticket=ticket.id,
        number=ticket.number,
        state=ticket.state,
        title=ticket.title,
        # not when colleagues last wrote among themselves
        updated_at=max([ticket.state_at, *(entry.at for entry in shown)]),
        entries=tuple(
            VisitorTicketEntry(
                seq=entry.seq,
                at=entry.at,
                mine=entry.author == viewer.actor,
                text=entry.text,
                author=agent_name(state, entry.author.id)
                if entry.author.kind is ActorKind.AGENT
                else None,
            )
            for entry in shown
        ),
    )


def availability(state: State, queue: Queue) -> Availability:
    """Whether a chat can be asked for at a queue (B10, E02)."""
    reason = _closed_because(state, queue)
    waiting = state.router.waiting(queue.id)
    return Availability(
        queue=queue.id,
        open=reason is None,
        reason=reason,
        waiting=waiting,
        expected_wait=None if reason else wait_at(state, queue.id, waiting + 1),
    )


def _closed_because(state: State, queue: Queue) -> str | None:
    if queue.retired or not queue.open:
        return "closed"
    need = frozenset((queue_tag(queue.id), *queue.setup.skills))
    if not state.router.covers(need):
        return "nobody"
    at_once = queue.setup.mode is not QueueMode.PULL and state.router.has_room(need)
    return "full" if queue.full and not at_once else None
