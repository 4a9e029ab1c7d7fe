"""What always holds on a desk.

`check_desk` looks at a desk at rest, that is after any command or tick. `Ledger` looks at what the
desk writes, for what only the course of time can show. Both raise `AssertionError` with a sentence.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.desk.state import State, offer_id
from chatdesk.desk.timers import due_at
from chatdesk.model import events as e
from chatdesk.model.commits import Batch, Snapshot
from chatdesk.model.ids import AgentId, ChatId, Instant
from chatdesk.model.records import (
    Agent,
    Answers,
    Chat,
    Counters,
    DeskRecord,
    Message,
    Offer,
    Queue,
    Record,
    Ticket,
    TicketEntry,
    Visitor,
)
from chatdesk.model.values import (
    ChatState,
    EntryKind,
    FormKind,
    MessageKind,
    OfferState,
    QueueMode,
    Status,
    TicketState,
    WaitLevel,
)
from chatdesk.rules.availability import can_receive, status
from chatdesk.rules.forms import requires_answers
from chatdesk.rules.hours import opening
from chatdesk.rules.instants import instant
from chatdesk.rules.invariants import must
from chatdesk.rules.lifecycle import IN_LINE, LIVE_CHAT, LIVE_TICKET, is_live
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import tags_of

HELD = frozenset({ChatState.ACTIVE, ChatState.WRAP_UP})
OPEN = frozenset({ChatState.WAITING, ChatState.OFFERED, ChatState.ACTIVE})


def check_desk(desk: Desk) -> None:
    """Raise `AssertionError`, with a sentence, unless all invariants hold. O(everything live).

    The desk is to be at rest: nothing collected is left uncommitted.
    """
    state = desk.state
    for chat in state.chats.values():
        for look in CHAT_LOOKS:
            look(state, chat)
    for agent in state.agents.values():
        for look_at in AGENT_LOOKS:
            look_at(state, agent, desk.now)
    for whole in STATE_LOOKS:
        whole(state)
    _check_queues(state, desk.now)
    _check_timers(desk)
    must(state.router.next_match(desk.now) is None, "nobody waits who could be matched")
    state.router.check(desk.now)
    _check_rest(state, desk.now)
    _check_replica(desk)


# -- chats ---------------------------------------------------------------------------------------


def _placement(state: State, chat: Chat) -> None:
    name = f"chat {chat.id} ({chat.state})"
    must(chat.state in LIVE_CHAT, f"{name} is live")
    must(chat.queue in state.queues, f"{name} is of a queue that exists")
    must(not state.queues[chat.queue].retired, f"the queue of {name} is in use")
    must(chat.line <= state.counters.line, f"the place of {name} was given by the counter")
    must((chat.agent is not None) == (chat.state in HELD), f"{name} has an agent when it runs")


def _assignment(state: State, chat: Chat) -> None:
    name = f"chat {chat.id} ({chat.state})"
    if chat.agent is not None:
        must(chat.agent in state.agents, f"the agent of {name} exists")
        must(not state.agents[chat.agent].retired, f"the agent of {name} is in use")
        must(chat.agents[-1:] == (chat.agent,), f"the agent of {name} is the last who had it")
        must(chat.assigned_at is not None, f"{name} knows since when it is its agent's")
    must((chat.first_assigned_at is not None) == bool(chat.agents), f"{name} was assigned once")
    must(chat.epoch >= len(chat.agents), f"each assignment of {name} had an epoch")
    must(chat.state is not ChatState.ACTIVE or chat.holds_slot, f"running {name} holds a slot")
    must(chat.state in HELD or not chat.holds_slot, f"{name} in line holds no slot itself")


def _offer(state: State, chat: Chat) -> None:
    offers = [offer for offer in state.offers.values() if offer.chat == chat.id]
    must(
        len(offers) == (chat.state is ChatState.OFFERED),
        f"chat {chat.id} ({chat.state}) is offered to one agent, or to none",
    )
    for offer in offers:
        must(offer.id == offer_id(chat.id, chat.epoch), f"the offer of chat {chat.id} is named")
        must(offer.epoch == chat.epoch, f"the offer of chat {chat.id} is of its present epoch")
        must(offer.state is OfferState.PENDING, f"the offer of chat {chat.id} is pending")
        must(offer.agent not in chat.declined_by, f"chat {chat.id} is not offered again")
        must(can_receive(state.agents[offer.agent]), f"chat {chat.id} is offered to one present")


def _attention(_: State, chat: Chat) -> None:
    """A25, C17."""
    name = f"chat {chat.id} ({chat.state})"
    unread = chat.visitor_seq > chat.read_to
    must(chat.attention == (unread and chat.agent is not None), f"{name} shows attention if unread")
    must(0 <= chat.read_to <= chat.messages, f"{name} was read up to a message of its own")
    must(0 < chat.visitor_seq <= chat.messages, f"the visitor's last message of {name} exists")
    if chat.reply_due_at is not None:
        must(chat.state is ChatState.ACTIVE, f"only running chats are due, not {name}")
        must(chat.unanswered_since is not None, f"{name} is due because of an unanswered message")
    must(not chat.promise_late or chat.promised_until is not None, f"{name} had a promise to break")
    if chat.first_reply_at is None:
        must(chat.unanswered_since == chat.requested_at, f"{name} waits since it was asked")


def _course(state: State, chat: Chat) -> None:
    name = f"chat {chat.id} ({chat.state})"
    in_line = chat.state in IN_LINE
    must((chat.visitor_until is not None) == in_line, f"{name} has a visitor's lease in line only")
    must(in_line or chat.look_again_at is None, f"{name} is looked at again in line only")
    ended = chat.state is ChatState.WRAP_UP
    must((chat.ended_at is not None) == ended, f"{name} has ended when it wraps up")
    must((chat.ended_by is not None) == ended, f"{name} knows how it ended")
    must(chat.wrap_up_until is None or (ended and chat.holds_slot), f"{name} wraps up with a slot")
    must(chat.closed_at is None, f"{name} is not closed yet")
    must(chat.waiting_since == chat.requested_at, f"{name} keeps its place in time")
    times = [chat.requested_at, chat.queued_at, chat.assigned_at, chat.ended_at]
    known = [at for at in times if at is not None]
    must(known == sorted(known), f"{name} went its way in time: {known}")
    must(all(instant(at) == at for at in known), f"{name} counts whole microseconds")
    visitor = state.visitors.get(chat.visitor)
    open_ = None if visitor is None else visitor.chat
    must((open_ == chat.id) == (chat.state in OPEN), f"{name} is its visitor's open chat")


CHAT_LOOKS: tuple[Callable[[State, Chat], None], ...] = (
    _placement,
    _assignment,
    _offer,
    _attention,
    _course,
)


# -- agents --------------------------------------------------------------------------------------


def _load(state: State, agent: Agent, _: Instant) -> None:
    held = sum(c.holds_slot for c in state.chats.values() if c.agent == agent.id)
    offered = sum(offer.agent == agent.id for offer in state.offers.values())
    slots = held + offered
    must(agent.load == slots, f"agent {agent.id} holds {slots} slots, not {agent.load}")
    must(not (agent.retired and agent.load), f"retired agent {agent.id} holds none")
    live = [t for t in state.tickets.values() if t.assignee == agent.id]
    must(agent.tickets == len(live), f"agent {agent.id} has {len(live)} tickets")
    must(not (agent.retired and live), f"retired agent {agent.id} has no open ticket")


def _facts(_: State, agent: Agent, now: Instant) -> None:
    """B02–B08, C12: the four facts agree with each other and with the time."""
    name = f"agent {agent.id}"
    receives = can_receive(agent)
    must((agent.available_since is not None) == receives, f"{name} counts time when available")
    must(not (agent.leases and agent.left_at is not None), f"{name} has left, or is there")
    must(all(lease.until > now for lease in agent.leases), f"{name} has no run-out lease")
    devices = [lease.device for lease in agent.leases]
    must(len(set(devices)) == len(devices), f"{name} has one lease a device")
    if not agent.retired:
        must(opening(agent.setup.hours, now).open == agent.on_shift, f"{name}'s shift is known")
    busy = receives and agent.load >= agent.setup.capacity
    must(busy == (status(agent) is Status.UNAVAILABLE) or not receives, f"{name} shows his load")


def _seat(state: State, agent: Agent, _: Instant) -> None:
    seat = state.router.staff.get(agent.id)
    must((seat is not None) == can_receive(agent), f"agent {agent.id} is seated when he receives")
    if seat is not None:
        mine = (agent.load, agent.received, agent.turn, agent.place, agent.last_assigned_at)
        his = (seat.load, seat.received, seat.turn, seat.place, seat.last_assigned_at)
        must(mine == his, f"routing knows agent {agent.id} as his record has him: {his} {mine}")
        must(seat.capacity == agent.setup.capacity, f"routing knows the maximum of {agent.id}")
        must(seat.skills == tags_of(agent), f"routing knows what agent {agent.id} can do")


AGENT_LOOKS: tuple[Callable[[State, Agent, Instant], None], ...] = (_load, _facts, _seat)


# -- the whole -----------------------------------------------------------------------------------


def _indexes(state: State) -> None:
    by_agent = _grouped((c.agent, c.id) for c in state.chats.values() if c.agent is not None)
    by_customer = _grouped((chat.customer, chat.id) for chat in state.chats.values())
    offers = _grouped((offer.agent, offer.id) for offer in state.offers.values())
    for name, table, expected in (
        ("chats_of_agent", state.chats_of_agent, by_agent),
        ("chats_of_customer", state.chats_of_customer, by_customer),
        ("offers_to_agent", state.offers_to_agent, offers),
    ):
        found = {key: set(ids) for key, ids in table.items() if ids}
        must(found == expected, f"`{name}` is what a rebuild gives: {found} {expected}")


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    table: dict[str, set[str]] = defaultdict(set)
    for owner, id_ in pairs:
        table[owner].add(id_)
    return dict(table)


def _visitors(state: State) -> None:
    open_ = Counter(chat.visitor for chat in state.chats.values() if chat.state in OPEN)
    must(max(open_.values(), default=0) <= 1, "a visitor has one open chat")
    here = {v.id for v in state.visitors.values() if v.here_until is not None}
    live = set(state.visitors)
    must(set(open_) | here == live, "who has an open chat or visits is live, and nobody else")
    for visitor in state.visitors.values():
        chat = state.chats.get(visitor.chat or "")
        must(chat is not None or visitor.chat is None, f"the open chat of {visitor.id} is live")
        begun, ends = visitor.here_since, visitor.here_until
        must((begun is None) == (ends is None), f"a visit of {visitor.id} begins and ends")
    expected = sorted((-(v.here_since or 0), v.id) for v in state.visitors.values() if v.id in here)
    must(list(state.visits.latest()) == expected, "the visits are listed, the latest first")


def _counters(state: State) -> None:
    counters = state.counters
    agents = state.agents.values()
    must(max((a.place for a in agents), default=0) <= counters.place, "places come from a counter")
    numbers = [ticket.number for ticket in state.tickets.values()]
    must(max(numbers, default=0) <= counters.ticket, "ticket numbers come from a counter")
    must(len(set(numbers)) == len(numbers), "no two tickets have one number")
    lines = [chat.line for chat in state.chats.values()]
    must(len(set(lines)) == len(lines), "no two chats have one place in line")
    router = (state.router.place, state.router.turn)
    must(router == (counters.place, counters.turn), "routing's counters are recorded")


def _tickets(state: State) -> None:
    for ticket in state.tickets.values():
        must(ticket.state in LIVE_TICKET, f"ticket {ticket.number} is open or pending")
        pends = ticket.pending_until is not None
        must(not pends or ticket.state is TicketState.PENDING, f"{ticket.number} waits if pending")
        must(ticket.solved_at is None, f"ticket {ticket.number} is not solved")
        must(ticket.entries > 0 or ticket.assignee is None, f"{ticket.number} says who has it")


def _live(state: State) -> None:
    for record in state.live_records():
        must(is_live(record), f"{type(record).__name__} {record.id} is live")
    must(not state.touched_queues, "the length of every changed line was looked at")
    must(not state.newly_waiting, "every new chat in line was looked at")
    must(not (state.changed or state.events), "everything is collected")


STATE_LOOKS: tuple[Callable[[State], None], ...] = (
    _indexes,
    _visitors,
    _counters,
    _tickets,
    _live,
)


# -- lines ---------------------------------------------------------------------------------------


def _check_queues(state: State, now: Instant) -> None:
    for queue in state.queues.values():
        waiting = [
            chat
            for chat in state.chats.values()
            if chat.queue == queue.id and chat.state is ChatState.WAITING
        ]
        _check_line(state, queue, waiting)
        if not queue.retired:
            must(opening(queue.setup.hours, now).open == queue.open, f"{queue.id} knows its hours")
            _check_length(queue, len(waiting))


def _check_line(state: State, queue: Queue, waiting: list[Chat]) -> None:
    discipline = state.discipline(queue.setup.discipline)
    waiting.sort(key=lambda c: (discipline.key(c, queue.setup), c.line, c.id))
    line = list(state.router.line(queue.id))
    must(line == [chat.id for chat in waiting], f"the line of {queue.id} is in order: {line}")
    must(state.router.waiting(queue.id) == len(line), f"the line of {queue.id} is counted")
    positions = [state.router.position(chat_id) for chat_id in line]
    must(positions == list(range(1, len(line) + 1)), f"places in line of {queue.id} count from 1")


def _check_length(queue: Queue, waiting: int) -> None:
    """B54: a line that is full stays shut until enough have left."""
    limit = queue.setup.length_limit
    if limit is None:
        must(not queue.full, f"queue {queue.id} without a limit is never full")
        return
    reopen = limit - 1 if queue.setup.reopen_at is None else queue.setup.reopen_at
    must(queue.full or waiting < limit, f"queue {queue.id} with {waiting} is full")
    must(not queue.full or waiting > reopen, f"queue {queue.id} with {waiting} has reopened")


def _check_rest(state: State, now: Instant) -> None:
    """C15, C22: nobody waits for whom the policy names an agent, asked as if for the first time."""
    for chat in state.chats.values():
        if chat.state is not ChatState.WAITING:
            continue
        queue = state.queues[chat.queue]
        policy = state.policy(queue.setup.policy)
        look = policy.look_again_at(chat, now)
        must(chat.look_again_at == look, f"chat {chat.id} is looked at again at {look}")
        if queue.setup.mode is not QueueMode.PULL:
            chosen = state.router.choice(chat, now)
            must(chosen is None, f"chat {chat.id} waits although {chosen} could have it")


# -- time and replicas ---------------------------------------------------------------------------


def _check_timers(desk: Desk) -> None:
    state = desk.state
    due = []
    for record in state.live_records():
        at = due_at(record, state.desk, state.queues)
        if at is not None:
            due.append((at, str(record.__struct_config__.tag), record.id))
    must(sorted(due) == state.all_timers(), "the timers are the deadlines of the live records")
    first = desk.next_deadline()
    must(first == min((at for at, _, _ in due), default=None), "the first timer is the next one")


def _check_replica(desk: Desk) -> None:
    """Whoever is handed the live records is the same desk."""
    state = desk.state
    other = Desk.new(state.policies, state.disciplines)
    other.restore(Snapshot(desk.revision, desk.now, tuple(reversed(state.live_records()))))
    must(other.state.digest() == state.digest(), "a replica has the same digest")
    must(other.state.all_timers() == state.all_timers(), "a replica has the same timers")
    for queue in state.queues:
        mine, its = list(state.router.line(queue)), list(other.state.router.line(queue))
        must(mine == its, f"a replica has the same line of {queue}")
    must(
        _choices(state.router, state, desk.now) == _choices(other.state.router, state, desk.now),
        "a replica makes the same choices",
    )


def _choices(router: Router, state: State, now: Instant) -> list[tuple[object, ...]]:
    """Whom each agent would take, and who would get a chat of each queue's kind."""
    taken = [
        (agent.id, router.next_for(agent.id, None, now))
        for agent in state.agents.values()
        if can_receive(agent)
    ]
    asked = [(chat.id, router.choice(chat, now)) for chat in state.chats.values()]
    return [*sorted(taken), *sorted(asked, key=repr)]


# -- over time -----------------------------------------------------------------------------------


@attrs.define
class Ledger:
    """Looks at one batch after the other, as they are written."""

    messages: dict[ChatId, int] = attrs.field(factory=dict)
    entries: dict[str, int] = attrs.field(factory=dict)
    offered: set[tuple[ChatId, AgentId]] = attrs.field(factory=set)
    """Offers that were declined or let expire."""
    epochs: dict[ChatId, int] = attrs.field(factory=dict)
    numbers: dict[int, str] = attrs.field(factory=dict)
    ended: set[ChatId] = attrs.field(factory=set)
    closed: set[ChatId] = attrs.field(factory=set)
    counters: Counters | None = None
    at: Instant = 0.0
    events: int = 0
    set_up_anew: bool = False
    """Whether the batch changes the setup, so that some of it happened under the former one."""

    def see(self, batch: Batch, desk: Desk) -> None:
        """Raise `AssertionError`, with a sentence, when the batch does not follow."""
        must(batch.at >= self.at, "a desk's time does not go back")
        self.at = batch.at
        keys = [(type(record), record.id) for record in batch.records]
        must(len(set(keys)) == len(keys), "a batch has one version of a record")
        self.set_up_anew = any(isinstance(record, DeskRecord) for record in batch.records)
        for record in sorted(batch.records, key=lambda r: isinstance(r, Chat)):
            self._see_record(record, desk)
        for event in batch.events:
            self._see_event(event, desk)

    def _see_record(self, record: Record, desk: Desk) -> None:
        match record:
            case Message():
                self._see_message(record)
            case TicketEntry():
                self._see_entry(record)
            case Ticket():
                owner = self.numbers.setdefault(record.number, record.id)
                must(owner == record.id, f"ticket number {record.number} was given once")
            case Counters():
                self._see_counters(record)
            case Chat():
                self._see_chat(record, desk)
            case Offer():
                must(record.until > record.made_at, f"offer {record.id} lasts some time")
            case Answers(form=FormKind.QUALIFICATION):
                must(record.by.kind != "visitor", "visitors do not qualify")
            case Visitor():
                must(record.last_seen_at <= self.at, f"visitor {record.id} was seen")
                told = (record.page, record.language, record.timezone)
                over = record.here_until is None and record.chat is None
                known = record.customer is not None
                must(not over or known or not any(told), f"{record.id} is forgotten when he goes")
            case _:
                pass

    def _see_message(self, message: Message) -> None:
        before = self.messages.get(message.chat, 0)
        name = f"message {message.seq} of chat {message.chat}"
        must(message.seq == before + 1, f"{name} follows number {before}")
        self.messages[message.chat] = message.seq
        if message.kind in {MessageKind.WHISPER, MessageKind.NOTE}:
            must(message.audience.visitor is None, f"{name} is for staff only")
        else:
            must(message.audience.visitor is not None, f"{name} reaches the visitor")

    def _see_entry(self, entry: TicketEntry) -> None:
        before = self.entries.get(entry.ticket, 0)
        name = f"entry {entry.seq} of ticket {entry.ticket}"
        must(entry.seq == before + 1, f"{name} follows number {before}")
        self.entries[entry.ticket] = entry.seq
        if entry.kind in {EntryKind.COMMENT, EntryKind.ASSIGNEE}:
            must(entry.audience.visitor is None, f"{name} is for staff only")

    def _see_counters(self, counters: Counters) -> None:
        before = self.counters or Counters(id=counters.id)
        for name in ("place", "turn", "line", "ticket"):
            must(getattr(counters, name) >= getattr(before, name), f"counter {name} only rises")
        self.counters = counters

    def _see_chat(self, chat: Chat, desk: Desk) -> None:
        must(chat.epoch >= self.epochs.get(chat.id, 0), f"the epoch of {chat.id} only rises")
        self.epochs[chat.id] = chat.epoch
        must(chat.messages == self.messages.get(chat.id, 0), f"{chat.id} counts its messages")
        if chat.state is ChatState.CLOSED and chat.id not in self.closed:
            self.closed.add(chat.id)
            needed = requires_answers(desk.state.setup.qualification) and not self.set_up_anew
            must(chat.qualified_at is not None or not needed, f"{chat.id} closes qualified (A26)")
        over = chat.state not in LIVE_CHAT
        must((chat.closed_at is not None) == over, f"{chat.id} knows when it was over")
        must(not (over and chat.holds_slot), f"{chat.id} is over and holds no slot")
        must(not (over and chat.attention), f"{chat.id} is over and asks for no attention")

    def _see_event(self, event: e.Event, desk: Desk) -> None:
        self.events += 1
        must(event.at <= self.at, "an event lies not ahead")
        visitor = event.audience.visitor
        match event:
            case e.MessageAdded(kind=MessageKind.WHISPER | MessageKind.NOTE):
                must(visitor is None, "no whisper is told to a visitor")
            case e.FormFilled(form=FormKind.QUALIFICATION):
                must(visitor is None, "no qualification is told to a visitor")
            case e.TicketEntryAdded(kind=EntryKind.COMMENT | EntryKind.ASSIGNEE):
                must(visitor is None, "no internal comment is told to a visitor")
            case e.AgentStatusChanged() | e.CustomerChanged() | e.HistoryChanged():
                must(visitor is None, "no visitor hears of agents and profiles")
            case e.OfferMade():
                key = (event.chat, event.agent)
                must(key not in self.offered, f"{event.chat} is not offered twice to {event.agent}")
            case e.OfferSettled(state=OfferState.DECLINED | OfferState.EXPIRED):
                self.offered.add((event.chat, event.agent))
            case e.ChatAssigned():
                capacity = desk.state.agents[event.agent].setup.capacity
                must(event.load <= capacity, f"{event.agent} is not over his maximum (C11)")
            case e.ChatEnded():
                must(event.chat not in self.ended, f"{event.chat} ends once")
                self.ended.add(event.chat)
            case e.WaitLevelChanged():
                must(event.level is not WaitLevel.FINE, "a passed threshold is named")
            case _:
                pass
