"""Rows of records and events, and the statements that write them.

A batch is written by `executemany` of plain tuples, one statement a table: SQLAlchemy composes and
compiles each statement once, and does nothing per row.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs
import msgspec
from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from chatdesk.model.commits import Batch
from chatdesk.model.events import Event
from chatdesk.model.ids import DeskId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.rules.lifecycle import is_live
from chatdesk.storage.keys import is_time, key_of
from chatdesk.storage.sql.instants import as_datetime, as_text
from chatdesk.storage.sql.tables import (
    COMMITS,
    JOURNAL,
    JOURNAL_IDS,
    SOMETIMES_LIVE,
    TABLES,
    columns_of,
)

Row: TypeAlias = tuple[Any, ...]

encode = msgspec.json.Encoder().encode


@attrs.frozen
class _RecordWriter:
    """How the records of one kind are written."""

    kind: str
    sql: str
    fields: tuple[str, ...]
    to_column: Callable[[Instant], object]

    def row(self, desk: DeskId, revision: Revision, record: Record) -> Row:
        values = [
            value if value is None or not is_time(field) else self.to_column(value)
            for field, value in ((field, getattr(record, field)) for field in self.fields)
        ]
        if self.kind in SOMETIMES_LIVE:
            values.append(is_live(record))
        if self.kind != "reply":
            values.append(revision)
        return (desk, record.id, *values, encode(record).decode())


@attrs.frozen
class Writers:
    """All statements of one database, composed once."""

    _records: dict[str, _RecordWriter]
    _journal: str
    _commits: str
    _to_column: Callable[[Instant], object]

    @classmethod
    def of(cls, dialect: Dialect) -> "Writers":
        """The statements for a kind of database."""
        to_column = as_text if dialect.name == "sqlite" else as_datetime
        records = {
            kind: _RecordWriter(kind, _upsert(table, dialect), columns_of(kind), to_column)
            for kind, table in TABLES.items()
        }
        return cls(records, _insert(JOURNAL, dialect), _insert(COMMITS, dialect), to_column)

    def write(self, connection: Connection, desk: DeskId, revision: Revision, batch: Batch) -> None:
        """Writes all of a batch but the head. O(batch)."""
        last = {key_of(record): record for record in (*batch.records, *batch.replies)}
        rows: dict[str, list[Row]] = {}
        for (kind, _), record in last.items():
            rows.setdefault(kind, []).append(self._records[kind].row(desk, revision, record))
        for kind, kind_rows in rows.items():
            connection.exec_driver_sql(self._records[kind].sql, kind_rows)
        self._write_journal(connection, desk, revision, batch)

    def _write_journal(
        self, connection: Connection, desk: DeskId, revision: Revision, batch: Batch
    ) -> None:
        connection.exec_driver_sql(self._commits, (desk, revision, self._to_column(batch.at)))
        if batch.events:
            rows = [
                self._journal_row(desk, revision, seq, event)
                for seq, event in enumerate(batch.events, 1)
            ]
            connection.exec_driver_sql(self._journal, rows)

    def _journal_row(self, desk: DeskId, revision: Revision, seq: int, event: Event) -> Row:
        ids = (getattr(event, field, None) for field in JOURNAL_IDS)
        tag = event.__struct_config__.tag
        body = encode(event).decode()
        return (desk, revision, seq, self._to_column(event.at), tag, *ids, body)


def _insert(table: Table, dialect: Dialect) -> str:
    return str(insert(table).compile(dialect=dialect))


def _upsert(table: Table, dialect: Dialect) -> str:
    module = sqlite if dialect.name == "sqlite" else postgresql
    statement = module.insert(table)
    newer = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    upsert = statement.on_conflict_do_update(index_elements=["desk", "id"], set_=newer)
    return str(upsert.compile(dialect=dialect))
