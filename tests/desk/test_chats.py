"""A chat from the request to its close."""

from itertools import pairwise

import pytest

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import (
    ConsentRequired,
    InvalidInput,
    NoRoom,
    NotAllowed,
    NotFound,
    NothingWaiting,
    NotQualified,
    OpenChatExists,
    StaleEpoch,
    Unavailable,
    WrongState,
)
from chatdesk.model.records import Answers, Message
from chatdesk.model.values import (
    AnswerValues,
    ChatState,
    Choice,
    EndReason,
    Form,
    FormKind,
    FormQuestion,
    Intent,
    IntentKind,
    MessageKind,
    Page,
    QuestionKind,
    QueueMode,
    Role,
    Source,
    WaitLevel,
    visitor,
)
from chatdesk.rules.policies import Ring, Skilled
from tests.desk.helpers import (
    ADA,
    ANA,
    BEN,
    BOB,
    CYD,
    EVE,
    LEAD,
    QUALIFIED,
    SHOP,
    Shop,
    a_shop,
)

NOBODY = Intent(IntentKind.NOT_ACCEPTING)


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
        ({"name": "Ana", "email": "nonsense"}, {"email", "customer_number"}),
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


# -- talking -------------------------------------------------------------------------------------


def test_messages_go_both_ways_and_only_to_the_two() -> None:
    """A39, B19: numbered without gaps, addressed to the visitor and his agent."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.say(chat, "One moment", ADA)
    assert shop.heard(e.MessageAdded)[0].audience.agents == ("ada",)
    assert shop.heard(e.MessageAdded)[0].audience.visitor == "ana"
    shop.say(chat, "Thanks", ANA)
    said = sorted(shop.all("message", Message, chat=chat), key=lambda m: m.seq)
    assert [m.seq for m in said] == list(range(1, len(said) + 1))
    assert [m.text for m in said if m.text] == ["Where is it?", "One moment", "Thanks"]
    assert all(m.audience.visitor == "ana" for m in said)


@pytest.mark.parametrize("text", ["👩‍👩‍👧 :-)", "e\u0301\u200d", "سلام", "a\n\tb", "\U0010ffff"])
def test_any_text_survives(text: str) -> None:
    """A35, D05: emoji, combining marks and links are kept unchanged."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.say(chat, text, ANA)
    assert shop.all("message", Message, chat=chat)[-1].text == text


def test_attention_is_set_and_cleared_for_one_chat() -> None:
    """A25: each message raises the flag of its chat only; reading clears it."""
    shop = a_shop("ada")
    one, other = shop.ask(ANA), shop.ask(BOB)
    for chat in (one, other):
        shop.do(c.ReadChat(chat=chat, seq=shop.chat(chat).messages), ADA)
    seq = shop.say(one, "hello?", ANA)
    assert (shop.chat(one).attention, shop.chat(other).attention) == (True, False)
    shop.do(c.ReadChat(chat=one, seq=seq - 1), ADA)
    assert shop.chat(one).attention
    shop.do(c.ReadChat(chat=one, seq=seq), ADA)
    assert not shop.chat(one).attention
    assert [x.seq for x in shop.heard(e.ChatRead)] == [seq]


def test_reading_some_leaves_attention_and_never_goes_back() -> None:
    """A25: a later message keeps the flag; what was read stays read."""
    shop = a_shop("ada")
    chat = shop.ask()
    first, second = shop.say(chat, "one", ANA), shop.say(chat, "two", ANA)
    shop.do(c.ReadChat(chat=chat, seq=first), ADA)
    assert (shop.chat(chat).read_to, shop.chat(chat).attention) == (first, True)
    shop.do(c.ReadChat(chat=chat, seq=second), ADA)
    shop.do(c.ReadChat(chat=chat, seq=first), ADA)
    assert (shop.chat(chat).read_to, shop.chat(chat).attention) == (second, False)


def test_reading_an_old_message_again_changes_nothing() -> None:
    """A25: the mark of what was read never goes back, and an old chat raises no flag."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.say(chat, "more", ANA)
    shop.finish(chat)
    shop.do(c.ReadChat(chat=chat, seq=1), ADA)
    assert shop.told == []
    assert not shop.chat(chat).attention


def test_answered_and_unanswered_chats_are_told_apart() -> None:
    """C17, C18: since when the visitor waits for an answer; an answer ends it."""
    shop = a_shop("ada")
    chat = shop.ask()
    assert shop.chat(chat).unanswered_since == shop.clock.now
    shop.wait(12.0)
    shop.say(chat, "Here", ADA)
    (given,) = shop.heard(e.ReplyGiven)
    assert (given.seconds, given.first) == (12.0, True)
    assert shop.chat(chat).unanswered_since is None
    shop.say(chat, "And?", ANA)
    asked = shop.clock.now
    shop.wait(3.0)
    shop.say(chat, "Hm?", ANA)
    assert shop.chat(chat).unanswered_since == asked


def test_a_late_reply_is_told_at_its_deadline() -> None:
    """C19, C20, C21: 30 s for the first reply, 76 s for the others, once each."""
    shop = a_shop("ada")
    chat = shop.ask()
    begun = shop.clock.now
    shop.wait(100.0)
    assert [(x.at - begun, x.first) for x in shop.ever(e.ReplyOverdue)] == [(30.0, True)]
    shop.say(chat, "Sorry", ADA)
    shop.say(chat, "Well?", ANA)
    shop.wait(100.0)
    assert [(x.at - begun, x.first) for x in shop.ever(e.ReplyOverdue)][1:] == [(176.0, False)]


def test_a_message_with_an_old_epoch_is_refused() -> None:
    """A39: who acts on an assignment that is over is told so."""
    shop = a_shop("ada")
    chat = shop.ask()
    with pytest.raises(StaleEpoch):
        shop.do(c.PostMessage(chat=chat, text="hi", epoch=0), ADA)


def test_notes_and_whispers_never_reach_the_visitor() -> None:
    """B14, C08: from the chat's agent a note, from a supervisor a whisper."""
    shop = a_shop("ada")
    shop.hire("lead", role=Role.SUPERVISOR, queues=())
    chat = shop.ask()
    shop.do(c.PostNote(chat=chat, text="regular customer"), ADA)
    shop.do(c.PostNote(chat=chat, text="offer the coupon"), LEAD)
    inside = [m for m in shop.all("message", Message, chat=chat) if m.kind is not MessageKind.TEXT]
    kinds = {m.text: (m.kind, m.audience.visitor) for m in inside if m.text}
    assert kinds == {
        "regular customer": (MessageKind.NOTE, None),
        "offer the coupon": (MessageKind.WHISPER, None),
    }
    events = [x for x in shop.ever(e.MessageAdded) if x.kind in {"note", "whisper"}]
    assert [x.audience.visitor for x in events] == [None, None]


def test_strangers_see_no_chat() -> None:
    """A39: another visitor's chat does not exist for him; another agent's is not his."""
    shop = a_shop("ada", "ben")
    chat = shop.ask()
    with pytest.raises(NotFound):
        shop.say(chat, "hi", BOB)
    with pytest.raises(NotAllowed):
        shop.say(chat, "hi", BEN)


# -- transfer ------------------------------------------------------------------------------------


def transfer(shop: Shop, chat: str, **fields: object) -> None:
    """The chat's agent gives it on."""
    command = c.TransferChat(chat=chat, epoch=shop.chat(chat).epoch, **fields)  # type: ignore[arg-type]  # fields of the command
    shop.do(command, shop.agent_of(chat))


def test_a_transfer_moves_the_chat_its_slot_and_its_history() -> None:
    """B12, B14, B15, D02: the target gets all, both sides are told, the note is for staff."""
    shop = a_shop("ada", "ben")
    chat = shop.ask()
    shop.say(chat, "Let me see", ADA)
    transfer(shop, chat, agent="ben", consent=True, note="wants a refund")
    moved = shop.chat(chat)
    assert (moved.agent, moved.agents, moved.transfers) == ("ben", ("ada", "ben"), 1)
    assert (shop.agent("ada").load, shop.agent("ben").load) == (0, 1)
    (event,) = shop.heard(e.ChatTransferred)
    assert (event.from_agent, event.to_agent, event.consent) == ("ada", "ben", True)
    assert event.audience.visitor == "ana"
    said = sorted(shop.all("message", Message, chat=chat), key=lambda m: m.seq)
    assert (said[-2].code, said[-2].details) == ("agent_joined", {"agent": "Ben"})
    assert (said[-1].text, said[-1].audience.agents) == ("wants a refund", ("ben",))
    with pytest.raises(NotAllowed):
        shop.say(chat, "still me", ADA)


def test_a_transfer_needs_consent_where_the_desk_says_so() -> None:
    """B13: refused without the flag, and nothing has moved."""
    shop = a_shop("ada", "ben", transfer_consent_required=True)
    chat = shop.ask()
    with pytest.raises(ConsentRequired):
        transfer(shop, chat, agent="ben")
    assert shop.chat(chat).agent == "ada"
    transfer(shop, chat, agent="ben", consent=True)


def test_a_transfer_to_who_cannot_take_it_is_refused() -> None:
    """B12, C11: not over the maximum, not to who is away, not to oneself."""
    shop = a_shop("ada")
    shop.hire("ben", capacity=1, queues=())
    shop.hire("cyd", online=False)
    chat, other = shop.ask(ANA), shop.ask(BOB)
    transfer(shop, other, agent="ben")
    for agent, refusal in (("ben", NoRoom), ("cyd", Unavailable), ("ada", InvalidInput)):
        with pytest.raises(refusal):
            transfer(shop, chat, agent=agent)


def test_a_transfer_to_a_queue_keeps_the_place_in_time() -> None:
    """B12: the chat stands where its time puts it, and does not come back to the giver."""
    shop = a_shop("ada")
    shop.queue("help")
    shop.hire("ben", "cyd", queues=("help",), capacity=1)
    busy = [shop.ask(visitor(f"w{n}"), queue="help") for n in range(2)]
    chat = shop.ask()
    shop.clock.advance(5.0)
    later = shop.ask(EVE, queue="help")
    transfer(shop, chat, queue="help")
    assert list(shop.desk.state.router.line("help")) == [chat, later]
    shop.finish(busy[0])
    assert shop.chat(chat).agent == "ben"


def test_a_chat_does_not_come_back_to_its_giver() -> None:
    """B12: who gave it away does not get it again, though he alone has room."""
    shop = a_shop("ada", queue={"policy": "most_room"})
    shop.hire("ben", capacity=1)
    chat, other = shop.ask(ANA), shop.ask(BOB)
    transfer(shop, other, agent="ben")
    transfer(shop, chat, queue="sales")
    assert shop.chat(chat).state is ChatState.WAITING
    with pytest.raises(NothingWaiting):
        shop.do(c.TakeChat(), ADA)
    shop.finish(other)
    assert shop.chat(chat).agent == "ben"


def test_a_chat_is_not_given_back_where_nobody_else_serves() -> None:
    """B12: the giver himself is nobody to wait for."""
    shop = a_shop("ada")
    chat = shop.ask()
    with pytest.raises(Unavailable):
        transfer(shop, chat, queue="sales")
    shop.hire("ben")
    transfer(shop, chat, queue="sales")
    assert shop.chat(chat).agent == "ben"


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
    shop.do(c.SetIntent(intent=NOBODY), ADA)
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
    shop.do(c.SetIntent(intent=NOBODY), ADA)
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
