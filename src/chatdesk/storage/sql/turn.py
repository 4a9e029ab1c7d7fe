"""A turn on a SQL database: one transaction that holds the desk's head row."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import attrs
from sqlalchemy import BindParameter, Connection, Dialect, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from chatdesk.model.commits import Batch, Change, Need
from chatdesk.model.errors import StorageError, StoreCorrupt, TurnLost
from chatdesk.model.ids import DeskId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.storage.sql.errors import translated
from chatdesk.storage.sql.reading import fetched
from chatdesk.storage.sql.rows import Writers
from chatdesk.storage.sql.tables import DESKS

Head: TypeAlias = tuple[Revision, Instant]

_DESK: BindParameter[str] = bindparam("desk")
_HEAD = select(DESKS.c.revision, DESKS.c.at).where(DESKS.c.id == _DESK)
_LOCKED_HEAD = _HEAD.with_for_update()
_MOVED_HEAD = (
    update(DESKS)
    .where(DESKS.c.id == _DESK, DESKS.c.revision == bindparam("expected"))
    .values(revision=bindparam("next"), at=bindparam("now"))
)


def lock_head(connection: Connection, desk: DeskId) -> Head:
    """The head of a desk, locked until the transaction ends; a new desk gets its row.

    SQLite has no row locks: there the transaction began with BEGIN IMMEDIATE.
    """
    found = connection.execute(_LOCKED_HEAD, {"desk": desk}).first()
    if found is None:
        connection.execute(_new_head(connection.dialect, desk))
        found = connection.execute(_LOCKED_HEAD, {"desk": desk}).one()
    return found.revision, found.at


def read_head(connection: Connection, desk: DeskId) -> Head:
    """The head of a desk; 0 for a new one."""
    found = connection.execute(_HEAD, {"desk": desk}).first()
    return (0, 0.0) if found is None else (found.revision, found.at)


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
        values = {"desk": self._desk, "expected": self.revision, "next": revision, "now": at}
        moved = self._connection.execute(_MOVED_HEAD, values)
        if moved.rowcount != 1:
            raise TurnLost(f"revision {revision} was written by another; load and try again")

    def _check_open(self) -> None:
        if self.ended:
            raise StorageError("this turn has ended; take another one with store.turn()")
