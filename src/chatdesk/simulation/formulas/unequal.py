"""Agents of different speeds, one chat each, one line, customers who may give up."""

import enum
import math
from collections.abc import Callable, Iterator, Sequence

import attrs
from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.backlog import Backlog, backlog
from chatdesk.simulation.formulas.chain import LevelChain
from chatdesk.simulation.formulas.checks import not_negative, positive

_RESCALE = 1e200


class Preference(enum.StrEnum):
    """Which free agent gets an arriving chat; among equals the first in the list."""

    RANDOM = "random"
    LONGEST_IDLE = "longest_idle"
    FASTEST_FIRST = "fastest_first"
    SLOWEST_FIRST = "slowest_first"


class UnequalQueue(Struct, frozen=True):
    """The steady state; `utilisation[i]` and `share[i]` (of all arrivals) are of agent i."""

    p_wait: float
    p_abandon: float
    mean_wait: float
    mean_queue: float
    throughput: float
    utilisation: tuple[float, ...]
    share: tuple[float, ...]


@attrs.frozen
class _WithoutLine:
    """The steady state of the same agents if who finds none free went away."""

    p_full: float
    busy: tuple[float, ...]


def unequal(
    service_rates: Sequence[float],
    arrival_rate: float,
    abandonment_rate: float = 0.0,
    preference: Preference = Preference.RANDOM,
) -> UnequalQueue:
    """Return the steady state of agents with their own speeds.

    `RANDOM` and `LONGEST_IDLE` have the same steady state (Doroudi and Gopalakrishnan 2013), a
    product form (Gumbel 1960), computed in O(distinct speeds * agents ** 2). The ordered
    preferences go through the 2 ** agents sets of busy agents, to a relative change of 1e-12:
    about a dozen agents.

    Raises InvalidParameter, UnstableModel (nobody gives up and too many come) and TooManyStates.
    """
    if not service_rates:
        raise InvalidParameter("service_rates is empty: give the speed of at least one agent")
    rates = [positive(f"service_rates[{i}]", rate) for i, rate in enumerate(service_rates)]
    positive("arrival_rate", arrival_rate)
    not_negative("abandonment_rate", abandonment_rate)
    line = backlog(arrival_rate, math.fsum(rates), abandonment_rate)
    if preference in (Preference.RANDOM, Preference.LONGEST_IDLE):
        agents = _without_order(rates, arrival_rate)
    else:
        agents = _with_order(rates, arrival_rate, preference)
    return _with_line(rates, arrival_rate, abandonment_rate, agents, line)


def _with_line(
    rates: Sequence[float], arrivals: float, theta: float, agents: _WithoutLine, line: Backlog
) -> UnequalQueue:
    whole = line.head * (1 - agents.p_full) + agents.p_full * line.total
    unit = agents.p_full / whole
    lined = (line.total - line.head) * unit
    busy = tuple(line.head / whole * each + lined for each in agents.busy)
    queue = line.queue * unit
    return UnequalQueue(
        p_wait=line.total * unit,
        p_abandon=theta * queue / arrivals,
        mean_wait=queue / arrivals,
        mean_queue=queue,
        throughput=math.fsum(rate * each for rate, each in zip(rates, busy, strict=True)),
        utilisation=busy,
        share=tuple(rate * each / arrivals for rate, each in zip(rates, busy, strict=True)),
    )


def _without_order(rates: Sequence[float], arrival_rate: float) -> _WithoutLine:
    """Sum the weights of all sets of idle agents.

    A set of j weighs j! times the product of rate / arrival rate. The full state weighs 1; an
    agent is busy in the sets drawn from the others.
    """
    slowness = [rate / arrival_rate for rate in rates]
    whole = _log_of_idle_sets(slowness)
    others = {
        each: math.exp(_log_of_idle_sets(_without(slowness, each)) - whole)
        for each in set(slowness)
    }
    return _WithoutLine(p_full=math.exp(-whole), busy=tuple(map(others.__getitem__, slowness)))


def _without(values: Sequence[float], value: float) -> list[float]:
    place = values.index(value)
    return [*values[:place], *values[place + 1 :]]


def _log_of_idle_sets(slowness: Sequence[float]) -> float:
    """Log of the sum over j of j! times the j-th elementary symmetric sum."""
    sums, log_scale = [1.0], 0.0
    for each in slowness:
        sums.append(0.0)
        for j in range(len(sums) - 1, 0, -1):
            sums[j] += j * each * sums[j - 1]
        if (top := max(sums)) > _RESCALE:
            sums = [value / top for value in sums]
            log_scale += math.log(top)
    return math.log(math.fsum(sums)) + log_scale


def _with_order(
    rates: Sequence[float], arrival_rate: float, preference: Preference
) -> _WithoutLine:
    order = sorted(
        range(len(rates)),
        key=rates.__getitem__,
        reverse=preference is Preference.FASTEST_FIRST,
    )
    moves = _Moves(tuple(rates), arrival_rate, tuple(order))
    chain = LevelChain.explore(0, moves.climb, moves.fall)
    chain.solve()
    busy = tuple(chain.mean(_has_bit(agent)) for agent in range(len(rates)))
    return _WithoutLine(p_full=chain.chances[-1], busy=busy)


def _has_bit(place: int) -> Callable[[int], float]:
    return lambda taken: float(taken >> place & 1)


@attrs.frozen
class _Moves:
    """Arrivals and departures; a state is the set of busy agents as bits."""

    rates: tuple[float, ...]
    arrival_rate: float
    order: tuple[int, ...]

    def climb(self, taken: int) -> Iterator[tuple[int, float]]:
        """Where an arrival leads."""
        for agent in self.order:
            if not taken >> agent & 1:
                yield taken | 1 << agent, self.arrival_rate
                return

    def fall(self, taken: int) -> Iterator[tuple[int, float]]:
        """Where a departure leads."""
        for agent, rate in enumerate(self.rates):
            if taken >> agent & 1:
                yield taken ^ 1 << agent, rate
