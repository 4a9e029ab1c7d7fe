"""Whether customers who never give up can be served in the long run."""

from itertools import combinations
from math import inf
from random import Random

import pytest

from chatdesk.simulation.arrivals import Poisson, Recorded
from chatdesk.simulation.errors import OverloadedKinds, UnstableModel
from chatdesk.simulation.laws import Exponential, Fixed, Never
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.stability import Overload, Stream, overload


def _of(name: str, load: float, crews: str) -> Stream:
    return Stream(name, load, frozenset(crews))


def _violated(streams: list[Stream], capacities: dict[str, float]) -> bool:
    """The condition, set by set; loads and capacities are whole numbers, so sums are exact."""
    for size in range(1, len(streams) + 1):
        for chosen in combinations(streams, size):
            able = frozenset[str]().union(*(one.crews for one in chosen))
            if sum(s.load for s in chosen) >= sum(capacities[c] for c in able):
                return True
    return False


def test_a_set_is_named_exactly_when_the_condition_fails_for_some_set() -> None:
    """The flow decides what trying all sets of streams decides, and names a set that proves it."""
    random = Random(7)
    seen = {True: 0, False: 0}
    for _ in range(600):
        names = "abcde"[: random.randint(1, 5)]
        capacities = {name: float(random.randint(1, 9)) for name in names}
        streams = [
            _of(f"s{n}", float(random.randint(1, 7)), "".join(random.sample(names, k)))
            for n in range(random.randint(1, 6))
            if (k := random.randint(1, len(names)))
        ]
        found = overload(streams, capacities)
        seen[found is None] += 1
        assert (found is not None) == _violated(streams, capacities)
        if found is not None:
            chosen = [one for one in streams if one.name in found.streams]
            assert found.load == sum(one.load for one in chosen)
            assert set(found.crews) == frozenset[str]().union(*(one.crews for one in chosen))
            assert found.capacity == sum(capacities[name] for name in found.crews)
            assert found.load >= found.capacity
    assert min(seen.values()) > 100


def test_only_those_in_each_others_way_are_named() -> None:
    """Who has crews to himself, or crews with room, is no part of an overload."""
    streams = [_of("x", 3.0, "a"), _of("y", 2.5, "ab"), _of("z", 1.0, "bc"), _of("w", 1.0, "d")]
    assert overload(streams, {"a": 4.0, "b": 3.0, "c": 2.0, "d": 2.0}) is None
    found = overload(streams, {"a": 3.0, "b": 3.0, "c": 2.0, "d": 2.0})
    assert found == Overload(("x",), ("a",), 3.0, 3.0)


def test_work_is_moved_to_other_crews_before_anybody_is_named() -> None:
    """A stream served first by the common crew makes room when another has only that one."""
    streams = [_of("both", 2.0, "ab"), _of("first", 1.5, "a")]
    assert overload(streams, {"a": 2.0, "b": 2.0}) is None
    assert overload(streams, {"a": 2.0, "b": 1.5}) == Overload(
        ("both", "first"), ("a", "b"), 3.5, 3.5
    )


def test_an_unlimited_crew_can_do_whatever_it_may() -> None:
    """No stream that an unlimited crew may serve is ever too much."""
    capacities = {"a": 1.0, "b": inf}
    assert overload([_of("x", 50.0, "ab"), _of("y", 0.5, "a")], capacities) is None
    assert overload([_of("x", 50.0, "ab"), _of("y", 1.0, "a")], capacities) == Overload(
        ("y",), ("a",), 1.0, 1.0
    )


def test_nothing_is_too_much_for_nobody() -> None:
    """No streams, or streams without load, need no capacity; endless work has none that does."""
    assert overload([], {"a": 1.0}) is None
    assert overload([_of("x", 0.0, "a")], {"a": 1.0}) is None
    assert overload([_of("x", inf, "a")], {"a": 1.0}) == Overload(("x",), ("a",), inf, 1.0)


# -- of a scenario -------------------------------------------------------------------------------


def _kind(name: str, rate: float, *skills: str, gives_up: bool = False) -> Kind:
    patience = Exponential(1.0) if gives_up else Never()
    return Kind(
        name=name, arrivals=Poisson(rate), work=Fixed(1.0), patience=patience, skills=skills
    )


def test_a_kind_beyond_its_own_crews_is_refused_though_others_have_time() -> None:
    """Ten idle agents who speak no French do not help the one who does."""
    crews = (Crew(name="french", skills=("fr",)), Crew(name="others", agents=10))
    with pytest.raises(
        OverloadedKinds, match=r"fr-only: 1\.5 units of work arrive for 1 "
    ) as caught:
        Scenario(kinds=(_kind("fr-only", 1.5, "fr"), _kind("any", 2.0)), crews=crews)
    assert (caught.value.kinds, caught.value.crews) == (("fr-only",), ("french",))
    assert isinstance(caught.value, UnstableModel)


def test_two_kinds_may_be_too_much_only_together() -> None:
    """Each would find time with the crew they share, but not both of them."""
    crews = (Crew(name="a", agents=2, skills=("x", "y")), Crew(name="b", agents=9))
    Scenario(kinds=(_kind("x", 1.2, "x"), _kind("z", 8.0)), crews=crews)
    with pytest.raises(OverloadedKinds) as caught:
        Scenario(kinds=(_kind("x", 1.2, "x"), _kind("y", 0.9, "y"), _kind("z", 1.0)), crews=crews)
    assert caught.value.kinds == ("x", "y")


def test_who_gives_up_is_never_too_much() -> None:
    """A kind with patience leaves its line, so it asks for no capacity."""
    crews = (Crew(name="a", skills=("x",)), Crew(name="b"))
    scenario = Scenario(kinds=(_kind("x", 9.0, "x", gives_up=True), _kind("y", 0.9)), crews=crews)
    assert [kind.name for kind in scenario.kinds] == ["x", "y"]


def test_a_crew_counts_with_the_best_it_can_do_at_several_chats() -> None:
    """Two chats at once are worth the discount of concurrency, not two agents."""
    rates = (0.0, 1.0, 1.5)
    Scenario(kinds=(_kind("x", 2.9),), crews=(Crew(agents=2, capacity=2, rates=rates),))
    with pytest.raises(OverloadedKinds, match="3 units of work arrive for 3 "):
        Scenario(kinds=(_kind("x", 3.0),), crews=(Crew(agents=2, capacity=2, rates=rates),))


def test_customers_who_leave_while_served_make_room() -> None:
    """Where chats are left by their customers, no load can be called too much."""
    crew = Crew(capacity=2, leaving_rates=(0.0, 0.0, 0.5))
    assert Scenario(kinds=(_kind("x", 5.0),), crews=(crew,)).places == 2


def test_a_load_that_nobody_knows_is_not_refused() -> None:
    """A log of arrivals has no rate in the long run."""
    kind = Kind(arrivals=Recorded((0.0, 0.1, 0.2)), work=Fixed(9.0))
    assert Scenario(kinds=(kind,), crews=(Crew(),)).places == 1
