"""Lengths of time that chance gives."""

import math
from itertools import islice
from random import Random
from statistics import fmean, pstdev

import pytest

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.laws import (
    BLOCK,
    Exponential,
    Fixed,
    Law,
    LogNormal,
    Never,
    Sample,
    draws,
    mean_of,
)
from chatdesk.simulation.streams import root, stream

LAWS: list[Law] = [Exponential(0.5), Fixed(2.0), Never(), LogNormal(2.0, 0.7), Sample((1.0, 5.0))]


class Twice:
    """A user's own law: twice a uniform number."""

    def block(self, stream: Random, count: int) -> list[float]:
        """One uniform number each."""
        return [2.0 * stream.random() for _ in range(count)]


@pytest.mark.parametrize("law", [*LAWS, Twice()], ids=lambda law: type(law).__name__)
def test_draws_are_the_same_in_blocks_of_any_size(law: Law) -> None:
    """One by one, in odd blocks or without end: the numbers are the same."""
    wanted = law.block(stream(root(1), "x"), BLOCK + 100)
    one_by_one = stream(root(1), "x")
    assert [law.block(one_by_one, 1)[0] for _ in wanted] == wanted
    in_blocks = stream(root(1), "x")
    assert [*law.block(in_blocks, 7), *law.block(in_blocks, BLOCK + 93)] == wanted
    assert list(islice(draws(law, stream(root(1), "x")), BLOCK + 100)) == wanted


def test_a_log_normal_law_has_its_mean_and_deviation() -> None:
    """The variation is the standard deviation divided by the mean."""
    drawn = LogNormal(3.0, 0.5).block(stream(root(2), "x"), 40_000)
    assert fmean(drawn) == pytest.approx(3.0, rel=0.02)
    assert pstdev(drawn) / fmean(drawn) == pytest.approx(0.5, rel=0.04)


def test_exponential_times_have_no_memory() -> None:
    """Of those beyond one mean, as many are beyond two as of all are beyond one."""
    drawn = Exponential(1.0).block(stream(root(3), "x"), 40_000)
    beyond = [sum(value > limit for value in drawn) / len(drawn) for limit in (1.0, 2.0)]
    assert beyond == pytest.approx([math.exp(-1), math.exp(-2)], abs=0.01)


def test_a_sample_gives_only_what_was_measured() -> None:
    """Each of the values as often as the others, with replacement."""
    drawn = Sample((1.0, 2.0, 4.0)).block(stream(root(4), "x"), 3000)
    assert set(drawn) == {1.0, 2.0, 4.0}
    assert all(900 < drawn.count(value) < 1100 for value in (1.0, 2.0, 4.0))


def test_means_are_known_of_built_in_laws_only() -> None:
    """A user's own law says nothing of its mean, so nothing is said of it."""
    assert [mean_of(law) for law in LAWS] == [2.0, 2.0, math.inf, 2.0, 3.0]
    assert mean_of(Twice()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Exponential(0.0),
        lambda: Exponential(math.inf),
        lambda: Fixed(-1.0),
        lambda: LogNormal(0.0, 1.0),
        lambda: LogNormal(1.0, math.nan),
        lambda: Sample(()),
        lambda: Sample((1.0, -1.0)),
    ],
)
def test_laws_that_cannot_be_are_refused(wrong: type) -> None:
    """No rate or mean of nothing, nothing negative, infinite or empty."""
    with pytest.raises(InvalidParameter):
        wrong()
