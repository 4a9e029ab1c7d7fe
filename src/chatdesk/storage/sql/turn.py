"""A turn on a SQL database: one transaction that holds the desk's head row."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import attrs
from sqlalchemy import BindParameter, Connection, Dialect, Select, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chatdesk.model.commits import Batch, Change, Need
from chatdesk.model.errors import StorageError, StoreCorrupt, TurnLost
from chatdesk.model.ids import DeskId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.storage.sql.engines import driver_of
from chatdesk.storage.sql.errors import translated
from chatdesk.storage.sql.instants import as_instant, as_text
from chatdesk.storage.sql.reading import fetched
from chatdesk.storage.sql.rows import Writers
from chatdesk.storage.sql.tables import DESKS

Head: TypeAlias = tuple[Revision, Instant]

_NOTHING_YET: Head = (0, 0.0)

_DESK: BindParameter[str] = bindparam("desk")
_HEAD = select(DESKS.c.revision, DESKS.c.at).where(DESKS.c.id == _DESK)
_LOCKED_HEAD = _HEAD.with_for_update()
_MOVED_HEAD = (
    update(DESKS)
    .where(DESKS.c.id == _DESK, DESKS.c.revision == bindparam("expected"))
    .values(revision=bindparam("next"), at=bindparam("now"))
)
_SQLITE_HEAD = str(_HEAD.compile(dialect=sqlite.dialect()))
_SQLITE_MOVED_HEAD = str(_MOVED_HEAD.compile(dialect=sqlite.dialect()))


def lock_head(connection: Connection, desk: DeskId) -> Head:
    """The head of a desk, locked until the transaction ends; a new desk gets its row.

    SQLite has no row locks: there the transaction began with BEGIN IMMEDIATE.
    """
    found = _head(connection, desk, _LOCKED_HEAD)
    if found is None:
        connection.execute(_new_head(connection.dialect, desk))
        found = _head(connection, desk, _LOCKED_HEAD)  # somebody else's, if he was first
    return found or _NOTHING_YET


def read_head(connection: Connection, desk: DeskId) -> Head:
    """The head of a desk; 0 for a new one."""
    return _head(connection, desk, _HEAD) or _NOTHING_YET


def _head(connection: Connection, desk: DeskId, statement: Select[Any]) -> Head | None:
    if connection.dialect.name == "sqlite":
        found = driver_of(connection).execute(_SQLITE_HEAD, (desk,)).fetchone()
        return None if found is None else (found[0], as_instant(found[1]))
    row = connection.execute(statement, {"desk": desk}).first()
    return None if row is None else (row.revision, row.at)


def _new_head(dialect: Dialect, desk: DeskId) -> sqlite.Insert | postgresql.Insert:
    row = {"id": desk, "revision": 0, "at": 0.0}
    if dialect.name == "sqlite":
        return sqlite.insert(DESKS).values(row).on_conflict_do_nothing()
    return postgresql.insert(DESKS).values(row).on_conflict_do_nothing()


def check_since(since: Revision, head: Revision) -> None:
    """Raises `StoreCorrupt` when a store is behind a desk that has applied its commits."""
    if since > head:
        raise StoreCorrupt(f"the store is at revision {head}, before {since}: load it again")


@attrs.define(eq=False)
class SqlTurn:
    """See `chatdesk.storage.port.Turn`."""

    revision: Revision
    changes: Sequence[Change]
    _connection: Connection
    _desk: DeskId
    _writers: Writers
    written: bool = False
    ended: bool = False

    def fetch(self, needs: Iterable[Need]) -> list[Record]:
        """See `Turn.fetch`."""
        self._check_open()
        with translated("look up records"):
            return fetched(self._connection, self._desk, needs)

    def write(self, batch: Batch) -> Revision:
        """See `Turn.write`."""
        self._check_open()
        if self.written:
            raise StorageError("this turn has written its batch; take another turn for the next")
        self.written = True
        revision = self.revision + 1
        with translated("write"):
            self._advance_head(revision, batch.at)
            self._writers.write(self._connection, self._desk, revision, batch)
        return revision

    def _advance_head(self, revision: Revision, at: Instant) -> None:
        """The fence: the head moves only from where it was when the turn began."""
        if self._move_head(revision, at) != 1:
            raise TurnLost(f"revision {revision} was written by another; load and try again")

    def _move_head(self, revision: Revision, at: Instant) -> int:
        """Moves the head if it is where it was; gives the number of heads that were moved."""
        if self._connection.dialect.name == "sqlite":
            values = (revision, as_text(at), self._desk, self.revision)
            return driver_of(self._connection).execute(_SQLITE_MOVED_HEAD, values).rowcount
        named = {"desk": self._desk, "expected": self.revision, "next": revision, "now": at}
        return self._connection.execute(_MOVED_HEAD, named).rowcount

    def _check_open(self) -> None:
        if self.ended:
            raise StorageError("this turn has ended; take another one with store.turn()")
