"""What one subscriber has yet to hear: first what he missed, then what comes."""

from collections import deque
from collections.abc import Iterable

import attrs

from chatdesk.model.ids import Revision
from chatdesk.runtime.jobs import Bell, Loops, ring_loops
from chatdesk.runtime.mailbox import Parcel
from chatdesk.runtime.publisher import MAX_BEHIND, PAGE, Publisher, Subscriber
from chatdesk.runtime.replica import Replica
from chatdesk.transport.frames import Reset, Update


@attrs.define(eq=False)
class Feed:
    """Parcels in order of their revisions. For one reader at a time.

    `open_feed` and `advance` may wait and read the store; everything else is quick.
    """

    _replica: Replica
    _publisher: Publisher
    subscriber: Subscriber
    _position: Revision
    """Up to here everything was handed out or is not for him."""
    _live_from: Revision
    """The mailbox has what came after this."""
    _ready: deque[Parcel] | None = attrs.field(default=None, init=False)
    """What he missed and has been read; nothing for most of the time."""
    _ready_until: Revision = attrs.field(default=0, init=False)
    _closed: bool = attrs.field(default=False, init=False)

    @property
    def cursor(self) -> Revision:
        """The revision to resume from: whatever was for him until then has been handed out."""
        mailbox = self.subscriber.mailbox
        told = self._publisher.told  # read first: what was told by now is in the mailbox or taken
        if not (self._ready or self.is_behind or mailbox.is_shut) and mailbox.is_empty:
            self._position = max(self._position, told)
        return self._position

    @property
    def is_behind(self) -> bool:
        """Whether `advance` has something to read before anything more can be taken."""
        return not self._ready and self._position < self._live_from

    @property
    def is_at_hand(self) -> bool:
        """Whether `take` has something to give."""
        return bool(self._ready) or not (self.is_behind or self.subscriber.mailbox.is_empty)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        if self._closed:
            return True
        return not self._ready and not self.is_behind and self.subscriber.mailbox.is_over

    @property
    def is_live(self) -> bool:
        """Neither behind nor about to be over: what comes is put in the mailbox."""
        live = self._position >= self._live_from
        return live and not (self._closed or self._ready or self.subscriber.mailbox.is_shut)

    def take(self) -> Parcel | None:
        """The next parcel at hand, if there is one."""
        if self._closed:
            return None
        if self._ready:
            return self._take_ready(self._ready)
        if self.is_behind:
            return None
        parcel = self.subscriber.mailbox.take()
        if parcel is not None and isinstance(parcel.frame, Update | Reset):
            self._position = parcel.frame.revision
        return parcel

    def _take_ready(self, ready: deque[Parcel]) -> Parcel:
        parcel = ready.popleft()
        if not ready:
            self._ready, self._position = None, self._ready_until
        elif isinstance(parcel.frame, Update):
            self._position = parcel.frame.revision
        return parcel

    def take_all(self, bell: Bell) -> list[Parcel]:
        """All parcels at hand. Unless it `is_behind` or `is_over` now, the bell rings for more."""
        if self._closed:
            return []
        parcels = list[Parcel]()
        while self._ready:
            parcels.append(self._take_ready(self._ready))
        if self._position < self._live_from:
            return parcels
        new = self.subscriber.mailbox.take_all(bell)
        for parcel in new:
            if isinstance(parcel.frame, Update | Reset):
                self._position = parcel.frame.revision
        return parcels + new if parcels else new

    def advance(self) -> None:
        """Reads the next of what he missed. Raises `StorageError`, and may be called again."""
        limit = min(PAGE, self._live_from - self._position)
        changes = self._replica.store.changes(self._position, limit=limit)
        with self._replica.lock:
            parcels = self._publisher.retell(changes, self.subscriber.by)
        self.fill(parcels, changes[-1].revision if changes else self._live_from)

    def fill(self, parcels: Iterable[Parcel], until: Revision) -> None:
        """Makes parcels ready that tell everything up to a revision."""
        self._ready, self._ready_until = deque(parcels), until
        if not self._ready:
            self._ready, self._position = None, until

    def close(self) -> None:
        """Hears no more."""
        loops: Loops = {}
        self.subscriber.mailbox.shut(None, loops)
        ring_loops(loops)
        self._closed = True
        self._publisher.leave_soon(self.subscriber)


def open_feed(
    replica: Replica, publisher: Publisher, subscriber: Subscriber, after: Revision | None
) -> Feed:
    """Joins a subscriber, who has heard everything up to `after`; `None`: he begins now.

    A cursor that is unknown or too far back gets a `Reset` first. Raises `StorageError`.
    """
    with replica.lock:
        replica.desk()
        if after is not None and after > publisher.told:
            replica.catch_up()
            publisher.follow(None)
        told = publisher.join(subscriber)
        if after is None:
            return Feed(replica, publisher, subscriber, told, told)
        feed = Feed(replica, publisher, subscriber, min(after, told), told)
        if after > told or told - after > MAX_BEHIND:
            feed.fill([publisher.reset()], told)
        elif (parcels := publisher.remembered(after, told, subscriber.by)) is not None:
            feed.fill(parcels, told)
        return feed
