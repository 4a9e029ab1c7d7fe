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
from weakref import WeakKeyDictionary

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
        patience = _patience(self._loop, seconds)
        patience.begin(self._loop, self)
        try:
            return await self._future
        finally:
            patience.end(self)

    def expire(self) -> None:
        """The time has passed: who waits is told so, unless it was set."""
        if not self._future.done():
            self._future.set_result(False)


@attrs.define(eq=False)
class _Patience:
    """All that wait equally long in one loop of asyncio: one timer, for who has waited longest.

    A timer for each would cost as much as all the rest of waiting, and nearly none ever rings.
    """

    seconds: Seconds
    _until: dict[FutureFlag, float] = attrs.field(factory=dict, init=False)
    """When each gives up; in the order of beginning, which is that of ending."""
    _is_set: bool = attrs.field(default=False, init=False)

    def begin(self, loop: asyncio.AbstractEventLoop, flag: FutureFlag) -> None:
        """Somebody waits from now on."""
        self._until[flag] = until = loop.time() + self.seconds
        if not self._is_set:
            self._set_timer(loop, until)

    def end(self, flag: FutureFlag) -> None:
        """He waits no longer."""
        self._until.pop(flag, None)

    def _set_timer(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        self._is_set = True
        loop.call_at(at, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for flag, until in list(self._until.items()):
            if until > now:
                self._set_timer(loop, until)
                return
            del self._until[flag]
            flag.expire()
        self._is_set = False
        _LOOPS[loop].pop(self.seconds, None)


_LOOPS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Seconds, _Patience]] = WeakKeyDictionary()
"""Those who wait in each loop, by how long. Nothing in it holds a loop when nobody waits."""


def _patience(loop: asyncio.AbstractEventLoop, seconds: Seconds) -> _Patience:
    """Those who wait so long in a loop."""
    lengths = _LOOPS.get(loop)
    if lengths is None:
        lengths = _LOOPS[loop] = {}
    found = lengths.get(seconds)
    if found is None:
        found = lengths[seconds] = _Patience(seconds)
    return found


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
