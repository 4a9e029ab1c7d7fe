"""The desk for event loops."""

from collections.abc import AsyncIterator
from pathlib import Path
from threading import Thread

import anyio
import pytest

from chatdesk.model import commands as c
from chatdesk.model import queries as q
from chatdesk.model.errors import NotFound, Stopped, TurnTimeout
from chatdesk.model.values import Role, visitor
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.jobs import LoopBell
from chatdesk.runtime.loops import running_loop
from chatdesk.storage.memory import MemoryStore
from chatdesk.testing.factories import a_response
from chatdesk.transport.frames import Bye, ByeCode, SignalKind, Typing, Update
from tests.runtime.shop import ANA, SHOP, ZOE, ManualClock, asking, opening, rows

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(
    store: MemoryStore, clock: ManualClock, anyio_backend: str
) -> AsyncIterator[AsyncChatDesk]:
    """An open shop."""
    async with AsyncChatDesk(store, clock=clock) as desk:
        for command, by in opening():
            await desk.execute(command, by=by)
        yield desk


async def test_a_visitor_asks_and_an_agent_reads(shop: AsyncChatDesk) -> None:
    """A39: the same commands and queries, awaited."""
    requested = await shop.execute(asking(), by=ZOE)
    mine = await shop.ask(q.AskMyChats(), by=ANA)
    assert [card.chat.id for card in mine.chats] == [requested.chat]
    assert await shop.role(ANA) is Role.AGENT
    assert await shop.check() == shop.revision


async def test_warming_up_is_awaited_like_the_rest(shop: AsyncChatDesk) -> None:
    """The index of the canned responses is begun in the background, and a search finds them."""
    response = a_response("hours", title="Opening hours")
    await shop.execute(c.SaveCanned(response=response), by=SHOP)
    await shop.warm_up()
    found = await shop.ask(q.SearchCanned(text="opening hours"), by=ANA)
    assert [hit.response.id for hit in found.hits] == ["hours"]


async def test_a_hundred_tasks_at_once(shop: AsyncChatDesk, store: MemoryStore) -> None:
    """A hundred tasks hold a chat each in a few commits; every one is done, and once."""
    before = store.head()

    async def hold(name: str) -> None:
        requested = await shop.execute(asking(name), by=visitor(name))
        await shop.execute(c.EndChat(chat=requested.chat), by=visitor(name))

    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(hold, f"v{number}")
    assert len(rows(store, "chat")) == 100
    assert store.head() - before < 100


async def test_a_refusal_is_raised(shop: AsyncChatDesk) -> None:
    """A refused command raises its typed error in the task that gave it."""
    with pytest.raises(NotFound):
        await shop.execute(c.CloseChat(chat="none"), by=SHOP)


async def test_who_gives_up_is_not_served(shop: AsyncChatDesk, store: MemoryStore) -> None:
    """A task out of patience, or cancelled, before the turn has come: nothing is done."""
    with store.turn(store.head(), timeout=1):
        with pytest.raises(TurnTimeout):
            await shop.execute(asking("v1"), by=visitor("v1"), timeout=0.02)
        with anyio.move_on_after(0.02) as scope:
            await shop.execute(asking("v2"), by=visitor("v2"))
        assert scope.cancelled_caught
    await shop.tick()
    assert rows(store, "chat") == []


async def test_updates_and_signals_come(shop: AsyncChatDesk) -> None:
    """B17: a subscriber gets what happens, and that the other side writes."""
    requested = await shop.execute(asking(), by=ZOE)
    agent = (await shop.ask(q.AskTranscript(chat=requested.chat), by=SHOP)).chat.chat.agent
    assert agent == ANA.id
    async with shop.subscribe(by=ZOE) as frames:
        await shop.signal(Typing(chat=requested.chat, on=True), by=ANA)
        await shop.execute(c.PostMessage(chat=requested.chat, text="Yes.", epoch=1), by=ANA)
        got = [await anext(frames), await anext(frames)]
    assert getattr(got[0], "kind", None) is SignalKind.TYPING
    assert isinstance(got[1], Update)


async def test_a_heartbeat_may_interrupt(shop: AsyncChatDesk) -> None:
    """Waiting for a while gives nothing and loses nothing."""
    async with shop.subscribe(by=ANA) as frames:
        assert await frames.receive(0.01) is None
        await shop.execute(asking(), by=ZOE)
        parcel = await frames.receive(10)
        assert parcel is not None
        assert not frames.is_over


async def test_a_cancelled_reader_loses_nothing(shop: AsyncChatDesk) -> None:
    """Who is cancelled while he waits and comes again gets every revision, once."""
    revisions = list[int]()
    async with shop.subscribe(by=ANA) as frames:
        start = frames.cursor
        for number in range(20):
            await shop.execute(asking(f"v{number}"), by=visitor(f"v{number}"))
            with anyio.CancelScope() as scope:
                scope.cancel()
                await frames.receive()
        while (parcel := await frames.receive(0.05)) is not None:
            assert isinstance(parcel.frame, Update)
            revisions.append(parcel.frame.revision)
    assert revisions == list(range(start + 1, start + 21))


async def test_stop_ends_subscriptions(store: MemoryStore) -> None:
    """A stopped desk bids farewell and refuses everything else."""
    desk = AsyncChatDesk(store)
    for command, by in opening():
        await desk.execute(command, by=by)
    async with desk.subscribe(by=ANA) as frames:
        await desk.stop()
        assert [frame async for frame in frames] == [Bye(code=ByeCode.STOPPING)]
    with pytest.raises(Stopped):
        await desk.execute(c.RenewVisit(), by=ZOE)


async def test_it_shares_a_desk_with_threads(tmp_path: Path) -> None:
    """One replica and one committer serve an event loop and threads of the same process."""
    with_threads = ChatDesk(f"sqlite:///{tmp_path / 'desk.db'}")
    shop = AsyncChatDesk(with_threads)
    for command, by in opening():
        await shop.execute(command, by=by)
    thread = Thread(target=lambda: with_threads.execute(asking(), by=ZOE))
    thread.start()
    await anyio.to_thread.run_sync(thread.join)
    assert (await shop.ask(q.AskOverview(), by=ANA)).chats_open == 1
    await shop.stop()


async def test_a_reader_in_another_task_is_let_go(shop: AsyncChatDesk) -> None:
    """Closing a subscription ends the task that waits for its next frame."""
    async with shop.subscribe(by=ANA) as frames:
        heard = list[object]()

        async def read() -> None:
            heard.append(await frames.receive())

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                frames.close()
    assert heard == [None]


async def test_commands_in_a_row_share_a_turn(shop: AsyncChatDesk, store: MemoryStore) -> None:
    """Commands given before any is awaited are done in their order, in one commit."""
    requested = await shop.execute(asking(), by=ZOE)
    before = store.head()
    with store.turn(before, timeout=1):  # nobody's turn comes while they are given
        given = [
            shop.begin(c.PostMessage(chat=requested.chat, text=f"{number}"), by=ZOE)
            for number in range(5)
        ]
    posted = [await each.outcome() for each in given]
    first = posted[0].seq
    assert [each.seq for each in posted] == list(range(first, first + 5))
    assert store.head() - before <= 2  # the first may have been taken alone


async def test_jobs_are_given_together_without_a_task(
    shop: AsyncChatDesk, store: MemoryStore
) -> None:
    """Jobs given in one call are done in their order; each rings when it is settled."""
    requested = await shop.execute(asking(), by=ZOE)
    post = running_loop()
    assert post is not None
    bells = [LoopBell(post) for _ in range(5)]
    jobs = [
        shop.job(c.PostMessage(chat=requested.chat, text=f"{number}"), bell, by=ZOE)
        for number, bell in enumerate(bells)
    ]
    before = store.head()
    with store.turn(before, timeout=1):
        shop.give(jobs)
        assert not any(job.is_settled for job in jobs)
    for bell in bells:
        await bell.event.wait()
    seqs = [job.outcome().seq for job in jobs]
    assert seqs == list(range(seqs[0], seqs[0] + 5))
    assert store.head() - before <= 2  # the first may have been taken alone


async def test_jobs_given_to_a_stopped_desk_fail(shop: AsyncChatDesk) -> None:
    """Nobody waits for a desk that has stopped: the bell rings, and the job says so."""
    post = running_loop()
    assert post is not None
    await shop.stop()
    bell = LoopBell(post)
    job = shop.job(asking(), bell, by=ZOE)
    shop.give([job])
    await bell.event.wait()
    with pytest.raises(Stopped):
        job.outcome()


async def test_a_command_given_up_before_its_turn_is_not_done(
    shop: AsyncChatDesk, store: MemoryStore
) -> None:
    """What was given and then given up before the desk's turn came has no effect."""
    with store.turn(store.head(), timeout=1):
        shop.begin(asking("v1"), by=visitor("v1")).give_up()
    await shop.tick()
    assert rows(store, "chat") == []
