"""One agent's chats at a speed that depends on how many they are."""

from math import inf
from random import Random

import pytest

from chatdesk.simulation.workload import Workload

SPEEDS = (0.0, 1.0, 0.75, 0.5)


def test_a_chat_alone_takes_as_long_as_its_work() -> None:
    """At speed 1, two units of work from 10 on are over at 12."""
    load = Workload(SPEEDS)
    load.take(7, 2.0, 0.0, 10.0)
    assert load.next_end() == (12.0, 7, True)


def test_a_second_chat_slows_the_first() -> None:
    """One unit is done alone, the rest at three quarters of the speed, and then again alone."""
    load = Workload(SPEEDS)
    load.take(1, 4.0, 0.0, 0.0)
    load.take(2, 1.5, 0.0, 1.0)
    assert load.next_end() == (3.0, 2, True)
    load.give(2, 3.0)
    assert load.remaining(1) == 1.5
    assert load.next_end() == (4.5, 1, True)


def test_each_change_makes_what_was_said_before_out_of_date() -> None:
    """The version goes up with each chat taken or given, so that old ends are known as such."""
    load = Workload(SPEEDS)
    versions = [load.version]
    load.take(1, 4.0, 0.0, 0.0)
    versions.append(load.version)
    load.give(1, 1.0)
    versions.append(load.version)
    assert versions == sorted(set(versions))


def test_a_customer_may_leave_before_his_chat_is_finished() -> None:
    """On the clock of leaving, two chats are each left at rate 0.5: a stay of 1 is 2 long."""
    load = Workload(SPEEDS, leaving=(0.0, 0.0, 0.5, 1.0))
    load.take(1, 9.0, 1.0, 0.0)
    assert load.next_end() == (9.0, 1, True)
    load.take(2, 9.0, 3.0, 4.0)
    assert load.next_end() == (6.0, 1, False)
    load.give(1, 6.0)
    assert load.next_end() == (13.5, 2, True)


def test_a_chat_that_is_no_more_has_no_work_left() -> None:
    """What is asked of an unknown chat is answered with infinity."""
    assert Workload(SPEEDS).remaining(3) == inf


def test_an_idle_agents_clock_begins_anew() -> None:
    """After a very long idle time a short chat ends to the last digit."""
    load = Workload((0.0, 1.0))
    load.take(1, 1e9, 0.0, 0.0)
    load.give(1, 1e9)
    load.take(2, 1e-7, 0.0, 2e9)
    at, number, finished = load.next_end()
    assert (number, finished) == (2, True)
    assert at == 2e9 + 1e-7


def _ends_step_by_step(works: dict[int, tuple[float, float]]) -> dict[int, float]:
    """When each chat ends by work taken off all open chats between events."""
    left: dict[int, float] = {}
    ends: dict[int, float] = {}
    now, coming = 0.0, sorted((at, number) for number, (at, _) in works.items())
    while left or coming:
        speed = SPEEDS[len(left)]
        ending = min((now + work / speed, n) for n, work in left.items()) if left else (inf, -1)
        event = min(ending, coming[0]) if coming else ending
        for number in left:
            left[number] -= (event[0] - now) * speed
        now = event[0]
        if coming and event == coming[0]:
            left[event[1]] = works[coming.pop(0)[1]][1]
        else:
            del left[event[1]]
            ends[event[1]] = now
    return ends


@pytest.mark.parametrize("seed", range(5))
def test_ends_are_those_of_taking_work_off_bit_by_bit(seed: int) -> None:
    """The agent's clock gives the ends that reckoning each chat's rest at each event gives."""
    random = Random(seed)
    works = {n: (8.0 * (n // 3) + random.random(), 3.0 * random.random()) for n in range(30)}
    load, found = Workload(SPEEDS), {}
    coming = sorted((at, number) for number, (at, _) in works.items())
    while coming or load.open:
        at, number, finished = load.next_end() if load.open else (inf, -1, False)
        if coming and coming[0][0] <= at:
            at, number = coming.pop(0)
            load.take(number, works[number][1], 0.0, at)
        else:
            assert finished
            load.give(number, at)
            found[number] = at
    assert found == pytest.approx(_ends_step_by_step(works), abs=1e-9)
