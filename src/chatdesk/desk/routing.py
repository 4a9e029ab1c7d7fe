"""Routing: after any change of supply or demand, until nothing matches (C15, C22)."""

from msgspec.structs import replace

from chatdesk.desk.chats import assign, make_offer
from chatdesk.desk.step import STAFF, Step
from chatdesk.model.events import PolicyFailed, QueueShut
from chatdesk.model.ids import QueueId
from chatdesk.model.records import Chat
from chatdesk.model.values import CLOCK, ChatState, QueueMode


def route(step: Step) -> None:
    """Assigns and offers waiting chats until no waiting chat has an eligible agent with room."""
    state = step.state
    while (match := state.router.next_match(step.now)) is not None:
        chat = state.chats[match.chat_id]
        if state.queues[chat.queue].setup.mode is QueueMode.OFFER:
            make_offer(step, chat, match.agent_id)
        else:
            assign(step, chat, match.agent_id, QueueMode.PUSH)
    for chat_id in state.newly_waiting:
        _look_again(step, state.chats.get(chat_id))
    state.newly_waiting.clear()
    while state.touched_queues:
        _watch_length(step, state.touched_queues.popitem()[0])
    for policy, error in state.failures.to_tell():
        _tell_failure(step, policy, error)


def _look_again(step: Step, chat: Chat | None) -> None:
    """Sets when the policy may decide otherwise for a chat that is still waiting."""
    if chat is None or chat.state is not ChatState.WAITING:
        return
    policy = step.state.policy(step.state.queues[chat.queue].setup.policy)
    at = policy.look_again_at(chat, step.now)
    if at != chat.look_again_at:
        step.state.put(replace(chat, look_again_at=at))


def _tell_failure(step: Step, policy: str, error: Exception) -> None:
    step.state.emit(
        PolicyFailed(
            at=step.now,
            by=CLOCK,
            command=step.command,
            audience=STAFF,
            policy=policy,
            error=type(error).__name__,
        )
    )


def _watch_length(step: Step, queue_id: QueueId) -> None:
    """Shuts a queue that is full, and opens it again when enough have left (B54)."""
    queue = step.state.queues[queue_id]
    limit, waiting = queue.setup.length_limit, step.state.router.waiting(queue_id)
    if limit is None:
        full = False
    elif queue.full:
        reopen = limit - 1 if queue.setup.reopen_at is None else queue.setup.reopen_at
        full = waiting > reopen
    else:
        full = waiting >= limit
    if full == queue.full or queue.retired:
        return
    step.state.put(replace(queue, full=full))
    step.state.emit(
        QueueShut(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            queue=queue_id,
            shut=full,
            waiting=waiting,
        )
    )
