"""What do the codec's checks cost beside bare msgspec?

Subjects: `chatdesk.transport.codec`. Reference: msgspec's encoder and decoder for the same types.
1. an update that tells of one message with its chat (what streams carry most): encoded by the
   server, decoded by a client in Python;
2. a bare event: the smallest update;
3. a visitor's message and 4. a request with a form, decoded by the server with all refusals.

Pairs alternate; CPU time; the table gives medians and the median of the pairs' ratios.

Run: python benchmarks/codec.py [--pairs 15] [--json FILE]
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from chatdesk.model.commands import PostMessage, RequestChat
from chatdesk.model.events import MessageAdded
from chatdesk.model.queries import VisitorChat, VisitorMessage
from chatdesk.model.values import Audience, ChatState, MessageKind, Page, agent
from chatdesk.transport.codec import decode, decode_server, encode
from chatdesk.transport.frames import ClientFrame, Notice, ServerFrame, Update, told

ROUNDS = 20_000
GOAL = 1.2

CHAT = "c-01a20035-07a9-79b9-8b3c-0138c0d27e25"
TEXT = "Your parcel left our warehouse this morning. Can I help you with anything else?"
EVENT = MessageAdded(
    at=1_700_000_000.25,
    by=agent("ana"),
    audience=Audience(visitor="v-81", agents=("ana",)),
    chat=CHAT,
    queue="sales",
    seq=4,
    author=agent("ana"),
    kind=MessageKind.TEXT,
    length=len(TEXT),
)
BARE = Update(revision=812, at=EVENT.at, notices=(Notice(event=told(EVENT)),))
UPDATE = Update(
    revision=812,
    at=EVENT.at,
    notices=(
        Notice(
            event=told(EVENT),
            message=VisitorMessage(
                seq=4, at=EVENT.at, kind=MessageKind.TEXT, mine=False, author="Ana", text=TEXT
            ),
            chat=VisitorChat(
                chat=CHAT,
                state=ChatState.ACTIVE,
                queue="sales",
                requested_at=EVENT.at,
                agent="Ana",
                messages=4,
            ),
        ),
    ),
)
MESSAGE = msgspec.json.encode(
    PostMessage(id="7c9e6679-7425-40de-944b-e07fc1f90ae7", chat=CHAT, text=TEXT)
)
REQUEST = msgspec.json.encode(
    RequestChat(
        id="7c9e6679-7425-40de-944b-e07fc1f90ae7",
        queue="sales",
        question=TEXT,
        answers={"name": "Bo", "email": "bo@shop.example", "topic": ("order",)},
        page=Page(url="https://shop.example/cart", title="Cart"),
    )
)


class Result(msgspec.Struct, frozen=True):
    """Medians of CPU microseconds, and of the pairs' ratios."""

    question: str
    bare_us: float
    ours_us: float
    ratio: float


def round_trips() -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """For each question the reference and the subject."""
    bare_encode = msgspec.json.Encoder().encode
    bare_server = msgspec.json.Decoder(ServerFrame).decode
    bare_client = msgspec.json.Decoder(ClientFrame).decode
    return {
        "update with message and chat, encode + decode": (
            lambda: bare_server(bare_encode(UPDATE)),
            lambda: decode_server(encode(UPDATE)),
        ),
        "bare event, encode + decode": (
            lambda: bare_server(bare_encode(BARE)),
            lambda: decode_server(encode(BARE)),
        ),
        "visitor's message, decode with all refusals": (
            lambda: bare_client(MESSAGE),
            lambda: decode(MESSAGE),
        ),
        "request with form, decode with all refusals": (
            lambda: bare_client(REQUEST),
            lambda: decode(REQUEST),
        ),
    }


def cpu_us(work: Callable[[], Any]) -> float:
    """CPU microseconds of one call."""
    begin = time.process_time_ns()
    for _ in range(ROUNDS):
        work()
    return (time.process_time_ns() - begin) / ROUNDS / 1000


def measure(question: str, bare: Callable[[], Any], ours: Callable[[], Any], pairs: int) -> Result:
    """Alternates reference and subject."""
    assert bare() == ours()
    times: list[tuple[float, float]] = []
    for number in range(pairs):
        if number % 2:
            times.append((cpu_us(bare), cpu_us(ours)))
        else:
            ours_us = cpu_us(ours)
            times.append((cpu_us(bare), ours_us))
    return Result(
        question,
        median(b for b, _ in times),
        median(o for _, o in times),
        median(o / b for b, o in times),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    results = [measure(q, *both, options.pairs) for q, both in round_trips().items()]
    print(f"CPU time, medians of {options.pairs} pairs of {ROUNDS} calls; goal for events ≤ {GOAL}")
    for each in results:
        print(
            f"  {each.question:46} bare {each.bare_us:6.2f} µs   ours {each.ours_us:6.2f} µs"
            f"   ratio {each.ratio:5.2f}"
        )
    if options.json:
        options.json.write_bytes(msgspec.json.encode(results))


if __name__ == "__main__":
    main()
