"""Changing an agent: his facts, and the slots of his that chats hold."""

from msgspec.structs import replace

from chatdesk.desk.step import STAFF, Step
from chatdesk.model.events import AgentStatusChanged
from chatdesk.model.ids import AgentId
from chatdesk.model.records import Agent, Chat
from chatdesk.rules.availability import can_receive, status
from chatdesk.rules.instants import between
from chatdesk.rules.staff import Seat
from chatdesk.rules.waits import average


def change_agent(step: Step, before: Agent | None, after: Agent) -> None:
    """Takes an agent's new facts, with what they do to his place among the others.

    Who comes back into routing is last in the order of idleness and starts no lower than the
    present turn, so that he is not flooded with all the chats he did not get meanwhile.
    """
    was, can = before is not None and can_receive(before), can_receive(after)
    if can and not was:
        after = _come_back(step, after)
    elif was and not can:
        after = _leave(step, after)
    step.state.put(after)
    if before is None or _facts(before) != _facts(after):
        step.state.emit(_status_event(step, after))


def take_slot(step: Step, agent_id: AgentId) -> None:
    """The agent gets a chat: it counts as received, and it is his turn last."""
    seat = step.state.router.assign(agent_id, step.now)
    _keep_seat(step, step.state.agents[agent_id], seat)


def reserve_slot(step: Step, agent_id: AgentId) -> None:
    """An offer holds a slot without counting as received."""
    seat = step.state.router.reserve(agent_id)
    _keep_seat(step, step.state.agents[agent_id], seat)


def confirm_slot(step: Step, agent_id: AgentId) -> None:
    """The offer that holds a slot was accepted: the chat counts as received."""
    seat = step.state.router.confirm(agent_id, step.now)
    _keep_seat(step, step.state.agents[agent_id], seat)


def release_slot(step: Step, agent_id: AgentId) -> None:
    """A slot is free again; whoever still gets chats idles from now."""
    agent = step.state.agents[agent_id]
    if can_receive(agent):
        _keep_seat(step, agent, step.state.router.release(agent_id))
    else:
        change_agent(step, agent, replace(agent, load=agent.load - 1))


def free_chat_slot(step: Step, chat: Chat) -> Chat:
    """The chat without its slot, which its agent has back; also counts how long it was held."""
    if not chat.holds_slot or chat.agent is None:
        return chat
    release_slot(step, chat.agent)
    if chat.assigned_at is not None:
        counters = step.state.counters
        seconds = average(counters.handling_seconds, between(chat.assigned_at, step.now))
        step.state.put(replace(counters, handling_seconds=seconds))
    return replace(chat, holds_slot=False)


def _keep_seat(step: Step, agent: Agent, seat: Seat) -> None:
    """Records what routing made of the agent's seat."""
    after = replace(
        agent,
        load=seat.load,
        received=seat.received,
        turn=seat.turn,
        place=seat.place,
        last_assigned_at=seat.last_assigned_at,
        last_assigned_place=seat.last_assigned_place,
    )
    step.state.keep_counters()
    step.state.put(after)
    capacity = agent.setup.capacity
    if (agent.load >= capacity) is not (after.load >= capacity):
        step.state.emit(_status_event(step, after))


def _come_back(step: Step, agent: Agent) -> Agent:
    seat = step.state.seat_of(agent)
    step.state.router.come_back(seat)
    step.state.keep_counters()
    return replace(agent, available_since=step.now, turn=seat.turn, place=seat.place)


def _leave(step: Step, agent: Agent) -> Agent:
    since = step.now if agent.available_since is None else agent.available_since
    seconds = round(agent.available_seconds + between(since, step.now), 6)
    return replace(agent, available_since=None, available_seconds=seconds)


def _facts(agent: Agent) -> tuple[object, ...]:
    return status(agent), agent.intent, bool(agent.leases), agent.on_shift


def _status_event(step: Step, agent: Agent) -> AgentStatusChanged:
    return AgentStatusChanged(
        at=step.now,
        by=step.by,
        command=step.command,
        audience=STAFF,
        agent=agent.id,
        status=status(agent),
        intent=agent.intent.kind,
        present=bool(agent.leases),
        on_shift=agent.on_shift,
        load=agent.load,
        reason=agent.intent.reason,
    )
