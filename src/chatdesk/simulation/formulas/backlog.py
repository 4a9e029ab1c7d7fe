"""The line that forms once every agent is full, shared by every model with one line.

While all are full, customers arrive at rate `arrival_rate`, are taken at the total rate
`full_rate` and give up at `abandonment_rate` each. The chance of k in line, relative to none in
line, then depends on these three rates alone (Garnett, Mandelbaum and Reiman 2002, "Designing a
call center with impatient customers"), whatever happens below the full state.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from operator import mul
from typing import Protocol

import attrs

from chatdesk.simulation.formulas.checks import stable

NEGLIGIBLE = 1e-20
"""Line lengths less likely than this share of the likeliest are left out, far below rounding."""

_RESCALE = 1e250


class Backlog(Protocol):
    """Unnormalised sums over k, the number in line while all agents are full.

    Multiply each by (chance that all are full and nobody waits) / `head`.
    """

    @property
    def head(self) -> float:
        """Weight of nobody in line."""
        ...

    @property
    def total(self) -> float:
        """Weight of all agents full, whatever the line: an arrival now has to wait."""
        ...

    @property
    def queue(self) -> float:
        """Weighted number in line."""
        ...

    @property
    def offered_wait(self) -> float:
        """Weighted wait of an arrival who would never give up."""
        ...

    @property
    def answered_wait(self) -> float:
        """Weighted wait of an arrival who is answered, counting nothing for who gives up."""
        ...

    def offered_beyond(self, after: float) -> float:
        """Weight of an arrival who would have to wait longer than `after`."""
        ...

    def answered_beyond(self, after: float) -> float:
        """Weight of an arrival who is answered, but later than `after`."""
        ...


def backlog(arrival_rate: float, full_rate: float, abandonment_rate: float) -> Backlog:
    """Return the line above the full state.

    Raises UnstableModel when nobody gives up and more arrive than can be served.
    """
    if abandonment_rate == 0:
        stable(arrival_rate, full_rate)
        return PatientBacklog(arrival_rate, full_rate)
    return impatient_backlog(arrival_rate, full_rate, abandonment_rate)


@attrs.frozen
class PatientBacklog:
    """Nobody gives up: the line is geometric (M/M/n)."""

    arrival_rate: float
    full_rate: float

    @property
    def spare(self) -> float:
        """Rate at which the full desk gains on its line."""
        return self.full_rate - self.arrival_rate

    @property
    def head(self) -> float:
        """Weight of nobody in line."""
        return 1.0

    @property
    def total(self) -> float:
        """Weight of all agents full."""
        return self.full_rate / self.spare

    @property
    def queue(self) -> float:
        """Weighted number in line."""
        return self.total * self.arrival_rate / self.spare

    @property
    def offered_wait(self) -> float:
        """Weighted wait of an arrival."""
        return self.total / self.spare

    @property
    def answered_wait(self) -> float:
        """Weighted wait of an arrival: all are answered."""
        return self.offered_wait

    def offered_beyond(self, after: float) -> float:
        """Weight of an arrival who waits longer than `after`."""
        return self.total * math.exp(-self.spare * after)

    def answered_beyond(self, after: float) -> float:
        """Weight of an arrival answered later than `after`: all are answered."""
        return self.offered_beyond(after)


@attrs.frozen
class ImpatientBacklog:
    """Everybody has exponential patience: the line of M/M/n+M.

    `weights[i]` belongs to a line of `first + i`; the likeliest line weighs 1.
    """

    arrival_rate: float
    full_rate: float
    abandonment_rate: float
    first: int
    weights: tuple[float, ...]

    @property
    def head(self) -> float:
        """Weight of nobody in line; zero when that is beyond `NEGLIGIBLE`."""
        return self.weights[0] if self.first == 0 else 0.0

    @property
    def total(self) -> float:
        """Weight of all agents full."""
        return math.fsum(self.weights)

    @property
    def queue(self) -> float:
        """Weighted number in line."""
        return math.fsum(k * w for k, w in enumerate(self.weights, self.first))

    @property
    def offered_wait(self) -> float:
        """Weighted wait of an arrival who would never give up."""
        return math.fsum(map(mul, self.weights, self._sums_of_stages(0)))

    @property
    def answered_wait(self) -> float:
        """Weighted wait of those answered."""
        return math.fsum(
            w * stages * self._answered(k)
            for k, (w, stages) in enumerate(
                zip(self.weights, self._sums_of_stages(1), strict=False), self.first
            )
        )

    def offered_beyond(self, after: float) -> float:
        """Weight of an arrival who would have to wait longer than `after`."""
        return self._mixed_with_tails(self.weights, self.full_rate, after)

    def answered_beyond(self, after: float) -> float:
        """Weight of an arrival who is answered, but later than `after`."""
        answered = tuple(w * self._answered(k) for k, w in enumerate(self.weights, self.first))
        return self._mixed_with_tails(answered, self.full_rate + self.abandonment_rate, after)

    def _answered(self, ahead: int) -> float:
        """Chance that who finds `ahead` in line is answered: the product of the stages' shares."""
        return self.full_rate / (self.full_rate + (ahead + 1) * self.abandonment_rate)

    def _sums_of_stages(self, offset: int) -> Iterator[float]:
        """Mean time until k customers and oneself have moved, from k = `first` on."""
        stages = (
            1 / (self.full_rate + (i + offset) * self.abandonment_rate) for i in itertools.count()
        )
        return itertools.islice(itertools.accumulate(stages), self.first, None)

    def _mixed_with_tails(self, weights: Sequence[float], rate: float, after: float) -> float:
        """Sum over k of weights times P(sum of Exp(rate + i theta), i = 0..k, exceeds `after`).

        With x = exp(-theta after) that chance is I_x(rate / theta, k + 1), a sum of negative
        binomial terms, all positive (David and Nagaraja 2003, "Order Statistics").
        """
        shape = rate / self.abandonment_rate
        settled = -math.expm1(-self.abandonment_rate * after)
        term, result, log_scale = 1.0, 0.0, -rate * after
        for j, tail in enumerate(_tails(weights, self.first), 1):
            result += term * tail
            term *= (shape + j - 1) / j * settled
            if term > _RESCALE:
                term, result = term / _RESCALE, result / _RESCALE
                log_scale += math.log(_RESCALE)
        return math.exp(math.log(result) + log_scale) if result > 0 else 0.0


def _tails(weights: Sequence[float], first: int) -> Iterator[float]:
    """Yield, for j = 0, 1, …, the weight of lines of at least j."""
    sums = list(itertools.accumulate(reversed(weights)))
    yield from itertools.repeat(sums[-1], first)
    yield from reversed(sums)


def impatient_backlog(
    arrival_rate: float, full_rate: float, abandonment_rate: float
) -> ImpatientBacklog:
    """Return the line of customers with exponential patience, from its mode outwards.

    Starting at the mode keeps every weight between 0 and 1, so nothing overflows at any size.
    """
    mode = max(0, math.ceil((arrival_rate - full_rate) / abandonment_rate))
    below = list(_falling(_ratios_down(arrival_rate, full_rate, abandonment_rate, mode)))
    above = list(_falling(_ratios_up(arrival_rate, full_rate, abandonment_rate, mode)))
    return ImpatientBacklog(
        arrival_rate,
        full_rate,
        abandonment_rate,
        first=mode - len(below),
        weights=(*reversed(below), 1.0, *above),
    )


def _falling(ratios: Iterator[float]) -> Iterator[float]:
    weight = 1.0
    for ratio in ratios:
        weight *= ratio
        if weight < NEGLIGIBLE * (1 - min(ratio, 1 - 1e-9)):
            return
        yield weight


def _ratios_up(arrival: float, full: float, theta: float, mode: int) -> Iterator[float]:
    return (arrival / (full + k * theta) for k in itertools.count(mode + 1))


def _ratios_down(arrival: float, full: float, theta: float, mode: int) -> Iterator[float]:
    return ((full + k * theta) / arrival for k in range(mode, 0, -1))
