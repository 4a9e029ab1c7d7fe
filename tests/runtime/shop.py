"""A small shop's desk, and what tests do at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from chatdesk.model import commands as c
from chatdesk.model.ids import CustomerId, Instant, Revision
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup, Record
from chatdesk.model.results import ChatRequested
from chatdesk.model.values import Actor, AnswerValues, QueueMode, Role, agent, service, visitor
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.committer import Timing
from chatdesk.storage.port import Find, Store, Turn

SHOP = service()
ANA = agent("ana")
BO = agent("bo")
EVE = agent("eve")
"""A supervisor."""
ZOE = visitor("zoe")
QUICK = Timing(turn=0.2, poll=0.02, retry=0.01)
"""For tests that wait for what the committer does by itself."""
NOON = 1_750_000_000.0


@attrs.define
class ManualClock:
    """Stands still until it is told to go."""

    now: Instant = NOON

    def __call__(self) -> Instant:
        """The time it shows."""
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Lets time pass."""
        self.now += seconds


def opening(
    *, mode: QueueMode = QueueMode.PUSH, capacity: int = 3, **setup: Any
) -> list[tuple[c.Command[Any], Actor]]:
    """The commands that set the desk up: one queue, two agents and a supervisor, who are there."""
    queues = ("sales",)
    commands: list[tuple[c.Command[Any], Actor]] = [
        (c.ConfigureDesk(setup=DeskSetup(name="Shop", **setup)), SHOP),
        (c.SaveQueue(queue="sales", setup=QueueSetup(name="Sales", mode=mode)), SHOP),
    ]
    for who, name, role in ((ANA, "Ana", Role.AGENT), (BO, "Bo", Role.AGENT)):
        staff = AgentSetup(name=name, role=role, queues=queues, capacity=capacity)
        commands.append((c.SaveAgent(agent=who.id, setup=staff), SHOP))
        commands.append((c.Connect(device="desktop"), who))
    supervisor = AgentSetup(name="Eve", role=Role.SUPERVISOR)
    commands.append((c.SaveAgent(agent=EVE.id, setup=supervisor), SHOP))
    return commands


def open_shop(desk: ChatDesk, **setup: Any) -> ChatDesk:
    """Sets a desk up, and gives it back."""
    for command, by in opening(**setup):
        desk.execute(command, by=by)
    return desk


def asking(name: str = "zoe", question: str = "Is it blue?", **fields: Any) -> c.RequestChat:
    """What a visitor asks."""
    answers: AnswerValues = {"name": name.title(), "email": f"{name}@example.org"}
    return c.RequestChat(queue="sales", question=question, answers=answers, **fields)


def ask(desk: ChatDesk, who: Actor = ZOE, **fields: Any) -> ChatRequested:
    """A visitor asks for a chat."""
    return desk.execute(asking(who.id, **fields), by=who)


def rows(store: Store, kind: str) -> list[Record]:
    """All records of a kind, as the store has them."""
    return store.find(Find(kind, limit=100_000))


class FaultyStore(Store):
    """A real store that fails on demand, in ways nobody can bring about from outside.

    `faults` holds what happens in the coming turns: an error before the turn, before the commit, or
    after it, when the commit is durable and its answer is lost.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.durability = store.durability
        self.before_turn: list[Exception] = []
        self.before_commit: list[Exception] = []
        self.after_commit: list[Exception] = []
        self.on_read: list[Exception] = []
        self.turns = 0

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[Turn]:
        """A turn of the real store, with its faults."""
        self.turns += 1
        _raise_next(self.before_turn)
        with self.store.turn(since, timeout=timeout) as turn:
            yield turn
            _raise_next(self.before_commit)
        _raise_next(self.after_commit)

    def load(self) -> Any:
        """See `Store.load`."""
        return self.store.load()

    def changes(self, since: Revision, *, limit: int = 1000) -> Any:
        """See `Store.changes`."""
        _raise_next(self.on_read)
        return self.store.changes(since, limit=limit)

    def head(self) -> Revision:
        """See `Store.head`."""
        return self.store.head()

    def find(self, search: Find) -> list[Record]:
        """See `Store.find`."""
        return self.store.find(search)

    def erase(self, customer: CustomerId, *, by: Actor, at: Instant) -> Revision:
        """See `Store.erase`."""
        return self.store.erase(customer, by=by, at=at)

    def forget_replies(self, before: Instant) -> int:
        """See `Store.forget_replies`."""
        return self.store.forget_replies(before)

    def forget_visitors(self, before: Instant) -> int:
        """See `Store.forget_visitors`."""
        return self.store.forget_visitors(before)

    def close(self) -> None:
        """See `Store.close`."""
        self.store.close()


def _raise_next(faults: list[Exception]) -> None:
    if faults:
        raise faults.pop(0)
