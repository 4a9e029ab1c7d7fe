"""The desk for threads."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import anyio
import pytest

from chatdesk.model import commands as c
from chatdesk.model import queries as q
from chatdesk.model.errors import (
    CommandIdReused,
    Stopped,
    StoreUnavailable,
    TurnTimeout,
    WrongContext,
)
from chatdesk.model.values import Role, visitor
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.committer import Timing
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.open import open_store
from chatdesk.transport.frames import Bye, ByeCode, Update
from chatdesk.transport.signals import LocalSignals
from tests.runtime.shop import ANA, EVE, SHOP, ZOE, ManualClock, ask, asking, open_shop, rows


def test_a_visitor_asks_and_an_agent_answers(desk: ChatDesk) -> None:
    """A01, A39: what one side writes, the other side reads."""
    chat = ask(desk).chat
    transcript = desk.ask(q.AskTranscript(chat=chat), by=SHOP)
    agent_id = transcript.chat.chat.agent
    assert agent_id is not None
    desk.execute(c.PostMessage(chat=chat, text="It is."), by=SHOP)
    conversation = desk.ask(q.AskConversation(), by=ZOE)
    assert [m.text for m in conversation.messages if m.text] == ["Is it blue?", "It is."]


def test_a_command_without_an_id_gets_one(desk: ChatDesk, store: MemoryStore) -> None:
    """Two equal commands without ids are two commands."""
    chat = ask(desk).chat
    for _ in range(2):
        desk.execute(c.PostMessage(chat=chat, text="Hello?"), by=ZOE)
    texts = [getattr(message, "text", None) for message in rows(store, "message")]
    assert texts.count("Hello?") == 2


def test_the_same_id_twice_at_once(desk: ChatDesk, store: MemoryStore) -> None:
    """Twenty threads send the same command under one id: one effect, twenty equal answers."""
    answers = list[object]()

    def send() -> None:
        answers.append(desk.execute(asking(id="only-once"), by=ZOE))

    threads = [Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert len(rows(store, "chat")) == 1
    assert all(answer == answers[0] for answer in answers)


def test_the_same_id_after_a_restart(tmp_path: Path) -> None:
    """A command sent again to another process, later, is answered as it was and does nothing."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    with ChatDesk(url) as desk:
        open_shop(desk)
        first = desk.execute(asking(id="only-once"), by=ZOE)
    with ChatDesk(url) as desk:
        assert desk.execute(asking(id="only-once"), by=ZOE) == first
        with pytest.raises(CommandIdReused):
            desk.execute(c.RenewVisit(id="only-once"), by=ZOE)


def test_two_desks_on_one_store_see_each_other(store: MemoryStore) -> None:
    """What one process commits, another's next answer holds, without signals or polls."""
    idle = Timing(poll=3600.0)
    with ChatDesk(store, timing=idle) as one, ChatDesk(store, timing=idle) as other:
        open_shop(one)
        assert other.ask(q.AskOverview(), by=ANA).agents_online == 2
        ask(other)
        assert one.ask(q.AskOverview(), by=ANA).chats_open == 1


def test_signals_bring_the_others_commits(store: MemoryStore) -> None:
    """A nudge makes another process tell its subscribers at once; no poll is needed."""
    signals, idle = LocalSignals(), Timing(poll=3600.0)
    with (
        ChatDesk(store, signals=signals, timing=idle) as one,
        ChatDesk(store, signals=signals, timing=idle) as other,
    ):
        open_shop(one)
        with other.subscribe(by=SHOP) as frames:
            ask(one)
            frame = next(frames)
    assert isinstance(frame, Update)
    assert frame.revision == store.head()


def test_without_signals_a_slow_poll_is_enough(store: MemoryStore) -> None:
    """The safety net: what no signal tells is seen at the next poll."""
    quick = Timing(poll=0.01)
    with ChatDesk(store) as one, ChatDesk(store, timing=quick) as other:
        open_shop(one)
        with other.subscribe(by=SHOP) as frames:
            ask(one)
            assert isinstance(next(frames), Update)


@pytest.mark.anyio
async def test_it_does_not_block_an_event_loop(desk: ChatDesk) -> None:
    """Called in an event loop it says what to use instead; in a worker thread it works."""
    calls = {
        "execute": lambda: desk.execute(c.RenewVisit(), by=ZOE),
        "ask": lambda: desk.ask(q.AskOverview(), by=ANA),
        "subscribe": lambda: desk.subscribe(by=ANA),
        "tick": desk.tick,
        "role": lambda: desk.role(ANA),
        "check": desk.check,
    }
    for name, call in calls.items():
        with pytest.raises(WrongContext, match=f"ChatDesk.{name} blocks .* AsyncChatDesk"):
            call()
    overview = await anyio.to_thread.run_sync(lambda: desk.ask(q.AskOverview(), by=ANA))
    assert overview.agents_online == 2


def test_after_stop_everything_says_so(desk: ChatDesk) -> None:
    """A stopped desk ends its subscriptions, and every call raises `Stopped`."""
    frames = desk.subscribe(by=ANA)
    desk.stop()
    desk.stop()
    assert list(frames) == [Bye(code=ByeCode.STOPPING)]
    for call in (lambda: ask(desk), lambda: desk.role(ANA), desk.tick, desk.check):
        with pytest.raises(Stopped, match="make a new ChatDesk"):
            call()
    with pytest.raises(Stopped):
        desk.subscribe(by=ANA)


def test_stop_finishes_what_was_accepted(store: MemoryStore) -> None:
    """Whoever was accepted before the stop is answered with a durable result."""
    desk = open_shop(ChatDesk(store))
    answered = list[str]()
    with store.turn(store.head(), timeout=1):
        threads = [
            Thread(target=lambda n=n: answered.append(ask(desk, visitor(f"v{n}")).chat))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        while desk.engine.committer._queue.qsize() + len(desk.engine.committer._waiting) < 20:
            pass
        stopper = Thread(target=desk.stop)
        stopper.start()
    for thread in (*threads, stopper):
        thread.join()
    assert sorted(answered) == sorted(chat.id for chat in rows(store, "chat"))
    assert len(answered) == 20


def test_a_stopped_desk_goes_on_in_a_new_one(store: MemoryStore, clock: ManualClock) -> None:
    """Stopping loses nothing: a new desk on the same store knows everything."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        chat = ask(desk).chat
    with ChatDesk(store, clock=clock) as desk:
        shown = desk.ask(q.AskConversation(), by=ZOE).chat
    assert shown is not None
    assert shown.chat == chat


def test_roles_are_looked_up(desk: ChatDesk) -> None:
    """An agent's role is what the desk has now, and nobody else has one."""
    assert [desk.role(who) for who in (ANA, EVE, ZOE, SHOP)] == [
        Role.AGENT,
        Role.SUPERVISOR,
        None,
        None,
    ]


def test_a_locked_file_is_a_timeout_and_nothing_is_done(tmp_path: Path) -> None:
    """Somebody else holds the SQLite file: the caller hears so, and later it works."""
    import sqlite3

    file = tmp_path / "desk.db"
    with ChatDesk(f"sqlite:///{file}", timing=Timing(turn=0.1)) as desk:
        open_shop(desk)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TurnTimeout):
            ask(desk)
        other.execute("ROLLBACK")
        other.close()
        ask(desk)
        assert desk.ask(q.AskOverview(), by=ANA).chats_open == 1


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A folder that is not there: the first call says so, and nothing hangs."""
    with (
        ChatDesk(f"sqlite:///{tmp_path / 'missing' / 'desk.db'}") as desk,
        pytest.raises(StoreUnavailable),
    ):
        ask(desk)


FORKING = """
import os, sys
sys.path.insert(0, os.getcwd())
from chatdesk.model import queries as q
from chatdesk.model.values import visitor
from chatdesk.runtime.chatdesk import ChatDesk
from tests.runtime.shop import ANA, ask, open_shop

desk = open_shop(ChatDesk(sys.argv[1]))
frames = desk.subscribe(by=ANA)
children = []
for number in range(4):
    pid = os.fork()
    if pid == 0:
        for again in range(5):
            chat = ask(desk, visitor(f"v{number}.{again}")).chat
        desk.stop()
        os._exit(0 if desk.ask is not None else 1)
    children.append(pid)
for number in range(5):
    ask(desk, visitor(f"parent.{number}"))
codes = [os.waitpid(pid, 0)[1] for pid in children]
assert codes == [0] * 4, codes
desk.stop()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_it_may_be_used_before_and_after_fork(tmp_path: Path) -> None:
    """A desk in use is forked four times; parent and children go on, each by itself."""
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    done = subprocess.run(
        [sys.executable, "-c", FORKING, url],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert len(rows(open_store(url), "chat")) == 25
