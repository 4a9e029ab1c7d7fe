"""Nothing acknowledged is lost, doubled or half done: kill -9, races of processes, power cuts."""

import fcntl
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import FileIO
from pathlib import Path

import pytest

from chatdesk.model.commits import Change
from chatdesk.storage.port import Durability, Store
from chatdesk.storage.sql.store import SqlStore
from chatdesk.testing.factories import a_batch, an_event
from chatdesk.testing.store_scenes import (
    WAIT_SECONDS,
    check_whole,
    in_child,
    in_pages,
    write_forever,
)

EXT4_SHUTDOWN = 0x8004587D
WITHOUT_LOG_FLUSH = 2


@contextmanager
def writing(opened: Callable[[], Store]) -> Iterator[tuple[int, Callable[[int], list[int]]]]:
    """A child that writes until it is killed: its pid, and a way to read acknowledged revisions."""
    reading, acknowledging = os.pipe()
    child = in_child(lambda: write_forever(opened(), acknowledging))
    os.close(acknowledging)
    with os.fdopen(reading, "rb", buffering=0) as pipe:

        def acknowledged(wanted: int) -> list[int]:
            """So many lines; with 0 those that are there, with -1 all until the child is dead."""
            if wanted < 0:
                return [int(line) for line in pipe.read().split(b"\n")[:-1]]
            if wanted == 0:
                return list(_those_there(pipe))
            return [int(pipe.readline()) for _ in range(wanted)]

        try:
            yield child, acknowledged
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _those_there(pipe: FileIO) -> Iterator[int]:
    while select.select([pipe], [], [], 0)[0] and (line := pipe.readline()):
        yield int(line)


def kill_once(opened: Callable[[], Store], lots: random.Random, head: int) -> int:
    """Kills a writer at a random point and checks what is left; gives the revision it came to."""
    with writing(opened) as (child, acknowledged):
        first = acknowledged(1 + lots.randrange(3))
        time.sleep(lots.random() * 0.02)  # the point of the kill, not a wait for anything
        os.kill(child, signal.SIGKILL)
        last = max([head, *first, *acknowledged(-1)])
    store = opened()
    check_whole(store, last)
    reached = store.head()
    store.close()
    return reached


def kill_often(opened: Callable[[str], Store], points: int, seed: int) -> None:
    """Kills writers at so many points, fifty of them on one desk, then on a new one."""
    lots = random.Random(seed)
    head = 0
    for point in range(points):
        on_desk = partial(opened, f"desk-{point // 50}")
        head = kill_once(on_desk, lots, head if point % 50 else 0)


def test_killed_writers_lose_nothing_on_sqlite(tmp_path: Path) -> None:
    """A dozen kills at random points of a turn."""
    kill_often(lambda name: SqlStore(f"sqlite:///{tmp_path}/{name}.db"), points=12, seed=1)


@pytest.mark.postgres
def test_killed_writers_lose_nothing_on_postgres(postgres_url: str, tmp_path: Path) -> None:
    """A dozen kills at random points of a turn, the server going on."""
    kill_often(lambda name: SqlStore(postgres_url, f"{tmp_path}{name}"), points=12, seed=2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_writers_lose_nothing_on_sqlite_long(tmp_path: Path) -> None:
    """Two thousand kills."""
    kill_often(lambda name: SqlStore(f"sqlite:///{tmp_path}/{name}.db"), points=2000, seed=3)


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.timeout(3600)
def test_killed_writers_lose_nothing_on_postgres_long(postgres_url: str, tmp_path: Path) -> None:
    """Two thousand kills."""
    kill_often(lambda name: SqlStore(postgres_url, f"{tmp_path}{name}"), points=2000, seed=4)


# -- races ---------------------------------------------------------------------------------------


def race(opened: Callable[[], Store], processes: int, turns: int) -> list[Change]:
    """Processes write turns at the same time, each catching up as a replica does."""

    def work(writer: int) -> None:
        store, applied = opened(), 0
        for n in range(turns):
            with store.turn(applied, timeout=WAIT_SECONDS * 4) as turn:
                seen = [change.revision for change in turn.changes]
                if seen != list(range(applied + 1, turn.revision + 1)):
                    raise AssertionError(f"caught up by {seen} from {applied}")
                applied = turn.write(a_batch(*(an_event(f"{writer}-{n}-{k}") for k in range(3))))

    children = [in_child(partial(work, writer)) for writer in range(processes)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * processes
    store = opened()
    changes = [*in_pages(store, 100)]
    store.close()
    return changes


def check_race(changes: list[Change], processes: int, turns: int) -> None:
    """Every batch is there once, whole, under a revision of its own, in its writer's order."""
    assert [change.revision for change in changes] == [*range(1, processes * turns + 1)]
    told = [[str(getattr(event, "chat", None)) for event in change.events] for change in changes]
    names = [chats[0].rpartition("-")[0] for chats in told]
    assert told == [[f"{name}-{k}" for k in range(3)] for name in names]
    for writer in range(processes):
        mine = [name for name in names if name.startswith(f"{writer}-")]
        assert mine == [f"{writer}-{n}" for n in range(turns)]


def test_racing_processes_share_one_file(tmp_path: Path) -> None:
    """Eight processes on one SQLite file: no gap, no batch lost or doubled."""
    SqlStore.open(f"sqlite:///{tmp_path}/desk.db").close()
    check_race(race(lambda: SqlStore(f"sqlite:///{tmp_path}/desk.db"), 8, 8), 8, 8)


def test_racing_processes_make_one_file(tmp_path: Path) -> None:
    """They may all find no file and make it at once."""
    check_race(race(lambda: SqlStore(f"sqlite:///{tmp_path}/desk.db"), 4, 3), 4, 3)


@pytest.mark.postgres
def test_racing_processes_share_one_server(postgres_url: str, tmp_path: Path) -> None:
    """Eight processes on PostgreSQL likewise."""
    check_race(race(lambda: SqlStore(postgres_url, str(tmp_path)), 8, 8), 8, 8)


# -- power cuts ----------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The image of an ext4 file system to be cut off; needs root and loop devices."""
    lacking = [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name) is None]
    if os.geteuid() != 0 or lacking:
        pytest.skip(f"a power cut needs root and a loop mount; missing: {lacking or 'root'}")
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(128 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)  # noqa: S607
    (tmp_path / "mnt").mkdir()
    mount = subprocess.run(
        ["mount", "-o", "loop", str(image), str(tmp_path / "mnt")],  # noqa: S607
        check=False,
        capture_output=True,
    )
    if mount.returncode:
        pytest.skip(f"a power cut needs a loop mount: {mount.stderr.decode().strip()}")
    subprocess.run(["umount", str(tmp_path / "mnt")], check=True)  # noqa: S607
    yield image
    subprocess.run(["umount", "-l", str(tmp_path / "mnt")], check=False, capture_output=True)  # noqa: S607


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """The file system, mounted."""
    folder = image.parent / "mnt"
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)  # noqa: S607
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def cut_power(folder: Path) -> None:
    """Shuts the file system down: what was not synced is gone, as at a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, EXT4_SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
    finally:
        os.close(descriptor)


def lost_at_power_cut(image: Path, opened: Callable[[Path], SqlStore], commits: int) -> int:
    """Cuts the power under a writer; gives how many acknowledged commits are gone.

    What counts was acknowledged before the cut began: while ext4 shuts down, a sync may still
    report success for what is gone, and after a real cut nobody would hear of it.
    """
    with mounted(image) as folder:
        SqlStore.open(opened(folder).url.render_as_string()).close()
        with writing(lambda: opened(folder)) as (child, acknowledged):
            last = max([*acknowledged(commits), *acknowledged(0)])
            cut_power(folder)
            os.kill(child, signal.SIGKILL)
    with mounted(image) as folder:
        store = opened(folder)
        head = store.head()
        if head >= last:
            check_whole(store, head)
        store.close()
        for path in folder.glob("desk.db*"):
            path.unlink()
    return max(0, last - head)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("exclusive", [False, True])
def test_a_power_cut_loses_nothing_where_power_is_declared(disk: Path, *, exclusive: bool) -> None:
    """A hundred cuts each: TRUNCATE and FULL, and WAL and FULL."""

    def opened(folder: Path) -> SqlStore:
        return SqlStore(f"sqlite:///{folder}/desk.db", exclusive=exclusive)

    assert opened(disk.parent).durability is Durability.POWER
    assert [lost_at_power_cut(disk, opened, 50) for _ in range(100)] == [0] * 100


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_power_cut_is_seen_to_lose_what_is_not_synced(disk: Path) -> None:
    """WAL without FULL loses commits here; otherwise the cut would prove nothing."""

    def opened(folder: Path) -> SqlStore:
        return SqlStore(f"sqlite:///{folder}/desk.db", exclusive=True, durability="process")

    assert sum(lost_at_power_cut(disk, opened, 50) for _ in range(5)) > 0
