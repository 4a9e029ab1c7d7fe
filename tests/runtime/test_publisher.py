"""Telling what was committed: without gaps, without doubles, in order, to those who may see it."""

import random
from itertools import pairwise

import msgspec
import pytest

from chatdesk.model import commands as c
from chatdesk.model.errors import StoreUnavailable
from chatdesk.model.events import Event
from chatdesk.model.ids import Revision
from chatdesk.model.queries import AskOverview
from chatdesk.model.values import Actor, ActorKind, agent, visitor
from chatdesk.rules.access import visible
from chatdesk.runtime import publisher
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.jobs import ThreadBell
from chatdesk.runtime.subscriptions import Subscription
from chatdesk.storage.memory import MemoryStore
from chatdesk.transport.frames import Bye, ByeCode, Reset, ServerFrame, Update, told, told_visitor
from tests.runtime.shop import (
    ANA,
    BO,
    EVE,
    QUICK,
    SHOP,
    ZOE,
    FaultyStore,
    ManualClock,
    ask,
    open_shop,
)

VIEWERS = (ANA, BO, EVE, SHOP, visitor("v1"), visitor("v2"))
CANARY = "the canary sings"


def expected(desk: ChatDesk, by: Actor, after: Revision) -> list[tuple[Revision, list[Event]]]:
    """What a viewer is to be told after a revision, worked out from the journal alone."""
    viewer = desk.engine.replica.desk().viewer(by)
    told_of = []
    for change in desk.engine.settings.store.changes(after, limit=10**6):
        events = [event for event in change.events if visible(event.audience, viewer)]
        if events:
            told_of.append((change.revision, events))
    return told_of


def got(frames: Subscription) -> list[Update]:
    """All updates there are, until nothing more comes."""
    parcels = iter(lambda: frames.receive(0), None)
    updates = [parcel.frame for parcel in parcels]
    assert all(isinstance(update, Update) for update in updates)
    return [update for update in updates if isinstance(update, Update)]


def check(updates: list[Update], desk: ChatDesk, by: Actor, after: Revision) -> None:
    """The updates are exactly what the journal says the viewer is to be told."""
    heard = [(update.revision, [n.event for n in update.notices]) for update in updates]
    tell = told_visitor if by.kind is ActorKind.VISITOR else told
    wanted = [(r, [tell(e) for e in events]) for r, events in expected(desk, by, after)]
    assert heard == wanted
    assert all(a.revision < b.revision for a, b in pairwise(updates))


def some_talk(desk: ChatDesk, chance: random.Random, steps: int) -> None:
    """Visitors ask, everybody writes, chats end."""
    for _ in range(steps):
        me = visitor(f"v{chance.randrange(4)}")
        state = desk.engine.replica.desk().state
        mine = state.visitors.get(me.id)
        if mine is None or mine.chat is None:
            ask(desk, me)
        elif chance.random() < 0.2:
            desk.execute(c.EndChat(chat=mine.chat), by=me)
        else:
            desk.execute(c.PostMessage(chat=mine.chat, text="Hello"), by=chance.choice([me, SHOP]))
    desk.tick()  # who waits for a command is answered before others are told: now all are told


@pytest.mark.parametrize("by", VIEWERS, ids=lambda by: by.id)
def test_a_subscriber_hears_what_he_may_see(desk: ChatDesk, by: Actor) -> None:
    """Every viewer gets exactly the events that are visible to him, one update a commit."""
    with desk.subscribe(by=by) as frames:
        start = frames.cursor
        some_talk(desk, random.Random(1), 60)
        updates = got(frames)
        check(updates, desk, by, start)
        assert frames.cursor == desk.revision


@pytest.mark.parametrize("by", VIEWERS, ids=lambda by: by.id)
@pytest.mark.parametrize("ring", [0, 12, 10_000], ids=["store", "both", "ring"])
def test_who_comes_back_misses_nothing(
    desk: ChatDesk, by: Actor, ring: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any revision, out of memory or out of the store: no gap, no double, in order."""
    monkeypatch.setattr(publisher, "RING_EVENTS", ring)
    with desk.subscribe(by=SHOP):  # somebody listens, so that the ring is filled
        start = desk.revision
        some_talk(desk, random.Random(2), 40)
        for after in range(start, desk.revision + 1, 3):
            with desk.subscribe(by=by, after=after) as frames:
                first = got(frames)
                some_talk(desk, random.Random(after), 2)
                check(first + got(frames), desk, by, after)
                assert frames.cursor == desk.revision


@pytest.mark.parametrize("ring", [0, 12, 10_000], ids=["store", "both", "ring"])
def test_whoever_takes_all_at_once_hears_the_same(
    desk: ChatDesk, ring: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was missed, then what comes: in pieces as large as they are, in order, nothing twice."""
    monkeypatch.setattr(publisher, "RING_EVENTS", ring)
    with desk.subscribe(by=SHOP):  # somebody listens, so that the ring is filled
        start = desk.revision
        some_talk(desk, random.Random(5), 40)
        with desk.subscribe(by=ANA, after=start) as frames:
            feed, bell, heard = frames._feed, ThreadBell(), list[Update]()
            for seed in range(10):
                while True:
                    heard += [p.frame for p in feed.take_all(bell) if isinstance(p.frame, Update)]
                    if feed.is_live:
                        break
                    feed.advance()
                some_talk(desk, random.Random(seed), 5)
                bell = ThreadBell()
            heard += got(frames)
            check(heard, desk, ANA, start)
            frames.close()
            assert feed.take_all(bell) == []
            assert not feed.is_live


def test_reconnecting_at_random(desk: ChatDesk) -> None:
    """One client leaves and comes back a hundred times, wherever he was: one whole story."""
    chance, heard, cursor = random.Random(3), list[Update](), desk.revision
    start = cursor
    for _ in range(100):
        with desk.subscribe(by=ANA, after=cursor) as frames:
            some_talk(desk, chance, chance.randrange(6))
            for _ in range(chance.randrange(8)):
                parcel = frames.receive(0)
                if parcel is not None and isinstance(parcel.frame, Update):
                    heard.append(parcel.frame)
            cursor = frames.cursor
        some_talk(desk, chance, chance.randrange(6))
    with desk.subscribe(by=ANA, after=cursor) as frames:
        heard.extend(got(frames))
    check(heard, desk, ANA, start)


def test_a_cursor_moves_when_nothing_is_for_him(desk: ChatDesk) -> None:
    """Commits that bring nothing to a visitor still move his cursor, so he resumes near."""
    with desk.subscribe(by=ZOE) as frames:
        ask(desk, visitor("v1"))
        assert frames.receive(0) is None
        assert frames.cursor == desk.revision


@pytest.mark.parametrize("lead", [1, 1000])
def test_an_unknown_cursor_is_reset(desk: ChatDesk, lead: int) -> None:
    """A revision the desk has not come to leads nowhere: ask anew and go on from here."""
    with desk.subscribe(by=ANA, after=desk.revision + lead) as frames:
        assert next(frames) == Reset(revision=desk.revision)
        assert frames.cursor == desk.revision
        ask(desk)
        frame = next(frames)
    assert isinstance(frame, Update)
    assert frame.revision == desk.revision


def test_who_is_too_far_behind_is_reset(desk: ChatDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hearing everything would take longer than asking anew."""
    monkeypatch.setattr("chatdesk.runtime.feeds.MAX_BEHIND", 5)
    after = desk.revision
    some_talk(desk, random.Random(4), 20)
    with desk.subscribe(by=ANA, after=after) as frames:
        assert next(frames) == Reset(revision=desk.revision)
        assert frames.receive(0) is None


def test_another_process_may_know_more(store: MemoryStore) -> None:
    """Resuming at a revision that only another process knows yet is no unknown cursor."""
    with ChatDesk(store) as one, ChatDesk(store) as other:
        open_shop(one)
        other.role(ANA)
        ask(one)
        with other.subscribe(by=ANA, after=one.revision) as frames:
            assert frames.receive(0) is None
            assert frames.cursor == one.revision


def test_two_processes_tell_the_same(store: MemoryStore) -> None:
    """What a subscriber hears does not depend on whose commit it was."""
    with ChatDesk(store) as one, ChatDesk(store) as other:
        open_shop(one)
        other.role(ANA)
        with one.subscribe(by=EVE) as here, other.subscribe(by=EVE) as there:
            start = here.cursor
            for number in range(20):
                ask((one, other)[number % 2], visitor(f"v{number}"))
            for each in (one, other):
                each.ask(AskOverview(), by=ANA)
            check(got(here), one, EVE, start)
            check(got(there), other, EVE, start)


def test_one_who_does_not_read_is_let_go(desk: ChatDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow client is dropped; its cursor stays good, and nobody else notices."""
    with desk.subscribe(by=ANA) as slow, desk.subscribe(by=BO) as quick:
        slow._feed.subscriber.mailbox._limit = 10
        start = slow.cursor
        first = None
        for number in range(10):
            ask(desk, visitor(f"v{number}"))
            if first is None:
                first = slow.receive(0)
            got(quick)
        assert first is not None
        cursor = slow.cursor
        assert cursor == getattr(first.frame, "revision", None)
        assert list(slow) == [Bye(code=ByeCode.SLOW)]
        assert slow.is_over
        assert slow.cursor == cursor
        assert slow._feed.subscriber.mailbox._weight <= 10
    with desk.subscribe(by=ANA, after=cursor) as frames:
        updates = [*([first.frame] if isinstance(first.frame, Update) else []), *got(frames)]
    check(updates, desk, ANA, start)


def test_an_update_is_made_once(desk: ChatDesk) -> None:
    """Two agents who may see the same get the same parcel, whose bytes are made once."""
    with desk.subscribe(by=EVE) as one, desk.subscribe(by=SHOP) as other:
        ask(desk)
        first, second = one.receive(0), other.receive(0)
    assert first is not None
    assert second is not None
    assert first.data is second.data
    assert msgspec.json.decode(first.data, type=ServerFrame) == first.frame


def test_what_cannot_be_read_now_is_told_later(store: MemoryStore, clock: ManualClock) -> None:
    """A store that fails while another's commit is read: told at the next poll, in order."""
    faulty = FaultyStore(store)
    with ChatDesk(store, clock=clock) as one, ChatDesk(faulty, timing=QUICK) as other:
        open_shop(one)
        with other.subscribe(by=EVE) as frames:
            start = frames.cursor
            faulty.on_read.extend([StoreUnavailable("away")] * 5)
            for number in range(5):
                ask(one, visitor(f"v{number}"))
            updates = [next(frames) for _ in range(5)]
        check([u for u in updates if isinstance(u, Update)], one, EVE, start)


def test_a_defect_in_telling_keeps_nobody_from_working(
    desk: ChatDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When an update cannot be made, commands are answered and subscribers ask anew."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    with desk.subscribe(by=ANA) as frames:
        with monkeypatch.context() as patch:
            patch.setattr("chatdesk.runtime.editions.Edition.parcel_for", broken)
            ask(desk)
        assert next(frames) == Reset(revision=desk.revision)
        ask(desk, visitor("v2"))
        assert isinstance(next(frames), Update)


def test_nothing_of_the_staff_reaches_a_visitor(desk: ChatDesk) -> None:
    """B14, C08: notes and whispers are in no byte that a visitor is sent, live or resumed."""
    start = desk.revision
    with desk.subscribe(by=ZOE) as frames, desk.subscribe(by=SHOP) as all_frames:
        chat = ask(desk).chat
        desk.execute(c.PostNote(chat=chat, text=CANARY), by=EVE)
        desk.execute(c.PostNote(chat=chat, text=CANARY), by=ANA)
        desk.execute(c.EndChat(chat=chat), by=ZOE)
        live = b"".join(parcel.data for parcel in frames.at_hand())
        everything = b"".join(parcel.data for parcel in all_frames.at_hand())
    with desk.subscribe(by=ZOE, after=start) as frames:
        again = b"".join(parcel.data for parcel in iter(lambda: frames.receive(0), None))
    assert CANARY.encode() in everything
    assert b"chat_opened" in live
    assert CANARY.encode() not in live + again


def test_a_retired_agent_hears_no_more(desk: ChatDesk) -> None:
    """The standing of a subscriber is looked up at each commit, not believed."""
    with desk.subscribe(by=BO) as frames:
        desk.execute(c.Disconnect(device="desktop"), by=BO)
        desk.execute(c.RetireAgent(agent=BO.id), by=SHOP)
        got(frames)
        ask(desk)
        assert got(frames) == []


def test_a_stranger_hears_nothing(desk: ChatDesk) -> None:
    """Somebody who is no agent of the desk may listen in vain."""
    with desk.subscribe(by=agent("nobody"), after=0) as frames:
        ask(desk)
        assert got(frames) == []
