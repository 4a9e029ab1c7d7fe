"""Patience and handling, fitted to logs."""

from math import exp, inf, isclose
from random import Random

import pytest

from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.calibration import Customers, Handling, Patience, Wait, crowding
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.fast import run_fast
from chatdesk.simulation.history import Asked, History, Stint, read_journal
from chatdesk.simulation.imports import Row, history_of_rows
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import root
from tests.simulation.journals import small_shop

# remission in weeks under 6-mercaptopurine (Freireich et al. 1963, Blood 21), + for censored
REMISSION = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"


def remission() -> Patience:
    """The curve of the textbooks' data."""
    waits = (Wait(float(w.rstrip("+")), not w.endswith("+")) for w in REMISSION.split())
    return Patience.of(waits)


@pytest.mark.parametrize(
    ("seconds", "chance"),
    [(5, 1.0), (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538)],
)
def test_the_curve_is_the_textbooks(seconds: float, chance: float) -> None:
    """Kaplan and Meier's estimate of the 6-MP data, as in Kalbfleisch and Prentice, table 1.1."""
    assert isclose(remission().chance(seconds), chance, abs_tol=0.0006)


def test_the_rate_counts_all_waits() -> None:
    """Of exponential patience with censoring: 9 gave up in 359 weeks."""
    assert isclose(remission().rate, 9 / 359)
    behind = remission().chance(33.0)
    assert isclose(behind, remission().chance(23.0) * exp(-9 / 359 * 10))


def test_draws_follow_the_curve_beyond_what_was_waited() -> None:
    """A patience drawn for somebody who waited is longer than that, by the conditional chance."""
    patience, stream = remission(), Random(1)
    drawn = [patience.draw(stream.random(), 10.0) for _ in range(20_000)]
    assert min(drawn) >= 10.0
    for seconds in (13.0, 20.0, 23.0, 60.0):
        share = sum(one > seconds for one in drawn) / len(drawn)
        assert isclose(share, patience.chance(seconds) / patience.chance(10.0), abs_tol=0.01)


def test_nobody_who_gave_up_means_endless_patience() -> None:
    """Without anybody who gave up nothing says when one would."""
    patience = Patience.of([Wait(3.0, gave_up=False)])
    assert patience.draw(0.99) == inf
    assert patience.chance(1e9) == 1.0


def test_waits_taken_for_patience_would_be_too_short() -> None:
    """Exponential patience of mean 60, mostly censored, is found again within a tenth."""
    stream, waits = Random(2), []
    for _ in range(5_000):
        offered, patience = stream.expovariate(1 / 20), stream.expovariate(1 / 60)
        waits.append(Wait(min(offered, patience), patience < offered))
    assert isclose(1 / Patience.of(waits).rate, 60.0, rel_tol=0.1)
    assert isclose(Patience.of(waits).chance(30.0), exp(-0.5), rel_tol=0.1)


def test_a_fast_agent_is_known_as_such() -> None:
    """Bo is twice as fast as the others, and is found to be, about."""
    handling = Handling.of(read_journal(small_shop(400).store))
    ratio = handling.speed("bo") / handling.speed("cy")
    assert 1.7 < ratio < 2.3
    assert isclose(handling.moved(100.0, "cy", "bo"), 100.0 / ratio)
    assert handling.moved(100.0, "bo", "bo") == 100.0


def _history(stints: list[tuple[str, float]]) -> History:
    asked = [
        Asked(
            chat=str(number),
            at=0.0,
            order=number,
            queue="q",
            customer="c",
            stints=(Stint(agent=agent, queue="q", begin=0.0, end=seconds),),
        )
        for number, (agent, seconds) in enumerate(stints)
    ]
    return History(asked=tuple(asked), presences=(), queues={})


def test_little_evidence_moves_an_agent_little() -> None:
    """One lucky chat does not make a fast agent: his factor is drawn towards the others'."""
    stream = Random(3)
    usual = [("ana", stream.lognormvariate(5, 0.6)) for _ in range(200)]
    usual += [("cy", stream.lognormvariate(5.6, 0.6)) for _ in range(200)]
    handling = Handling.of(_history([*usual, ("new", 30.0)]))
    assert handling.speed("new") < 2.5
    assert handling.speed("ana") > 1.1 * handling.speed("cy")


def test_a_log_without_an_end_is_refused() -> None:
    """Nothing says how long chats take when none was finished."""
    with pytest.raises(InvalidParameter, match="how long"):
        Handling.of(History(asked=(), presences=(), queues={}))


def test_crowding_is_found_again() -> None:
    """C14: agents who slow down as a scenario says are found to do so from their chats alone."""
    rates = (0.0, 1.0, 1.6, 1.9)
    kind = Kind(arrivals=Poisson(7.0), work=Exponential(1.0), patience=Exponential(0.5))
    scenario = Scenario(kinds=(kind,), crews=(Crew(agents=5, capacity=3, rates=rates),))
    visits = run_fast(scenario, root(1), 8_000)
    columns = zip(visits.arrived, visits.waited, visits.ended, visits.agents, strict=True)
    history = history_of_rows(
        Row(chat=str(number), at=at, agent=agent, answered_at=at + waited, ended_at=ended)
        if agent is not None
        else Row(chat=str(number), at=at, left_at=ended)
        for number, (at, waited, ended, agent) in enumerate(columns)
    )
    levels = crowding(history)
    assert [level.chats for level in levels] == [1, 2, 3]
    assert [level.rate for level in levels] == pytest.approx(rates[1:], rel=0.12)


def test_a_level_that_never_ended_a_chat_tells_nothing() -> None:
    """Without a chat that ended alone there is nothing to compare with."""
    history = _history([("ana", 100.0), ("ana", 100.0)])
    assert [level.rate for level in crowding(history)] == [None, None]


def test_luck_is_the_same_for_the_same_seed() -> None:
    """Two policies meet the same customers, and who left is exactly as patient as he was."""
    history = read_journal(small_shop(60).store)
    customers = Customers.of(history)
    one, other = (customers.luck(history, Random(4)) for _ in range(2))
    assert one == other
    left = [
        (patience, asked.left_at - asked.at)
        for patience, asked in zip(one.patience, history.asked, strict=True)
        if asked.left_at is not None
    ]
    assert left
    assert all(patience == waited for patience, waited in left)
