"""The tables: one a kind of record, with columns to search and read, and the whole record as JSON.

`record` is the truth that is decoded; the other columns are for `Find` and for people. Every table
carries the desk, so that one database can hold several.
"""

from types import MappingProxyType

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from chatdesk.storage.keys import is_count, is_time
from chatdesk.storage.port import FINDABLE
from chatdesk.storage.sql.instants import UtcInstant

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is ordered by code points, as SQLite and Python do."""

METADATA = MetaData()

NAMES = MappingProxyType(
    {
        "desk": "setups",
        "counters": "counters",
        "queue": "queues",
        "agent": "agents",
        "customer": "customers",
        "visitor": "visitors",
        "chat": "chats",
        "offer": "offers",
        "message": "messages",
        "answers": "answers",
        "interaction": "interactions",
        "ticket": "tickets",
        "ticket_entry": "ticket_entries",
        "canned": "canned",
        "canned_use": "canned_uses",
        "learned": "learned",
        "suggesting": "suggesting",
        "reply": "replies",
    }
)
"""What the table of each kind is called, after `chatdesk_`."""

ALWAYS_LIVE = ("desk", "counters", "queue", "agent", "canned", "canned_use", "suggesting")
SOMETIMES_LIVE = ("visitor", "chat", "offer", "ticket", "learned")

SMALL = ("visitor", "message", "answers", "ticket_entry", "reply")
"""Kinds of many small records, which SQLite keeps in the tree of their ids, and not in another."""

_MORE_COLUMNS = MappingProxyType(
    {
        "customer": ("created_at",),
        "visitor": ("chat",),
        "chat": ("closed_at",),
        "offer": ("settled_at",),
        "canned_use": ("response", "agent"),
        "learned": ("response", "customer", "at"),
        "reply": ("at", "command"),
    }
)

INDEXES = MappingProxyType(
    {
        "customer": (("email",), ("customer_number",)),
        "visitor": (("customer",),),
        "chat": (("customer",), ("visitor",), ("agent",), ("requested_at", "id")),
        "offer": (("chat",),),
        "message": (("chat", "seq"),),
        "answers": (("chat",), ("customer",)),
        "interaction": (("customer", "at"),),
        "ticket": (("customer",), ("chat",), ("number",), ("updated_at", "id")),
        "ticket_entry": (("ticket", "seq"),),
        "learned": (("customer",),),
        "reply": (("at",),),
    }
)
"""The columns that are looked up often; the others are found by reading the table."""


def columns_of(kind: str) -> tuple[str, ...]:
    """The fields of a kind that have a column of their own, `id` not among them."""
    fields = (*FINDABLE.get(kind, ()), *_MORE_COLUMNS.get(kind, ()))
    return tuple(field for field in fields if field != "id")


def _column(field: str) -> Column[object]:
    if is_time(field):
        return Column(field, UtcInstant)
    if is_count(field):
        return Column(field, BigInteger)
    return Column(field, TEXT)


def _indexes(kind: str, name: str) -> list[Index]:
    return [
        Index(f"{name}_{'_'.join(fields)}", "desk", *fields) for fields in INDEXES.get(kind, ())
    ]


def _table(kind: str) -> Table:
    name = f"chatdesk_{NAMES[kind]}"
    table = Table(
        name,
        METADATA,
        Column("desk", TEXT, nullable=False),
        Column("id", TEXT, nullable=False),
        *(_column(field) for field in columns_of(kind)),
        *([Column("live", Boolean, nullable=False)] if kind in SOMETIMES_LIVE else []),
        *([Column("revision", BigInteger, nullable=False)] if kind != "reply" else []),
        Column("record", Text, nullable=False),
        # the desk last: else SQLite would read the whole desk's rows where it has an index to use
        PrimaryKeyConstraint("id", "desk"),
        *_indexes(kind, name),
        sqlite_with_rowid=kind not in SMALL,
    )
    if kind in SOMETIMES_LIVE:
        live = table.c.live
        # SQLite uses a partial index where the query repeats its condition word by word, and
        # prefers it to the others that begin with the desk only if it has both columns
        columns = (table.c.desk, live)
        Index(f"{name}_live", *columns, sqlite_where=text("live = 1"), postgresql_where=live)
    return table


TABLES: dict[str, Table] = {kind: _table(kind) for kind in NAMES}
"""The table of each kind of record."""

DESKS = Table(
    "chatdesk_desks",
    METADATA,
    Column("id", TEXT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("at", UtcInstant, nullable=False),
    PrimaryKeyConstraint("id"),
)
"""The head of each desk: the row that a turn locks."""

COMMITS = Table(
    "chatdesk_commits",
    METADATA,
    Column("desk", TEXT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("written", Text, nullable=False),
    Column("events", Text, nullable=False),
    PrimaryKeyConstraint("desk", "revision"),
)
"""A revision: when it was written, the ids of the records it wrote by kind, and its events.

The ids and the events are JSON. The view `chatdesk_journal` has a row for each event.
"""
