"""The one place where a database's errors become chatdesk's."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chatdesk.model.errors import (
    ConfigurationError,
    OutcomeUnknown,
    SchemaMismatch,
    StorageError,
    StoreCorrupt,
    StoreUnavailable,
    TurnLost,
    TurnTimeout,
)

MIGRATE = "run `chatdesk migrate URL`, or SqlStore(url).migrate()"

_BUSY = (TurnTimeout, "the database is locked by another connection; try again")
_FULL = (StoreUnavailable, "the disk is full; free some space, then try again")
_READ_ONLY = (StoreUnavailable, "no permission to write; let this user write the file and folder")
_NOT_OURS = (StoreCorrupt, "not a SQLite database, or a damaged one; restore a backup")
_NO_TABLES = (SchemaMismatch, f"a table or column is missing; {MIGRATE}")
_LOGIN = (StoreUnavailable, "the server refuses the login; check user and password in the URL")
_DOWN = (
    StoreUnavailable,
    "the server cannot be reached; check that it runs, then try again",
)

_SQLITE: dict[str, tuple[type[StorageError], str]] = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_NOTADB": _NOT_OURS,
    "SQLITE_CORRUPT": _NOT_OURS,
    "SQLITE_CANTOPEN": (
        StoreUnavailable,
        "the file cannot be opened; check that its folder exists and that this user may write it",
    ),
    "SQLITE_IOERR": (StoreUnavailable, "the disk reports an error; check it, then try again"),
}
"""By the primary code: `SQLITE_IOERR_FSYNC` is an `SQLITE_IOERR`."""

_POSTGRES: dict[str, tuple[type[StorageError], str]] = {
    "55P03": (TurnTimeout, "another one holds the desk's turn; try again"),
    "57014": (TurnTimeout, "the server cancelled the statement; try again"),
    "40": (TurnLost, "the server rolled back because of another transaction; try again"),
    "53100": _FULL,
    "53": (
        StoreUnavailable,
        "the server is out of resources; open fewer connections",
    ),
    "42501": (StoreUnavailable, "this user may not do that; grant it the right to read and write"),
    "42P01": _NO_TABLES,
    "42703": _NO_TABLES,
    "28": _LOGIN,
    "3D": (StoreUnavailable, "there is no such database; create it"),
    "08": _DOWN,
    "57P": _DOWN,
    "58": (StoreUnavailable, "the server reports a system error; look at its log"),
    "XX": (StoreCorrupt, "the server reports damaged data; look at its log"),
}
"""By the longest beginning of the SQLSTATE, PostgreSQL's appendix A."""

_SURELY_UNDONE = ("40", "23", "53")
"""SQLSTATE classes with which PostgreSQL answers a COMMIT that it did not do."""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises chatdesk's errors for whatever a database or SQLAlchemy raises inside."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, UnicodeEncodeError) as error:
        raise translation(error, doing) from error


@contextmanager
def translated_commit() -> Iterator[None]:
    """As `translated`, for a COMMIT: when its answer is lost, nobody knows whether it was done."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        if _surely_undone(error):
            raise translation(error, "commit") from error
        raise OutcomeUnknown(
            f"the commit's answer was lost ({_cause(error)}); send the commands again, same ids"
        ) from error


def translation(error: Exception, doing: str) -> StorageError | ConfigurationError:
    """Chatdesk's error for another one."""
    if isinstance(error, UnicodeEncodeError):
        return StorageError(f"cannot {doing}: text with lone surrogates is not Unicode; mend it")
    if isinstance(error, ArgumentError):
        return ConfigurationError(f"cannot {doing}: {error}")
    if isinstance(error, PoolTimeout):
        return TurnTimeout(f"cannot {doing}: every connection is in use; try again")
    kind, mend = _classified(error)
    return kind(f"cannot {doing}: {mend} ({_cause(error)})")


def _surely_undone(error: Exception) -> bool:
    name = _sqlite_code(error)
    if name is not None:
        return name in {"SQLITE_BUSY", "SQLITE_FULL"}
    return (_sqlstate(error) or "").startswith(_SURELY_UNDONE)


def _classified(error: Exception) -> tuple[type[StorageError], str]:
    name = _sqlite_code(error)
    if name is not None:
        if name == "SQLITE_ERROR" and "no such" in str(_cause(error)):
            return _NO_TABLES
        return _SQLITE.get(name, (StorageError, "the database refuses"))
    state = _sqlstate(error)
    if state is None:
        return _DOWN if _is_operational(error) else (StorageError, "the database refuses")
    for length in (5, 3, 2):
        if (found := _POSTGRES.get(state[:length])) is not None:
            return found
    return StorageError, "the server refuses"


def _cause(error: Exception) -> BaseException | str:
    return error.orig or error if isinstance(error, DBAPIError) else error


def _sqlite_code(error: Exception) -> str | None:
    name: str | None = getattr(_cause(error), "sqlite_errorname", None)
    return None if name is None else "_".join(name.split("_")[:2])


def _sqlstate(error: Exception) -> str | None:
    state: str | None = getattr(_cause(error), "sqlstate", None)
    return state


def _is_operational(error: Exception) -> bool:
    return type(_cause(error)).__name__ in {"OperationalError", "InterfaceError", "AdminShutdown"}
