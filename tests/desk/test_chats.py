"""Talking and transfers: messages, attention, reading, and giving a chat on."""

import pytest

from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import (
    ConsentRequired,
    InvalidInput,
    NoRoom,
    NotAllowed,
    NotFound,
    NothingWaiting,
    StaleEpoch,
    Unavailable,
)
from chatdesk.model.records import Message
from chatdesk.model.values import (
    ChatState,
    MessageKind,
    Role,
    visitor,
)
from tests.desk.helpers import (
    ADA,
    ANA,
    BEN,
    BOB,
    EVE,
    LEAD,
    a_shop,
    transfer,
)

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
