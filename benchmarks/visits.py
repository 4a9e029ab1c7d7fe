"""What does it cost a desk that its agents can watch who is on the site?

Two comparisons, in CPU time of the whole process, the store being SQLite in a file:

* a renewal of a visit that tells nothing new, beside one that is written because it tells another
  page; 100 visitors renew at once, as the widget does it once a minute;
* the list of visitors with 10,000 on the site and 100,000 who were there once, beside the list with
  300 on the site. Either way there are 200 chats, and 50 visitors are shown.

Run: python benchmarks/visits.py [--pairs 21] [--json FILE]
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from _pairs import Report, alternate, arguments, cpu_us, show

from chatdesk.model import commands as c
from chatdesk.model.commits import Batch
from chatdesk.model.queries import AskVisitors
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup, Record, Visitor
from chatdesk.model.values import Page, agent, service, visitor
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.open import open_store

VISITORS = 100
ROUNDS = 5
SHOWN = 50
LISTS = 200
NOON = 1_750_000_000.0
BY = agent("ana")


def set_up(desk: ChatDesk) -> None:
    """One queue and one agent with room for many."""
    desk.execute(c.ConfigureDesk(setup=DeskSetup(name="Shop")), by=service())
    desk.execute(c.SaveQueue(queue="sales", setup=QueueSetup(name="Sales")), by=service())
    staff = AgentSetup(name="Ana", queues=("sales",), capacity=1000)
    desk.execute(c.SaveAgent(agent="ana", setup=staff), by=service())
    desk.execute(c.Connect(device="web"), by=BY)


@contextmanager
def a_desk(folder: Path, name: str) -> Iterator[ChatDesk]:
    """A desk on a file, whose clock stands still."""
    with ChatDesk(f"sqlite:///{folder / name}.db", clock=lambda: NOON) as desk:
        yield desk


# -- renewals ------------------------------------------------------------------------------------


def renewals(desk: ChatDesk, name: str, page: Callable[[], Page]) -> Callable[[], float]:
    """What measures one renewal, all visitors renewing at once, several times."""

    async def renew(shared: AsyncChatDesk) -> None:
        for _ in range(ROUNDS):
            here = page()
            commands = (
                shared.execute(c.RenewVisit(page=here), by=visitor(f"{name}{number}"))
                for number in range(VISITORS)
            )
            await asyncio.gather(*commands)

    shared = AsyncChatDesk(desk)
    return lambda: cpu_us(lambda: asyncio.run(renew(shared)), ROUNDS * VISITORS)


# -- the list ------------------------------------------------------------------------------------


def fill(folder: Path, name: str, *, here: int, once: int, chats: int) -> None:
    """A store with so many visits that go on, so many that are over, and chats."""
    store = open_store(f"sqlite:///{folder / name}.db")
    there = (
        Visitor(
            id=f"h{n}",
            page=Page(url=f"https://shop.example/{n % 500}", title=f"Page {n % 500}"),
            page_since=NOON - n,
            here_since=NOON - n,
            here_until=NOON + 1e6,
            first_seen_at=NOON - n,
            last_seen_at=NOON,
        )
        for n in range(here)
    )
    gone = (
        Visitor(id=f"g{n}", first_seen_at=NOON - 1e6, last_seen_at=NOON - 1e6) for n in range(once)
    )
    records: tuple[Record, ...] = (*there, *gone)
    with store.turn(0, timeout=10) as turn:
        turn.write(Batch(NOON, records, (), ()))
    store.close()
    with a_desk(folder, name) as desk:
        set_up(desk)
        answers = {"name": "Zoe", "email": "zoe@example.org"}
        for n in range(chats):
            request = c.RequestChat(queue="sales", question="?", answers=answers)
            desk.execute(request, by=visitor(f"h{n}"))


def lists(desk: ChatDesk) -> Callable[[], float]:
    """What measures one look at the list."""

    def look() -> None:
        for _ in range(LISTS):
            found = desk.ask(AskVisitors(limit=SHOWN), by=BY)
            assert len(found.visitors) == SHOWN

    return lambda: cpu_us(look, LISTS)


# -- all of it -----------------------------------------------------------------------------------


def measure(folder: Path, pairs: int) -> Report:
    """Both comparisons."""
    numbers = count()
    fill(folder, "small", here=300, once=0, chats=200)
    fill(folder, "large", here=10_000, once=100_000, chats=200)
    with (
        a_desk(folder, "renewals") as desk,
        a_desk(folder, "small") as small,
        a_desk(folder, "large") as large,
    ):
        set_up(desk)
        renewing = alternate(
            "a renewal that tells nothing new",
            (
                "written",
                renewals(desk, "new", lambda: Page(url=f"https://shop.example/{next(numbers)}")),
            ),
            ("not written", renewals(desk, "same", lambda: Page(url="https://shop.example/"))),
            pairs=pairs,
        )
        listing = alternate(
            "the list with 10,000 on the site",
            ("300 on the site", lists(small)),
            ("10,000 on the site", lists(large)),
            pairs=pairs,
            goal=0.8,
        )
    return Report(question=__doc__.splitlines()[0], comparisons=(renewing, listing))


def main() -> None:
    """Measure, and show."""
    options = arguments(__doc__.splitlines()[0])
    with tempfile.TemporaryDirectory() as folder:
        show(measure(Path(folder), options.pairs), options.json)


if __name__ == "__main__":
    main()
