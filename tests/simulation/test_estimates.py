"""Intervals: Student's t, batches, replications, pairs."""

import math
from random import Random
from statistics import fmean

import pytest

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import (
    batched,
    jackknifed,
    paired,
    replicated,
    student_chance,
    student_quantile,
)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.30265), (3, 3.18245), (9, 2.26216), (19, 2.09302), (29, 2.04523)],
)
def test_the_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    """95 % of Student's T lie within the printed values."""
    assert student_quantile(0.95, freedom) == pytest.approx(quantile, abs=1e-4)
    assert student_chance(quantile, freedom) == pytest.approx(0.95, abs=1e-5)


@pytest.mark.parametrize(("confidence", "freedom"), [(0.0, 3), (1.0, 3), (0.95, 0)])
def test_impossible_quantiles_are_refused(confidence: float, freedom: int) -> None:
    """There is no interval that is always or never right."""
    with pytest.raises(InvalidParameter):
        student_quantile(confidence, freedom)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Of 2,000 intervals from five draws each, 95 % hold the mean, but for chance."""
    stream = Random(5)
    covered = 0
    for _ in range(2000):
        found = replicated([stream.gauss(3.0, 2.0) for _ in range(5)])
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 3.0 <= found.high
    assert abs(covered / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_one_value_has_no_interval() -> None:
    """Nobody can tell the spread from one replication or batch."""
    assert replicated([2.0]).half_width is None
    assert batched(2.0, [2.0]).half_width is None
    assert jackknifed(2.0, [2.0]).half_width is None


def test_batches_that_have_no_figure_are_left_out() -> None:
    """A batch in which nobody was answered does not spoil the interval."""
    assert batched(2.0, [1.0, math.nan, 3.0]) == batched(2.0, [1.0, 3.0])


def test_the_jackknife_of_a_mean_is_its_usual_interval() -> None:
    """For a mean the pseudo-values are the batches themselves."""
    values = [1.0, 4.0, 2.0, 7.0]
    without = [(sum(values) - value) / 3 for value in values]
    usual, found = replicated(values), jackknifed(fmean(values), without)
    assert found.half_width == pytest.approx(usual.half_width)


def test_pairs_cancel_what_both_have_in_common() -> None:
    """Differences are judged run by run, however much the runs differ from each other."""
    found = paired([101.0, 203.0, 302.0], [100.0, 201.0, 301.0])
    assert found.value == pytest.approx(4 / 3)
    assert found.half_width is not None
    assert found.half_width < 2
