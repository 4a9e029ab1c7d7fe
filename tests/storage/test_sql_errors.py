"""Whatever a database raises becomes one of our errors, with how to mend it."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chatdesk.model.errors import (
    OutcomeUnknown,
    SchemaMismatch,
    StorageError,
    StoreCorrupt,
    StoreUnavailable,
    TurnLost,
    TurnTimeout,
)
from chatdesk.storage.sql.errors import translated, translated_commit, translation


def wrapped(original: BaseException) -> DBAPIError:
    """A driver's error as SQLAlchemy raises it."""
    return OperationalError("COMMIT", (), original)


def of_sqlite(name: str) -> DBAPIError:
    """SQLite's error of a code."""
    error = sqlite3.OperationalError("made for a test")
    error.sqlite_errorname = name
    return wrapped(error)


def of_postgres(state: str) -> DBAPIError:
    """PostgreSQL's error of a SQLSTATE."""
    return wrapped(psycopg.errors.lookup(state)("made for a test"))


SQLITE = {
    "SQLITE_BUSY": TurnTimeout,
    "SQLITE_BUSY_SNAPSHOT": TurnTimeout,
    "SQLITE_FULL": StoreUnavailable,
    "SQLITE_READONLY_DIRECTORY": StoreUnavailable,
    "SQLITE_CANTOPEN_ISDIR": StoreUnavailable,
    "SQLITE_IOERR_FSYNC": StoreUnavailable,
    "SQLITE_NOTADB": StoreCorrupt,
    "SQLITE_CORRUPT_INDEX": StoreCorrupt,
    "SQLITE_TOOBIG": StorageError,
}

POSTGRES = {
    "55P03": TurnTimeout,
    "40001": TurnLost,
    "40P01": TurnLost,
    "53100": StoreUnavailable,
    "53300": StoreUnavailable,
    "42501": StoreUnavailable,
    "28P01": StoreUnavailable,
    "3D000": StoreUnavailable,
    "57P01": StoreUnavailable,
    "08006": StoreUnavailable,
    "42P01": SchemaMismatch,
    "XX001": StoreCorrupt,
    "22021": StorageError,
}


@pytest.mark.parametrize(("name", "kind"), SQLITE.items())
def test_sqlite_codes_are_told_apart(name: str, kind: type[StorageError]) -> None:
    """By the primary code, whatever its extension."""
    error = translation(of_sqlite(name), "write")
    assert type(error) is kind
    assert "cannot write: " in str(error)


@pytest.mark.parametrize(("state", "kind"), POSTGRES.items())
def test_postgres_states_are_told_apart(state: str, kind: type[StorageError]) -> None:
    """By the longest beginning of the SQLSTATE that is known."""
    assert type(translation(of_postgres(state), "write")) is kind


def test_a_connection_that_breaks_without_a_state_is_unavailable() -> None:
    """Psycopg gives no SQLSTATE when the server is gone."""
    gone = wrapped(psycopg.OperationalError("server closed the connection unexpectedly"))
    assert type(translation(gone, "load")) is StoreUnavailable


def test_sqlalchemys_own_errors_are_storage_errors() -> None:
    """An exhausted pool is a turn that did not come; anything else is said as it is."""
    assert type(translation(PoolTimeout(), "load")) is TurnTimeout
    with pytest.raises(StorageError, match="This result object"), translated("load"):
        raise ResourceClosedError("This result object is closed")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (of_sqlite("SQLITE_BUSY"), TurnTimeout),
        (of_sqlite("SQLITE_FULL"), StoreUnavailable),
        (of_sqlite("SQLITE_IOERR_FSYNC"), OutcomeUnknown),
        (of_postgres("40001"), TurnLost),
        (of_postgres("53100"), StoreUnavailable),
        (of_postgres("57P01"), OutcomeUnknown),
        (wrapped(psycopg.OperationalError("connection lost")), OutcomeUnknown),
    ],
)
def test_a_commit_is_unknown_unless_it_was_surely_undone(
    error: DBAPIError, kind: type[StorageError]
) -> None:
    """Only an answer that says so tells that nothing was done."""
    with pytest.raises(kind), translated_commit():
        raise error


def test_our_own_errors_pass_unchanged() -> None:
    """What is typed already is not wrapped again."""
    mine = TurnLost("mine")
    with pytest.raises(TurnLost) as raised, translated("write"):
        raise mine
    assert raised.value is mine
