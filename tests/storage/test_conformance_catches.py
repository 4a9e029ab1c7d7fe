"""The suite for stores finds what is wrong with broken ones: each kind of fault is noticed."""
# ruff: noqa: D102, ARG002 - a fault is described by its class

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pytest
from msgspec.structs import replace

from chatdesk.model.commits import Batch, Change, Snapshot
from chatdesk.model.ids import CustomerId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.model.values import Actor
from chatdesk.storage.memory import MemoryStore, MemoryTurn
from chatdesk.storage.port import Find, Store
from chatdesk.testing.store import StoreConformance


class SkipsRevisions(MemoryStore):
    """Counts a commit that was rolled back."""

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[MemoryTurn]:
        if self.head() == 1:
            self._commit(Batch(0.0, (), ()))
        with super().turn(since, timeout=timeout) as turn:
            yield turn


class ShufflesEvents(MemoryStore):
    """Gives the events of a commit in another order."""

    def changes(self, since: Revision, *, limit: int = 1000) -> Sequence[Change]:
        found = super().changes(since, limit=limit)
        return [replace(change, events=change.events[::-1]) for change in found]


class LosesChanges(MemoryStore):
    """Leaves a commit out when there are several."""

    def changes(self, since: Revision, *, limit: int = 1000) -> Sequence[Change]:
        found = super().changes(since, limit=limit)
        return [*found[:1], *found[2:]]


class KeepsErasedText(MemoryStore):
    """Forgets who the person was, and keeps what he wrote."""

    def _erase(self, customer: CustomerId) -> Iterator[Record]:
        self._shelves.take(("customer", customer))
        self._forget(("customer", customer))
        yield from ()


class ErasesTheJournal(MemoryStore):
    """Takes the statistics with the person."""

    def erase(self, customer: CustomerId, *, by: Actor, at: Instant) -> Revision:
        revision = super().erase(customer, by=by, at=at)
        self._commits[0].events = ()
        return revision


class ErasesInSilence(MemoryStore):
    """Takes no revision to erase, so that replicas keep the person."""

    def erase(self, customer: CustomerId, *, by: Actor, at: Instant) -> Revision:
        revision = super().erase(customer, by=by, at=at)
        self._commits.pop()
        return revision - 1


class ForgetsReplies(MemoryStore):
    """Does not keep what commands were answered."""

    def _append(self, batch: Batch) -> Revision:
        return super()._append(replace(batch, replies=()))


class AppliesHalfABatch(MemoryStore):
    """Writes records as they come, before the turn has ended."""

    def _append(self, batch: Batch) -> Revision:
        half = len(batch.records) - len(batch.records) // 2
        return super()._append(replace(batch, records=batch.records[:half]))


class IgnoresExceptions(MemoryStore):
    """Commits what was written before an exception."""

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[MemoryTurn]:
        raised: BaseException | None = None
        with super().turn(since, timeout=timeout) as turn:
            try:
                yield turn
            except ZeroDivisionError as error:
                raised = error
        if raised is not None:
            raise raised


class KeepsTheFirstVersion(MemoryStore):
    """Does not take a second version of a record."""

    def _append(self, batch: Batch) -> Revision:
        known = self._revisions
        fresh = tuple(r for r in batch.records if ("chat", r.id) not in known)
        return super()._append(replace(batch, records=fresh))


class LoadsWhatIsAtRest(MemoryStore):
    """Holds closed chats in every snapshot."""

    def load(self) -> Snapshot:
        snapshot = super().load()
        closed = self.find(Find("chat", (("state", ("closed",)),)))
        return replace(snapshot, records=(*snapshot.records, *closed))


class NeverTimesOut(MemoryStore):
    """Lets everybody in at once."""

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[MemoryTurn]:
        others, self._turns = self._turns, Lock()
        with super().turn(since, timeout=timeout) as turn:
            yield turn
        self._turns = others


BROKEN: dict[type[MemoryStore], str] = {
    SkipsRevisions: "test_revisions_count_from_one_without_gaps",
    ShufflesEvents: "test_changes_are_complete_and_in_order",
    LosesChanges: "test_changes_are_complete_and_in_order",
    KeepsErasedText: "test_erasing_leaves_no_trace_of_the_person",
    ErasesTheJournal: "test_erasing_keeps_what_is_counted",
    ErasesInSilence: "test_erasing_is_a_commit_that_replicas_see",
    ForgetsReplies: "test_a_reply_is_kept_with_its_commit",
    AppliesHalfABatch: "test_a_large_batch_is_one_commit",
    IgnoresExceptions: "test_an_exception_undoes_the_turn",
    KeepsTheFirstVersion: "test_the_last_version_wins",
    LoadsWhatIsAtRest: "test_only_live_records_are_loaded",
    NeverTimesOut: "test_a_turn_that_does_not_come_times_out",
}


class _Suite(StoreConformance):
    """The suite on one object."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def open_store(self, home: Path) -> Store:
        """The store under test, whatever the home."""
        return self._store

    def surfaces(self, home: Path) -> Iterator[bytes]:
        """What the object holds."""
        yield repr((self._store._shelves, self._store._commits)).encode()


def run(store: MemoryStore, name: str, home: Path) -> None:
    """Runs one test of the suite on a store."""
    test = getattr(_Suite(store), name)
    code = test.__func__.__code__
    test(store, home) if "home" in code.co_varnames[: code.co_argcount] else test(store)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_a_broken_store_is_caught(broken: type[MemoryStore], tmp_path: Path) -> None:
    """The named test fails on the broken store, and passes on the store it was made from."""
    run(MemoryStore(), BROKEN[broken], tmp_path)
    with pytest.raises(AssertionError):
        run(broken(), BROKEN[broken], tmp_path)
