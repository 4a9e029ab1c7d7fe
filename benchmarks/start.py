"""How long from a SQLite file with 10,000 live chats until a desk answers its first command?

The file holds 1,000 agents with nine chats each, 1,000 chats in line, and beside them 100,000
chats that are closed, of two messages each. Each start is a new process, which has imported
everything; it opens the file and gives one command. Of a second process come the parts: the
store's `load`, and the desk's `restore`, in CPU time. The reference is the least that anybody
must do: plain `sqlite3` reads the same rows, and msgspec decodes them, with the same types.

Run: python benchmarks/start.py [--pairs 7] [--closed 100000] [--json FILE]
"""

import argparse
import gc
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from chatdesk.desk.machine import Desk
from chatdesk.model.commands import (
    CloseChat,
    Command,
    ConfigureDesk,
    Connect,
    EndChat,
    PostMessage,
    QualifyChat,
    RequestChat,
    SaveAgent,
    SaveQueue,
)
from chatdesk.model.records import AgentSetup, AnyRecord, DeskSetup, QueueSetup
from chatdesk.model.values import Actor, agent, service, visitor
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.open import open_store
from chatdesk.storage.sql.reading import LIVE_KINDS
from chatdesk.storage.sql.tables import SOMETIMES_LIVE, TABLES

AGENTS, CHATS_EACH, IN_LINE = 1_000, 9, 1_000
AT_ONCE = 500
"""Chats of one commit, when the file is made."""
GOAL_MS = 150
DAY = 86_400.0


# -- the file ------------------------------------------------------------------------------------


def set_up() -> Iterator[tuple[Actor, Command[Any]]]:
    """The desk, its queue and its agents, who are there for long."""
    setup = DeskSetup(
        name="Shop",
        presence_lease_seconds=DAY,
        visitor_lease_seconds=DAY,
        first_reply_seconds=DAY,
        reply_seconds=DAY,
    )
    yield service(), ConfigureDesk(setup=setup)
    yield service(), SaveQueue(queue="q", setup=QueueSetup(name="q"))
    for n in range(AGENTS):
        staff = AgentSetup(name=f"Agent {n}", queues=("q",), capacity=CHATS_EACH)
        yield service(), SaveAgent(agent=f"a{n}", setup=staff)
        yield agent(f"a{n}"), Connect(device="d")


def asking(n: int) -> tuple[Actor, RequestChat]:
    """A visitor who asks."""
    answers = {"name": f"Visitor {n}", "email": f"v{n}@shop.example"}
    return visitor(f"v{n}"), RequestChat(queue="q", question=f"Where is {n}?", answers=answers)


def whole_chat(chat: str, by: Actor) -> Iterator[tuple[Actor, Command[Any]]]:
    """What else happens in a chat that is over."""
    yield service(), PostMessage(chat=chat, text="Good morning! I look it up.")
    yield by, PostMessage(chat=chat, text="Thank you.")
    yield by, EndChat(chat=chat)
    yield service(), QualifyChat(chat=chat, answers={"outcome": "answered"})
    yield service(), CloseChat(chat=chat)


def make_file(file: Path, closed: int) -> None:
    """Writes the file, many chats a commit, as the committer does."""
    store = open_store(f"sqlite:///{file}")
    desk, now = Desk.new(), time.time()
    numbers = iter(range(sys.maxsize))

    def give(by: Actor, command: Command[Any]) -> Any:
        return desk.handle(command, by=by, now=now, fresh=f"{next(numbers):032x}")

    def commit() -> None:
        batch = desk.collect()
        assert batch is not None
        with store.turn(desk.revision, timeout=10) as turn:
            revision = turn.write(batch)
        desk.committed(revision)

    for by, command in set_up():
        give(by, command)
    commit()
    for numbers_of_chats in some_at_once(range(closed)):
        for n in numbers_of_chats:
            by, request = asking(n)
            for each in whole_chat(give(by, request).chat, by):
                give(*each)
        commit()
    for numbers_of_chats in some_at_once(range(closed, closed + AGENTS * CHATS_EACH + IN_LINE)):
        for n in numbers_of_chats:
            give(*asking(n))
        commit()
    assert len(desk.state.chats) == AGENTS * CHATS_EACH + IN_LINE
    store.close()


def some_at_once(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Numbers in groups."""
    numbers = iter(numbers)
    while group := list(islice(numbers, AT_ONCE)):
        yield group


# -- one start, in a process of its own ----------------------------------------------------------


def whole(file: str) -> dict[str, float]:
    """Until the first command is answered."""
    with ChatDesk(f"sqlite:///{file}") as desk:
        begin, cpu = time.perf_counter(), time.process_time()
        desk.execute(Connect(device="d"), by=agent("a0"))
        return {"start": (time.perf_counter() - begin) * 1000, "start_cpu": cpu_since(cpu)}


def parts(file: str) -> dict[str, float]:
    """What it is made of."""
    gc.disable()  # as the runtime does meanwhile
    store = open_store(f"sqlite:///{file}")
    begin = time.process_time()
    store.head()
    opened = time.process_time()
    snapshot = store.load()
    loaded = time.process_time()
    Desk.new().restore(snapshot)
    restored = cpu_since(loaded)
    store.close()
    return {
        "open": (opened - begin) * 1000,
        "load": (loaded - opened) * 1000,
        "restore": restored,
        "records": float(len(snapshot.records)),
    }


def least(file: str) -> dict[str, float]:
    """The reference: the same rows, read and decoded."""
    decode = msgspec.json.Decoder(AnyRecord).decode
    with closing(sqlite3.connect(file)) as connection:
        statements = list(live_statements())
        gc.disable()
        begin, found = time.process_time(), []
        for statement in statements:
            found += [decode(text) for (text,) in connection.execute(statement)]
        return {"least": cpu_since(begin), "least_records": float(len(found))}


def live_statements() -> Iterator[str]:
    """What reads the live rows: of tables that say which are, and of the others that are small."""
    for kind in LIVE_KINDS:
        where = " WHERE live = 1" if kind in SOMETIMES_LIVE else ""
        yield f"SELECT record FROM {TABLES[kind].name}{where}"  # noqa: S608 - our own names


def cpu_since(begin: float) -> float:
    """Milliseconds of CPU time since."""
    return (time.process_time() - begin) * 1000


ONCE: dict[str, Callable[[str], dict[str, float]]] = {
    "whole": whole,
    "parts": parts,
    "least": least,
}


def run(what: str, file: Path) -> dict[str, float]:
    """One measurement in a new process."""
    command = [sys.executable, __file__, "--once", what, "--file", str(file)]
    found = subprocess.run(command, check=True, capture_output=True)
    return msgspec.json.decode(found.stdout, type=dict[str, float])


# -- the measurement -----------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--closed", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", choices=ONCE)
    parser.add_argument("--file", type=Path, help="use this file, and make it if it is not there")
    options = parser.parse_args(arguments)
    if options.once:
        sys.stdout.buffer.write(msgspec.json.encode(ONCE[options.once](str(options.file))))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = options.file or Path(folder) / "desk.db"
        if not file.exists():
            make_file(file, options.closed)
        runs: list[dict[str, float]] = []
        for number in range(options.pairs):
            order = list(ONCE)[:: -1 if number % 2 else 1]
            runs.append({k: v for what in order for k, v in run(what, file).items()})
    middle = {name: median(each[name] for each in runs) for name in runs[0]}
    ratio = median(each["start_cpu"] / each["least"] for each in runs)
    print(
        f"{AGENTS * CHATS_EACH + IN_LINE} live chats, {options.closed} closed;"
        f" {middle['records']:.0f} live records; goal ≤ {GOAL_MS} ms; {options.pairs} rounds\n"
        f"  until the first answer {middle['start']:.0f} ms\n"
        f"  CPU time: {middle['start_cpu']:.0f} ms; open {middle['open']:.0f},"
        f" load {middle['load']:.0f}, restore {middle['restore']:.0f};"
        f" reading and decoding alone {middle['least']:.0f} ms; × {ratio:.2f}"
    )
    if options.json:
        options.json.write_bytes(msgspec.json.encode({"runs": runs, "median": middle}))


if __name__ == "__main__":
    main()
