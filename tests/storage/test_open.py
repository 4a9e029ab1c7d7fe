"""Opening a store by its URL."""

import builtins
import subprocess
import sys
from pathlib import Path

import pytest

from chatdesk.model.errors import ConfigurationError
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.open import open_store
from chatdesk.storage.port import Durability
from chatdesk.storage.sql.store import SqlStore


def test_a_url_says_which_store() -> None:
    """Memory, file or server; nothing is connected or made yet."""
    assert isinstance(open_store("memory://"), MemoryStore)
    for url in ("sqlite:///nowhere/desk.db", "postgresql://user@nowhere/desk"):
        store = open_store(url, "north")
        assert isinstance(store, SqlStore)
        assert (store.desk, store.durability) == ("north", Durability.POWER)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no database URL"),
        ("desk.db", "no database URL"),
        ("mysql://user@host/desk", "cannot use 'mysql'"),
        ("sqlite://", "memory://"),
        ("sqlite:///:memory:", "memory://"),
    ],
)
def test_other_urls_are_refused_with_examples(url: str, says: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ConfigurationError, match=says):
        open_store(url)


def test_memory_needs_no_sql_packages() -> None:
    """A memory store starts without SQLAlchemy being imported."""
    program = (
        "import sys; from chatdesk.storage.open import open_store; open_store('memory://');"
        "print('sqlalchemy' in sys.modules, 'pytest' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert run.stdout.split() == [b"False", b"False"]


@pytest.mark.parametrize(
    ("missing", "url", "line"),
    [
        ("sqlalchemy", "sqlite:///desk.db", r"pip install 'chatdesk\[sql\]'"),
        ("psycopg", "postgresql://u@h/d", r"pip install 'chatdesk\[postgres\]'"),
    ],
)
def test_missing_packages_are_named(
    missing: str, url: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the extra the error is the line to type."""
    real = builtins.__import__

    def absent(name: str) -> object:
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return real(name)

    monkeypatch.setattr("chatdesk._extras.import_module", absent)
    with pytest.raises(ImportError, match=line):
        open_store(url)
