"""Rows of records and events, and the statements that write them.

A batch is written by one statement a table: by `executemany` of plain tuples on SQLite, and on
PostgreSQL, where every row would be a message of its own, by one `unnest` of a column each.
SQLAlchemy composes and compiles each statement once, and does nothing per row.
"""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, TypeAlias

import attrs
import msgspec
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Dialect,
    Table,
    Text,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from chatdesk.model.commits import Batch
from chatdesk.model.events import Event
from chatdesk.model.ids import DeskId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.rules.lifecycle import is_live
from chatdesk.storage.keys import is_time, key_of
from chatdesk.storage.sql.instants import UtcInstant, as_datetime, as_text
from chatdesk.storage.sql.tables import (
    COMMITS,
    JOURNAL,
    JOURNAL_IDS,
    SOMETIMES_LIVE,
    TABLES,
    columns_of,
)

Row: TypeAlias = tuple[Any, ...]

_KEY = ["desk", "id"]

encode = msgspec.json.Encoder().encode


@attrs.frozen
class Statement:
    """SQL in the driver's own style, and the rows to run it with."""

    sql: str
    rows: list[Row]


@attrs.frozen
class _RecordWriter:
    """How the records of one kind are written."""

    kind: str
    sql: str
    read: tuple[Callable[[Any], object], ...]

    @classmethod
    def of(cls, kind: str, dialect: Dialect) -> "_RecordWriter":
        """What is known of a kind is worked out once."""
        to_column = _to_column(dialect)
        read = [_reader(field, to_column) for field in columns_of(kind)]
        if kind in SOMETIMES_LIVE:
            read.append(is_live)
        return cls(kind, _upsert(TABLES[kind], dialect), tuple(read))

    def row(self, desk: DeskId, revision: Revision, record: Record) -> Row:
        values = [read(record) for read in self.read]
        if self.kind != "reply":
            values.append(revision)
        return (desk, record.id, *values, encode(record).decode())


def _to_column(dialect: Dialect) -> Callable[[Instant], object]:
    return as_text if dialect.name == "sqlite" else as_datetime


def _reader(field: str, to_column: Callable[[Instant], object]) -> Callable[[Any], object]:
    """What gives a record's field as it stands in the column."""
    read: Callable[[Any], Any] = attrgetter(field)
    if not is_time(field):
        return read

    def read_time(record: Record) -> object:
        at = read(record)
        return None if at is None else to_column(at)

    return read_time


@attrs.frozen
class Writers:
    """All statements of one database, composed once."""

    _records: dict[str, _RecordWriter]
    _journal: str
    _commits: str
    _instant: Callable[[Instant], object]
    _unnests: bool

    @classmethod
    def of(cls, dialect: Dialect) -> "Writers":
        """The statements for a kind of database."""
        return cls(
            {kind: _RecordWriter.of(kind, dialect) for kind in TABLES},
            _insert(JOURNAL, dialect),
            _insert(COMMITS, dialect),
            _to_column(dialect),
            dialect.name != "sqlite",
        )

    def write(self, connection: Connection, desk: DeskId, revision: Revision, batch: Batch) -> None:
        """Writes all of a batch but the head. O(batch)."""
        for statement in self.statements(desk, revision, batch):
            self._run(connection, statement)

    def _run(self, connection: Connection, statement: Statement) -> None:
        """Runs a statement on the driver's own cursor: SQLAlchemy's would cost as much again."""
        cursor = connection.connection.cursor()
        try:
            if self._unnests:
                cursor.execute(statement.sql, _by_column(statement.rows))
            else:
                cursor.executemany(statement.sql, statement.rows)
        except connection.dialect.loaded_dbapi.Error as error:
            raise DBAPIError(statement.sql, None, error) from error
        finally:
            cursor.close()

    def statements(self, desk: DeskId, revision: Revision, batch: Batch) -> Iterator[Statement]:
        """What writes a batch: one statement a table, with the rows for `executemany`."""
        last = {key_of(record): record for record in (*batch.records, *batch.replies)}
        rows: dict[str, list[Row]] = {}
        for (kind, _), record in last.items():
            rows.setdefault(kind, []).append(self._records[kind].row(desk, revision, record))
        for kind, kind_rows in rows.items():
            yield Statement(self._records[kind].sql, kind_rows)
        yield Statement(self._commits, [(desk, revision, self._instant(batch.at))])
        if batch.events:
            events = enumerate(batch.events, 1)
            yield Statement(
                self._journal, [self._journal_row(desk, revision, n, event) for n, event in events]
            )

    def _journal_row(self, desk: DeskId, revision: Revision, seq: int, event: Event) -> Row:
        ids = (getattr(event, field, None) for field in JOURNAL_IDS)
        tag = event.__struct_config__.tag
        body = encode(event).decode()
        return (desk, revision, seq, self._instant(event.at), tag, *ids, body)


def _by_column(rows: list[Row]) -> Row:
    """The same values, a list for each column."""
    return tuple(map(list, zip(*rows, strict=True)))


def _insert(table: Table, dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return str(sqlite.insert(table).compile(dialect=dialect))
    return str(_unnested(table).compile(dialect=dialect))


def _upsert(table: Table, dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        lite = sqlite.insert(table)
        lite = lite.on_conflict_do_update(_KEY, set_=_newer(table, lite.excluded))
        return str(lite.compile(dialect=dialect))
    full = _unnested(table)
    full = full.on_conflict_do_update(index_elements=_KEY, set_=_newer(table, full.excluded))
    return str(full.compile(dialect=dialect))


def _newer(table: Table, excluded: Any) -> dict[str, Any]:
    return {column.name: excluded[column.name] for column in table.c if not column.primary_key}


def _unnested(table: Table) -> postgresql.Insert:
    """PostgreSQL's insert of as many rows as the arrays are long."""
    names = [column.name for column in table.c]
    arrays = [bindparam(c.name, type_=postgresql.ARRAY(_plain(c.type))) for c in table.c]
    columns: list[Column[Any]] = [Column(name) for name in names]
    rows = func.unnest(*arrays).table_valued(*columns).render_derived()
    return postgresql.insert(table).from_select(names, select(*rows.c))


def _plain(held: TypeEngine[Any]) -> TypeEngine[Any]:
    """A column's type as the element of an array, without collation or conversion."""
    if isinstance(held, UtcInstant):
        return DateTime(timezone=True)
    return Text() if isinstance(held, Text) else held
