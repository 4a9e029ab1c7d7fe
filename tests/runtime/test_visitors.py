"""Who is on the site, as agents watch it."""

from typing import Any

import pytest

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import queries as q
from chatdesk.model.commits import Snapshot
from chatdesk.model.records import Chat, Visitor
from chatdesk.model.values import (
    Actor,
    ChatState,
    Intent,
    IntentKind,
    Page,
    QueueMode,
    VisitState,
    visitor,
)
from chatdesk.runtime import publisher
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.visitors import listed
from chatdesk.storage.memory import MemoryStore
from tests.runtime.shop import ANA, BO, EVE, SHOP, ZOE, ManualClock, ask, open_shop

LAMP = Page(url="https://shop.example/lamp", title="Lamp")


def visit(desk: ChatDesk, who: Actor = ZOE, **fields: Any) -> None:
    """A visitor's page says that he is there."""
    desk.execute(c.RenewVisit(page=LAMP, **fields), by=who)


def watch(desk: ChatDesk, by: Actor = ANA, **fields: Any) -> q.VisitorList:
    """What an agent is shown."""
    return desk.ask(q.AskVisitors(**fields), by=by)


def ids(found: q.VisitorList) -> list[str]:
    """Who is on the list."""
    return [card.visitor for card in found.visitors]


def counts(found: q.VisitorList) -> tuple[int, int, int]:
    """How many browse, wait and chat."""
    return found.browsing, found.waiting, found.chatting


def test_from_browsing_to_chatting_and_gone(clock: ManualClock, store: MemoryStore) -> None:
    """B03, B51: a visitor's way over the site, as it is seen at each step."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, mode=QueueMode.PULL)
        begun = clock.now
        visit(desk, language="fr", timezone="Europe/Paris")
        found = watch(desk)
        assert counts(found) == (1, 0, 0)
        assert found.visitors == (
            q.VisitorCard(
                visitor="zoe",
                state=VisitState.BROWSING,
                since=begun,
                last_seen_at=begun,
                page=LAMP,
                page_since=begun,
                language="fr",
                timezone="Europe/Paris",
            ),
        )
        clock.pass_seconds(10.0)
        chat = ask(desk).chat
        (card,) = watch(desk).visitors
        assert counts(watch(desk)) == (0, 1, 0)
        assert (card.state, card.chat_state, card.position) == (
            VisitState.WAITING,
            ChatState.WAITING,
            1,
        )
        assert (card.name, card.chat, card.queue, card.agent) == ("Zoe", chat, "sales", None)
        desk.execute(c.TakeChat(), by=BO)
        (card,) = watch(desk).visitors
        assert counts(watch(desk)) == (0, 0, 1)
        assert (card.state, card.agent, card.agent_name) == (VisitState.CHATTING, "bo", "Bo")
        desk.execute(c.EndChat(chat=chat), by=ZOE)
        (card,) = watch(desk).visitors
        assert (card.state, card.name, card.chat) == (VisitState.BROWSING, "Zoe", None)
        clock.pass_seconds(150.0)
        desk.tick()
        assert watch(desk) == q.VisitorList(visitors=(), browsing=0, waiting=0, chatting=0)


def test_every_agent_may_watch(clock: ManualClock, store: MemoryStore) -> None:
    """B03, B04: who does not accept chats, and who is not connected, watches like the others."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        visit(desk)
        desk.execute(c.SetIntent(intent=Intent(IntentKind.NOT_ACCEPTING, "lunch")), by=ANA)
        desk.execute(c.Disconnect(device="desktop"), by=BO)
        for by in (ANA, BO, EVE, SHOP):
            assert ids(watch(desk, by)) == ["zoe"]


def test_a_chat_is_listed_without_a_visit(clock: ManualClock, store: MemoryStore) -> None:
    """B51: who chats is there, although nothing but his chat says so."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        asked_at = clock.now
        ask(desk)
        (card,) = watch(desk).visitors
        assert (card.here, card.since, card.state) == (False, asked_at, VisitState.CHATTING)
        visit(desk)
        (card,) = watch(desk).visitors
        assert card.here
        assert counts(watch(desk)) == (0, 0, 1)


def test_pages_and_states(clock: ManualClock, store: MemoryStore) -> None:
    """B51: the latest first, a page at a time, all of them or those of one state."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, capacity=2)
        for number in range(9):
            clock.pass_seconds(float(number % 2))
            visit(desk, visitor(f"v{number}"))
        for number in (2, 5):
            ask(desk, visitor(f"v{number}"))
        whole = watch(desk)
        order = [(-card.since, card.visitor) for card in whole.visitors]
        assert order == sorted(order)
        assert len(order) == 9
        assert counts(whole) == (7, 0, 2)
        pages, after = [], None
        while True:
            found = watch(desk, limit=2, after=after)
            pages += ids(found)
            after = found.after
            if after is None:
                break
        assert pages == ids(whole)
        chatting = watch(desk, states=(VisitState.CHATTING,))
        assert sorted(ids(chatting)) == ["v2", "v5"]
        assert counts(chatting) == counts(whole)
        browsing = watch(desk, states=(VisitState.BROWSING,), limit=3)
        assert ids(browsing) == [id_ for id_ in ids(whole) if id_ not in {"v2", "v5"}][:3]
        assert ids(watch(desk, states=(VisitState.WAITING,))) == []


def test_erasing_takes_the_visitor_off_the_list(clock: ManualClock, store: MemoryStore) -> None:
    """B51: neither his visit nor his name is shown any more."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        visit(desk)
        chat = ask(desk).chat
        whose = desk.ask(q.AskTranscript(chat=chat), by=EVE).chat.chat.customer
        desk.erase(whose, by=SHOP)
        assert watch(desk).visitors == ()


@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_a_restart_keeps_the_visits(url: str, clock: ManualClock, tmp_path: Any) -> None:
    """B51: they are records, so every process and the next life of one shows the same."""
    store: Any = MemoryStore() if url == "memory://" else f"sqlite:///{tmp_path / 'desk.db'}"
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        visit(desk)
        visit(desk, visitor("gone"))
        clock.pass_seconds(100.0)
        visit(desk)
        clock.pass_seconds(60.0)
    with ChatDesk(store, clock=clock) as desk:
        desk.tick()
        assert ids(watch(desk)) == ["zoe"]


def test_a_notice_of_a_page_is_looked_at(clock: ManualClock, store: MemoryStore) -> None:
    """D08: the look before sending says what the command would refuse."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        chat = ask(desk).chat
        by = ANA if desk.ask(q.AskMyChats(), by=ANA).chats else BO

        def codes(text: str, url: str | None) -> list[str]:
            found = desk.ask(q.CheckDraft(chat=chat, text=text, url=url), by=by).findings
            return [finding.code for finding in found if finding.blocks]

        assert codes(" ", LAMP.url) == ["push_without_notice"]
        assert codes("The lamp:", LAMP.url) == []
        assert codes(" ", None) == []


def test_visits_do_not_fill_the_memory(
    clock: ManualClock, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B51: commits without events are kept for who reconnects, but not without bound."""
    monkeypatch.setattr(publisher, "RING_EVENTS", 10)
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk)
        with desk.subscribe(by=ANA):
            for number in range(50):
                visit(desk, visitor(f"v{number}"))
            assert len(desk.engine.publisher._ring) <= 10


class Counting(dict[str, Visitor]):
    """A table that counts how often it is asked."""

    asked = 0

    def __getitem__(self, key: str) -> Visitor:
        self.asked += 1
        return super().__getitem__(key)


def test_the_list_costs_what_it_shows() -> None:
    """B51: of 20,000 who browse no more are looked at than are shown."""
    visits = [
        Visitor(
            id=f"v{n}",
            here_since=float(n),
            here_until=1e9,
            first_seen_at=0.0,
            last_seen_at=0.0,
            chat="c1" if n == 7 else None,
        )
        for n in range(20_000)
    ]
    chat = Chat(
        id="c1",
        state=ChatState.ACTIVE,
        queue="q",
        visitor="v7",
        customer="p",
        requested_at=0.0,
        waiting_since=0.0,
        queued_at=0.0,
    )
    desk = Desk.new()
    desk.restore(Snapshot(1, 1.0, (*visits, chat)))
    desk.state.visitors = table = Counting(desk.state.visitors)
    found = listed(desk.state, q.AskVisitors(), 50)
    assert ids(found) == [f"v{n}" for n in range(19_999, 19_949, -1)]
    assert counts(found) == (19_999, 0, 1)
    assert table.asked < 200
