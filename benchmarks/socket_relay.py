"""What does relaying a chat message over sockets cost beside a raw echo?

100 visitors write to 100 agents, all on TCP connections of one server process; the load comes from
another process, which does little more than read and write: the server shall be what is waited
for. Each pair sends a window of messages, and the next when both sides have all. Four servers:
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
import math
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
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
from chatdesk.model.values import Actor, ActorKind, MessageKind, Role, service
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.transport.frames import WIRE_EVENTS, Hello, Notice, Update
from chatdesk.transport.tokens import Tokens

PAIRS_OF_PEOPLE = 100
TEXT = "Your parcel left our warehouse this morning."
TEXT_MARK, ANSWER_MARK = TEXT.encode(), b'"replied"'
"""What each message, and each answer to the sender, holds once. One update may hold several."""
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
    """A subscription of the stand-in: frames that wait, and who is rung for them."""

    waiting: list[Any] = attrs.field(factory=list)
    bell: Any = None
    cursor: int = 0
    is_over: bool = False
    is_behind: bool = False

    is_live: bool = True

    async def open(self) -> Self:
        """Nothing to open."""
        return self

    def close(self) -> None:
        """Nothing to close."""

    def put(self, parcel: Any) -> None:
        """Adds a frame, in the one thread there is."""
        self.waiting.append(parcel)
        if self.bell is not None:
            self.bell.set()

    def take_all(self, bell: Any) -> list[Any]:
        """What waits; the bell is rung for more."""
        found, self.waiting, self.bell = self.waiting, [], bell
        return found


class Parcel(msgspec.Struct):
    """An encoded frame."""

    data: bytes


@attrs.define(eq=False)
class Done:
    """A command, and what comes of it."""

    command: Any
    bell: Any
    by: Actor
    result: Any = None
    is_settled: bool = False
    give_up_at: float = math.inf

    def outcome(self) -> Any:
        """What came of it."""
        return self.result


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

    def job(self, command: Any, bell: Any, *, by: Actor) -> Done:
        """A command to be given."""
        return Done(command, bell, by)

    def give(self, jobs: Sequence[Done]) -> None:
        """Hands messages on."""
        for job in jobs:
            job.result = self.relay(job.command, job.by)
            job.is_settled = True
            job.bell.set()

    def relay(self, command: Any, by: Actor) -> MessagePosted:
        """Hands a message on."""
        self.revision += 1
        event = WIRE_EVENTS[MessageAdded](
            at=1.0,
            by=by,
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
        notice = Notice(event=event, message=message)
        update = Update(revision=self.revision, at=1.0, notices=(notice,))
        self.lines[Actor(ActorKind.AGENT, f"a{by.id[1:]}")].put(Parcel(msgspec.json.encode(update)))
        return MessagePosted(chat=command.chat, seq=self.revision)


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
class End:
    """One side's connection."""

    socket: socket.socket
    mark: bytes
    """What it reads once for each message."""
    found: int = 0
    rest: bytes = b""

    def read(self) -> None:
        """Counts the messages in what has come."""
        new = self.socket.recv(262_144)
        assert new, "the server closed the connection"
        data = self.rest + new
        assert b'"bye"' not in data, data
        self.found += data.count(self.mark)
        self.rest = data[-(len(self.mark) - 1) :]

    def ask(self, frame: Any) -> dict[str, Any]:
        """Sends a frame, gives the first line that is no update."""
        self.socket.sendall(msgspec.json.encode(frame) + b"\n")
        for line in self.socket.makefile("rb"):
            answer: dict[str, Any] = msgspec.json.decode(line)
            assert answer["type"] != "refused", answer
            if answer["type"] != "update":
                return answer
        raise AssertionError("the server closed the connection")


@attrs.define(eq=False)
class Pair:
    """One visitor and his agent: the visitor sends so many messages, then waits for both sides."""

    message: bytes
    visitor: End
    agent: End
    """The same end when there is only one."""
    windows: int = 0
    """How many are still to be sent."""
    _window: int = 0
    _began: float = 0.0
    _arrived: bool = False
    times: list[float] = attrs.field(factory=list)

    def begin(self, window: int) -> None:
        """Sends a window of messages."""
        self._window, self._arrived = window, False
        self.visitor.found = self.agent.found = 0
        self._began = time.perf_counter()
        self.visitor.socket.sendall(self.message * window)

    def go_on(self) -> bool:
        """Something has come: sends the next when both sides have all; whether it was the last."""
        if not self._arrived and self.agent.found >= self._window:
            self._arrived = True
            self.times.append(time.perf_counter() - self._began)
        if self.visitor.found < self._window or not self._arrived:
            return False
        self.windows -= 1
        if self.windows:
            self.begin(self._window)
        return not self.windows


def connect(port: int, mark: bytes, token: str = "") -> End:
    """A connection that has said hello, if it has a token."""
    end = End(socket.create_connection(("127.0.0.1", port)), mark)
    end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if token:
        end.ask(Hello(token=token))
    return end


def make_pair(port: int, server: str, n: int) -> Pair:
    """Connects a pair; with a real desk the visitor asks and the agent is there."""
    message = msgspec.json.encode(PostMessage(id="m", chat="c", text=TEXT)) + b"\n"
    if server == "raw":
        end = connect(port, TEXT_MARK)
        return Pair(message, end, end)
    if server == "forward":
        ends = [connect(port, TEXT_MARK) for _ in range(2)]
        for end in ends:
            end.socket.sendall(b"%d\n" % n)
            end.socket.recv(100)
        return Pair(message, *ends)
    chat = f"c{n}"
    agent = connect(port, TEXT_MARK, TOKENS.agent(f"a{n}"))
    visitor = connect(port, ANSWER_MARK, TOKENS.visitor(f"v{n}"))
    if server == "desk":
        agent.ask(Connect(device="d"))
        request = RequestChat(queue=f"q{n}", question="?", answers={"name": "x"})
        chat = visitor.ask(request)["result"]["chat"]
    return Pair(msgspec.json.encode(PostMessage(chat=chat, text=TEXT)) + b"\n", visitor, agent)


class Run(msgspec.Struct, frozen=True):
    """One run of one server."""

    cpu_us: float
    p50_ms: float


def load(port: int, server: str, window: int, messages: int, cpu: Callable[[], float]) -> Run:
    """Drives all pairs at once, with as little work of its own as may be."""
    pairs = [make_pair(port, server, n) for n in range(PAIRS_OF_PEOPLE)]
    poll, ends = select.epoll(), dict[int, tuple[End, Pair]]()
    for pair in pairs:
        for end in {pair.visitor, pair.agent}:
            ends[end.socket.fileno()] = end, pair
            poll.register(end.socket, select.EPOLLIN)
    while ready := poll.poll(0.3):  # what setting up has told is read first
        for file, _ in ready:
            ends[file][0].read()
    before = cpu()
    for pair in pairs:
        pair.windows = messages // PAIRS_OF_PEOPLE // window
        pair.begin(window)
    running = len(pairs)
    while running:
        for file, _ in poll.poll():
            end, pair = ends[file]
            end.read()
            running -= pair.go_on()
    used = cpu() - before
    for end, _ in ends.values():
        end.socket.close()
    times = [each for pair in pairs for each in pair.times]
    return Run(used / messages * 1e6, median(times) * 1000)


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

        result = load(port, server, window, messages, cpu)
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
