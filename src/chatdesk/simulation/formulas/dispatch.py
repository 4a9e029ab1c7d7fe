"""Agents with a line each: an arrival joins one of them at once and stays there."""

import math
from collections.abc import Iterator

import attrs
from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter, TooManyStates
from chatdesk.simulation.formulas.chain import MOST_STATES, LevelChain
from chatdesk.simulation.formulas.checks import count, positive, stable
from chatdesk.simulation.formulas.erlang import erlang_c

Lines = tuple[int, ...]
"""Customers at each agent, the one in service included, in ascending order."""

NEGLIGIBLE = 1e-15
"""Chance of the longest line and of the widest gap that the solver keeps."""

_FIRST_BOUND = 8
_ROUGH = 1e-6


class DispatchedQueue(Struct, frozen=True):
    """Mean times in the system, wait and service, of separate lines.

    `mean_sojourn_random` is that of random dispatch and `mean_sojourn_central_queue` that of one common line.
    """

    mean_sojourn: float
    mean_wait: float
    mean_in_system: float
    p_some_agent_idle: float
    mean_sojourn_random: float
    mean_sojourn_central_queue: float


def random_dispatch_sojourn(load: float, service_rate: float) -> float:
    """Return the mean time in system when each arrival joins a random agent: M/M/1 each.

    Raises InvalidParameter, and UnstableModel unless `load` < 1.
    """
    stable(positive("load", load), 1.0)
    return 1 / (positive("service_rate", service_rate) * (1 - load))


def power_of_choices_sojourn(load: float, service_rate: float, choices: int) -> float:
    """Return the mean time in system when an arrival joins the shortest of `choices` random lines.

    In the limit of many agents: the sum over i of load ** ((choices ** i - choices) / (choices - 1)),
    divided by the service rate (Vvedenskaya, Dobrushin and Karpelevich 1996; Mitzenmacher 2001). Terms are summed
    until they underflow. Raises InvalidParameter, and UnstableModel unless `load` < 1.
    """
    if count("choices", choices) == 1:
        return random_dispatch_sojourn(load, service_rate)
    stable(positive("load", load), 1.0)
    return math.fsum(_tail_chances(load, choices)) / positive("service_rate", service_rate)


def _tail_chances(load: float, choices: int) -> Iterator[float]:
    exponent, power = 0, choices
    while (chance := math.exp(exponent * math.log(load))) > 0:
        yield chance
        exponent += power
        power *= choices


def shortest_queue_limit_sojourn(service_rate: float) -> float:
    """Return the mean time in system of join-the-shortest-queue with ever more agents: no wait."""
    return 1 / positive("service_rate", service_rate)


def shortest_of(
    agents: int, load: float, service_rate: float, choices: int | None = None
) -> DispatchedQueue:
    """Return the steady state when arrivals join the shortest of `choices` lines, all by default.

    The lines looked at are different ones, drawn at random; among equals each is as likely. The
    chain of ordered lines is solved on a box, widened until the longest line and the widest gap between lines
    that it holds are less likely than 1e-15, so results are good to about 1e-11. For two to
    four agents, five at a light load.

    Raises InvalidParameter, UnstableModel unless `load` < 1, and TooManyStates.
    """
    looked_at = agents if choices is None else choices
    count("agents", agents)
    if not 1 <= count("choices", looked_at) <= agents:
        raise InvalidParameter(f"choices is {looked_at}: give 1 to {agents}, the number of agents")
    stable(positive("load", load), 1.0)
    arrival_rate = load * agents * positive("service_rate", service_rate)
    chain = _solve(_Box(agents, looked_at, arrival_rate, service_rate, _FIRST_BOUND, _FIRST_BOUND))
    in_system = chain.mean(sum)
    return DispatchedQueue(
        mean_sojourn=in_system / arrival_rate,
        mean_wait=in_system / arrival_rate - 1 / service_rate,
        mean_in_system=in_system,
        p_some_agent_idle=chain.mean(lambda lines: float(lines[0] == 0)),
        mean_sojourn_random=random_dispatch_sojourn(load, service_rate),
        mean_sojourn_central_queue=erlang_c(agents, arrival_rate, service_rate).mean_sojourn,
    )


@attrs.frozen
class _Box:
    """The ordered lines kept: none longer than `longest`, none more than `gap` above the least."""

    agents: int
    choices: int
    arrival_rate: float
    service_rate: float
    longest: int
    gap: int

    def climb(self, lines: Lines) -> Iterator[tuple[Lines, float]]:
        """Where an arrival leads, by the place of the shortest line it looks at."""
        draws = math.comb(self.agents, self.choices)
        for place, next_place in _runs(lines):
            longer = self._draws_from(place) - self._draws_from(next_place)
            if longer and (target := _with(lines, next_place - 1, 1)) in self:
                yield target, self.arrival_rate * longer / draws

    def _draws_from(self, place: int) -> int:
        return math.comb(self.agents - place, self.choices)

    def fall(self, lines: Lines) -> Iterator[tuple[Lines, float]]:
        """Where a departure leads."""
        for place, next_place in _runs(lines):
            if lines[place] and (target := _with(lines, place, -1)) in self:
                yield target, self.service_rate * (next_place - place)

    def __contains__(self, lines: Lines) -> bool:
        return lines[-1] <= self.longest and lines[-1] - lines[0] <= self.gap

    def states(self) -> int:
        """An upper bound of the number of states."""
        return (self.longest + 1) * math.comb(self.gap + self.agents - 1, self.agents - 1)


def _runs(lines: Lines) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of equal lines."""
    begin = 0
    for place in range(1, len(lines) + 1):
        if place == len(lines) or lines[place] != lines[begin]:
            yield begin, place
            begin = place


def _with(lines: Lines, place: int, step: int) -> Lines:
    return (*lines[:place], lines[place] + step, *lines[place + 1 :])


def _solve(box: _Box) -> LevelChain[Lines]:
    """Solve roughly and widen the box until what it leaves out is negligible, then solve well."""
    while True:
        if box.states() > MOST_STATES * 4:
            raise TooManyStates(
                f"{box.agents} lines at this load need more than {MOST_STATES} states: take fewer "
                "agents or a lower load, or simulate"
            )
        chain = LevelChain.explore((0,) * box.agents, box.climb, box.fall)
        chain.solve(_ROUGH)
        wider = _widened(box, chain)
        if wider == box:
            chain.solve()
            return chain
        box = wider


def _widened(box: _Box, chain: LevelChain[Lines]) -> _Box:
    longest = chain.mean(lambda lines: float(lines[-1] == box.longest))
    gap = chain.mean(lambda lines: float(lines[-1] - lines[0] == box.gap))
    return attrs.evolve(
        box,
        longest=box.longest + _missing(box.longest, longest),
        gap=min(box.gap + _missing(box.gap, gap), box.longest + _missing(box.longest, longest)),
    )


def _missing(bound: int, chance: float) -> int:
    """How much to widen a bound, if chances beyond it fall on as they have fallen up to it."""
    if chance <= NEGLIGIBLE:
        return 0
    decades = max(-math.log10(chance), 0.5)
    wanted = math.ceil(bound * -math.log10(NEGLIGIBLE) / decades) + 1
    return min(wanted, 2 * bound) - bound
