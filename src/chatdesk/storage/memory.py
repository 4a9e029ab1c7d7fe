"""A store in memory: the default for tests, gone with its process."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

import attrs

from chatdesk.model.commits import Batch, Change, Need, Snapshot
from chatdesk.model.errors import NotFound, StorageError, StoreCorrupt, TurnTimeout
from chatdesk.model.events import Event
from chatdesk.model.ids import CustomerId, Instant, Revision
from chatdesk.model.records import Chat, Record, Reply, Ticket, Visitor
from chatdesk.model.values import Actor
from chatdesk.rules.lifecycle import is_live
from chatdesk.storage.erasing import blanked_chat, blanked_ticket, erased, replies_prefix
from chatdesk.storage.keys import (
    KINDS,
    RecordKey,
    Scalar,
    check_find,
    check_lookup,
    key_of,
    scalar,
    typed,
)
from chatdesk.storage.port import LOOKUPS, Durability, Find, Store

_LOOKUP_FIELDS = tuple(
    (kind, field) for kind, fields in LOOKUPS.items() for field in fields if field != "id"
)


@attrs.define
class _Commit:
    """One revision: its events, and the records it was the last to write."""

    at: Instant
    events: tuple[Event, ...]
    records: dict[RecordKey, Record] = attrs.field(factory=dict)


@attrs.define(eq=False)
class _Shelves:
    """The last version of every record, and where it is to be found again."""

    by_kind: dict[str, dict[str, Record]] = attrs.field(
        factory=lambda: {kind: {} for kind in KINDS}
    )
    live: dict[RecordKey, Record] = attrs.field(factory=dict)
    looked_up: dict[tuple[str, str, str], dict[str, None]] = attrs.field(factory=dict)

    def put(self, record: Record) -> None:
        """Stores a record in place of its earlier version."""
        key = kind, id_ = key_of(record)
        self.take(key)
        self.by_kind[kind][id_] = record
        if is_live(record):
            self.live[key] = record
        for place in _places(kind, record):
            self.looked_up.setdefault(place, {})[id_] = None

    def take(self, key: RecordKey) -> Record | None:
        """Removes a record, if it is there."""
        kind, id_ = key
        record = self.by_kind[kind].pop(id_, None)
        if record is not None:
            self.live.pop(key, None)
            self._forget_places(kind, record)
        return record

    def _forget_places(self, kind: str, record: Record) -> None:
        """Removes the way to a record; an empty place would still hold an e-mail address."""
        for place in _places(kind, record):
            del self.looked_up[place][record.id]
            if not self.looked_up[place]:
                del self.looked_up[place]

    def look_up(self, need: Need) -> Iterator[Record]:
        """The records that a need names."""
        check_lookup(need.kind, need.field)
        records = self.by_kind[need.kind]
        if need.field == "id":
            ids: Iterable[str] = (need.value,) if need.value in records else ()
        else:
            ids = sorted(self.looked_up.get((need.kind, need.field, need.value), ()))
        return (records[id_] for id_ in ids)


def _places(kind: str, record: Record) -> Iterator[tuple[str, str, str]]:
    """The values a record is looked up by, beside its id."""
    for lookup_kind, field in _LOOKUP_FIELDS:
        if kind == lookup_kind and (value := getattr(record, field)) is not None:
            yield kind, field, value


@attrs.define(eq=False)
class MemoryTurn:
    """A turn of a `MemoryStore`; what it writes is kept aside until it ends."""

    revision: Revision
    changes: Sequence[Change]
    _shelves: _Shelves
    batch: Batch | None = None
    ended: bool = False

    def fetch(self, needs: Iterable[Need]) -> list[Record]:
        """See `Turn.fetch`."""
        self._check_open()
        found = (record for need in needs for record in self._shelves.look_up(need))
        return list({key_of(record): record for record in found}.values())

    def write(self, batch: Batch) -> Revision:
        """See `Turn.write`."""
        self._check_open()
        if self.batch is not None:
            raise StorageError("this turn has written its batch; take another turn for the next")
        self.batch = batch
        return self.revision + 1

    def _check_open(self) -> None:
        if self.ended:
            raise StorageError("this turn has ended; take another one with store.turn()")


class MemoryStore(Store):
    """Keeps one desk's records in memory. Any number of desks in threads may share it.

    A forked child has a copy of its own. `find` looks at every record of the kind: O(n log limit).
    """

    durability = Durability.NONE

    def __init__(self) -> None:
        self._turns = Lock()
        self._data = Lock()
        self._shelves = _Shelves()
        self._commits: list[_Commit] = []
        self._revisions: dict[RecordKey, Revision] = {}

    def load(self) -> Snapshot:
        """See `Store.load`. O(live records)."""
        with self._data:
            return Snapshot(len(self._commits), self._at(), tuple(self._shelves.live.values()))

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[MemoryTurn]:
        """See `Store.turn`."""
        if not self._turns.acquire(timeout=max(timeout, 0.0)):
            raise TurnTimeout(f"no turn within {timeout} s: another one takes long; try again")
        try:
            turn = MemoryTurn(len(self._commits), self._changes(since, None), self._shelves)
            try:
                yield turn
            finally:
                turn.ended = True
            if turn.batch is not None:
                self._commit(turn.batch)
        finally:
            self._turns.release()

    def changes(self, since: Revision, *, limit: int = 1000) -> Sequence[Change]:
        """See `Store.changes`."""
        return self._changes(since, limit)

    def head(self) -> Revision:
        """See `Store.head`."""
        return len(self._commits)

    def find(self, search: Find) -> list[Record]:
        """See `Store.find`."""
        check_find(search)
        where = [(f, {typed(f, value) for value in values}) for f, values in search.where]
        with self._data:
            found = [
                record
                for record in self._shelves.by_kind[search.kind].values()
                if all(scalar(record, field) in values for field, values in where)
            ]
        if search.after is not None:
            found = [record for record in found if _is_after(record, search, search.after)]
        pick = heapq.nlargest if search.descending else heapq.nsmallest
        return pick(search.limit, found, key=lambda record: _rank(record, search))

    def erase(self, customer: CustomerId, *, by: Actor, at: Instant) -> Revision:
        """See `Store.erase`. O(records)."""
        with self._turns, self._data:
            if customer not in self._shelves.by_kind["customer"]:
                raise NotFound("customer", customer)
            blanked = [*self._erase(customer)]
            event = erased(customer, by=by, at=at)
            return self._append(Batch(max(at, self._at()), tuple(blanked), (event,)))

    def forget_replies(self, before: Instant) -> int:
        """See `Store.forget_replies`."""
        with self._turns, self._data:
            replies = self._shelves.by_kind["reply"]
            old = [
                id_
                for id_, reply in replies.items()
                if isinstance(reply, Reply) and reply.at < before
            ]
            for id_ in old:
                del replies[id_]
            return len(old)

    def forget_visitors(self, before: Instant) -> int:
        """See `Store.forget_visitors`."""
        with self._turns, self._data:
            visitors = self._shelves.by_kind["visitor"]
            gone = [
                id_
                for id_, visitor in visitors.items()
                if isinstance(visitor, Visitor)
                and not (is_live(visitor) or visitor.customer)
                and visitor.last_seen_at < before
            ]
            for id_ in gone:
                del visitors[id_]
            return len(gone)

    def close(self) -> None:
        """See `Store.close`: there is nothing to give back."""

    def _at(self) -> Instant:
        return self._commits[-1].at if self._commits else 0.0

    def _changes(self, since: Revision, limit: int | None) -> list[Change]:
        with self._data:
            if since > len(self._commits):
                raise StoreCorrupt(
                    f"the store is at revision {len(self._commits)}, before {since}: load it again"
                )
            until = len(self._commits) if limit is None else since + limit
            return [
                Change(revision, commit.at, tuple(commit.records.values()), commit.events)
                for revision, commit in enumerate(self._commits[since:until], since + 1)
            ]

    def _commit(self, batch: Batch) -> None:
        with self._data:
            self._append(batch)

    def _append(self, batch: Batch) -> Revision:
        commit = _Commit(batch.at, batch.events)
        self._commits.append(commit)
        revision = len(self._commits)
        for record in batch.records:
            self._move(key_of(record), revision)
            self._shelves.put(record)
            commit.records[key_of(record)] = record
        for reply in batch.replies:
            self._shelves.put(reply)
        return revision

    def _move(self, key: RecordKey, revision: Revision) -> None:
        """Takes a record out of the commit that wrote it last; it belongs to `revision` now."""
        self._forget(key)
        self._revisions[key] = revision

    def _forget(self, key: RecordKey) -> None:
        earlier = self._revisions.pop(key, None)
        if earlier is not None:
            del self._commits[earlier - 1].records[key]

    def _erase(self, customer: CustomerId) -> Iterator[Record]:
        """Deletes what goes, and gives the blanked records that are to be written."""
        chats = [c for c in self._of("chat", {customer}) if isinstance(c, Chat)]
        tickets = [t for t in self._of("ticket", {customer}) if isinstance(t, Ticket)]
        visitors = [v for v in self._of("visitor", {customer}) if isinstance(v, Visitor)]
        chat_ids = {chat.id for chat in chats}
        gone = [
            self._shelves.by_kind["customer"][customer],
            *visitors,
            *self._of("message", chat_ids, "chat"),
            *self._of("answers", chat_ids, "chat"),
            *self._of("answers", {customer}),
            *self._of("interaction", {customer}),
            *self._of("learned", {customer}),
            *self._of("ticket_entry", {ticket.id for ticket in tickets}, "ticket"),
            *self._replies_to(visitors),
        ]
        for key in {key_of(record) for record in gone}:
            self._shelves.take(key)
            self._forget(key)
        yield from map(blanked_chat, chats)
        yield from map(blanked_ticket, tickets)

    def _of(self, kind: str, owners: set[str], field: str = "customer") -> Iterator[Record]:
        records = self._shelves.by_kind[kind].values()
        return (record for record in records if getattr(record, field) in owners)

    def _replies_to(self, visitors: Iterable[Visitor]) -> list[Record]:
        prefixes = tuple(replies_prefix(visitor.id) for visitor in visitors)
        return [
            reply
            for id_, reply in self._shelves.by_kind["reply"].items()
            if id_.startswith(prefixes)
        ]


def _rank(record: Record, search: Find) -> tuple[bool, Scalar, str]:
    """What a record is ordered by: absent values first, then by value, then by id."""
    value = scalar(record, search.order)
    return (value is not None, value, record.id)


def _is_after(record: Record, search: Find, last: tuple[Scalar, str]) -> bool:
    mine, theirs = _rank(record, search), (last[0] is not None, *last)
    return mine < theirs if search.descending else mine > theirs
