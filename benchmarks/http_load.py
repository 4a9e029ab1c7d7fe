"""What the HTTP benchmarks share: a lean client, and servers in processes of their own."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import msgspec
import uvicorn

from chatdesk.adapters.asgi import ChatDeskApp
from chatdesk.adapters.connections import Connections
from chatdesk.adapters.serving import make_server
from chatdesk.model.commands import Command, ConfigureDesk, SaveAgent, SaveQueue
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import service
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.transport.tokens import Tokens

TOKENS = Tokens("benchmark" * 4)
AGENTS = 20


def options() -> dict[str, Any]:
    """How both servers run."""
    return {"port": 0, "lifespan": "off", "log_level": "error", "access_log": False, "ws": "none"}


def serve_desk(folder: str, agents: int = AGENTS) -> None:
    """Serves a desk on a new SQLite file, with agents who have much room."""
    with ChatDesk(f"sqlite:///{Path(folder) / 'desk.db'}") as desk:
        shop = service()
        desk.execute(ConfigureDesk(setup=DeskSetup(name="Shop")), by=shop)
        desk.execute(SaveQueue(queue="sales", setup=QueueSetup(name="Sales")), by=shop)
        for n in range(agents):
            setup = AgentSetup(name=f"a{n}", queues=("sales",), capacity=100_000)
            desk.execute(SaveAgent(agent=f"a{n}", setup=setup), by=shop)
        app = ChatDeskApp(desk, TOKENS, connections=Connections(per_actor=1000))
        config = uvicorn.Config(app, **options())
        run_server(make_server(config, app))


def run_server(server: uvicorn.Server) -> None:
    """Runs a server, and prints its port once it listens."""

    async def tell() -> None:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)

    async def run() -> None:
        telling = asyncio.create_task(tell())
        await server.serve()
        await telling

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(run())


@contextmanager
def server_process(script: str, name: str) -> Iterator[int]:
    """Starts `script --serve NAME --folder …` and gives its port; ends it after the block."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, script, "--serve", name, "--folder", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.terminate()


@attrs.define(eq=False)
class Client:
    """One keep-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    token: str

    @classmethod
    async def connect(cls, port: int, token: str) -> "Client":
        """Opens a connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, token)

    async def post(self, frame: Command[Any]) -> dict[str, Any]:
        """Sends a frame, gives the answer, which must be no refusal."""
        body = msgspec.json.encode(frame)
        head = (
            f"POST /frames HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in answer.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        found: dict[str, Any] = msgspec.json.decode(await self.reader.readexactly(length))
        assert found["type"] != "refused", found
        return found

    async def events(self) -> AsyncIterator[bytes]:
        """Opens the event stream; its data lines, the welcome first."""
        head = f"GET /events HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {self.token}\r\n\r\n"
        self.writer.write(head.encode())
        while line := await self.reader.readline():
            if line.startswith(b"data: "):
                yield line


def percentile(times: list[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def bare_app(stored: Callable[[bytes], None]) -> Any:
    """The reference: an ASGI application that reads a frame, answers, and keeps nothing.

    A posted frame is sent to every open event stream.
    """
    streams: list[asyncio.Queue[bytes]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        if scope["path"] == "/events":
            queue: asyncio.Queue[bytes] = asyncio.Queue()
            streams.append(queue)
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            data = b"{}"
            while True:
                body = b"data: " + data + b"\n\n"
                await send({"type": "http.response.body", "body": body, "more_body": True})
                data = await queue.get()
        event = await receive()
        stored(event["body"])
        for queue in streams:
            queue.put_nowait(event["body"])
        body = b'{"type":"replied","result":{"chat":"c"}}'
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def serve_bare() -> None:
    """Serves the reference."""
    config = uvicorn.Config(bare_app(msgspec.json.decode), **options())
    config.timeout_graceful_shutdown = 1
    run_server(uvicorn.Server(config))
