"""The state of a desk: every live record and its indexes, behind one door.

`put` is that door: it takes the old version out of every index and puts the new one in, hands
routing its seats and waiting chats, and remembers the record for the next batch. What a replica
hears from other processes comes through the same door (`replay`), so all replicas hold the same.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from attrs import define, field

from chatdesk.desk.guests import Guests
from chatdesk.desk.shelf import Shelf
from chatdesk.desk.timers import DEADLINES, Entry, Timers
from chatdesk.desk.visits import Visits
from chatdesk.model.errors import ConfigurationError, NotFound, WrongState
from chatdesk.model.events import Event
from chatdesk.model.ids import AgentId, ChatId, CustomerId, QueueId, TicketId, VisitorId
from chatdesk.model.records import (
    RECORD_TYPES,
    Agent,
    CannedResponse,
    CannedUse,
    Chat,
    Counters,
    DeskRecord,
    DeskSetup,
    Learned,
    Offer,
    Queue,
    Record,
    Suggesting,
    Ticket,
    Visitor,
)
from chatdesk.model.values import ChatState
from chatdesk.rules.availability import can_receive
from chatdesk.rules.disciplines import DISCIPLINES, Discipline
from chatdesk.rules.guarded import Failures, guarded
from chatdesk.rules.lifecycle import LIVE, LIVE_CHAT
from chatdesk.rules.policies import POLICIES, AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, seat_of, tags_of

COUNTERS = "counters"
UNLIMITED = 1_000_000_000
"""Room of a seat for tickets, which wait for no slot."""

R = TypeVar("R", bound=Record)

_encode = msgspec.json.Encoder(order="deterministic").encode

KINDS = {type_: str(type_.__struct_config__.tag) for type_ in RECORD_TYPES}

ROUTING_FIELDS = (
    "state",
    "queue",
    "waiting_since",
    "line",
    "priority",
    "skills",
    "language",
    "preferred_agent",
    "declined_by",
)
"""What routing looks at: a waiting chat is handed to it anew when one of these changed."""


@define(eq=False)
class State:
    """Every live record of one desk, in order of nothing but its indexes."""

    policies: Mapping[str, AssignmentPolicy]
    disciplines: Mapping[str, Discipline]
    failures: Failures = field(factory=Failures)
    """What policies of the shop's own raised."""

    desk: DeskRecord | None = None
    counters: Counters = field(factory=lambda: Counters(id=COUNTERS))
    queues: dict[QueueId, Queue] = field(factory=dict)
    agents: dict[AgentId, Agent] = field(factory=dict)
    chats: dict[ChatId, Chat] = field(factory=dict)
    visitors: dict[VisitorId, Visitor] = field(factory=dict)
    offers: dict[str, Offer] = field(factory=dict)
    tickets: dict[TicketId, Ticket] = field(factory=dict)
    shelf: Shelf = field(factory=Shelf)
    guests: Guests = field(factory=Guests)

    chats_of_agent: dict[AgentId, dict[ChatId, None]] = field(factory=dict)
    chats_of_customer: dict[CustomerId, dict[ChatId, None]] = field(factory=dict)
    offers_to_agent: dict[AgentId, dict[str, None]] = field(factory=dict)

    visits: Visits = field(factory=Visits)

    router: Router = field(factory=Router)
    ticket_router: Router = field(factory=Router)
    timers: Timers = field(factory=Timers)

    changed: dict[tuple[type[Record], str], Record] = field(factory=dict)
    events: list[Event] = field(factory=list)
    touched_queues: dict[QueueId, None] = field(factory=dict)
    """Queues whose line grew or shrank since routing was last at rest."""
    newly_waiting: dict[ChatId, None] = field(factory=dict)
    """Chats that routing was asked about since it was last at rest."""

    _indexers: dict[type[Record], Callable[[Any], None]] = field(init=False)
    _undated: dict[tuple[type[Record], str], Record] = field(factory=dict)
    """Live records whose deadline may have changed since the timers were last looked at."""
    _skills: dict[AgentId, tuple[object, frozenset[str]]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._indexers = {
            DeskRecord: self._index_desk,
            Counters: self._index_counters,
            Queue: self._index_queue,
            Agent: self._index_agent,
            Visitor: self._index_visitor,
            Chat: self._index_chat,
            Offer: self._index_offer,
            Ticket: self._index_ticket,
            CannedResponse: self.shelf.put_response,
            CannedUse: self.shelf.put_use,
            Learned: self.shelf.put_learned,
            Suggesting: self.shelf.put_suggesting,
        }

    # -- looking up ------------------------------------------------------------------------------

    @property
    def setup(self) -> DeskSetup:
        """How the desk is set up; raises `WrongState` for a desk that is not."""
        if self.desk is None:
            raise WrongState(
                "the desk has not been set up",
                mend="Send ConfigureDesk, then SaveQueue and SaveAgent.",
            )
        return self.desk.setup

    def require_setup(self) -> None:
        """Raises `WrongState` for a desk that is not set up."""
        _ = self.setup

    def agent(self, agent_id: AgentId) -> Agent:
        """An agent in use; raises `NotFound`."""
        agent = self.agents.get(agent_id)
        if agent is None or agent.retired:
            raise NotFound("agent", agent_id)
        return agent

    def queue(self, queue_id: QueueId) -> Queue:
        """A queue in use; raises `NotFound`."""
        queue = self.queues.get(queue_id)
        if queue is None or queue.retired:
            raise NotFound("queue", queue_id)
        return queue

    def chat(self, chat_id: ChatId) -> Chat:
        """A chat, live or fetched; raises `NotFound`."""
        chat = self.chats.get(chat_id) or self.guests.get(Chat, chat_id)
        if chat is None:
            raise NotFound("chat", chat_id)
        return chat

    def ticket(self, ticket_id: TicketId) -> Ticket:
        """A ticket, live or fetched; raises `NotFound`."""
        ticket = self.tickets.get(ticket_id) or self.guests.get(Ticket, ticket_id)
        if ticket is None:
            raise NotFound("ticket", ticket_id)
        return ticket

    def visitor(self, visitor_id: VisitorId) -> Visitor | None:
        """A visitor, live or fetched."""
        return self.visitors.get(visitor_id) or self.guests.get(Visitor, visitor_id)

    def offer_of(self, chat: Chat) -> Offer | None:
        """The pending offer of a chat."""
        return self.offers.get(offer_id(chat.id, chat.epoch))

    def policy(self, name: str) -> AssignmentPolicy:
        """The assignment policy of that name; raises `ConfigurationError`."""
        try:
            return self.policies[name]
        except KeyError:
            raise ConfigurationError(_unknown("assignment policy", name, self.policies)) from None

    def discipline(self, name: str) -> Discipline:
        """The queue discipline of that name; raises `ConfigurationError`."""
        try:
            return self.disciplines[name]
        except KeyError:
            known = self.disciplines
            raise ConfigurationError(_unknown("queue discipline", name, known)) from None

    def live_records(self) -> list[Record]:
        """Every live record."""
        single: list[Record] = [self.counters]
        if self.desk is not None:
            single.append(self.desk)
        tables: tuple[Mapping[str, Record], ...] = (
            self.queues,
            self.agents,
            self.chats,
            self.visitors,
            self.offers,
            self.tickets,
        )
        rest = [record for table in tables for record in table.values()]
        return [*single, *rest, *self.shelf.records()]

    def digest(self) -> str:
        """A hash of every live record: equal on every replica at the same revision. O(records)."""
        hash_ = blake2b(digest_size=16)
        for row in sorted(_encode(record) for record in self.live_records()):
            hash_.update(row)
        return hash_.hexdigest()

    # -- the one door ----------------------------------------------------------------------------

    def put(self, record: Record) -> None:
        """Takes a new version of a record, for this batch and all indexes."""
        kind = type(record)
        self.changed[kind, record.id] = record
        index = self._indexers.get(kind)
        if index is None:
            self.guests.put(record)
        else:
            index(record)

    def replay(self, records: Iterable[Record]) -> None:
        """Takes records that are committed already: at the start, or from another process."""
        ordered = sorted(records, key=lambda r: _REPLAY_ORDER.get(type(r), len(_REPLAY_ORDER)))
        for record in ordered:
            index = self._indexers.get(type(record))
            if index is not None:
                index(record)

    def emit(self, event: Event) -> None:
        """Adds an event to the batch."""
        self.events.append(event)

    def forget_customer(self, customer: CustomerId) -> None:
        """Drops an erased person from what is live."""
        for visitor in [v for v in self.visitors.values() if v.customer == customer]:
            self._drop(self.visitors, visitor)
            self.visits.follow(visitor, None)
        self.shelf.forget_customer(customer)

    def keep_counters(self) -> None:
        """Records the numbers that routing gave since."""
        place, turn = self.router.place, self.router.turn
        if (place, turn) != (self.counters.place, self.counters.turn):
            self.put(msgspec.structs.replace(self.counters, place=place, turn=turn))

    def _store(self, table: dict[str, R], record: R, *, deadline: bool = True) -> R | None:
        """Keeps the record if it is live, with its deadline; gives the version before.

        `deadline` is false where that is known to be the same as before.
        """
        kind, id_ = type(record), record.id
        before = table.get(id_)
        if LIVE[kind](record):
            table[id_] = record
            if deadline:
                self._undated[kind, id_] = record
        else:
            self.guests.put(record)
            if before is not None:
                self._drop(table, before)
        return before

    def _drop(self, table: dict[str, R], record: R) -> None:
        del table[record.id]
        self._undated.pop((type(record), record.id), None)
        self.timers.set(KINDS[type(record)], record.id, None)

    # -- deadlines -------------------------------------------------------------------------------

    def first_timer(self) -> Entry | None:
        """The deadline that comes first."""
        self._set_timers()
        return self.timers.first()

    def all_timers(self) -> list[Entry]:
        """Every deadline, in order. O(n log n)."""
        self._set_timers()
        return sorted(self.timers)

    def _set_timers(self) -> None:
        """Works out the deadlines of what was put: once a step, however often it was put."""
        for (type_, id_), record in self._undated.items():
            deadline = DEADLINES.get(type_)
            if deadline is not None:
                self.timers.set(KINDS[type_], id_, deadline(record, self.desk, self.queues))
        self._undated.clear()

    def reset_deadlines(self) -> None:
        """Works all deadlines out again, after the setup they come from has changed. O(live)."""
        for record in self.live_records():
            self._undated[type(record), record.id] = record

    # -- one index a kind ------------------------------------------------------------------------

    def _index_desk(self, record: DeskRecord) -> None:
        self.desk = record
        self.reset_deadlines()

    def _index_counters(self, record: Counters) -> None:
        self.counters = record
        self.router.place, self.router.turn = record.place, record.turn

    def _index_queue(self, queue: Queue) -> None:
        before = self._store(self.queues, queue)
        known = None if before is None or before.retired else before.setup
        if not queue.retired and queue.setup != known:
            self._set_up_queue(queue)
        elif queue.retired and known is not None:
            self.router.drop_queue(queue.id)
            self.ticket_router.drop_queue(queue.id)

    def _set_up_queue(self, queue: Queue) -> None:
        policy = self.policy(queue.setup.policy)
        discipline = self.discipline(queue.setup.discipline)
        self.router.set_queue(queue, policy, discipline)
        self.ticket_router.set_queue(queue, policy, discipline)
        for chat in self.chats.values():
            if chat.queue == queue.id:
                self._undated[Chat, chat.id] = chat
                self.newly_waiting[chat.id] = None  # another policy looks again at another time

    def _index_agent(self, agent: Agent) -> None:
        known = self.agents.get(agent.id)
        same = known is not None and _same_deadline(known, agent)
        before = self._store(self.agents, agent, deadline=not same)
        if before is None or not _same_for_tickets(before, agent):
            self._seat_for_tickets(agent)
        if not can_receive(agent):
            self.router.unseat(agent.id)
        elif not self._is_seated(agent):
            self.router.seat(self.seat_of(agent))

    def _seat_for_tickets(self, agent: Agent) -> None:
        """Tickets wait for no slot, so every agent has a seat for them, present or not."""
        if agent.retired:
            self.ticket_router.unseat(agent.id)
            return
        self.ticket_router.seat(
            Seat(
                id=agent.id,
                skills=self.tags(agent),
                capacity=UNLIMITED,
                load=agent.tickets,
                received=agent.tickets_received,
                turn=agent.tickets_received,
                place=agent.last_ticket,
                last_assigned_place=agent.last_ticket,
            )
        )

    def _is_seated(self, agent: Agent) -> bool:
        """Whether routing has the agent's present facts already, having made them itself."""
        seat = self.router.staff.get(agent.id)
        return (
            seat is not None
            and seat.place == agent.place
            and seat.load == agent.load
            and seat.turn == agent.turn
            and seat.capacity == agent.setup.capacity
            and seat.skills is self.tags(agent)
            and seat.available_since == agent.available_since
        )

    def _index_chat(self, chat: Chat) -> None:
        before = self._store(self.chats, chat)
        customer, agent = _whose(chat) if chat.state in LIVE_CHAT else NOBODYS
        had_customer, had_agent = NOBODYS if before is None else _whose(before)
        if customer != had_customer:
            _reindex(self.chats_of_customer, had_customer, customer, chat.id)
        if agent != had_agent:
            _reindex(self.chats_of_agent, had_agent, agent, chat.id)
        was = before is not None and before.state is ChatState.WAITING
        if was or chat.state is ChatState.WAITING:
            self._index_line(before if was else None, chat)

    def _index_line(self, before: Chat | None, chat: Chat) -> None:
        """Has routing look at a chat that waits, or waited before."""
        waits = chat.state is ChatState.WAITING
        if waits and (before is None or _routing_changed(before, chat)):
            self.ask_again(chat)
        elif not waits:
            self.router.dequeue(chat.id)
        if before is None or not waits:
            self.touched_queues[chat.queue] = None

    def ask_again(self, chat: Chat) -> None:
        """Lets routing ask the policy about a waiting chat."""
        self.router.enqueue(chat)
        self.newly_waiting[chat.id] = None

    def _index_visitor(self, visitor: Visitor) -> None:
        before = self._store(self.visitors, visitor)
        self.visits.follow(before, visitor)

    def _index_offer(self, offer: Offer) -> None:
        self._store(self.offers, offer)
        live = offer.id in self.offers
        table = self.offers_to_agent.setdefault(offer.agent, {})
        if live:
            table[offer.id] = None
        else:
            table.pop(offer.id, None)

    def _index_ticket(self, ticket: Ticket) -> None:
        self._store(self.tickets, ticket)

    def seat_of(self, agent: Agent) -> Seat:
        """The agent as routing sees him."""
        return seat_of(agent, self.tags(agent))

    def tags(self, agent: Agent) -> frozenset[str]:
        """What the agent can do, as routing sees it."""
        known = self._skills.get(agent.id)
        if known is not None and known[0] is agent.setup:
            return known[1]
        if known is None or known[0] != agent.setup:
            known = (agent.setup, tags_of(agent))
            self._skills[agent.id] = known
        return known[1]


def offer_id(chat: ChatId, epoch: int) -> str:
    """The id of the offer of a chat under an epoch."""
    return f"{chat}.{epoch}"


def _same_deadline(one: Agent, other: Agent) -> bool:
    """Whether nothing has changed that a deadline of an agent comes from."""
    return (
        one.leases is other.leases
        and one.shift_until == other.shift_until
        and one.left_at is other.left_at is None
        and one.retired == other.retired
    )


def _same_for_tickets(one: Agent, other: Agent) -> bool:
    """Whether two versions of an agent have the same seat for tickets."""
    return (
        one.tickets == other.tickets
        and one.tickets_received == other.tickets_received
        and one.last_ticket == other.last_ticket
        and one.retired == other.retired
        and (one.setup is other.setup or one.setup == other.setup)
    )


def _unknown(what: str, name: str, known: Mapping[str, object]) -> str:
    return (
        f"no {what} is named {name!r}; known are {', '.join(sorted(known))}. Give your own to the"
        " desk by name when you make it"
    )


NOBODYS: tuple[CustomerId | None, AgentId | None] = (None, None)


def _whose(chat: Chat) -> tuple[CustomerId | None, AgentId | None]:
    return chat.customer, chat.agent


def _routing_changed(before: Chat, chat: Chat) -> bool:
    return any(getattr(before, name) != getattr(chat, name) for name in ROUTING_FIELDS)


def _reindex(
    table: dict[str, dict[ChatId, None]], before: str | None, after: str | None, chat: ChatId
) -> None:
    """Moves a chat from the list of one owner to that of another."""
    if before is not None:
        table[before].pop(chat, None)
    if after is not None:
        table.setdefault(after, {})[chat] = None


_REPLAY_ORDER: dict[type[Record], int] = {
    DeskRecord: 0,
    Counters: 1,
    Queue: 2,
    Agent: 3,
    Visitor: 4,
    Chat: 5,
    Offer: 6,
    Ticket: 7,
    CannedResponse: 8,
    CannedUse: 9,
    Learned: 10,
    Suggesting: 11,
}
"""Queues before the agents and chats that name them."""


def new_state(
    policies: Mapping[str, AssignmentPolicy] | None = None,
    disciplines: Mapping[str, Discipline] | None = None,
    *,
    guard: bool = False,
) -> State:
    """An empty state that knows the built-in policies and disciplines, and the given ones."""
    failures, own = Failures(), dict(policies or {})
    if guard:
        own = {name: guarded(name, policy, failures) for name, policy in own.items()}
    built_in = {name: make() for name, make in POLICIES.items()}
    return State({**built_in, **own}, {**DISCIPLINES, **(disciplines or {})}, failures)
