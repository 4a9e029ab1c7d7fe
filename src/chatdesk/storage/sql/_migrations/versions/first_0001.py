"""The first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from chatdesk.storage.sql.instants import UtcInstant

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

SMALL = ("visitors", "messages", "answers", "ticket_entries", "replies")

SOMETIMES_LIVE = ("visitors", "chats", "offers", "tickets", "learned")

RECORDS: dict[str, Sequence[str]] = {
    "setups": (),
    "counters": (),
    "queues": (),
    "agents": (),
    "customers": ("email", "customer_number", "updated_at", "created_at"),
    "visitors": ("customer", "last_seen_at", "chat"),
    "chats": tuple(
        "state queue visitor customer agent requested_at ended_at closed_at".split(),
    ),
    "offers": ("chat", "agent", "state", "made_at", "settled_at"),
    "messages": ("chat", "seq", "kind", "at"),
    "answers": ("chat", "customer", "form", "at"),
    "interactions": ("customer", "at"),
    "tickets": tuple(
        "number state customer visitor chat assignee created_at updated_at".split(),
    ),
    "ticket_entries": ("ticket", "seq", "at"),
    "canned": (),
    "canned_uses": ("response", "agent"),
    "learned": ("response", "customer", "at"),
    "suggesting": (),
    "replies": ("at", "command"),
}

INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("customers", ("email",)),
    ("customers", ("customer_number",)),
    ("visitors", ("customer",)),
    ("chats", ("customer",)),
    ("chats", ("visitor",)),
    ("chats", ("agent",)),
    ("chats", ("requested_at", "id")),
    ("offers", ("chat",)),
    ("messages", ("chat", "seq")),
    ("answers", ("chat",)),
    ("answers", ("customer",)),
    ("interactions", ("customer", "at")),
    ("tickets", ("customer",)),
    ("tickets", ("chat",)),
    ("tickets", ("number",)),
    ("tickets", ("updated_at", "id")),
    ("ticket_entries", ("ticket", "seq")),
    ("learned", ("customer",)),
    ("replies", ("at",)),
)


def upgrade() -> None:
    """Creates all tables and indexes."""
    for name, fields in RECORDS.items():
        _create_records(name, fields)
    for name, fields in INDEXES:
        op.create_index(
            f"chatdesk_{name}_{'_'.join(fields)}", f"chatdesk_{name}", ["desk", *fields]
        )
    _create_head_and_commits()


def downgrade() -> None:
    """Drops everything; there is nothing older to go back to."""
    op.execute("DROP VIEW chatdesk_journal")
    for name in (*RECORDS, "desks", "commits"):
        op.drop_table(f"chatdesk_{name}")


def _column(field: str) -> sa.Column[object]:
    if field == "at" or field.endswith("_at"):
        return sa.Column(field, UtcInstant)
    return sa.Column(field, sa.BigInteger if field in {"seq", "number"} else TEXT)


def _create_records(name: str, fields: Sequence[str]) -> None:
    table = f"chatdesk_{name}"
    op.create_table(
        table,
        sa.Column("desk", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        *map(_column, fields),
        *([sa.Column("live", sa.Boolean, nullable=False)] if name in SOMETIMES_LIVE else []),
        *([sa.Column("revision", sa.BigInteger, nullable=False)] if name != "replies" else []),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", "desk"),
        sqlite_with_rowid=name not in SMALL,
    )
    if name in SOMETIMES_LIVE:
        op.create_index(
            f"{table}_live",
            table,
            ["desk", "live"],
            sqlite_where=sa.text("live = 1"),
            postgresql_where=sa.text("live"),
        )


def _create_head_and_commits() -> None:
    op.create_table(
        "chatdesk_desks",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "chatdesk_commits",
        sa.Column("desk", TEXT, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("at", UtcInstant, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("desk", "revision"),
    )
    name = op.get_bind().dialect.name
    op.execute(SQLITE_JOURNAL if name == "sqlite" else POSTGRESQL_JOURNAL)


SQLITE_JOURNAL = """
CREATE VIEW chatdesk_journal AS
SELECT c.desk, c.revision, e.key + 1 AS seq,
  strftime('%Y-%m-%dT%H:%M:%f', json_extract(e.value, '$.at'), 'unixepoch') || '+00:00' AS at,
  json_extract(e.value, '$.type') AS type,
  json_extract(e.value, '$.chat') AS chat,
  json_extract(e.value, '$.agent') AS agent,
  json_extract(e.value, '$.queue') AS queue,
  json_extract(e.value, '$.customer') AS customer,
  json_extract(e.value, '$.ticket') AS ticket,
  e.value AS body
FROM chatdesk_commits AS c, json_each(c.events) AS e
"""

POSTGRESQL_JOURNAL = """
CREATE VIEW chatdesk_journal AS
SELECT c.desk, c.revision, e.seq,
  to_timestamp((e.body ->> 'at')::double precision) AS at,
  e.body ->> 'type' AS type,
  e.body ->> 'chat' AS chat,
  e.body ->> 'agent' AS agent,
  e.body ->> 'queue' AS queue,
  e.body ->> 'customer' AS customer,
  e.body ->> 'ticket' AS ticket,
  e.body
FROM chatdesk_commits AS c,
  LATERAL jsonb_array_elements(c.events::jsonb) WITH ORDINALITY AS e (body, seq)
"""
