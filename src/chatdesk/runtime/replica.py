"""This process's copy of the desk, and the one lock through which everybody reads or changes it."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.desk.state import State
from chatdesk.model.commits import Change
from chatdesk.model.ids import Instant, Revision
from chatdesk.rules.instants import instant
from chatdesk.runtime.fairlock import FairLock
from chatdesk.storage.port import Store


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Nothing of what is loaded is garbage: looking for some would take a quarter of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@attrs.define(eq=False)
class Replica:
    """A desk in memory, loaded when first needed and again after any doubt.

    Everything but `lock` and `revision` may be used only while the lock is held. It is held from
    the beginning of a turn until its commit is durable, so nobody reads what may yet be undone.
    """

    store: Store
    _make: Callable[[], Desk]
    lock: FairLock = attrs.field(factory=FairLock, init=False)
    revision: Revision = attrs.field(default=0, init=False)
    """The newest revision this process knows to be durable."""
    _desk: Desk | None = attrs.field(default=None, init=False)

    def desk(self) -> Desk:
        """The desk, loaded from the store if it is not there. Raises `StorageError`."""
        if self._desk is None:
            with _collecting_later():
                snapshot = self.store.load()
                desk = self._make()
                desk.restore(snapshot)
                desk.next_deadline()  # works out all deadlines
            self._desk, self.revision = desk, snapshot.revision
        return self._desk

    def glance(self) -> State | None:
        """The state for a single look-up without the lock; it may be in the midst of a turn."""
        desk = self._desk
        return None if desk is None else desk.state

    def drop(self) -> None:
        """Forgets the desk: what is in memory may not be what the store holds."""
        self._desk = None

    def now(self, clock: Instant) -> Instant:
        """The desk's time: the clock's, but never before what the desk has come to."""
        return max(instant(clock), self.desk().now)

    def apply(self, changes: Sequence[Change]) -> None:
        """Catches up with commits of other processes."""
        if changes:
            self.desk().apply(changes)
            self.revision = changes[-1].revision

    def keep(self, revision: Revision) -> None:
        """The turn is over, and what it wrote, if anything, is durable as this revision."""
        self.desk().committed(revision)
        self.revision = revision

    def catch_up(self) -> None:
        """Reads and applies whatever was committed since. Raises `StorageError`."""
        desk = self.desk()
        while changes := self.store.changes(desk.revision):
            self.apply(changes)

    def next_deadline(self) -> Instant | None:
        """When the desk wants to be ticked next, as far as this replica knows."""
        return None if self._desk is None else self._desk.next_deadline()
