"""The end of a chat: wrap-up, qualification, closing and rating."""

import pytest

from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import (
    InvalidInput,
    NotFound,
    NotQualified,
    WrongState,
)
from chatdesk.model.records import Answers
from chatdesk.model.values import (
    AnswerValues,
    ChatState,
    Choice,
    Form,
    FormKind,
    FormQuestion,
    QuestionKind,
)
from tests.desk.helpers import (
    ADA,
    ANA,
    BOB,
    NOT_ACCEPTING,
    QUALIFIED,
    SHOP,
    a_shop,
)

# -- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ADA, ANA, SHOP])
def test_anybody_of_it_may_end_and_the_agent_wraps_up(who: object) -> None:
    """A28, A33, B23: the conversation ends, the agent is before the form with his slot held."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.do(c.EndChat(chat=chat), who)  # type: ignore[arg-type]  # actors
    assert shop.chat(chat).state is ChatState.WRAP_UP
    assert shop.agent("ada").load == 1
    assert shop.desk.state.visitors == {}


def test_a_chat_is_not_closed_until_it_is_qualified() -> None:
    """A26: closing is refused and the chat stays open for the form."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.end(chat)
    with pytest.raises(NotQualified):
        shop.do(c.CloseChat(chat=chat), ADA)
    assert shop.chat(chat).state is ChatState.WRAP_UP
    shop.do(c.QualifyChat(chat=chat, answers=QUALIFIED), ADA)
    shop.do(c.CloseChat(chat=chat), ADA)
    assert shop.chat(chat).state is ChatState.CLOSED
    assert (shop.chat(chat).closed_at, shop.agent("ada").load) == (shop.clock.now, 0)


def test_a_running_chat_is_not_closed() -> None:
    """A26: end it first."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.do(c.QualifyChat(chat=chat, answers=QUALIFIED), ADA)
    with pytest.raises(WrongState):
        shop.do(c.CloseChat(chat=chat), ADA)


def test_criteria_may_be_required_or_not() -> None:
    """A27: several criteria, each required or not; without required ones closing is free."""
    yes = (Choice(value="yes", label={}),)
    asked = [
        FormQuestion(key=key, label={}, kind=QuestionKind.CHOICE, choices=yes, required=required)
        for key, required in (("sale", True), ("happy", False))
    ]
    shop = a_shop("ada", qualification=Form(questions=tuple(asked)))
    chat = shop.ask()
    shop.end(chat)
    with pytest.raises(InvalidInput, match="sale"):
        shop.do(c.QualifyChat(chat=chat, answers={"happy": "yes"}), ADA)
    shop.do(c.QualifyChat(chat=chat, answers={"sale": "yes"}), ADA)
    shop.do(c.CloseChat(chat=chat), ADA)
    shop.configure(qualification=Form())
    free = shop.ask()
    shop.end(free)
    shop.do(c.CloseChat(chat=free), ADA)
    assert shop.chat(free).qualified_at is None


def test_a_qualification_counts_closed_answers() -> None:
    """A29: the event has what statistics count, no open text, and is for staff only."""
    shop = a_shop("ada")
    chat = shop.ask()
    answers = {"outcome": "sale", "customer_type": "angry", "remark": "secret"}
    shop.do(c.QualifyChat(chat=chat, answers={**answers}), ADA)
    (filled,) = shop.heard(e.FormFilled)
    assert filled.closed == {"outcome": ("sale",), "customer_type": ("angry",)}
    assert filled.audience.visitor is None
    kept = [a for a in shop.all("answers", Answers, chat=chat) if a.form is FormKind.QUALIFICATION]
    assert kept[0].values == answers


def test_wrap_up_holds_the_slot_for_a_time() -> None:
    """A28: after the maximum the slot is free, the form stays."""
    shop = a_shop(wrap_up_seconds=50.0)
    shop.hire("ada", capacity=1)
    chat, waiting = shop.ask(), shop.ask(BOB)
    shop.end(chat)
    shop.wait(49.0)
    assert shop.chat(waiting).state is ChatState.WAITING
    shop.wait(1.0)
    assert shop.chat(waiting).agent == "ada"
    assert shop.chat(chat).state is ChatState.WRAP_UP
    shop.do(c.QualifyChat(chat=chat, answers=QUALIFIED), ADA)
    shop.do(c.CloseChat(chat=chat), ADA)
    assert shop.agent("ada").load == 1


def test_wrap_up_need_not_hold_a_slot() -> None:
    """A28: where the desk says so, the next chat comes at once."""
    shop = a_shop(wrap_up_holds_slot=False)
    shop.hire("ada", capacity=1)
    chat, waiting = shop.ask(), shop.ask(BOB)
    shop.end(chat)
    assert shop.chat(waiting).agent == "ada"


@pytest.mark.parametrize("who", [ADA, ANA])
def test_every_finished_discussion_invites_to_rate(who: object) -> None:
    """A30: whoever ended it; but a wait that ended invites nobody."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.do(c.EndChat(chat=chat), who)  # type: ignore[arg-type]  # actors
    assert [x.audience.visitor for x in shop.heard(e.RatingInvited)] == ["ana"]
    shop.do(c.SetIntent(intent=NOT_ACCEPTING), ADA)
    shop.request(BOB)
    assert shop.heard(e.RatingInvited) == []


def test_a_rating_has_closed_and_open_answers_and_comes_once() -> None:
    """A31, A32, A33: stored with the chat, counted by the closed question."""
    shop = a_shop("ada")
    chat = shop.ask()
    with pytest.raises(WrongState):
        shop.do(c.RateChat(chat=chat, answers={"satisfaction": 5}), ANA)
    shop.end(chat, ANA)
    shop.finish(chat)
    answers: AnswerValues = {"satisfaction": 4, "comment": "quick"}
    shop.do(c.RateChat(chat=chat, answers=answers), ANA)
    (filled,) = shop.heard(e.FormFilled)
    assert (filled.form, filled.closed) == (FormKind.RATING, {"satisfaction": ("4",)})
    with pytest.raises(WrongState):
        shop.do(c.RateChat(chat=chat, answers={"satisfaction": 1}), ANA)
    with pytest.raises(NotFound):
        shop.do(c.RateChat(chat=chat, answers={"satisfaction": 1}), BOB)


def test_nothing_is_said_after_the_end() -> None:
    """A33: an ended conversation takes no message from either side."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.end(chat)
    for who in (ADA, ANA, SHOP):
        with pytest.raises(WrongState):
            shop.say(chat, "one more", who)
