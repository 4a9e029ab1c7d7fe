"""Rows of records and commits, and the statements that write them.

A batch is written by one statement a table: by `executemany` of plain tuples on SQLite, and on
PostgreSQL, where every row would be a message of its own, by one `unnest` of a column each.
SQLAlchemy composes and compiles each statement once, and does nothing per row.
"""

from collections.abc import Callable, Iterator, Sequence
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
from chatdesk.model.ids import DeskId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.rules.lifecycle import is_live
from chatdesk.storage.keys import is_time, kind_of
from chatdesk.storage.port import FIXED
from chatdesk.storage.sql.instants import UtcInstant, as_datetime, as_text
from chatdesk.storage.sql.tables import (
    COMMITS,
    SOMETIMES_LIVE,
    TABLES,
    columns_of,
)

Row: TypeAlias = Sequence[Any]

_KEY = ["desk", "id"]

encode = msgspec.json.Encoder().encode


@attrs.frozen
class Statement:
    """SQL in the driver's own style, and the rows to run it with."""

    sql: str
    rows: Sequence[Row]


@attrs.frozen
class _RecordWriter:
    """How the records of one kind are written."""

    sql: str
    _columns: Callable[[Any], Row]
    _instants: tuple[int, ...]
    """Which of the columns are instants."""
    _to_column: Callable[[Instant], object]
    _has_live: bool
    _has_revision: bool

    @classmethod
    def of(cls, kind: str, dialect: Dialect) -> "_RecordWriter":
        """What is known of a kind is worked out once."""
        fields = columns_of(kind)
        columns = attrgetter("id", *fields) if fields else _id_alone
        instants = tuple(n for n, field in enumerate(fields, 1) if is_time(field))
        sql = _upsert(kind, dialect)
        return cls(
            sql, columns, instants, _to_column(dialect), kind in SOMETIMES_LIVE, kind != "reply"
        )

    def row(self, desk: DeskId, revision: Revision, record: Record) -> Row:
        """The values of all columns, in their order."""
        row = [desk, *self._columns(record)]
        for column in self._instants:
            at = row[column + 1]
            if at is not None:
                row[column + 1] = self._to_column(at)
        if self._has_live:
            row.append(is_live(record))
        if self._has_revision:
            row.append(revision)
        row.append(encode(record).decode())
        return row


def _id_alone(record: Record) -> Row:
    return (record.id,)


def _to_column(dialect: Dialect) -> Callable[[Instant], object]:
    return as_text if dialect.name == "sqlite" else as_datetime


@attrs.frozen
class Writers:
    """All statements of one database, composed once."""

    _records: dict[str, _RecordWriter]
    _commits: str
    _instant: Callable[[Instant], object]
    _unnests: bool

    @classmethod
    def of(cls, dialect: Dialect) -> "Writers":
        """The statements for a kind of database."""
        return cls(
            {kind: _RecordWriter.of(kind, dialect) for kind in TABLES},
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
        written: dict[str, dict[str, Record]] = {}
        for record in (*batch.records, *batch.replies):
            written.setdefault(kind_of(record), {})[record.id] = record
        for kind, records in written.items():
            writer = self._records[kind]
            rows = [writer.row(desk, revision, record) for record in records.values()]
            yield Statement(writer.sql, rows)
        ids = {kind: list(records) for kind, records in written.items() if kind != "reply"}
        at, events = self._instant(batch.at), encode(batch.events).decode()
        yield Statement(self._commits, [(desk, revision, at, encode(ids).decode(), events)])


def _by_column(rows: Sequence[Row]) -> Row:
    """The same values, a list for each column."""
    return tuple(map(list, zip(*rows, strict=True)))


def _insert(table: Table, dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return str(sqlite.insert(table).compile(dialect=dialect))
    return str(_unnested(table).compile(dialect=dialect))


def _upsert(kind: str, dialect: Dialect) -> str:
    table = TABLES[kind]
    if dialect.name == "sqlite":
        lite = sqlite.insert(table)
        lite = lite.on_conflict_do_update(_KEY, set_=_newer(kind, lite.excluded))
        return str(lite.compile(dialect=dialect))
    full = _unnested(table)
    full = full.on_conflict_do_update(index_elements=_KEY, set_=_newer(kind, full.excluded))
    return str(full.compile(dialect=dialect))


def _newer(kind: str, excluded: Any) -> dict[str, Any]:
    """What a later version changes: a column that is set is taken out of its indexes and back."""
    fixed = {*_KEY, *FIXED.get(kind, ())}
    return {c.name: excluded[c.name] for c in TABLES[kind].c if c.name not in fixed}


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
