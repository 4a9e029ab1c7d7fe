"""Planning: agents by hour, limits of chats at once, the end of a shift, and cost."""

import math
import random

import pytest

from chatdesk.simulation.errors import InvalidParameter, InvalidTarget, UnreachableTarget
from chatdesk.simulation.formulas.concurrency import Dispatch, concurrent
from chatdesk.simulation.formulas.erlang import (
    erlang_a,
    erlang_a_answered_within,
    erlang_c,
    erlang_c_wait_beyond,
)
from chatdesk.simulation.planning import (
    HOUR,
    AbandonAtMost,
    AnswerSpeed,
    AnswerWithin,
    Burden,
    CostModel,
    Demand,
    Target,
    agent_cost_per_chat,
    agents_needed,
    best_limit,
    drain_probability,
    drain_seconds,
    floor_of,
    forecast,
    parse_target,
    plan_cost,
    reached,
    staff_by_hour,
    stop_taking_at,
)

PATIENT = Demand(chats_per_hour=120, handle_seconds=300)
IMPATIENT = Demand(chats_per_hour=120, handle_seconds=300, patience_seconds=120)
SLOWING = Demand(
    chats_per_hour=120,
    handle_seconds=300,
    patience_seconds=120,
    speed_by_level=(0.0, 1.0, 1.6, 1.9),
)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("80% in 20s", AnswerWithin(0.8, 20)),
        ("99.5 % within 2 min", AnswerWithin(0.995, 120)),
        ("ASA<=30s", AnswerSpeed(30)),
        ("asa ≤ 1m", AnswerSpeed(60)),
        ("abandon<=3%", AbandonAtMost(0.03)),
    ],
)
def test_targets_are_read_from_text(text: str, target: Target) -> None:
    """A target is written as people say it."""
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "fast", "80%", "180% in 20s", "ASA>=30s", "abandon<=3"])
def test_an_unreadable_target_is_refused_with_examples(text: str) -> None:
    """A target that cannot be read raises InvalidTarget."""
    with pytest.raises(InvalidTarget):
        parse_target(text)


def test_one_chat_each_without_patience_is_erlang_c() -> None:
    """The fewest agents for 80 % in 20 s are those of Erlang C, and one less is too few."""
    agents = agents_needed(PATIENT, AnswerWithin(0.8, 20)).agents
    late = [erlang_c_wait_beyond(n, 120 / HOUR, 1 / 300, 20) for n in (agents - 1, agents)]
    assert late[0] > 0.2 >= late[1]


def test_one_chat_each_with_patience_is_erlang_a() -> None:
    """The fewest agents for an abandonment target are those of Erlang A."""
    agents = agents_needed(IMPATIENT, AbandonAtMost(0.03)).agents
    lost = [erlang_a(n, 120 / HOUR, 1 / 300, 1 / 120).p_abandon for n in (agents - 1, agents)]
    assert lost[0] > 0.03 >= lost[1]


def test_the_mean_wait_of_the_answered_is_the_answer_speed() -> None:
    """The answer speed counts who is answered; one agent less misses the target."""
    agents = agents_needed(IMPATIENT, AnswerSpeed(10)).agents
    waits = [
        erlang_a(n, 120 / HOUR, 1 / 300, 1 / 120).mean_wait_answered for n in (agents - 1, agents)
    ]
    assert waits[0] > 10 >= waits[1]


def test_fewer_agents_are_needed_when_each_holds_several_chats() -> None:
    """A24: three chats at once need fewer agents, and one agent less would miss the target."""
    target = AbandonAtMost(0.03)
    alone, several = agents_needed(IMPATIENT, target), agents_needed(SLOWING, target)
    fewer = concurrent(floor_of(SLOWING, several.agents - 1))
    assert several.exact
    assert several.agents < alone.agents
    assert fewer.p_abandon > 0.03


def test_evenly_spread_chats_stand_in_for_a_large_floor() -> None:
    """Beyond the exact chain the plan says so, and is close to the last exact floor."""
    demand = Demand(
        chats_per_hour=1500,
        handle_seconds=300,
        patience_seconds=120,
        speed_by_level=(0.0, 1.0, 1.6, 1.9),
    )
    staffing = agents_needed(demand, AnswerWithin(0.8, 20))
    assert not staffing.exact
    assert 1500 / HOUR * 300 / 1.9 * 0.9 < staffing.agents < 1500 / HOUR * 300


def test_hours_are_planned_one_by_one_and_an_empty_hour_needs_nobody() -> None:
    """An hour without customers needs no agents; a busier hour needs more."""
    hours = [
        Demand(chats_per_hour=rate, handle_seconds=300, patience_seconds=120)
        for rate in (0, 30, 120)
    ]
    plan = staff_by_hour(hours, AnswerWithin(0.8, 20))
    quiet, busy = plan[1].agents, plan[2].agents
    assert plan[0].agents == 0
    assert 0 < quiet < busy
    assert erlang_a_answered_within(busy, 120 / HOUR, 1 / 300, 1 / 120, 20) >= 0.8
    assert erlang_a_answered_within(busy - 1, 120 / HOUR, 1 / 300, 1 / 120, 20) < 0.8


def test_an_unreachable_target_is_refused() -> None:
    """When no allowed number of agents is enough, that is said."""
    with pytest.raises(UnreachableTarget):
        agents_needed(PATIENT, AnswerWithin(0.8, 20), most=5)


def test_thousands_of_agents_are_planned() -> None:
    """A target for a very large desk is met by about the offered load."""
    demand = Demand(chats_per_hour=24_000, handle_seconds=300)
    agents = agents_needed(demand, AnswerWithin(0.8, 20)).agents
    assert agents > 2000
    assert erlang_c_wait_beyond(agents, 24_000 / HOUR, 1 / 300, 20) <= 0.2
    assert agents == 2001 or erlang_c_wait_beyond(agents - 1, 24_000 / HOUR, 1 / 300, 20) > 0.2


def test_an_hour_within_erlang_a_is_answered_as_the_formula_says() -> None:
    """The forecast of one chat each agrees with Erlang A."""
    expected = forecast(IMPATIENT, 10).expected
    closed = erlang_a(10, 120 / HOUR, 1 / 300, 1 / 120)
    assert expected is not None
    assert math.isclose(expected.p_abandon, closed.p_abandon, rel_tol=1e-9)
    assert math.isclose(expected.utilisation, closed.utilisation, rel_tol=1e-9)
    assert erlang_a_answered_within(10, 120 / HOUR, 1 / 300, 1 / 120, 20) > 0.5


def test_one_chat_drains_exponentially() -> None:
    """B05: a single chat is over after t with chance 1 - exp(-t / mean)."""
    assert math.isclose(
        drain_probability([1], PATIENT, 450), -math.expm1(-450 / 300), rel_tol=1e-12
    )


def test_agents_drain_independently() -> None:
    """B05: several agents with a chat each are all through with the product of their chances."""
    alone = drain_probability([1], PATIENT, 450)
    assert math.isclose(drain_probability([1, 1, 0], PATIENT, 450), alone**2, rel_tol=1e-12)


def test_a_full_agent_drains_as_a_simulation_says() -> None:
    """B05: an agent with three slowed chats and a customer in line, against 40,000 seeded runs."""
    lots, stages = random.Random(5), (1.0, 1.6, 1.9, 1.9)
    ends = [sum(lots.expovariate(speed / 300) for speed in stages) for _ in range(40_000)]
    chance = drain_probability([4], SLOWING, 900)
    observed = sum(end <= 900 for end in ends) / len(ends)
    assert abs(observed - chance) < 4 * math.sqrt(chance * (1 - chance) / len(ends))


def test_a_long_drain_is_computed_without_underflow() -> None:
    """B05: a thousand mean times later everything is over."""
    assert math.isclose(drain_probability([3] * 50, SLOWING, 300_000), 1.0, rel_tol=1e-12)


def test_chats_are_stopped_in_time_for_the_end_of_the_shift() -> None:
    """B05: stopping at the given moment ends all chats by six with the wanted probability."""
    six = 64_800.0
    stop = stop_taking_at(six, [3, 3, 2], SLOWING, 0.95)
    assert math.isclose(drain_probability([3, 3, 2], SLOWING, six - stop), 0.95, rel_tol=1e-9)


def test_nothing_open_drains_at_once() -> None:
    """B05: without open chats there is no need to stop early."""
    assert drain_seconds([0, 0], PATIENT, 0.99) < 1e-9


def test_certainty_of_draining_is_refused() -> None:
    """No finite time makes sure that exponential chats end."""
    with pytest.raises(InvalidParameter):
        drain_seconds([1], PATIENT, 1.0)


def test_without_slowdown_the_highest_limit_is_best() -> None:
    """C14: when chats at once cost nothing, the limit should not turn anybody away."""
    demand = Demand(
        chats_per_hour=120,
        handle_seconds=300,
        patience_seconds=120,
        speed_by_level=(0.0, 1.0, 2.0, 3.0, 4.0),
    )
    assert best_limit(demand, 5, Burden(lost_chat=1)).best.limit == 4


def test_when_attention_only_divides_further_chats_only_slow_replies() -> None:
    """C14: an agent who gains no speed from a second chat should hold one at a time."""
    demand = Demand(
        chats_per_hour=60,
        handle_seconds=300,
        patience_seconds=120,
        speed_by_level=(0.0, 1.0, 0.9, 0.8),
    )
    choice = best_limit(demand, 6, Burden(lost_chat=60, waited_second=1, served_second=1))
    assert choice.best.limit == 1
    assert [option.limit for option in choice.options] == [1, 2, 3]


def test_a_bound_on_slowdown_rules_limits_out() -> None:
    """C14: at three at once a chat lasts 3 / 1.9 as long, which a bound of 1.5 forbids."""
    choice = best_limit(SLOWING, 6, Burden(lost_chat=1), most_slowdown=1.5)
    assert [option.limit for option in choice.options] == [1, 2]


def test_a_limit_that_cannot_keep_up_is_no_option() -> None:
    """C14: without patience, limits with too little speed are left out, or all are refused."""
    demand = Demand(chats_per_hour=120, handle_seconds=300, speed_by_level=(0.0, 1.0, 1.6))
    assert [option.limit for option in best_limit(demand, 8, Burden(lost_chat=1)).options] == [2]
    with pytest.raises(UnreachableTarget):
        best_limit(demand, 6, Burden(lost_chat=1))


@pytest.mark.parametrize("wage", [12.0, 25.0, 60.0])
def test_two_at_once_halve_the_cost_of_agent_time(wage: float) -> None:
    """E10: without slowdown, an agent with two chats costs half as much a chat."""
    costs = CostModel(agent_hour=wage, paid_share_at_desk=0.8)
    one, two = (agent_cost_per_chat(costs, 600, at_once) for at_once in (1, 2))
    assert math.isclose(two, one / 2)


def test_slowdown_makes_the_second_chat_save_less() -> None:
    """E10: with a slowdown curve two at once cost more than half."""
    costs = CostModel(agent_hour=30)
    cost = agent_cost_per_chat(costs, 600, 2, SLOWING.speed_by_level)
    assert math.isclose(cost, 30 * 600 / HOUR / 1.6)


def test_a_plan_costs_what_its_parts_cost() -> None:
    """E09: agents' hours, overhead of finished chats and lost chats add up."""
    plan = staff_by_hour([IMPATIENT, IMPATIENT], AbandonAtMost(0.03))
    cost = plan_cost(plan, CostModel(agent_hour=20, overhead_per_chat=0.1, lost_chat=5))
    lost = 240 - cost.finished_chats
    assert math.isclose(cost.agents, 20 * 2 * plan[0].agents)
    assert math.isclose(cost.lost, 5 * lost, rel_tol=1e-6)
    assert math.isclose(cost.total, cost.agents + cost.overhead + cost.lost)
    assert cost.per_chat is not None
    assert math.isclose(cost.per_chat * cost.finished_chats, cost.total)


def test_a_plan_without_customers_has_no_cost_per_chat() -> None:
    """E09: the cost per chat of an empty plan is absent, not zero."""
    empty = Demand(chats_per_hour=0, handle_seconds=300)
    assert plan_cost([forecast(empty, 2)], CostModel(agent_hour=20)).per_chat is None


def test_dispatch_of_a_demand_reaches_the_floor() -> None:
    """A demand with random dispatch is forecast with random dispatch."""
    rates = {
        dispatch: concurrent(floor_of(SLOWING, 6, dispatch)).p_wait
        for dispatch in (Dispatch.LEAST_BUSY, Dispatch.RANDOM)
    }
    assert rates[Dispatch.LEAST_BUSY] < rates[Dispatch.RANDOM]


def test_an_erlang_c_forecast_has_its_mean_wait() -> None:
    """The forecast of patient customers is Erlang C."""
    expected = forecast(PATIENT, 12).expected
    assert expected is not None
    closed = erlang_c(12, 120 / HOUR, 1 / 300)
    assert math.isclose(expected.mean_wait, closed.mean_wait, rel_tol=1e-9)


@pytest.mark.parametrize(
    "target", [AnswerWithin(0.8, 20), AnswerSpeed(7.5), AbandonAtMost(0.025), AnswerWithin(1, 90)]
)
def test_a_target_is_written_as_it_is_read(target: Target) -> None:
    """What a message or a table says of a target can be asked again."""
    assert parse_target(str(target)) == target


def test_the_figure_reached_is_that_of_the_target() -> None:
    """With one agent less it misses the target; an hour without customers has none."""
    for target in (AnswerWithin(0.8, 20), AnswerSpeed(30), AbandonAtMost(0.03)):
        wanted = target.seconds if isinstance(target, AnswerSpeed) else target.share
        sign = 1 if isinstance(target, AnswerWithin) else -1
        for demand in (IMPATIENT, SLOWING):
            agents = agents_needed(demand, target).agents
            enough, short = (reached(forecast(demand, n), target) for n in (agents, agents - 1))
            assert enough is not None
            assert short is not None
            assert sign * enough >= sign * wanted > sign * short
    empty = Demand(chats_per_hour=0, handle_seconds=300)
    assert reached(forecast(empty, 3), AbandonAtMost(0.03)) is None
