"""The desk on a TCP port: newline-delimited JSON, the same frames and the same session.

Presence is no matter of connections: an agent is there as long as he renews his lease with
`connect`, a waiting visitor with `renew_visit`, whatever carries the frames.
"""

import logging
import ssl
from collections.abc import Sequence
from typing import Any

import anyio
import anyio.abc
import attrs
from anyio.streams.tls import TLSListener

from chatdesk.adapters.answering import answer_all, welcome
from chatdesk.adapters.clients import BYE_SECONDS, READ_BYTES, WRITE_BYTES, Client
from chatdesk.adapters.connections import Connection, Connections
from chatdesk.adapters.lean import serve_lean
from chatdesk.model.errors import ConfigurationError, Refused, StorageError
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.loops import asyncio_loop
from chatdesk.runtime.subscriptions import AsyncSubscription
from chatdesk.transport.frames import ByeCode, ClientFrame, Hello, Preview, RefusedFrame, Typing
from chatdesk.transport.refusals import refused
from chatdesk.transport.session import Limits
from chatdesk.transport.tokens import Tokens

SWEEP_SECONDS = 5.0
"""How often silent connections are looked for."""

log = logging.getLogger("chatdesk.adapters")


@attrs.define(eq=False)
class SocketServer:
    """Serves one desk on a TCP port, to clients that speak lines of JSON.

    Tokens go over the line as they are: outside of one machine use `tls`. Lengths of time are
    looked after every `SWEEP_SECONDS`, so each may last that much longer.
    """

    desk: AsyncChatDesk
    tokens: Tokens
    host: str = "127.0.0.1"
    port: int = 7070
    """0 lets the system choose; `serve` tells which."""
    tls: ssl.SSLContext | None = attrs.field(default=None, kw_only=True)
    limits: Limits = attrs.field(factory=Limits, kw_only=True)
    connections: Connections = attrs.field(factory=Connections, kw_only=True)
    hello_seconds: float = attrs.field(default=10.0, kw_only=True)
    """How long a client may take to say hello."""
    idle_seconds: float = attrs.field(default=90.0, kw_only=True)
    """How long a client may be silent; a ping is enough."""
    write_seconds: float = attrs.field(default=20.0, kw_only=True)
    """How long a client may leave a full connection unread."""
    clients: set[Client] = attrs.field(factory=set, init=False, repr=False)
    """Who is connected."""

    async def serve(
        self, *, task_status: anyio.abc.TaskStatus[int] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Serves until it is cancelled; `await tasks.start(server.serve)` gives the port.

        Raises `ConfigurationError` when the port cannot be had.
        """
        listener = await self._listener()
        port: int = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - anyio's own
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(self._sweep_often)
            task_status.started(port)
            if self.tls is None and asyncio_loop() is not None:
                await serve_lean(self, listener)
            else:
                await self._secure(listener).serve(self._serve_client)

    async def _listener(self) -> Any:
        try:
            return await anyio.create_tcp_listener(local_host=self.host, local_port=self.port)
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen at {self.host}, port {self.port}: {error.strerror or error}; "
                "choose another host or port, or port 0 for any that is free"
            ) from error

    def stop(self) -> None:
        """Ends every connection with `bye stopping`, and refuses new ones. From any thread."""
        self.connections.stop()

    def _secure(self, listener: Any) -> Any:
        return listener if self.tls is None else TLSListener(listener, self.tls)

    async def _serve_client(self, stream: anyio.abc.ByteStream) -> None:
        """Serves one connection, from its beginning to its end."""
        client = _StreamClient(self, stream)
        connection = client.connection
        try:
            self.connections.add(connection)
            self.clients.add(client)
            await client.serve()
        except StorageError as error:
            client.session.deliver([refused(error)])
            connection.code = ByeCode.STOPPING
        except anyio.get_cancelled_exc_class():
            connection.code = ByeCode.STOPPING
            raise
        finally:
            self.clients.discard(client)
            self.connections.remove(connection)
            await client.close()

    async def _sweep_often(self) -> None:
        while True:
            await anyio.sleep(SWEEP_SECONDS)
            self.sweep(SWEEP_SECONDS)

    def sweep(self, seconds: float) -> None:
        """Ends what was silent too long; `seconds` have passed since the last sweep."""
        for client in list(self.clients):
            client.grow_older(seconds)


@attrs.define(eq=False)
class _StreamClient(Client):
    """One connection on an anyio stream: a task reads and answers, another one tells."""

    _stream: anyio.abc.ByteStream
    _scope: anyio.CancelScope = attrs.field(factory=anyio.CancelScope, init=False)
    _writing: bool = attrs.field(default=False, init=False)
    """Stays true when writing was broken off."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self.connection = Connection(self._scope.cancel)

    @property
    def is_full(self) -> bool:
        """See `Client.is_full`."""
        return self._writing

    async def serve(self) -> None:
        """Reads and answers until either side ends it."""
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    await self._converse(tasks)
                    tasks.cancel_scope.cancel()
        except* (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self.session.receive_end()
        except* Exception:  # one client's defect must not end the others
            log.exception("a connection failed")
            self.session.receive_end()

    async def close(self) -> None:
        """Says farewell where one is due, and closes the socket."""
        if self.connection.code is not None:
            self.session.bye(self.connection.code)
        last = b"" if self._writing else self.session.data_to_send()  # never after half a frame
        with anyio.CancelScope(shield=True), anyio.move_on_after(BYE_SECONDS):
            try:
                await self._stream.send(last)
                await self._stream.aclose()
            except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                pass
        with anyio.CancelScope(shield=True) as at_once:
            at_once.cancel()
            await self._stream.aclose()

    # -- reading and answering -----------------------------------------------------------------

    async def _converse(self, tasks: anyio.abc.TaskGroup) -> None:
        """Takes in what comes, answers it in order, and only then reads on."""
        while not self.session.closed:
            try:
                data = await self._stream.receive(READ_BYTES)
            except anyio.EndOfStream:
                self.session.receive_end()
                return
            self._silent_seconds = 0.0
            self.session.receive_data(data)
            while requests := self.session.requests():
                await self._answer(requests, tasks)
                await self.flush()
            await self.flush()

    async def _answer(self, frames: Sequence[ClientFrame], tasks: anyio.abc.TaskGroup) -> None:
        claims = self.session.claims
        assert claims is not None  # noqa: S101 - an open session has them
        if isinstance(frames[0], Hello):  # said once, so none follows
            await tasks.start(self._listen, frames[0])
            frames = frames[1:]
        replies = await answer_all(self.host.desk, frames, claims)
        for frame, reply in zip(frames, replies, strict=True):
            if isinstance(reply, RefusedFrame) or not isinstance(frame, Typing | Preview):
                self.session.deliver([reply])

    # -- telling -------------------------------------------------------------------------------

    async def _listen(
        self,
        hello: Hello,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Greets, and tells what happens from then on."""
        claims = self.session.claims
        assert claims is not None  # noqa: S101 - an open session has them
        desk = self.host.desk
        self.host.connections.identify(self.connection, claims.actor)
        try:
            async with desk.subscribe(by=claims.actor, after=hello.after) as subscription:
                told = subscription.cursor if hello.after is None else hello.after
                greeting = await welcome(desk, claims.actor, told, hello.id)
                self.session.deliver([greeting])
                task_status.started()
                await self._tell(subscription)
        except Refused as error:
            self._turn_away(refused(error, hello.id), ByeCode.REFUSED)
            task_status.started()
        except StorageError as error:
            log.warning("a connection ends, its client will come again: %s", error)
            self._turn_away(refused(error, hello.id), ByeCode.STOPPING)
            task_status.started()

    def _turn_away(self, refusal: RefusedFrame, code: ByeCode) -> None:
        """Says why it cannot go on, and ends it."""
        self.session.deliver([refusal])
        self.connection.end(code)

    async def _tell(self, subscription: AsyncSubscription) -> None:
        """Puts in line what comes, and sends it."""
        while not self.session.closed:
            parcel = await subscription.receive()
            if parcel is None:
                break
            for each in (parcel, *subscription.at_hand()):
                if self.session.unsent_bytes > WRITE_BYTES:
                    await self.flush()
                self.session.deliver_encoded((each.data,))
            await self.flush()
        self.connection.end()

    async def flush(self) -> None:
        """Sends what is in line. Whoever comes while that is under way leaves his to it."""
        if self._writing or self.connection.ended:
            return
        self._writing = True
        while data := self.session.data_to_send():
            await self._stream.send(data)
            self._unread_seconds = 0.0
        self._writing = False
        if self.session.closed:
            self.connection.end()
