"""Deadlines are data on records: when something is to happen if nothing else does."""

from collections.abc import Callable, Iterator, Mapping
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any, TypeAlias

from attrs import define, field

from chatdesk.model.ids import Instant, QueueId
from chatdesk.model.records import Agent, Chat, DeskRecord, Offer, Queue, Record, Ticket, Visitor
from chatdesk.model.values import ChatState, WaitLevel
from chatdesk.rules.instants import after
from chatdesk.rules.lifecycle import IN_LINE

Entry: TypeAlias = tuple[Instant, str, str]
"""When, of which kind, and the id of the record."""

SPARE = 64


@define(eq=False)
class Timers:
    """The deadlines of the live records, the first one at hand.

    A deadline that is put off or falls away, as most do with every message, costs a look-up: its
    entry stays in the heap until it comes up and is then put where it belongs.
    """

    _due: dict[tuple[str, str], Instant] = field(factory=dict)
    _heap: list[Entry] = field(factory=list)
    _entered: dict[tuple[str, str], Instant] = field(factory=dict)
    """The earliest entry of each in the heap, never later than its deadline."""

    def set(self, kind: str, id_: str, at: Instant | None) -> None:
        """Sets when a record is due, or that it is not. O(log n), mostly O(1)."""
        key = kind, id_
        if at is None:
            self._due.pop(key, None)
            return
        self._due[key] = at
        entered = self._entered.get(key)
        if entered is None or at < entered:
            heappush(self._heap, (at, kind, id_))
            self._entered[key] = at
            if len(self._heap) > 2 * len(self._due) + SPARE:
                self._rebuild()

    def first(self) -> Entry | None:
        """The deadline that comes first; of equal ones, by kind and id."""
        heap = self._heap
        while heap:
            entry = heap[0]
            at, kind, id_ = entry
            due = self._due.get((kind, id_))
            if due == at:
                return entry
            if self._entered.get((kind, id_)) != at:
                heappop(heap)  # there is an earlier entry, or was
            elif due is None:
                heappop(heap)
                del self._entered[kind, id_]
            else:
                heapreplace(heap, (due, kind, id_))
                self._entered[kind, id_] = due
        return None

    def __iter__(self) -> Iterator[Entry]:
        """All deadlines, in no order."""
        return ((at, kind, id_) for (kind, id_), at in self._due.items())

    def _rebuild(self) -> None:
        """Drops the entries of what is due no more, so that no more than twice the live stand."""
        self._entered = dict(self._due)
        self._heap = list(self)
        heapify(self._heap)


def due_at(
    record: Record, desk: DeskRecord | None, queues: Mapping[QueueId, Queue]
) -> Instant | None:
    """When the record's next deadline is, if it has one."""
    deadline = DEADLINES.get(type(record))
    return None if deadline is None else deadline(record, desk, queues)


def wait_limit_at(chat: Chat, queue: Queue | None) -> Instant | None:
    """When the chat is missed for having waited too long, if its queue has a limit."""
    limit = queue.setup.wait_limit_seconds if queue is not None else None
    return None if limit is None else after(chat.queued_at, limit)


def next_wait_level(chat: Chat, desk: DeskRecord) -> tuple[Instant, WaitLevel] | None:
    """When a chat in line passes the next threshold of waiting, and which (C02, C03)."""
    if chat.wait_level is WaitLevel.FINE:
        return after(chat.queued_at, desk.setup.long_wait_seconds), WaitLevel.LONG
    if chat.wait_level is WaitLevel.LONG:
        return after(chat.queued_at, desk.setup.max_wait_seconds), WaitLevel.OVERDUE
    return None


def rescue_at(agent: Agent, desk: DeskRecord) -> Instant | None:
    """When the chats of an agent who is offline go back to the line."""
    if agent.left_at is None or agent.load == 0 or desk.setup.rescue_seconds is None:
        return None
    return after(agent.left_at, desk.setup.rescue_seconds)


Queues: TypeAlias = Mapping[QueueId, Queue]


def _chat(chat: Chat, desk: DeskRecord | None, queues: Queues) -> Instant | None:
    if chat.state is ChatState.ACTIVE:
        return _first(chat.reply_due_at, None if chat.promise_late else chat.promised_until)
    if chat.state is ChatState.WRAP_UP:
        return chat.wrap_up_until
    if chat.state not in IN_LINE:
        return None
    level = None if desk is None else next_wait_level(chat, desk)
    return _first(
        chat.visitor_until,
        wait_limit_at(chat, queues.get(chat.queue)),
        None if level is None else level[0],
        chat.look_again_at if chat.state is ChatState.WAITING else None,
    )


def _agent(agent: Agent, desk: DeskRecord | None, _: Queues) -> Instant | None:
    if agent.retired:
        return None
    return _first(
        *(lease.until for lease in agent.leases),
        agent.shift_until,
        None if desk is None else rescue_at(agent, desk),
    )


def _first(*instants: Instant | None) -> Instant | None:
    return min((at for at in instants if at is not None), default=None)


def _queue(queue: Queue, _: DeskRecord | None, __: Queues) -> Instant | None:
    return None if queue.retired else queue.open_until


def _offer(offer: Offer, _: DeskRecord | None, __: Queues) -> Instant | None:
    return offer.until


def _visitor(visitor: Visitor, _: DeskRecord | None, __: Queues) -> Instant | None:
    return visitor.here_until


def _ticket(ticket: Ticket, _: DeskRecord | None, __: Queues) -> Instant | None:
    return ticket.pending_until


DEADLINES: Mapping[type[Record], Callable[[Any, DeskRecord | None, Queues], Instant | None]] = {
    Chat: _chat,
    Agent: _agent,
    Queue: _queue,
    Offer: _offer,
    Ticket: _ticket,
    Visitor: _visitor,
}
"""How the next deadline of each kind of record is found; the other kinds have none."""
