"""The statements that read: what is live, what was committed, what is searched."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    UnaryExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.operators import custom_op

from chatdesk.model.commits import Change, Need
from chatdesk.model.errors import StoreCorrupt
from chatdesk.model.events import AnyEvent, Event
from chatdesk.model.ids import DeskId, Revision
from chatdesk.model.records import AnyRecord, Record
from chatdesk.storage.keys import KINDS, Scalar, check_find, check_lookup, key_of, typed
from chatdesk.storage.port import Find
from chatdesk.storage.sql.engines import driver_of
from chatdesk.storage.sql.tables import (
    ALWAYS_LIVE,
    COMMITS,
    INDEXES,
    SOMETIMES_LIVE,
    TABLES,
)

_RECORDS: msgspec.json.Decoder[Record] = msgspec.json.Decoder(AnyRecord)
_EVENTS: msgspec.json.Decoder[tuple[Event, ...]] = msgspec.json.Decoder(tuple[AnyEvent, ...])

LIVE_KINDS = (*ALWAYS_LIVE, *SOMETIMES_LIVE)

_DESK: BindParameter[str] = bindparam("desk")


def decoded(text: str) -> Record:
    """A record from its column."""
    try:
        return _RECORDS.decode(text)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(f"a record is not what it should be: {error}") from error


def _events(text: str) -> tuple[Event, ...]:
    try:
        return _EVENTS.decode(text)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(f"an event is not what it should be: {error}") from error


# -- what is live --------------------------------------------------------------------------------


def _live_of(kind: str) -> Select[Any]:
    table = TABLES[kind]
    rows = select(table.c.record).where(table.c.desk == _DESK)
    return rows.where(table.c.live) if kind in SOMETIMES_LIVE else rows


_LIVE = union_all(*map(_live_of, LIVE_KINDS))


def live_records(connection: Connection, desk: DeskId) -> tuple[Record, ...]:
    """Every live record of a desk. O(live records)."""
    return tuple(map(decoded, connection.execute(_LIVE, {"desk": desk}).scalars()))


# -- what was committed --------------------------------------------------------------------------


def _between(table: Table) -> ColumnElement[bool]:
    revision = table.c.revision
    return and_(
        table.c.desk == _DESK, revision > bindparam("since"), revision <= bindparam("until")
    )


_COMMITS = (
    select(COMMITS.c.revision, COMMITS.c.at, COMMITS.c.written, COMMITS.c.events)
    .where(_between(COMMITS))
    .order_by(COMMITS.c.revision)
)
_VALUES: BindParameter[list[str]] = bindparam("values", expanding=True)
_VERSIONS = {
    kind: select(table.c.revision, table.c.record).where(
        table.c.desk == _DESK, table.c.id.in_(_VALUES)
    )
    for kind, table in TABLES.items()
    if kind != "reply"
}
_WRITTEN: msgspec.json.Decoder[dict[str, list[str]]] = msgspec.json.Decoder(dict[str, list[str]])

AT_ONCE = 10_000
"""Most ids of one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""


def committed(
    connection: Connection, desk: DeskId, since: Revision, until: Revision, *, live_only: bool
) -> list[Change]:
    """The commits after `since`, up to `until`: one statement, and one a kind of record."""
    span = {"desk": desk, "since": since, "until": until}
    commits = connection.execute(_COMMITS, span).fetchall()
    _check_gapless([commit.revision for commit in commits], since, until)
    records: dict[Revision, list[Record]] = {commit.revision: [] for commit in commits}
    for kind, ids in _written(commit.written for commit in commits).items():
        if not live_only or kind in LIVE_KINDS:
            for revision, record in _versions(connection, desk, kind, list(ids)):
                if revision in records:  # else it was written again since
                    records[revision].append(decoded(record))
    return [
        Change(each.revision, each.at, tuple(records[each.revision]), _events(each.events))
        for each in commits
    ]


def _written(commits: Iterable[str]) -> dict[str, dict[str, None]]:
    """The ids of the records that the commits wrote, by kind, each once."""
    written: dict[str, dict[str, None]] = {}
    for commit in commits:
        for kind, ids in _WRITTEN.decode(commit).items():
            written.setdefault(kind, {}).update(dict.fromkeys(ids))
    return written


def _versions(
    connection: Connection, desk: DeskId, kind: str, ids: list[str]
) -> Iterator[tuple[Revision, str]]:
    """What stands under the ids now, and since which revision."""
    for first in range(0, len(ids), AT_ONCE):
        values = {"desk": desk, "values": ids[first : first + AT_ONCE]}
        for row in connection.execute(_VERSIONS[kind], values):
            yield row.revision, row.record


def _check_gapless(found: Sequence[Revision], since: Revision, until: Revision) -> None:
    if list(found) != list(range(since + 1, until + 1)):
        raise StoreCorrupt(
            f"revisions are missing between {since + 1} and {until}: restore a backup"
        )


# -- what is looked up and searched --------------------------------------------------------------


def fetched(connection: Connection, desk: DeskId, needs: Iterable[Need]) -> list[Record]:
    """The records that are needed and exist; one statement a kind and field."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for need in needs:
        check_lookup(need.kind, need.field)
        wanted.setdefault((need.kind, need.field), []).append(need.value)
    found: dict[tuple[str, str], Record] = {}
    look_up = _sqlite_texts if connection.dialect.name == "sqlite" else _texts
    for (kind, field), values in wanted.items():
        for record in map(decoded, look_up(connection, desk, (kind, field), values)):
            found[key_of(record)] = record
    return list(found.values())


Field: TypeAlias = tuple[str, str]
"""A kind of record and a field of it."""


def _texts(
    connection: Connection, desk: DeskId, field: Field, values: Sequence[str]
) -> Iterable[str]:
    return connection.execute(_LOOKUPS[field], {"desk": desk, "values": values}).scalars()


def _sqlite_texts(
    connection: Connection, desk: DeskId, field: Field, values: Sequence[str]
) -> Iterator[str]:
    """The same by the driver, in one statement for any number of values."""
    given = (desk, msgspec.json.encode(values).decode())
    return (text for (text,) in driver_of(connection).execute(_sqlite_lookup(field), given))


def _lookup(field: Field, values: Any) -> Select[Any]:
    kind, name = field
    table = TABLES[kind]
    return select(table.c.record).where(table.c.desk == _DESK, table.c[name].in_(values))


_LOOKUPS = {
    field: _lookup(field, _VALUES)
    for field in (
        *((kind, "id") for kind in KINDS),
        *(("customer", field) for field in ("email", "customer_number")),
    )
}
_IN_JSON = select(func.json_each(bindparam("values")).table_valued("value").c.value)


@cache
def _sqlite_lookup(field: Field) -> str:
    return str(_lookup(field, _IN_JSON).compile(dialect=sqlite.dialect()))


def searched(connection: Connection, desk: DeskId, search: Find) -> list[Record]:
    """The rows of a search."""
    page = page_of(desk, search, connection.dialect)
    return [decoded(text) for text in connection.execute(page).scalars()]


def page_of(desk: DeskId, search: Find, dialect: Dialect) -> Select[Any]:
    """The statement of a search; raises `ValueError` for what cannot be searched."""
    check_find(search)
    table = TABLES[search.kind]
    query = select(table.c.record).where(table.c.desk == desk, *_conditions(table, search))
    return query.order_by(*_order(table, search, dialect)).limit(search.limit)


def _order(table: Table, search: Find, dialect: Dialect) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = [table.c[search.order], table.c.id]
    if dialect.name == "sqlite" and _has_selective_index(search):
        # a plus sign keeps SQLite from reading the whole table in order when it could look up
        columns = [UnaryExpression(column, operator=custom_op("+")) for column in columns]
    if search.descending:
        return [column.desc().nulls_last() for column in columns]
    return [column.asc().nulls_first() for column in columns]


def _has_selective_index(search: Find) -> bool:
    first = {fields[0] for fields in INDEXES.get(search.kind, ())} | {"id"}
    return any(field in first for field, _ in search.where)


def _conditions(table: Table, search: Find) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        table.c[field].in_([typed(field, value) for value in values])
        for field, values in search.where
    ]
    return where if search.after is None else [*where, _beyond(table, search, *search.after)]


def _beyond(table: Table, search: Find, value: Scalar, last_id: str) -> ColumnElement[bool]:
    """What comes after the last row of the page before; an absent value comes before all others."""
    column, id_ = table.c[search.order], table.c.id
    if search.descending:
        if value is None:
            return and_(column.is_(None), id_ < last_id)
        return or_(column < value, column.is_(None), and_(column == value, id_ < last_id))
    if value is None:
        return or_(column.is_not(None), and_(column.is_(None), id_ > last_id))
    return or_(column > value, and_(column == value, id_ > last_id))
