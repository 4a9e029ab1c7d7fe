"""The desk as an ASGI application: `POST frames`, `GET events`, `GET healthz`, `GET schema.json`.

It may be mounted under any path of any ASGI framework, and needs no lifespan: the desk starts with
the first request. Servers wait for open streams when they stop; `ChatDeskApp.stop` ends them.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import attrs
import msgspec
from msgspec import Struct

from chatdesk.adapters.answering import answer
from chatdesk.adapters.connections import Connections
from chatdesk.adapters.streams import EventStream
from chatdesk.model.errors import (
    ChatdeskError,
    ConfigurationError,
    FrameTooLarge,
    InvalidInput,
    MalformedFrame,
    NotAllowed,
    Refusal,
    Unauthenticated,
)
from chatdesk.model.ids import Revision
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.loops import within
from chatdesk.transport.codec import MAX_WHOLE_NUMBER, decode, encode, id_of
from chatdesk.transport.frames import MAX_FRAME_BYTES, RefusedFrame, ServerFrame, schema
from chatdesk.transport.refusals import http_status, refused
from chatdesk.transport.tokens import Claims, Tokens

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

BODY_SECONDS = 20.0
"""How long a client may take to send one frame."""

SECURITY_HEADERS: Headers = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"origin"),
]


class Response(Struct, frozen=True):
    """An answer that is sent at once."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


ASTRAY = Refusal(
    "not_found",
    "nothing is asked for in this way",
    "POST frames; GET events, healthz or schema.json, below the path where the desk is mounted.",
)


class Health(Struct, frozen=True):
    """What `healthz` says: nothing about anybody."""

    status: str
    revision: Revision


class _Request(Struct, frozen=True):
    """The parts of an HTTP request that matter here."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[bytes, bytes]

    def header(self, name: bytes) -> str | None:
        """A header's value, or `None`."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()


def _request(scope: Scope) -> _Request:
    """Reads the scope; the path is what stands after the place where the app is mounted."""
    root = scope.get("root_path", "")
    path = scope["path"]
    if root and path.startswith(root):
        path = path[len(root) :]
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return _Request(scope["method"], path.strip("/"), query, dict(scope["headers"]))


def _origins(origins: Iterable[str]) -> frozenset[str]:
    """Checks the allowed origins."""
    found = frozenset(origins)
    for origin in found:
        parts = urlsplit(origin)
        if f"{parts.scheme}://{parts.netloc}" != origin or not parts.netloc:
            raise ConfigurationError(
                f"{origin!r} is not an origin: write it as https://shop.example, without a path"
            )
    return found


def _async_desk(desk: AsyncChatDesk | ChatDesk) -> AsyncChatDesk:
    """A desk for tasks, whichever was given."""
    return AsyncChatDesk(desk) if isinstance(desk, ChatDesk) else desk


@attrs.define(eq=False)
class ChatDeskApp:
    """An ASGI application that serves one desk to browsers and other HTTP clients.

    `allowed_origins` are the sites (`https://shop.example`) whose pages may use the desk from
    another host; pages of the host that serves the desk always may. Clients that are no browsers
    send no origin and need only their token.

    Raises:
        ConfigurationError: an allowed origin is none; a wildcard is none.
    """

    desk: AsyncChatDesk = attrs.field(converter=_async_desk)
    tokens: Tokens
    allowed_origins: frozenset[str] = attrs.field(default=(), converter=_origins)
    connections: Connections = attrs.field(factory=Connections, kw_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; a websocket is refused, and a lifespan answered politely."""
        match scope["type"]:
            case "http":
                await self._serve(_request(scope), receive, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await send({"type": "websocket.close", "code": 1000})
            case kind:
                raise ConfigurationError(f"ChatDeskApp serves HTTP, not {kind!r}")

    def stop(self) -> None:
        """Ends all streams with `bye stopping` and refuses new ones. From any thread.

        Call it when the server begins to stop (a signal): it may wait for open streams before it
        tells the application anything. The desk goes on; stop it yourself.
        """
        self.connections.stop()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Answers a lifespan; nothing depends on it."""
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                self.stop()
                return

    async def _serve(self, request: _Request, receive: Receive, send: Send) -> None:
        """Finds what is asked for; a refusal of the request itself becomes the answer."""
        cors: Headers = []
        try:
            cors = self._check_origin(request)
            response = await self._route(request, cors, receive, send)
        except ChatdeskError as error:
            response = _frame_response(refused(error))
        if response is not None:
            await _send_response(response, cors, send)

    async def _route(
        self, request: _Request, cors: Headers, receive: Receive, send: Send
    ) -> Response | None:
        """Answers, or gives `None` when a stream has been sent."""
        methods = ROUTES.get(request.path, ())
        if request.method not in methods:
            return _astray(request, methods)
        match request.path:
            case "frames":
                return await self._post_frame(request, receive)
            case "events":
                await self._stream(request).run([*SECURITY_HEADERS, *cors], receive, send)
                return None
            case "healthz":
                return await self._health()
            case _:
                return _json(200, _schema())

    # -- frames --------------------------------------------------------------------------------

    async def _post_frame(self, request: _Request, receive: Receive) -> Response:
        """One frame, one answer."""
        kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            error = MalformedFrame("the body has to be application/json")
            return _json(415, encode(refused(error)))
        claims = self._claims(request)
        try:
            async with within(BODY_SECONDS):
                data = await _body(request, receive)
        except TimeoutError:
            return Response(408)
        if data is None:
            return Response(400)
        return _frame_response(await self._answer(data, claims))

    async def _answer(self, data: bytes, claims: Claims) -> ServerFrame:
        try:
            frame = decode(data)
        except ChatdeskError as error:
            return refused(error, id_of(data))
        return await answer(self.desk, frame, claims)

    # -- who and from where --------------------------------------------------------------------

    def _claims(self, request: _Request) -> Claims:
        """Who asks; raises `Unauthenticated`."""
        scheme, _, token = (request.header(b"authorization") or "").partition(" ")
        if scheme.lower() == "bearer":
            return self.tokens.read(token.strip())
        if request.path == "events" and "token" in request.query:
            return self.tokens.read(request.query["token"][0])
        raise Unauthenticated("send the header Authorization: Bearer TOKEN")

    def _check_origin(self, request: _Request) -> Headers:
        """Refuses a page of a strange site; gives the headers an allowed one needs."""
        origin = request.header(b"origin")
        if origin is None or origin.partition("://")[2] == request.header(b"host"):
            return []
        if origin not in self.allowed_origins:
            raise NotAllowed(
                "pages of this origin may not use the desk",
                mend="Name the origin in allowed_origins.",
            )
        return [(b"access-control-allow-origin", origin.encode("latin-1"))]

    # -- streams and health --------------------------------------------------------------------

    def _stream(self, request: _Request) -> EventStream:
        """The stream that is asked for; raises when it may not be had."""
        claims = self._claims(request)
        after = request.header(b"last-event-id") or request.query.get("after", [""])[0]
        return EventStream(self.desk, claims.actor, _revision(after), self.connections)

    async def _health(self) -> Response:
        """Whether the desk can be reached."""
        try:
            revision = await self.desk.check()
        except ChatdeskError:
            return _json(503, msgspec.json.encode(Health("unavailable", self.desk.revision)))
        return _json(200, msgspec.json.encode(Health("ok", revision)))


_PREFLIGHT = (
    (b"access-control-allow-headers", b"authorization, content-type, last-event-id"),
    (b"access-control-max-age", b"600"),
)

ROUTES: dict[str, tuple[str, ...]] = {
    "frames": ("POST",),
    "events": ("GET",),
    "healthz": ("GET", "HEAD"),
    "schema.json": ("GET", "HEAD"),
}
"""The paths, and the methods each has."""


def _revision(text: str) -> Revision | None:
    """The cursor a client names; `None` when it names none."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_WHOLE_NUMBER)):
        return int(text)
    raise InvalidInput.field("after", "invalid", "is not a revision: the id of an event is one")


async def _body(request: _Request, receive: Receive) -> bytes | None:
    """The body; `None` when the client went away, `FrameTooLarge` before too much is read."""
    announced = request.header(b"content-length") or "0"
    if not announced.isdigit() or int(announced[:12]) > MAX_FRAME_BYTES:
        raise FrameTooLarge(f"a frame has at most {MAX_FRAME_BYTES} bytes")
    data = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        data += event.get("body", b"")
        if len(data) > MAX_FRAME_BYTES:
            raise FrameTooLarge(f"a frame has at most {MAX_FRAME_BYTES} bytes")
        if not event.get("more_body", False):
            return bytes(data)


@cache
def _schema() -> bytes:
    return msgspec.json.encode(schema())


def _astray(request: _Request, methods: Sequence[str]) -> Response:
    """Answers what no route is for: a browser's question what a page may send, or a mistake."""
    listed = ", ".join(methods).encode()
    if not methods:
        return _frame_response(RefusedFrame(refusal=ASTRAY))
    if request.method == "OPTIONS":
        return Response(204, headers=((b"access-control-allow-methods", listed), *_PREFLIGHT))
    response = _json(405, encode(RefusedFrame(refusal=ASTRAY)))
    return msgspec.structs.replace(response, headers=(*response.headers, (b"allow", listed)))


def _json(status: int, body: bytes) -> Response:
    return Response(status, body, ((b"content-type", b"application/json"),))


def _frame_response(frame: ServerFrame) -> Response:
    """A server frame as an HTTP answer."""
    response = _json(http_status(frame), encode(frame))
    if response.status == HTTPStatus.UNAUTHORIZED:
        challenge = (b"www-authenticate", b'Bearer realm="chatdesk"')
        return msgspec.structs.replace(response, headers=(*response.headers, challenge))
    return response


async def _send_response(response: Response, cors: Headers, send: Send) -> None:
    """Sends an answer whole."""
    length = (b"content-length", str(len(response.body)).encode())
    headers = [*SECURITY_HEADERS, *cors, *response.headers, length]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
