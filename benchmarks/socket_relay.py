"""What does relaying a chat message over sockets cost beside a raw echo?

100 visitors write to 100 agents, all on TCP connections of one server process; the load comes from
another process. Each pair has `--window` messages under way. Four servers:
* raw: an asyncio protocol that sends back what comes, whole (the reference);
* forward: an asyncio protocol that sends what comes to the other side, and back as an answer: what
  a relay with answers has to write at least (a second reference);
* relay: `SocketServer` with storage off. A stand-in for the desk hands each message to the other
  side's subscription at once, so this is the price of session, codec, answer and update;
* desk: `SocketServer` with a real desk on a memory store, for comparison: all of its work.

CPU of the server process a message (user and system), and the median time from a message's sending
until the other side (raw: the sender) has it. Alternating pairs; medians of the pairs' ratios.

Run: python benchmarks/socket_relay.py [--pairs 7] [--messages 20000] [--json FILE]
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, ClassVar, Self

import anyio
import attrs
import msgspec

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
from chatdesk.model.events import MessageAdded
from chatdesk.model.queries import VisitorMessage
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.results import MessagePosted
from chatdesk.model.values import Actor, ActorKind, Audience, MessageKind, Role, service
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.loops import Flag, make_flag
from chatdesk.transport.frames import Hello, Notice, Update, told
from chatdesk.transport.tokens import Tokens

PAIRS_OF_PEOPLE = 100
TEXT = "Your parcel left our warehouse this morning."
TOKENS = Tokens("benchmark" * 4)
CPU_GOAL, LATENCY_GOAL = 1.6, 1.3


# -- the servers, each in a process of its own ---------------------------------------------------


class Echo(asyncio.Protocol):
    """Sends back what comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Sends it back."""
        self.transport.write(data)


class Forward(Echo):
    """Sends what comes to the other side too; the first line is the pair's number."""

    waiting: ClassVar[dict[bytes, "Forward"]] = {}
    other: "Forward | None" = None

    def data_received(self, data: bytes) -> None:
        """Finds the other side first."""
        if self.other is not None:
            self.other.transport.write(data)
        elif data in self.waiting:
            self.other = self.waiting.pop(data)
            self.other.other = self
        else:
            self.waiting[data] = self
        self.transport.write(data)


@attrs.define(eq=False)
class Line:
    """A subscription of the stand-in: frames that wait, and who waits for them."""

    waiting: deque[Any] = attrs.field(factory=deque)
    bell: Flag = attrs.field(factory=make_flag)
    cursor: int = 0
    is_over: bool = False

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""

    def put(self, parcel: Any) -> None:
        """Adds a frame."""
        self.waiting.append(parcel)
        self.bell.set()

    async def receive(self, timeout: float | None = None) -> Any:  # noqa: ARG002, ASYNC109 - as the real one
        """The next frame."""
        while not self.waiting:
            self.bell = make_flag()
            await self.bell.wait()
        return self.waiting.popleft()

    def at_hand(self) -> Iterator[Any]:
        """The others."""
        while self.waiting:
            yield self.waiting.popleft()


class Parcel(msgspec.Struct):
    """An encoded frame."""

    data: bytes


@attrs.define(eq=False)
class Done:
    """A command that is done."""

    result: Any

    async def outcome(self) -> Any:
        """What came of it."""
        return self.result

    def give_up(self) -> None:
        """It is done already."""


@attrs.define(eq=False)
class StandIn:
    """A desk that decides and keeps nothing: visitor n talks to agent n."""

    revision: int = 0
    lines: dict[Actor, Line] = attrs.field(factory=dict)

    def subscribe(self, *, by: Actor, after: int | None = None) -> Line:  # noqa: ARG002 - as the real one
        """Where an actor hears what is for him."""
        return self.lines.setdefault(by, Line())

    async def role(self, actor: Actor) -> Role | None:
        """Agents are agents."""
        return Role.AGENT if actor.kind is ActorKind.AGENT else None

    def begin(self, command: Any, *, by: Actor) -> "Done":
        """Hands a message on."""
        self.revision += 1
        other = Actor(ActorKind.AGENT, f"a{by.id[1:]}")
        event = MessageAdded(
            at=1.0,
            by=by,
            audience=Audience(),
            chat=command.chat,
            queue="q",
            seq=self.revision,
            author=by,
            kind=MessageKind.TEXT,
            length=len(command.text),
        )
        message = VisitorMessage(
            seq=self.revision, at=1.0, kind=MessageKind.TEXT, mine=False, text=command.text
        )
        notice = Notice(event=told(event), message=message)
        update = Update(revision=self.revision, at=1.0, notices=(notice,))
        self.lines[other].put(Parcel(msgspec.json.encode(update)))
        return Done(MessagePosted(chat=command.chat, seq=self.revision))


async def serve_raw(protocol: type[Echo]) -> None:
    """The references."""
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    await until_told(server.sockets[0].getsockname()[1])


async def serve_frames(desk: Any) -> None:
    """A `SocketServer` on a desk, or on what stands for one."""
    async with anyio.create_task_group() as tasks:
        await until_told(await tasks.start(SocketServer(desk, TOKENS, port=0).serve))
        tasks.cancel_scope.cancel()


async def serve_desk() -> None:
    """A real desk in memory, with all agents there."""
    async with AsyncChatDesk("memory://") as desk:
        shop = service()
        setup = DeskSetup(name="Shop", prechat=msgspec.structs.replace(PRECHAT, any_of=()))
        await desk.execute(ConfigureDesk(setup=setup), by=shop)
        for n in range(PAIRS_OF_PEOPLE):
            queue = QueueSetup(name=f"q{n}")
            await desk.execute(SaveQueue(queue=f"q{n}", setup=queue), by=shop)
            agent = AgentSetup(name=f"a{n}", queues=(f"q{n}",))
            await desk.execute(SaveAgent(agent=f"a{n}", setup=agent), by=shop)
        await serve_frames(desk)


async def until_told(port: int) -> None:
    """Tells the port, then the CPU seconds whenever a line comes, until no more comes."""
    print(port, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(used.ru_utime + used.ru_stime, flush=True)


SERVERS: dict[str, Callable[[], Any]] = {
    "raw": lambda: serve_raw(Echo),
    "forward": lambda: serve_raw(Forward),
    "relay": lambda: serve_frames(StandIn()),
    "desk": serve_desk,
}


# -- the load ------------------------------------------------------------------------------------


@attrs.define(eq=False)
class Pair:
    """One visitor and his agent: the visitor keeps so many messages under way."""

    window: int
    count: int
    message: bytes
    writers: list[asyncio.StreamWriter]
    """The visitor's first; a writer that nobody holds closes its connection."""
    readers: list[asyncio.StreamReader]
    times: list[float] = attrs.field(factory=list)

    async def run(self) -> None:
        """Sends all messages, a window at a time."""
        for _ in range(self.count // self.window):
            begin = time.perf_counter()
            self.writers[0].write(self.message * self.window)
            for reader in reversed(self.readers):  # the agent first: his time counts
                lines = 0
                while lines < self.window:
                    data = await reader.read(65_536)
                    assert data, "the server closed the connection"
                    lines += data.count(b"\n")
                    assert b'"bye"' not in data, data
                if reader is self.readers[-1]:
                    self.times.append(time.perf_counter() - begin)


async def connect(port: int, kind: str, n: int) -> tuple[Any, Any]:
    """A connection that has said hello, unless the server is raw."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if kind:
        token = TOKENS.visitor(f"v{n}") if kind == "visitor" else TOKENS.agent(f"a{n}")
        await ask(reader, writer, Hello(token=token))
    return reader, writer


async def ask(reader: Any, writer: Any, frame: Any) -> dict[str, Any]:
    """Sends a frame, gives the first line that is no update."""
    writer.write(msgspec.json.encode(frame) + b"\n")
    while True:
        answer: dict[str, Any] = msgspec.json.decode(await reader.readline())
        assert answer["type"] != "refused", answer
        if answer["type"] != "update":
            return answer


async def make_pair(port: int, server: str, n: int, window: int, count: int) -> Pair:
    """Connects a pair; with a real desk the visitor asks and the agent is there."""
    if server == "raw":
        reader, writer = await connect(port, "", n)
        message = msgspec.json.encode(PostMessage(id="m", chat="c", text=TEXT)) + b"\n"
        return Pair(window, count, message, [writer], [reader])
    if server == "forward":
        ends = [await connect(port, "", n) for _ in range(2)]
        for reader, writer in ends:
            writer.write(b"%d\n" % n)
            await reader.readline()
        message = msgspec.json.encode(PostMessage(id="m", chat="c", text=TEXT)) + b"\n"
        return Pair(window, count, message, [w for _, w in ends], [r for r, _ in ends])
    chat = f"c{n}"
    agent_reader, agent_writer = await connect(port, "agent", n)
    reader, writer = await connect(port, "visitor", n)
    if server == "desk":
        await ask(agent_reader, agent_writer, Connect(device="d"))
        request = RequestChat(queue=f"q{n}", question="?", answers={"name": "x"})
        chat = (await ask(reader, writer, request))["result"]["chat"]
    message = msgspec.json.encode(PostMessage(chat=chat, text=TEXT)) + b"\n"
    return Pair(window, count, message, [writer, agent_writer], [reader, agent_reader])


class Run(msgspec.Struct, frozen=True):
    """One run of one server."""

    cpu_us: float
    p50_ms: float


async def load(port: int, server: str, window: int, messages: int, cpu: Callable[[], float]) -> Run:
    """Drives all pairs at once."""
    count = messages // PAIRS_OF_PEOPLE
    pairs = [await make_pair(port, server, n, window, count) for n in range(PAIRS_OF_PEOPLE)]
    # what setting up has told is read first
    await asyncio.gather(*(drain(reader) for pair in pairs for reader in pair.readers))
    before = cpu()
    await asyncio.gather(*(pair.run() for pair in pairs))
    used = cpu() - before
    for pair in pairs:
        for writer in pair.writers:
            writer.close()
    times = [each for pair in pairs for each in pair.times]
    return Run(used / messages * 1e6, median(times) * 1000)


async def drain(reader: asyncio.StreamReader) -> None:
    """Reads what is there, until nothing has come for a moment."""
    try:
        while await asyncio.wait_for(reader.read(65_536), 0.3):
            pass
    except TimeoutError:
        pass


def run(server: str, window: int, messages: int) -> Run:
    """Starts a server, loads it, ends it."""
    command = [sys.executable, __file__, "--serve", server]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        tell, hear = process.stdin, process.stdout
        port = int(hear.readline())

        def cpu() -> float:
            tell.write("\n")
            tell.flush()
            return float(hear.readline())

        result = asyncio.run(load(port, server, window, messages, cpu))
        tell.close()
    return result


class Row(msgspec.Struct, frozen=True):
    """Medians over all rounds of runs; ratios are to the raw echo of the same round."""

    server: str
    window: int
    cpu_us: float
    cpu_ratio: float
    p50_ms: float
    p50_ratio: float


def measure(servers: Sequence[str], window: int, rounds: int, messages: int) -> list[Row]:
    """Runs all servers in each round, in alternating order."""
    runs: dict[str, list[Run]] = {server: [] for server in servers}
    for number in range(rounds):
        for server in servers[:: -1 if number % 2 else 1]:
            runs[server].append(run(server, window, messages))
    return [summary(server, window, found, runs["raw"]) for server, found in runs.items()]


def summary(server: str, window: int, found: list[Run], raw: list[Run]) -> Row:
    """One line of the table."""
    both = list(zip(found, raw, strict=True))
    return Row(
        server,
        window,
        median(r.cpu_us for r in found),
        median(f.cpu_us / r.cpu_us for f, r in both),
        median(r.p50_ms for r in found),
        median(f.p50_ms / r.p50_ms for f, r in both),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--windows", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--servers", nargs="+", default=["forward", "relay", "desk"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", choices=SERVERS)
    options = parser.parse_args(arguments)
    if options.serve:
        asyncio.run(SERVERS[options.serve]())
        return
    print(f"{PAIRS_OF_PEOPLE} pairs; goals: CPU ≤ {CPU_GOAL} × raw echo, p50 ≤ {LATENCY_GOAL} ×")
    rows = []
    for window in options.windows:
        found = measure(["raw", *options.servers], window, options.pairs, options.messages)
        rows += found
        for row in found:
            print(
                f"  window {window:3}  {row.server:8} CPU a message {row.cpu_us:6.1f} µs,"
                f" × {row.cpu_ratio:5.2f}   p50 {row.p50_ms:7.2f} ms, × {row.p50_ratio:5.2f}",
                flush=True,
            )
    if options.json:
        options.json.write_bytes(msgspec.json.encode(rows))


if __name__ == "__main__":
    main()
