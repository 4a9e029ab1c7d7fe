"""How long from a visitor's POST until it is on an agent's event stream, with 50 streams?

Subject: `ChatDeskApp` under uvicorn, SQLite with full durability: a message is stored before it
is told. 50 agents listen; 50 visitors, each in a chat with one of them, write in turn, `--rate`
messages a second in all. Reference: a bare ASGI application under the same uvicorn that keeps
nothing and sends the frame to all 50 streams. Time is taken in the one process of the load.
Alternating pairs; medians over pairs.

Run: python benchmarks/delivery.py [--pairs 7] [--messages 500] [--rate 100] [--json FILE]
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from http_load import TOKENS, Client, percentile, serve_bare, serve_desk, server_process

from chatdesk.model.commands import Connect, PostMessage, RequestChat

STREAMS = 50
P50_GOAL, P99_GOAL = 10, 40


class Run(msgspec.Struct, frozen=True):
    """One run of one server, in milliseconds."""

    p50_ms: float
    p99_ms: float


async def listen(client: Client, sent: dict[bytes, float], times: dict[bytes, float]) -> None:
    """Notes when each message is first seen on any stream."""
    async for line in client.events():
        now = time.perf_counter()
        start = line.find(b"mark-")
        mark = line[start : start + 11]
        if start >= 0 and mark in sent and mark not in times:
            times[mark] = now - sent[mark]


async def load(port: int, messages: int, rate: float) -> Run:
    """Visitors write in turn, agents listen."""
    sent: dict[bytes, float] = {}
    times: dict[bytes, float] = {}
    agents = [await Client.connect(port, TOKENS.agent(f"a{n}")) for n in range(STREAMS)]
    visitors = [await Client.connect(port, TOKENS.visitor(f"v{n}")) for n in range(STREAMS)]
    chats = []
    for n, (agent, visitor) in enumerate(zip(agents, visitors, strict=True)):
        await agent.post(Connect(device="d"))
        answers = {"name": "Bo", "email": f"v{n}@shop.example"}
        asked = await visitor.post(RequestChat(queue="sales", question="?", answers=answers))
        chats.append(asked["result"]["chat"])
    streams = [await Client.connect(port, TOKENS.agent(f"a{n}")) for n in range(STREAMS)]
    tasks = [asyncio.create_task(listen(stream, sent, times)) for stream in streams]
    await asyncio.sleep(0.5)
    begin = time.perf_counter()
    for n in range(messages):
        await asyncio.sleep(max(begin + n / rate - time.perf_counter(), 0))
        mark = f"mark-{n:06}"
        sent[mark.encode()] = time.perf_counter()
        await visitors[n % STREAMS].post(PostMessage(chat=chats[n % STREAMS], text=mark))
    for _ in range(500):
        if len(times) == messages:
            break
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    for client in (*agents, *visitors, *streams):
        client.writer.close()
    assert len(times) == messages, f"{messages - len(times)} messages never came"
    found = list(times.values())
    return Run(percentile(found, 0.5) * 1000, percentile(found, 0.99) * 1000)


def run(server: str, messages: int, rate: float) -> Run:
    """Starts a server, loads it, ends it."""
    with server_process(__file__, server) as port:
        return asyncio.run(load(port, messages, rate))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", choices=["desk", "bare"])
    parser.add_argument("--folder")
    options = parser.parse_args(arguments)
    if options.serve:
        return serve_desk(options.folder, STREAMS) if options.serve == "desk" else serve_bare()
    runs: dict[str, list[Run]] = {"bare": [], "desk": []}
    for number in range(options.pairs):
        for server in sorted(runs, reverse=bool(number % 2)):
            runs[server].append(run(server, options.messages, options.rate))
    print(
        f"{options.messages} messages at {options.rate:g}/s, {STREAMS} streams, "
        f"{options.pairs} pairs; goal p50 ≤ {P50_GOAL} ms, p99 ≤ {P99_GOAL} ms"
    )
    for server, found in runs.items():
        print(
            f"  {server:5} p50 {median(r.p50_ms for r in found):6.1f} ms"
            f"   p99 {median(r.p99_ms for r in found):6.1f} ms"
        )
    if options.json:
        options.json.write_bytes(msgspec.json.encode(runs))
    return None


if __name__ == "__main__":
    main()
