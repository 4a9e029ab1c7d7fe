"""How often responses are sent, older sendings counting less.

A count halves every `half_life`. All counts fall at the same rate, so only the logarithm at time
zero is kept and the order never changes by waiting.
"""

from collections.abc import Iterator
from math import exp2, log2

import attrs
from msgspec import Struct
from sortedcontainers import SortedList

from chatdesk.model.ids import AgentId, Instant, Seconds

HALF_LIFE: Seconds = 14 * 86_400.0

AGENT_SHARE = 0.5
"""How much of a response's usage is the agent's own, the rest being the desk's."""


class UsageCount(Struct, frozen=True):
    """One response's decayed count for one agent, or for the desk where `agent` is None.

    The count at a time t is 2 ** (level - t / half life).
    """

    response_id: str
    agent: AgentId | None
    level: float


@attrs.define
class Usage:
    """Decayed counts of sent responses, for the desk and for each agent."""

    half_life: Seconds = HALF_LIFE
    _levels: dict[AgentId | None, dict[str, float]] = attrs.field(factory=dict, init=False)
    _ordered: dict[AgentId | None, SortedList[tuple[float, str]]] = attrs.field(
        factory=dict, init=False
    )

    def __bool__(self) -> bool:
        return bool(self._levels.get(None))

    def sent(self, response_id: str, agent: AgentId, at: Instant) -> None:
        """Count one sending. O(log n)."""
        for whose in (None, agent):
            level = self._levels.get(whose, {}).get(response_id)
            self._put(UsageCount(response_id, whose, one_more(level, at / self.half_life)))

    def _put(self, count: UsageCount) -> None:
        levels = self._levels.setdefault(count.agent, {})
        ordered = self._ordered.setdefault(count.agent, SortedList())
        if count.response_id in levels:
            ordered.remove((-levels[count.response_id], count.response_id))
        levels[count.response_id] = count.level
        ordered.add((-count.level, count.response_id))

    def count(self, response_id: str, agent: AgentId | None, now: Instant) -> float:
        """The decayed count at `now`."""
        level = self._levels.get(agent, {}).get(response_id)
        return 0.0 if level is None else count_at(level, now, self.half_life)

    def share(self, response_id: str, agent: AgentId | None, now: Instant) -> float:
        """What the ranking sees: the desk's count and, if an agent asks, half that agent's own."""
        desk = self.count(response_id, None, now)
        if agent is None:
            return desk
        return (1 - AGENT_SHARE) * desk + AGENT_SHARE * self.count(response_id, agent, now)

    def most(self, agent: AgentId | None, limit: int) -> list[str]:
        """The most used responses, the agent's before the desk's, each once."""
        own = self._ordered.get(agent, ())
        desk = self._ordered.get(None, ())
        found = dict.fromkeys(response_id for _, response_id in own[:limit])
        found.update(dict.fromkeys(response_id for _, response_id in desk[:limit]))
        return list(found)[:limit]

    def forget(self, response_id: str) -> None:
        """Drop a response's counts."""
        for whose, levels in self._levels.items():
            level = levels.pop(response_id, None)
            if level is not None:
                self._ordered[whose].remove((-level, response_id))

    def counts(self) -> Iterator[UsageCount]:
        """Every count, for keeping."""
        for agent, levels in self._levels.items():
            for response_id, level in levels.items():
                yield UsageCount(response_id, agent, level)

    def restore(self, counts: "Iterator[UsageCount] | tuple[UsageCount, ...]") -> None:
        """Take kept counts over."""
        for count in counts:
            self._put(count)


def count_at(level: float, now: Instant, half_life: Seconds = HALF_LIFE) -> float:
    """The decayed count that a level stands for at `now`."""
    return exp2(level - now / half_life)


def one_more(level: float | None, at: float) -> float:
    """The level of a count with one more at `at`, in half lives; never overflows."""
    if level is None:
        return at
    high, low = max(level, at), min(level, at)
    return high + log2(1 + exp2(low - high))
