"""Agents with a line each: an arrival joins one of them at once and stays there."""

import heapq
import itertools
import math
from collections.abc import Iterator

import attrs
from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.chain import LevelChain, Moves
from chatdesk.simulation.formulas.checks import count, positive, stable
from chatdesk.simulation.formulas.erlang import erlang_c

Lines = tuple[int, ...]
"""Customers at each agent, the one in service included, in ascending order."""

NEGLIGIBLE = 1e-16
"""Chance below which a state is not explored further."""

_ROUGH = 0.3
_SETTLED = 1e-13
_LEAST = 1e-5


class DispatchedQueue(Struct, frozen=True):
    """Mean times in the system, wait and service, of separate lines.

    `mean_sojourn_random` is that of random dispatch and `mean_sojourn_central_queue` that of one
    common line.
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

    In the limit of many agents: the sum over i of
    load ** ((choices ** i - choices) / (choices - 1)), divided by the service rate (Vvedenskaya,
    Dobrushin and Karpelevich 1996; Mitzenmacher 2001). Terms are summed until they underflow.

    Raises InvalidParameter, and UnstableModel unless `load` < 1.
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
    chain of ordered lines is infinite; it is explored where it is likely, until states
    beyond have chances below 1e-16, and results are good to about 1e-10. Seconds for two to four
    agents.

    Raises InvalidParameter, UnstableModel unless `load` < 1, and TooManyStates.
    """
    looked_at = agents if choices is None else choices
    count("agents", agents)
    if not 1 <= count("choices", looked_at) <= agents:
        raise InvalidParameter(f"choices is {looked_at}: give 1 to {agents}, the number of agents")
    stable(positive("load", load), 1.0)
    arrival_rate = load * agents * positive("service_rate", service_rate)
    chain = _Lines(agents, looked_at, arrival_rate, service_rate).solve()
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
class _Lines:
    """Arrivals and departures, and the search for the states that matter."""

    agents: int
    choices: int
    arrival_rate: float
    service_rate: float

    def climb(self, lines: Lines) -> Iterator[tuple[Lines, float]]:
        """Where an arrival leads, by the place of the shortest line it looks at."""
        draws = math.comb(self.agents, self.choices)
        for place, next_place in _runs(lines):
            best_here = self._draws_from(place) - self._draws_from(next_place)
            if best_here:
                yield _with(lines, next_place - 1, 1), self.arrival_rate * best_here / draws

    def _draws_from(self, place: int) -> int:
        return math.comb(self.agents - place, self.choices)

    def fall(self, lines: Lines) -> Iterator[tuple[Lines, float]]:
        """Where a departure leads."""
        for place, next_place in _runs(lines):
            if lines[place]:
                yield _with(lines, place, -1), self.service_rate * (next_place - place)

    def solve(self) -> LevelChain[Lines]:
        """Explore and solve roughly in turns until hardly a chance is added, then solve well."""
        chances = self._evenly_filled()
        while True:
            found = self._explored(chances)
            chain = LevelChain.explore(
                (0,) * self.agents, _within(found, self.climb), _within(found, self.fall)
            )
            chain.chances = [found[state] for state in chain.states]
            if math.fsum(found[state] for state in found.keys() - chances) < _SETTLED:
                chain.solve(least=_LEAST)
                return chain
            chain.solve(_ROUGH, NEGLIGIBLE)
            chances = dict(zip(chain.states, chain.chances, strict=True))

    def _evenly_filled(self) -> dict[Lines, float]:
        """The states with equal lines, as likely as those of one common line."""
        load = self.arrival_rate / (self.agents * self.service_rate)
        most = math.ceil(math.log(NEGLIGIBLE) / math.log(load))
        return {self._even(n): load**n for n in range(most + 1)}

    def _even(self, customers: int) -> Lines:
        each, longer = divmod(customers, self.agents)
        return (each,) * (self.agents - longer) + (each + 1,) * longer

    def _explored(self, chances: dict[Lines, float]) -> dict[Lines, float]:
        """Add what moves from likely states lead to, most likely first, estimating its chance."""
        found = dict(chances)
        fresh = [(-chance, lines) for lines, chance in chances.items() if chance > NEGLIGIBLE]
        heapq.heapify(fresh)
        whole_rate = self.arrival_rate + self.agents * self.service_rate
        while fresh:
            minus_chance, lines = heapq.heappop(fresh)
            for target, rate in itertools.chain(self.climb(lines), self.fall(lines)):
                estimate = -minus_chance * rate / whole_rate
                if target not in found and estimate > NEGLIGIBLE:
                    self._add(target, estimate, found)
                    heapq.heappush(fresh, (-estimate, target))
        return found

    def _add(self, lines: Lines, chance: float, found: dict[Lines, float]) -> None:
        """Add a state and a way down from it, so that no state is a dead end."""
        while lines not in found:
            found[lines] = chance
            lines = _with(lines, lines.index(lines[-1]), -1)


def _within(found: dict[Lines, float], moves: Moves[Lines]) -> Moves[Lines]:
    return lambda lines: [move for move in moves(lines) if move[0] in found]


def _runs(lines: Lines) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of equal lines."""
    begin = 0
    for place in range(1, len(lines) + 1):
        if place == len(lines) or lines[place] != lines[begin]:
            yield begin, place
            begin = place


def _with(lines: Lines, place: int, step: int) -> Lines:
    return (*lines[:place], lines[place] + step, *lines[place + 1 :])
