"""Plans held against the production routing code."""

import attrs
import pytest
from msgspec import structs

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.concurrency import Dispatch
from chatdesk.simulation.plan_check import check_plan, scenario_of
from chatdesk.simulation.planning import (
    AnswerSpeed,
    Demand,
    Staffing,
    agents_needed,
    forecast,
    parse_target,
    staff_by_hour,
)

SLOWING = Demand(
    chats_per_hour=90,
    handle_seconds=300,
    patience_seconds=180,
    speed_by_level=(0.0, 1.0, 1.6, 1.9),
)
PLAIN = Demand(chats_per_hour=60, handle_seconds=300, patience_seconds=180)
PATIENT = Demand(chats_per_hour=60, handle_seconds=300)


@pytest.mark.parametrize("text", ["80% in 20s", "ASA<=30s", "abandon<=3%"])
def test_right_plans_agree(text: str) -> None:
    """With and without patience, one chat and several: the simulator finds what was planned."""
    target = parse_target(text)
    plan = staff_by_hour([SLOWING, PLAIN, PATIENT], target)
    for checked in check_plan(plan, target, customers=10_000):
        assert checked is not None
        assert checked.agrees
        assert checked.simulated.low is not None
        assert checked.simulated.high is not None
        assert 0 <= checked.simulated.low <= checked.simulated.value <= checked.simulated.high


def test_a_wrong_plan_does_not_agree() -> None:
    """A figure half as large as it is stands out."""
    right = agents_needed(SLOWING, parse_target("abandon<=5%"))
    assert right.expected is not None
    half = structs.replace(right.expected, p_abandon=right.expected.p_abandon / 2)
    wrong = structs.replace(right, expected=half)
    good, bad = check_plan([right, wrong], parse_target("abandon<=5%"), customers=20_000)
    assert good is not None
    assert good.agrees
    assert bad is not None
    assert not bad.agrees


def test_rare_rushes_on_a_large_desk_are_no_disagreement() -> None:
    """Short batches see no rush at all here; theory knows how rare and how long rushes are."""
    large = Demand(chats_per_hour=1500, handle_seconds=300, speed_by_level=(0.0, 1.0, 1.6, 1.9))
    target = AnswerSpeed(5.0)
    plan = [agents_needed(large, target)]
    found = [check_plan(plan, target, customers=5_000, seed=seed)[0] for seed in range(6)]
    assert all(checked is not None and checked.agrees for checked in found)
    waits = [checked.simulated.value for checked in found if checked is not None]
    assert min(waits) < 0.5
    assert max(waits) > 4.0


def test_an_hour_without_customers_has_nothing_to_check() -> None:
    """Nobody comes, so no share and no mean is known."""
    empty = structs.replace(PLAIN, chats_per_hour=0.0)
    assert check_plan([forecast(empty, 2)], AnswerSpeed(30.0)) == (None,)


def test_the_scenario_is_that_of_the_demand() -> None:
    """Agents, limit, speeds and the policy that dispatches are the plan's."""
    found = scenario_of(Staffing(SLOWING, 4, None, exact=True))
    assert (found.places, len(found.agents)) == (12, 4)
    assert found.crews[0].chat_speeds == pytest.approx((0.0, 1.0, 0.8, 1.9 / 3))
    at_random = structs.replace(SLOWING, dispatch=Dispatch.RANDOM)
    other = scenario_of(Staffing(at_random, 4, None, exact=True))
    assert attrs.evolve(other, policy=found.policy) == found
    balanced = structs.replace(SLOWING, dispatch=Dispatch.BALANCED)
    with pytest.raises(InvalidParameter, match="no policy dispatches balanced"):
        scenario_of(Staffing(balanced, 4, None, exact=True))
