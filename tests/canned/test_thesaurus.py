"""Words of like meaning."""

from chatdesk.canned.stopwords import stop_words
from chatdesk.canned.text import STEM, fold
from chatdesk.canned.thesaurus import LANGUAGES, likes_of


def test_likes_go_both_ways() -> None:
    """A word means what means it, and never itself."""
    likes = likes_of(LANGUAGES)
    for stem, others in likes.items():
        assert others
        assert stem not in others
        assert all(stem in likes[other] for other in others)


def test_languages_stay_apart() -> None:
    """A language gives its own words only; one without a list gives none."""
    assert "achet" not in likes_of(frozenset({"en"}))
    assert "purch" in likes_of(frozenset({"en"}))["buy"]
    assert likes_of(frozenset({"xx"})) == {}


def test_stems_are_folded() -> None:
    """Every stem is in the form that text analysis gives, or it would never match."""
    assert all(fold(stem) == stem and len(stem) <= STEM for stem in likes_of(LANGUAGES))


def test_short_words_are_not_stop_words() -> None:
    """A word that is a stop word would never be looked up."""
    for language in LANGUAGES:
        alone = frozenset({language})
        short = {stem for stem in likes_of(alone) if len(stem) < STEM}
        assert not short & stop_words(alone)
