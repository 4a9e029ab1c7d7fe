"""The moves of a chat's life: each takes a chat, does all that belongs to the move, and puts it."""

from msgspec.structs import replace

from chatdesk.desk.staffing import (
    confirm_slot,
    free_chat_slot,
    release_slot,
    reserve_slot,
    take_slot,
)
from chatdesk.desk.state import offer_id
from chatdesk.desk.step import STAFF, Step, chat_audience
from chatdesk.desk.talk import expect_reply, say
from chatdesk.model.events import (
    ChatAssigned,
    ChatClosed,
    ChatEnded,
    ChatReturned,
    OfferMade,
    OfferSettled,
    RatingInvited,
    SlotReleased,
)
from chatdesk.model.ids import AgentId
from chatdesk.model.records import Chat, Offer
from chatdesk.model.values import EndReason, OfferState, QueueMode, WaitLevel
from chatdesk.rules.forms import requires_answers
from chatdesk.rules.instants import after, between
from chatdesk.rules.lifecycle import (
    CHAT,
    IN_LINE,
    OFFER,
    ChatTrigger,
    OfferTrigger,
    follow,
)
from chatdesk.rules.staff import need_of

SETTLE = {
    OfferState.ACCEPTED: OfferTrigger.ACCEPT,
    OfferState.DECLINED: OfferTrigger.DECLINE,
    OfferState.EXPIRED: OfferTrigger.EXPIRE,
    OfferState.WITHDRAWN: OfferTrigger.WITHDRAW,
}


def move(chat: Chat, trigger: ChatTrigger) -> Chat:
    """The chat in its next state; raises `WrongState`."""
    return replace(chat, state=follow(CHAT, chat.state, trigger, f"chat {chat.id!r}"))


# -- to an agent ---------------------------------------------------------------------------------


def assign(step: Step, chat: Chat, agent_id: AgentId, mode: QueueMode) -> Chat:
    """The chat in line becomes an agent's, who must have room."""
    chat = replace(move(chat, ChatTrigger.ASSIGN), epoch=chat.epoch + 1)
    take_slot(step, agent_id)
    return _begin(step, chat, agent_id, mode)


def accept(step: Step, chat: Chat, offer: Offer) -> Chat:
    """The offered chat becomes the agent's."""
    chat = move(chat, ChatTrigger.ACCEPT)
    settle_offer(step, chat, offer, OfferState.ACCEPTED)
    confirm_slot(step, offer.agent)
    return _begin(step, chat, offer.agent, QueueMode.OFFER)


def hand_over(step: Step, chat: Chat, agent_id: AgentId) -> Chat:
    """The running chat becomes another agent's, who must have room."""
    chat = free_chat_slot(step, chat)
    chat = replace(move(chat, ChatTrigger.HAND_OVER), epoch=chat.epoch + 1)
    take_slot(step, agent_id)
    mode = step.state.queues[chat.queue].setup.mode
    return _begin(step, replace(chat, queued_at=step.now), agent_id, mode)


def _begin(step: Step, chat: Chat, agent_id: AgentId, mode: QueueMode) -> Chat:
    agent = step.state.agents[agent_id]
    chat = replace(
        chat,
        agent=agent_id,
        agents=(*chat.agents, agent_id),
        holds_slot=True,
        assigned_at=step.now,
        first_assigned_at=chat.first_assigned_at or step.now,
        visitor_until=None,
        look_again_at=None,
        attention=chat.visitor_seq > chat.read_to,
    )
    if chat.unanswered_since is not None:
        chat = expect_reply(step, chat)
    step.state.emit(
        ChatAssigned(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(chat),
            chat=chat.id,
            queue=chat.queue,
            agent=agent_id,
            epoch=chat.epoch,
            waited=between(chat.queued_at, step.now),
            load=agent.load,
            mode=mode,
            policy=step.state.queues[chat.queue].setup.policy,
        )
    )
    chat = say(step, chat, "agent_joined", agent=agent.setup.name)
    step.state.put(chat)
    return chat


# -- offers --------------------------------------------------------------------------------------


def make_offer(step: Step, chat: Chat, agent_id: AgentId) -> None:
    """Shows the chat to an agent, who has a slot held for it."""
    chat = replace(move(chat, ChatTrigger.OFFER), epoch=chat.epoch + 1)
    step.state.put(chat)
    reserve_slot(step, agent_id)
    until = after(step.now, step.state.queues[chat.queue].setup.offer_seconds)
    offer = Offer(
        id=offer_id(chat.id, chat.epoch),
        state=OfferState.PENDING,
        chat=chat.id,
        agent=agent_id,
        epoch=chat.epoch,
        made_at=step.now,
        until=until,
    )
    step.state.put(offer)
    step.state.emit(
        OfferMade(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            chat=chat.id,
            queue=chat.queue,
            agent=agent_id,
            epoch=chat.epoch,
            until=until,
        )
    )


def settle_offer(step: Step, chat: Chat, offer: Offer, state: OfferState) -> None:
    """Ends an offer and, unless it is accepted, gives its slot back."""
    follow(OFFER, offer.state, SETTLE[state], f"offer {offer.id!r}")
    step.state.put(replace(offer, state=state, settled_at=step.now))
    if state is not OfferState.ACCEPTED:
        release_slot(step, offer.agent)
    step.state.emit(
        OfferSettled(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            chat=chat.id,
            queue=chat.queue,
            agent=offer.agent,
            epoch=offer.epoch,
            state=state,
        )
    )


def pass_offer_on(step: Step, offer: Offer, state: OfferState) -> None:
    """The offer was not accepted: the chat waits for the next agent, never the same one again.

    A withdrawn offer (the agent left) does not count against the agent.
    """
    chat = step.state.chats[offer.chat]
    settle_offer(step, chat, offer, state)
    declined = chat.declined_by
    if state is not OfferState.WITHDRAWN:
        declined = (*declined, offer.agent)
    step.state.put(replace(move(chat, ChatTrigger.REFUSE), declined_by=declined))


# -- back to the line ----------------------------------------------------------------------------


def return_to_line(step: Step, chat: Chat, reason: str) -> Chat:
    """The running chat waits again, with its place in time; waits are counted anew."""
    agent_id = chat.agent or ""
    chat = free_chat_slot(step, chat)
    chat = replace(
        move(chat, ChatTrigger.RETURN),
        agent=None,
        epoch=chat.epoch + 1,
        queued_at=step.now,
        wait_level=WaitLevel.FINE,
        visitor_until=after(step.now, step.setup.visitor_lease_seconds),
        reply_due_at=None,
        assigned_at=None,
        attention=False,
    )
    step.state.emit(
        ChatReturned(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(chat),
            chat=chat.id,
            queue=chat.queue,
            agent=agent_id,
            reason=reason,
        )
    )
    chat = say(step, chat, "back_in_line")
    step.state.put(chat)
    return chat


# -- the end -------------------------------------------------------------------------------------


def end(step: Step, chat: Chat, reason: EndReason) -> Chat:
    """Ends whatever is going on: a conversation wraps up, a wait is over."""
    return _end_wait(step, chat, reason) if chat.state in IN_LINE else _end_talk(step, chat, reason)


def _end_wait(step: Step, chat: Chat, reason: EndReason) -> Chat:
    left = reason in {EndReason.VISITOR, EndReason.VISITOR_GONE}
    ended = move(chat, ChatTrigger.LEAVE if left else ChatTrigger.MISS)
    offer = step.state.offer_of(chat)
    if offer is not None:
        settle_offer(step, chat, offer, OfferState.WITHDRAWN)
    ended = replace(ended, visitor_until=None, look_again_at=None, closed_at=step.now)
    return _ended(step, ended, reason)


def _end_talk(step: Step, chat: Chat, reason: EndReason) -> Chat:
    ended = move(chat, ChatTrigger.END)
    setup = step.setup
    if setup.wrap_up_holds_slot:
        until = setup.wrap_up_seconds
        limit = None if until is None else after(step.now, until)
        ended = replace(ended, wrap_up_until=limit)
    else:
        ended = free_chat_slot(step, ended)
    ended = say(step, replace(ended, reply_due_at=None), "ended", by=reason)
    ended = _ended(step, ended, reason)
    step.state.emit(
        RatingInvited(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(ended),
            chat=ended.id,
            queue=ended.queue,
        )
    )
    return ended


def _ended(step: Step, chat: Chat, reason: EndReason) -> Chat:
    chat = replace(chat, ended_at=step.now, ended_by=reason)
    step.state.put(chat)
    visitor = step.state.visitors.get(chat.visitor)
    if visitor is not None and visitor.chat == chat.id:
        step.state.put(replace(visitor, chat=None))
    served = chat.first_assigned_at is not None
    step.state.emit(
        ChatEnded(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(chat),
            chat=chat.id,
            queue=chat.queue,
            reason=reason,
            agent=chat.agent,
            served=served,
            waited=None if chat.agent is not None else between(chat.queued_at, step.now),
        )
    )
    return chat


def end_wrap_up_slot(step: Step, chat: Chat) -> None:
    """The wrap-up has held its slot long enough; the chat closes if nothing is left to fill."""
    agent_id = chat.agent or ""
    chat = replace(free_chat_slot(step, chat), wrap_up_until=None)
    step.state.put(chat)
    step.state.emit(
        SlotReleased(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            chat=chat.id,
            queue=chat.queue,
            agent=agent_id,
        )
    )
    if is_qualified(step, chat):
        close(step, chat)


def is_qualified(step: Step, chat: Chat) -> bool:
    """Whether nothing that is required is open (A26)."""
    return chat.qualified_at is not None or not requires_answers(step.setup.qualification)


def close(step: Step, chat: Chat) -> None:
    """Closes the chat for good."""
    chat = free_chat_slot(step, chat)
    chat = replace(move(chat, ChatTrigger.CLOSE), closed_at=step.now, wrap_up_until=None)
    step.state.put(replace(chat, attention=False))
    step.state.emit(
        ChatClosed(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(chat),
            chat=chat.id,
            queue=chat.queue,
            agent=chat.agent,
        )
    )


def is_staffed(step: Step, chat: Chat) -> bool:
    """Whether any agent who did not decline it gets chats like this one, with room or without.

    O(groups of equal skills), and O(agents) for a chat that somebody declined.
    """
    router = step.state.router
    if chat.declined_by:
        return not set(router.eligible_seats(chat).covering) <= set(chat.declined_by)
    return router.covers(need_of(chat, step.state.queues[chat.queue]))
