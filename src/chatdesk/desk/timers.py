"""Deadlines are data on records: when something is to happen if nothing else does."""

from collections.abc import Iterator, Mapping

from chatdesk.model.ids import Instant, QueueId
from chatdesk.model.records import Agent, Chat, DeskRecord, Offer, Queue, Record, Ticket
from chatdesk.model.values import ChatState, WaitLevel
from chatdesk.rules.instants import after
from chatdesk.rules.lifecycle import IN_LINE


def due_at(
    record: Record, desk: DeskRecord | None, queues: Mapping[QueueId, Queue]
) -> Instant | None:
    """When the record's next deadline is, if it has one."""
    match record:
        case Chat():
            return min(_chat(record, desk, queues), default=None)
        case Agent():
            return min(_agent(record, desk), default=None)
        case Offer():
            return record.until
        case Queue():
            return None if record.retired else record.open_until
        case Ticket():
            return record.pending_until
        case _:
            return None


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


def _chat(
    chat: Chat, desk: DeskRecord | None, queues: Mapping[QueueId, Queue]
) -> Iterator[Instant]:
    if chat.state in IN_LINE:
        candidates = [chat.visitor_until, wait_limit_at(chat, queues.get(chat.queue))]
        level = None if desk is None else next_wait_level(chat, desk)
        candidates.append(None if level is None else level[0])
        if chat.state is ChatState.WAITING:
            candidates.append(chat.look_again_at)
        yield from (at for at in candidates if at is not None)
    elif chat.state is ChatState.ACTIVE and chat.reply_due_at is not None:
        yield chat.reply_due_at
    elif chat.state is ChatState.WRAP_UP and chat.wrap_up_until is not None:
        yield chat.wrap_up_until


def _agent(agent: Agent, desk: DeskRecord | None) -> Iterator[Instant]:
    if agent.retired:
        return
    if agent.leases:
        yield min(lease.until for lease in agent.leases)
    if agent.shift_until is not None:
        yield agent.shift_until
    lost = None if desk is None else rescue_at(agent, desk)
    if lost is not None:
        yield lost
