"""Desks that are stopped after the test."""

from collections.abc import Iterator

import pytest

from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.memory import MemoryStore
from tests.runtime.shop import ManualClock, open_shop


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
