"""The line that the fast path holds while no slot is free."""

import attrs
import pytest

from chatdesk.rules.disciplines import DISCIPLINES, Ageing, Discipline, FirstCome, Priority
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.line import Line, Waiter, all_alike
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.visits import Visits

PLAIN = Kind(name="plain", arrivals=Poisson(1.0), work=Exponential(1.0), patience=Exponential(1.0))
DEAR = attrs.evolve(PLAIN, name="dear", priority=1)
DESK = Scenario(kinds=(PLAIN, DEAR), crews=(Crew(),), ageing_seconds=2.5)
LATE = 100.0


def _line(discipline: Discipline, *waiters: Waiter) -> Line:
    visits = Visits.of(10)
    line = Line(attrs.evolve(DESK, discipline=discipline), visits)
    for waiter in waiters:
        visits.arrived[waiter[0]] = waiter[1]
        line.join(waiter)
    return line


PLAIN_0, DEAR_1, PLAIN_2, DEAR_3 = (
    (0, 1.0, LATE, 1.0, 0),
    (1, 3.0, LATE, 1.0, 1),
    (2, 3.0, LATE, 1.0, 0),
    (3, 4.0, LATE, 1.0, 1),
)


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        (FirstCome(), [0, 1, 2, 3]),
        (Priority(), [1, 3, 0, 2]),
        (Ageing(), [1, 0, 3, 2]),
        (DISCIPLINES["earliest_due"], [0, 1, 2, 3]),
    ],
    ids=["first come", "priority", "ageing", "earliest due"],
)
def test_customers_are_let_out_by_the_production_discipline(
    discipline: Discipline, order: list[int]
) -> None:
    """The keys are those of the discipline; at equal keys who came first is first."""
    line = _line(discipline, PLAIN_0, DEAR_1, PLAIN_2, DEAR_3)
    assert [waiter[0] for waiter in line.rest(5.0, -1)] == order
    assert line.head(5.0, -1) is None


@pytest.mark.parametrize("discipline", [FirstCome(), Priority()], ids=repr)
def test_who_gave_up_is_seen_off_at_the_time_he_did(discipline: Discipline) -> None:
    """He is stepped over when his turn comes, and left when his patience was over."""
    line = _line(discipline, (0, 1.0, 2.5, 1.0, 0), (1, 2.0, 9.0, 1.0, 0))
    assert line.head(5.0, -1) == (1, 2.0, 9.0, 1.0, 0)
    assert (line.visits.waited[0], line.visits.ended[0]) == (1.5, 2.5)
    assert (line.visits.waited[1], line.visits.ended[1]) == (0.0, 0.0)


@pytest.mark.parametrize(("ended", "let_out"), [(2, True), (7, False)])
def test_at_one_instant_the_lower_number_is_first(ended: int, let_out: bool) -> None:
    """Patience that ends with the chat of an earlier customer has lasted long enough."""
    line = _line(FirstCome(), (5, 1.0, 4.0, 1.0, 0))
    assert (line.head(4.0, ended) is not None) == let_out
    assert line.visits.ended[5] == (0.0 if let_out else 4.0)


def test_agents_are_alike_when_all_have_all_skills_that_are_asked_for() -> None:
    """More skills than anybody asks for do not matter; one missing at one crew does."""
    asking = attrs.evolve(DEAR, skills=("x",))
    crews = (Crew(name="a", skills=("x",)), Crew(name="b", skills=("x", "y")))
    desk = attrs.evolve(DESK, kinds=(PLAIN, asking), crews=crews)
    assert all_alike(desk)
    assert not all_alike(attrs.evolve(desk, crews=(*crews, Crew(name="c", skills=("y",)))))
