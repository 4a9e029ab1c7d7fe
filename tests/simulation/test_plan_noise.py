"""How far a simulated figure strays, by theory."""

from statistics import stdev

import pytest

from chatdesk.simulation.errors import UnstableModel
from chatdesk.simulation.plan_check import check_plan
from chatdesk.simulation.plan_noise import asymptotic_variance, standard_error
from chatdesk.simulation.planning import (
    AbandonAtMost,
    AnswerWithin,
    Demand,
    Staffing,
    agents_needed,
    parse_target,
)

BUSY = Demand(chats_per_hour=120, handle_seconds=300, patience_seconds=180)


@pytest.mark.parametrize("load", [0.3, 0.5, 0.8])
def test_a_single_server_has_its_known_variance(load: float) -> None:
    """Of the number in an M/M/1 system: 2 load (1 + load) / (1 - load) ** 4 (Whitt 1992)."""
    chances = [(1 - load) * load**number for number in range(400)]
    found = asymptotic_variance(chances, load, range(400))
    assert found == pytest.approx(2 * load * (1 + load) / (1 - load) ** 4, rel=1e-6)


@pytest.mark.parametrize("text", ["80% in 20s", "ASA<=30s", "abandon<=3%"])
def test_simulated_figures_stray_as_theory_says(text: str) -> None:
    """Of twenty seeds; their deviation is itself sure to a third."""
    target = parse_target(text)
    plan = [agents_needed(BUSY, target)]
    found = [check_plan(plan, target, customers=3_000, seed=seed)[0] for seed in range(20)]
    strayed = stdev(checked.simulated.value for checked in found if checked is not None)
    assert strayed == pytest.approx(standard_error(plan[0], target, 3_000), rel=0.5)


def test_more_customers_stray_less() -> None:
    """As the square root of their number."""
    plan = agents_needed(BUSY, AbandonAtMost(0.03))
    error = standard_error(plan, AbandonAtMost(0.03), 1_000)
    assert standard_error(plan, AbandonAtMost(0.03), 4_000) == pytest.approx(error / 2)


def test_an_answer_at_once_is_a_place_that_is_free() -> None:
    """Within no time at all, whoever finds a line is late; it is a share like any other."""
    plan = agents_needed(BUSY, AnswerWithin(0.8, 0.0))
    assert 0 < standard_error(plan, AnswerWithin(0.8, 0.0), 1_000) < 0.5


def test_a_line_that_grows_for_ever_is_refused() -> None:
    """Two agents without patience cannot do the work of ten."""
    endless = Demand(chats_per_hour=120, handle_seconds=300)
    with pytest.raises(UnstableModel, match="nobody gives up"):
        standard_error(Staffing(endless, 2, None, exact=True), AbandonAtMost(0.1), 100)
