"""A store in a SQL database: SQLite or PostgreSQL."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

import attrs
from sqlalchemy import Connection, Engine, delete
from sqlalchemy.exc import DBAPIError

from chatdesk.model.commits import Batch, Change, Snapshot
from chatdesk.model.errors import StorageError, StoreUnavailable, TurnTimeout
from chatdesk.model.ids import CustomerId, DeskId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.model.values import Actor
from chatdesk.storage.erasing import erased
from chatdesk.storage.port import Durability, Find, Store
from chatdesk.storage.sql.engines import (
    BEGIN,
    READ_WAIT_SECONDS,
    open_engine,
    parse_url,
    set_wait,
    sqlite_folder_problem,
)
from chatdesk.storage.sql.erasure import erase_rows
from chatdesk.storage.sql.errors import translated, translated_commit
from chatdesk.storage.sql.reading import committed, live_records, searched
from chatdesk.storage.sql.rows import Writers
from chatdesk.storage.sql.schema import ensure_schema, migrate
from chatdesk.storage.sql.tables import TABLES
from chatdesk.storage.sql.turn import Head, SqlTurn, check_since, lock_head, read_head

_INHERITED: list[object] = []
"""Pools of a parent process: never used, never closed, for closing would touch its files."""


@attrs.define(eq=False)
class _Process:
    """What one process has open."""

    engine: Engine
    writers: Writers
    turns: Lock = attrs.field(factory=Lock)
    opening: Lock = attrs.field(factory=Lock)
    ready: bool = False


@attrs.frozen
class _Held:
    """A desk's head, locked, and where it stands."""

    connection: Connection
    writers: Writers
    revision: Revision
    at: Instant


def _replacing_the_dead(begin: Callable[[], _Held]) -> _Held:
    """Begins, and once more when the first connection had died in the pool."""
    try:
        return begin()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return begin()


def _commit(connection: Connection) -> None:
    """Commits; a connection that could not is closed, which rolls back what may be left."""
    try:
        with translated_commit():
            connection.commit()
    except StorageError:
        connection.invalidate()
        raise


class SqlStore(Store):
    """Keeps one desk in a SQLite file or a PostgreSQL database, beside other desks and tables.

    Connects at the first use. `durability` is what the store promises and how it opens the
    database; `exclusive` opens a SQLite file for this process alone, in WAL mode with one
    connection. Raises `ConfigurationError` for a URL it cannot use.
    """

    def __init__(
        self,
        url: str,
        desk: DeskId = "default",
        *,
        durability: Durability | str = Durability.POWER,
        exclusive: bool = False,
    ) -> None:
        self.url = parse_url(url)
        self.desk = desk
        self.durability = Durability(durability)
        self._is_file = self.url.get_backend_name() == "sqlite"
        self._exclusive = exclusive
        self._processes: dict[int, _Process] = {}

    @classmethod
    def open(cls, url: str, desk: DeskId = "default") -> "SqlStore":
        """A store that is connected already, its tables made where there were none."""
        store = cls(url, desk)
        store.head()
        return store

    def migrate(self) -> None:
        """Brings the tables to the version this chatdesk needs."""
        process = self._process()
        with translated("migrate"):
            migrate(process.engine)

    def load(self) -> Snapshot:
        """See `Store.load`."""
        with self._reading("load") as held:
            return Snapshot(held.revision, held.at, live_records(held.connection, self.desk))

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[SqlTurn]:
        """See `Store.turn`. Reads nothing but the head when nothing has happened."""
        with self._locked(timeout) as held:
            check_since(since, held.revision)
            with translated("catch up"):
                news = self._news(held, since)
            turn = SqlTurn(held.revision, news, held.connection, self.desk, held.writers)
            try:
                yield turn
            finally:
                turn.ended = True

    def _news(self, held: _Held, since: Revision) -> list[Change]:
        if held.revision == since:
            return []
        return committed(held.connection, self.desk, since, held.revision, live_only=True)

    def changes(self, since: Revision, *, limit: int = 1000) -> Sequence[Change]:
        """See `Store.changes`."""
        with self._reading("read changes") as held:
            check_since(since, held.revision)
            until = min(held.revision, since + limit)
            if until == since:
                return []
            return committed(held.connection, self.desk, since, until, live_only=False)

    def head(self) -> Revision:
        """See `Store.head`."""
        with self._reading("read the head") as held:
            return held.revision

    def find(self, search: Find) -> list[Record]:
        """See `Store.find`. O(log n + limit) by an indexed order, else O(rows of the kind)."""
        with self._reading("search") as held:
            return searched(held.connection, self.desk, search)

    def erase(self, customer: CustomerId, *, by: Actor, at: Instant) -> Revision:
        """See `Store.erase`. SQLite overwrites what it deletes; PostgreSQL does so at a VACUUM."""
        with self._locked(READ_WAIT_SECONDS) as held, translated("erase"):
            blanked = erase_rows(held.connection, self.desk, customer)
            turn = SqlTurn(held.revision, (), held.connection, self.desk, held.writers)
            event = erased(customer, by=by, at=at)
            revision = turn.write(Batch(max(at, held.at), blanked, (event,)))
        self._empty_wal()
        return revision

    def forget_replies(self, before: Instant) -> int:
        """See `Store.forget_replies`."""
        replies = TABLES["reply"]
        with self._locked(READ_WAIT_SECONDS) as held, translated("forget replies"):
            old = delete(replies).where(replies.c.desk == self.desk, replies.c.at < before)
            return held.connection.execute(old).rowcount

    def forget_visitors(self, before: Instant) -> int:
        """See `Store.forget_visitors`. O(visitors who are no customer)."""
        visitors = TABLES["visitor"]
        with self._locked(READ_WAIT_SECONDS) as held, translated("forget visitors"):
            gone = delete(visitors).where(
                visitors.c.desk == self.desk,
                visitors.c.customer.is_(None),
                visitors.c.live.is_(False),
                visitors.c.last_seen_at < before,
            )
            return held.connection.execute(gone).rowcount

    def close(self) -> None:
        """See `Store.close`."""
        process = self._processes.pop(os.getpid(), None)
        if process is not None:
            process.engine.dispose()

    def _process(self) -> _Process:
        """What this process has open, which after a fork is nothing yet."""
        pid = os.getpid()
        found = self._processes.get(pid)
        if found is None:
            self._leave_to_parent()
            engine = open_engine(self.url, self.durability, exclusive=self._exclusive)
            process = _Process(engine, Writers.of(engine.dialect))
            found = self._processes.setdefault(pid, process)
        return found

    def _leave_to_parent(self) -> None:
        for pid in list(self._processes):
            inherited = self._processes.pop(pid, None)
            if inherited is not None:
                _INHERITED.append(inherited.engine.pool)
                inherited.engine.dispose(close=False)

    def _opened(self) -> _Process:
        """What this process has open, its tables checked."""
        process = self._process()
        if not process.ready:
            with process.opening, translated("open the database"):
                if not process.ready:
                    self._check_folder()
                    ensure_schema(process.engine)
                    process.ready = True
        return process

    def _check_folder(self) -> None:
        if self._is_file:
            problem = sqlite_folder_problem(self.url)
            if problem is not None:
                raise StoreUnavailable(f"cannot open {self.url.database}: {problem}")

    @contextmanager
    def _reading(self, doing: str) -> Iterator[_Held]:
        """One snapshot of the database."""
        process = self._opened()
        with translated(doing):
            held = _replacing_the_dead(lambda: self._begin(process, self._look))
            try:
                yield held
            finally:
                held.connection.close()

    def _look(self, connection: Connection) -> Head:
        if self._is_file:
            set_wait(connection, READ_WAIT_SECONDS)
        else:
            connection.execution_options(isolation_level="REPEATABLE READ")
        connection.begin()
        return read_head(connection, self.desk)

    @contextmanager
    def _locked(self, timeout: float) -> Iterator[_Held]:
        """A transaction that writes; it commits at the end, and an exception rolls it back."""
        began = time.monotonic()
        process = self._opened()
        if not process.turns.acquire(timeout=max(timeout, 0.0)):
            raise TurnTimeout(f"no turn within {timeout} s: another thread takes long; try again")
        try:
            with self._begun(process, timeout - (time.monotonic() - began)) as held:
                yield held
                _commit(held.connection)
        finally:
            process.turns.release()

    @contextmanager
    def _begun(self, process: _Process, timeout: float) -> Iterator[_Held]:
        def lock(connection: Connection) -> Head:
            set_wait(connection, timeout)
            connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
            connection.begin()
            return lock_head(connection, self.desk)

        with translated("take a turn"):
            held = _replacing_the_dead(lambda: self._begin(process, lock))
        try:
            yield held
        finally:
            with translated("give the connection back"):
                held.connection.close()

    def _begin(self, process: _Process, begin: Callable[[Connection], Head]) -> _Held:
        """A connection in a transaction that has read the desk's head."""
        connection = process.engine.connect()
        try:
            revision, at = begin(connection)
        except BaseException:
            connection.close()
            raise
        return _Held(connection, process.writers, revision, at)

    def _empty_wal(self) -> None:
        """An erased text must not stay in the write-ahead log either."""
        if not self._is_file:
            return
        with translated("empty the write-ahead log"), self._opened().engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
