"""Whether an agent gets chats: four separate facts, never one stored flag.

*Intent* is the agent's wish, *presence* his connected devices' leases, *schedule* his hours, *load*
his slots held. The status a console shows is derived from them by one table, first match first, so
that an agent at the maximum shows unavailable and below it available again, while a manual "not
accepting" survives both (B04, C12).
"""

from collections.abc import Callable

from chatdesk.model.records import Agent
from chatdesk.model.values import IntentKind, Status

STATUS: tuple[tuple[Callable[[Agent], bool], Status], ...] = (
    (lambda agent: agent.retired, Status.RETIRED),
    (lambda agent: not agent.leases, Status.OFFLINE),
    (lambda agent: agent.intent.kind is IntentKind.NOT_ACCEPTING, Status.NOT_ACCEPTING),
    (lambda agent: not agent.on_shift, Status.OFF_SHIFT),
    (lambda agent: agent.load >= agent.setup.capacity, Status.UNAVAILABLE),
    (lambda _: True, Status.AVAILABLE),
)


def status(agent: Agent) -> Status:
    """What the console shows for the agent."""
    return next(shown for holds, shown in STATUS if holds(agent))


def can_receive(agent: Agent) -> bool:
    """Whether the agent gets chats, but for his load; one with a maximum of 0 never does."""
    return (
        bool(agent.leases)
        and agent.setup.capacity > 0
        and agent.intent.kind is IntentKind.ACCEPTING
        and agent.on_shift
        and not agent.retired
    )
