"""Engines: how a database is opened so that a commit survives what the store declares."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from chatdesk._extras import require_extra
from chatdesk.model.errors import ConfigurationError, StoreUnavailable
from chatdesk.storage.port import Durability

WAL_IS_SAFE = (3, 51, 3)
"""Before this version two connections that write one WAL file can corrupt it
(sqlite.org/wal.html, "The WAL-reset bug")."""

READ_WAIT_SECONDS = 10.0
"""How long reading waits while another process commits."""

_WAIT = "chatdesk_wait_milliseconds"

BEGIN = "chatdesk_begin"
"""The execution option that says how a transaction begins."""


def parse_url(url: str) -> URL:
    """The URL of a database file or server; raises `ConfigurationError` for any other."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError(f"{url!r} is no database URL: {_EXAMPLES}") from error
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database in {None, "", ":memory:"}:
                raise ConfigurationError(
                    f"{url!r} names no file: write sqlite:///desk.db, or memory:// for tests"
                )
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            require_extra("postgres", "psycopg")
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigurationError(f"chatdesk cannot use {other!r}: {_EXAMPLES}")


_EXAMPLES = "write sqlite:///desk.db, postgresql://user@host/database or memory://"


def open_engine(url: URL, durability: Durability, *, exclusive: bool) -> Engine:
    """An engine that has not connected yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, durability, exclusive=exclusive)
    return _postgres(url, durability)


# -- SQLite --------------------------------------------------------------------------------------


def _sqlite(url: URL, durability: Durability, *, exclusive: bool) -> Engine:
    pool = {"pool_size": 1, "max_overflow": 0} if exclusive else {"pool_use_lifo": True}
    engine = create_engine(
        url, connect_args={"isolation_level": None, "timeout": READ_WAIT_SECONDS}, **pool
    )
    settings = pragmas(durability, exclusive=exclusive)

    @event.listens_for(engine, "connect")
    def _connected(driver: sqlite3.Connection, _record: object) -> None:
        with _closing_on_error(driver):
            for pragma, value in settings:
                _set_pragma(driver, pragma, value)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        begin: str = connection.get_execution_options().get(BEGIN, "BEGIN")
        driver_of(connection).execute(begin)

    return engine


def driver_of(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection: what every turn says costs a fraction there."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def pragmas(durability: Durability, *, exclusive: bool) -> list[tuple[str, str]]:
    """The settings of each connection; the first ones decide what the later ones mean."""
    wal = exclusive or sqlite3.sqlite_version_info >= WAL_IS_SAFE
    synchronous = {"power": "FULL", "process": "NORMAL", "none": "OFF"}[durability]
    return [
        *([("locking_mode", "EXCLUSIVE")] if exclusive else []),
        ("journal_mode", "WAL" if wal else "TRUNCATE"),
        ("synchronous", synchronous),
        # an erased text must not stay in the free space of the file
        ("secure_delete", "ON"),
    ]


def _set_pragma(driver: sqlite3.Connection, pragma: str, value: str) -> None:
    answer = driver.execute(f"PRAGMA {pragma}={value}").fetchone()
    if pragma == "journal_mode" and answer[0].upper() != value:
        raise StoreUnavailable(
            f"cannot set journal_mode={value}, it stays {answer[0]}: close whatever else has the"
            " file open, and give it a file system that supports the mode"
        )


def sqlite_folder_problem(url: URL) -> str | None:
    """What keeps a database file from being made, if its folder does."""
    if str(url.database).startswith("file:"):
        return None
    folder = Path(str(url.database)).absolute().parent
    return None if folder.is_dir() else f"the folder {folder} does not exist; create it"


# -- PostgreSQL ----------------------------------------------------------------------------------


def _postgres(url: URL, durability: Durability) -> Engine:
    engine = create_engine(url, paramstyle="format", pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def _connected(driver: Any, _record: object) -> None:
        with _closing_on_error(driver):
            _check_synchronous_commit(driver, durability)

    return engine


def _check_synchronous_commit(driver: Any, durability: Durability) -> None:
    found = driver.execute("SHOW synchronous_commit").fetchone()[0]
    driver.rollback()
    if durability is Durability.POWER and found not in {"on", "remote_apply"}:
        raise ConfigurationError(
            f"the server's synchronous_commit is {found!r}, which may lose commits at a power cut:"
            " set it to on for this database, or open the store with durability='process'"
        )


@contextmanager
def _closing_on_error(driver: Any) -> Iterator[None]:
    """A connection that is refused does not stay open."""
    try:
        yield
    except BaseException:
        driver.close()
        raise


def set_wait(connection: Connection, seconds: float) -> None:
    """How long a connection waits for locks from now on.

    From a second on in tenths, and kept, so that it is rarely said anew.
    """
    milliseconds = round(seconds, 1) * 1000 if seconds >= 1.0 else seconds * 1000
    milliseconds = max(1, round(milliseconds))
    if connection.info.get(_WAIT) == milliseconds:
        return
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute(f"PRAGMA busy_timeout={milliseconds}")
    else:
        connection.exec_driver_sql(f"SET lock_timeout = {milliseconds}")
        connection.commit()
    connection.info[_WAIT] = milliseconds
