"""TCP connections for a server of lines: anyio's on trio and with TLS, a leaner one on asyncio.

anyio's stream stops and starts the reading of its socket, and goes once more through the event
loop, for every piece that comes. `LeanStream` reads ahead up to a bound instead.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Never, Protocol

import anyio
import anyio.abc
import attrs

from chatdesk.runtime.loops import FutureFlag

READ_AHEAD_BYTES = 262_144
"""How much is read before anybody asks for it."""
BACKLOG = 65_536
"""How many connections may wait to be accepted: as many as the system allows."""


class Stream(Protocol):
    """What a server needs of a connection; errors are those of anyio's byte streams."""

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        """The next bytes; raises `EndOfStream` when there are no more."""

    async def send(self, item: bytes) -> None:
        """Sends bytes; waits while the client does not read."""

    async def aclose(self) -> None:
        """Closes it, after what was sent has gone; at once when that is cancelled."""


@attrs.define(eq=False)
class LeanStream(asyncio.Protocol):
    """One connection on asyncio; one task reads and one writes at a time."""

    _loop: asyncio.AbstractEventLoop
    _accepted: Callable[["LeanStream"], object]
    _transport: asyncio.Transport = attrs.field(init=False)
    _received: deque[bytes] = attrs.field(factory=deque, init=False)
    _ahead: int = attrs.field(default=0, init=False)
    _held: bool = attrs.field(default=False, init=False)
    """Whether reading rests."""
    _full: bool = attrs.field(default=False, init=False)
    """Whether writing has to wait."""
    _ended: bool = attrs.field(default=False, init=False)
    _lost: bool = attrs.field(default=False, init=False)
    _reader: FutureFlag | None = attrs.field(default=None, init=False)
    _writer: FutureFlag | None = attrs.field(default=None, init=False)
    _closer: FutureFlag | None = attrs.field(default=None, init=False)

    # -- what asyncio says -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self._accepted(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._received.append(data)
        self._ahead += len(data)
        if self._ahead > READ_AHEAD_BYTES and not self._held:
            self._held = True
            self._transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> bool:
        """The client sends no more; he may still read."""
        self._ended = True
        self._wake_reader()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - either way it has gone
        """The connection is no more."""
        self._ended = self._lost = True
        self._wake_reader()
        self.resume_writing()
        if self._closer is not None:
            self._closer.set()

    def pause_writing(self) -> None:
        """The client does not read fast enough."""
        self._full = True

    def resume_writing(self) -> None:
        """He has caught up."""
        self._full = False
        if self._writer is not None:
            self._writer.set()

    def _wake_reader(self) -> None:
        if self._reader is not None:
            self._reader.set()

    # -- what the server asks for ----------------------------------------------------------------

    async def receive(self, max_bytes: int = 65_536) -> bytes:  # noqa: ARG002 - asyncio reads no more at a time
        """See `Stream.receive`."""
        if self._received:
            await asyncio.sleep(0)  # others have their turn in between
        while not self._received:
            if self._ended:
                raise anyio.EndOfStream
            self._reader = FutureFlag(self._loop)
            await self._reader.wait()
        data = b"".join(self._received)
        self._received.clear()
        self._ahead = 0
        if self._held:
            self._held = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    async def send(self, item: bytes) -> None:
        """See `Stream.send`."""
        if self._transport.is_closing():
            raise anyio.BrokenResourceError
        self._transport.write(item)
        while self._full:
            self._writer = FutureFlag(self._loop)
            await self._writer.wait()
        if self._lost:
            raise anyio.BrokenResourceError

    async def aclose(self) -> None:
        """See `Stream.aclose`."""
        self._transport.close()
        try:
            while not self._lost:
                self._closer = FutureFlag(self._loop)
                await self._closer.wait()
        finally:
            self.abort()

    def abort(self) -> None:
        """Closes it at once."""
        self._transport.abort()


@attrs.define(eq=False)
class _Door:
    """Where connections wait to be served by a task: asyncio tells of them outside of any."""

    _loop: asyncio.AbstractEventLoop
    waiting: deque[LeanStream] = attrs.field(factory=deque, init=False)
    _bell: FutureFlag | None = attrs.field(default=None, init=False)

    def stream(self) -> LeanStream:
        """A connection that asyncio may open."""
        return LeanStream(self._loop, self._admit)

    def _admit(self, stream: LeanStream) -> None:
        self.waiting.append(stream)
        if self._bell is not None:
            self._bell.set()

    async def next(self) -> LeanStream:
        """Who comes next."""
        while not self.waiting:
            self._bell = FutureFlag(self._loop)
            await self._bell.wait()
        return self.waiting.popleft()


async def serve_lean(
    listener: Any, serve: Callable[[Stream], Coroutine[Any, Any, None]], tasks: anyio.abc.TaskGroup
) -> Never:
    """Serves what comes to an anyio listener over asyncio, until it is cancelled."""
    loop = asyncio.get_running_loop()
    door = _Door(loop)
    servers = [
        await loop.create_server(door.stream, sock=each, backlog=BACKLOG)
        for each in _sockets(listener)
    ]
    try:
        while True:
            tasks.start_soon(serve, await door.next())
    finally:
        for server in servers:
            server.close()
        for stream in door.waiting:
            stream.abort()


def _sockets(listener: Any) -> list[socket.socket]:
    """The listener's sockets, again: each side closes its own."""
    key = anyio.abc.SocketAttribute.raw_socket
    return [each.extra(key).dup() for each in listener.listeners]  # noqa: S610 - anyio's own
