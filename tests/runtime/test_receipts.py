"""Turns whose commit was never confirmed, found again by their receipts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import Thread
from typing import Any

import pytest

from chatdesk.model import commands as c
from chatdesk.model.errors import NotFound, OutcomeUnknown, StoreUnavailable
from chatdesk.model.ids import Revision
from chatdesk.model.records import Message, QueueSetup
from chatdesk.model.values import visitor
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.committer import Timing
from chatdesk.runtime.receipts import PREFIX
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Turn
from tests.runtime.shop import SHOP, FaultyStore, ManualClock, ask, open_shop, rows
from tests.runtime.test_committer import until_queued


def reply_ids(store: MemoryStore) -> set[str]:
    """The ids under which the store keeps what was answered."""
    return set(store._shelves.by_kind["reply"])


def together(desk: ChatDesk, store: MemoryStore, *commands: c.Command[Any]) -> list[object]:
    """What the shop hears of commands that are done in one turn."""
    heard: list[object] = [None] * len(commands)

    def give(number: int) -> None:
        try:
            heard[number] = desk.execute(commands[number], by=SHOP)
        except NotFound as refusal:
            heard[number] = refusal

    with store.turn(store.head(), timeout=1):
        threads = [Thread(target=give, args=(number,)) for number in range(len(commands))]
        for thread in threads:
            thread.start()
        until_queued(desk, len(threads))
    for thread in threads:
        thread.join()
    return heard


def a_queue(name: str, command_id: str = "") -> c.SaveQueue:
    """A command that makes a queue."""
    return c.SaveQueue(id=command_id, queue=name, setup=QueueSetup(name=name))


def test_one_receipt_for_a_turn_of_nameless_commands(desk: ChatDesk, store: MemoryStore) -> None:
    """Twenty commands without ids leave one row, since nobody else can ask for their answers."""
    before = reply_ids(store)
    together(desk, store, *(a_queue(f"q{number}") for number in range(20)))
    new = reply_ids(store) - before
    assert [id_[: len(PREFIX)] for id_ in new] == [PREFIX]


def test_no_receipt_where_each_command_has_an_id(desk: ChatDesk, store: MemoryStore) -> None:
    """A turn of commands with ids keeps their answers and nothing else."""
    before = reply_ids(store)
    together(desk, store, a_queue("a", "1"), a_queue("b", "2"))
    assert reply_ids(store) - before == {f"service:{SHOP.id}:1", f"service:{SHOP.id}:2"}


def test_no_receipt_for_what_does_no_harm_twice(desk: ChatDesk, store: MemoryStore) -> None:
    """A page that says it is still there leaves no row behind each time."""
    before = reply_ids(store)
    desk.execute(c.RenewVisit(), by=visitor("passer-by"))
    assert reply_ids(store) == before


@pytest.mark.parametrize("made", [True, False])
def test_all_of_a_turn_in_doubt_is_done_once(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore, *, made: bool
) -> None:
    """Commands with and without ids and a refused one: found by the receipt, or decided anew."""
    before = store.head()
    faults = faulty.after_commit if made else faulty.before_commit
    faults.append(OutcomeUnknown("the connection broke"))
    heard = together(shaky, store, a_queue("a"), a_queue("b", "2"), c.CloseChat(chat="none"))
    assert isinstance(heard[2], NotFound)
    assert {queue.id for queue in rows(store, "queue")} == {"sales", "a", "b"}
    assert store.head() == before + 1


def test_two_doubts_one_after_the_other(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore
) -> None:
    """A first try that came to nothing and a second whose answer is lost make one effect."""
    faulty.before_commit.append(OutcomeUnknown("the connection broke"))
    faulty.after_commit.append(OutcomeUnknown("the connection broke again"))
    requested = ask(shaky)
    assert [chat.id for chat in rows(store, "chat")] == [requested.chat]


# -- any faults in any order ---------------------------------------------------------------------

CALLERS = 8
TEXTS = 25
"""Messages of each caller: every other one is sent under an id."""


class Unlucky(FaultyStore):
    """A store half of whose turns fail, each in one of three ways, by chance."""

    def __init__(self, store: MemoryStore, seed: int) -> None:
        super().__init__(store)
        self.seed = seed
        self.luck: Random | None = None
        self.lost = 0

    @contextmanager
    def turn(self, since: Revision, *, timeout: float) -> Iterator[Turn]:
        """A turn of the real store, or a fault."""
        if self.luck is not None and self.luck.random() < 0.5:
            faults = self.luck.choice([self.before_turn, self.before_commit, self.after_commit])
            self.lost += faults is self.after_commit
            away = faults is self.before_turn
            faults.append(StoreUnavailable("away") if away else OutcomeUnknown("no answer"))
        with super().turn(since, timeout=timeout) as turn:
            yield turn


def hold_trial(seed: int) -> int:
    """Sends messages through faults; all that were sent are there once. Gives the lost answers."""
    store = MemoryStore()
    unlucky = Unlucky(store, seed)
    timing = Timing(turn=0.2, poll=0.05, retry=0.0005)
    with ChatDesk(unlucky, clock=ManualClock(), timing=timing) as desk:
        chat = ask(open_shop(desk)).chat
        unlucky.luck = Random(seed)
        threads = [Thread(target=send, args=(desk, chat, caller)) for caller in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        unlucky.luck = None
    texts = Counter(row.text for row in rows(store, "message") if isinstance(row, Message))
    wanted = {f"{caller}.{number}" for caller in range(CALLERS) for number in range(TEXTS)}
    assert {text: count for text, count in texts.items() if text in wanted} == dict.fromkeys(
        wanted, 1
    ), seed
    return unlucky.lost


def send(desk: ChatDesk, chat: str, caller: int) -> None:
    """Sends its messages; what was surely not done is sent again."""
    for number in range(TEXTS):
        text = f"{caller}.{number}"
        named = text if number % 2 else ""
        while True:
            try:
                desk.execute(c.PostMessage(id=named, chat=chat, text=text), by=SHOP)
            except StoreUnavailable:
                continue
            break


def test_faults_lose_and_double_nothing() -> None:
    """A thousand messages, with and without ids, through turns half of which fail: each is once."""
    assert sum(hold_trial(seed) for seed in range(5)) > 20


@pytest.mark.soak
def test_many_faults_lose_and_double_nothing() -> None:
    """A hundred thousand messages."""
    assert sum(hold_trial(seed) for seed in range(1000, 1500)) > 2000
