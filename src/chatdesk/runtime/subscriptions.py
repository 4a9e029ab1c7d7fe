"""What a subscriber holds: the frames meant for him, one after the other."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import anyio
import anyio.lowlevel
import anyio.to_thread
import attrs

from chatdesk.model.errors import WrongContext
from chatdesk.model.ids import Revision, Seconds
from chatdesk.runtime.feeds import Feed
from chatdesk.runtime.jobs import LoopBell, ThreadBell
from chatdesk.runtime.loops import running_loop
from chatdesk.runtime.mailbox import Parcel
from chatdesk.transport.frames import DownFrame


@attrs.define(eq=False)
class Subscription:
    """An iterator of updates, signals, resets and a last bye; blocks while nothing comes.

    For one thread at a time; `close`, or leaving its `with` block, ends it. One who does not read
    is let go with a `Bye` of code "slow"; his `cursor` stays good.
    """

    _feed: Feed

    @property
    def cursor(self) -> Revision:
        """The revision to resume from. It also moves when commits bring nothing to this viewer."""
        return self._feed.cursor

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._feed.is_over

    def receive(self, timeout: Seconds | None = None) -> Parcel | None:
        """The next frame with its bytes; `None` after `timeout` seconds, and when it is over.

        Raises `StorageError` when what was missed cannot be read now; it may be called again.
        """
        while True:
            if (parcel := self._feed.take()) is not None:
                return parcel
            if self._feed.is_over:
                return None
            if self._feed.is_behind:
                self._feed.advance()
                continue
            bell = ThreadBell()
            if self._feed.subscriber.mailbox.announce(bell) and not bell.wait(timeout):
                return None

    def at_hand(self) -> Iterator[Parcel]:
        """What more is there already, to be sent in one piece; never waits."""
        return iter(self._feed.take, None)

    def close(self) -> None:
        """Ends it; may be called again."""
        self._feed.close()

    def __iter__(self) -> "Subscription":
        return self

    def __next__(self) -> DownFrame:
        parcel = self.receive()
        if parcel is None:
            raise StopIteration
        return parcel.frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@attrs.define(eq=False)
class AsyncSubscription:
    """As `Subscription`, for one task at a time; begins in its `async with` block.

    Who wants no task that waits may `open` it and work on its feed.
    """

    _open: Callable[[], Feed]
    _feed: Feed | None = attrs.field(default=None, init=False)

    @property
    def cursor(self) -> Revision:
        """See `Subscription.cursor`."""
        return self._opened().cursor

    @property
    def is_over(self) -> bool:
        """See `Subscription.is_over`."""
        return self._opened().is_over

    async def receive(self, timeout: Seconds | None = None) -> Parcel | None:  # noqa: ASYNC109 - as in the blocking one
        """See `Subscription.receive`. When it is cancelled nothing is lost."""
        feed = self._opened()
        if feed.is_at_hand:  # others have their turn in between
            await anyio.lowlevel.checkpoint()  # before it is taken, so that it cannot be lost
        while True:
            if (parcel := feed.take()) is not None:
                return parcel
            if feed.is_over:
                return None
            if feed.is_behind:
                await anyio.to_thread.run_sync(feed.advance)
            elif not await _something_comes(feed, timeout):
                return None

    def at_hand(self) -> Iterator[Parcel]:
        """See `Subscription.at_hand`."""
        return iter(self._opened().take, None)

    def close(self) -> None:
        """Ends it; may be called again."""
        if self._feed is not None:
            self._feed.close()

    def __aiter__(self) -> "AsyncSubscription":
        return self

    async def __anext__(self) -> DownFrame:
        parcel = await self.receive()
        if parcel is None:
            raise StopAsyncIteration
        return parcel.frame

    async def open(self) -> Feed:
        """Begins it; may be called again."""
        if self._feed is None:
            self._feed = await anyio.to_thread.run_sync(self._open)
        return self._feed

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _opened(self) -> Feed:
        if self._feed is None:
            raise WrongContext("begin with `async with desk.subscribe(by=…) as frames:`")
        return self._feed


async def _something_comes(feed: Feed, seconds: Seconds | None) -> bool:
    """Waits for the mailbox; false when the time has passed."""
    post = running_loop()
    if post is None:
        raise WrongContext("call it in a task of a running event loop")
    bell = LoopBell(post)
    if not feed.subscriber.mailbox.announce(bell):
        return True
    return await bell.event.wait(seconds)
