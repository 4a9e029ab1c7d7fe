"""Orders in which seats with room are kept, so that the first is found without a search.

Seats are filed in buckets by a whole number, and inside a bucket by idleness. A seat that took or
gave back a slot is the least idle of all, so it goes to the end of its bucket: a change costs the
same however many seats there are. A bucket is an `OrderedDict`, because a plain dict has to step
over every entry ever deleted at its front.
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from heapq import heapify, heappop, heappush
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

import attrs
from sortedcontainers import SortedKeyList

from chatdesk.model.ids import AgentId
from chatdesk.rules.invariants import must
from chatdesk.rules.staff import Seat

Bucket: TypeAlias = OrderedDict[AgentId, Seat]
Rank: TypeAlias = tuple[Any, ...]
"""Compared with other ranks of the same order; the lowest is first."""

FIELD = 48
"""Bits of one part of a bucket's key: a turn or a number of skills stays far below 2**48."""
SPARE_BUCKETS = 64
"""Empty buckets kept for reuse, beyond twice those in use."""


class Ranking(Protocol):
    """Whatever ranks seats by their own facts."""

    def rank(self, seat: Seat) -> Rank:
        """The seat's rank; it may change only when a fact of the seat does."""
        ...


class Order(ABC):
    """Seats with room in one order."""

    @abstractmethod
    def enter(self, seat: Seat) -> None:
        """Take in a seat whose place is the highest yet given."""

    @abstractmethod
    def move(self, seat: Seat) -> None:
        """A seat in it has other facts now, and the highest place yet given."""

    @abstractmethod
    def insert(self, seat: Seat) -> None:
        """Take in a seat with any place."""

    @abstractmethod
    def leave(self, seat: Seat) -> None:
        """Let go a seat."""

    @abstractmethod
    def first(self) -> AgentId | None:
        """Who is first, if anybody."""

    @abstractmethod
    def best(self, excluded: Collection[AgentId]) -> tuple[Rank, AgentId] | None:
        """Who is first of those not excluded, with a rank to compare among orders of one kind."""

    @abstractmethod
    def members(self) -> Iterable[AgentId]:
        """Everybody in it, in no special order."""

    @abstractmethod
    def check(self) -> None:
        """Raise `AssertionError` when it is not in order."""


@attrs.define(eq=False)
class BucketOrder(Order, ABC):
    """Lowest `key` first, then idle longest, then id.

    Each change costs a constant, and O(log b) when it opens one of b buckets alive.
    """

    _buckets: dict[int, Bucket] = attrs.field(factory=dict, init=False)
    _bucket_of: dict[AgentId, Bucket] = attrs.field(factory=dict, init=False)
    _spare: list[Bucket] = attrs.field(factory=list, init=False)
    _heap: list[int] = attrs.field(factory=list, init=False)  # every bucket's key, once
    _limit: int = attrs.field(default=SPARE_BUCKETS, init=False)

    @abstractmethod
    def key(self, seat: Seat) -> int:
        """The seat's bucket."""

    def enter(self, seat: Seat) -> None:
        """Take in a seat whose place is the highest yet given."""
        key = self.key(seat)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._open(key)
        bucket[seat.id] = seat
        self._bucket_of[seat.id] = bucket

    def move(self, seat: Seat) -> None:
        """A seat in it has other facts now, and the highest place yet given."""
        agent_id = seat.id
        bucket_of = self._bucket_of
        del bucket_of[agent_id][agent_id]
        key = self.key(seat)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._open(key)
        bucket[agent_id] = seat
        bucket_of[agent_id] = bucket

    def insert(self, seat: Seat) -> None:
        """Take in a seat with any place; O(seats of its bucket that are idle for less)."""
        self.enter(seat)
        bucket = self._bucket_of[seat.id]
        later = []
        for other in reversed(bucket.values()):
            if other is not seat:
                if (other.place, other.id) < (seat.place, seat.id):
                    break
                later.append(other.id)
        for agent_id in reversed(later):
            bucket.move_to_end(agent_id)

    def leave(self, seat: Seat) -> None:
        """Let go a seat."""
        del self._bucket_of.pop(seat.id)[seat.id]

    def first(self) -> AgentId | None:
        """Who is first, if anybody."""
        heap = self._heap
        while heap:
            for agent_id in self._buckets[heap[0]]:
                return agent_id
            self._spare.append(self._buckets.pop(heappop(heap)))
        return None

    def best(self, excluded: Collection[AgentId]) -> tuple[Rank, AgentId] | None:
        """Who is first of those not excluded; O(excluded + buckets) when the first one is."""
        agent_id = self.first()
        if agent_id is None:
            return None
        if agent_id not in excluded:
            key = self._heap[0]
            return (key, self._buckets[key][agent_id].place), agent_id
        for key in sorted(self._heap):
            for seat in self._buckets[key].values():
                if seat.id not in excluded:
                    return (key, seat.place), seat.id
        return None

    def members(self) -> Iterable[AgentId]:
        """Everybody in it, in no special order."""
        return self._bucket_of

    def check(self) -> None:
        """Raise `AssertionError` when it is not in order."""
        must(sorted(self._heap) == sorted(self._buckets), "each bucket stands once in the heap")
        for key, bucket in self._buckets.items():
            seats = list(bucket.values())
            must(all(self.key(seat) == key for seat in seats), "each seat is in its bucket")
            must(all(self._bucket_of[seat.id] is bucket for seat in seats), "buckets are known")
            must(
                seats == sorted(seats, key=lambda seat: (seat.place, seat.id)),
                "a bucket is in order of idleness",
            )

    def _open(self, key: int) -> Bucket:
        if len(self._buckets) > self._limit:
            self._buckets = {k: bucket for k, bucket in self._buckets.items() if bucket}
            self._spare.clear()
            self._heap = sorted(self._buckets)
            self._limit = 2 * len(self._heap) + SPARE_BUCKETS
        bucket = self._buckets[key] = self._spare.pop() if self._spare else OrderedDict()
        heappush(self._heap, key)
        return bucket


class LeastBusyOrder(BucketOrder):
    """Lowest load, then lowest turn."""

    def key(self, seat: Seat) -> int:
        """The load, then the turn."""
        return (seat.load << FIELD) + seat.turn

    def enter(self, seat: Seat) -> None:
        """As for all orders; spelt out, as `move` is."""
        key = (seat.load << FIELD) + seat.turn
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._open(key)
        bucket[seat.id] = seat
        self._bucket_of[seat.id] = bucket

    def move(self, seat: Seat) -> None:
        """As for all orders; spelt out, for it is the default order's most frequent step."""
        agent_id = seat.id
        bucket_of = self._bucket_of
        del bucket_of[agent_id][agent_id]
        key = (seat.load << FIELD) + seat.turn
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._open(key)
        bucket[agent_id] = seat
        bucket_of[agent_id] = bucket


class LongestIdleOrder(BucketOrder):
    """Idle longest."""

    def key(self, seat: Seat) -> int:  # noqa: ARG002  # the same for all seats
        """All in one bucket, which is in order of idleness."""
        return 0


class MostRoomOrder(BucketOrder):
    """Most free slots, then lowest turn."""

    def key(self, seat: Seat) -> int:
        """The free slots, negative, then the turn."""
        return ((seat.load - seat.capacity) << FIELD) + seat.turn


class BestMatchOrder(BucketOrder):
    """Lowest load, then fewest skills, then lowest turn."""

    def key(self, seat: Seat) -> int:
        """The load, then the number of skills, then the turn."""
        return (((seat.load << FIELD) + len(seat.skills)) << FIELD) + seat.turn


@attrs.define(eq=False)
class RankOrder(Order):
    """Lowest `rank` first, then id: a heap whose outdated entries are dropped when met.

    Each change costs O(log n) and one call of `rank`.
    """

    _ranking: Ranking
    _entries: dict[AgentId, tuple[Rank, AgentId]] = attrs.field(factory=dict, init=False)
    _heap: list[tuple[Rank, AgentId]] = attrs.field(factory=list, init=False)
    _limit: int = attrs.field(default=SPARE_BUCKETS, init=False)

    def enter(self, seat: Seat) -> None:
        """Take in a seat, or its new facts."""
        entries = self._entries
        entry = entries[seat.id] = (self._ranking.rank(seat), seat.id)
        heappush(self._heap, entry)
        if len(self._heap) > self._limit:
            self._compact()

    insert = move = enter

    def _compact(self) -> None:
        self._heap = list(self._entries.values())
        heapify(self._heap)
        self._limit = 2 * len(self._heap) + SPARE_BUCKETS

    def leave(self, seat: Seat) -> None:
        """Let go a seat."""
        del self._entries[seat.id]

    def first(self) -> AgentId | None:
        """Who is first, if anybody."""
        heap, entries = self._heap, self._entries
        while heap:
            entry = heap[0]
            if entries.get(entry[1]) is entry:
                return entry[1]
            heappop(heap)
        return None

    def best(self, excluded: Collection[AgentId]) -> tuple[Rank, AgentId] | None:
        """Who is first of those not excluded; O(n) when the first one is."""
        agent_id = self.first()
        if agent_id is None:
            return None
        if agent_id not in excluded:
            return self._entries[agent_id]
        others = (entry for entry in self._entries.values() if entry[1] not in excluded)
        return min(others, default=None)

    def members(self) -> Iterable[AgentId]:
        """Everybody in it, in no special order."""
        return self._entries

    def check(self) -> None:
        """Raise `AssertionError` when it is not in order."""
        must(
            {id(entry) for entry in self._entries.values()} <= {id(entry) for entry in self._heap},
            "each entry stands in the heap",
        )


@attrs.define(eq=False)
class Roll:
    """Seats with room in order of their ids, for policies that look at all or draw one.

    It is told only when a seat gains or loses room, in O(log n).
    """

    seats: SortedKeyList[Seat, AgentId] = attrs.field(
        factory=lambda: SortedKeyList(key=attrgetter("id")), init=False
    )

    def pick(self, number: int, excluded: Collection[AgentId]) -> AgentId | None:
        """The seat at `number` modulo how many there are; O(log n), O(n) with exclusions."""
        seats: Sequence[Seat] = self.seats
        if excluded:
            seats = [seat for seat in seats if seat.id not in excluded]
        return seats[number % len(seats)].id if seats else None
