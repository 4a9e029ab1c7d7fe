"""What the tests of a store write, read and compare.

A replica that follows changes, a person to be erased, a writer to be killed.
"""
# ruff: noqa: S101, PLR2004 - parts of a suite of tests: asserts, plain numbers

import os
import random
import traceback
from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import Any

from msgspec.structs import replace

from chatdesk.model.commits import Batch, Change, Need
from chatdesk.model.events import CustomerErased
from chatdesk.model.ids import Revision
from chatdesk.model.records import Chat, Record, Visitor
from chatdesk.model.values import ChatState, OfferState, Page, TicketState
from chatdesk.rules.lifecycle import is_live
from chatdesk.storage.keys import KIND_TYPES, RecordKey, key_of, kind_of
from chatdesk.storage.port import FINDABLE, Find, Store
from chatdesk.testing.factories import (
    NOON,
    a_batch,
    a_chat,
    a_customer,
    a_learned_question,
    a_message,
    a_reply,
    a_ticket,
    a_ticket_entry,
    a_visitor,
    an_event,
    an_interaction,
    an_offer,
    one_of_each,
    some_answers,
)

CANARY = "canary-7f3a91"
WAIT_SECONDS = 30.0


def write(
    store: Store, batch: Batch, *, since: Revision | None = None, timeout: float = WAIT_SECONDS
) -> Revision:
    """Writes a batch in a turn of its own."""
    applied = store.head() if since is None else since
    with store.turn(applied, timeout=timeout) as turn:
        return turn.write(batch)


def fetch(store: Store, *needs: Need) -> list[Record]:
    """Looks records up in a turn that writes nothing."""
    with store.turn(store.head(), timeout=WAIT_SECONDS) as turn:
        return turn.fetch(needs)


def everything(store: Store) -> list[Record]:
    """Every record that can be searched."""
    return [record for kind in FINDABLE for record in store.find(Find(kind, limit=100_000))]


def by_key(records: Iterable[Record]) -> dict[RecordKey, Record]:
    """Records by what names them."""
    return {key_of(record): record for record in records}


def replayed(changes: Iterable[Change]) -> dict[RecordKey, Record]:
    """The live records that a replica holds after applying changes in order."""
    held: dict[RecordKey, Record] = {}
    for change in changes:
        for record in change.records:
            held.pop(key_of(record), None)
            if is_live(record):
                held[key_of(record)] = record
        for event in change.events:
            if isinstance(event, CustomerErased):
                held = {key: r for key, r in held.items() if not _is_persons(r, event.customer)}
    return held


def _is_persons(record: Record, customer: str) -> bool:
    return isinstance(record, Visitor) and record.customer == customer


def check_whole(store: Store, acknowledged: Revision) -> None:
    """Asserts that `_write_forever` lost nothing it acknowledged, and left nothing half done."""
    head = store.head()
    assert head in {acknowledged, acknowledged + 1}
    for change in in_pages(store, 1000):
        told = [getattr(event, "chat", None) for event in change.events]
        assert told == [f"{change.revision}-{n}" for n in range(4)]
    kept = {c.id: c for c in store.find(Find("chat", limit=10)) if isinstance(c, Chat)}
    assert {chat.priority for chat in kept.values()} == {head}
    assert len(kept) == 4
    assert len(fetch(store, *(Need("reply", f"agent:ada:{n}") for n in range(1, head + 2)))) == head


def write_forever(store: Store, acknowledge: int) -> None:
    """Writes batches that tell their revision, and says each revision once it is committed."""
    while True:
        with store.turn(store.head(), timeout=WAIT_SECONDS) as turn:
            revision = turn.revision + 1
            chats = [a_chat(f"c{n}", priority=revision) for n in range(4)]
            events = [an_event(f"{revision}-{n}") for n in range(4)]
            turn.write(a_batch(*chats, *events, a_reply(f"agent:ada:{revision}")))
        os.write(acknowledge, b"%d\n" % revision)


def in_child(act: Callable[[], object]) -> int:
    """Runs an act in a forked child, which ends with 0 when it raises nothing; gives its pid."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        except BaseException:  # noqa: BLE001 - a child tells what befell it, and ends
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def run_all(threads: list[Thread]) -> None:
    """Starts threads and waits for all of them."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_pages(store: Store, size: int) -> Iterator[Change]:
    """All changes, read a few at a time."""
    since = 0
    while page := store.changes(since, limit=size):
        yield from page
        since = page[-1].revision


def all_pages(store: Store, search: Find) -> list[Record]:
    """All rows of a search, read page by page."""
    found: list[Record] = []
    while page := store.find(search):
        found += page
        last = page[-1]
        search = replace(search, after=(getattr(last, search.order), last.id))
    return found


def ranked(records: list[Record], field: str, *, descending: bool) -> list[Record]:
    """Records in order of a field, absent values first, then of their ids."""

    def rank(record: Record) -> tuple[bool, Any, str]:
        value = getattr(record, field)
        return (value is not None, value, record.id)

    return sorted(records, key=rank, reverse=descending)


def scattered(kind: str) -> list[Record]:
    """Records of a kind with ties, absent values and texts that sort by code point."""
    (model,) = (record for record in one_of_each() if kind_of(record) == kind)
    texts = ["b", "B", "é", "z", "a", "Z", "ß", "🛒", "_"]
    annotations = KIND_TYPES[kind].__annotations__
    records: list[Record] = []
    for n, text in enumerate(texts):
        values: dict[str, object] = {"id": text}
        for field in FINDABLE[kind]:
            held = str(annotations.get(field))
            if "float" in held:
                values[field] = NOON + (n % 4) / 1_000_000
            elif "int" in held:
                values[field] = n * 5 % 12
            elif field != "id" and "enum" not in held:
                values[field] = texts[n // 2]
            if "None" in held and n % 3 == 0:
                values[field] = None
        records.append(replace(model, **values))
    return records


def random_records(lots: random.Random) -> Iterator[Record]:
    """Up to five records, some of them versions of the same."""
    for _ in range(lots.randrange(6)):
        n = lots.randrange(8)
        yield lots.choice(
            [
                a_chat(f"c{n}", state=lots.choice(list(ChatState)), customer=f"p{n}"),
                a_visitor(f"v{n}", customer=f"p{n}", chat=lots.choice([None, f"c{n}"])),
                a_ticket(f"t{n}", state=lots.choice(list(TicketState)), customer=f"p{n}"),
                an_offer(f"o{n}", state=lots.choice(list(OfferState))),
                a_customer(f"p{n}", version=lots.randrange(9)),
                a_message(f"m{n}", chat=f"c{n}"),
            ]
        )


def write_person(store: Store) -> None:
    """Writes a person whose every text is the canary, some of it twice."""
    page = Page(f"https://shop.example/{CANARY}", CANARY)
    chat = a_chat(
        "gone-chat",
        state=ChatState.CLOSED,
        visitor="gone-visitor",
        customer="gone",
        page=page,
        question=CANARY,
        messages=200,
    )
    person = a_customer(
        "gone",
        name=CANARY,
        email=f"{CANARY}@x.org",
        customer_number=CANARY,
        notes=CANARY * 2000,
        attributes={"a": CANARY},
    )
    records: list[Record] = [
        person,
        chat,
        replace(chat, id="gone-open", state=ChatState.WAITING, customer_name=CANARY),
        a_visitor("gone-visitor", customer="gone", chat="gone-open", page=page),
        *(a_message(f"gm{n}", chat="gone-chat", seq=n, text=f"{CANARY} {n}") for n in range(200)),
        some_answers("ga", chat="gone-chat", customer="gone", values={"name": CANARY}),
        an_interaction("gi", customer="gone", text=CANARY),
        a_learned_question("gl", customer="gone", question=CANARY),
        a_ticket("gone-ticket", state=TicketState.SOLVED, title=CANARY, customer="gone"),
        a_ticket_entry("ge", ticket="gone-ticket", text=CANARY, before=CANARY),
        a_reply("visitor:gone-visitor:1", result=CANARY.encode()),
    ]
    write(store, a_batch(*records, an_event("gone-chat", customer="gone")))
    write(store, a_batch(replace(chat, question=f"{CANARY} anew"), an_event("gone-chat")))
