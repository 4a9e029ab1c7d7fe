"""The moves of a ticket's life."""

from msgspec.structs import replace

from chatdesk.desk.step import STAFF, Step, ticket_audience
from chatdesk.model.events import (
    TicketAssigned,
    TicketEntryAdded,
    TicketOpened,
    TicketStateChanged,
)
from chatdesk.model.ids import AgentId, ChatId, CustomerId, QueueId, VisitorId
from chatdesk.model.records import Chat, Ticket, TicketEntry
from chatdesk.model.values import (
    CLOCK,
    Actor,
    ChatState,
    EntryKind,
    TicketSource,
    TicketState,
)
from chatdesk.rules.instants import after
from chatdesk.rules.lifecycle import LIVE_TICKET, TICKET, TicketTrigger, follow

INTERNAL = frozenset({EntryKind.COMMENT, EntryKind.ASSIGNEE, EntryKind.TITLE})
"""Kinds of entries the customer never sees."""
TITLE_LENGTH = 80


def title_of(text: str) -> str:
    """A title made of the first line of a text."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1]}…"


def make_ticket(
    step: Step,
    *,
    title: str,
    source: TicketSource,
    customer: CustomerId,
    visitor: VisitorId | None = None,
    chat: ChatId | None = None,
    queue: QueueId | None = None,
) -> Ticket:
    """A new open ticket, under a number never used before."""
    counters = replace(step.state.counters, ticket=step.state.counters.ticket + 1)
    step.state.put(counters)
    ticket = Ticket(
        id=f"t-{step.fresh}",
        number=counters.ticket,
        state=TicketState.OPEN,
        title=title,
        source=source,
        customer=customer,
        visitor=visitor,
        chat=chat,
        queue=queue,
        created_at=step.now,
        updated_at=step.now,
        state_at=step.now,
    )
    step.state.put(ticket)
    step.state.emit(
        TicketOpened(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=ticket_audience(ticket),
            ticket=ticket.id,
            number=ticket.number,
            source=source,
            customer=customer,
            chat=chat,
        )
    )
    return ticket


def add_entry(
    step: Step,
    ticket: Ticket,
    kind: EntryKind,
    text: str = "",
    *,
    author: Actor | None = None,
    before: str | None = None,
    after: str | None = None,
) -> Ticket:
    """Writes an entry, time-stamped (B40), for colleagues only where its kind is internal."""
    seq = ticket.entries + 1
    audience = STAFF if kind in INTERNAL else ticket_audience(ticket)
    if kind is EntryKind.STATE and TicketState.SPAM in {before, after}:
        audience = STAFF
    author = author or step.by
    step.state.put(
        TicketEntry(
            id=f"{ticket.id}.{seq:06d}",
            ticket=ticket.id,
            seq=seq,
            at=step.now,
            author=author,
            kind=kind,
            audience=audience,
            text=text,
            before=before,
            after=after,
        )
    )
    step.state.emit(
        TicketEntryAdded(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=audience,
            ticket=ticket.id,
            seq=seq,
            kind=kind,
            author=author,
        )
    )
    ticket = replace(ticket, entries=seq, updated_at=step.now)
    step.state.put(ticket)
    return ticket


def trigger(step: Step, ticket: Ticket, what: TicketTrigger) -> Ticket:
    """Moves the ticket on; raises `WrongState`. A trigger that keeps the state changes nothing."""
    before = ticket.state
    state = follow(TICKET, before, what, f"ticket {ticket.number}")
    if state is before:
        return ticket
    ticket = add_entry(step, ticket, EntryKind.STATE, before=before, after=state)
    pending = step.setup.ticket_pending_seconds
    waits = state is TicketState.PENDING and pending is not None
    ticket = replace(
        ticket,
        state=state,
        state_at=step.now,
        pending_until=after(step.now, pending) if waits and pending is not None else None,
        solved_at=step.now if state is TicketState.SOLVED else None,
        reopened=ticket.reopened + (before is TicketState.SOLVED),
    )
    step.state.put(ticket)
    _count_for_assignee(step, ticket, before)
    ticket = _leave_retired(step, ticket)
    hidden = TicketState.SPAM in {before, state}
    step.state.emit(
        TicketStateChanged(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF if hidden else ticket_audience(ticket),
            ticket=ticket.id,
            before=before,
            after=state,
        )
    )
    return ticket


def expire(step: Step, ticket: Ticket) -> None:
    """The customer did not answer in time: the case is solved."""
    trigger(step, ticket, TicketTrigger.EXPIRE)


def choose_assignee(step: Step, ticket: Ticket) -> AgentId | None:
    """Whom the desk's ticket policy gives the ticket to: by the rules that chats are given by.

    Tickets wait for no slot, so every agent of the queue counts, present or not; his load is the
    number of his open tickets.
    """
    name = step.setup.ticket_policy
    if name is None:
        return None
    staff = step.state.ticket_router.staff
    return step.state.policy(name).choose(_as_chat(ticket), staff, step.now)


def give_out(step: Step, ticket: Ticket) -> Ticket:
    """Gives the ticket to whom the policy chooses; the desk does so, whoever caused it."""
    return assign_ticket(step, ticket, choose_assignee(step, ticket), author=CLOCK)


def assign_ticket(
    step: Step, ticket: Ticket, agent: AgentId | None, *, author: Actor | None = None
) -> Ticket:
    """Gives the ticket to an agent, or takes it from him."""
    if agent == ticket.assignee:
        return ticket
    live = ticket.state in LIVE_TICKET
    if live and ticket.assignee is not None:
        _add_tickets(step, ticket.assignee, -1)
    ticket = add_entry(
        step, ticket, EntryKind.ASSIGNEE, author=author, before=ticket.assignee, after=agent
    )
    ticket = replace(ticket, assignee=agent)
    step.state.put(ticket)
    if agent is not None:
        _receive(step, ticket, agent)
    if live and agent is not None:
        _add_tickets(step, agent, 1)
    step.state.emit(
        TicketAssigned(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            ticket=ticket.id,
            agent=agent,
        )
    )
    return ticket


def pass_tickets_on(step: Step, agent_id: AgentId) -> None:
    """Gives the open tickets of an agent who was retired to others, oldest first. O(tickets)."""
    his = [ticket for ticket in step.state.tickets.values() if ticket.assignee == agent_id]
    for ticket in sorted(his, key=lambda ticket: ticket.number):
        _leave_retired(step, ticket)


def _leave_retired(step: Step, ticket: Ticket) -> Ticket:
    """An open ticket whose assignee has been retired gets another one."""
    if ticket.assignee is None or ticket.state not in LIVE_TICKET:
        return ticket
    if not step.state.agents[ticket.assignee].retired:
        return ticket
    return give_out(step, ticket)


def _count_for_assignee(step: Step, ticket: Ticket, before: TicketState) -> None:
    was, is_ = before in LIVE_TICKET, ticket.state in LIVE_TICKET
    if ticket.assignee is not None and was != is_:
        _add_tickets(step, ticket.assignee, 1 if is_ else -1)


def _receive(step: Step, ticket: Ticket, agent_id: AgentId) -> None:
    agent = step.state.agents[agent_id]
    received = agent.tickets_received + 1
    step.state.put(replace(agent, tickets_received=received, last_ticket=ticket.number))


def _add_tickets(step: Step, agent_id: AgentId, number: int) -> None:
    agent = step.state.agents[agent_id]
    step.state.put(replace(agent, tickets=agent.tickets + number))


def _as_chat(ticket: Ticket) -> Chat:
    """The ticket as assignment policies ask for agents: like a chat in line."""
    return Chat(
        id=ticket.id,
        state=ChatState.WAITING,
        queue=ticket.queue or "",
        visitor=ticket.visitor or "",
        customer=ticket.customer,
        requested_at=ticket.created_at,
        waiting_since=ticket.created_at,
        queued_at=ticket.created_at,
    )
