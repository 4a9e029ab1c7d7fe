"""What happened to each customer, in columns."""

from array import array

import attrs

from chatdesk.simulation.visits import Stint, Visits, give_up, stints_of

THREE = Visits(
    arrived=array("d", [0.0, 1.0, 2.0]),
    waited=array("d", [0.0, 0.5, 1.0]),
    ended=array("d", [3.0, 1.5, 5.0]),
    agents=["a", None, "b"],
    kinds=array("H", [0, 1, 0]),
)


def test_nothing_is_known_at_first_and_the_rest_is_cut_off() -> None:
    """Columns are as long as was asked for, and as long as came in the end."""
    visits = Visits.of(5)
    assert (len(visits), list(visits.waited), visits.agents) == (5, [0.0] * 5, [None] * 5)
    visits.arrived[1] = 4.0
    visits.cut(2)
    columns = (visits.arrived, visits.waited, visits.ended, visits.agents, visits.kinds)
    assert [len(column) for column in columns] == [2] * 5
    assert list(visits.arrived) == [0.0, 4.0]
    assert list(visits.waited) == [0.0, 0.0]


def test_who_gives_up_waited_until_then() -> None:
    """He leaves at that time, and nobody served him."""
    visits = Visits.of(1)
    visits.arrived[0] = 2.0
    give_up(visits, 0, 3.5)
    assert (visits.waited[0], visits.ended[0], visits.agents[0]) == (1.5, 3.5, None)


def test_stints_are_the_chats_in_agents_hands() -> None:
    """From the end of the wait to the end; whoever gave up had none."""
    assert list(stints_of(THREE)) == [("a", 0.0, 3.0), ("b", 3.0, 5.0)]


def test_who_was_moved_is_told_by_his_stints_alone() -> None:
    """A transferred chat was in several hands, which the columns cannot say."""
    others = [Stint("a", 0.0, 1.0), Stint("c", 1.0, 3.0)]
    moved = attrs.evolve(THREE, moved={0}, others=others)
    assert list(stints_of(moved)) == [("b", 3.0, 5.0), ("a", 0.0, 1.0), ("c", 1.0, 3.0)]


def test_the_same_course_has_the_same_agents_and_nearly_the_same_waits() -> None:
    """Waits may differ by so much and no more, agents not at all."""
    later = attrs.evolve(THREE, waited=array("d", [0.0, 0.5, 1.25]))
    assert THREE.same_course(later, within=0.25)
    assert not THREE.same_course(later, within=0.2)
    assert not THREE.same_course(attrs.evolve(THREE, agents=["a", None, "a"]), within=1.0)
