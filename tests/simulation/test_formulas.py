"""Identities between the formulas, their size, and the questions they refuse."""

import math
from collections.abc import Callable

import pytest

from chatdesk.simulation.errors import InvalidParameter, TooManyStates, UnstableModel
from chatdesk.simulation.formulas.backlog import impatient_backlog
from chatdesk.simulation.formulas.concurrency import Dispatch, Floor, concurrent
from chatdesk.simulation.formulas.dispatch import (
    power_of_choices_sojourn,
    random_dispatch_sojourn,
    shortest_of,
)
from chatdesk.simulation.formulas.erlang import (
    erlang_a,
    erlang_a_answered_within,
    erlang_a_wait_beyond,
    erlang_b,
    erlang_c,
    erlang_c_wait_beyond,
)
from chatdesk.simulation.formulas.patience import fixed_patience, fixed_patience_wait_beyond
from chatdesk.simulation.formulas.priority import nonpreemptive_priority
from chatdesk.simulation.formulas.sharing import limited_sharing
from chatdesk.simulation.formulas.skills import Pool, skilled
from chatdesk.simulation.formulas.unequal import Preference, unequal

NAN = float("nan")


def _floor(**changes: object) -> Floor:
    values: dict[str, object] = {
        "agents": 4,
        "arrival_rate": 5.0,
        "rate_by_level": (0.0, 1.0, 1.6),
        "abandonment_rate": 0.3,
    }
    return Floor(**(values | changes))  # type: ignore[arg-type] # a test gives wrong values too


@pytest.mark.parametrize("load", [0.5, 0.95, 1.0, 1.1, 2.0])
def test_erlang_a_is_consistent_at_ten_thousand_agents(load: float) -> None:
    """Shares lie in their bounds and the rates balance at 10,000 agents and any load."""
    result = erlang_a(10_000, 10_000 * load, 1.0, 0.25)
    assert 0 <= result.p_abandon <= result.p_wait <= 1
    assert math.isclose(result.throughput + 0.25 * result.mean_queue, 10_000 * load)
    assert math.isclose(result.utilisation * 10_000, result.throughput)


def test_erlang_c_at_ten_thousand_agents_is_near_its_limit() -> None:
    """At (1 - load) sqrt(agents) = 1 the chance to wait is near Halfin and Whitt's .2234."""
    assert math.isclose(erlang_c(10_000, 9_900.0, 1.0).p_wait, 0.2234, abs_tol=2e-3)


def test_patience_without_end_is_erlang_c() -> None:
    """With a tiny abandonment rate Erlang A tends to Erlang C, and so does a fixed patience."""
    patient = erlang_c(20, 18.0, 1.0)
    assert math.isclose(erlang_a(20, 18.0, 1.0, 1e-9).mean_wait, patient.mean_wait, rel_tol=1e-6)
    assert math.isclose(fixed_patience(20, 18.0, 1.0, 60.0).mean_wait, patient.mean_wait)


def test_no_patience_is_erlang_b() -> None:
    """Customers who give up almost at once are lost as in Erlang B."""
    blocked = erlang_b(20, 18.0, 1.0).p_block
    assert math.isclose(erlang_a(20, 18.0, 1.0, 1e9).p_abandon, blocked, rel_tol=1e-6)
    assert math.isclose(fixed_patience(20, 18.0, 1.0, 1e-9).p_abandon, blocked, rel_tol=1e-6)


@pytest.mark.parametrize("after", [0.01, 0.3, 2.0])
def test_the_wait_beyond_integrates_to_the_mean_wait(after: float) -> None:
    """The tail of Erlang A's wait, integrated, is its mean, and splits by who is answered."""
    model = (10, 12.0, 1.0, 0.25)
    step, end = 0.005, 30.0
    ordinates = [erlang_a_wait_beyond(*model, i * step) for i in range(int(end / step) + 1)]
    area = step * (sum(ordinates) - (ordinates[0] + ordinates[-1]) / 2)
    assert math.isclose(area, erlang_a(*model).mean_wait, rel_tol=1e-4)
    in_line = erlang_a_wait_beyond(*model, after)
    answered = erlang_a_answered_within(*model, after)
    assert answered + in_line <= 1


def test_who_is_answered_within_long_is_all_but_who_gave_up() -> None:
    """The share answered tends to 1 - p_abandon, and begins at 1 - p_wait."""
    model = (10, 12.0, 1.0, 0.25)
    result = erlang_a(*model)
    assert math.isclose(erlang_a_answered_within(*model, 100.0), 1 - result.p_abandon)
    assert math.isclose(erlang_a_answered_within(*model, 0.0), 1 - result.p_wait)
    assert math.isclose(erlang_a_wait_beyond(*model, 0.0), result.p_wait)


def test_a_line_far_from_empty_keeps_its_weights_in_bounds() -> None:
    """A heavy overload has its likeliest line in the middle, with weight 1."""
    line = impatient_backlog(11_000.0, 10_000.0, 0.01)
    assert line.first > 0
    assert max(line.weights) == 1.0
    assert math.isclose(line.queue / line.total, 100_000, rel_tol=1e-6)


@pytest.mark.parametrize("load", [0.2, 1.0, 2.0])
def test_fixed_patience_balances_at_any_size(load: float) -> None:
    """Nothing overflows at 10,000 agents and a long patience; served and lost add up."""
    result = fixed_patience(10_000, 10_000 * load, 1.0, 50.0)
    assert 0 <= result.p_abandon <= result.p_wait <= 1
    assert math.isclose(result.throughput, 10_000 * load * (1 - result.p_abandon))


def test_nobody_waits_beyond_a_fixed_patience() -> None:
    """The tail starts at p_wait, ends at p_abandon just below the patience, then is 0."""
    model = (10, 10.0, 1.0, 0.5)
    result = fixed_patience(*model)
    assert math.isclose(fixed_patience_wait_beyond(*model, 0.0), result.p_wait)
    assert math.isclose(
        fixed_patience_wait_beyond(*model, 0.5 - 1e-12), result.p_abandon, rel_tol=1e-9
    )
    assert fixed_patience_wait_beyond(*model, 0.5) == 0.0


def test_priorities_keep_the_mean_wait() -> None:
    """The mean wait over all classes is that of first come first served."""
    result = nonpreemptive_priority(50, [10.0, 20.0, 17.5], 1.0)
    assert math.isclose(result.mean_wait, erlang_c(50, 47.5, 1.0).mean_wait)


def test_a_limit_of_one_chat_is_one_agent_of_erlang_c() -> None:
    """Limited sharing with a limit of one is M/M/1."""
    assert math.isclose(limited_sharing(0.8, 1.0, 1).mean_wait, erlang_c(1, 0.8, 1.0).mean_wait)


@pytest.mark.parametrize("dispatch", list(Dispatch))
def test_without_slowdown_every_dispatch_is_erlang_a(dispatch: Dispatch) -> None:
    """Linear speeds make agents with K chats the same as K times as many agents."""
    floor = _floor(
        agents=10, arrival_rate=28.0, rate_by_level=(0.0, 1.0, 2.0, 3.0), dispatch=dispatch
    )
    assert math.isclose(
        concurrent(floor).mean_wait, erlang_a(30, 28.0, 1.0, 0.3).mean_wait, rel_tol=1e-9
    )


def test_the_rates_of_a_floor_balance() -> None:
    """Who comes is finished, gives up in line or leaves the chat."""
    result = concurrent(_floor(leaving_rate_by_level=(0.0, 0.01, 0.05)))
    lost = result.p_abandon + result.p_abandon_in_service
    assert math.isclose(result.throughput, 5.0 * (1 - lost), rel_tol=1e-9)
    assert math.isclose(sum(result.level_shares), 1.0, rel_tol=1e-12)


def test_evenly_spread_chats_wait_least_when_agents_slow_down() -> None:
    """Even spreading bounds the real rules from below: the least busy rule is next."""
    waits = [
        concurrent(_floor(dispatch=dispatch)).mean_wait
        for dispatch in (Dispatch.BALANCED, Dispatch.LEAST_BUSY, Dispatch.RANDOM)
    ]
    assert waits == sorted(waits)


def test_a_single_line_or_choice_is_mm1() -> None:
    """One agent, or one line looked at, is random dispatch."""
    assert math.isclose(shortest_of(1, 0.9, 1.0).mean_sojourn, 10.0, rel_tol=1e-9)
    assert math.isclose(shortest_of(2, 0.5, 1.0, 1).mean_sojourn, 2.0, rel_tol=1e-9)
    assert power_of_choices_sojourn(0.9, 1.0, 1) == random_dispatch_sojourn(0.9, 1.0)


def test_the_shortest_queue_lies_between_random_and_one_line() -> None:
    """Separate lines never beat one common line and always beat random ones."""
    result = shortest_of(3, 0.7, 2.0)
    assert result.mean_sojourn_central_queue < result.mean_sojourn < result.mean_sojourn_random


def test_one_pool_is_erlang_c() -> None:
    """Agents with the same skill are Erlang C, at any size."""
    for agents, rate in ((5, 4.0), (2_000, 1_950.0)):
        result = skilled({"a": rate}, [Pool("x", frozenset("a"), 1.0, agents)])
        closed = erlang_c(agents, rate, 1.0)
        assert math.isclose(result.mean_wait["a"], closed.mean_wait, rel_tol=1e-9)


def test_a_pool_is_the_same_as_its_agents_one_by_one() -> None:
    """Pooling alike agents changes no metric."""
    rates = {"a": 1.1, "b": 0.9}
    flexible = Pool("z", frozenset("ab"), 1.0)
    pooled = skilled(rates, [Pool("x", frozenset("a"), 1.0, 2), flexible])
    single = skilled(
        rates, [Pool("x1", frozenset("a"), 1.0), Pool("x2", frozenset("a"), 1.0), flexible]
    )
    assert math.isclose(pooled.mean_wait["b"], single.mean_wait["b"], rel_tol=1e-12)
    assert math.isclose(pooled.utilisation["x"], single.utilisation["x2"], rel_tol=1e-12)


@pytest.mark.parametrize("preference", list(Preference))
def test_equal_agents_are_erlang_a_under_every_preference(preference: Preference) -> None:
    """With equal speeds the order of agents does not matter for the line."""
    result = unequal([1.0] * 6, 6.5, 0.4, preference)
    assert math.isclose(result.mean_wait, erlang_a(6, 6.5, 1.0, 0.4).mean_wait, rel_tol=1e-9)


def test_the_longest_idle_and_a_random_agent_are_the_same_in_the_long_run() -> None:
    """Longest idle first has the steady state of random assignment."""
    rates = [0.5, 1.0, 1.5]
    assert unequal(rates, 2.0, 0.2, Preference.LONGEST_IDLE) == unequal(rates, 2.0, 0.2)


def test_the_fastest_first_makes_the_least_wait() -> None:
    """Fastest first waits less than random, slowest first more."""
    waits = [
        unequal([0.5, 1.0, 1.5], 2.0, 0.2, preference).mean_wait
        for preference in (Preference.FASTEST_FIRST, Preference.RANDOM, Preference.SLOWEST_FIRST)
    ]
    assert waits == sorted(waits)


WRONG: list[Callable[[], object]] = [
    lambda: erlang_b(0, 1.0, 1.0),
    lambda: erlang_b(5, -1.0, 1.0),
    lambda: erlang_c(5, NAN, 1.0),
    lambda: erlang_c(5, 1.0, 0.0),
    lambda: erlang_c(2.5, 1.0, 1.0),  # type: ignore[arg-type] # a wrong value on purpose
    lambda: erlang_c_wait_beyond(5, 1.0, 1.0, -1.0),
    lambda: erlang_a(5, 1.0, 1.0, NAN),
    lambda: erlang_a(5, math.inf, 1.0, 1.0),
    lambda: fixed_patience(5, 1.0, 1.0, 0.0),
    lambda: nonpreemptive_priority(5, [], 1.0),
    lambda: nonpreemptive_priority(5, [1.0, -0.1], 1.0),
    lambda: limited_sharing(0.5, 1.0, 0),
    lambda: concurrent(_floor(rate_by_level=(1.0, 1.6))),
    lambda: concurrent(_floor(rate_by_level=(0.0, 1.0, 0.0))),
    lambda: concurrent(_floor(leaving_rate_by_level=(0.0, 0.1))),
    lambda: concurrent(_floor(arrival_rate=-1.0)),
    lambda: shortest_of(3, 0.5, 1.0, 4),
    lambda: power_of_choices_sojourn(0.5, 1.0, 0),
    lambda: skilled({"a": 1.0}, [Pool("x", frozenset("b"), 1.0)]),
    lambda: skilled({}, []),
    lambda: skilled({"a": 1.0}, [Pool("x", frozenset("a"), 1.0, 2)] * 2),
    lambda: unequal([], 1.0),
    lambda: unequal([1.0, NAN], 1.0),
]


@pytest.mark.parametrize("ask", WRONG)
def test_wrong_parameters_are_refused(ask: Callable[[], object]) -> None:
    """Negative, missing, not-a-number and misshapen parameters raise InvalidParameter."""
    with pytest.raises(InvalidParameter):
        ask()


UNSTABLE: list[Callable[[], object]] = [
    lambda: erlang_c(5, 5.0, 1.0),
    lambda: nonpreemptive_priority(2, [1.0, 1.0], 1.0),
    lambda: limited_sharing(1.0, 1.0, 3),
    lambda: concurrent(_floor(arrival_rate=6.4, abandonment_rate=0.0)),
    lambda: shortest_of(2, 1.0, 1.0),
    lambda: random_dispatch_sojourn(1.5, 1.0),
    lambda: skilled(
        {"a": 1.5, "b": 0.1},
        [Pool("x", frozenset("a"), 1.0), Pool("y", frozenset("b"), 1.0)],
    ),
    lambda: unequal([0.5, 0.5], 1.0),
]


@pytest.mark.parametrize("ask", UNSTABLE)
def test_more_work_than_can_be_done_without_patience_is_refused(
    ask: Callable[[], object],
) -> None:
    """Without abandonment a desk that cannot keep up has no steady state."""
    with pytest.raises(UnstableModel):
        ask()


LARGE: list[Callable[[], object]] = [
    lambda: concurrent(_floor(agents=300, rate_by_level=(0.0, 1.0, 1.5, 1.8, 2.0))),
    lambda: unequal([1.0 + i / 10 for i in range(20)], 20.0, 0.1, Preference.FASTEST_FIRST),
    lambda: skilled(
        {"a": 1.0, "b": 1.0},
        [Pool(str(i), frozenset("ab"), 1.0 + i, 99) for i in range(3)],
    ),
]


@pytest.mark.parametrize("ask", LARGE)
def test_too_large_a_question_is_refused_before_it_takes_hours(
    ask: Callable[[], object],
) -> None:
    """A model beyond its declared bound of states raises TooManyStates."""
    with pytest.raises(TooManyStates):
        ask()
