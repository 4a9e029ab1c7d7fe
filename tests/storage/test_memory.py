"""The store in memory."""

from collections.abc import Iterator
from pathlib import Path

from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Store
from chatdesk.testing.store import StoreConformance


class TestMemoryStore(StoreConformance):
    """All that a store must do; one object stands for what lives in a home."""

    survives_fork = False

    def open_store(self, home: Path) -> Store:
        """The one store of this test."""
        found: Store = self.__dict__.setdefault(str(home), MemoryStore())
        return found

    def surfaces(self, home: Path) -> Iterator[bytes]:
        """What the object holds."""
        store = self.__dict__[str(home)]
        yield repr((store._shelves, store._commits, store._revisions)).encode()
