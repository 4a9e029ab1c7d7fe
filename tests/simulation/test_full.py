"""The whole desk in virtual time, and its agreement with the fast path."""

from typing import Any

import attrs
import pytest

from chatdesk.rules.disciplines import Priority
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.choosing import policy_named
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.experiment import Length, simulate
from chatdesk.simulation.fast import run_fast
from chatdesk.simulation.full import run_full
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.scenario import Break, Crew, Kind, Scenario
from chatdesk.simulation.streams import root
from chatdesk.simulation.visits import Visits

CHATS = Kind(arrivals=Poisson(4.0), work=Exponential(1.0), patience=Exponential(0.5))
DESK = Scenario(kinds=(CHATS,), crews=(Crew(agents=5),))
CUSTOMERS = 400
MICROSECONDS = 1e-5
"""A desk's instants are whole microseconds, the fast path's are not."""


def with_kind(**fields: Any) -> Scenario:
    """The desk with other customers."""
    return attrs.evolve(DESK, kinds=(attrs.evolve(CHATS, **fields),))


def with_crew(**fields: Any) -> Scenario:
    """The desk with other agents."""
    return attrs.evolve(DESK, crews=(attrs.evolve(DESK.crews[0], **fields),))


def full(scenario: Scenario, count: int = CUSTOMERS) -> Visits:
    """A run of the whole desk."""
    return run_full(scenario, root(3), count)


@pytest.mark.parametrize("rates", [None, (0.0, 1.0, 1.6, 1.9)], ids=["alone", "slowed"])
@pytest.mark.parametrize(
    "policy", ["least_busy", "longest_idle", "round_robin", "most_room", "random", "skilled"]
)
def test_both_paths_give_the_same_customers_to_the_same_agents(
    policy: str, rates: tuple[float, ...] | None
) -> None:
    """Where both apply, agents are the same and waits are to the microsecond."""
    capacity = 1 if rates is None else 3
    scenario = Scenario(
        kinds=(
            attrs.evolve(CHATS, arrivals=Poisson(8.0)),
            attrs.evolve(CHATS, name="expert", skills=("expert",), priority=1, language="fr"),
        ),
        crews=(
            Crew(name="plain", agents=4, capacity=capacity, rates=rates),
            Crew(name="expert", agents=3, capacity=capacity, rates=rates, skills=("expert",)),
        ),
        policy=policy_named(policy),
        discipline=Priority(),
    )
    ours = run_fast(scenario, root(3), CUSTOMERS)
    assert len(set(ours.agents)) > 7
    assert ours.same_course(full(scenario), MICROSECONDS)


def test_messages_to_and_fro_change_no_assignment() -> None:
    """Reply turns are said within a chat's work, so that nobody waits for longer."""
    spoken = full(with_kind(turns=5))
    assert full(DESK).same_course(spoken, MICROSECONDS)


def test_transfers_give_chats_to_somebody_else() -> None:
    """A transferred chat is served by two different agents, one after the other."""
    visits = full(with_kind(transfer_share=0.5))
    assert len(visits.moved) > CUSTOMERS / 10
    by_end = sorted(visits.others, key=lambda stint: stint.end)
    assert len(by_end) == 2 * len(visits.moved)
    assert all(stint.begin <= stint.end for stint in by_end)


def test_offers_that_expire_go_to_the_next_agent() -> None:
    """Agents who let offers expire make customers wait for the offer's time."""
    answering = full(attrs.evolve(DESK, offer_seconds=0.5))
    crews = (attrs.evolve(DESK.crews[0], no_answer_share=0.4),)
    silent = full(attrs.evolve(DESK, offer_seconds=0.5, crews=crews))
    assert full(DESK).same_course(answering, MICROSECONDS)
    assert sum(silent.waited) > sum(answering.waited)
    assert any(abs(wait - 0.5) < MICROSECONDS for wait in silent.waited)


def test_nobody_gets_a_chat_in_a_break() -> None:
    """B03: who takes a break finishes his chats and gets no new ones until it is over."""
    visits = full(with_crew(breaks=(Break(begin=20.0, end=30.0),)))
    columns = zip(visits.arrived, visits.waited, visits.agents, strict=True)
    begun = [came + waited for came, waited, agent in columns if agent is not None]
    assert not any(20.0 < at < 30.0 for at in begun)
    assert any(at > 30.0 for at in begun)


def test_after_the_shift_everybody_is_turned_away() -> None:
    """B10: without anybody there, a chat is missed and its customer leaves at once."""
    visits = full(with_crew(shifts=(Break(begin=0.0, end=50.0),)))
    late = [n for n, came in enumerate(visits.arrived) if came > 50.0]
    assert late
    assert all(visits.agents[n] is None for n in late)
    assert all(visits.waited[n] == 0.0 for n in late)


def test_customers_may_leave_while_they_are_served() -> None:
    """Chats of a strained agent are left unfinished now and then."""
    leaving = with_crew(capacity=2, rates=(0.0, 1.0, 1.2), leaving_rates=(0.0, 0.1, 0.5))
    visits = full(leaving)
    assert visits.unfinished
    assert visits.same_course(run_fast(leaving, root(3), CUSTOMERS), MICROSECONDS)


def test_a_scenario_that_wants_a_desk_gets_one() -> None:
    """`simulate` takes the whole desk by itself, and the fast path refuses what it cannot do."""
    scenario = with_kind(turns=2)
    with pytest.raises(InvalidParameter, match="whole desk"):
        run_fast(scenario, root(1), 10)
    found = simulate(scenario, Length(customers=100, warm_up=0, batches=5))
    assert found.customers == 100
    assert 0 < found.figures["utilisation"].value < 1


def test_chats_open_at_the_start_are_for_the_fast_path() -> None:
    """A desk has no chats that nobody asked for."""
    with pytest.raises(InvalidParameter, match="open_chats"):
        full(with_crew(open_chats=1))
