"""How well a response answers a query."""

from chatdesk.canned import ranking
from chatdesk.canned.index import Index
from chatdesk.canned.ranking import DEFAULT_WEIGHTS, Choice
from tests.canned.builders import response


def anything(slot: int) -> bool:
    """Whether a slot fits: always."""
    return True


def index_of(*titles: str) -> Index:
    """An index of responses titled so, with ids a, b, c and so on."""
    index = Index()
    for letter, title in zip("abcdefghij", titles, strict=False):
        index.add(response(letter, title=title))
    return index


def test_only_terms_that_occur() -> None:
    """A word found nowhere gives no whole-word term, but its grams may be."""
    index = index_of("lost card", "opening hours")
    terms = ranking.question_terms(["cards", "zebra"], index, index.stops(), DEFAULT_WEIGHTS)
    assert "cards" not in terms
    assert "~card" in terms
    assert not any("zebr" in term for term in terms)


def test_terms_are_bounded() -> None:
    """However long the question, the rarest terms are used and no more."""
    index = index_of(" ".join(f"word{n}" for n in range(400)))
    words = [f"word{n}" for n in range(400)]
    terms = ranking.question_terms(words, index, index.stops(), DEFAULT_WEIGHTS)
    assert len(terms) == ranking.MOST_TERMS


def test_misspelt_short_word_is_guessed() -> None:
    """One wrong letter in a short word still gives the word's terms (A22)."""
    index = index_of("cost of delivery")
    assert "cost" in ranking.question_terms(["csot"], index, index.stops(), DEFAULT_WEIGHTS)


def test_budget_widens_for_few() -> None:
    """A search among few responses may go through more postings, but not without end."""
    everything = Choice(anything)
    few = Choice(anything, frozenset(range(5_000)))
    fewest = Choice(anything, frozenset({1}))
    assert everything.budget(10_000) == ranking.BUDGET
    assert few.budget(10_000) == 2 * ranking.BUDGET
    assert fewest.budget(10_000) == ranking.MOST_WIDENING * ranking.BUDGET


def test_frequent_terms_score_as_much_as_rare_ones() -> None:
    """A term left for scoring again adds exactly what it would have added when opened."""
    index = index_of("lost card", "lost parcel", "stolen card", "card limit")
    terms = ranking.question_terms(["lost", "card"], index, index.stops(), DEFAULT_WEIGHTS)
    opened = ranking.candidates(index, terms, Choice(anything))
    again = dict.fromkeys(opened, 0.0)
    ranking.score_again(again, index, terms, terms)
    assert all(abs(opened[slot] - again[slot]) < 1e-9 * opened[slot] for slot in opened)


def test_confidence() -> None:
    """The title itself asked is surer than half of it, and that surer than something else."""
    index = index_of("report a stolen card", "opening hours", "change my address")

    def sure(*words: str) -> float:
        terms = ranking.question_terms(words, index, index.stops(), DEFAULT_WEIGHTS)
        found = ranking.candidates(index, terms, Choice(anything))
        return ranking.confidence(index, words, terms, found.values())

    whole = sure("report", "a", "stolen", "card")
    half = sure("stolen", "giraffe")
    assert 1 >= whole > half > sure("giraffe", "weather") == 0
