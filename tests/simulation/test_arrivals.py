"""Arrivals and laws: rates, means, and the same draws for the same seed."""

import math
from collections.abc import Iterator
from itertools import islice, takewhile

import pytest

from chatdesk.simulation.arrivals import (
    Arrivals,
    Bursty,
    Poisson,
    Recorded,
    Stretch,
    Varying,
    is_steady,
    mean_rate,
)
from chatdesk.simulation.customers import customers
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.laws import Exponential, Fixed, Law, LogNormal, Never, Sample, mean_of
from chatdesk.simulation.scenario import Kind
from chatdesk.simulation.streams import replication, root, stream

LONG = 20_000.0


def times(arrivals: Arrivals, seed: int = 1) -> Iterator[float]:
    """The instants for a seed."""
    return arrivals.times(stream(root(seed), "arrivals"))


@pytest.mark.parametrize(
    "arrivals",
    [
        Poisson(2.0),
        Varying((Stretch(10.0, 4.0), Stretch(5.0, 0.0), Stretch(5.0, 1.0))),
        Bursty(calm_rate=1.0, burst_rate=5.0, mean_calm=6.0, mean_burst=2.0),
    ],
)
def test_as_many_come_as_the_rate_says(arrivals: Arrivals) -> None:
    """The number over a long time is the mean rate's, within five deviations of a bursty stream."""
    seen = list(takewhile(lambda at: at < LONG, times(arrivals)))
    rate = mean_rate(arrivals)
    assert rate is not None
    assert abs(len(seen) - rate * LONG) < 5 * math.sqrt(6 * rate * LONG)
    assert seen == sorted(seen)


def test_nobody_comes_at_night() -> None:
    """A stretch of rate 0 has no arrivals, and the next day begins as the first did."""
    day = Varying((Stretch(8.0, 0.0), Stretch(16.0, 3.0)))
    seen = list(islice(times(day), 500))
    assert all(at % 24.0 >= 8.0 for at in seen)
    assert seen[-1] > 24.0


def test_bursts_are_more_uneven_than_poisson() -> None:
    """Counts of a bursty stream vary more than their mean (Poisson: as much)."""
    bursty = Bursty(calm_rate=0.5, burst_rate=10.0, mean_calm=20.0, mean_burst=5.0)
    counts = [0] * 1000
    for at in takewhile(lambda at: at < 10_000.0, times(bursty)):
        counts[int(at // 10)] += 1
    mean = sum(counts) / 1000
    assert sum((x - mean) ** 2 for x in counts) / 1000 > 3 * mean


def test_a_log_is_repeated_as_it_was() -> None:
    """Recorded arrivals come once, at their instants, and have no rate to speak of."""
    assert list(times(Recorded((0.5, 0.5, 2.0)))) == [0.5, 0.5, 2.0]
    assert mean_rate(Recorded((1.0,))) is None
    assert not is_steady(Recorded((1.0,)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Poisson(0.0),
        lambda: Varying(()),
        lambda: Varying((Stretch(1.0, 0.0),)),
        lambda: Bursty(1.0, 0.0, 1.0, 1.0),
        lambda: Recorded(()),
        lambda: Recorded((2.0, 1.0)),
        lambda: Recorded((math.nan,)),
        lambda: Exponential(math.inf),
        lambda: Fixed(-1.0),
        lambda: LogNormal(1.0, 0.0),
        lambda: Sample(()),
        lambda: Sample((1.0, -1.0)),
    ],
)
def test_impossible_streams_are_refused(wrong: type) -> None:
    """Negative, infinite, empty and disordered parameters are named."""
    with pytest.raises(InvalidParameter):
        wrong()


@pytest.mark.parametrize(
    "law", [Exponential(0.5), Fixed(2.0), LogNormal(2.0, 1.0), Sample((1.0, 2.0, 3.0))]
)
def test_laws_have_their_mean(law: Law) -> None:
    """The mean of many draws is that of the law, within five standard errors."""
    drawn = law.block(stream(root(1), "x"), 20_000)
    mean = mean_of(law)
    assert mean == pytest.approx(2.0)
    assert abs(sum(drawn) / 20_000 - 2.0) < 5 * 2.0 / math.sqrt(20_000)
    assert min(drawn) >= 0


def test_who_never_gives_up_has_infinite_patience() -> None:
    """Never is infinity, and its mean too."""
    assert Never().block(stream(root(1), "x"), 2) == [math.inf, math.inf]
    assert mean_of(Never()) == math.inf


def test_streams_do_not_shift_each_other() -> None:
    """Another patience changes no arrival and no work: each purpose has its own stream."""
    kind = Kind(arrivals=Poisson(1.0), work=Exponential(1.0))
    eager = Kind(arrivals=Poisson(1.0), work=Exponential(1.0), patience=LogNormal(1.0, 1.0))
    one = list(customers([kind], root(1), 100))
    two = list(customers([eager], root(1), 100))
    assert [(c[0], c[2]) for c in one] == [(c[0], c[2]) for c in two]
    assert one != list(customers([kind], replication(root(1), 1), 100))
