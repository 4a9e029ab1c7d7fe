"""Several processes at one desk, and processes that die: promises kept, by an independent check."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from chatdesk.model.events import ChatClosed, ChatOpened
from chatdesk.storage.open import open_store
from chatdesk.storage.port import Store
from tests.runtime.crash import unanswered
from tests.runtime.journal import Ledger, all_changes, audit
from tests.runtime.race import AGENTS, CAPACITY
from tests.runtime.shop import rows

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def run(program: str, *arguments: object) -> None:
    """Runs one of the programs beside this file to its end."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.runtime.{program}", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-4000:]


def race(url: str, folder: Path, commands: int) -> Store:
    """Eight processes give so many commands; the journal keeps every promise."""
    run("race", url, folder, 8, commands)
    store = open_store(url)
    ledger = Ledger(CAPACITY, AGENTS)
    assert audit(store, ledger) == []
    lines = (folder / "acknowledged").read_text().splitlines()
    acknowledged = dict(line.split() for line in lines)
    assert len(acknowledged) == len(lines)
    assert ledger.opened == acknowledged
    assert not ledger.waiting or len(ledger.held) == AGENTS * CAPACITY
    return store


def test_eight_processes_race(tmp_path: Path) -> None:
    """C11, C12, A12: over no capacity, nothing assigned twice, nobody turned away, in order."""
    store = race(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path, 800)
    closed = [e for change in all_changes(store) for e in change.events]
    assert sum(isinstance(event, ChatClosed) for event in closed) > 50
    store.close()


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_eight_processes_race_for_long(tmp_path: Path) -> None:
    """The same with 20,000 commands, or as many as CHATDESK_SOAK says."""
    commands = int(os.environ.get("CHATDESK_SOAK", "20000"))
    race(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path, commands).close()


def crash(folder: Path, kills: int, seed: int) -> None:
    """Kills a working process so often; nothing acknowledged is lost, doubled or half done."""
    url = f"sqlite:///{folder / 'desk.db'}"
    run("crash", url, folder, kills, seed)
    assert unanswered(folder / "log") == []
    store = open_store(url)
    ledger = Ledger(CAPACITY, AGENTS)
    assert audit(store, ledger) == []
    answered = [line.split() for line in (folder / "log").read_text().splitlines()]
    told = {id_: rest[0] for mark, id_, *rest in answered if mark == "A"}
    assert ledger.opened == told
    opened = [e.chat for ch in all_changes(store) for e in ch.events if isinstance(e, ChatOpened)]
    first_messages = Counter(getattr(m, "chat", "") for m in rows(store, "message"))
    assert len(opened) == len(set(opened)) > 0
    assert all(first_messages[chat] >= 1 for chat in opened)
    store.close()


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """After twenty kill -9 in the midst of work, what was answered is there, once, and whole."""
    crash(tmp_path, kills=20, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_at_random_moments_for_long(tmp_path: Path) -> None:
    """The same with 2,000 kills."""
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        crash(folder, kills=100, seed=seed)
