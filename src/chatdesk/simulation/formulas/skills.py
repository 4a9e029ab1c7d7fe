"""Classes of customers and pools of agents with different skills.

An agent who comes free takes the customer who has waited longest among those he can serve; a
customer who finds several able agents free gets the one who has been idle longest (FCFS-ALIS).
The steady state then has a product form: Adan and Weiss 2014, "A skill based parallel service
system under FCFS-ALIS", Stochastic Systems 4(1).
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import attrs
from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter, TooManyStates, UnstableModel
from chatdesk.simulation.formulas.checks import count, positive

MOST_STATES = 200_000

Busy = tuple[int, ...]
"""How many agents of each pool are busy."""


class Pool(Struct, frozen=True):
    """Agents who serve the same classes at the same rate."""

    name: str
    classes: frozenset[str]
    service_rate: float
    agents: int = 1


class SkilledQueue(Struct, frozen=True):
    """The steady state by class of customer and by pool of agents, each by name."""

    p_wait: Mapping[str, float]
    mean_wait: Mapping[str, float]
    mean_queue: Mapping[str, float]
    utilisation: Mapping[str, float]
    p_all_busy: float


def skilled(arrival_rates: Mapping[str, float], pools: Sequence[Pool]) -> SkilledQueue:
    """Return the steady state of skills under FCFS with longest-idle assignment.

    Exact; O(product over pools of (agents + 1)), times classes and pools, instead of
    one state an order of agents: sums over orders and lines are folded into sums over counts.

    Raises InvalidParameter, UnstableModel when some classes are more than the agents who can serve
    them can do, and TooManyStates.
    """
    _check(arrival_rates, pools)
    return _Skills(dict(arrival_rates), tuple(pools)).solve()


def _check(arrival_rates: Mapping[str, float], pools: Sequence[Pool]) -> None:
    for name, rate in arrival_rates.items():
        positive(f"arrival_rates[{name!r}]", rate)
    for pool in pools:
        positive(f"service_rate of pool {pool.name!r}", pool.service_rate)
        count(f"agents of pool {pool.name!r}", pool.agents)
    if len({pool.name for pool in pools}) < len(pools):
        raise InvalidParameter("two pools have the same name: give each its own")
    unserved = set(arrival_rates).difference(*(pool.classes for pool in pools))
    if unserved or not arrival_rates:
        raise InvalidParameter(f"no pool serves {sorted(unserved)}: add the skill to a pool")
    idle = [pool.name for pool in pools if not pool.classes & arrival_rates.keys()]
    if idle:
        raise InvalidParameter(f"pools {idle} serve no class that arrives: leave them out")
    if (states := math.prod(pool.agents + 1 for pool in pools)) > MOST_STATES:
        raise TooManyStates(f"{states} states, more than {MOST_STATES}: merge pools, or simulate")


@attrs.frozen
class _Skills:
    rates: dict[str, float]
    pools: tuple[Pool, ...]

    def solve(self) -> SkilledQueue:
        """Join the sums of busy and of idle agents to the chances of every count."""
        chances, queues = self._normalised()
        mean_queue = dict(zip(self.rates, queues, strict=True))
        return SkilledQueue(
            p_wait={name: self._waits(name, chances) for name in self.rates},
            mean_wait={name: mean_queue[name] / rate for name, rate in self.rates.items()},
            mean_queue=mean_queue,
            utilisation={
                pool.name: math.fsum(p * busy[i] for busy, p in chances.items()) / pool.agents
                for i, pool in enumerate(self.pools)
            },
            p_all_busy=chances[tuple(pool.agents for pool in self.pools)],
        )

    def _normalised(self) -> tuple[dict[Busy, float], list[float]]:
        busy, idle = self._busy_weights(), self._idle_weights()
        everybody = tuple(pool.agents for pool in self.pools)
        logs = {state: busy[state][0] + idle[_minus(everybody, state)] for state in busy}
        top = max(logs.values())
        weights = {state: math.exp(log - top) for state, log in logs.items()}
        whole = math.fsum(weights.values())
        chances = {state: weight / whole for state, weight in weights.items()}
        queues = [
            math.fsum(chances[state] * busy[state][1][i] for state in chances)
            for i in range(len(self.rates))
        ]
        return chances, queues

    def _states(self) -> Iterator[Busy]:
        """Counts in an order in which every predecessor comes first."""
        return itertools.product(*(range(pool.agents + 1) for pool in self.pools))

    def _busy_weights(self) -> dict[Busy, tuple[float, tuple[float, ...]]]:
        """For each count: log of the summed weights, and each class's mean line given the count.

        The last agent of an order adds the line of those whom only the busy can serve: geometric,
        which sums to 1 / (capacity - their rate).
        """
        start = (0,) * len(self.pools)
        weights = {start: (0.0, (0.0,) * len(self.rates))}
        for state in itertools.islice(self._states(), 1, None):
            spare, stuck = self._spare(state)
            log, shares = _mixture([weights[before][0] for before in _predecessors(state)])
            before = [weights[earlier][1] for earlier in _predecessors(state)]
            lines = tuple(
                math.fsum(share * line[i] for share, line in zip(shares, before, strict=True))
                + (rate / spare if name in stuck else 0.0)
                for i, (name, rate) in enumerate(self.rates.items())
            )
            weights[state] = log - math.log(spare), lines
        return weights

    def _spare(self, busy: Busy) -> tuple[float, frozenset[str]]:
        """Capacity of the busy beyond the classes that only they can serve, and these classes."""
        free = self._reach(_minus(tuple(pool.agents for pool in self.pools), busy))
        stuck = frozenset(self.rates) - free
        capacity = math.fsum(n * p.service_rate for n, p in zip(busy, self.pools, strict=True))
        wanted = math.fsum(self.rates[name] for name in stuck)
        if wanted >= capacity:
            raise UnstableModel(
                f"classes {sorted(stuck)} bring {wanted:g} chats for {capacity:g} that their "
                "agents can finish per unit of time: add agents or skills"
            )
        return capacity - wanted, stuck

    def _reach(self, idle: Busy) -> frozenset[str]:
        """Classes that some idle agent can serve."""
        able = (pool.classes for n, pool in zip(idle, self.pools, strict=True) if n)
        return frozenset(self.rates).intersection(frozenset().union(*able))

    def _idle_weights(self) -> dict[Busy, float]:
        """For each count of idle agents, the log of the weights summed over their orders."""
        weights = {(0,) * len(self.pools): 0.0}
        for state in itertools.islice(self._states(), 1, None):
            log, _ = _mixture([weights[before] for before in _predecessors(state)])
            weights[state] = log - math.log(
                math.fsum(map(self.rates.__getitem__, self._reach(state)))
            )
        return weights

    def _waits(self, name: str, chances: dict[Busy, float]) -> float:
        able = [i for i, pool in enumerate(self.pools) if name in pool.classes]
        return math.fsum(
            chance
            for busy, chance in chances.items()
            if all(busy[i] == self.pools[i].agents for i in able)
        )


def _predecessors(state: Busy) -> list[Busy]:
    """Counts with one agent less, in the pool of whoever is last in an order.

    Agents of a pool are alike: dividing every weight by the factorials of its counts turns
    the choice of the last agent into the choice of his pool, and cancels the number
    of ways to choose who is busy.
    """
    return [(*state[:i], n - 1, *state[i + 1 :]) for i, n in enumerate(state) if n]


def _mixture(logs: Sequence[float]) -> tuple[float, list[float]]:
    """Return the log of the sum of exponentials, and each one's share of the sum."""
    top = max(logs)
    parts = [math.exp(log - top) for log in logs]
    whole = math.fsum(parts)
    return top + math.log(whole), [part / whole for part in parts]


def _minus(one: Busy, other: Busy) -> Busy:
    return tuple(a - b for a, b in zip(one, other, strict=True))
