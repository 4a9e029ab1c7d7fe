"""Desks that are stopped after the test."""

from collections.abc import Iterator

import pytest

from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.memory import MemoryStore
from tests.runtime.shop import QUICK, FaultyStore, ManualClock, open_shop


@pytest.fixture
def store() -> MemoryStore:
    """A store in memory, which several desks may share."""
    return MemoryStore()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@pytest.fixture
def desk(store: MemoryStore, clock: ManualClock) -> Iterator[ChatDesk]:
    """An open shop."""
    with ChatDesk(store, clock=clock) as desk:
        yield open_shop(desk)


@pytest.fixture
def faulty(store: MemoryStore) -> FaultyStore:
    """A store that fails on demand."""
    return FaultyStore(store)


@pytest.fixture
def shaky(faulty: FaultyStore, clock: ManualClock) -> Iterator[ChatDesk]:
    """An open shop on a store that fails on demand."""
    with ChatDesk(faulty, clock=clock, timing=QUICK) as desk:
        yield open_shop(desk)
