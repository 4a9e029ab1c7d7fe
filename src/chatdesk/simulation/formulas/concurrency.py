"""Agents who hold several chats at once and slow down as they take more.

An agent at level k (k chats open) finishes chats at the total rate `rate_by_level[k]`: each of
them at an equal part of it, with exponential work. Customers who find no agent with room wait in
one line.
"""

import enum
import math
from collections.abc import Iterator, Sequence
from operator import mul

import attrs
from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.backlog import Backlog, backlog
from chatdesk.simulation.formulas.chain import LevelChain
from chatdesk.simulation.formulas.checks import count, not_negative, positive, rates_by_level

Levels = tuple[int, ...]
"""How many agents hold 0, 1, …, K chats."""


class Dispatch(enum.StrEnum):
    """Which agent with room gets an arriving chat.

    `BALANCED` is an idealisation in which open chats are spread evenly at every moment, as if
    they could be moved between agents. It costs O(agents * limit) states instead of
    C(agents + limit, limit), and its line equals that of every other rule when agents do not
    slow down.
    """

    LEAST_BUSY = "least_busy"
    RANDOM = "random"
    MOST_BUSY = "most_busy"
    BALANCED = "balanced"


class Floor(Struct, frozen=True, kw_only=True):
    """Who is at work and how fast.

    `rate_by_level[0]` is 0 and `rate_by_level[k]` the total rate at which an agent with k chats
    finishes them; the last level is the limit. `leaving_rate_by_level[k]` is the rate at which
    *each* chat of an agent with k chats is left by its customer, unfinished.
    """

    agents: int
    arrival_rate: float
    rate_by_level: tuple[float, ...]
    abandonment_rate: float = 0.0
    leaving_rate_by_level: tuple[float, ...] | None = None
    dispatch: Dispatch = Dispatch.LEAST_BUSY

    @property
    def limit(self) -> int:
        """Most chats an agent holds."""
        return len(self.rate_by_level) - 1


class ConcurrentQueue(Struct, frozen=True):
    """The steady state of a floor.

    `utilisation` is an agent's share of time with at least one chat, `slot_utilisation` the share
    of all places that are taken, `level_shares[k]` the share of time an agent holds k chats,
    `mean_sojourn_in_service` the mean time from the answer to the end, left or finished.
    `p_abandon` is the share of all that leaves the line, `p_abandon_in_service` the share of all
    that leaves while served.
    """

    p_wait: float
    p_abandon: float
    p_abandon_in_service: float
    mean_wait: float
    mean_queue: float
    mean_chats_in_service: float
    mean_sojourn_in_service: float
    utilisation: float
    slot_utilisation: float
    throughput: float
    level_shares: tuple[float, ...]


@attrs.frozen
class _Solution:
    """The chances of the levels without a line, and the line's weights above the full state."""

    floor: Floor
    chain: LevelChain[Levels]
    line: Backlog
    unit: float  # times a weight of the line: its chance
    without_line: float  # times a chance of the chain: its chance when there may be a line

    def mean(self, values: Sequence[float]) -> float:
        """Mean sum of `values[level]` over the agents."""
        free = self.chain.mean(lambda levels: math.fsum(map(mul, levels, values)))
        lined = (self.line.total - self.line.head) * self.unit
        return free * self.without_line + self.floor.agents * values[-1] * lined


def concurrent(floor: Floor) -> ConcurrentQueue:
    """Return the steady state of agents with several chats at once.

    The chain of levels is solved to a relative change of 1e-12 a sweep and the line above the
    full state in closed form, so metrics agree with direct elimination to about 1e-10. Some 20,000
    states take 10 to 20 seconds: 190 agents with two chats, 45 with three, 25 with four.

    Raises InvalidParameter, UnstableModel (nobody gives up and too many come) and TooManyStates.
    """
    solution = _solve(floor)
    line, unit = solution.line, solution.unit
    arrivals, slots = floor.arrival_rate, floor.agents * floor.limit
    queue = line.queue * unit
    chats = solution.mean(range(floor.limit + 1))
    abandoned = floor.abandonment_rate * queue / arrivals
    return ConcurrentQueue(
        p_wait=line.total * unit,
        p_abandon=abandoned,
        p_abandon_in_service=solution.mean(_leaving(floor)) / arrivals,
        mean_wait=queue / arrivals,
        mean_queue=queue,
        mean_chats_in_service=chats,
        mean_sojourn_in_service=chats / (arrivals * (1 - abandoned)),
        utilisation=1 - solution.mean(_indicator(floor, 0)) / floor.agents,
        slot_utilisation=chats / slots,
        throughput=solution.mean(floor.rate_by_level),
        level_shares=tuple(
            solution.mean(_indicator(floor, level)) / floor.agents
            for level in range(floor.limit + 1)
        ),
    )


def concurrent_answered_within(floor: Floor, within: float) -> float:
    """Return the share of all customers whose chat begins at latest `within` after arrival."""
    solution = _solve(floor)
    late = solution.line.answered_beyond(not_negative("within", within)) * solution.unit
    lost = floor.abandonment_rate * solution.line.queue * solution.unit / floor.arrival_rate
    return 1 - lost - late


def concurrent_mean_wait_answered(floor: Floor) -> float:
    """Return the mean wait of those whose chat begins."""
    solution = _solve(floor)
    lost = floor.abandonment_rate * solution.line.queue * solution.unit / floor.arrival_rate
    return solution.line.answered_wait * solution.unit / (1 - lost)


def _solve(floor: Floor) -> _Solution:
    _check(floor)
    moves = _Moves(floor, tuple(map(sum, zip(floor.rate_by_level, _leaving(floor), strict=True))))
    line = backlog(floor.arrival_rate, floor.agents * moves.ending[-1], floor.abandonment_rate)
    chain = LevelChain.explore((floor.agents, *[0] * floor.limit), moves.climb, moves.fall)
    chain.solve()
    full = chain.chances[-1]
    whole = line.head * (1 - full) + full * line.total
    return _Solution(floor, chain, line, unit=full / whole, without_line=line.head / whole)


def _check(floor: Floor) -> None:
    count("agents", floor.agents)
    positive("arrival_rate", floor.arrival_rate)
    not_negative("abandonment_rate", floor.abandonment_rate)
    rates = rates_by_level("rate_by_level", floor.rate_by_level)
    for level, rate in enumerate(rates[1:], 1):
        positive(f"rate_by_level[{level}]", rate)
    if floor.leaving_rate_by_level is not None:
        leaving = rates_by_level("leaving_rate_by_level", floor.leaving_rate_by_level)
        if len(leaving) != len(rates):
            raise InvalidParameter(
                f"leaving_rate_by_level has {len(leaving)} levels and rate_by_level {len(rates)}: "
                "give one rate a level in both"
            )


def _leaving(floor: Floor) -> list[float]:
    """Rate at which an agent's chats are left, by level."""
    rates = floor.leaving_rate_by_level or (0.0,) * (floor.limit + 1)
    return [level * rate for level, rate in enumerate(rates)]


def _indicator(floor: Floor, wanted: int) -> list[float]:
    return [float(level == wanted) for level in range(floor.limit + 1)]


@attrs.frozen
class _Moves:
    """Arrivals and departures of a floor without a line."""

    floor: Floor
    ending: tuple[float, ...]

    def climb(self, levels: Levels) -> Iterator[tuple[Levels, float]]:
        """Where an arrival leads."""
        for level, weight in self._takers(levels):
            yield _shifted(levels, level, level + 1), self.floor.arrival_rate * weight

    def _takers(self, levels: Levels) -> Iterator[tuple[int, float]]:
        with_room = [level for level in range(self.floor.limit) if levels[level]]
        if not with_room:
            return
        match self.floor.dispatch:
            case Dispatch.RANDOM:
                agents = sum(levels[:-1])
                yield from ((level, levels[level] / agents) for level in with_room)
            case Dispatch.MOST_BUSY:
                yield with_room[-1], 1.0
            case Dispatch.LEAST_BUSY | Dispatch.BALANCED:
                yield with_room[0], 1.0

    def fall(self, levels: Levels) -> Iterator[tuple[Levels, float]]:
        """Where a chat's end leads."""
        busy = [level for level in range(1, self.floor.limit + 1) if levels[level]]
        if self.floor.dispatch is Dispatch.BALANCED:
            if busy:
                rate = math.fsum(levels[level] * self.ending[level] for level in busy)
                yield _shifted(levels, busy[-1], busy[-1] - 1), rate
            return
        for level in busy:
            yield _shifted(levels, level, level - 1), levels[level] * self.ending[level]


def _shifted(levels: Levels, source: int, target: int) -> Levels:
    changed = list(levels)
    changed[source] -= 1
    changed[target] += 1
    return tuple(changed)


def slowdown(rate_by_level: Sequence[float], level: int) -> float:
    """Return how many times longer a chat lasts at `level` than when the agent has it alone."""
    rates = rates_by_level("rate_by_level", rate_by_level)
    return level * rates[1] / rates[level]
