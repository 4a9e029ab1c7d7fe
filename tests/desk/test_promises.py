"""Promises of holding replies: told at their time when they are broken (D04)."""

from typing import Any

from chatdesk.model import commands as c
from chatdesk.model.events import PromiseOverdue, ReplyOverdue
from chatdesk.model.records import CannedResponse
from chatdesk.model.values import Audience
from tests.desk.helpers import ADA, ANA, Shop, a_shop

HOLD = CannedResponse(
    id="hold",
    title="Please wait",
    body="One moment, I am going to find out.",
    shortcuts=("#wait",),
    categories=("holding",),
    promise_seconds=60.0,
)


def held(**setup: Any) -> tuple[Shop, str]:
    """A chat in which the agent has promised an answer within a minute."""
    shop = a_shop("ada", **setup)
    shop.do(c.SaveCanned(response=HOLD))
    chat = shop.ask()
    shop.do(c.PostMessage(chat=chat, text=HOLD.body, canned="hold"), ADA)
    return shop, chat


def test_a_broken_promise_is_told_at_its_time_and_once() -> None:
    """D04: when the time passes without a reply, not later, however late anybody looks."""
    shop, chat = held()
    due = shop.chat(chat).promised_until
    assert due == shop.clock.now + 60.0
    assert shop.wait(59.0) == []
    shop.wait(500.0)
    (event,) = shop.heard(PromiseOverdue)
    assert (event.chat, event.agent, event.at) == (chat, "ada", due)
    assert event.audience == Audience(staff=True)
    assert shop.chat(chat).promise_late
    assert shop.chat(chat).promised_until == due
    assert shop.wait(500.0) == []


def test_a_reply_redeems_the_promise() -> None:
    """D04: in time nothing is told; late, the chat is no longer marked; a new one counts anew."""
    shop, chat = held()
    shop.wait(30.0)
    shop.say(chat, "Here it is.", ADA)
    assert shop.chat(chat).promised_until is None
    shop.wait(100.0)
    assert shop.ever(PromiseOverdue) == []
    for times in (1, 2):
        shop.do(c.PostMessage(chat=chat, text=HOLD.body, canned="hold"), ADA)
        assert not shop.chat(chat).promise_late
        shop.wait(60.0)
        assert len(shop.ever(PromiseOverdue)) == times
    shop.say(chat, "Here it is.", ADA)
    assert not shop.chat(chat).promise_late


def test_both_deadlines_of_a_chat_fire() -> None:
    """D04, C19: an unanswered message and a promise are two things, each told by itself."""
    shop, chat = held(reply_seconds=20.0)
    shop.say(chat, "Are you there?", ANA)
    shop.wait(20.0)
    assert len(shop.heard(ReplyOverdue)) == 1
    assert shop.heard(PromiseOverdue) == []
    shop.wait(40.0)
    assert len(shop.heard(PromiseOverdue)) == 1


def test_a_chat_that_ended_keeps_no_promise() -> None:
    """D04: what was promised in a conversation ends with it."""
    shop, chat = held()
    shop.end(chat)
    shop.wait(100.0)
    assert shop.ever(PromiseOverdue) == []
