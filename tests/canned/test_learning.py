"""Learning from what agents send."""

import pytest

from chatdesk.canned.learning import frequent_replies, without_personal_data, worth_learning


@pytest.mark.parametrize(
    ("original", "kept"),
    [
        ("write to zoe@example.org please", "write to please"),
        ("call +41 (0)79 123-45-67 now", "call now"),
        ("order A-1234 of 12.03.2026 is late", "order A- of is late"),
        ("I am Zoé Müller, where is it", "I am where is it"),
        ("see https://example.org/?token=abc ok", "see ok"),
        ("covid-19 rules", "covid- rules"),
        ("@marchlady wants zoe @ example.com or zoe (at) example.org", "wants or"),
        ("see www.example.org/zoe, or face.example/zoe.march now", "see or now"),
        ("je m'appelle Julie Durand et j'attends", "je m' et j'attends"),
        ("My name is John O'Brien, where is it", "My , where is it"),
        ("at the desk Mr. Smith and Mme Lefèvre-Roux said no", "at the desk and said no"),
        (
            "the name of the thing, monsieur le directeur",
            "the name of the thing, monsieur le directeur",
        ),
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


def test_questions_worth_learning() -> None:
    """What is left without personal data is learned, unless that is next to nothing (A23)."""
    assert worth_learning("Where is my money, Zoé?", ["Zoe"]) == "Where is my money,"
    assert worth_learning("0791234567 ?") is None
    assert worth_learning("refund") is None


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
