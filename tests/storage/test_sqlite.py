"""The SQL store on SQLite files."""

from pathlib import Path

from chatdesk.storage.open import open_store
from chatdesk.storage.port import Store
from chatdesk.testing.store import StoreConformance


class TestSqliteStore(StoreConformance):
    """All that a store must do."""

    def open_store(self, home: Path) -> Store:
        """A file in the test's folder."""
        return open_store(f"sqlite:///{home}/desk.db")
