"""The event loop that runs in this thread, if any: how others call into it, how it waits in it.

anyio's events and timeouts do all that is needed, on asyncio and on trio. On asyncio a bare future
and a timer do the same for a fifth of the price, which every request and every delivery pays.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, TypeAlias

import anyio
import attrs

from chatdesk.model.ids import Seconds

Post: TypeAlias = Callable[..., object]
"""Has an event loop call a function with arguments soon; may be called from any thread.

Raises `RuntimeError` when the loop has ended.
"""


def running_loop() -> Post | None:
    """How to call into the loop, asyncio's or trio's, that runs in this thread."""
    loop = asyncio_loop()
    if loop is not None:
        return loop.call_soon_threadsafe
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    try:
        post: Post = trio.lowlevel.current_trio_token().run_sync_soon
    except RuntimeError:
        return None
    return post


def asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread, if it is asyncio's."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


# -- waiting for one thing -----------------------------------------------------------------------


class Alarm(Protocol):
    """What is set off in its event loop when something has happened."""

    def set(self) -> None:
        """Wakes the one who waits; may be called again."""


class Flag(Alarm, Protocol):
    """Is set once. Everything is called in the event loop it was made in."""

    async def wait(self, seconds: Seconds | None = None) -> bool:
        """Waits until it is set, once; false when the time has passed."""


def make_flag() -> Flag:
    """A flag of the event loop that runs in this thread."""
    loop = asyncio_loop()
    return AnyFlag() if loop is None else FutureFlag(loop)


@attrs.define(eq=False)
class FutureFlag:
    """A flag for asyncio."""

    _loop: asyncio.AbstractEventLoop
    _future: asyncio.Future[bool] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._future = self._loop.create_future()

    def set(self) -> None:
        """See `Flag.set`."""
        if not self._future.done():
            self._future.set_result(True)

    async def wait(self, seconds: Seconds | None = None) -> bool:
        """See `Flag.wait`."""
        if seconds is None:
            return await self._future
        timer = self._loop.call_later(seconds, self._expire)
        try:
            return await self._future
        finally:
            timer.cancel()

    def _expire(self) -> None:
        if not self._future.done():
            self._future.set_result(False)


@attrs.define(eq=False)
class AnyFlag:
    """A flag for whatever anyio knows."""

    _event: anyio.Event = attrs.field(factory=anyio.Event, init=False)

    def set(self) -> None:
        """See `Flag.set`."""
        self._event.set()

    async def wait(self, seconds: Seconds | None = None) -> bool:
        """See `Flag.wait`."""
        with anyio.move_on_after(seconds):
            await self._event.wait()
            return True
        return False


# -- patience ------------------------------------------------------------------------------------


def within(seconds: Seconds) -> AbstractAsyncContextManager[object]:
    """Its `async with` block is broken off with `TimeoutError` when the time has passed."""
    return _Within(seconds) if asyncio_loop() is None else asyncio.timeout(seconds)


@attrs.define(eq=False)
class _Within:
    """`within` for whatever anyio knows."""

    _seconds: Seconds
    _scope: anyio.CancelScope = attrs.field(factory=anyio.CancelScope, init=False)

    async def __aenter__(self) -> None:
        self._scope.deadline = anyio.current_time() + self._seconds
        self._scope.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        caught = self._scope.__exit__(kind, error, trace)
        if self._scope.cancelled_caught:
            raise TimeoutError
        return caught
