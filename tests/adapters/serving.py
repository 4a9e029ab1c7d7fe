"""A desk that is served for real: SQLite file, uvicorn in a thread, clients over HTTP and TCP."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import attrs
import httpx
import msgspec
import uvicorn

from chatdesk.adapters.asgi import ChatDeskApp
from chatdesk.adapters.connections import Connections
from chatdesk.adapters.serving import make_server
from chatdesk.adapters.sockets import SocketServer
from chatdesk.model.commands import Command, ConfigureDesk, SaveAgent, SaveQueue
from chatdesk.model.defaults import QUALIFICATION, RATING
from chatdesk.model.queries import Query
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import Role, service
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.transport.codec import decode_server
from chatdesk.transport.frames import (
    Answered,
    ClientFrame,
    Hello,
    RefusedFrame,
    Replied,
    ServerFrame,
    Update,
)
from chatdesk.transport.tokens import Tokens

TOKENS = Tokens("k" * 32)
SHOP = "https://shop.example"
PATIENCE = 30.0  # seconds until a test that hangs is a failed one


def new_desk(folder: Path) -> ChatDesk:
    """A desk on a new SQLite file: one queue, an agent and a supervisor."""
    desk = ChatDesk(f"sqlite:///{folder / 'desk.db'}")
    shop = service()
    setup = DeskSetup(name="Shop", preview_enabled=True, qualification=QUALIFICATION, rating=RATING)
    desk.execute(ConfigureDesk(setup=setup), by=shop)
    desk.execute(SaveQueue(queue="sales", setup=QueueSetup(name="Sales")), by=shop)
    ana = AgentSetup(name="Ana", queues=("sales",))
    desk.execute(SaveAgent(agent="ana", setup=ana), by=shop)
    chief = AgentSetup(name="Cleo", role=Role.SUPERVISOR)
    desk.execute(SaveAgent(agent="cleo", setup=chief), by=shop)
    return desk


# -- HTTP ----------------------------------------------------------------------------------------


class Mounted:
    """Hands on what comes below a path, as frameworks do."""

    def __init__(self, app: ChatDeskApp, path: str) -> None:
        self.app, self.path = app, path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Tells the app by `root_path` where it is mounted, as the ASGI specification says."""
        if scope["type"] == "http":
            assert scope["path"].startswith(self.path)
            scope = {**scope, "root_path": self.path}
        await self.app(scope, receive, send)


@attrs.define
class Served:
    """A desk behind a running HTTP server."""

    desk: ChatDesk
    app: ChatDeskApp
    url: str
    server: uvicorn.Server
    thread: Thread
    clients: list["HttpClient"] = attrs.field(factory=list)

    def client(self, token: str) -> "HttpClient":
        """A client, whose connections are closed at the end."""
        self.clients.append(HttpClient(self.url, token))
        return self.clients[-1]

    def stop(self) -> None:
        """Stops the server as a signal does, and waits for it."""
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@contextmanager
def serve_http(desk: ChatDesk, **options: Any) -> Iterator[Served]:
    """Runs uvicorn on a free port, in a thread, until the block ends."""
    app = ChatDeskApp(desk, TOKENS, allowed_origins=[SHOP], **options)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            Mounted(app, "/desk/chat"), lifespan="off", log_level="error", ws="none"
        )
        server = make_server(config, app)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        served = Served(desk, app, f"http://127.0.0.1:{port}/desk/chat/", server, thread)
        thread.start()
        try:
            yield served
        finally:
            for client in served.clients:
                client.http.close()
            served.stop()


def bearer(token: str) -> dict[str, str]:
    """The header that says who one is."""
    return {"Authorization": f"Bearer {token}"}


@attrs.define
class HttpClient:
    """One visitor or agent over HTTP."""

    url: str
    token: str
    http: httpx.Client = attrs.field(
        factory=lambda: httpx.Client(timeout=PATIENCE, trust_env=False)
    )

    def post(self, frame: ClientFrame) -> ServerFrame:
        """Sends a frame; gives the answer, whatever it is."""
        headers = {**bearer(self.token), "Content-Type": "application/json"}
        answer = self.http.post(
            f"{self.url}frames", content=msgspec.json.encode(frame), headers=headers
        )
        return decode_server(answer.content)

    def do(self, command: Command[Any]) -> Any:
        """Gives a command; its result."""
        answer = self.post(command)  # type: ignore[arg-type]  # every command is a client frame
        assert isinstance(answer, Replied), answer
        return answer.result

    def ask(self, query: Query[Any]) -> Any:
        """Asks a query; its view."""
        answer = self.post(query)  # type: ignore[arg-type]  # every query is a client frame
        assert isinstance(answer, Answered), answer
        return answer.view

    def refused(self, frame: ClientFrame) -> str:
        """Sends a frame that is refused; the code."""
        answer = self.post(frame)
        assert isinstance(answer, RefusedFrame), answer
        return answer.refusal.code

    @contextmanager
    def stream(self, after: int | None = None) -> Iterator["Stream"]:
        """Opens the event stream."""
        headers = bearer(self.token)
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        with self.http.stream("GET", f"{self.url}events", headers=headers) as response:
            assert response.status_code == 200, response.read()
            yield Stream(response.iter_lines())


@attrs.define
class Stream:
    """The client's side of an event stream."""

    lines: Iterator[str]
    last_id: str | None = None

    def __iter__(self) -> Iterator[ServerFrame]:
        """The frames that come, as EventSource reads them."""
        data = ""
        for line in self.lines:
            if line.startswith("data: "):
                data = line.removeprefix("data: ")
            elif line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
            elif not line and data:
                yield decode_server(data.encode())
                data = ""

    def until(self, event: str) -> Update:
        """The first update that tells of an event of this type."""
        for frame in self:
            if isinstance(frame, Update) and event in events_of(frame):
                return frame
        raise AssertionError(f"the stream ended without {event}")


def events_of(frame: Update) -> list[str]:
    """The types of the events that an update tells of."""
    events = [notice.event for notice in frame.notices]
    return [getattr(event, "what", str(event.__struct_config__.tag)) for event in events]


# -- TCP -----------------------------------------------------------------------------------------


@contextmanager
def serve_tcp(desk: ChatDesk, backend: str = "asyncio", **options: Any) -> Iterator[SocketServer]:
    """Serves the desk on a free TCP port, in a thread, until the block ends."""
    ports: list[int] = []
    server = SocketServer(AsyncChatDesk(desk), TOKENS, port=0, **options)
    ready, done = _Flag(), _Flag()

    async def run() -> None:
        async with anyio.create_task_group() as tasks:
            ports.append(await tasks.start(server.serve))
            ready.set()
            await anyio.to_thread.run_sync(done.wait)
            tasks.cancel_scope.cancel()

    thread = Thread(target=lambda: anyio.run(run, backend=backend), daemon=True)
    thread.start()
    ready.wait()
    server.port = ports[0]
    try:
        yield server
    finally:
        done.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


class _Flag:
    """An event that fails a test instead of waiting for ever."""

    def __init__(self) -> None:
        from threading import Event

        self._event = Event()

    def set(self) -> None:
        self._event.set()

    def wait(self) -> None:
        assert self._event.wait(PATIENCE)


@attrs.define
class TcpClient:
    """One visitor or agent over a socket."""

    port: int
    token: str = ""
    connection: socket.socket = attrs.field(init=False)
    reader: Any = attrs.field(init=False)
    pushed: list[ServerFrame] = attrs.field(factory=list)
    """What came without being asked for, while an answer was waited for."""

    def __attrs_post_init__(self) -> None:
        self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.reader = self.connection.makefile("rb")

    def send(self, *frames: ClientFrame | Command[Any] | Query[Any]) -> None:
        """Sends frames in one piece."""
        self.connection.sendall(b"".join(msgspec.json.encode(f) + b"\n" for f in frames))

    def hello(self, after: int | None = None) -> ServerFrame:
        """Says hello; gives the answer."""
        self.send(Hello(token=self.token, after=after, id="hello"))
        return self.receive()

    def receive(self) -> ServerFrame:
        """The next frame."""
        line = self.reader.readline()
        assert line, "the connection ended"
        return decode_server(line)

    def answer(self, frame: ClientFrame | Command[Any] | Query[Any]) -> ServerFrame:
        """Sends a frame and waits for its answer."""
        self.send(frame)
        while True:
            got = self.receive()
            if isinstance(got, Replied | Answered | RefusedFrame):
                return got
            self.pushed.append(got)

    def do(self, command: Command[Any]) -> Any:
        """Gives a command; its result."""
        got = self.answer(command)
        assert isinstance(got, Replied), got
        return got.result

    def until(self, event: str) -> Update:
        """The first update that tells of an event of this type."""
        while True:
            frame = self.pushed.pop(0) if self.pushed else self.receive()
            if isinstance(frame, Update) and event in events_of(frame):
                return frame

    def rest(self) -> Sequence[dict[str, Any]]:
        """Everything until the server closes the connection."""
        return [json.loads(line) for line in self.reader]

    def close(self) -> None:
        """Closes the connection."""
        self.reader.close()
        self.connection.close()


def few(total: int = 10_000, per_actor: int = 20) -> Connections:
    """Limits for connections."""
    return Connections(total, per_actor)
