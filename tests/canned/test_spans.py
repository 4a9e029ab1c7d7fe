"""Where a query matched."""

from chatdesk.canned.spans import spans
from chatdesk.canned.stopwords import stop_words

STOPS = stop_words(frozenset({"en", "fr"}))


def marked(original: str, *words: str, begun: bool = False) -> list[str]:
    """The marked pieces of a text."""
    return [original[s.start : s.end] for s in spans(original, words, STOPS, begun=begun)]


def test_same_word_in_another_dress() -> None:
    """Accents, plurals and one-letter errors are marked at their place in the original (A22)."""
    assert marked("Où sont mes Écharpes ?", "echarpe") == ["Écharpes"]
    assert marked("Delivery of parcels", "delvery") == ["Delivery"]


def test_stop_words_are_marked_only_alone() -> None:
    """Stop words mark nothing beside a subject word."""
    assert marked("the card of the shop", "the", "card") == ["card"]
    assert marked("the card", "the") == ["the"]


def test_a_beginning_marks_what_it_begins() -> None:
    """While typing, the last word marks every word that begins so."""
    assert marked("Payment by card", "pay", begun=True) == ["Payment"]
    assert marked("Payment by card", "pay") == []
