"""What happens when a deadline passes: the record is moved on, so that none fires twice."""

from collections.abc import Callable

from msgspec.structs import replace

from chatdesk.desk.chats import end, end_wrap_up_slot, pass_offer_on, return_to_line
from chatdesk.desk.presence import drop_leases, refresh_shift, withdraw_offers
from chatdesk.desk.step import STAFF, Step
from chatdesk.desk.tickets import expire
from chatdesk.desk.timers import next_wait_level, rescue_at, wait_limit_at
from chatdesk.desk.visits import gone
from chatdesk.model.events import PromiseOverdue, ReplyOverdue, WaitLevelChanged
from chatdesk.model.records import Agent, Chat
from chatdesk.model.values import ChatState, EndReason, OfferState
from chatdesk.rules.hours import opening
from chatdesk.rules.instants import between
from chatdesk.rules.lifecycle import IN_LINE


def fire(step: Step, kind: str, id_: str) -> None:
    """Handles the deadline of one record, which is due."""
    FIRE[kind](step, id_)


def _chat(step: Step, id_: str) -> None:
    chat = step.state.chats[id_]
    if chat.state in IN_LINE:
        _chat_in_line(step, chat)
    elif chat.state is ChatState.ACTIVE:
        _too_late(step, chat)
    else:
        end_wrap_up_slot(step, chat)


def _chat_in_line(step: Step, chat: Chat) -> None:
    limit = wait_limit_at(chat, step.state.queues[chat.queue])
    desk = step.state.desk
    level = None if desk is None else next_wait_level(chat, desk)
    if chat.visitor_until is not None and chat.visitor_until <= step.now:
        end(step, chat, EndReason.VISITOR_GONE)
    elif limit is not None and limit <= step.now:
        end(step, chat, EndReason.WAIT_LIMIT)
    elif level is not None and level[0] <= step.now:
        chat = replace(chat, wait_level=level[1])
        step.state.put(chat)
        step.state.emit(
            WaitLevelChanged(
                at=step.now,
                by=step.by,
                audience=STAFF,
                chat=chat.id,
                queue=chat.queue,
                level=chat.wait_level,
                waited=between(chat.queued_at, step.now),
            )
        )
    else:
        chat = replace(chat, look_again_at=None)
        step.state.put(chat)
        step.state.ask_again(chat)


def _too_late(step: Step, chat: Chat) -> None:
    """The visitor has waited too long for a reply, or for what was promised him."""
    if chat.reply_due_at is not None and chat.reply_due_at <= step.now:
        _reply_overdue(step, chat)
    else:
        _promise_overdue(step, chat)


def _promise_overdue(step: Step, chat: Chat) -> None:
    step.state.put(replace(chat, promise_late=True))
    step.state.emit(
        PromiseOverdue(
            at=step.now,
            by=step.by,
            audience=STAFF,
            chat=chat.id,
            queue=chat.queue,
            agent=chat.agent or "",
        )
    )


def _reply_overdue(step: Step, chat: Chat) -> None:
    step.state.put(replace(chat, reply_due_at=None))
    step.state.emit(
        ReplyOverdue(
            at=step.now,
            by=step.by,
            audience=STAFF,
            chat=chat.id,
            queue=chat.queue,
            agent=chat.agent or "",
            first=chat.first_reply_at is None,
        )
    )


def _agent(step: Step, id_: str) -> None:
    drop_leases(step, step.state.agents[id_])
    refresh_shift(step, step.state.agents[id_])
    withdraw_offers(step, step.state.agents[id_])
    _rescue(step, step.state.agents[id_])


def _rescue(step: Step, agent: Agent) -> None:
    """Gives the running chats of an agent who is lost back to the line, oldest first."""
    desk = step.state.desk
    at = None if desk is None else rescue_at(agent, desk)
    if at is None or at > step.now:
        return
    his = step.state.chats_of_agent.get(agent.id, ())
    for chat in sorted((step.state.chats[chat] for chat in his), key=lambda chat: chat.line):
        if chat.state is ChatState.ACTIVE:
            return_to_line(step, chat, "agent_lost")
        elif chat.holds_slot:
            end_wrap_up_slot(step, chat)


def _offer(step: Step, id_: str) -> None:
    pass_offer_on(step, step.state.offers[id_], OfferState.EXPIRED)


def _queue(step: Step, id_: str) -> None:
    queue = step.state.queues[id_]
    now_open = opening(queue.setup.hours, step.now)
    step.state.put(replace(queue, open=now_open.open, open_until=now_open.until))


def _visitor(step: Step, id_: str) -> None:
    step.state.put(gone(step.state.visitors[id_]))


def _ticket(step: Step, id_: str) -> None:
    expire(step, step.state.tickets[id_])


FIRE: dict[str, Callable[[Step, str], None]] = {
    "chat": _chat,
    "agent": _agent,
    "offer": _offer,
    "queue": _queue,
    "ticket": _ticket,
    "visitor": _visitor,
}
