"""Visits that are leases, and pages that agents suggest with notice."""

from typing import Any

import pytest

from chatdesk.model import commands as c
from chatdesk.model.errors import (
    InvalidInput,
    NotAllowed,
    NoticeRequired,
    Refused,
    StaleEpoch,
    WrongState,
)
from chatdesk.model.events import CustomerErased, MessageAdded, ReplyGiven
from chatdesk.model.records import Message, Visitor
from chatdesk.model.values import Audience, MessageKind, Page
from tests.desk.helpers import ADA, ANA, BEN, BOB, EVE, LEAD, SHOP, Shop, a_shop

HOME = Page(url="https://shop.example/", title="Home")
LAMP = Page(url="https://shop.example/lamp", referrer="https://find.example")
LEASE = 150.0


def renew(shop: Shop, by: Any = BOB, **fields: Any) -> int:
    """Renew a visit; gives how many records it wrote."""
    before = len(shop.batches)
    shop.do(c.RenewVisit(id=f"renewal-{shop.clock.now}-{before}", **fields), by)
    return sum(len(batch.records) for batch in shop.batches[before:])


def visit(shop: Shop, name: str = "bob") -> Visitor | None:
    """A visitor who is live."""
    return shop.desk.state.visitors.get(name)


# -- visits --------------------------------------------------------------------------------------


def test_a_visit_begins_moves_and_ends() -> None:
    """B31, B51: page, since when, language and time zone, until the page is silent too long."""
    shop = a_shop("ada")
    renew(shop, page=HOME, language="fr", timezone="Europe/Paris")
    begun = shop.clock.now
    shop.wait(20.0)
    renew(shop, page=LAMP)
    bob = visit(shop)
    assert bob is not None
    assert (bob.page, bob.page_since, bob.here_since) == (LAMP, begun + 20.0, begun)
    assert (bob.language, bob.timezone) == ("fr", "Europe/Paris")
    shop.wait(LEASE - 1.0)
    assert visit(shop) is not None
    assert shop.wait(1.0) == []
    assert visit(shop) is None
    (kept,) = shop.all("visitor", Visitor, id="bob")
    assert kept == Visitor(id="bob", first_seen_at=begun, last_seen_at=begun + 20.0)
    renew(shop, page=HOME)
    again = visit(shop)
    assert again is not None
    assert (again.here_since, again.first_seen_at) == (shop.clock.now, begun)


def test_a_renewal_that_tells_nothing_new_writes_nothing() -> None:
    """B51: until half of the lease has passed there is no batch and no answer to keep."""
    shop = a_shop("ada")
    assert renew(shop, page=HOME, language="fr") == 1
    written = []
    for _ in range(20):
        shop.wait(20.0)
        written.append(renew(shop, page=HOME, language="fr"))
    assert sum(written) == 5
    assert all(batch.replies == () for batch in shop.batches[-3:])
    assert not any(batch.events for batch in shop.batches[-3:])


def test_a_renewal_that_tells_something_new_is_written_at_once() -> None:
    """B31: another page, language or time zone; another title of the same page can wait."""
    shop = a_shop("ada")
    renew(shop, page=HOME)
    assert renew(shop, page=Page(url=HOME.url, title="(1) Home")) == 0
    assert renew(shop, page=LAMP) == 1
    assert renew(shop, language="fr") == 1
    assert renew(shop, timezone="Europe/Paris") == 1
    assert renew(shop) == 0


def test_who_closes_his_page_is_gone_soon() -> None:
    """B51: unless another page of his renews the visit, or he is on another one already."""
    shop = a_shop("ada")
    assert renew(shop, page=HOME, leaving=True) == 0
    renew(shop, page=HOME)
    assert renew(shop, page=HOME, leaving=True) == 1
    assert renew(shop, page=HOME, leaving=True) == 0
    shop.wait(10.0)
    renew(shop, page=LAMP)
    assert renew(shop, page=HOME, leaving=True) == 0
    shop.wait(60.0)
    assert visit(shop) is not None
    renew(shop, page=LAMP, leaving=True)
    shop.wait(15.0)
    assert visit(shop) is None


def test_a_visit_without_a_page_told_can_be_left() -> None:
    """B51: an application that has no pages says only that he goes."""
    shop = a_shop("ada")
    renew(shop)
    renew(shop, leaving=True)
    shop.wait(15.0)
    assert visit(shop) is None


def test_a_chat_outlives_the_visit_and_the_visit_the_chat() -> None:
    """B51: a visitor is known while he has an open chat, or his page says that he is there."""
    shop = a_shop("ada")
    renew(shop, ANA, page=HOME)
    chat = shop.ask(page=LAMP)
    ana = visit(shop, "ana")
    assert ana is not None
    assert (ana.chat, ana.page, ana.here_since) == (chat, LAMP, shop.clock.now)
    shop.wait(LEASE)
    ana = visit(shop, "ana")
    assert ana is not None
    assert (ana.here_until, ana.page) == (None, LAMP)
    renew(shop, ANA)
    shop.finish(chat)
    ana = visit(shop, "ana")
    assert ana is not None
    assert ana.chat is None
    shop.wait(LEASE)
    assert visit(shop, "ana") is None


def test_a_desk_may_choose_not_to_watch() -> None:
    """B51: then nothing is kept of who only browses; who has a chat tells his page as ever."""
    shop = a_shop("ada", visit_lease_seconds=None)
    assert renew(shop, page=HOME) == 0
    assert shop.all("visitor", Visitor) == []
    shop.ask()
    renew(shop, ANA, page=LAMP)
    ana = visit(shop, "ana")
    assert ana is not None
    assert (ana.page, ana.here_until) == (LAMP, None)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_lease_lasts_some_time(seconds: float) -> None:
    """B51: a length of time that is none is refused when the desk is set up."""
    shop = Shop()
    with pytest.raises(InvalidInput, match="visit_lease_seconds"):
        shop.configure(visit_lease_seconds=seconds)


def test_an_erased_visitor_is_watched_no_more() -> None:
    """B51: what other processes hold of him goes with the erasure."""
    shop = a_shop("ada")
    chat = shop.ask()
    renew(shop, ANA, page=HOME)
    shop.finish(chat)
    shop.store.erase(shop.customer_of(chat).id, by=SHOP, at=shop.clock.now)
    changes = shop.store.changes(shop.desk.revision)
    assert isinstance(changes[-1].events[0], CustomerErased)
    shop.desk.apply(changes)
    assert visit(shop, "ana") is None
    assert len(shop.desk.state.visits) == 0
    shop.wait(1.0)


@pytest.mark.parametrize(
    "fields",
    [{"language": "x" * 36}, {"timezone": "x" * 129}, {"page": Page(url="x" * 2049)}],
)
def test_what_a_page_tells_is_bounded(fields: dict[str, Any]) -> None:
    """B51: a page's words are as long as such words are."""
    shop = a_shop("ada")
    with pytest.raises(InvalidInput):
        renew(shop, **fields)


# -- pages ---------------------------------------------------------------------------------------


def push(shop: Shop, chat: str, by: Any = ADA, **fields: Any) -> int:
    """Suggest a page; gives the number of its message."""
    command = c.PushPage(**{"chat": chat, "url": LAMP.url, "notice": "The lamp:", **fields})
    return shop.do(command, by).seq


def test_a_page_follows_its_notice() -> None:
    """D08, A35: the notice is a message of the agent's, and the page the next one."""
    shop = a_shop("ada")
    chat = shop.ask()
    seq = push(shop, chat, title="The lamp", epoch=shop.chat(chat).epoch)
    notice, page = shop.all("message", Message, chat=chat)[-2:]
    assert (notice.kind, notice.text, notice.seq) == (MessageKind.TEXT, "The lamp:", seq - 1)
    assert (page.kind, page.text, page.seq) == (MessageKind.PAGE, LAMP.url, seq)
    assert page.details == {"title": "The lamp"}
    assert page.author == notice.author == ADA
    assert page.audience == notice.audience == Audience(visitor="ana", agents=("ada",))
    assert shop.chat(chat).messages == seq
    assert len(shop.heard(ReplyGiven)) == 1
    assert shop.chat(chat).unanswered_since is None
    shop.wait(1.0)


def test_the_journal_does_not_name_the_page() -> None:
    """D08: it has ids, kinds and lengths; the address stands in the message alone."""
    shop = a_shop("ada")
    push(shop, shop.ask(), url="https://shop.example/secret-lamp")
    kinds = [event.kind for event in shop.heard(MessageAdded)]
    assert kinds == [MessageKind.TEXT, MessageKind.PAGE]
    assert "secret-lamp" not in repr(shop.told)


@pytest.mark.parametrize("notice", [None, "", " \n\t"])
def test_a_page_without_notice_is_refused(notice: str | None) -> None:
    """D08: nobody is shown a page of which he was not told; nothing is written."""
    shop = a_shop("ada")
    chat = shop.ask()
    with pytest.raises(NoticeRequired, match="tell the visitor") as refused:
        push(shop, chat, notice=notice)
    assert refused.value.refusal().code == "notice_required"
    assert shop.told == []
    assert shop.chat(chat).messages == 2


def test_who_may_suggest_a_page_and_when() -> None:
    """D08: the chat's agent under the present epoch, while it runs."""
    shop = a_shop("ada", "ben")
    shop.hire("lead")
    chat = shop.ask()
    for by, kind in ((BEN, NotAllowed), (LEAD, NotAllowed), (SHOP, NotAllowed), (ANA, NotAllowed)):
        with pytest.raises(kind):
            push(shop, chat, by)
    with pytest.raises(StaleEpoch):
        push(shop, chat, epoch=17)
    shop.end(chat)
    with pytest.raises(WrongState):
        push(shop, chat)


@pytest.mark.parametrize("field", ["url", "title"])
def test_a_refused_page_leaves_no_notice_behind(field: str) -> None:
    """D08: notice and page are one command; both are said, or neither."""
    shop = a_shop("ada")
    chat = shop.ask(EVE)
    for wrong in ("", "x" * 2049):
        with pytest.raises(Refused):
            push(shop, chat, **{field: wrong})
    assert shop.chat(chat).messages == 2
