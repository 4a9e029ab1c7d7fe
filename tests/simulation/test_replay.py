"""The replay of a log: figures, differences, agreement."""

from statistics import fmean

import msgspec
import pytest

from chatdesk.model.records import AgentSetup, QueueSetup
from chatdesk.rules.advanced import MostGain
from chatdesk.rules.policies import LeastBusy, LongestIdle, SeededRandom
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.history import History, read_journal
from chatdesk.simulation.replay import REPLAY_FIGURES, ReplaySettings, replay
from tests.simulation.journals import Shop, small_shop

FEW = ReplaySettings(replications=3)


@pytest.fixture(scope="module")
def history() -> History:
    """A day of a small shop."""
    return read_journal(small_shop(150).store)


def test_what_ran_is_reproduced(history: History) -> None:
    """The replay of the policy that ran agrees with what happened, chat by chat."""
    agreement = replay(history, {}, settings=FEW).agreement
    assert (agreement.chats, agreement.same_agent, agreement.same_wait) == (150, 1.0, 1.0)
    assert agreement.mean_gap_seconds < 1e-5
    for name in REPLAY_FIGURES:
        assert agreement.replayed[name] == pytest.approx(agreement.recorded[name], abs=1e-6)


def test_the_same_policy_makes_no_difference(history: History) -> None:
    """A candidate that is what ran differs by nothing, with no doubt about it."""
    _, same = replay(history, {"again": LeastBusy()}, settings=FEW).results
    assert same.differences is not None
    for estimate in same.differences.values():
        assert (estimate.value, estimate.low, estimate.high) == (0.0, 0.0, 0.0)


def test_a_candidate_has_figures_and_differences(history: History) -> None:
    """Each difference is that of the figures, inside its interval."""
    ran, other = replay(history, {"random": SeededRandom()}, settings=FEW).results
    assert other.policy == "random"
    assert other.differences is not None
    for name, change in other.differences.items():
        assert change.value == pytest.approx(other.figures[name].value - ran.figures[name].value)
        assert change.low is not None
        assert change.high is not None
        assert change.low <= change.value <= change.high


def test_a_seed_gives_the_same_answer(history: History) -> None:
    """The same log, policies and seed give the same figures to the last digit."""
    one, other = (replay(history, {"idle": LongestIdle()}, settings=FEW) for _ in range(2))
    assert one == other


def test_another_desks_policy_is_asked_for(history: History) -> None:
    """A log whose policy is nobody's built-in is refused until it is given."""
    own = {"sales": QueueSetup(name="Sales", policy="ours")}
    with pytest.raises(InvalidParameter, match="'ours'"):
        replay(msgspec.structs.replace(history, queues=own), {})
    found = replay(msgspec.structs.replace(history, queues=own), {}, ran=LeastBusy(), settings=FEW)
    assert found.results[0].policy == "LeastBusy"
    assert found.agreement.same_agent == 1.0


def _a_day(policy: str, seed: int, own: MostGain) -> History:
    """A day of three agents, one of them three times as fast, under a policy."""
    shop = Shop(seed=seed, speeds={"bo": 3.0}, policies={"own": own})
    agents = {
        name: AgentSetup(name=name, queues=("sales",), capacity=2) for name in ("ana", "bo", "cy")
    }
    shop.open(agents, {"sales": QueueSetup(name="Sales", policy=policy)})
    shop.day(500, every=32.0, work=220.0, patience=120.0)
    return read_journal(shop.store)


def test_it_foretells_what_another_policy_really_does() -> None:
    """Days that really ran by the candidate lie inside the intervals that another day's log gave.

    The days are of other customers; the replay knows no speeds but those it measures.
    """
    own = MostGain(speeds={"bo": 3.0}, contention=0.0)
    log = _a_day("random", 1, own)
    before, foretold = replay(log, {"own": own}, settings=FEW).results
    really = [replay(_a_day("own", seed, own), {}, ran=own, settings=FEW) for seed in (11, 12)]
    for name in ("mean_wait", "p_abandon", "in_target"):
        mean = fmean(day.agreement.recorded[name] for day in really)
        estimate = foretold.figures[name]
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= mean <= estimate.high
    jain = fmean(day.agreement.recorded["jain"] for day in really)
    assert foretold.figures["jain"].value == pytest.approx(jain, abs=0.05)
    assert before.figures["jain"].value > jain + 0.05


@pytest.mark.parametrize("wrong", [{"replications": 0}, {"target_seconds": -1.0}])
def test_wrong_settings_are_refused(wrong: dict[str, float]) -> None:
    """What makes no sense is refused with its name."""
    with pytest.raises(InvalidParameter, match=next(iter(wrong))):
        ReplaySettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose
