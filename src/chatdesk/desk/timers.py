"""Deadlines are data on records: when something is to happen if nothing else does."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from chatdesk.model.ids import Instant, QueueId
from chatdesk.model.records import Agent, Chat, DeskRecord, Offer, Queue, Record, Ticket, Visitor
from chatdesk.model.values import ChatState, WaitLevel
from chatdesk.rules.instants import after
from chatdesk.rules.lifecycle import IN_LINE


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
