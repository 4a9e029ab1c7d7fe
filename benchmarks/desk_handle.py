"""What does a whole chat cost in the machine, and does it stay so on a large desk?

A chat is six commands: request (which assigns at once), a message of each side, end, qualify and
close. Each is a turn without a store: needs, handle, collect. Desks with as many agents, running
chats and waiting chats as the size says are made from records; what is measured is the CPU time of
the turns, and within them the time of `Desk.handle` alone, the desk of the first size being the
reference. The goal is 150 µs of `Desk.handle` a chat, flat.

Run: python benchmarks/desk_handle.py [--sizes 10 1000 100000] [--pairs 7] [--json FILE]
"""

import argparse
import gc
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time
from typing import Any

import msgspec

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model.commits import Snapshot
from chatdesk.model.records import AgentSetup, Counters, DeskSetup, QueueSetup, Record
from chatdesk.model.values import (
    Actor,
    AnswerValues,
    ChatState,
    Intent,
    IntentKind,
    Lease,
    agent,
    visitor,
)
from chatdesk.testing.check import check_desk
from chatdesk.testing.factories import NOON, a_chat, a_desk, a_queue, a_visitor, an_agent

COMMANDS_A_CHAT = 6
CHATS = 300
"""Whole chats in one measurement."""
GOAL_US = 150.0
FOREVER = NOON + 1e8
CHECKED = 1000
"""Largest size at which all invariants are looked at first: it takes O(n²)."""


class Figure(msgspec.Struct, frozen=True):
    """Medians over all pairs, of one size."""

    size: int
    chat_us: float
    """CPU time of all turns of a chat, the making of its commands included."""
    handle_us: float
    """Of these, the time in `Desk.handle`."""
    growth: float
    """Median of the pairs' ratios of `chat_us` to the smallest size."""


def records(size: int) -> Iterator[Record]:
    """A desk with so many agents of a chat each, and so many chats that wait for a rare skill."""
    yield a_desk(setup=DeskSetup(name="Shop", reply_seconds=1e8, max_wait_seconds=1e9))
    yield a_queue(setup=QueueSetup(name="Sales"))
    yield Counters(id="counters", place=size, line=2 * size)
    for n in range(size):
        yield an_agent(
            f"a{n}",
            setup=AgentSetup(name=f"Agent {n}", queues=("sales",), capacity=3),
            intent=Intent(IntentKind.ACCEPTING),
            leases=(Lease("web", FOREVER),),
            load=1,
            place=n + 1,
            available_since=NOON,
        )
        yield from _chat(
            n,
            ChatState.ACTIVE,
            agent=f"a{n}",
            agents=(f"a{n}",),
            epoch=1,
            holds_slot=True,
            assigned_at=NOON,
            first_assigned_at=NOON,
        )
        yield from _chat(size + n, ChatState.WAITING, skills=("rare",), visitor_until=FOREVER)


def _chat(n: int, state: ChatState, **fields: Any) -> Iterator[Record]:
    yield a_visitor(f"old{n}", chat=f"c{n}")
    yield a_chat(
        f"c{n}",
        state=state,
        visitor=f"old{n}",
        customer=f"p{n}",
        line=n + 1,
        messages=1,
        visitor_seq=1,
        read_to=1 if state is ChatState.ACTIVE else 0,
        unanswered_since=NOON,
        **fields,
    )


def a_large_desk(size: int) -> Desk:
    """The desk, restored from its records."""
    desk = Desk.new()
    desk.restore(Snapshot(1, NOON, tuple(records(size))))
    desk.advance(NOON)
    desk.collect()
    if size <= CHECKED:
        check_desk(desk)
    return desk


class Bench:
    """A desk that whole chats are held on."""

    def __init__(self, size: int) -> None:
        self.desk = a_large_desk(size)
        self.numbers = count(1)
        self.now = NOON
        self.handling = 0

    def give(self, command: c.Command[Any], by: Actor) -> Any:
        """One turn without a store."""
        desk = self.desk
        desk.needs(command, by)
        began = perf_counter_ns()
        result = desk.handle(command, by=by, now=self.now, fresh=command.id)
        self.handling += perf_counter_ns() - began
        desk.collect()
        desk.committed(desk.revision + 1)
        return result

    def chat(self) -> None:
        """One whole chat."""
        number = next(self.numbers)
        who = visitor(f"v{number}")
        answers: AnswerValues = {"name": "Grace", "email": f"v{number}@example.org"}
        self.now += 0.001
        request = c.RequestChat(
            id=f"{number}-1", queue="sales", question="Where is it?", answers=answers
        )
        chat = self.give(request, who).chat
        owner = agent(self.desk.state.chats[chat].agent or "")
        self.give(c.PostMessage(id=f"{number}-2", chat=chat, text="One moment", epoch=1), owner)
        self.give(c.PostMessage(id=f"{number}-3", chat=chat, text="Thank you"), who)
        self.give(c.EndChat(id=f"{number}-4", chat=chat, epoch=1), owner)
        qualified: AnswerValues = {"outcome": "answered"}
        self.give(c.QualifyChat(id=f"{number}-5", chat=chat, answers=qualified), owner)
        self.give(c.CloseChat(id=f"{number}-6", chat=chat), owner)

    def measure(self) -> tuple[float, float]:
        """Microseconds a chat: CPU of its turns, and time of `Desk.handle` alone."""
        gc.collect()
        self.handling, began = 0, process_time()
        for _ in range(CHATS):
            self.chat()
        return 1e6 * (process_time() - began) / CHATS, self.handling / 1000 / CHATS


def compare(sizes: list[int], pairs: int) -> list[Figure]:
    """All sizes in turn, each time in the other order."""
    benches = {size: Bench(size) for size in sizes}
    gc.freeze()  # so that collecting garbage does not walk the large desks
    for bench in benches.values():
        bench.measure()
    rounds: list[dict[int, tuple[float, float]]] = []
    for number in range(pairs):
        order = sizes if number % 2 == 0 else sizes[::-1]
        rounds.append({size: benches[size].measure() for size in order})
    return [
        Figure(
            size=size,
            chat_us=median(r[size][0] for r in rounds),
            handle_us=median(r[size][1] for r in rounds),
            growth=median(r[size][0] / r[sizes[0]][0] for r in rounds),
        )
        for size in sizes
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 1000, 100_000])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = compare(options.sizes, max(options.pairs, 7))
    print(f"CPU of a whole chat ({COMMANDS_A_CHAT} commands), median of {options.pairs} rounds")
    print(f"{'size':>8} {'turns µs':>9} {'handle µs':>10} {'growth':>7}   goal {GOAL_US:.0f} µs")
    for f in figures:
        print(f"{f.size:>8} {f.chat_us:>9.1f} {f.handle_us:>10.1f} {f.growth:>7.2f}")
    if options.json is not None:
        options.json.write_bytes(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
