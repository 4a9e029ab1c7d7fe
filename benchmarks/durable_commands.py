"""How many durable chat commands a second does one process do, with 1, 10 and 100 callers at once?

Each caller holds whole chats, one after the other: the visitor asks, the agent and the visitor
write, the visitor ends, the agent qualifies and closes. The callers are tasks of one event loop;
the store is a SQLite file as chatdesk opens it, which survives a power cut: shared with other
processes (a rollback journal before SQLite 3.51.3), or for this process alone (`exclusive=True`,
a write-ahead log). The references are measured in the same run, in alternating order:

* E: the same callers and the same desk, with a store that keeps nothing;
* S: the store alone, given what the subject fetched and wrote, turn by turn;
* raw: `sqlite3` alone in the same mode, as many turns, each record, reply and event of a turn as
  one JSON row;
* the bound 1/(1/E + 1/S), which a runtime that decides and writes in turn cannot pass.

Run: python benchmarks/durable_commands.py [--pairs 7] [--callers 1 10 100]
     [--files shared exclusive] [--ids] [--json FILE]

With `--ids` the callers give each command an id, as pages and sockets do, so that it can be sent
again: then the store keeps what each was answered, and not one receipt for all of a turn.
"""

import argparse
import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import msgspec

from chatdesk.model import commands as c
from chatdesk.model.commits import Batch, Change, Need
from chatdesk.model.ids import Revision
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup, Record
from chatdesk.model.values import Actor, AnswerValues, agent, service, visitor
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Store, Turn
from chatdesk.storage.sql.store import SqlStore

R = TypeVar("R")

COMMANDS_A_CHAT = 6
AGENTS = 20
CHATS = {1: 15, 10: 10, 100: 6}
"""Chats of each caller, so that every measurement takes about as long."""


class Result(msgspec.Struct, frozen=True):
    """Medians over all pairs: commands a second, and the ratio to the bound of the same pair."""

    file: str
    callers: int
    pairs: int
    sync_ms: float
    subject: float
    nothing_kept: float
    store_alone: float
    raw_sqlite: float
    bound: float
    ratio: float
    commands_a_turn: float


class Noted(msgspec.Struct):
    """What one turn fetched and wrote."""

    needs: list[Need] = []
    batch: Batch | None = None


# -- the references ------------------------------------------------------------------------------


class NullStore(MemoryStore):
    """Keeps nothing but the number of the last commit."""

    def __init__(self) -> None:
        super().__init__()
        self._head = 0

    def head(self) -> Revision:
        """The number."""
        return self._head

    def changes(self, since: Revision, *, limit: int = 1000) -> Sequence[Change]:  # noqa: ARG002
        """There are none that anybody could read."""
        return ()

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[Any]:  # noqa: ARG002
        """A turn that comes at once and loses everything."""
        turn = NullTurn(self._head)
        yield turn
        self._head = turn.head


class NullTurn:
    """Finds nothing, keeps nothing."""

    changes = ()

    def __init__(self, revision: Revision) -> None:
        self.revision = self.head = revision

    def fetch(self, needs: Iterable[Need]) -> list[Record]:  # noqa: ARG002
        """There is nothing."""
        return []

    def write(self, batch: Batch) -> Revision:  # noqa: ARG002
        """It is lost."""
        self.head = self.revision + 1
        return self.head


class NotingTurn:
    """A real turn whose work is noted down."""

    def __init__(self, turn: Turn, noted: Noted) -> None:
        self.revision, self.changes = turn.revision, turn.changes
        self._turn, self._noted = turn, noted

    def fetch(self, needs: Iterable[Need]) -> list[Record]:
        """Fetches, and notes what."""
        self._noted.needs.extend(needs)
        return self._turn.fetch(self._noted.needs)

    def write(self, batch: Batch) -> Revision:
        """Writes, and notes what."""
        self._noted.batch = batch
        return self._turn.write(batch)


def noting(store: Store) -> list[Noted]:
    """Has a store note what each turn does, in the list that is returned."""
    notes: list[Noted] = []
    take = store.turn

    @contextmanager
    def turn(since: Revision, *, timeout: float) -> Iterator[NotingTurn]:
        noted = Noted()
        with take(since, timeout=timeout) as real:
            yield NotingTurn(real, noted)
        notes.append(noted)

    store.turn = turn  # type: ignore[method-assign]
    return notes


def store_seconds(file: Path, notes: Sequence[Noted], *, exclusive: bool) -> float:
    """How long the store alone takes for the same turns."""
    store = SqlStore(f"sqlite:///{file}", exclusive=exclusive)
    revision = store.load().revision
    start = time.perf_counter()
    for noted in notes:
        with store.turn(revision, timeout=10) as turn:
            turn.fetch(noted.needs)
            revision = turn.revision if noted.batch is None else turn.write(noted.batch)
    seconds = time.perf_counter() - start
    store.close()
    return seconds


def raw_seconds(file: Path, notes: Sequence[Noted], *, exclusive: bool) -> float:
    """How long `sqlite3` alone takes for as many turns of as many rows."""
    connection = sqlite3.connect(file, isolation_level=None)
    if exclusive:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute(f"PRAGMA journal_mode={'WAL' if exclusive else 'TRUNCATE'}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE row (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    connection.execute("CREATE TABLE journal (id INTEGER PRIMARY KEY, body BLOB)")
    connection.execute("CREATE TABLE head (revision INTEGER)")
    connection.execute("INSERT INTO head VALUES (0)")
    encode = msgspec.json.Encoder().encode
    start = time.perf_counter()
    for noted in notes:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT revision FROM head").fetchone()
        if (batch := noted.batch) is not None:
            rows = [(each.id, encode(each)) for each in (*batch.records, *batch.replies)]
            connection.executemany("INSERT OR REPLACE INTO row VALUES (?, ?)", rows)
            events = [(encode(event),) for event in batch.events]
            connection.executemany("INSERT INTO journal (body) VALUES (?)", events)
            connection.execute("UPDATE head SET revision = revision + 1")
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def sync_ms(folder: Path) -> float:
    """The median time to write 4 KiB to the end of a file and sync it."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            start = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return 1000 * median(times)


# -- the subject ---------------------------------------------------------------------------------


async def set_up(desk: AsyncChatDesk) -> None:
    """One queue, and agents with room for all."""
    shop = service()
    await desk.execute(c.ConfigureDesk(setup=DeskSetup(name="Shop")), by=shop)
    await desk.execute(c.SaveQueue(queue="sales", setup=QueueSetup(name="Sales")), by=shop)
    for number in range(AGENTS):
        setup = AgentSetup(name=f"Agent {number}", queues=("sales",), capacity=100)
        await desk.execute(c.SaveAgent(agent=f"a{number}", setup=setup), by=shop)
        await desk.execute(c.Connect(device="desktop"), by=agent(f"a{number}"))


async def hold_chats(desk: AsyncChatDesk, name: str, chats: int, *, ids: bool) -> None:
    """Holds whole chats, one after the other, as the visitor and, being the shop, as the agent."""
    me, shop = visitor(name), service()
    answers: AnswerValues = {"name": name, "email": f"{name}@example.org"}
    numbers = count()

    async def do(command: c.Command[R], by: Actor) -> R:
        if ids:
            command = msgspec.structs.replace(command, id=f"{name}.{next(numbers)}")
        return await desk.execute(command, by=by)

    for number in range(chats):
        ask = c.RequestChat(queue="sales", question=f"Question {number}?", answers=answers)
        chat = (await do(ask, me)).chat
        await do(c.PostMessage(chat=chat, text="Good morning! I look it up."), shop)
        await do(c.PostMessage(chat=chat, text="Thank you."), me)
        await do(c.EndChat(chat=chat), me)
        await do(c.QualifyChat(chat=chat, answers={"outcome": "answered"}), shop)
        await do(c.CloseChat(chat=chat), shop)


async def drive(store: Store, callers: int, notes: list[Noted], *, ids: bool = False) -> float:
    """Seconds for all callers to hold all their chats."""
    async with AsyncChatDesk(store) as desk:
        await set_up(desk)
        notes.clear()
        names = [f"v{number}" for number in range(callers)]
        start = time.perf_counter()
        await asyncio.gather(*(hold_chats(desk, name, CHATS[callers], ids=ids) for name in names))
        return time.perf_counter() - start


def run_subject(
    file: Path, callers: int, *, exclusive: bool, ids: bool
) -> tuple[float, list[Noted]]:
    """Seconds with the real store, and what its turns did."""
    store = SqlStore(f"sqlite:///{file}", exclusive=exclusive)
    notes = noting(store)
    seconds = asyncio.run(drive(store, callers, notes, ids=ids))
    store.close()
    return seconds, list(notes)


# -- the table -----------------------------------------------------------------------------------


class Pair(msgspec.Struct, frozen=True):
    """One measurement of everything: commands a second."""

    subject: float
    nothing_kept: float
    store_alone: float
    raw_sqlite: float
    commands_a_turn: float

    @property
    def bound(self) -> float:
        """What cannot be passed."""
        return 1 / (1 / self.nothing_kept + 1 / self.store_alone)


def measure_pair(
    folder: Path, callers: int, *, exclusive: bool, ids: bool, subject_first: bool
) -> Pair:
    """Everything once, the subject before or after its first reference."""
    commands = callers * CHATS[callers] * COMMANDS_A_CHAT
    seconds: dict[str, float] = {}
    notes: list[Noted] = []

    def subject() -> None:
        file = folder / "subject.db"
        seconds["subject"], found = run_subject(file, callers, exclusive=exclusive, ids=ids)
        notes.extend(found)

    def nothing_kept() -> None:
        seconds["nothing_kept"] = asyncio.run(drive(NullStore(), callers, [], ids=ids))

    order: list[Callable[[], None]] = [subject, nothing_kept]
    for step in order if subject_first else order[::-1]:
        step()
    seconds["store_alone"] = store_seconds(folder / "alone.db", notes, exclusive=exclusive)
    seconds["raw_sqlite"] = raw_seconds(folder / "raw.db", notes, exclusive=exclusive)
    rates = {name: commands / taken for name, taken in seconds.items()}
    return Pair(**rates, commands_a_turn=commands / len(notes))


def measure(file: str, callers: int, pairs: int, *, ids: bool) -> Result:
    """Medians over alternating pairs, each on new files."""
    taken: list[Pair] = []
    sync: list[float] = []
    for number in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            sync.append(sync_ms(Path(folder)))
            taken.append(
                measure_pair(
                    Path(folder),
                    callers,
                    exclusive=file == "exclusive",
                    ids=ids,
                    subject_first=number % 2 == 0,
                )
            )
    return Result(
        file=file,
        callers=callers,
        pairs=pairs,
        sync_ms=median(sync),
        subject=median(pair.subject for pair in taken),
        nothing_kept=median(pair.nothing_kept for pair in taken),
        store_alone=median(pair.store_alone for pair in taken),
        raw_sqlite=median(pair.raw_sqlite for pair in taken),
        bound=median(pair.bound for pair in taken),
        ratio=median(pair.subject / pair.bound for pair in taken),
        commands_a_turn=median(pair.commands_a_turn for pair in taken),
    )


FILES = ("shared", "exclusive")
HEAD = (
    "file       callers  a turn  sync ms   subject         E         S       raw     bound  ratio"
)


def row(r: Result) -> str:
    """One number of callers; commands a second."""
    return (
        f"{r.file:9}  {r.callers:7}  {r.commands_a_turn:6.1f}  {r.sync_ms:7.2f}  {r.subject:8.0f}"
        f"  {r.nothing_kept:8.0f}  {r.store_alone:8.0f}  {r.raw_sqlite:8.0f}"
        f"  {r.bound:8.0f}  {r.ratio:5.2f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument(
        "--callers", type=int, nargs="+", default=sorted(CHATS), choices=sorted(CHATS)
    )
    parser.add_argument("--files", nargs="+", default=FILES, choices=FILES)
    parser.add_argument("--ids", action="store_true", help="the callers give each command an id")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    print(HEAD, flush=True)
    results = []
    for file in given.files:
        for callers in given.callers:
            results.append(measure(file, callers, given.pairs, ids=given.ids))
            print(row(results[-1]), flush=True)
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))


if __name__ == "__main__":
    main()
