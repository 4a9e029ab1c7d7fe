"""Words that carry no subject."""

from chatdesk.canned.stopwords import LANGUAGES, grammar_words, stop_words
from chatdesk.canned.text import fold


def test_languages_are_joined() -> None:
    """Several languages give the stop words of each; an unknown one gives none."""
    both = stop_words(frozenset({"en", "fr"}))
    assert {"the", "les"} <= both
    assert stop_words(frozenset({"xx"})) == frozenset()


def test_stop_words_are_folded() -> None:
    """Every listed word is in the form that text analysis gives, or it would never match."""
    assert all(fold(word) == word for word in stop_words(LANGUAGES))


def test_grammar_is_part_of_the_stop_words() -> None:
    """Everyday verbs and adverbs are stop words, but not words of grammar."""
    english = frozenset({"en"})
    assert grammar_words(english) < stop_words(english)
    assert "always" in stop_words(english) - grammar_words(english)
