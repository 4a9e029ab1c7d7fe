"""How fast are the turns of a SQLite store, beside raw sqlite3 writing the same rows?

Subject: `SqlStore.turn` with batches of 1, 10 and 100 chat commands: each command looks its reply
up and writes a chat, a message, an event and a reply. Reference: sqlite3 with the same settings,
tables and statements, writing rows prepared beforehand; it reads the head and looks nothing up.
Both write to a new file of their own in the same folder, in alternating order; wall time, medians
over the pairs, and the disk's sync latency.

Run: python benchmarks/store_turns.py [--pairs 7] [--seconds 0.5] [--url URL] [--json FILE]
With `--url postgresql://…` the subject alone is measured there.
"""

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import TypeVar

import msgspec
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from chatdesk.model.commits import Batch, Need
from chatdesk.model.events import Event
from chatdesk.model.records import Record
from chatdesk.storage.port import Durability, Store
from chatdesk.storage.sql.engines import pragmas
from chatdesk.storage.sql.rows import Statement, Writers
from chatdesk.storage.sql.store import SqlStore
from chatdesk.testing.factories import NOON, a_batch, a_chat, a_message, a_reply, an_event

SIZES = (1, 10, 100)
Item = TypeVar("Item")


class Result(msgspec.Struct, frozen=True):
    """Commands a second at one batch size; medians over all pairs."""

    size: int
    pairs: int
    raw_per_s: float
    store_per_s: float
    ratio: float


class Report(msgspec.Struct, frozen=True):
    """All sizes, and the disk they were measured on."""

    sync_ms: float
    results: list[Result]


def batches(size: int) -> Iterator[Batch]:
    """Endless batches of so many commands, each about a chat of its own."""
    for number in count():
        things: list[Record | Event] = []
        for n in range(size):
            id_ = f"{number:08d}-{n:04d}"
            things += [
                a_chat(f"c-{id_}", requested_at=NOON + number, question="Where is my parcel?"),
                a_message(f"m-{id_}", chat=f"c-{id_}"),
                an_event(f"c-{id_}"),
                a_reply(f"visitor:v:{id_}"),
            ]
        yield a_batch(*things, at=NOON + number)


def store_rate(store: Store, size: int, seconds: float) -> float:
    """Commands a second through turns of a store."""
    supply, revision = batches(size), store.head()

    def turn(batch: Batch) -> None:
        nonlocal revision
        with store.turn(revision, timeout=60.0) as held:
            assert held.fetch([Need("reply", reply.id) for reply in batch.replies]) == []
            revision = held.write(batch)

    return rate(turn, supply, size, seconds)


def raw_rate(path: Path, size: int, seconds: float) -> float:
    """Commands a second through sqlite3, the rows of each batch made beforehand."""
    SqlStore.open(f"sqlite:///{path}").close()
    driver = sqlite3.connect(path, isolation_level=None)
    for pragma, value in pragmas(Durability.POWER, exclusive=False):
        driver.execute(f"PRAGMA {pragma}={value}").fetchall()
    driver.execute("INSERT INTO chatdesk_desks VALUES ('default', 0, '')")
    writers = Writers.of(SQLiteDialect_pysqlite(paramstyle="qmark"))
    prepared = (
        [*writers.statements("default", revision, batch)]
        for revision, batch in enumerate(batches(size), 1)
    )
    result = rate(lambda statements: raw_turn(driver, statements), prepared, size, seconds)
    driver.close()
    return result


def raw_turn(driver: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    """One transaction: the head read and moved on, and all rows written."""
    driver.execute("BEGIN IMMEDIATE")
    (head,) = driver.execute("SELECT revision FROM chatdesk_desks WHERE id = 'default'").fetchone()
    for statement in statements:
        driver.executemany(statement.sql, statement.rows)
    driver.execute(
        "UPDATE chatdesk_desks SET revision = ? WHERE id = 'default' AND revision = ?",
        (head + 1, head),
    )
    driver.execute("COMMIT")


def rate(act: Callable[[Item], None], supply: Iterator[Item], size: int, seconds: float) -> float:
    """Commands a second while an act takes what is supplied; the supplying is not counted."""
    spent, done = 0.0, 0
    while spent < seconds:
        item = next(supply)
        began = time.perf_counter()
        act(item)
        spent += time.perf_counter() - began
        done += size
    return done / spent


def pair(size: int, seconds: float, *, raw_first: bool) -> tuple[float, float]:
    """Commands a second of raw sqlite3 and of the store, each on a new file."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        rates = {}
        for name in ("raw", "store") if raw_first else ("store", "raw"):
            path = Path(folder) / f"{name}.db"
            if name == "raw":
                rates[name] = raw_rate(path, size, seconds)
            else:
                store = SqlStore(f"sqlite:///{path}")
                rates[name] = store_rate(store, size, seconds)
                store.close()
        return rates["raw"], rates["store"]


def measure(size: int, pairs: int, seconds: float) -> Result:
    """Alternates reference and subject."""
    found = [pair(size, seconds, raw_first=bool(n % 2)) for n in range(pairs)]
    raw, store = (median(column) for column in zip(*found, strict=True))
    return Result(size, pairs, raw, store, median(s / r for r, s in found))


def sync_ms(times: int = 50) -> float:
    """Median milliseconds until 4 KiB are on the disk."""
    taken: list[float] = []
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        for _ in range(times):
            began = time.perf_counter()
            os.pwrite(file.fileno(), os.urandom(4096), 0)
            os.fdatasync(file.fileno())
            taken.append(1000.0 * (time.perf_counter() - began))
    return median(taken)


def measure_url(url: str, pairs: int, seconds: float) -> None:
    """Prints the subject alone, on another database."""
    for size in SIZES:
        found = []
        for number in range(pairs):
            store = SqlStore(url, f"bench-{os.getpid()}-{size}-{number}")
            found.append(store_rate(store, size, seconds))
            store.close()
        print(f"batches of {size:>3}: {median(found):10,.0f} commands/s")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--url")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.url is not None:
        measure_url(options.url, options.pairs, options.seconds)
        return
    results = [measure(size, options.pairs, options.seconds) for size in SIZES]
    report = Report(sync_ms(), results)
    print(f"SQLite {sqlite3.sqlite_version}, sync of 4 KiB: {report.sync_ms:.2f} ms (median)")
    print(f"{'batch':>5} {'raw sqlite3/s':>14} {'store/s':>10} {'ratio':>6}")
    for r in report.results:
        print(f"{r.size:>5} {r.raw_per_s:>14,.0f} {r.store_per_s:>10,.0f} {r.ratio:>6.2f}")
    if options.json is not None:
        options.json.write_bytes(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
