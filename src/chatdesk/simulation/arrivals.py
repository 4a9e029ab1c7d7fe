"""When customers come."""

import math
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Protocol, TypeAlias

from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.checks import not_negative, positive
from chatdesk.simulation.laws import Exponential, draws


class Arrivals(Protocol):
    """A stream of instants, from 0 on, none before the one before."""

    def times(self, stream: Random) -> Iterator[float]:
        """The instants, perhaps without end."""
        ...


class Poisson(Struct, frozen=True, tag="poisson", forbid_unknown_fields=True):
    """At any moment as likely as at any other: `rate` customers per unit of time."""

    rate: float

    def __post_init__(self) -> None:
        positive("arrival rate", self.rate)

    def times(self, stream: Random) -> Iterator[float]:
        """Sums of exponential gaps."""
        return accumulate(draws(Exponential(self.rate), stream))


class Stretch(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of time with one arrival rate."""

    length: float
    rate: float


class Varying(Struct, frozen=True, tag="varying", forbid_unknown_fields=True):
    """A Poisson stream whose rate goes by the hour of a day that repeats itself."""

    stretches: tuple[Stretch, ...]

    def __post_init__(self) -> None:
        for stretch in self.stretches:
            positive("length of a stretch", stretch.length)
            not_negative("rate of a stretch", stretch.rate)
        if not any(stretch.rate for stretch in self.stretches):
            raise InvalidParameter("no stretch has arrivals: give at least one a rate above 0")

    def times(self, stream: Random) -> Iterator[float]:
        """A stream of rate 1, stretched where fewer come (Çinlar 1975, chapter 4.7)."""
        due, begin = draws(Exponential(1.0), stream), 0.0
        wanted = next(due)
        while True:
            for stretch in self.stretches:
                at, end = begin, begin + stretch.length
                while stretch.rate and at + wanted / stretch.rate <= end:
                    at += wanted / stretch.rate
                    yield at
                    wanted = next(due)
                wanted -= (end - at) * stretch.rate
                begin = end


class Bursty(Struct, frozen=True, tag="bursty", forbid_unknown_fields=True):
    """Calm and bursts take turns, each of exponential length, with a Poisson stream in each.

    A Markov-modulated Poisson process of two phases (Fischer and Meier-Hellstern 1993).
    """

    calm_rate: float
    burst_rate: float
    mean_calm: float
    mean_burst: float

    def __post_init__(self) -> None:
        not_negative("calm_rate", self.calm_rate)
        positive("burst_rate", self.burst_rate)
        positive("mean_calm", self.mean_calm)
        positive("mean_burst", self.mean_burst)

    def times(self, stream: Random) -> Iterator[float]:
        """Phase by phase; what is left of a gap at a change of phase is drawn anew."""
        begin = 0.0
        phases = ((self.calm_rate, self.mean_calm), (self.burst_rate, self.mean_burst))
        while True:
            for rate, mean_length in phases:
                end = begin + stream.expovariate(1.0 / mean_length)
                at = begin + _gap(stream, rate)
                while at <= end:
                    yield at
                    at += _gap(stream, rate)
                begin = end


def _gap(stream: Random, rate: float) -> float:
    return stream.expovariate(rate) if rate else math.inf


class Recorded(Struct, frozen=True, tag="recorded", forbid_unknown_fields=True):
    """The instants that were seen, from a log."""

    instants: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.instants:
            raise InvalidParameter("no arrivals are recorded: give at least one instant")
        for earlier, later in zip((0.0, *self.instants), self.instants, strict=False):
            if not (math.isfinite(later) and earlier <= later):
                raise InvalidParameter(
                    f"recorded arrivals go from {earlier!r} to {later!r}: give finite instants, "
                    "from 0 on, in order"
                )

    def times(self, stream: Random) -> Iterator[float]:  # noqa: ARG002  # nothing to draw
        """The instants, once."""
        return iter(self.instants)


AnyArrivals: TypeAlias = Poisson | Varying | Bursty | Recorded
"""The arrivals that a scenario file can name by `type`."""


def mean_rate(arrivals: Arrivals) -> float | None:
    """Customers per unit of time in the long run; `None` for a log or a user's own stream."""
    match arrivals:
        case Poisson(rate):
            return rate
        case Varying(stretches):
            whole = math.fsum(s.length for s in stretches)
            return math.fsum(s.length * s.rate for s in stretches) / whole
        case Bursty(calm, burst, mean_calm, mean_burst):
            return (calm * mean_calm + burst * mean_burst) / (mean_calm + mean_burst)
        case _:
            return None


def is_steady(arrivals: Arrivals) -> bool:
    """Whether every stretch of time is like every other, so that a beginning can be left out."""
    return isinstance(arrivals, Poisson | Bursty)
