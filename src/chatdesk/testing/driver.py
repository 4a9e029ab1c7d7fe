"""Random desks: any command by any actor, mostly sensible, some not, while time passes.

`run(seed, commands)` is the same on every store, desk and process: use it to compare them.
"""

# seeded randomness is wanted, not cryptography

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import attrs
import msgspec

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import records as r
from chatdesk.model import values as v
from chatdesk.model.commits import Batch, Need
from chatdesk.model.errors import Refused
from chatdesk.model.ids import Instant
from chatdesk.model.results import ChatRequested, InteractionSaved, TicketSaved
from chatdesk.rules.instants import after
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Store, Turn
from chatdesk.testing.check import Ledger, check_desk
from chatdesk.testing.clock import NOON
from chatdesk.testing.hand import Hand
from chatdesk.testing.worlds import opening_commands

R = TypeVar("R")

CHECK_EVERY = 25
"""Commands between two looks at all invariants, which cost far more than a command."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def fetch(desk: Desk, turn: Turn, command: c.Command[Any], by: v.Actor) -> None:
    """Provide the desk with what a command needs, asking until nothing new is named."""
    known: set[Need] = set()
    while new := [need for need in desk.needs(command, by) if need not in known]:
        known.update(new)
        desk.provide(turn.fetch(new))


@attrs.define
class Driver(Hand):
    """Drives one desk on one store; what it does next depends on its seed and the desk alone."""

    store: Store = attrs.field(factory=MemoryStore)
    now: Instant = NOON
    check_every: int | None = CHECK_EVERY
    """`None`: never look at the invariants."""
    done: int = 0
    refused: dict[str, int] = attrs.field(factory=dict)
    """How often which refusal was answered, by its code."""
    ledger: Ledger = attrs.field(factory=Ledger)
    last: Batch | None = None
    """What the last command or tick wrote."""
    _hash: Any = attrs.field(init=False)
    _given: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._hash = blake2b(digest_size=16)

    # -- running ---------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Give the commands that make a desk of this seed."""
        for command in opening_commands(self.random):
            if isinstance(command, c.SaveQueue) and self.policy is not None:
                setup = msgspec.structs.replace(command.setup, policy=self.policy)
                command = msgspec.structs.replace(command, setup=setup)  # noqa: PLW2901
            self.give(command, v.service())

    def steps(self, commands: int) -> None:
        """Give so many commands, time passing between them."""
        for _ in range(commands):
            self.pass_time()
            self.give(*self.draw())
        self.check()

    def give(self, command: c.Command[R], by: v.Actor) -> R | Refused:
        """One turn at the store for one command; gives its result or its refusal."""
        self._given += 1
        if not command.id and self.random.random() < 0.9:  # noqa: PLR2004
            command = msgspec.structs.replace(command, id=f"k{self._given}")
        with self.store.turn(self.desk.revision, timeout=10.0) as turn:
            self.desk.apply(turn.changes)
            fetch(self.desk, turn, command, by)
            self.desk.advance(self.now)
            answer = self._handle(command, by)
            revision = self._write(turn)
        self._committed(revision)
        if self.check_every is not None and self._given % self.check_every == 0:
            self.check()
        return answer

    def tick(self) -> None:
        """One turn for what fell due."""
        with self.store.turn(self.desk.revision, timeout=10.0) as turn:
            self.desk.apply(turn.changes)
            self.desk.advance(self.now)
            revision = self._write(turn)
        self._committed(revision)

    def pass_time(self) -> None:
        """Let no time pass, or some, or up to the next deadline; sometimes tick."""
        lots = self.random.random()
        due = self.desk.next_deadline()
        if lots < 0.35:  # noqa: PLR2004
            return
        if lots < 0.45 and due is not None:  # noqa: PLR2004
            self.now = max(self.now, due)
        else:
            mean = 3.0 if lots < 0.97 else 300.0  # noqa: PLR2004
            self.now = after(self.now, self.random.expovariate(1 / mean))
        if self.random.random() < 0.2:  # noqa: PLR2004
            self.tick()

    def check(self) -> None:
        """Raise `AssertionError` unless all invariants hold at this time."""
        if self.check_every is not None:
            self.tick()
            check_desk(self.desk)

    def digest(self) -> str:
        """A hash of all that was written and answered so far."""
        return f"{self._hash.copy().hexdigest()}-{self.desk.state.digest()}"

    def _handle(self, command: c.Command[R], by: v.Actor) -> R | Refused:
        fresh = f"{self._given:06d}"
        try:
            result = self.desk.handle(command, by=by, now=self.now, fresh=fresh)
        except Refused as refusal:
            self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
            self._hash.update(_encode(refusal.refusal()))
            return refusal
        self.done += 1
        self._hash.update(_encode(result))
        self._learn(result)
        return result

    def _learn(self, result: object) -> None:
        match result:
            case ChatRequested(chat=chat):
                self.chats.append(chat)
            case TicketSaved(ticket=ticket) if ticket not in self.tickets:
                self.tickets.append(ticket)
            case InteractionSaved(interaction=entry):
                self.interactions.append((next(reversed(self.customers)), entry))
            case _:
                pass

    def _write(self, turn: Turn) -> int | None:
        self.last = batch = self.desk.collect()
        if batch is None:
            return None
        self._hash.update(_encode(batch))
        if self.check_every is not None:
            self.ledger.see(batch, self.desk)
        for record in batch.records:
            if isinstance(record, r.Customer):
                self.customers.pop(record.id, None)
                self.customers[record.id] = None
        return turn.write(batch)

    def _committed(self, revision: int | None) -> None:
        self.desk.committed(self.desk.revision if revision is None else revision)


def run(
    seed: int,
    commands: int,
    desk: Desk | None = None,
    store: Store | None = None,
    *,
    check_every: int | None = CHECK_EVERY,
) -> Driver:
    """Set a desk up and give it so many commands; the driver's `digest()` tells what happened.

    `desk` and `store` are new ones; without them, the built-in policies and a store in memory.
    Raises `AssertionError` when an invariant is broken.
    """
    driver = Driver(seed, desk or Desk.new(), store=store or MemoryStore(), check_every=check_every)
    driver.set_up()
    driver.steps(commands)
    return driver


def digests(seeds: Sequence[int], commands: int) -> list[str]:
    """The digests of several runs."""
    return [run(seed, commands).digest() for seed in seeds]
