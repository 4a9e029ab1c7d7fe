"""Lengths of time that chance gives: patience, work, pauses.

A law is anything with `block`: draws come in blocks, because a list comprehension costs a third of
as many calls. Built-in laws are Structs, so a scenario file can name them.
"""

import math
from collections.abc import Iterator
from itertools import chain, repeat
from random import Random
from typing import Protocol, TypeAlias

from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.checks import not_negative, positive

BLOCK = 512
"""Draws made at once."""


class Law(Protocol):
    """A distribution of lengths of time, none of them negative; infinity stands for never."""

    def block(self, stream: Random, count: int) -> list[float]:
        """The next `count` draws; drawing in other blocks gives the same ones."""
        ...


class Exponential(Struct, frozen=True, tag="exponential", forbid_unknown_fields=True):
    """Memoryless, with a rate per unit of time: the mean is 1 / rate."""

    rate: float

    def __post_init__(self) -> None:
        positive("rate of an exponential law", self.rate)

    def block(self, stream: Random, count: int) -> list[float]:
        """By inversion, one uniform number each."""
        log, mean, uniform = math.log, -1.0 / self.rate, stream.random
        return [mean * log(1.0 - uniform()) for _ in repeat(None, count)]


class Fixed(Struct, frozen=True, tag="fixed", forbid_unknown_fields=True):
    """Always the same."""

    value: float

    def __post_init__(self) -> None:
        not_negative("value of a fixed law", self.value)

    def block(self, stream: Random, count: int) -> list[float]:  # noqa: ARG002  # nothing to draw
        """The value."""
        return [self.value] * count


class Never(Struct, frozen=True, tag="never", forbid_unknown_fields=True):
    """No end: the patience of who does not give up."""

    def block(self, stream: Random, count: int) -> list[float]:  # noqa: ARG002  # nothing to draw
        """Infinity."""
        return [math.inf] * count


class LogNormal(Struct, frozen=True, tag="log_normal", forbid_unknown_fields=True):
    """As handling times are found to be (Brown et al. 2005, JASA 100, section 4.3).

    `variation` is the standard deviation divided by the mean.
    """

    mean: float
    variation: float

    def __post_init__(self) -> None:
        positive("mean of a log-normal law", self.mean)
        positive("variation of a log-normal law", self.variation)

    def block(self, stream: Random, count: int) -> list[float]:
        """Exponentials of normal draws; the pairs of `Random.gauss` are kept in the stream."""
        spread = math.log1p(self.variation**2)
        centre, width = math.log(self.mean) - spread / 2, math.sqrt(spread)
        return [math.exp(stream.gauss(centre, width)) for _ in repeat(None, count)]


class Sample(Struct, frozen=True, tag="sample", forbid_unknown_fields=True):
    """Any of the lengths that were measured, each as likely as the others."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InvalidParameter("a sample is empty: give at least one measured value")
        for value in self.values:
            not_negative("a value of a sample", value)

    def block(self, stream: Random, count: int) -> list[float]:
        """With replacement."""
        return stream.choices(self.values, k=count)


AnyLaw: TypeAlias = Exponential | Fixed | Never | LogNormal | Sample
"""The laws that a scenario file can name by `type`."""


def draws(law: Law, stream: Random) -> Iterator[float]:
    """All draws of a law, without end."""
    return chain.from_iterable(law.block(stream, BLOCK) for _ in repeat(None))


def mean_of(law: Law) -> float | None:
    """The mean of a built-in law; `None` for a law of the user's own."""
    match law:
        case Exponential(rate):
            return 1.0 / rate
        case Fixed(value):
            return value
        case Never():
            return math.inf
        case LogNormal(mean, _):
            return mean
        case Sample(values):
            return math.fsum(values) / len(values)
        case _:
            return None
