"""Experiments: a scenario run long enough, and with what certainty."""

import attrs
import pytest

from chatdesk.rules.policies import LeastBusy, LongestIdle, SeededRandom
from chatdesk.simulation.arrivals import Poisson, Recorded
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.experiment import Length, compare, run, simulate
from chatdesk.simulation.formulas.erlang import erlang_a
from chatdesk.simulation.laws import Exponential, Fixed
from chatdesk.simulation.measures import FIGURES
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import root

CHATS = Kind(arrivals=Poisson(4.0), work=Exponential(1.0), patience=Exponential(0.5))
DESK = Scenario(kinds=(CHATS,), crews=(Crew(agents=5),))
SHORT = Length(customers=400, replications=3)


@pytest.mark.parametrize("replications", [1, 10])
def test_intervals_hold_the_exact_figures(replications: int) -> None:
    """Within three half widths, from batches of one run or from several runs."""
    length = Length(customers=20_000 // replications, replications=replications)
    found = simulate(DESK, length, seed=3).figures
    exact = erlang_a(5, 4.0, 1.0, 0.5)
    for name in ("p_wait", "mean_wait", "p_abandon", "mean_queue"):
        half = found[name].half_width
        assert half is not None
        assert abs(found[name].value - getattr(exact, name)) < 3 * half


def test_a_result_says_how_it_was_found() -> None:
    """All figures, the method, how many counted, and each kind and agent."""
    one = simulate(DESK, Length(customers=1000), seed=1)
    assert set(one.figures) == set(FIGURES)
    assert (one.policy, one.customers, one.warm_up, one.replications) == ("LeastBusy", 1000, 50, 1)
    assert one.method.startswith("batch means")
    assert [agent.agent for agent in one.agents] == list(DESK.agents)
    assert one.customers_per_second > 0
    assert simulate(DESK, SHORT, seed=1).method.startswith("replications")


def test_the_same_seed_gives_the_same_figures_and_another_gives_others() -> None:
    """Only the time it took may differ."""
    one, again, other = (simulate(DESK, SHORT, seed=seed) for seed in (1, 1, 2))
    assert one.figures == again.figures
    assert one.figures != other.figures


def test_who_comes_first_does_not_count() -> None:
    """A twentieth without other word; none where the beginning is part of the question."""
    assert Length(customers=1000).warm_up_for(DESK) == 50
    assert Length(customers=1000, warm_up=7).warm_up_for(DESK) == 7
    log = attrs.evolve(CHATS, arrivals=Recorded((0.0, 1.0)))
    assert Length(customers=1000).warm_up_for(attrs.evolve(DESK, kinds=(log,))) == 0


def test_a_warm_up_as_long_as_the_log_is_refused() -> None:
    """Who all do not count give no figures."""
    log = attrs.evolve(CHATS, arrivals=Recorded((0.0, 1.0)))
    with pytest.raises(InvalidParameter, match="lower the warm-up"):
        simulate(attrs.evolve(DESK, kinds=(log,)), Length(customers=10, warm_up=2))


@pytest.mark.parametrize("field", ["customers", "replications", "batches"])
def test_a_length_of_nothing_is_refused(field: str) -> None:
    """At least one customer, run and batch."""
    with pytest.raises(InvalidParameter, match=field):
        Length(**{field: 0})


def test_fewer_customers_than_batches_are_a_batch_each() -> None:
    """A short log has estimates all the same."""
    log = attrs.evolve(CHATS, arrivals=Recorded((0.0, 1.0, 2.0)), work=Fixed(0.5))
    found = simulate(attrs.evolve(DESK, kinds=(log,)), Length(customers=100))
    assert found.customers == 3
    assert found.figures["mean_wait"].value == 0.0


def test_compared_policies_meet_the_same_customers() -> None:
    """The difference of a policy from itself is nothing, and has an interval of no width."""
    policies = {"one": LeastBusy(), "same": LeastBusy(), "other": SeededRandom()}
    results, differences = compare(DESK, policies, Length(customers=800, replications=6), seed=1)
    assert list(results) == list(policies)
    assert [(d.policy, d.against) for d in differences] == [("same", "one"), ("other", "one")]
    same = differences[0].figures["mean_wait"]
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    jain = differences[1].figures["jain"]
    assert jain.high is not None
    assert jain.high < 0


def test_a_comparison_wants_runs_to_compare() -> None:
    """One replication has no differences to judge by."""
    with pytest.raises(InvalidParameter, match="at least 2 replications"):
        compare(DESK, {"a": LeastBusy(), "b": LongestIdle()}, Length(customers=10))


def test_the_path_is_chosen_by_what_the_scenario_wants() -> None:
    """With offers the whole desk answers, with the same customers."""
    offering = attrs.evolve(DESK, offer_seconds=5.0)
    fast, full = run(DESK, root(1), 50), run(offering, root(1), 50)
    assert fast.arrived == pytest.approx(full.arrived, abs=1e-5)
    assert fast.agents.count(None) == full.agents.count(None)
