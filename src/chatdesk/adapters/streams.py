"""One event stream: a desk's frames as Server-Sent Events, resumed by revision."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import anyio
import attrs

from chatdesk.adapters.answering import welcome
from chatdesk.adapters.connections import Connection, Connections
from chatdesk.model.errors import StorageError
from chatdesk.model.ids import Revision
from chatdesk.model.values import Actor
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.loops import within
from chatdesk.runtime.mailbox import Parcel
from chatdesk.runtime.subscriptions import AsyncSubscription
from chatdesk.transport.codec import encode
from chatdesk.transport.frames import Bye, ByeCode, Reset, Update

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

HEARTBEAT_SECONDS = 15.0
"""How often a silent stream shows that it lives; proxies close one that does not."""
WRITE_SECONDS = 20.0
"""How long a client may leave a full connection unread until he is let go."""

_HEADERS: Headers = [
    (b"content-type", b"text/event-stream"),
    (b"x-accel-buffering", b"no"),  # nginx would keep the events back otherwise
]
_HEARTBEAT = b":\n\n"

log = logging.getLogger("chatdesk.adapters")


def event_text(data: bytes, revision: Revision | None = None) -> bytes:
    """One event; JSON has no line ends of its own. Without data it moves the cursor only."""
    name = b"" if revision is None else b"id: %d\n" % revision
    return b"%sdata: %s\n\n" % (name, data) if data else b"%s\n" % name


def parcel_text(parcel: Parcel) -> bytes:
    """A parcel as an event; what has a revision carries it as the event's id."""
    frame = parcel.frame
    return event_text(parcel.data, frame.revision if isinstance(frame, Update | Reset) else None)


@attrs.define(eq=False)
class EventStream:
    """Tells one client what happens until he goes, does not read, or the server stops."""

    _desk: AsyncChatDesk
    _actor: Actor
    _after: Revision | None
    _connections: Connections
    _told: Revision = attrs.field(default=0, init=False)
    """The last revision that was sent as an id."""

    async def run(self, headers: Headers, receive: Receive, send: Send) -> None:
        """Serves the stream to its end. Raises `Refused` or `StorageError` before its beginning."""
        scope = anyio.CancelScope()
        connection = Connection(scope.cancel, self._actor)
        self._connections.add(connection)
        try:
            with scope:
                async with self._desk.subscribe(by=self._actor, after=self._after) as subscription:
                    await self._begin(subscription.cursor, headers, send)
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(_watch, connection, receive)
                        await self._pump(subscription, connection, send)
            await _farewell(connection.code, send)
        finally:
            self._connections.remove(connection)

    async def _begin(self, cursor: Revision, headers: Headers, send: Send) -> None:
        """Greets; a client who named no revision learns the present one."""
        self._told = cursor if self._after is None else self._after
        hello = await welcome(self._desk, self._actor, self._told)
        start = {"type": "http.response.start", "status": 200, "headers": [*headers, *_HEADERS]}
        await send(start)
        await _write(send, event_text(encode(hello), self._told if self._after is None else None))

    async def _pump(
        self, subscription: AsyncSubscription, connection: Connection, send: Send
    ) -> None:
        """Sends frame after frame, until nothing more comes or the client does not read."""
        try:
            while not subscription.is_over:
                text = await self._next(subscription)
                async with within(WRITE_SECONDS):
                    await _write(send, text)
        except TimeoutError:
            connection.end(ByeCode.SLOW)
        except StorageError as error:
            log.warning("a stream ends, its client will come again: %s", error)
            connection.end(ByeCode.STOPPING)
        except OSError:  # the client has gone; some servers say so when written to
            pass
        connection.end()

    async def _next(self, subscription: AsyncSubscription) -> bytes:
        """What is to be sent next: all that is at hand, or a sign of life after a while."""
        parcel = await subscription.receive(HEARTBEAT_SECONDS)
        if parcel is None:
            return self._sign_of_life(subscription.cursor)
        text = [parcel_text(parcel), *map(parcel_text, subscription.at_hand())]
        self._told = max(self._told, subscription.cursor)
        return b"".join(text)

    def _sign_of_life(self, cursor: Revision) -> bytes:
        """Moves the client's cursor when commits have brought him nothing; else a comment."""
        if cursor <= self._told:
            return _HEARTBEAT
        self._told = cursor
        return event_text(b"", cursor)


async def _watch(connection: Connection, receive: Receive) -> None:
    """Waits until the client goes."""
    while (await receive())["type"] != "http.disconnect":
        pass
    connection.end()


async def _farewell(code: ByeCode | None, send: Send) -> None:
    """Ends the body, with a last word if one is due; a client who does not read gets none."""
    last = b"" if code is None else event_text(encode(Bye(code=code)))
    with anyio.move_on_after(1):
        await _write(send, last, more=False)


async def _write(send: Send, text: bytes, *, more: bool = True) -> None:
    """Sends a piece of the body."""
    await send({"type": "http.response.body", "body": text, "more_body": more})
