"""The steady state of a Markov chain that moves up or down one level at a time.

The level of a state is the number of chats in it: an arrival climbs one level, a departure falls
one. Dispatch, concurrency and unequal agents all have this form.
"""

import math
from collections.abc import Callable, Hashable, Iterable
from itertools import groupby
from operator import itemgetter
from typing import Generic, TypeVar

import attrs

from chatdesk.simulation.errors import TooManyStates

S = TypeVar("S", bound=Hashable)
Moves = Callable[[S], Iterable[tuple[S, float]]]

MOST_STATES = 150_000
TOLERANCE = 1e-12
"""Sweeps end when no state's chance changes by more than this share of it."""

_MOST_SWEEPS = 20_000
_LOWEST_LOG = -600.0


@attrs.define
class LevelChain(Generic[S]):
    """A chain whose states are in order of their levels, with their chances after `solve`."""

    states: list[S]
    levels: list[range]
    incoming: list[list[tuple[int, float]]]
    climbing: list[float]
    falling: list[float]
    chances: list[float]

    @classmethod
    def explore(
        cls, start: S, climb: Moves[S], fall: Moves[S], most: int = MOST_STATES
    ) -> "LevelChain[S]":
        """Build the chain of all states that can be reached from `start`, which has level 0.

        Raises TooManyStates beyond `most` states. O(transitions).
        """
        ordered = sorted(_levels(start, climb, fall, most).items(), key=itemgetter(1))
        states = [state for state, _ in ordered]
        chain = cls(
            states,
            levels=_ranges(level for _, level in ordered),
            incoming=[[] for _ in states],
            climbing=[0.0] * len(states),
            falling=[0.0] * len(states),
            chances=[1.0] * len(states),
        )
        index = {state: place for place, state in enumerate(states)}
        chain._link(index, climb, chain.climbing)
        chain._link(index, fall, chain.falling)
        return chain

    def _link(self, index: dict[S, int], moves: Moves[S], leaving: list[float]) -> None:
        for source, state in enumerate(self.states):
            for target, rate in moves(state):
                self.incoming[index[target]].append((source, rate))
                leaving[source] += rate

    def solve(self, tolerance: float = TOLERANCE, least: float = 0.0) -> None:
        """Compute the chances of all states, which then sum to 1.

        Gauss-Seidel sweeps down and up, each pair followed by the exact balance between
        levels (aggregation and disaggregation: Takahashi 1975; Stewart 1994, section 6). A sweep
        costs O(transitions); some dozens suffice, because the slow modes are those between levels.
        Changes are relative to a state's chance, or to `least` if that is more.
        Raises TooManyStates if the sweeps do not settle.
        """
        self._balance_levels()
        for _ in range(_MOST_SWEEPS):
            before = self.chances.copy()
            self._sweep(reversed(range(len(self.states))))
            self._sweep(range(len(self.states)))
            self._balance_levels()
            if self._change(before, least) < tolerance:
                return
        raise TooManyStates(f"no steady state within {_MOST_SWEEPS} sweeps: simulate instead")

    def _change(self, before: list[float], least: float) -> float:
        return max(
            abs(old - new) / max(new, least) for old, new in zip(before, self.chances, strict=True)
        )

    def _sweep(self, order: Iterable[int]) -> None:
        chances, incoming = self.chances, self.incoming
        climbing, falling = self.climbing, self.falling
        for state in order:
            flow = 0.0
            for source, rate in incoming[state]:
                flow += chances[source] * rate
            chances[state] = flow / (climbing[state] + falling[state])

    def _balance_levels(self) -> None:
        """Scale the levels so that as much climbs over each gap as falls back."""
        masses = [math.fsum(self.chances[i] for i in level) for level in self.levels]
        weights = self._level_weights(masses)
        for weight, mass, level in zip(weights, masses, self.levels, strict=True):
            scale = weight / mass
            for i in level:
                self.chances[i] *= scale

    def _level_weights(self, masses: list[float]) -> list[float]:
        """Chances of the levels; in logarithms, because high levels may be hardly possible."""
        logs = [0.0]
        for low in range(len(masses) - 1):
            climbed = self._flow(self.levels[low], self.climbing) / masses[low]
            fallen = self._flow(self.levels[low + 1], self.falling) / masses[low + 1]
            logs.append(logs[-1] + math.log(climbed / fallen))
        top = max(logs)
        weights = [math.exp(max(log - top, _LOWEST_LOG)) for log in logs]
        whole = math.fsum(weights)
        return [weight / whole for weight in weights]

    def _flow(self, level: range, rates: list[float]) -> float:
        return math.fsum(self.chances[i] * rates[i] for i in level)

    def mean(self, value: Callable[[S], float]) -> float:
        """Return the steady-state mean of a function of the state."""
        return math.fsum(
            chance * value(state) for chance, state in zip(self.chances, self.states, strict=True)
        )


def _levels(start: S, climb: Moves[S], fall: Moves[S], most: int) -> dict[S, int]:
    levels = {start: 0}
    fresh = [start]
    while fresh:
        state = fresh.pop()
        for moves, step in ((climb, 1), (fall, -1)):
            for target, _ in moves(state):
                if target not in levels:
                    levels[target] = levels[state] + step
                    fresh.append(target)
        if len(levels) > most:
            raise TooManyStates(
                f"more than {most} states: take fewer agents or a lower limit, or simulate"
            )
    return levels


def _ranges(levels: Iterable[int]) -> list[range]:
    ranges: list[range] = []
    begin = 0
    for _, members in groupby(levels):
        end = begin + sum(1 for _ in members)
        ranges.append(range(begin, end))
        begin = end
    return ranges
