"""Alembic runs this: it migrates on the connection and in the transaction that it is given."""

from alembic import context

from chatdesk.storage.sql.schema import VERSION_TABLE
from chatdesk.storage.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
