"""How well a response answers a query."""

from random import Random

import pytest
from msgspec.structs import replace

from chatdesk.canned import ranking
from chatdesk.canned.index import Index
from chatdesk.canned.ranking import DEFAULT_WEIGHTS, Choice, weighing
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
    terms = ranking.question_terms(["cards", "zebra"], index, weighing(index, DEFAULT_WEIGHTS))
    assert "cards" not in terms
    assert "~card" in terms
    assert not any("zebr" in term for term in terms)


def test_terms_are_bounded() -> None:
    """However long the question, the rarest terms are used and no more."""
    index = index_of(" ".join(f"word{n}" for n in range(400)))
    words = [f"word{n}" for n in range(400)]
    terms = ranking.question_terms(words, index, weighing(index, DEFAULT_WEIGHTS))
    assert len(terms) == ranking.MOST_TERMS


def test_misspelt_short_word_is_guessed() -> None:
    """One wrong letter in a short word still gives the word's terms (A22)."""
    index = index_of("cost of delivery")
    assert "cost" in ranking.question_terms(["csot"], index, weighing(index, DEFAULT_WEIGHTS))


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
    terms = ranking.question_terms(["lost", "card"], index, weighing(index, DEFAULT_WEIGHTS))
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
    weights = replace(DEFAULT_WEIGHTS, telling=0.0)
    nothing = dict.fromkeys(range(5), 0.0)

    def added(*words: str) -> list[float]:
        scores = ranking.favour_rare_completions(index, nothing, words, weights)
        return [scores[slot] for slot in range(5)]

    unit = DEFAULT_WEIGHTS.completed * TOP
    carrot, carried, card, car = (
        unit * index.rarity(word) for word in ("carrot", "carried", "card", "car")
    )
    assert added("car") == [carrot, carried, card, 0, car]
    assert added("card", "car") == [carrot, carried, 0, 0, car]
    assert added("zebra") == [0, 0, 0, 0, 0]


def estimates(index: Index, *words: str) -> tuple[float, float]:
    """How sure the best response is the one, and how sure that any is."""
    terms = ranking.question_terms(words, index, weighing(index, DEFAULT_WEIGHTS))
    found = ranking.candidates(index, terms, Choice(anything))
    sure = ranking.confidence(index, words, terms, found.values())
    return sure, ranking.answerable(index, words, terms, found.values())


def test_confidence() -> None:
    """The title itself asked is surer than half of it, and that surer than something else."""
    index = index_of("report a stolen card", "opening hours", "change my address")
    whole = estimates(index, "report", "a", "stolen", "card")
    half = estimates(index, "stolen", "giraffe")
    assert all(1 >= w > h > 0 for w, h in zip(whole, half, strict=True))
    assert estimates(index, "giraffe", "weather") == (0.0, 0.0)


def test_two_as_good_are_answerable() -> None:
    """Two responses as good make neither sure, and the question no less answerable (A22)."""
    one = index_of("stolen card", "opening hours", "change my address")
    two = index_of("stolen card", "stolen card", "opening hours", "change my address")
    (sure, known), (torn, still_known) = (
        estimates(index, "stolen", "card") for index in (one, two)
    )
    assert torn < sure
    assert still_known > known * torn / sure


def test_likes_are_looked_up() -> None:
    """A question in other words of the same meaning gives terms of the response's words (A22)."""
    index = index_of("purchase a phone", "opening hours")
    terms = ranking.question_terms(["buy", "mobile"], index, weighing(index, DEFAULT_WEIGHTS))
    assert {"^purch", "^phone"} <= terms.keys()
    typed = ranking.typing_terms(["buy", "mobile"], index, weighing(index, DEFAULT_WEIGHTS))
    assert "^purch" not in typed


def test_words_weigh_by_what_they_say() -> None:
    """A word of grammar weighs less than an everyday one, and that less than a subject word."""
    weigh = weighing(index_of("report a stolen card"), DEFAULT_WEIGHTS)
    assert weigh.whole("the") < weigh.whole("always") < weigh.whole("stolen")


def test_shorter_passage_wins() -> None:
    """Of two passages that say the same, that which says less besides fits better."""
    index = index_of("stolen card abroad insurance travel", "stolen card of the")
    weigh = weighing(index, DEFAULT_WEIGHTS)
    terms = ranking.question_terms(["stolen", "card"], index, weigh)
    found = ranking.compare_passages(index, {0: 0.0, 1: 0.0}, terms, weigh)
    assert found[1] > found[0]


def test_passages_that_agree_support_each_other() -> None:
    """Of responses whose best passage fits as well, the one more of whose passages fit wins."""
    index = Index()
    index.add(response("a", title="parcel lost", keywords=("garden", "kettle")))
    index.add(response("b", title="parcel lost", keywords=("lost parcel", "my parcel is lost")))
    weigh = weighing(index, DEFAULT_WEIGHTS)
    terms = ranking.question_terms(["parcel", "lost"], index, weigh)
    scores = ranking.compare_passages(index, {0: 0.0, 1: 0.0}, terms, weigh)
    first = index.slot("a"), index.slot("b")
    assert first == (0, 1)
    assert scores[0] < scores[1] < scores[0] * (1 + 2 * ranking.SUPPORT)


def test_typed_word_that_tells_a_title_apart() -> None:
    """Of two titles with the begun word, that in which it is the rarest comes first (A20)."""
    index = index_of("refund hours", "refund zeppelin", "hours", "opening hours", "hours of work")
    found = ranking.favour_rare_completions(index, {0: 0.0, 1: 0.0}, ["ref"], DEFAULT_WEIGHTS)
    assert found[0] > found[1] > 0
