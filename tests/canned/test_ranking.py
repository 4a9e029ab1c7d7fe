"""How well a response answers a query."""

from random import Random

import pytest

from chatdesk.canned import ranking
from chatdesk.canned.index import Index
from chatdesk.canned.ranking import DEFAULT_WEIGHTS, Choice
from chatdesk.canned.reading import TOP
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


@pytest.mark.parametrize("few", [0, ranking.FEW])
def test_best_of_breaks_ties_by_id(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Whether all scores are sorted or the best are picked, ties go by id."""
    monkeypatch.setattr(ranking, "FEW", few)
    index, rng = Index(), Random(1)
    for number in rng.sample(range(40), 40):
        index.add(response(f"r{number:02}"))
    scores = {slot: float(rng.randrange(6)) for slot in range(40)}
    ordered = sorted(scores.items(), key=lambda item: (-item[1], ranking.id_of(index, item[0])))
    for wanted in (1, 7, 39, 40, 50):
        assert sorted(ranking.best_of(index, scores, wanted)) == sorted(ordered[:wanted])


def test_the_rarest_completion_counts() -> None:
    """Of a title's words that may become what is begun the rarest adds, none typed before does."""
    index = index_of("card carried carrot", "card carried", "card", "my discard", "lost car card")
    nothing = dict.fromkeys(range(5), 0.0)

    def added(*words: str) -> list[float]:
        scores = ranking.favour_rare_completions(index, nothing, words, DEFAULT_WEIGHTS)
        return [scores[slot] for slot in range(5)]

    unit = DEFAULT_WEIGHTS.completed * TOP
    carrot, carried, card, car = (
        unit * index.rarity(word) for word in ("carrot", "carried", "card", "car")
    )
    assert added("car") == [carrot, carried, card, 0, car]
    assert added("card", "car") == [carrot, carried, 0, 0, car]
    assert added("zebra") == [0, 0, 0, 0, 0]


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
