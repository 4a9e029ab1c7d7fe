"""Answers every query: from the replica what is live, from the store the rest.

The replica is read under its lock, for a short while; the store is read after it was let go. A view
is at least as new as what was committed anywhere when it was asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.desk.state import State
from chatdesk.model import queries as q
from chatdesk.model.errors import NotAllowed, NotFound
from chatdesk.model.ids import Instant, Seconds
from chatdesk.model.records import Chat, Customer, Message, Ticket, TicketEntry
from chatdesk.model.values import Actor, ActorKind, ChatState, MessageKind, Status, TicketState
from chatdesk.rules.access import Scope, Viewer, visible
from chatdesk.rules.availability import status
from chatdesk.rules.instants import between
from chatdesk.rules.staff import gave_away, need_of
from chatdesk.runtime.archive import Archive
from chatdesk.runtime.asking import Asker, admitted, check_readable
from chatdesk.runtime.canned import CannedAnswers
from chatdesk.runtime.views import (
    agent_card,
    agent_name,
    availability,
    chat_card,
    queue_card,
    visitor_chat,
    visitor_message,
    visitor_ticket,
)
from chatdesk.runtime.visitors import listed, named
from chatdesk.storage.port import Find

V = TypeVar("V")

RECENT_SECONDS: Seconds = 86_400.0
"""So long after its end a visitor's page still shows a chat, to read and to rate."""
MAX_ROWS = 200
"""Most rows of a list that is read from the store."""
SHOWN_TICKETS = (TicketState.OPEN, TicketState.PENDING, TicketState.SOLVED)
"""What a list shows that asks for no state: everything but spam (B47)."""
SUBJECT_LENGTH = 80


@attrs.define(eq=False)
class Answering:
    """Answers queries.

    Both give the desk with the replica's lock held: `reading` caught up with the store, `looking`
    as it is, which is enough once it has been caught up for the same query.
    """

    reading: Callable[[], AbstractContextManager[Desk]]
    looking: Callable[[], AbstractContextManager[Desk]]
    archive: Archive
    clock: Callable[[], Instant]
    canned: CannedAnswers

    def ask(self, query: q.Query[V], *, by: Actor) -> V:
        """The view that answers a query. Raises `NotAllowed`, `NotFound` and `StorageError`."""
        with self.reading() as desk:
            asker = admitted(desk.viewer(by), query)
        answer = ANSWERS[type(query)](self, query, asker)
        view: V = answer
        return view

    def names(self, messages: Iterable[Message | TicketEntry]) -> dict[str, str]:
        """The names of the agents who wrote."""
        writers = {m.author.id for m in messages if m.author.kind is ActorKind.AGENT}
        with self.looking() as desk:
            found = ((writer, agent_name(desk.state, writer)) for writer in sorted(writers))
            return {writer: name for writer, name in found if name is not None}

    def cards(self, chats: Iterable[Chat]) -> tuple[q.ChatCard, ...]:
        """Chats as agents see them in a list, as they stand in line now."""
        listed = tuple(chats)
        known = self.archive.returning(listed)
        with self.looking() as desk:
            return tuple(chat_card(desk.state, c, returning=c.id in known) for c in listed)


# -- for visitors --------------------------------------------------------------------------------


def conversation(answering: Answering, _: q.AskConversation, asker: Asker) -> q.Conversation:
    """A visitor's own chat and tickets, and where he may ask."""
    archive, visitor_id = answering.archive, asker.id
    with answering.looking() as desk:
        state = desk.state
        setup = state.setup
        queues = sorted((each for each in state.queues.values() if not each.retired), key=_id)
        open_for = tuple(availability(state, queue) for queue in queues)
        visitor = state.visitors.get(visitor_id)
        chat = None if visitor is None or visitor.chat is None else state.chats.get(visitor.chat)
        shown = None if chat is None else visitor_chat(state, chat)
    if chat is None:
        chat = _recent_chat(answering, visitor_id)
        shown = None if chat is None else visitor_chat(state, chat)
    messages = [] if chat is None else archive.messages(chat.id)
    seen = (visitor_message(state, message, visitor_id) for message in messages)
    return q.Conversation(
        name=setup.name,
        languages=setup.languages,
        prechat=setup.prechat,
        availability=open_for,
        chat=shown,
        messages=tuple(message for message in seen if message is not None),
        tickets=_visitor_tickets(archive, state, visitor_id),
    )


def _recent_chat(answering: Answering, visitor_id: str) -> Chat | None:
    """The visitor's last chat, if an agent had it and it has not been over for long."""
    chat = answering.archive.last_chat(visitor_id)
    if chat is None or chat.ended_at is None or chat.first_assigned_at is None:
        return None
    return chat if between(chat.ended_at, answering.clock()) <= RECENT_SECONDS else None


def _visitor_tickets(
    archive: Archive, state: State, visitor_id: str
) -> tuple[q.VisitorTicket, ...]:
    where = (("visitor", (visitor_id,)), ("state", SHOWN_TICKETS))
    find = Find("ticket", where, "updated_at", descending=True, limit=20)
    return tuple(
        visitor_ticket(state, ticket, archive.entries(ticket.id), visitor_id)
        for ticket in archive.tickets(find)
    )


def ask_availability(answering: Answering, query: q.AskAvailability, _: Asker) -> q.Availability:
    """Whether a chat can be asked for at a queue."""
    with answering.looking() as desk:
        return availability(desk.state, desk.state.queue(query.queue))


# -- lists of chats ------------------------------------------------------------------------------


def overview(answering: Answering, _: q.AskOverview, asker: Asker) -> q.Overview:
    """The desk at a glance. O(agents + chats + tickets)."""
    with answering.looking() as desk:
        state, now = desk.state, answering.clock()
        agents = sorted((each for each in state.agents.values() if not each.retired), key=_id)
        queues = sorted((each for each in state.queues.values() if not each.retired), key=_id)
        me = state.agents.get(asker.id) if asker.viewer.actor.kind is ActorKind.AGENT else None
        cards = tuple(agent_card(agent) for agent in agents)
        return q.Overview(
            name=state.setup.name,
            languages=state.setup.languages,
            qualification=state.setup.qualification,
            waiting=sum(state.router.waiting(queue.id) for queue in queues),
            agents_online=sum(card.status is not Status.OFFLINE for card in cards),
            chats_open=sum(chat.state is ChatState.ACTIVE for chat in state.chats.values()),
            tickets_open=sum(t.state is TicketState.OPEN for t in state.tickets.values()),
            status=None if me is None else status(me),
            agent=me,
            queues=tuple(queue_card(state, queue, now) for queue in queues),
            agents=cards,
        )


def my_chats(answering: Answering, _: q.AskMyChats, asker: Asker) -> q.ChatList:
    """The agent's chats, the offered ones among them, in the order they want him."""
    with answering.looking() as desk:
        state = desk.state
        own = [state.chats[each] for each in state.chats_of_agent.get(asker.id, ())]
        offers = (state.offers[each] for each in state.offers_to_agent.get(asker.id, ()))
        offered = [state.chats[offer.chat] for offer in offers]
    chats = {chat.id: chat for chat in (*offered, *own)}
    return q.ChatList(chats=answering.cards(sorted(chats.values(), key=reply_order)))


def reply_order(chat: Chat) -> tuple[int, Instant, str]:
    """Offers first, then who waits for an answer, longest first, then the rest (C17, C18)."""
    if chat.state is ChatState.OFFERED:
        return (0, chat.requested_at, chat.id)
    if chat.state is ChatState.ACTIVE and chat.unanswered_since is not None:
        return (1, chat.unanswered_since, chat.id)
    return (2 if chat.state is ChatState.ACTIVE else 3, chat.assigned_at or 0.0, chat.id)


def waiting(answering: Answering, _: q.AskWaiting, asker: Asker) -> q.ChatList:
    """Chats in line that the asker may serve, in the order they will be taken."""
    with answering.looking() as desk:
        state = desk.state
        tags = None
        if asker.viewer.actor.kind is ActorKind.AGENT:
            tags = state.tags(state.agent(asker.id))
        queues = sorted(
            (each for each in state.queues.values() if not each.retired),
            key=lambda queue: (-queue.setup.priority, queue.id),
        )
        lines = (
            (queue, state.chats[each]) for queue in queues for each in state.router.line(queue.id)
        )
        chats = [
            chat
            for queue, chat in lines
            if tags is None or (need_of(chat, queue) <= tags and not gave_away(asker.id, chat))
        ]
    return q.ChatList(chats=answering.cards(chats))


def running_chats(answering: Answering, _: q.AskRunningChats, __: Asker) -> q.ChatList:
    """Every chat that is not closed, the oldest first (C07)."""
    with answering.looking() as desk:
        chats = sorted(desk.state.chats.values(), key=lambda c: (c.requested_at, c.id))
    return q.ChatList(chats=answering.cards(chats))


def visitors(answering: Answering, query: q.AskVisitors, _: Asker) -> q.VisitorList:
    """Who is on the site now, the latest to come first (B03, B04, B51)."""
    with answering.looking() as desk:
        found = listed(desk.state, query, _limited(query.limit))
    return named(found, answering.archive)


# -- one chat, one customer ----------------------------------------------------------------------


def transcript(answering: Answering, query: q.AskTranscript, asker: Asker) -> q.Transcript:
    """A chat with its messages, forms and tickets."""
    with answering.looking() as desk:
        chat = desk.state.chats.get(query.chat)
        prechat = desk.state.setup.prechat
    chat = chat or answering.archive.chat(query.chat)
    if chat is None:
        raise NotFound("chat", query.chat)
    check_readable(chat, asker)
    messages = _messages(answering.archive, chat.id, asker.viewer, query.after)
    return q.Transcript(
        chat=answering.cards([chat])[0],
        messages=messages,
        answers=tuple(answering.archive.answers(chat.id)),
        names=answering.names(messages),
        prechat=prechat,
    )


def _messages(
    archive: Archive, chat_id: str, viewer: Viewer, after: int = 0
) -> tuple[Message, ...]:
    """A chat's messages for staff who may read it: whispers only for those they are meant for."""
    return tuple(
        message
        for message in archive.messages(chat_id, after)
        if message.kind is not MessageKind.WHISPER or visible(message.audience, viewer)
    )


def customer(answering: Answering, query: q.AskCustomer, _: Asker) -> q.CustomerCard:
    """A profile with its history."""
    archive = answering.archive
    found = archive.customer(query.customer)
    if found is None:
        raise NotFound("customer", query.customer)
    find = Find("ticket", (("customer", (found.id,)),), "updated_at", descending=True, limit=50)
    return q.CustomerCard(
        customer=found,
        chats=tuple(archive.chats_of(found.id, limit=50)),
        interactions=tuple(each for each in archive.interactions(found.id) if not each.removed),
        tickets=tuple(archive.tickets(find)),
    )


def last_questions(answering: Answering, query: q.AskLastQuestions, _: Asker) -> q.LastQuestions:
    """The last questions of visitors, in e-mail form, the newest first (A19)."""
    limit = _limited(query.limit)
    find = Find("chat", (), "requested_at", descending=True, limit=limit)
    chats = answering.archive.chats(find)
    customers = answering.archive.customers(chat.customer for chat in chats)
    questions = (_question(chat, customers.get(chat.customer)) for chat in chats)
    return q.LastQuestions(questions=tuple(questions))


def _question(chat: Chat, asked_by: Customer | None) -> q.LastQuestion:
    name = chat.customer_name if asked_by is None else asked_by.name
    first_line = chat.question.strip().partition("\n")[0]
    return q.LastQuestion(
        chat=chat.id,
        at=chat.requested_at,
        sender=name or chat.visitor,
        email=None if asked_by is None else asked_by.email,
        subject=chat.topic or first_line[:SUBJECT_LENGTH],
        body=chat.question,
        customer=chat.customer,
        state=chat.state,
    )


# -- tickets -------------------------------------------------------------------------------------


def tickets(answering: Answering, query: q.AskTickets, _: Asker) -> q.TicketList:
    """Tickets, the latest changed first."""
    limit = _limited(query.limit)
    states = tuple(str(state) for state in query.states or SHOWN_TICKETS)
    assignee = () if query.assignee is None else (("assignee", (query.assignee,)),)
    where = (("state", states), *assignee)
    find = Find("ticket", where, "updated_at", descending=True, limit=limit, after=query.after)
    found = answering.archive.tickets(find)
    last = found[-1] if len(found) == limit else None
    after = None if last is None else (last.updated_at, last.id)
    return q.TicketList(tickets=tuple(found), after=after)


def ticket(answering: Answering, query: q.AskTicket, asker: Asker) -> q.TicketDetail:
    """A ticket whole (B37, B40)."""
    archive = answering.archive
    found = _ticket(answering, query.ticket)
    entries = tuple(archive.entries(found.id))
    chat = found.chat
    said = () if chat is None else _messages(archive, chat, asker.viewer)
    return q.TicketDetail(
        ticket=found,
        entries=entries,
        customer=archive.customer(found.customer),
        transcript=said,
        names=answering.names((*entries, *said)),
    )


def _ticket(answering: Answering, ticket_id: str) -> Ticket:
    with answering.looking() as desk:
        found = desk.state.tickets.get(ticket_id)
    found = found or answering.archive.ticket(ticket_id)
    if found is None:
        raise NotFound("ticket", ticket_id)
    return found


# -- why -----------------------------------------------------------------------------------------


def explain(answering: Answering, query: q.AskExplain, _: Asker) -> q.Explanation:
    """Why the chat waits, or who would get it."""
    with answering.looking() as desk:
        if query.chat in desk.state.chats:
            return q.Explanation(reasons=tuple(desk.explain(query.chat)))
    chat = answering.archive.chat(query.chat)
    if chat is None:
        raise NotFound("chat", query.chat)
    text = f"the chat is over: {chat.state}"
    return q.Explanation(reasons=(q.Reason(code=chat.state, text=text, chat=chat.id),))


def why_not(answering: Answering, query: q.AskWhyNot, asker: Asker) -> q.Explanation:
    """Why the agent receives no chat (B07)."""
    agent_id = query.agent or asker.id
    if asker.scope is Scope.OWN and agent_id != asker.id:
        raise NotAllowed("an agent may ask this about himself only")
    with answering.looking() as desk:
        return q.Explanation(reasons=tuple(desk.why_not(agent_id)))


def settings(answering: Answering, _: q.AskSettings, __: Asker) -> q.Settings:
    """The desk's queues and agents as they are set up."""
    with answering.looking() as desk:
        return q.Settings(
            queues=tuple(sorted(desk.state.queues.values(), key=_id)),
            agents=tuple(sorted(desk.state.agents.values(), key=_id)),
        )


def _id(record: Any) -> str:
    id_: str = record.id
    return id_


def _limited(limit: int) -> int:
    return min(max(limit, 1), MAX_ROWS)


ANSWERS: Mapping[type[q.Query[Any]], Callable[[Answering, Any, Asker], Any]] = MappingProxyType(
    {
        q.AskConversation: conversation,
        q.AskAvailability: ask_availability,
        q.AskOverview: overview,
        q.AskMyChats: my_chats,
        q.AskWaiting: waiting,
        q.AskRunningChats: running_chats,
        q.AskVisitors: visitors,
        q.AskTranscript: transcript,
        q.AskCustomer: customer,
        q.AskLastQuestions: last_questions,
        q.AskTickets: tickets,
        q.AskTicket: ticket,
        q.AskExplain: explain,
        q.AskWhyNot: why_not,
        q.AskSettings: settings,
        q.SearchCanned: lambda answering, query, asker: answering.canned.search(query, asker),
        q.AskSuggestions: lambda answering, query, asker: answering.canned.suggest(query, asker),
        q.AskCanned: lambda answering, query, asker: answering.canned.listed(query, asker),
        q.AskCannedDetail: lambda answering, query, asker: answering.canned.detail(query, asker),
        q.CheckDraft: lambda answering, query, asker: answering.canned.check(query, asker),
        q.AskCannedGaps: lambda answering, query, _: answering.canned.gaps(query),
    }
)
"""The function that answers each query."""
