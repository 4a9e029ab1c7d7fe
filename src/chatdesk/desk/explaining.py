"""Why: answers from the same facts and the same code that decide."""

from collections.abc import Iterator

from chatdesk.desk.state import State
from chatdesk.model.ids import Instant
from chatdesk.model.queries import Reason
from chatdesk.model.records import Agent, Chat
from chatdesk.model.values import ChatState, QueueMode, Status
from chatdesk.rules.availability import can_receive, status
from chatdesk.rules.lifecycle import IN_LINE
from chatdesk.rules.staff import need_of

STATUS_TEXT = {
    Status.OFFLINE: "no device is connected; open the console",
    Status.NOT_ACCEPTING: "the status is not accepting; set it to accepting",
    Status.OFF_SHIFT: "it is outside the agent's hours",
    Status.UNAVAILABLE: "the maximum number of chats is reached",
    Status.RETIRED: "the agent has been retired",
}


def explain(state: State, chat: Chat, now: Instant) -> tuple[Reason, ...]:
    """Why the chat is where it is, the most decisive reason first. O(agents)."""
    if chat.state not in IN_LINE:
        who = "" if chat.agent is None else f", with agent {chat.agent!r}"
        return (_reason(chat.state, f"the chat is {chat.state.replace('_', '-')}{who}", chat),)
    if chat.state is ChatState.OFFERED:
        offer = state.offer_of(chat)
        agent = None if offer is None else offer.agent
        text = f"the chat is offered to agent {agent!r}"
        return (Reason(code="offered", text=text, chat=chat.id, agent=agent),)
    return tuple(_why_waiting(state, chat, now))


def why_not(state: State, agent: Agent) -> tuple[Reason, ...]:
    """Why the agent receives no chat: first the status, then other reasons (B07)."""
    reasons = list(_why_no_chat(state, agent))
    if not reasons:
        text = "nothing: the next chat may come at any moment"
        return (Reason(code="available", text=text, agent=agent.id),)
    return tuple(reasons)


def _why_waiting(state: State, chat: Chat, now: Instant) -> Iterator[Reason]:
    queue = state.queues[chat.queue]
    if queue.setup.mode is QueueMode.PULL:
        yield _reason("pull", f"agents of queue {queue.id!r} take chats themselves", chat)
    need = need_of(chat, queue)
    serving = [
        agent for agent in state.agents.values() if need <= state.tags(agent) and not agent.retired
    ]
    if not serving:
        skills = ", ".join(sorted(need))
        yield _reason("nobody_serves", f"no agent of this desk has all of {skills}", chat)
    for agent in serving:
        yield from _why_not_this(agent, chat)
    position = state.router.position(chat.id)
    if position > 1:
        yield _reason("behind", f"{position - 1} chats are before it in the line", chat)
    if chat.look_again_at is not None and chat.look_again_at > now:
        seconds = round(chat.look_again_at - now)
        text = f"policy {queue.setup.policy!r} waits for a better agent, {seconds} s more"
        yield _reason("policy", text, chat)


def _why_not_this(agent: Agent, chat: Chat) -> Iterator[Reason]:
    shown = status(agent)
    if agent.id in chat.declined_by:
        text = f"agent {agent.id!r} declined it, let it expire or gave it away"
        yield Reason(code="declined", text=text, chat=chat.id, agent=agent.id)
    elif shown is not Status.AVAILABLE:
        text = f"agent {agent.id!r}: {STATUS_TEXT[shown]}"
        yield Reason(code=shown, text=text, chat=chat.id, agent=agent.id)


def _why_no_chat(state: State, agent: Agent) -> Iterator[Reason]:
    shown = status(agent)
    if shown is not Status.AVAILABLE:
        yield Reason(code=shown, text=STATUS_TEXT[shown], agent=agent.id)
    if not agent.setup.queues:
        yield Reason(code="no_queue", text="the agent serves no queue", agent=agent.id)
    for queue_id in agent.setup.queues:
        yield from _why_not_from(state, agent, queue_id)


def _why_not_from(state: State, agent: Agent, queue_id: str) -> Iterator[Reason]:
    queue = state.queues.get(queue_id)
    if queue is None or queue.retired:
        yield Reason(code="no_queue", text=f"queue {queue_id!r} is not in use", agent=agent.id)
        return
    missing = set(queue.setup.skills) - set(agent.setup.skills)
    if missing:
        text = f"queue {queue_id!r} needs {', '.join(sorted(missing))}"
        yield Reason(code="skills", text=text, agent=agent.id)
    elif not queue.open:
        text = f"queue {queue_id!r} is outside its hours"
        yield Reason(code="closed", text=text, agent=agent.id)
    elif state.router.waiting(queue_id) == 0:
        text = f"nobody waits in queue {queue_id!r}"
        yield Reason(code="nothing_waiting", text=text, agent=agent.id)
    elif queue.setup.mode is QueueMode.PULL and can_receive(agent):
        text = f"chats of queue {queue_id!r} are taken, not assigned: take a chat"
        yield Reason(code="pull", text=text, agent=agent.id)


def _reason(code: str, text: str, chat: Chat) -> Reason:
    return Reason(code=code, text=text, chat=chat.id)
