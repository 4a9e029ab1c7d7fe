"""Figures of what happened to each customer."""

import math
from array import array
from itertools import pairwise
from random import Random
from statistics import fmean

import attrs
import pytest

from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.fast import run_fast
from chatdesk.simulation.formulas.erlang import erlang_c
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.measures import (
    Span,
    abandoned,
    answered_within,
    batches,
    busy_between,
    by_kind,
    jain,
    mean_wait_answered,
    measure,
    offered_waits,
    quantile,
    received,
    span,
    together,
)
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import root
from chatdesk.simulation.visits import Stint, Visits, stints_of

CHATS = Kind(name="plain", arrivals=Poisson(2.0), work=Exponential(1.0), patience=Exponential(0.5))
DEAR = attrs.evolve(CHATS, name="dear")
TWO = Scenario(kinds=(CHATS, DEAR), crews=(Crew(name="a", agents=2),))
FOUR = Visits(
    arrived=array("d", [0.0, 1.0, 2.0, 4.0]),
    waited=array("d", [0.0, 0.0, 1.0, 1.0]),
    ended=array("d", [3.0, 6.0, 3.0, 8.0]),
    agents=["a-1", "a-2", None, "a-1"],
    kinds=array("H", [0, 0, 1, 1]),
    unfinished={1},
)
"""Two served at once, one who gives up, one who waits; the second leaves while served."""
ALL = Span(0, 4, 0.0, 10.0)


def _measured(visits: Visits, scenario: Scenario, at: Span) -> dict[str, float]:
    found = measure(visits, scenario, at, busy_between(visits, scenario, [at])[0])
    return {name: getattr(found, name) for name in found.__struct_fields__}


def test_all_figures_of_four_customers_by_hand() -> None:
    """Shares and means are of all customers, lengths of time are of the ten units."""
    assert _measured(FOUR, TWO, ALL) == pytest.approx(
        {
            "p_wait": 0.5,
            "mean_wait": 0.5,
            "p95_wait": 1.0,
            "p_abandon": 0.25,
            "p_abandon_in_service": 0.25,
            "mean_queue": 0.2,
            "mean_in_system": 1.3,
            "mean_sojourn": 13 / 4,
            "mean_service": 11 / 3,
            "throughput": 0.2,
            "utilisation": (3 + 3 + 5) / 20,
            "slot_utilisation": (3 + 3 + 5) / 20,
            "jain": 9 / 10,
        }
    )


def test_what_targets_speak_of_by_hand() -> None:
    """Who gives up is not answered, however short his wait; the mean is of the answered."""
    assert answered_within(FOUR, ALL, 0.0) == 0.5
    assert answered_within(FOUR, ALL, 1.0) == 0.75
    assert mean_wait_answered(FOUR, ALL) == pytest.approx(1 / 3)
    assert abandoned(FOUR, ALL) == 0.25
    assert math.isnan(mean_wait_answered(FOUR, Span(2, 3, 2.0, 4.0)))
    assert math.isnan(answered_within(FOUR, Span(4, 4, 10.0, 10.0), 1.0))


def test_nobody_gives_figures_that_are_no_numbers() -> None:
    """Nothing is divided by nothing: the answer is not a number, rather than zero."""
    found = _measured(FOUR, TWO, Span(4, 4, 10.0, 10.0))
    assert all(math.isnan(value) for value in found.values())


def test_a_quantile_is_one_of_the_values() -> None:
    """The lowest value that the share does not exceed."""
    assert quantile([5.0, 1.0, 3.0, 2.0], 0.5) == 2.0
    assert quantile([5.0, 1.0, 3.0, 2.0], 0.51) == 3.0
    assert quantile(range(1, 101), 0.95) == 95
    assert math.isnan(quantile([], 0.95))


def test_evenness_goes_from_one_for_all_to_all_for_one() -> None:
    """As Jain, Chiu and Hawe have it: 1 when all have as many, 1/n when one has all."""
    assert jain([3.0, 3.0, 3.0]) == 1.0
    assert jain([9.0, 0.0, 0.0]) == pytest.approx(1 / 3)
    assert jain([3.0, 1.0]) == jain([30.0, 10.0]) == 0.8
    assert math.isnan(jain([0.0, 0.0]))


def test_who_received_nothing_is_counted_too() -> None:
    """In the order of the ids, zeros and all."""
    assert received(["b", None, "b", "a"], ["a", "b", "c"]) == [1, 2, 0]


# -- spans ---------------------------------------------------------------------------------------


def test_spans_cover_the_time_from_the_first_to_the_next_one_s_first() -> None:
    """A span ends where the next customer comes; the last with the last of all."""
    assert span(FOUR, 0, 2) == Span(0, 2, 0.0, 2.0)
    assert span(FOUR, 1, 4) == Span(1, 4, 1.0, 4.0)
    assert span(FOUR, 1, 3).length == 3.0


def test_batches_are_nearly_equal_and_leave_nobody_out() -> None:
    """Sizes differ by one at most, and each begins where the last one ended."""
    visits = Visits.of(103)
    for number in range(103):
        visits.arrived[number] = float(number)
    found = batches(visits, 10, 7)
    assert [found[0].first, found[-1].last] == [10, 103]
    sizes = [at.last - at.first for at in found]
    assert max(sizes) - min(sizes) <= 1
    for one, other in pairwise(found):
        assert (one.last, one.end) == (other.first, other.begin)


# -- who was busy --------------------------------------------------------------------------------


def _random_visits(agents: int, capacity: int, seed: int) -> tuple[Visits, Scenario]:
    crew = Crew(name="a", agents=agents, capacity=capacity, open_chats=1)
    scenario = Scenario(kinds=(attrs.evolve(CHATS, arrivals=Poisson(4.0)),), crews=(crew,))
    return run_fast(scenario, root(seed), 200), scenario


@pytest.mark.parametrize("capacity", [1, 3])
def test_time_at_each_level_is_what_looking_at_instants_finds(capacity: int) -> None:
    """Midway between any two changes each agent has as many chats as stints are under way."""
    visits, scenario = _random_visits(3, capacity, 2)
    spans = batches(visits, 20, 4)
    found = busy_between(visits, scenario, spans)
    stints = list(stints_of(visits))
    for at, busy in zip(spans, found, strict=True):
        edges = {at.begin, at.end}
        edges |= {t for _, b, e in stints for t in (b, e) if at.begin < t < at.end}
        for agent in scenario.agents:
            levels = [0.0] * (capacity + 1)
            for one, other in pairwise(sorted(edges)):
                middle = (one + other) / 2
                levels[sum(a == agent and b <= middle < e for a, b, e in stints)] += other - one
            spent = [*busy.at_level[agent], *[0.0] * capacity][: capacity + 1]
            assert spent == pytest.approx(levels, abs=1e-9)


def test_spans_together_are_the_whole() -> None:
    """Time in consecutive spans adds up to the time in one that covers them all."""
    visits, scenario = _random_visits(2, 2, 3)
    parts = together(busy_between(visits, scenario, batches(visits, 0, 5)))
    whole = busy_between(visits, scenario, [span(visits, 0, len(visits))])[0]
    assert parts.length == pytest.approx(whole.length)
    assert (parts.share, parts.slot_share) == pytest.approx((whole.share, whole.slot_share))
    assert parts.level_shares == pytest.approx(whole.level_shares)
    assert sum(parts.level_shares) == pytest.approx(1.0)


def test_chats_outside_the_columns_keep_agents_busy() -> None:
    """Open at the start, or transferred: they count as stints of their agents."""
    visits = attrs.evolve(FOUR, others=[Stint("a-2", 6.0, 9.0)], moved={0})
    busy = busy_between(visits, TWO, [ALL])[0]
    assert busy.at_level["a-1"] == pytest.approx([7.0, 3.0])
    assert busy.at_level["a-2"] == pytest.approx([2.0, 8.0])


# -- finer questions -----------------------------------------------------------------------------


def test_kinds_are_told_apart() -> None:
    """Each kind's figures are of its own customers only."""
    plain, dear = by_kind(FOUR, TWO, ALL)
    assert (plain.name, plain.customers, plain.p_wait, plain.p_abandon) == ("plain", 2, 0.0, 0.0)
    assert (dear.name, dear.customers, dear.p_wait, dear.p_abandon) == ("dear", 2, 1.0, 0.5)
    assert (dear.mean_wait, dear.p95_wait) == (1.0, 1.0)
    nobody = by_kind(FOUR, TWO, Span(0, 2, 0.0, 2.0))[1]
    assert nobody.customers == 0
    assert math.isnan(nobody.mean_wait)


def test_offered_waits_go_on_behind_who_gave_up() -> None:
    """Who gave up would have had the next slot that came free; who was served waited as he did."""
    assert offered_waits(FOUR, ALL) == [0.0, 0.0, 1.0, 1.0]
    impatient = attrs.evolve(
        FOUR, waited=array("d", [0.0, 0.0, 0.5, 0.0]), ended=array("d", [3.0, 6.0, 2.5, 8.0])
    )
    assert offered_waits(impatient, Span(2, 4, 2.0, 10.0)) == [1.0, 0.0]


def test_offered_waits_without_patience_are_the_waits() -> None:
    """Where nobody gives up, a run's offered waits are its waits, near those of Erlang C."""
    kind = Kind(arrivals=Poisson(4.0), work=Exponential(1.0))
    visits = run_fast(Scenario(kinds=(kind,), crews=(Crew(agents=6),)), root(1), 20_000)
    offered = offered_waits(visits, span(visits, 0, len(visits)))
    assert offered == list(visits.waited)
    assert fmean(offered) == pytest.approx(erlang_c(6, 4.0, 1.0).mean_wait, rel=0.25)


@pytest.mark.parametrize("seed", range(4))
def test_little_s_law_holds_by_definition(seed: int) -> None:
    """Mean in line is the rate of arrivals times the mean wait, in any span."""
    visits, scenario = _random_visits(4, 1, seed)
    first = Random(seed).randrange(100)
    at = span(visits, first, 180)
    found = _measured(visits, scenario, at)
    rate = (at.last - at.first) / at.length
    assert found["mean_queue"] == pytest.approx(rate * found["mean_wait"])
    assert found["mean_in_system"] == pytest.approx(rate * found["mean_sojourn"])
