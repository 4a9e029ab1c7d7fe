"""Policies that no desk should run."""

from collections import Counter

import attrs
import pytest

from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.customers import chat_of
from chatdesk.simulation.fast import new_router, run_fast
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import root
from chatdesk.simulation.yardsticks import InOrder, MostBusy, PowerOfChoices

CHATS = Kind(arrivals=Poisson(2.0), work=Exponential(1.0), patience=Exponential(1.0))
FOUR = Scenario(kinds=(CHATS,), crews=(Crew(name="a", agents=4, capacity=3),))


def _seated(policy: AssignmentPolicy) -> Router:
    return new_router(attrs.evolve(FOUR, policy=policy))


def _chosen(policy: AssignmentPolicy, router: Router, number: int = 0) -> str | None:
    return policy.choose(chat_of(number, 0.0, CHATS), router.staff, 0.0)


def test_the_most_busy_is_filled_before_the_next() -> None:
    """Chats go to the agent who has most, as long as he has room."""
    policy = MostBusy()
    router = _seated(policy)
    given = []
    for number in range(7):
        agent_id = _chosen(policy, router, number)
        assert agent_id is not None
        router.assign(agent_id, 0.0)
        given.append(agent_id)
    assert given == ["a-1"] * 3 + ["a-2"] * 3 + ["a-3"]


def test_a_list_is_gone_through_from_its_beginning() -> None:
    """The first of the list who has room; who is not in it comes after all of it."""
    policy = InOrder(("a-3", "a-2"))
    router = _seated(policy)
    for agent_id in ("a-3", "a-2", "a-1"):
        assert _chosen(policy, router) == agent_id
        for _ in range(3):
            router.assign(agent_id, 0.0)
    assert _chosen(policy, router) == "a-4"


def test_one_draw_is_as_even_as_chance_and_all_draws_find_the_least_busy() -> None:
    """With one choice everybody gets a quarter; with four the loaded are never chosen."""
    router = _seated(PowerOfChoices())
    for agent_id in ("a-1", "a-2", "a-4"):
        router.assign(agent_id, 0.0)
    one = Counter(_chosen(PowerOfChoices(1), router, number) for number in range(2000))
    assert set(one) == {"a-1", "a-2", "a-3", "a-4"}
    assert all(400 < times < 600 for times in one.values())
    assert {_chosen(PowerOfChoices(4), router, number) for number in range(50)} == {"a-3"}


@pytest.mark.parametrize("with_room", [0, 1, 2])
def test_more_choices_than_agents_with_room_are_all_of_them(with_room: int) -> None:
    """Three choices among fewer end, with the least busy of those there are."""
    policy = PowerOfChoices(3)
    router = _seated(policy)
    for agent_id in ("a-1", "a-2", "a-3", "a-4")[with_room:]:
        for _ in range(3):
            router.assign(agent_id, 0.0)
    if with_room == 2:
        router.assign("a-1", 0.0)
    assert _chosen(policy, router) == (None, "a-1", "a-2")[with_room]


def test_a_whole_run_of_choices_gives_everybody_somebody() -> None:
    """A desk that is full now and then is simulated to its end, and nobody is forgotten."""
    busy = attrs.evolve(FOUR, policy=PowerOfChoices(3, seed=1), crews=(Crew(agents=2),))
    visits = run_fast(busy, root(1), 300)
    served = [agent for agent in visits.agents if agent is not None]
    assert set(served) == {"agent-1", "agent-2"}
    assert 150 < len(served) < 300
