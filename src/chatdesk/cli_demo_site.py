"""The site of the demonstration as one ASGI application: shop, widget, console, the desk.

The routes under `/demo/` stand for what a real shop has of its own: they say who a visitor or an
agent is. Here anybody may be any agent, so the demonstration belongs on the own machine.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import msgspec
from msgspec import Struct

from chatdesk.adapters.asgi import ChatDeskApp, Receive, Scope, Send
from chatdesk.cli_demo_seed import DEMO
from chatdesk.model.queries import AskSettings
from chatdesk.model.values import Role
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.transport.tokens import Tokens
from chatdesk.web import CONTENT_SECURITY_POLICY, FOLDER, MEDIA_TYPES, SHOP_FOLDER, files

API = "/chatdesk/api"
COOKIE = "chatdesk_demo_visitor"
MAX_BODY = 4096
VISITOR_ID_LENGTHS = range(20, 65)

PAGE_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
)


class Answer(Struct, frozen=True):
    """What the site answers at once."""

    status: int
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Token(Struct, frozen=True):
    """What a token route answers."""

    token: str


class AgentChoice(Struct, frozen=True):
    """An agent to log in as."""

    id: str
    name: str
    about: str


class AgentChoices(Struct, frozen=True):
    """The agents to choose from."""

    agents: tuple[AgentChoice, ...]


class TokenRequest(Struct, frozen=True):
    """What the pages post to a token route."""

    agent: str | None = None


def static_files() -> dict[str, Path]:
    """What is served, by path; nothing else can be asked for."""
    pages = {f"/chatdesk/{name}": file for name, file in files(FOLDER).items()}
    shop = files(SHOP_FOLDER)
    pages |= {f"/shop/{name}": file for name, file in shop.items()}
    pages |= {f"/{name}": file for name, file in shop.items() if file.suffix == ".html"}
    return pages | {"/": shop["index.html"]}


@attrs.define(eq=False)
class DemoSite:
    """The whole site; `hosts` are the names (with port) under which it lets itself be called."""

    desk: AsyncChatDesk
    tokens: Tokens
    app: ChatDeskApp
    hosts: frozenset[str]
    _files: Mapping[str, Path] = attrs.field(factory=static_files, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif not self._is_called_by_name(scope):
            await respond(Answer(421, b"This site is not known by that name.\n"), send)
        elif path == "/healthz":
            await self.app(scope, receive, send)
        elif path.startswith(f"{API}/"):
            await self.app({**scope, "root_path": scope.get("root_path", "") + API}, receive, send)
        else:
            await respond(await self._answer(scope, receive), send)

    def _is_called_by_name(self, scope: Scope) -> bool:
        """A page of another site must not reach this one under a name of its own (rebinding)."""
        return not self.hosts or header(scope, b"host") in self.hosts

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        routes: Mapping[str, tuple[str, Callable[[TokenRequest, Scope], Answer]]] = {
            "/demo/visitor-token": ("POST", self._visitor_token),
            "/demo/agent-token": ("POST", self._agent_token),
        }
        if path == "/demo/agents" and method == "GET":
            return json(await self._agents())
        if path in routes:
            wanted, route = routes[path]
            return await self._post(scope, receive, route) if method == wanted else Answer(405)
        if method not in {"GET", "HEAD"}:
            return Answer(405)
        return console(scope) if path == "/console" else self._file(path)

    def _file(self, path: str) -> Answer:
        file = self._files.get(path)
        if file is None:
            return Answer(404, b"There is no such page.\n")
        return Answer(200, file.read_bytes(), MEDIA_TYPES[file.suffix], PAGE_HEADERS)

    # -- what stands for the shop's own log-in -------------------------------------------------

    async def _post(
        self, scope: Scope, receive: Receive, route: Callable[[TokenRequest, Scope], Answer]
    ) -> Answer:
        """Only this site's own pages may ask for tokens."""
        origin = header(scope, b"origin")
        if origin is not None and urlsplit(origin).netloc != header(scope, b"host"):
            return Answer(403, b"Pages of other sites get no tokens.\n")
        if (header(scope, b"content-type") or "").partition(";")[0] != "application/json":
            return Answer(415, b"Send application/json.\n")
        try:
            asked = msgspec.json.decode(await body(receive), type=TokenRequest)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Answer(400, b"Send a JSON object.\n")
        return route(asked, scope)

    def _visitor_token(self, _: TokenRequest, scope: Scope) -> Answer:
        """A visitor is who has the cookie, as in a shop with sessions."""
        visitor = visitor_of(scope) or f"visitor-{secrets.token_urlsafe(18)}"
        cookie = f"{COOKIE}={visitor}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"
        return json(Token(self.tokens.visitor(visitor)), ((b"set-cookie", cookie.encode()),))

    def _agent_token(self, asked: TokenRequest, _: Scope) -> Answer:
        """Whoever asks is believed: this is a demonstration."""
        if not asked.agent:
            return Answer(400, b"Say which agent.\n")
        return json(Token(self.tokens.agent(asked.agent)))

    async def _agents(self) -> AgentChoices:
        settings = await self.desk.ask(AskSettings(), by=DEMO)
        return AgentChoices(
            tuple(
                AgentChoice(each.id, each.setup.name, about(each.setup.role))
                for each in settings.agents
                if not each.retired
            )
        )


def console(scope: Scope) -> Answer:
    """The short address leads to where the console's files stand."""
    query: bytes = scope.get("query_string", b"")
    return Answer(307, headers=((b"location", b"/chatdesk/console.html?" + query),))


def about(role: Role) -> str:
    """A word beside the name; agents need none."""
    return "" if role is Role.AGENT else role.value


def header(scope: Scope, name: bytes) -> str | None:
    """A request's header, or `None`."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for key, value in headers if key == name), None)


def visitor_of(scope: Scope) -> str | None:
    """The visitor's id from the cookie, if there is one that we may have given."""
    try:
        cookie = SimpleCookie(header(scope, b"cookie") or "").get(COOKIE)
    except CookieError:
        return None
    if cookie is None or len(cookie.value) not in VISITOR_ID_LENGTHS:
        return None
    good = cookie.value.isascii() and cookie.value.replace("-", "").replace("_", "").isalnum()
    return cookie.value if good else None


async def body(receive: Receive) -> bytes:
    """The request's body; what is too long is cut, and then is no JSON."""
    data = bytearray()
    while len(data) <= MAX_BODY:
        event = await receive()
        data += event.get("body", b"")
        if not event.get("more_body", False):
            break
    return bytes(data[:MAX_BODY])


def json(value: Struct, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """A value as an answer that nobody keeps."""
    fresh = (*headers, (b"cache-control", b"no-store"))
    return Answer(200, msgspec.json.encode(value), "application/json", fresh)


async def respond(answer: Answer, send: Send) -> None:
    """Sends an answer whole."""
    headers = [
        (b"content-type", answer.kind.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
