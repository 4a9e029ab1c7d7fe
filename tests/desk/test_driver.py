"""Random desks: nothing ever breaks, and the same commands give the same desk everywhere."""

import os
from itertools import chain
from pathlib import Path
from random import Random

import pytest

from chatdesk.desk.machine import Desk
from chatdesk.model.commands import COMMAND_TYPES
from chatdesk.model.commits import Change
from chatdesk.rules.instants import after
from chatdesk.storage.open import open_store
from chatdesk.testing.check import check_desk
from chatdesk.testing.clock import NOON
from chatdesk.testing.driver import Driver, run
from chatdesk.testing.hand import MAKERS

SEEDS = 80
SOAK = int(os.environ.get("CHATDESK_SOAK_SEQUENCES", "100000"))
"""Sequences of the soak: 100,000 take most of an hour on one core."""


@pytest.mark.parametrize("start", range(0, SEEDS, 20))
def test_random_commands_keep_all_invariants(start: int) -> None:
    """A12, B54, C11, C12, C15: sequences of 100 commands, all invariants after every tenth."""
    for seed in range(start, start + 20):
        assert run(seed, 100, check_every=10).done > 0


def test_a_long_life_keeps_all_invariants() -> None:
    """A12, C12: 2,000 commands on one desk."""
    driver = run(77, 2000, check_every=100)
    assert driver.done > 900
    assert driver.ledger.events > driver.done


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_many_random_commands_keep_all_invariants() -> None:
    """A12, B54, C11, C12, C15: CHATDESK_SOAK_SEQUENCES sequences of 100 commands."""
    for seed in range(1_000_000, 1_000_000 + SOAK):
        run(seed, 100, check_every=10)


def test_every_kind_of_command_is_drawn_and_done_and_refused() -> None:
    """A01: the driver reaches every handler and most refusals."""
    drivers = [run(seed, 200, check_every=None) for seed in range(6)]
    codes = set(chain.from_iterable(driver.refused for driver in drivers))
    assert len(codes) >= 8
    drawn = {type(driver.draw()[0]) for driver in drivers for _ in range(500)}
    assert drawn == set(COMMAND_TYPES)
    assert len(MAKERS) >= len(COMMAND_TYPES)


def test_the_same_seed_gives_the_same_history() -> None:
    """A39: records, answers and events are a function of the commands and their instants."""
    assert run(5, 300).digest() == run(5, 300).digest()
    assert run(5, 300).digest() != run(6, 300).digest()


@pytest.mark.parametrize("seed", range(2))
def test_a_file_gives_the_same_history_as_memory(seed: int, tmp_path: Path) -> None:
    """A39: the same commands on SQLite give the same answers, records and digests."""
    store = open_store(f"sqlite:///{tmp_path / 'desk.db'}")
    on_file = run(seed, 80, store=store)
    assert on_file.digest() == run(seed, 80).digest()
    loaded = Desk.new()
    loaded.restore(store.load())
    store.close()
    assert loaded.state.digest() == on_file.desk.state.digest()


@pytest.mark.parametrize("seed", range(8))
def test_replicas_agree_after_every_commit(seed: int) -> None:
    """A12: one handles, the other applies; either may go on."""
    driver = Driver(seed, check_every=None)
    driver.set_up()
    twin = Desk.new()
    for number in range(150):
        driver.pass_time()
        driver.give(*driver.draw())
        twin.apply(driver.store.changes(twin.revision))
        assert twin.state.digest() == driver.desk.state.digest()
        if number % 7 == 0 and twin.revision == driver.desk.revision:
            check_settled(twin)
            driver.desk, twin = twin, driver.desk
    check_desk(driver.desk)


def check_settled(desk: Desk) -> None:
    """A replica that only applied is a desk like any other."""
    assert desk.collect() is None
    desk.advance(desk.now)
    assert desk.collect() is None
    check_desk(desk)


def test_a_swapped_replica_writes_the_same_history() -> None:
    """A12: whichever process takes the turns, the outcome is one."""
    alone = Driver(21, check_every=None)
    swapped = Driver(21, check_every=None)
    for driver in (alone, swapped):
        driver.set_up()
    for number in range(300):
        for driver in (alone, swapped):
            driver.pass_time()
            driver.give(*driver.draw())
        if number % 3 == 0:
            fresh = Desk.new()
            fresh.restore(swapped.store.load())
            swapped.desk = fresh
    assert swapped.desk.state.digest() == alone.desk.state.digest()


def ticked(seed: int, ticks: int) -> tuple[str, list[Change]]:
    """A desk left alone for half an hour, looked at so many times; its digest and changes."""
    driver = Driver(seed, check_every=None)
    driver.set_up()
    for _ in range(60):
        driver.pass_time()
        driver.give(*driver.draw())
    driver.tick()
    begun, since = driver.now, driver.desk.revision
    random = Random(f"{seed}-{ticks}")
    for at in sorted(random.uniform(0, 1800) for _ in range(ticks)):
        driver.now = after(begun, at)
        driver.tick()
    driver.now = after(begun, 1800.0)
    driver.tick()
    return driver.desk.state.digest(), list(driver.store.changes(since))


@pytest.mark.parametrize("seed", range(10))
def test_it_does_not_matter_when_or_how_often_anybody_ticks(seed: int) -> None:
    """C21: deadlines fire at their own instants, in order, whoever looks and whenever."""
    once, changes = ticked(seed, 0)
    often, many = ticked(seed, 40)
    assert once == often
    first, second = ([e for change in c for e in change.events] for c in (changes, many))
    assert first == second


def test_a_desk_at_rest_waits_for_its_next_deadline() -> None:
    """C21: before it nothing happens, at it something does."""
    driver = run(3, 80, check_every=None)
    driver.tick()
    due = driver.desk.next_deadline()
    assert due is not None
    assert due > driver.now >= NOON
    driver.now = max(driver.now, after(due, -0.000001))
    driver.tick()
    assert driver.last is None
    driver.now = due
    driver.tick()
    assert driver.last is not None
