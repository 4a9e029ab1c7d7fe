"""What is simulated, and what is refused before it is."""

from typing import Any

import attrs
import pytest

from chatdesk.model.values import QueueMode
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.scenario import QUEUE, Break, Crew, Kind, Scenario

CHATS = Kind(arrivals=Poisson(2.0), work=Exponential(1.0), patience=Exponential(1.0))
DESK = Scenario(kinds=(CHATS,), crews=(Crew(agents=2),))


def test_ids_sort_as_agents_sit() -> None:
    """Numbers have as many digits as the last, so that the ids' order is that of the seats."""
    crew = Crew(name="night", agents=10)
    assert crew.ids[0] == "night-01"
    assert list(crew.ids) == sorted(crew.ids)


def test_a_scenario_seats_crew_after_crew() -> None:
    """Agents, seats and places go through the crews in their order."""
    one, two = Crew(name="z", agents=2, capacity=3), Crew(name="a")
    desk = attrs.evolve(DESK, crews=(one, two))
    assert desk.agents == ("z-1", "z-2", "a-1")
    assert list(desk.seats) == [("z-1", one), ("z-2", one), ("a-1", two)]
    assert desk.places == 7


def test_the_speed_of_each_chat_is_its_part_of_the_rate() -> None:
    """Rates are shared evenly by the chats and multiplied by the agent's speed."""
    assert Crew(capacity=2, speed=1.5).chat_speeds == (0.0, 1.5, 1.5)
    assert Crew(capacity=2, speed=2.0, rates=(0.0, 1.0, 1.5)).chat_speeds == (0.0, 2.0, 1.5)


@pytest.mark.parametrize(
    ("crew", "slows"),
    [
        (Crew(capacity=3), False),
        (Crew(capacity=3, rates=(0.0, 1.0, 2.0, 3.0)), False),
        (Crew(capacity=2, rates=(0.0, 1.0, 1.5)), True),
        (Crew(capacity=1, rates=(0.0, 1.0, 1.5)), False),
    ],
    ids=["no rates", "rates in proportion", "a discount", "a discount out of reach"],
)
def test_only_a_discount_within_the_capacity_slows_down(crew: Crew, slows: bool) -> None:
    """Where chats do not disturb each other, their ends are known at once."""
    assert crew.slows == slows


@pytest.mark.parametrize(
    ("kind", "crew", "desk"),
    [
        ({"turns": 2}, {}, {}),
        ({"transfer_share": 0.1}, {}, {}),
        ({}, {"shifts": (Break(begin=0.0, end=9.0),)}, {}),
        ({}, {"breaks": (Break(begin=1.0, end=2.0),)}, {}),
        ({}, {"no_answer_share": 0.1}, {}),
        ({}, {}, {"offer_seconds": 5.0}),
    ],
    ids=["turns", "transfers", "shifts", "breaks", "no answer", "offers"],
)
def test_what_only_a_whole_desk_has_wants_one(
    kind: dict[str, Any], crew: dict[str, Any], desk: dict[str, Any]
) -> None:
    """A single such setting suffices; without any the fast path does."""
    assert not DESK.wants_desk
    kinds, crews = (attrs.evolve(CHATS, **kind),), (attrs.evolve(DESK.crews[0], **crew),)
    assert attrs.evolve(DESK, kinds=kinds, crews=crews, **desk).wants_desk


def test_a_whole_desk_knows_its_rules_by_a_name() -> None:
    """The queue's setup has the name twice, and offers chats when there is a time for it."""
    pushed = DESK.queue_for_desk("rule")
    assert (pushed.policy, pushed.discipline, pushed.name) == ("rule", "rule", QUEUE)
    assert pushed.mode is QueueMode.PUSH
    offered = attrs.evolve(DESK, offer_seconds=4.0, ageing_seconds=7.0).queue_for_desk("rule")
    assert (offered.mode, offered.offer_seconds) == (QueueMode.OFFER, 4.0)
    assert offered.ageing_seconds == 7.0


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"turns": -1}, {}, "turns of customer"),
    ({"transfer_share": 1.5}, {}, "transfer_share of customer"),
    ({"skills": ("x",)}, {}, "no crew has all skills of customer"),
    ({}, {"agents": 0}, "agents of agent"),
    ({}, {"capacity": 0}, "capacity of agent"),
    ({}, {"speed": 0.0}, "speed of agent"),
    ({}, {"no_answer_share": -0.1}, "no_answer_share of agent"),
    ({}, {"open_chats": 2}, "starts with 2 chats but holds 1"),
    ({}, {"rates": (0.0,)}, "rates of agent"),
    ({}, {"rates": (1.0, 1.0)}, "rates of agent"),
    ({}, {"capacity": 2, "rates": (0.0, 1.0)}, "rates of agent end at 1 chats"),
    ({}, {"capacity": 2, "leaving_rates": (0.0, 1.0)}, "leaving_rates of agent end at 1 chats"),
    ({}, {"capacity": 2, "rates": (0.0, 1.0, 0.0)}, "nothing gets finished"),
    ({}, {"breaks": (Break(begin=2.0, end=2.0),)}, "break of agent goes from 2.0 to 2.0"),
    ({}, {"shifts": (Break(begin=-1.0, end=2.0),)}, "no begin before 0"),
]


@pytest.mark.parametrize(("kind", "crew", "told"), WRONG, ids=[told for _, _, told in WRONG])
def test_what_cannot_be_is_refused_with_its_name(
    kind: dict[str, Any], crew: dict[str, Any], told: str
) -> None:
    """Each wrong value is named with the kind or crew that has it."""
    with pytest.raises(InvalidParameter, match=told):
        Scenario(kinds=(attrs.evolve(CHATS, **kind),), crews=(attrs.evolve(Crew(), **crew),))


@pytest.mark.parametrize(
    ("kinds", "crews", "told"),
    [
        ((), (Crew(),), "there is no kind of customers"),
        ((CHATS,), (), "there is no crew"),
        ((CHATS, CHATS), (Crew(),), "two of the same kind of customers"),
        ((CHATS,), (Crew(), Crew(agents=3)), "two of the same crew"),
    ],
)
def test_each_kind_and_crew_has_a_name_of_its_own(
    kinds: tuple[Kind, ...], crews: tuple[Crew, ...], told: str
) -> None:
    """There is at least one of each, and no two share a name."""
    with pytest.raises(InvalidParameter, match=told):
        Scenario(kinds=kinds, crews=crews)
