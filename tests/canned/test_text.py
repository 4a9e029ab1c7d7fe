"""From text to terms."""

import pytest

from chatdesk.canned import text
from chatdesk.canned.stopwords import stop_words

EN = stop_words(frozenset({"en"}))


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("Où est ma COMMANDE ?", ["ou", "est", "ma", "commande"]),
        ("l'œuvre d’art qu'il aime", ["oeuvre", "art", "il", "aime"]),
        (
            "I can't, don't and won't: it's",
            ["i", "can", "not", "do", "not", "and", "wo", "not", "it"],
        ),
        ("aujourd'hui", ["aujourdhui"]),
        ("Straße, Łódź, cafe\u0301", ["strasse", "lodz", "cafe"]),
        ("Hello {{ customer.first_name | you }}, see https://example.org/a?b=1", ["hello", "see"]),
        ("", []),
        ('\0 \ud800 🙂 () * " % {{', []),
    ],
)
def test_words(original: str, expected: list[str]) -> None:
    """Accents, case, ligatures, elisions, placeholders and addresses go; negations stay (A22)."""
    assert text.words(original) == expected


def test_tokens_know_their_places() -> None:
    """A token's places are those of the original text."""
    original = "Voilà l'été, œuf"
    assert [original[t.start : t.end] for t in text.tokens(original)] == ["Voilà", "l'été", "œuf"]
    assert [t.word for t in text.tokens(original)] == text.words(original)


def test_grams_mark_the_edges() -> None:
    """Grams overlap, know where a word begins and ends, and short words have none."""
    assert text.grams("carte") == ("_car", "cart", "arte", "rte_")
    assert text.grams("ab") == ()
    assert text.grams("返品する") == ("~返品", "~品す", "~する")


def test_terms_of_a_word() -> None:
    """A subject word gives itself, its stem and its grams; a stop word only itself."""
    assert text.word_terms("refunds", stopped=False) == (
        "refunds",
        "^refun",
        "~_ref",
        "~refu",
        "~efun",
        "~fund",
        "~unds",
        "~nds_",
    )
    assert text.word_terms("the", stopped=True) == ("the",)


def test_pairs() -> None:
    """Words in a row keep their order; near subject stems do not."""
    assert list(text.pair_terms(("lost", "the", "card"), EN)) == [
        ". lost",
        "lost the",
        "the card",
        "card .",
        "card+lost",
    ]


def test_prefixes_end_at_eight_letters() -> None:
    """Each beginning of a word is a term, up to eight letters."""
    assert text.prefixes("card") == ("<c", "<ca", "<car", "<card")
    assert text.prefixes("withdrawals")[-1] == "<withdraw"


def test_known_runs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs of letters come to is kept for so many runs, and never for endless ones."""
    monkeypatch.setattr(text, "MOST_KNOWN", 3)
    monkeypatch.setattr(text, "_known_runs", text._KnownRuns())
    endless = "x" * 10_000
    assert text.words(f"one two three four {endless} l'eau") == [
        *("one", "two", "three", "four"),
        "x" * text.MAX_WORD_CHARS,
        "eau",
    ]
    assert len(text._known_runs) <= 3
    assert endless not in text._known_runs
