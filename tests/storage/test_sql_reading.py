"""Searches are answered by indexes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chatdesk.storage.port import Find
from chatdesk.storage.sql.reading import page_of
from chatdesk.storage.sql.store import SqlStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A new SQLite file."""
    store = SqlStore(f"sqlite:///{tmp_path}/desk.db")
    yield store
    store.close()


def plan(store: SqlStore, search: Find) -> str:
    """How SQLite would answer a search."""
    with store._reading("explain") as held:
        page = page_of("default", search, held.connection.dialect)
        sql = page.compile(held.connection.engine, compile_kwargs={"literal_binds": True})
        return str(held.connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")).all())


@pytest.mark.parametrize(
    ("search", "index"),
    [
        (Find("chat", (("customer", ("x",)),), order="requested_at"), "chats_customer"),
        (Find("chat", (("customer", ("x",)),)), "chats_customer"),
        (Find("chat", (("agent", ("x", "y")),), order="ended_at"), "chats_agent"),
        (Find("chat", order="requested_at", descending=True), "chats_requested_at_id"),
        (Find("chat", (("state", ("closed",)),), order="requested_at"), "chats_requested_at_id"),
        (Find("chat", (("visitor", ("x",)),), order="requested_at"), "chats_visitor"),
        (Find("message", (("chat", ("x",)),), order="seq"), "messages_chat_seq"),
        (Find("answers", (("chat", ("x",)),), order="at"), "answers_chat"),
        (Find("visitor", (("customer", ("x",)),)), "visitors_customer"),
        (Find("ticket_entry", (("ticket", ("x",)),), order="seq"), "ticket_entries_ticket_seq"),
        (Find("ticket", (("number", ("7",)),)), "tickets_number"),
        (Find("ticket", (("customer", ("x",)),), order="updated_at"), "tickets_customer"),
        (Find("interaction", (("customer", ("x",)),), order="at"), "interactions_customer_at"),
    ],
)
def test_a_search_uses_its_index(store: SqlStore, search: Find, index: str) -> None:
    """What stands in an index is looked up there, whatever the order wanted."""
    assert f"USING INDEX chatdesk_{index} " in plan(store, search)
