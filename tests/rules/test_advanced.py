"""The policy of the most gain."""

from math import inf, isclose, nan

import pytest

from chatdesk.model.errors import ConfigurationError
from chatdesk.model.records import Chat, Queue, QueueSetup
from chatdesk.model.values import ChatState
from chatdesk.rules.advanced import MostGain
from chatdesk.rules.disciplines import FirstCome
from chatdesk.rules.policies import POLICIES, AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat
from chatdesk.testing.policy import PolicyConformance

SALES = "queue:sales"


def seat(name: str, load: int = 0, *skills: str, **facts: int) -> Seat:
    """An agent of three slots who serves sales."""
    return Seat(name, frozenset({SALES, *skills}), 3, load, **facts)


def choice(policy: AssignmentPolicy, *seats: Seat) -> str | None:
    """Who gets a chat that any of them may get."""
    router = Router()
    router.set_queue(Queue(id="sales", setup=QueueSetup(name="Sales")), policy, FirstCome())
    for one in seats:
        router.seat(one)
    chat = Chat(
        id="c",
        state=ChatState.WAITING,
        queue="sales",
        visitor="v",
        customer="p",
        requested_at=0.0,
        waiting_since=0.0,
        queued_at=0.0,
    )
    return router.choice(chat, 0.0)


def test_it_is_built_in() -> None:
    """C22: a queue may name it, with settings that suit a desk of which nothing is known."""
    assert POLICIES["most_gain"]() == MostGain()


def test_among_alike_it_is_the_least_busy() -> None:
    """C15: with nothing known of the agents the lowest load is chosen, then fewest received."""
    assert choice(MostGain(), seat("ana", 1), seat("bo", 2)) == "ana"
    assert choice(MostGain(), seat("ana", 1, turn=5), seat("bo", 1, turn=4)) == "bo"
    assert choice(MostGain(), seat("ana", 1, place=2), seat("bo", 1, place=1)) == "bo"


def test_a_fast_agent_with_a_chat_may_be_better_than_an_idle_slow_one() -> None:
    """What counts is by how much the next chat raises an agent's rate."""
    policy = MostGain(speeds={"ana": 2.0}, rates=(0, 1, 1.6, 1.9))
    assert isclose(policy.gain(seat("ana", 1)), 1.2)
    assert choice(policy, seat("ana", 1), seat("bo", 0)) == "ana"
    assert choice(policy, seat("ana", 2), seat("bo", 0)) == "bo"


def test_skills_are_kept_free() -> None:
    """B14: who can do more is spared as long as somebody else is nearly as good."""
    expert = seat("ana", 0, "lang:fr", "print")
    assert choice(MostGain(), expert, seat("bo", 0)) == "bo"
    assert choice(MostGain(), expert, seat("bo", 1)) == "ana"
    dear = MostGain(skill_price=0.3)
    assert choice(dear, expert, seat("bo", 1)) == "bo"


def test_a_chat_that_slows_its_agent_down_waits() -> None:
    """C14: nobody is given a chat that makes him finish fewer, until he has ended another."""
    policy = MostGain(rates=(0, 1, 1.6, 1.5))
    assert choice(policy, seat("ana", 1)) == "ana"
    assert choice(policy, seat("ana", 2)) is None
    assert choice(policy, seat("ana", 2), seat("bo", 1)) == "bo"


def test_beyond_the_list_the_last_step_goes_on() -> None:
    """Rates need not be given up to the highest capacity."""
    policy = MostGain(rates=(0, 1, 1.5))
    assert policy.step(1) == policy.step(7) == 0.5


def test_without_rates_each_chat_slows_the_others() -> None:
    """The default curve rises, by less and less."""
    steps = [MostGain().step(load) for load in range(8)]
    assert steps[0] == 1.0
    assert isclose(steps[1], 0.6)
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] > 0


def test_a_coarse_grain_shares_more_evenly() -> None:
    """Below the grain speed counts nothing, and whoever had fewer chats is chosen."""
    seats = (seat("ana", 0, turn=9), seat("bo", 0, turn=1))
    speeds = {"ana": 1.4}
    assert choice(MostGain(speeds=speeds, grain=0.0), *seats) == "ana"
    assert choice(MostGain(speeds=speeds, grain=3.0), *seats) == "bo"


def test_equal_settings_are_equal_policies() -> None:
    """C22: two processes with the same settings agree, and share one order."""
    one, other = (MostGain(speeds={"ana": 2.0}) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != MostGain()


@pytest.mark.parametrize(
    "wrong",
    [
        {"grain": -0.1},
        {"grain": nan},
        {"contention": -1.0},
        {"skill_price": inf},
        {"speeds": {"ana": 0.0}},
        {"speeds": {"ana": nan}},
        {"rates": ()},
        {"rates": (1.0, 2.0)},
        {"rates": (0.0, 0.0)},
        {"rates": (0.0, 1.0, inf)},
    ],
)
def test_settings_without_a_meaning_are_refused(wrong: dict[str, object]) -> None:
    """A wrong setting is refused when the policy is made, with how to mend it."""
    with pytest.raises(ConfigurationError, match=r"give|begin with"):
        MostGain(**wrong)  # type: ignore[arg-type]  # wrong on purpose


class TestConformance(PolicyConformance):
    """C22: with speeds and rates told it does what every policy must."""

    def make_policy(self) -> AssignmentPolicy:
        """With settings that differ from agent to agent."""
        speeds = {f"a{number}": 0.5 + number / 10 for number in range(10)}
        return MostGain(speeds=speeds, rates=(0, 1, 1.6, 1.9))


class TestRefusingConformance(PolicyConformance):
    """C14: one that refuses full agents may let chats wait, and does all else likewise."""

    waits_without_end = True

    def make_policy(self) -> AssignmentPolicy:
        """Nobody gets a second chat."""
        return MostGain(rates=(0, 1, 0.9))
