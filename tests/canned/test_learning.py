"""Learning from what agents send."""

import pytest
from msgspec.structs import replace

from chatdesk.canned.learning import (
    MOST_LEARNED,
    LearnedQuestions,
    SentAnswer,
    frequent_replies,
    without_personal_data,
)

ANSWER = SentAnswer(
    response_id="refund",
    canned="Your refund takes five working days.",
    sent="Your refund takes five working days.",
    question="where is my money",
    customer="c1",
    message="m1",
    at=1.0,
)


@pytest.mark.parametrize(
    ("original", "kept"),
    [
        ("write to zoe@example.org please", "write to please"),
        ("call +41 (0)79 123-45-67 now", "call now"),
        ("order A-1234 of 12.03.2026 is late", "order A- of is late"),
        ("I am Zoé Müller, where is it", "I am where is it"),
        ("see https://example.org/?token=abc ok", "see ok"),
        ("covid-19 rules", "covid- rules"),
        ("CH93 0076 2011 6238 5295 7 is my account", "is my account"),
    ],
)
def test_personal_data_is_taken_out(original: str, kept: str) -> None:
    """Mails, numbers, addresses and the people's names are not kept."""
    assert without_personal_data(original, ["Zoe Müller"]) == kept


def test_hostile_text_is_bounded() -> None:
    """What is kept is short, whatever came."""
    assert len(without_personal_data("x@" * 100_000 + "1" * 100_000)) <= 500
    assert len(without_personal_data("word " * 100_000)) <= 500


def test_reply_sent_as_it_is_teaches() -> None:
    """A reply sent nearly as it is makes the question a way to find it."""
    learned = LearnedQuestions()
    assert learned.learn(replace(ANSWER, sent="Your refund takes about five working days."))
    assert learned.of("refund") == ("where is my money",)


def test_rewritten_reply_teaches_nothing() -> None:
    """A reply made into another, or a question without words, teaches nothing."""
    learned = LearnedQuestions()
    assert learned.learn(replace(ANSWER, sent="No idea, ask my colleague.")) is None
    assert learned.learn(replace(ANSWER, question="0791234567 ?")) is None
    assert learned.of("refund") == ()


def test_editing_the_reply_away_withdraws() -> None:
    """When the agent edits the reply into another, what it taught is withdrawn."""
    learned = LearnedQuestions()
    learned.learn(ANSWER)
    assert learned.edited("m1", ANSWER.canned, ANSWER.canned) == frozenset()
    assert learned.edited("m1", ANSWER.canned, "Sorry, wrong window.") == {"refund"}
    assert learned.of("refund") == ()
    assert learned.edited("m1", ANSWER.canned, "again") == frozenset()


def test_fifty_the_oldest_out() -> None:
    """A response keeps the newest fifty questions."""
    learned = LearnedQuestions()
    for n in range(MOST_LEARNED + 5):
        word = "".join(chr(97 + int(digit)) for digit in f"{n:02}")
        answer = replace(ANSWER, message=f"m{n}", at=float(n), question=f"where is {word}")
        learned.learn(answer)
    kept = learned.of("refund")
    assert len(kept) == MOST_LEARNED
    assert kept[0] == "where is af"


def test_a_customer_is_forgotten() -> None:
    """Deleting a customer deletes what was learned from that customer, and no more."""
    learned = LearnedQuestions()
    learned.learn(ANSWER)
    learned.learn(replace(ANSWER, customer="c2", message="m2", question="no cash yet"))
    assert learned.forget_customer("c1") == {"refund"}
    assert learned.of("refund") == ("no cash yet",)
    assert learned.forget_customer("c1") == frozenset()
    assert "where is my money" not in str(list(learned.all()))


def test_kept_and_restored() -> None:
    """What was kept can be taken over, twice without harm, and forgotten with its response."""
    learned, again = LearnedQuestions(), LearnedQuestions()
    learned.learn(ANSWER)
    for _ in range(2):
        again.restore(learned.all())
    assert list(again.all()) == list(learned.all())
    assert again.forget_response("refund") == {"refund"}
    assert list(again.all()) == []


def test_frequent_hand_written_replies_are_proposed() -> None:
    """Replies written again and again are proposed once, those that exist already are not (B29)."""
    replies = [
        "Hello Zoé, your parcel 123 left our depot this morning.",
        "Hello Tom, your parcel 77 left our depot this morning.",
        "Hello, your parcel left our depot this morning!",
        "We are open from nine to five on weekdays.",
        "We are open from nine to five on weekdays.",
        "We are open from nine to five on weekdays.",
        "Something said once and never again.",
    ]
    (proposal,) = frequent_replies(
        replies, ["We are open from nine to five on weekdays."], names=["Zoé", "Tom"]
    )
    assert proposal.times == 3
    assert "parcel left our depot" in proposal.text
    assert "Zoé" not in str(proposal)
