"""The schema's version: which one a database has, and bringing it to ours."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from chatdesk._extras import require_extra
from chatdesk.model.errors import SchemaMismatch
from chatdesk.storage.sql.engines import BEGIN
from chatdesk.storage.sql.errors import MIGRATE

SCHEMA = "0001"
"""The version that this code reads and writes: the newest migration."""

VERSION_TABLE = "chatdesk_version"

_LOCK = 0x63686174  # "chat": the advisory lock under which PostgreSQL is migrated


def found_version(connection: Connection) -> str | None:
    """The version of a database's tables, or `None` when there are none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608
    return str(rows[0][0]) if rows else None


def ensure_schema(engine: Engine) -> None:
    """Creates the tables in a database without any; raises `SchemaMismatch` for other versions."""
    with engine.connect() as connection:
        found = found_version(connection)
    if found is None:
        migrate(engine)
    elif found != SCHEMA:
        mend = MIGRATE if found < SCHEMA else "use the version of chatdesk that made them"
        raise SchemaMismatch(f"the tables are of version {found}, not {SCHEMA}: {mend}")


def migrate(engine: Engine) -> None:
    """Brings a database to our version, in one transaction; others wait, then find it done."""
    require_extra("sql", "alembic")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "_migrations"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        locked = connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
        with locked.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
