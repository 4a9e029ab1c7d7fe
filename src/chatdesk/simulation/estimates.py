"""How sure a simulated figure is: intervals from batches or replications, by Student's t."""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean, stdev

from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter

CONFIDENCE = 0.95
_STEPS = 200


class Estimate(Struct, frozen=True, omit_defaults=True):
    """A figure and the interval that covers the truth in 95 of 100 experiments.

    `low` and `high` are `None` when there is only one replication or batch to judge by.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def half_width(self) -> float | None:
        """Half the length of the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def student_chance(t: float, freedom: int) -> float:
    """The chance that `|T| <= t` for Student's T with so many degrees of freedom.

    Finite series: Abramowitz and Stegun 26.7.3 (odd) and 26.7.4 (even). O(freedom).
    """
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for place in range(1 + odd, freedom, 2):
        total += term
        term *= square * place / (place + 1)
    series = math.sin(angle) * total
    return 2 / math.pi * (angle + series) if odd else series


@lru_cache(maxsize=256)
def student_quantile(confidence: float, freedom: int) -> float:
    """The t with `P(|T| <= t)` is `confidence`, to the last digits, by halving."""
    if not 0 < confidence < 1 or freedom < 1:
        raise InvalidParameter(f"confidence {confidence} with {freedom} degrees of freedom")
    low, high = 0.0, 1.0
    while student_chance(high, freedom) < confidence:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if student_chance(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high


def replicated(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """The mean of independent replications with its interval."""
    if not values:
        raise InvalidParameter("there is no replication: give at least one")
    mean = fmean(values)
    if len(values) == 1 or not math.isfinite(mean):
        return Estimate(mean)
    half = _half(stdev(values, mean), len(values), confidence)
    return Estimate(mean, mean - half, mean + half)


def batched(whole: float, batches: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """The figure of one long run, with an interval from its batches (sectioning).

    Batches long against the time in which the desk forgets are nearly independent; deviations are
    taken from the whole run's figure, which is less biased than the batches' mean when the figure
    is no mean (Asmussen and Glynn 2007, "Stochastic Simulation", section III.5). Batches without
    such a figure, because nobody was answered in them, are left out.
    """
    known = list(filter(math.isfinite, batches))
    if len(known) <= 1 or not math.isfinite(whole):
        return Estimate(whole)
    half = _half(stdev(known, whole), len(known), confidence)
    return Estimate(whole, whole - half, whole + half)


def jackknifed(whole: float, without: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """The figure of one long run from those of the run without each batch.

    For figures such as Jain's index that a short batch distorts (Asmussen and Glynn 2007, III.5).
    """
    count = len(without)
    if count <= 1:
        return Estimate(whole)
    pseudo = [count * whole - (count - 1) * value for value in without]
    half = _half(stdev(pseudo), count, confidence)
    return Estimate(whole, whole - half, whole + half)


def paired(
    ours: Sequence[float], theirs: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """The mean difference of two policies that met the same customers, run by run."""
    return replicated([a - b for a, b in zip(ours, theirs, strict=True)], confidence)


def _half(deviation: float, count: int, confidence: float) -> float:
    return student_quantile(confidence, count - 1) * deviation / math.sqrt(count)
