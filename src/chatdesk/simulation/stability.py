"""Whether customers who never give up can be served in the long run, whatever the policy."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import fsum, inf
from typing import TypeAlias

import attrs
from msgspec import Struct

Step: TypeAlias = tuple[str, str]
"""A stream, and a crew that may serve it."""


class Stream(Struct, frozen=True):
    """Customers who never give up, and who may serve them."""

    name: str
    load: float
    """Units of work that come per unit of time."""
    crews: frozenset[str]


class Overload(Struct, frozen=True):
    """Streams that bring as much work as all can do who may serve any of them, or more."""

    streams: tuple[str, ...]
    crews: tuple[str, ...]
    load: float
    capacity: float


def overload(streams: Sequence[Stream], capacities: Mapping[str, float]) -> Overload | None:
    """Some streams that are too much for their crews, or `None` when a policy can serve all.

    `capacities` gives each crew's units of work per unit of time, and may be infinite. Write N(S)
    for the crews who may serve a stream of a set S. There is a stable policy if and only if

        load(S) < capacity(N(S))  for every set S of streams that is not empty.

    *Necessary:* work of S is done by N(S) only, so if they can do no more than what comes, the line
    of S grows without bound, whoever gets whom. *Sufficient:* multiply all loads by a common factor
    a little above 1 that keeps every inequality. By the theorem of max-flow and min-cut (Ford and
    Fulkerson 1956; for such a graph the condition is Gale's 1957, and Hall's 1935 for units), the
    work then flows in full from streams to crews, so it can be split in fixed shares such that
    each crew gets less than it can do.

    The flow is found by shortest augmenting paths (Edmonds and Karp 1972), exactly, in fractions.
    From a stream whose load cannot be placed no path leads to a crew with capacity to spare; nor
    from one that is placed, but tight. The streams which such a search reaches are named: their
    crews do all they can, and for nobody else. O(V E^2) for V streams and crews with E pairs.
    """
    limited = [one for one in streams if one.load and _limit(one.crews, capacities) < inf]
    endless = next((one for one in limited if one.load == inf), None)
    if endless is not None:
        return _overload([endless], capacities)
    flow = _Flow.of(limited, capacities)
    stuck = next(filter(None, map(flow.place, flow.loads)), None)
    if stuck is None:
        stuck = next(filter(None, map(flow.tight, flow.loads)), None)
    return None if stuck is None else _overload([s for s in limited if s.name in stuck], capacities)


def _limit(crews: Collection[str], capacities: Mapping[str, float]) -> float:
    return fsum(most for name, most in capacities.items() if name in crews)


def _overload(streams: Sequence[Stream], capacities: Mapping[str, float]) -> Overload:
    able = frozenset().union(*(one.crews for one in streams))
    return Overload(
        tuple(one.name for one in streams),
        tuple(name for name in capacities if name in able),
        fsum(one.load for one in streams),
        _limit(able, capacities),
    )


@attrs.define(eq=False)
class _Flow:
    """Work on its way from streams to crews."""

    loads: dict[str, Fraction]
    serves: dict[str, tuple[str, ...]]
    """The crews that may serve a stream."""
    spare: dict[str, Fraction]
    """What a crew can do beyond what flows to it."""
    flows: dict[str, dict[str, Fraction]]
    """What flows to a crew from each stream that it does work of."""

    @classmethod
    def of(cls, streams: Sequence[Stream], capacities: Mapping[str, float]) -> "_Flow":
        """Nothing flows yet."""
        finite = {name: Fraction(most) for name, most in capacities.items() if most < inf}
        return cls(
            {one.name: Fraction(one.load) for one in streams},
            {one.name: tuple(name for name in finite if name in one.crews) for one in streams},
            finite,
            {name: {} for name in finite},
        )

    def place(self, stream: str) -> frozenset[str] | None:
        """Let all work of a stream flow; the streams in its way when that cannot be."""
        left = self.loads[stream]
        while left:
            came_from, last = self.search(stream)
            if last is None:
                return frozenset(came_from)
            left -= self.push(came_from, last, left)
        return None

    def tight(self, stream: str) -> frozenset[str] | None:
        """The streams of which none can be any more if this one is; `None` when it could."""
        came_from, last = self.search(stream)
        return frozenset(came_from) if last is None else None

    def search(self, stream: str) -> tuple[dict[str, Step | None], Step | None]:
        """How each stream was reached, and the last step, to the nearest crew with room.

        A step from a stream to a crew goes on to whoever the crew could do less for.
        """
        came_from: dict[str, Step | None] = {stream: None}
        seen: set[str] = set()
        row = deque((stream,))
        while row:
            here = row.popleft()
            for crew in self.serves[here]:
                if crew in seen:
                    continue
                if self.spare[crew]:
                    return came_from, (here, crew)
                seen.add(crew)
                for other in self.flows[crew]:
                    if other not in came_from:
                        came_from[other] = here, crew
                        row.append(other)
        return came_from, None

    def push(self, came_from: Mapping[str, Step | None], last: Step, most: Fraction) -> Fraction:
        """Let as much flow along a path as it can take; give how much."""
        steps, step = [last], came_from[last[0]]
        amount = min(most, self.spare[last[1]])
        while step is not None:
            amount = min(amount, self.flows[step[1]][steps[-1][0]])
            steps.append(step)
            step = came_from[step[0]]
        self.spare[last[1]] -= amount
        for number, (stream, crew) in enumerate(steps):
            self._change(crew, stream, amount)
            if number:
                self._change(crew, steps[number - 1][0], -amount)
        return amount

    def _change(self, crew: str, stream: str, by: Fraction) -> None:
        flows = self.flows[crew]
        flows[stream] = flows.get(stream, Fraction(0)) + by
        if not flows[stream]:
            del flows[stream]
