"""The SQL store on a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, Text, cast, create_engine, select

from chatdesk.storage.port import Store
from chatdesk.storage.sql.store import SqlStore
from chatdesk.storage.sql.tables import METADATA
from chatdesk.testing.store import StoreConformance


@pytest.mark.postgres
class TestPostgresStore(StoreConformance):
    """All that a store must do; each test has a desk of its own in one database."""

    url: str

    @pytest.fixture(autouse=True)
    def _server(self, postgres_url: str) -> None:
        self.url = postgres_url

    def open_store(self, home: Path) -> Store:
        """A desk named after the test's folder."""
        return SqlStore(self.url, str(home))

    def surfaces(self, home: Path) -> Iterator[bytes]:
        """Every column of every row."""
        engine = create_engine(SqlStore(self.url).url, poolclass=NullPool)
        rows: list[bytes] = []
        with engine.connect() as connection:
            for table in METADATA.sorted_tables:
                desk = table.c.desk if "desk" in table.c else table.c.id
                columns = (cast(column, Text) for column in table.c)
                found = connection.execute(select(*columns).where(desk == str(home)))
                rows += [repr(tuple(row)).encode() for row in found]
        return iter(rows)
