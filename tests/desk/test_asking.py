"""Asking for a chat, and waiting for one: the line, its limits and who gets what."""

from itertools import pairwise

import pytest

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import (
    InvalidInput,
    NotAllowed,
    OpenChatExists,
)
from chatdesk.model.values import (
    ChatState,
    EndReason,
    Form,
    Page,
    QueueMode,
    Source,
    WaitLevel,
    visitor,
)
from chatdesk.rules.policies import Ring, Skilled
from tests.desk.helpers import (
    ADA,
    ANA,
    BOB,
    CYD,
    EVE,
    NOT_ACCEPTING,
    SHOP,
    Shop,
    a_shop,
    transfer,
)

# -- asking --------------------------------------------------------------------------------------


def test_a_request_carries_a_question() -> None:
    """A01: a blank question is refused, naming the field."""
    shop = a_shop("ada")
    with pytest.raises(InvalidInput) as refused:
        shop.ask(question="  \n ")
    assert [(p.field, p.code) for p in refused.value.problems] == [("question", "missing")]


@pytest.mark.parametrize("source", list(Source))
def test_a_request_says_where_it_came_from(source: Source) -> None:
    """A02, B11: the source, the page and the referrer are recorded."""
    shop = a_shop("ada")
    page = Page(url="https://shop.example/cart", title="Cart", referrer="https://find.example")
    chat = shop.chat(shop.ask(source=source, page=page))
    assert (chat.source, chat.page) == (source, page)
    assert shop.ever(e.ChatOpened)[0].source is source


def test_a_request_says_what_help_is_sought() -> None:
    """A03: the topic is kept and told."""
    shop = a_shop("ada")
    assert shop.chat(shop.ask(topic="price")).topic == "price"
    assert shop.ever(e.ChatOpened)[0].topic == "price"


def test_a_request_is_taken_at_once() -> None:
    """A04, C22: with somebody free, the chat runs when the request is answered."""
    shop = a_shop("ada")
    answer = shop.request()
    assert (answer.state, answer.position) == (ChatState.ACTIVE, None)
    order = [type(event) for event in shop.told]
    assert order.index(e.ChatOpened) < order.index(e.MessageAdded) < order.index(e.ChatAssigned)
    assert all(event.audience.staff for event in shop.heard(e.ChatOpened))


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({}, {"name", "email", "customer_number"}),
        ({"name": "Ana"}, {"email", "customer_number"}),
        ({"email": "ana@example.org"}, {"name"}),
        ({"name": "Ana", "email": "nonsense"}, {"email"}),
        ({"name": "Ana", "email": "a@b.example", "size": "9"}, {"size"}),
        ({"name": "x" * 121, "email": "a@b.example"}, {"name"}),
    ],
)
def test_the_request_form_names_missing_fields(answers: dict[str, str], fields: set[str]) -> None:
    """A05: a name, and an e-mail or a customer number; what is wrong is named."""
    shop = a_shop("ada")
    with pytest.raises(InvalidInput) as refused:
        shop.ask(answers=answers)
    assert {problem.field for problem in refused.value.problems} == fields


def test_a_customer_number_does_instead_of_an_address() -> None:
    """A05: either is enough."""
    shop = a_shop("ada")
    assert shop.ask(answers={"name": "Ana", "customer_number": "N1"})


def test_the_form_is_configurable() -> None:
    """A05: a desk may ask for something else, or for nothing."""
    shop = a_shop("ada", prechat=Form())
    assert shop.chat(shop.ask(answers={})).state is ChatState.ACTIVE


def test_a_visitor_has_one_open_chat() -> None:
    """A01: a second request is refused while one is open, and welcome after its end."""
    shop = a_shop("ada")
    chat = shop.ask()
    with pytest.raises(OpenChatExists):
        shop.ask()
    shop.end(chat, ANA)
    assert shop.ask() != chat


def test_nobody_there_is_a_missed_chat() -> None:
    """B09, B10: a request without any agent is told so, and kept as missed."""
    shop = a_shop()
    shop.hire("ada", online=False)
    answer = shop.request()
    assert (answer.state, answer.reason) == (ChatState.MISSED, EndReason.NOBODY)
    (ended,) = shop.heard(e.ChatEnded)
    assert (ended.reason, ended.served) == (EndReason.NOBODY, False)
    assert shop.desk.state.chats == {}
    assert shop.desk.state.visitors == {}


def test_an_agent_who_may_hold_no_chat_is_nobody() -> None:
    """B10: a maximum of 0 does not let visitors wait for him."""
    shop = a_shop()
    shop.hire("ada", capacity=0)
    assert shop.request().reason is EndReason.NOBODY


def test_a_full_line_turns_away_until_enough_have_left() -> None:
    """B54: shut at the limit, reopened when `reopen_at` are left."""
    shop = a_shop(queue={"length_limit": 2, "reopen_at": 0})
    shop.hire("ada", capacity=1)
    served, *waiting = [shop.ask(visitor(f"w{n}")) for n in range(3)]
    assert [x.shut for x in shop.heard(e.QueueShut)] == [True]
    assert shop.request().reason is EndReason.FULL
    shop.finish(served)
    assert shop.request().reason is EndReason.FULL
    shop.finish(waiting[0])
    assert [x.shut for x in shop.ever(e.QueueShut)] == [True, False]
    assert shop.request().state is ChatState.WAITING


@pytest.mark.parametrize("mode", [QueueMode.PUSH, QueueMode.OFFER])
def test_a_full_line_turns_nobody_away_whom_somebody_is_free_for(mode: QueueMode) -> None:
    """B54: the limit is for those who would wait."""
    shop = a_shop("ada", queue={"length_limit": 1, "mode": mode})
    shop.hire("cyd", skills=("wine",), capacity=1)
    _, waits = shop.ask(ANA, skills=("wine",)), shop.request(BOB, skills=("wine",))
    assert waits.state is ChatState.WAITING
    assert shop.request(EVE).state in {ChatState.ACTIVE, ChatState.OFFERED}
    assert shop.request(visitor("fay"), skills=("wine",)).reason is EndReason.FULL


def test_a_full_line_of_a_pull_queue_turns_away() -> None:
    """B54: who is free takes from the line, so the line has to have an end."""
    shop = a_shop("ada", queue={"length_limit": 1, "mode": QueueMode.PULL})
    assert shop.request(ANA).state is ChatState.WAITING
    assert shop.request(BOB).reason is EndReason.FULL


def test_a_limit_set_anew_counts_at_once() -> None:
    """B54: a queue shuts or opens when its limit is changed."""
    shop = a_shop()
    shop.hire("ada", capacity=1)
    for number in range(3):
        shop.ask(visitor(f"w{number}"))
    shop.queue(length_limit=2)
    assert [x.shut for x in shop.heard(e.QueueShut)] == [True]
    assert shop.request().reason is EndReason.FULL
    shop.queue(length_limit=None)
    assert shop.request().state is ChatState.WAITING


def test_demand_above_capacity_waits_in_order() -> None:
    """B54: first come, first served, each told his position."""
    shop = a_shop()
    shop.hire("ada", capacity=1)
    answers = [shop.request(visitor(f"w{n}")) for n in range(4)]
    assert [answer.position for answer in answers] == [None, 1, 2, 3]
    for before, after in pairwise(answers):
        shop.finish(before.chat)
        assert shop.chat(after.chat).agent == "ada"


def test_a_long_wait_is_told_at_its_instant() -> None:
    """C02, C03, C21: at one minute long, at two overdue."""
    shop = a_shop()
    shop.hire("ada", capacity=1)
    shop.ask()
    chat = shop.ask(BOB)
    begun = shop.clock.now
    shop.wait(1000.0)
    levels = [(x.chat, x.level, x.at - begun) for x in shop.ever(e.WaitLevelChanged)]
    assert levels == [(chat, WaitLevel.LONG, 60.0), (chat, WaitLevel.OVERDUE, 120.0)]


def test_a_wait_limit_ends_the_wait() -> None:
    """B09: the chat is missed at the limit."""
    shop = a_shop(queue={"wait_limit_seconds": 90.0})
    shop.hire("ada", capacity=1)
    shop.ask()
    chat = shop.ask(BOB)
    shop.wait(91.0)
    over = shop.chat(chat)
    assert (over.state, over.ended_by) == (ChatState.MISSED, EndReason.WAIT_LIMIT)
    assert over.ended_at == shop.clock.now - 1.0


def test_a_wait_limit_counts_from_the_return_to_the_line() -> None:
    """B12: a chat that was given back has its whole limit before it."""
    shop = a_shop("ada", queue={"wait_limit_seconds": 90.0})
    shop.queue("help", wait_limit_seconds=90.0)
    shop.hire("ben", queues=("help",), capacity=1)
    shop.ask(BOB, queue="help")
    chat = shop.ask()
    shop.wait(80.0)
    transfer(shop, chat, queue="help")
    shop.wait(89.0)
    assert shop.chat(chat).state is ChatState.WAITING
    shop.wait(1.0)
    assert shop.chat(chat).state is ChatState.MISSED


def test_a_silent_visitor_leaves_the_line() -> None:
    """B54: only who is still there waits; renewing keeps the place."""
    shop = a_shop(visitor_lease_seconds=60.0)
    shop.hire("ada", capacity=1)
    shop.ask()
    gone, stays = shop.ask(BOB), shop.ask(EVE)
    shop.wait(40.0)
    shop.do(c.RenewVisit(page=Page(url="https://shop.example/")), EVE)
    shop.wait(30.0)
    assert shop.chat(gone).state is ChatState.ABANDONED
    assert shop.chat(gone).ended_by is EndReason.VISITOR_GONE
    assert shop.desk.state.router.position(stays) == 1


def test_a_visitor_may_not_set_his_priority_or_prove_a_number() -> None:
    """A05: what only the shop knows, only the shop says."""
    shop = a_shop("ada")
    with pytest.raises(NotAllowed):
        shop.ask(priority=1)
    with pytest.raises(NotAllowed):
        shop.ask(customer_number="N1")
    with pytest.raises(NotAllowed):
        shop.ask(visitor="somebody")


def test_the_shop_asks_for_a_visitor() -> None:
    """A02: from a contact form the shop's code asks on the visitor's behalf."""
    shop = a_shop("ada")
    answer = shop.request(SHOP, visitor="ana", answers={"name": "Ana", "email": "a@b.example"})
    assert answer.visitor == "ana"
    with pytest.raises(InvalidInput, match="visitor"):
        shop.request(SHOP)


# -- who gets it ---------------------------------------------------------------------------------


def test_the_most_available_agent_gets_the_next_chat() -> None:
    """C15, C16: always the least busy; in the end all have had the same number."""
    shop = a_shop("ada", "ben", "cyd")
    chats = [shop.ask(visitor(f"w{n}")) for n in range(9)]
    owners = [shop.chat(chat).agent for chat in chats]
    assert [sorted(str(o) for o in owners[n : n + 3]) for n in (0, 3, 6)] == [
        ["ada", "ben", "cyd"]
    ] * 3


def test_who_comes_late_is_not_flooded() -> None:
    """C16: who comes back shares from now on."""
    shop = a_shop("ada", "ben")
    for number in range(10):
        shop.finish(shop.ask(visitor(f"w{number}")))
    shop.hire("cyd")
    owners = []
    for number in range(9):
        chat = shop.ask(visitor(f"x{number}"))
        owners.append(shop.chat(chat).agent)
        shop.finish(chat)
    assert sorted(owners.count(name) for name in ("ada", "ben", "cyd")) == [3, 3, 3]


def test_a_policy_set_anew_is_asked_again_in_time() -> None:
    """C22: a chat that waits under a new policy is looked at when that policy wants it."""
    shop = a_shop(queue={"policy": "least_busy"})
    shop.hire("ada", capacity=1, languages=("en",))
    served = shop.ask()
    chat = shop.ask(BOB, language="fr")
    shop.queue("sales", policy="skilled")
    shop.finish(served)
    assert shop.chat(chat).state is ChatState.WAITING
    shop.wait(30.0)
    assert shop.chat(chat).agent == "ada"


def test_a_policy_may_look_again_and_again() -> None:
    """C22: each widening of the rings happens at its own instant."""
    wide = Ring(20.0, language=False)
    rings = (Ring(0.0), Ring(10.0, language=False, skills=("vip",)), wide)
    shop = Shop(desk=Desk.new({"rings": Skilled(rings=rings)}))
    shop.configure()
    shop.queue(policy="rings")
    shop.hire("ada", languages=("en",))
    chat = shop.ask(language="fr")
    begun = shop.clock.now
    shop.wait(100.0)
    assert [x.at - begun for x in shop.ever(e.ChatAssigned)] == [20.0]
    assert shop.chat(chat).agent == "ada"


def test_why_not_names_the_status_first() -> None:
    """B07: the first reason for receiving no chat is the status."""
    shop = a_shop("ada")
    shop.do(c.SetIntent(intent=NOT_ACCEPTING), ADA)
    assert [r.code for r in shop.desk.why_not("ada")] == ["not_accepting", "nothing_waiting"]


@pytest.mark.parametrize("mode", list(QueueMode))
def test_a_whole_life_in_every_mode(mode: QueueMode) -> None:
    """A12, C13: push, offer and pull are one queue."""
    shop = a_shop("cyd", queue={"mode": mode})
    chat = shop.ask()
    if mode is QueueMode.OFFER:
        shop.do(c.AcceptOffer(chat=chat, epoch=1), CYD)
    elif mode is QueueMode.PULL:
        shop.do(c.TakeChat(), CYD)
    shop.finish(chat)
    assert [type(x).__name__ for x in shop.of_chat(chat)][-1] == "ChatClosed"
