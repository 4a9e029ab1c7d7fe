"""How many chats a second are accepted, assigned and stored over HTTP?

Subject: `ChatDeskApp` under uvicorn, SQLite with full durability; visitors ask on `--callers`
keep-alive connections at once, and every chat is assigned in the same command. Reference: a bare
ASGI application under the same uvicorn that reads the frame, answers and keeps nothing. The load
comes from another process; alternating pairs; medians, and the median of the pairs' ratios.

Run: python benchmarks/http_chat.py [--pairs 7] [--chats 2000] [--callers 50] [--json FILE]
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
from http_load import AGENTS, TOKENS, Client, percentile, serve_bare, serve_desk, server_process

from chatdesk.model.commands import Connect, RequestChat

GOAL = 1_000


class Run(msgspec.Struct, frozen=True):
    """One run of one server."""

    per_second: float
    p50_ms: float
    p99_ms: float


async def load(port: int, chats: int, callers: int) -> Run:
    """All callers ask one after the other, each as another visitor every time."""
    agents = [await Client.connect(port, TOKENS.agent(f"a{n}")) for n in range(AGENTS)]
    for agent in agents:
        await agent.post(Connect(device="d"))
    clients = [await Client.connect(port, "") for _ in range(callers)]
    numbers = iter(range(chats))
    tokens = [TOKENS.visitor(f"v{n}") for n in range(chats)]
    times: list[float] = []

    async def ask(client: Client) -> None:
        for n in numbers:
            client.token = tokens[n]
            answers = {"name": "Bo", "email": f"v{n}@shop.example"}
            begin = time.perf_counter()
            await client.post(RequestChat(queue="sales", question="Where is it?", answers=answers))
            times.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    await asyncio.gather(*map(ask, clients))
    seconds = time.perf_counter() - begin
    for client in (*agents, *clients):
        client.writer.close()
    return Run(chats / seconds, percentile(times, 0.5) * 1000, percentile(times, 0.99) * 1000)


def run(server: str, chats: int, callers: int) -> Run:
    """Starts a server, loads it, ends it."""
    with server_process(__file__, server) as port:
        return asyncio.run(load(port, chats, callers))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--chats", type=int, default=2_000)
    parser.add_argument("--callers", type=int, default=50)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", choices=["desk", "bare"])
    parser.add_argument("--folder")
    options = parser.parse_args(arguments)
    if options.serve:
        return serve_desk(options.folder) if options.serve == "desk" else serve_bare()
    runs: dict[str, list[Run]] = {"bare": [], "desk": []}
    for number in range(options.pairs):
        for server in sorted(runs, reverse=bool(number % 2)):
            runs[server].append(run(server, options.chats, options.callers))
    print(
        f"{options.chats} chats, {options.callers} callers, {options.pairs} pairs; goal ≥ {GOAL}/s"
    )
    for server, found in runs.items():
        print(
            f"  {server:5} {median(r.per_second for r in found):7.0f}/s"
            f"   p50 {median(r.p50_ms for r in found):6.1f} ms"
            f"   p99 {median(r.p99_ms for r in found):6.1f} ms"
        )
    pairs = zip(runs["desk"], runs["bare"], strict=True)
    print(f"  ratio of rates {median(d.per_second / b.per_second for d, b in pairs):5.2f}")
    if options.json:
        options.json.write_bytes(msgspec.json.encode(runs))
    return None


if __name__ == "__main__":
    main()
