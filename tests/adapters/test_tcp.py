"""The leaner TCP connection that asyncio's socket server uses."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from chatdesk.adapters.tcp import READ_AHEAD_BYTES, LeanStream

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """It exists on asyncio only."""
    return "asyncio"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[LeanStream, socket.socket]]:
    """A connection, and the client's end of it."""
    loop = asyncio.get_running_loop()
    ours, client = socket.socketpair()
    client.setblocking(False)  # noqa: FBT003 - the socket's own signature
    admitted = list[LeanStream]()
    _, stream = await loop.connect_accepted_socket(
        lambda: LeanStream(loop, admitted.append), sock=ours
    )
    try:
        assert admitted == [stream]
        yield stream, client
    finally:
        stream.abort()
        client.close()
        with anyio.fail_after(10):
            await stream.aclose()


async def test_bytes_come_whole_and_then_the_end() -> None:
    """What the client sent before he ended is received, then `EndOfStream`, again and again."""
    async with connected() as (stream, client):
        client.send(b"one")
        client.shutdown(socket.SHUT_WR)
        assert await stream.receive() == b"one"
        for _ in range(2):
            with pytest.raises(anyio.EndOfStream):
                await stream.receive()
        await stream.send(b"still heard")
        assert await asyncio.get_running_loop().sock_recv(client, 100) == b"still heard"


async def test_no_more_is_read_ahead_than_bears() -> None:
    """A client who sends without being read is held back, and all he sent comes in the end."""
    loop, sent = asyncio.get_running_loop(), b"x" * (8 * READ_AHEAD_BYTES)
    async with connected() as (stream, client), anyio.create_task_group() as tasks:
        tasks.start_soon(loop.sock_sendall, client, sent)
        while not stream._held:
            await anyio.lowlevel.checkpoint()
        assert stream._ahead < 3 * READ_AHEAD_BYTES
        received = 0
        while received < len(sent):
            received += len(await stream.receive())
        assert received == len(sent)


async def test_sending_waits_for_a_client_who_does_not_read() -> None:
    """A writer waits while the connection is full, and goes on when the client reads."""
    loop, data = asyncio.get_running_loop(), b"x" * 4_000_000
    async with connected() as (stream, client):
        with anyio.move_on_after(0.01) as patience:
            await stream.send(data)
        assert patience.cancelled_caught
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.send, b"end")
            received = 0
            while received < len(data) + 3:
                received += len(await loop.sock_recv(client, 1_000_000))
        assert received == len(data) + 3


async def test_a_lost_connection_breaks_the_writer() -> None:
    """Whoever waits for a client who then goes away is told that the connection is broken."""
    async with connected() as (stream, client):
        with anyio.move_on_after(0.01):
            await stream.send(b"x" * 4_000_000)
        client.close()
        with pytest.raises(anyio.BrokenResourceError):
            await stream.send(b"more")
        with pytest.raises(anyio.EndOfStream):
            await stream.receive()


async def test_closing_at_once_does_not_wait_for_the_client() -> None:
    """A close that is cancelled throws away what the client has not read."""
    async with connected() as (stream, client):
        with anyio.move_on_after(0.01):
            await stream.send(b"x" * 4_000_000)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await stream.aclose()
        with anyio.fail_after(10):
            await stream.aclose()
        with pytest.raises(anyio.BrokenResourceError):
            await stream.send(b"more")
        assert client.fileno() >= 0
