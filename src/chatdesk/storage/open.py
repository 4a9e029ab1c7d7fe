"""Opening a store by its URL."""

from chatdesk._extras import require_extra
from chatdesk.model.ids import DeskId
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Store


def open_store(url: str, desk: DeskId = "default") -> Store:
    """The store at a URL: `sqlite:///desk.db`, `postgresql://user@host/database` or `memory://`.

    Connects at the first use. Several desks may live in one database; a memory store holds one.
    Raises `MissingExtra` when the packages of the extra are not installed, and
    `ConfigurationError` for a URL it cannot use.
    """
    if url.startswith("memory:"):
        return MemoryStore()
    require_extra("sql", "sqlalchemy", "alembic")
    from chatdesk.storage.sql.store import SqlStore

    return SqlStore(url, desk)
