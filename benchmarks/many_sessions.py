"""What do 10,000 authenticated socket sessions in open chats take, and how fast is a message there?

Subject: `SocketServer` with a desk on SQLite (full durability), on a file that other processes may
share ("desk") and on one that is the server's alone ("own"), which needs fewer syncs a commit:
9,000 visitors, each in a chat with one of 1,000 agents, and these agents, all connected and
greeted. Reference: a bare anyio echo with as many connections. Servers and clients are processes
of their own.

Measured: the server's memory before anybody comes, with all connected, and after the messages;
how long connecting takes; and with `--rate` messages a second, written by visitors in turn, the
time from a visitor's sending until his agent has it (reference: until the sender has it). Each
client pings once a minute, as the server wants it.

Run: python benchmarks/many_sessions.py [--pairs 3] [--rate 100] [--seconds 20] [--json FILE]
"""

import argparse
import asyncio
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import anyio
import attrs
import msgspec
from durable_commands import sync_ms
from http_load import TOKENS, percentile

from chatdesk.adapters.sockets import SocketServer
from chatdesk.model.commands import (
    ConfigureDesk,
    Connect,
    PostMessage,
    RequestChat,
    SaveAgent,
    SaveQueue,
)
from chatdesk.model.defaults import PRECHAT
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import agent, service, visitor
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.storage.port import Store
from chatdesk.storage.sql.store import SqlStore
from chatdesk.transport.frames import Hello, Ping

CHATS_EACH = 9
MEMORY_GOAL_MIB, P99_GOAL_MS = 256, 100
DAY = 86_400.0
AT_ONCE = 100
"""Connections that are opened at the same time."""
PING_SECONDS = 60.0


# -- the shop ------------------------------------------------------------------------------------


async def open_shop(file: Path, agents: int) -> list[str]:
    """A desk on a new file, everybody in a chat; the visitors' chats."""
    async with AsyncChatDesk(f"sqlite:///{file}") as desk:
        shop = service()
        form = msgspec.structs.replace(PRECHAT, any_of=())
        setup = DeskSetup(
            name="Shop",
            prechat=form,
            presence_lease_seconds=DAY,
            first_reply_seconds=DAY,
            reply_seconds=DAY,
        )
        await desk.execute(ConfigureDesk(setup=setup), by=shop)
        await desk.execute(SaveQueue(queue="q", setup=QueueSetup(name="q")), by=shop)
        staff = AgentSetup(name="a", queues=("q",), capacity=CHATS_EACH)
        for n in range(agents):
            await desk.execute(SaveAgent(agent=f"a{n}", setup=staff), by=shop)
            await desk.execute(Connect(device="d"), by=agent(f"a{n}"))
        asking = [
            desk.begin(
                RequestChat(queue="q", question="?", answers={"name": "x"}),
                by=visitor(f"v{n}"),
                timeout=300.0,
            )
            for n in range(agents * CHATS_EACH)
        ]
        results = [await each.outcome() for each in asking]
    chats = [each.chat for each in results if each.chat is not None]
    assert len(chats) == len(results)
    return chats


# -- the servers, each in a process of its own ---------------------------------------------------


async def serve_desk(file: str) -> None:
    """The subject, on a file that may be shared."""
    await serve(f"sqlite:///{file}")


async def serve_own(file: str) -> None:
    """The subject, on a file of its own."""
    await serve(SqlStore(f"sqlite:///{file}", exclusive=True))


async def serve(store: Store | str) -> None:
    """A `SocketServer`."""
    async with AsyncChatDesk(store) as desk:
        await desk.tick()
        async with anyio.create_task_group() as tasks:
            server = SocketServer(desk, TOKENS, port=0)
            server.connections.total = 20_000
            await until_told(await tasks.start(server.serve))
            tasks.cancel_scope.cancel()


async def serve_bare(_: str) -> None:
    """The reference."""

    async def echo(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            async for data in stream:
                await stream.send(data)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", backlog=1000)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, echo)
        await until_told(listener.extra(anyio.abc.SocketAttribute.local_port))  # noqa: S610 - anyio's own
        tasks.cancel_scope.cancel()


class Told(msgspec.Struct, frozen=True):
    """What a server says of itself."""

    memory_mib: float
    cpu_seconds: float


async def until_told(port: int) -> None:
    """Tells the port, then of itself whenever a line comes, until no more comes."""
    print(port, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        gc.collect()
        told = Told(memory_mib(), time.process_time())
        print(msgspec.json.encode(told).decode(), flush=True)


def memory_mib() -> float:
    """This process's resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kib,) = [int(line.split()[1]) for line in lines if line.startswith("VmRSS")]
    return kib / 1024


SERVERS: dict[str, Callable[[str], Awaitable[None]]] = {
    "bare": serve_bare,
    "desk": serve_desk,
    "own": serve_own,
}


@contextmanager
def server_process(server: str, file: Path) -> Iterator[tuple[int, Callable[[], Told]]]:
    """Starts a server; its port, and what asks it about itself."""
    command = [sys.executable, __file__, "--serve", server, "--file", str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        tell, hear = process.stdin, process.stdout

        def ask() -> Told:
            tell.write("\n")
            tell.flush()
            return msgspec.json.decode(hear.readline(), type=Told)

        yield int(hear.readline()), ask
        tell.close()


# -- the clients ---------------------------------------------------------------------------------


@attrs.define(eq=False)
class Times:
    """When each message was sent, and how long it took."""

    sent: dict[bytes, float] = attrs.field(factory=dict)
    took: list[float] = attrs.field(factory=list)

    def seen(self, data: bytes) -> None:
        """Notes the messages of a piece."""
        now = time.perf_counter()
        start = data.find(b"mark-")
        while start >= 0:
            began = self.sent.pop(data[start : start + 13], None)
            if began is not None:
                self.took.append(now - began)
            start = data.find(b"mark-", start + 1)


@attrs.define(eq=False)
class Client(asyncio.Protocol):
    """One connection. `times` is told what comes, if this is the side that counts."""

    times: Times | None
    transport: asyncio.Transport = attrs.field(init=False)
    greeting: asyncio.Future[None] = attrs.field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits to be greeted."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.greeting = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Looks for a greeting, a farewell, and messages; a mark may not be cut (it never was)."""
        assert b'"bye"' not in data, data
        if not self.greeting.done():
            assert b'"refused"' not in data, data
            self.greeting.set_result(None)
        if self.times is not None:
            self.times.seen(data)


async def connect(port: int, times: Times | None, first: bytes) -> Client:
    """Opens a connection, says the first line, and waits for the first answer."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(times), "127.0.0.1", port)
    client.transport.write(first)
    await client.greeting
    return client


async def connect_all(port: int, firsts: Sequence[tuple[Times | None, bytes]]) -> list[Client]:
    """All connections, some at a time."""
    clients: list[Client] = []
    for start in range(0, len(firsts), AT_ONCE):
        some = firsts[start : start + AT_ONCE]
        clients += await asyncio.gather(*(connect(port, *each) for each in some))
    return clients


async def write(clients: Sequence[Client], chats: list[str], rate: float, seconds: float) -> Times:
    """Visitors write in turn, at a steady rate; everybody pings now and then."""
    visitors = clients[: len(chats)]
    (times,) = {client.times for client in clients if client.times is not None}
    ping = msgspec.json.encode(Ping()) + b"\n"
    begin, pinged, count = time.perf_counter(), 0, int(rate * seconds)
    for n in range(count):
        await asyncio.sleep(max(begin + n / rate - time.perf_counter(), 0))
        due = int((time.perf_counter() - begin) * len(clients) / PING_SECONDS)
        for client in clients[pinged:due]:
            client.transport.write(ping)
        pinged = due
        mark = f"mark-{n:08}"
        place = n * 7919 % len(chats)  # spread over the agents
        line = msgspec.json.encode(PostMessage(chat=chats[place], text=mark)) + b"\n"
        times.sent[mark.encode()] = time.perf_counter()
        visitors[place].transport.write(line)
    for _ in range(500):
        if not times.sent:
            break
        await asyncio.sleep(0.02)
    assert not times.sent, f"{len(times.sent)} messages never came"
    return times


# -- the measurement -----------------------------------------------------------------------------


class Run(msgspec.Struct, frozen=True):
    """One run of one server."""

    before_mib: float
    connected_mib: float
    after_mib: float
    connecting_seconds: float
    cpu_ms: float
    """CPU time of the server for each message, pings included."""
    p50_ms: float
    p99_ms: float


async def load(
    port: int, server: str, chats: list[str], ask: Callable[[], Told], pace: tuple[float, float]
) -> Run:
    """Connects everybody, and writes."""
    times = Times()
    agents = len(chats) // CHATS_EACH
    if server != "bare":
        firsts = [(None, TOKENS.visitor(f"v{n}")) for n in range(len(chats))]
        hellos: list[tuple[Times | None, bytes]] = [
            (heard, msgspec.json.encode(Hello(token=token)) + b"\n")
            for heard, token in (*firsts, *((times, TOKENS.agent(f"a{n}")) for n in range(agents)))
        ]
    else:
        hellos = [(times, b"hello\n")] * (len(chats) + agents)
    before = ask()
    begin = time.perf_counter()
    clients = await connect_all(port, hellos)
    connecting = time.perf_counter() - begin
    connected = ask()
    await write(clients, chats, *pace)
    after = ask()
    for client in clients:
        client.transport.abort()
    return Run(
        before_mib=before.memory_mib,
        connected_mib=connected.memory_mib,
        after_mib=after.memory_mib,
        connecting_seconds=connecting,
        cpu_ms=(after.cpu_seconds - connected.cpu_seconds) * 1000 / len(times.took),
        p50_ms=percentile(times.took, 0.5) * 1000,
        p99_ms=percentile(times.took, 0.99) * 1000,
    )


def run(server: str, file: Path, chats: list[str], pace: tuple[float, float]) -> Run:
    """Starts a server, loads it, ends it."""
    with server_process(server, file) as (port, ask):
        return asyncio.run(load(port, server, chats, ask, pace))


def show(server: str, found: list[Run]) -> None:
    """One line of the table."""
    middle = {name: median(getattr(each, name) for each in found) for name in Run.__struct_fields__}
    print(
        f"  {server:5} {middle['before_mib']:6.0f} MiB before, {middle['connected_mib']:4.0f}"
        f" connected, {middle['after_mib']:4.0f} after; connecting"
        f" {middle['connecting_seconds']:5.1f} s; a message {middle['cpu_ms']:5.2f} ms of CPU,"
        f" p50 {middle['p50_ms']:6.1f} ms, p99 {middle['p99_ms']:6.1f} ms",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", choices=SERVERS)
    parser.add_argument("--file", default="")
    options: Any = parser.parse_args(arguments)
    if options.serve:
        return asyncio.run(SERVERS[options.serve](options.file))
    runs: dict[str, list[Run]] = {server: [] for server in SERVERS}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        chats = asyncio.run(open_shop(file, options.agents))
        print(
            f"{options.agents} agents, {len(chats)} visitors, {options.rate:g} messages/s for"
            f" {options.seconds:g} s, {options.pairs} pairs; the disk syncs in"
            f" {sync_ms(Path(folder)):.1f} ms;"
            f" goals: ≤ {MEMORY_GOAL_MIB} MiB, p99 ≤ {P99_GOAL_MS} ms",
            flush=True,
        )
        for number in range(options.pairs):
            for server in list(SERVERS)[:: -1 if number % 2 else 1]:
                runs[server].append(run(server, file, chats, (options.rate, options.seconds)))
    for server, found in runs.items():
        show(server, found)
    if options.json:
        options.json.write_bytes(msgspec.json.encode(runs))
    return None


if __name__ == "__main__":
    main()
