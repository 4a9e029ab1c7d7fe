"""Tables, migrations and versions, on SQLite and PostgreSQL."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

import chatdesk.storage.sql.schema as schema_module
from chatdesk.model.errors import SchemaMismatch, StoreUnavailable
from chatdesk.storage.keys import KINDS
from chatdesk.storage.port import FINDABLE, Durability
from chatdesk.storage.sql.engines import open_engine
from chatdesk.storage.sql.schema import SCHEMA, VERSION_TABLE
from chatdesk.storage.sql.store import SqlStore
from chatdesk.storage.sql.tables import ALWAYS_LIVE, METADATA, SOMETIMES_LIVE, TABLES
from chatdesk.testing.factories import a_batch, a_chat
from chatdesk.testing.store_scenes import write


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """A new SQLite file."""
    return SqlStore(f"sqlite:///{tmp_path}/desk.db")


def engine_of(store: SqlStore) -> Engine:
    """A way into a store's database past the store."""
    return open_engine(store.url, Durability.POWER, exclusive=False)


def differences(connection: Connection) -> object:
    """What an automatic migration would do to make the database as the code has it."""
    options = {"version_table": VERSION_TABLE}
    return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)


def test_migrations_make_the_tables_of_the_code(store: SqlStore) -> None:
    """On SQLite, the migrated tables and indexes are those the code names."""
    store.head()
    engine = engine_of(store)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()
    store.close()


@pytest.mark.postgres
def test_migrations_make_the_tables_of_the_code_on_postgres(postgres_url: str) -> None:
    """On PostgreSQL likewise."""
    store = SqlStore(postgres_url)
    store.head()
    engine = engine_of(store)
    with engine.connect() as connection:
        assert differences(connection) == []
    engine.dispose()
    store.close()


def test_the_version_is_that_of_the_newest_migration() -> None:
    """Code and migrations agree on what is newest."""
    folder = Path(schema_module.__file__).parent / "_migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == SCHEMA


def test_every_kind_has_a_table_with_its_columns() -> None:
    """What can be searched is a column; what can be live is known as such."""
    assert set(TABLES) == set(KINDS)
    for kind, fields in FINDABLE.items():
        assert set(fields) <= set(TABLES[kind].c.keys())
    assert {kind for kind in KINDS if "live" in TABLES[kind].c} == set(SOMETIMES_LIVE)
    assert not set(ALWAYS_LIVE) & set(SOMETIMES_LIVE)


def test_migrating_twice_changes_nothing(store: SqlStore) -> None:
    """Who migrates a database of our version finds it done."""
    write(store, a_batch(a_chat()))
    store.migrate()
    assert store.load().records == (a_chat(),)
    store.close()


@pytest.mark.parametrize(("version", "mend"), [("0000", "chatdesk migrate"), ("9999", "version")])
def test_another_version_is_refused(store: SqlStore, version: str, mend: str) -> None:
    """Older tables want a migration, newer ones a newer chatdesk; nothing is touched."""
    store.head()
    store.close()
    engine = engine_of(store)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"))  # noqa: S608
    engine.dispose()
    with pytest.raises(SchemaMismatch, match=mend):
        SqlStore(str(store.url)).load()


def test_a_missing_table_says_how_to_mend(store: SqlStore) -> None:
    """A table that somebody dropped is a schema that does not match."""
    store.head()
    engine = engine_of(store)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE chatdesk_chats"))
    engine.dispose()
    with pytest.raises(SchemaMismatch, match="chatdesk migrate"):
        store.load()
    store.close()


def test_live_records_are_found_by_an_index(store: SqlStore) -> None:
    """Loading reads the partial indexes, not whole tables, nor whole desks by another index."""
    store.head()
    engine = engine_of(store)
    with engine.connect() as connection:
        for kind in SOMETIMES_LIVE:
            name = TABLES[kind].name
            where = "WHERE desk='x' AND live = 1"
            plan = connection.execute(
                text(f"EXPLAIN QUERY PLAN SELECT record FROM {name} {where}")  # noqa: S608 - our own names
            )
            assert f"{name}_live" in str(plan.all())
    engine.dispose()
    store.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The message says which folder to create, and nothing is made."""
    store = SqlStore(f"sqlite:///{tmp_path}/not/there/desk.db")
    with pytest.raises(StoreUnavailable, match=rf"{tmp_path}/not/there does not exist; create it"):
        store.head()
    assert list(tmp_path.iterdir()) == []
