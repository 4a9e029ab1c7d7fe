"""The statements that read: what is live, what was committed, what is searched."""

from collections.abc import Iterable, Sequence
from typing import Any

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
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.operators import custom_op

from chatdesk.model.commits import Change, Need
from chatdesk.model.errors import StoreCorrupt
from chatdesk.model.events import AnyEvent, Event
from chatdesk.model.ids import DeskId, Instant, Revision
from chatdesk.model.records import AnyRecord, Record
from chatdesk.storage.keys import KINDS, Scalar, check_find, check_lookup, key_of, typed
from chatdesk.storage.port import Find
from chatdesk.storage.sql.tables import (
    ALWAYS_LIVE,
    COMMITS,
    INDEXES,
    JOURNAL,
    SOMETIMES_LIVE,
    TABLES,
)

_RECORDS: msgspec.json.Decoder[Record] = msgspec.json.Decoder(AnyRecord)
_EVENTS_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(AnyEvent)

LIVE_KINDS = (*ALWAYS_LIVE, *SOMETIMES_LIVE)
KEPT_KINDS = tuple(kind for kind in KINDS if kind != "reply")

_DESK: BindParameter[str] = bindparam("desk")


def decoded(text: str) -> Record:
    """A record from its column."""
    try:
        return _RECORDS.decode(text)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(f"a record is not what it should be: {error}") from error


def _decoded_event(text: str) -> Event:
    try:
        return _EVENTS_DECODER.decode(text)
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


def _written(kinds: Iterable[str]) -> Any:
    tables = [TABLES[kind] for kind in kinds]
    return union_all(*(select(t.c.revision, t.c.record).where(_between(t)) for t in tables))


_WRITTEN_LIVE = _written(LIVE_KINDS)
_WRITTEN = _written(KEPT_KINDS)
_EVENTS = (
    select(JOURNAL.c.revision, JOURNAL.c.body)
    .where(_between(JOURNAL))
    .order_by(JOURNAL.c.revision, JOURNAL.c.seq)
)
_COMMITS = (
    select(COMMITS.c.revision, COMMITS.c.at).where(_between(COMMITS)).order_by(COMMITS.c.revision)
)


def committed(
    connection: Connection, desk: DeskId, since: Revision, until: Revision, *, live_only: bool
) -> list[Change]:
    """The commits after `since`, up to `until`; three statements."""
    span = {"desk": desk, "since": since, "until": until}
    instants = connection.execute(_COMMITS, span).fetchall()
    _check_gapless([row[0] for row in instants], since, until)
    records: dict[Revision, list[Record]] = {row[0]: [] for row in instants}
    events: dict[Revision, list[Event]] = {row[0]: [] for row in instants}
    for revision, record in connection.execute(_WRITTEN_LIVE if live_only else _WRITTEN, span):
        records[revision].append(decoded(record))
    for revision, body in connection.execute(_EVENTS, span):
        events[revision].append(_decoded_event(body))
    return [_change(revision, at, records, events) for revision, at in instants]


def _change(
    revision: Revision,
    at: Instant,
    records: dict[Revision, list[Record]],
    events: dict[Revision, list[Event]],
) -> Change:
    return Change(revision, at, tuple(records[revision]), tuple(events[revision]))


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
    for (kind, field), values in wanted.items():
        found_rows = connection.execute(_LOOKUPS[kind, field], {"desk": desk, "values": values})
        for record in map(decoded, found_rows.scalars()):
            found[key_of(record)] = record
    return list(found.values())


def _lookup(kind: str, field: str) -> Select[Any]:
    table = TABLES[kind]
    values: BindParameter[list[str]] = bindparam("values", expanding=True)
    return select(table.c.record).where(table.c.desk == _DESK, table.c[field].in_(values))


_LOOKUPS = {(kind, "id"): _lookup(kind, "id") for kind in KINDS} | {
    ("customer", field): _lookup("customer", field) for field in ("email", "customer_number")
}


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
