"""What is particular to the SQL store: faults, fences, several desks, threads and forks."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import event, text

from chatdesk.model.commits import Need
from chatdesk.model.errors import (
    ConfigurationError,
    OutcomeUnknown,
    StorageError,
    StoreCorrupt,
    StoreUnavailable,
    TurnLost,
    TurnTimeout,
)
from chatdesk.storage.port import Durability
from chatdesk.storage.sql.engines import WAL_IS_SAFE
from chatdesk.storage.sql.store import SqlStore
from chatdesk.testing.factories import NOON, a_batch, a_chat, a_customer, a_message, an_event
from chatdesk.testing.store_scenes import WAIT_SECONDS, everything, fetch, write


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A new SQLite file."""
    store = SqlStore(f"sqlite:///{tmp_path}/desk.db")
    yield store
    store.close()


@pytest.fixture
def server(postgres_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """A desk of its own on a PostgreSQL server."""
    store = SqlStore(postgres_url, str(tmp_path))
    yield store
    store.close()


def pragma(store: SqlStore, name: str) -> object:
    """A setting of a store's connections."""
    with store._reading("read a setting") as held:
        return held.connection.execute(text(f"PRAGMA {name}")).scalar_one()


# -- for people ----------------------------------------------------------------------------------


def journal(store: SqlStore) -> list[tuple[object, ...]]:
    """What a person reads who looks at the journal of a desk."""
    found = "SELECT revision, seq, type, chat, agent, customer, CAST(at AS text) FROM"
    mine = f"{found} chatdesk_journal WHERE desk = :desk ORDER BY revision, seq"
    with store._reading("read the journal") as held:
        return [tuple(row) for row in held.connection.execute(text(mine), {"desk": store.desk})]


def test_the_journal_can_be_read_as_rows(store: SqlStore) -> None:
    """A row an event, with its ids and its time, although a commit keeps them as one."""
    write(store, a_batch(an_event("one"), an_event("two")))
    write(store, a_batch(an_event("three", at=NOON + 0.5)))
    rows = journal(store)
    assert [row[:6] for row in rows] == [
        (1, 1, "chat_opened", "one", None, "customer"),
        (1, 2, "chat_opened", "two", None, "customer"),
        (2, 1, "chat_opened", "three", None, "customer"),
    ]
    at = datetime.fromisoformat(str(rows[2][6]))
    assert at.timestamp() == pytest.approx(NOON + 0.5)


@pytest.mark.postgres
def test_the_journal_can_be_read_as_rows_on_postgres(server: SqlStore) -> None:
    """On PostgreSQL likewise."""
    write(server, a_batch(an_event("one"), an_event("two")))
    assert [row[:4] for row in journal(server)] == [
        (1, 1, "chat_opened", "one"),
        (1, 2, "chat_opened", "two"),
    ]


# -- durability ----------------------------------------------------------------------------------


def test_power_needs_full_sync_and_a_journal_that_is_safe(store: SqlStore) -> None:
    """TRUNCATE and FULL before SQLite 3.51.3, WAL and FULL from then on; deleted text is wiped."""
    safe = sqlite3.sqlite_version_info >= WAL_IS_SAFE
    assert pragma(store, "journal_mode") == ("wal" if safe else "truncate")
    assert pragma(store, "synchronous") == 2
    assert pragma(store, "secure_delete") == 1


def test_an_exclusive_file_is_in_wal_mode_for_one_process(tmp_path: Path) -> None:
    """Nobody else gets in while it is open, so that WAL is safe with any version."""
    url = f"sqlite:///{tmp_path}/desk.db"
    mine = SqlStore(url, exclusive=True)
    write(mine, a_batch(a_chat()))
    assert (pragma(mine, "journal_mode"), pragma(mine, "synchronous")) == ("wal", 2)
    intruder = sqlite3.connect(tmp_path / "desk.db", timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        intruder.execute("SELECT * FROM chatdesk_desks").fetchall()
    intruder.close()
    mine.close()
    other = SqlStore(url)
    assert other.load().records == (a_chat(),)
    other.close()


def test_less_durability_is_declared(tmp_path: Path) -> None:
    """A store that syncs less says so, and an unknown word is refused."""
    store = SqlStore(f"sqlite:///{tmp_path}/desk.db", durability="process")
    assert (store.durability, pragma(store, "synchronous")) == (Durability.PROCESS, 1)
    store.close()
    with pytest.raises(ValueError, match="forever"):
        SqlStore(f"sqlite:///{tmp_path}/desk.db", durability="forever")


@pytest.mark.postgres
def test_a_server_that_syncs_less_is_refused(postgres_url: str) -> None:
    """With synchronous_commit off a store cannot promise to survive a power cut."""
    separator = "&" if "?" in postgres_url else "?"
    url = f"{postgres_url}{separator}options=-csynchronous_commit%3Doff"
    with pytest.raises(ConfigurationError, match="synchronous_commit"):
        SqlStore(url, "x").head()
    lesser = SqlStore(url, "x", durability="process")
    assert lesser.head() == 0
    lesser.close()


# -- turns ---------------------------------------------------------------------------------------


def test_another_writer_in_between_is_fenced_off(store: SqlStore) -> None:
    """When the head has moved although it is locked, nothing is written."""
    write(store, a_batch(a_chat()))
    with pytest.raises(TurnLost):  # noqa: PT012, SIM117
        with store.turn(1, timeout=WAIT_SECONDS) as turn:
            moved = text("UPDATE chatdesk_desks SET revision = 7")
            turn._connection.execute(moved)
            turn.write(a_batch(a_chat("lost")))
    assert store.head() == 1
    assert [record.id for record in store.load().records] == ["chat"]


def test_another_process_that_holds_the_file_times_out(store: SqlStore, tmp_path: Path) -> None:
    """A lock from outside ends in `TurnTimeout`, and the store goes on when it is gone."""
    store.head()
    outside = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")
    with pytest.raises(TurnTimeout), store.turn(0, timeout=0.05):
        pass
    outside.execute("ROLLBACK")
    outside.close()
    assert write(store, a_batch(a_chat())) == 1


def test_a_reader_that_blocks_the_commit_undoes_it(store: SqlStore, tmp_path: Path) -> None:
    """In TRUNCATE mode a commit waits for readers; when it cannot wait longer, nothing is done."""
    if pragma(store, "journal_mode") != "truncate":
        pytest.skip("readers do not block a WAL")
    write(store, a_batch(a_chat()))
    reader = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM chatdesk_chats").fetchall()
    with pytest.raises(TurnTimeout), store.turn(1, timeout=0.05) as turn:
        turn.write(a_batch(a_chat("late")))
    reader.close()
    assert store.load().records == (a_chat(),)
    assert write(store, a_batch(a_chat("next"))) == 2


def test_desks_of_one_database_do_not_meet(tmp_path: Path) -> None:
    """Each desk has its own revisions, records, journal and people."""
    url = f"sqlite:///{tmp_path}/desk.db"
    north, south = SqlStore(url, "north"), SqlStore(url, "south")
    person = a_customer(email="a@x.org")
    for _ in range(3):
        write(north, a_batch(a_chat(priority=1), person, an_event("n")))
    write(south, a_batch(a_chat(priority=2), person, an_event("s")))
    assert (north.head(), south.head()) == (3, 1)
    assert south.load().records == (a_chat(priority=2),)
    north.erase("customer", by=an_event().by, at=NOON)
    assert fetch(south, Need("customer", "a@x.org", "email")) == [person]
    assert fetch(north, Need("customer", "a@x.org", "email")) == []
    north.close()
    south.close()


def test_many_threads_share_one_store(store: SqlStore) -> None:
    """Readers and writers in eight threads, through one pool of connections."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for n in range(4):
                write(store, a_batch(a_chat(f"{number}-{n}"), an_event()), since=0)
                assert len(store.load().records) >= n
        except BaseException as error:  # noqa: BLE001 - told to the thread that asserts
            failures.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (store.head(), len(store.load().records)) == (32, 32)


def test_a_fork_in_the_middle_of_a_turn_leaves_the_turn_alone(store: SqlStore) -> None:
    """A child that comes and goes while its parent holds the turn neither sees nor undoes it."""
    write(store, a_batch(a_chat()))
    with store.turn(1, timeout=WAIT_SECONDS) as turn:
        turn.write(a_batch(a_chat("second")))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if store.load().revision == 1 else 2
                store.close()
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
    assert [record.id for record in store.load().records] == ["chat", "second"]


# -- faults --------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    """Somebody's file with the wrong name is not overwritten."""
    path = tmp_path / "desk.db"
    path.write_text("not a database " * 100)
    with pytest.raises(StoreCorrupt, match="not a SQLite database"):
        SqlStore(f"sqlite:///{path}").load()
    assert path.read_text() == "not a database " * 100


def test_a_folder_instead_of_a_file_is_said(tmp_path: Path) -> None:
    """SQLite cannot open a folder."""
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        SqlStore(f"sqlite:///{tmp_path}").load()


def test_a_file_that_may_not_be_written_is_said(store: SqlStore, tmp_path: Path) -> None:
    """Reading works; a turn says that permission is missing."""
    write(store, a_batch(a_chat()))
    store.close()
    url = f"sqlite:///file:{tmp_path}/desk.db?mode=ro&uri=true"
    with pytest.raises(StoreUnavailable, match="no permission to write"):
        write(SqlStore(url), a_batch(a_chat("second")))


def test_a_full_disk_undoes_the_turn(store: SqlStore) -> None:
    """SQLite refuses to grow the file; nothing of the batch is there, and small turns go on."""
    write(store, a_batch(a_chat()))
    before = (store.load(), store.changes(0), everything(store))
    engine = store._process().engine

    @event.listens_for(engine, "begin")
    def _no_room(connection: object) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")  # type: ignore[attr-defined]

    big = a_batch(a_message(text="x" * 3_000_000), an_event())
    with pytest.raises(StoreUnavailable, match="disk is full"):
        write(store, big)
    assert (store.load(), store.changes(0), everything(store)) == before
    event.remove(engine, "begin", _no_room)
    store.close()
    assert write(store, big) == 2


def test_text_that_is_no_unicode_is_refused_before_anything_is_written(store: SqlStore) -> None:
    """A lone surrogate is a typed error, and the turn leaves nothing."""
    with pytest.raises(StorageError, match="Unicode"):
        write(store, a_batch(a_chat(), a_message(text="\ud800")))
    assert (store.head(), store.load().records) == (0, ())


def test_a_damaged_record_is_said(store: SqlStore) -> None:
    """A row that somebody edited by hand is not guessed at."""
    write(store, a_batch(a_chat()))
    with store._locked(1.0) as held:
        held.connection.execute(text("UPDATE chatdesk_chats SET record = '{}'"))
    with pytest.raises(StoreCorrupt, match="a record is not what it should be"):
        store.load()


def test_a_missing_revision_is_said(store: SqlStore) -> None:
    """A reader never skips a commit that was deleted by hand."""
    for _ in range(3):
        write(store, a_batch(an_event()))
    with store._locked(1.0) as held:
        held.connection.execute(text("DELETE FROM chatdesk_commits WHERE revision = 2"))
    with pytest.raises(StoreCorrupt, match="missing between 1 and 3"):
        store.changes(0)


@pytest.mark.postgres
def test_a_commit_without_an_answer_is_unknown(server: SqlStore) -> None:
    """The server ends the connection before the commit: nobody knows, until one looks."""
    write(server, a_batch(a_chat()))
    other = SqlStore(server.url.render_as_string(hide_password=False), "other")
    with pytest.raises(OutcomeUnknown, match="same ids"):  # noqa: PT012, SIM117
        with server.turn(1, timeout=WAIT_SECONDS) as turn:
            turn.write(a_batch(a_chat("second")))
            me = turn._connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with other._reading("end a connection") as held:
                held.connection.execute(text(f"SELECT pg_terminate_backend({me}, 5000)"))
    assert server.head() == 1
    assert write(server, a_batch(a_chat("second"))) == 2
    other.close()


@pytest.mark.postgres
def test_connections_that_died_in_the_pool_are_replaced(server: SqlStore) -> None:
    """After the server dropped every connection, turns and reading go on."""
    write(server, a_batch(a_chat()))
    other = SqlStore(server.url.render_as_string(hide_password=False), "other")
    others = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    for act in (lambda: write(server, a_batch(a_chat("second")), since=1), server.load):
        with other._reading("end all connections but this") as held:
            assert held.connection.execute(others).all() != []
        act()
    assert server.head() == 2
    other.close()


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_said(postgres_url: str) -> None:
    """No server, no such database: typed, with what to check."""
    gone = SqlStore("postgresql://nobody@127.0.0.1:1/desk")
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        gone.head()
    url = SqlStore(postgres_url).url.set(database="missing")
    with pytest.raises(StoreUnavailable, match=r"create it|cannot be reached"):
        SqlStore(url.render_as_string(hide_password=False)).head()
