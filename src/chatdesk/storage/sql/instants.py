"""Instants as columns that people can read: seconds in Python, aware times in the table."""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from chatdesk.model.ids import Instant


def as_datetime(at: Instant) -> datetime:
    """An instant as an aware time, to the microsecond."""
    return datetime.fromtimestamp(at, UTC)


@lru_cache(1024)
def as_text(at: Instant) -> str:
    """An instant as ISO 8601 of fixed width, so that the order of text is the order of time."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def as_instant(text: str) -> Instant:
    """The instant of a text that `as_text` wrote."""
    return datetime.fromisoformat(text).timestamp()


class UtcInstant(TypeDecorator[Instant]):
    """`timestamptz` in PostgreSQL, ISO text in SQLite, seconds since the epoch in Python."""

    impl = DateTime
    cache_ok = True
    """The type has no settings, so statements that use it may be kept."""

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """The column's type in a database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: Instant | None, dialect: Dialect) -> datetime | str | None:
        """An instant on its way in."""
        if value is None:
            return None
        return as_text(value) if dialect.name == "sqlite" else as_datetime(value)

    def process_result_value(
        self,
        value: datetime | str | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy passes it
    ) -> Instant | None:
        """An instant on its way out."""
        if value is None:
            return None
        return as_instant(value) if isinstance(value, str) else value.timestamp()
