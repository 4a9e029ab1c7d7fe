"""How well a response answers a query: pure functions over the index.

Few terms are rare and many are not. The rare ones open the candidates, each posting costing the
same; the frequent ones only score the best of those again, a bisection each. So a search costs
about the same in a thousand responses as in a hundred thousand.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate, chain
from math import exp, log

from msgspec import Struct

from chatdesk.canned import text
from chatdesk.canned.corrections import corrected
from chatdesk.canned.index import Index
from chatdesk.canned.postings import SLOT
from chatdesk.canned.reading import TOP

BUDGET = 4_000
"""Postings a search goes through at most, or a share of the responses if they are more."""

BUDGET_SHARE = 0.2

SCORED_AGAIN = 150
"""Candidates that frequent terms score again."""

CORRECTED = 0.6
"""What a word guessed for a misspelt one counts."""

SINGULAR = 4
"""Letters from which a final s or x may be a plural's."""

PLURAL_SHARE = 0.2
"""How much of a plural's weight asks for the plural itself."""

MOST_WIDENING = 10
"""How many times the budget a search among few responses may spend."""

CHAMPION_TERMS = 2
"""Terms whose champions open the candidates where no term fits the budget."""

FEW = 20
"""How many times those wanted are few enough to be sorted."""

COMPARED = 50
"""Candidates whose title, keywords and learned questions are compared one by one."""

MOST_TERMS = 160
"""Terms of a query that are used; the rest, the most frequent, would cost time and say little."""


class Weights(Struct, frozen=True):
    """What each kind of term counts; chosen on public sets of questions, each left out in turn."""

    word: float = 1.0
    stem: float = 1.6
    gram: float = 0.6
    pair: float = 0.7
    near: float = 0.3
    passage: float = 0.4
    typed: float = 0.2
    """Whole-text terms while an agent types, who remembers titles rather than texts."""
    begun: float = 3.0
    """The beginning of the word being typed."""
    completed: float = 0.6
    """The rarity of the title's word that the beginning may become."""
    finished: float = 2.0
    """The beginning of a word that was typed before."""


DEFAULT_WEIGHTS = Weights()


def question_terms(
    words: Sequence[str],
    index: Index,
    stops: AbstractSet[str],
    weights: Weights,
    *,
    unfinished: str | None = None,
) -> dict[str, float]:
    """The terms of a question that occur, with weight times rarity, rarest first.

    A word that occurs nowhere is taken for a misspelt one, unless it is `unfinished`.
    """
    found: dict[str, float] = {}
    for word, count in Counter(words).items():
        _add_word(found, word, count, index, stops, weights)
        guesses = () if word == unfinished else corrected(word, lambda w: index.count(w) > 0)
        for guess in guesses:
            _add_word(found, guess, count * CORRECTED, index, stops, weights)
    for pair in text.pair_terms(words, stops):
        if index.count(pair):
            weight = weights.near if "+" in pair else weights.pair
            found[pair] = found.get(pair, 0.0) + weight * index.rarity(pair)
    return _rarest(found)


def _add_word(
    found: dict[str, float],
    word: str,
    count: float,
    index: Index,
    stops: AbstractSet[str],
    weights: Weights,
) -> None:
    stopped = word in stops
    own = weights.word + (weights.stem if len(word) < text.STEM and not stopped else 0.0)
    weight_of = {"^": weights.stem, "~": weights.gram}
    for term in text.word_terms(word, stopped):
        if index.count(term):
            weight = weight_of.get(term[0], own)
            found[term] = found.get(term, 0.0) + count * weight * index.rarity(term)


def _rarest(found: Mapping[str, float]) -> dict[str, float]:
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:MOST_TERMS])


def typing_terms(
    words: Sequence[str],
    index: Index,
    stops: AbstractSet[str],
    weights: Weights,
) -> dict[str, float]:
    """The terms of what an agent has typed so far, the last word taken as begun."""
    begun = words[-1] if index.count(f"<{words[-1][: text.PREFIX]}") else None
    whole = question_terms(words, index, stops, weights, unfinished=begun)
    found = {term: weights.typed * weight for term, weight in whole.items()}
    for place, word in enumerate(words, 1):
        weight = weights.begun if place == len(words) else weights.finished
        for beginning, share in _beginnings(word, index):
            term = f"<{beginning}"
            found[term] = found.get(term, 0.0) + share * weight * index.rarity(term)
    return found


def _beginnings(word: str, index: Index) -> Iterator[tuple[str, float]]:
    """What to look a typed word up by, with shares: itself, its singular, or what it may mean."""
    word = word[: text.PREFIX]
    singular = word[:-1] if len(word) >= SINGULAR and word[-1] in "sx" else None
    if singular is not None and index.count(f"<{singular}"):
        yield singular, 1 - PLURAL_SHARE
        if index.count(f"<{word}"):
            yield word, PLURAL_SHARE
    elif index.count(f"<{word}"):
        yield word, 1.0
    else:
        for guess in corrected(word, lambda w: index.count(f"<{w}") > 0):
            yield guess, CORRECTED


class Choice(Struct, frozen=True):
    """Which responses may be found: a test of one slot and, if few pass, the slots to be tested.

    `effort` is the part of the posting budget that may be spent.
    """

    fits: Callable[[int], bool]
    allowed: AbstractSet[int] | None = None
    effort: float = 1.0

    def budget(self, responses: int) -> int:
        """How many postings to go through: more where most belong to responses not asked for."""
        budget = int(self.effort * max(BUDGET, BUDGET_SHARE * responses))
        if self.allowed is None:
            return budget
        return int(budget * min(MOST_WIDENING, responses / max(1, len(self.allowed))))


def candidates(index: Index, terms: Mapping[str, float], choice: Choice) -> dict[int, float]:
    """The best slots for the terms with their scores, the passages not yet compared."""
    by_rarity = sorted(terms, key=lambda term: (index.count(term), term))
    spent = list(accumulate(map(index.count, by_rarity)))
    opened = bisect_right(spent, choice.budget(len(index)))
    scores: dict[int, float] = {}
    for term in by_rarity[:opened]:
        _open(scores, index.postings(term), terms[term], choice.allowed)
    best = _best_fitting(index, scores, choice)
    if not best:
        opened = 0
        best = dict.fromkeys(_champions(index, by_rarity, choice), 0.0)
    score_again(best, index, by_rarity[opened:], terms)
    return best


def _open(
    scores: dict[int, float],
    postings: Iterable[int],
    weight: float,
    allowed: Container[int] | None,
) -> None:
    """Add what a term says about each response that holds it."""
    if allowed is None and not scores:
        scores.update([(p >> SLOT, weight * (p & TOP)) for p in postings])
        return
    get = scores.get
    if allowed is None:
        for posting in postings:
            slot = posting >> SLOT
            scores[slot] = get(slot, 0.0) + weight * (posting & TOP)
        return
    for posting in postings:
        slot = posting >> SLOT
        if slot in allowed:
            scores[slot] = get(slot, 0.0) + weight * (posting & TOP)


def _champions(index: Index, by_rarity: Sequence[str], choice: Choice) -> Iterator[int]:
    """Slots for a query all of whose terms are frequent, such as one letter."""
    for term in by_rarity[:CHAMPION_TERMS]:
        found = [p >> SLOT for p in index.champions(term) if choice.fits(p >> SLOT)]
        if len(found) < COMPARED < index.count(term):
            fitting = (p for p in index.postings(term) if choice.fits(p >> SLOT))
            found = [p >> SLOT for p in index.best(fitting)]
        yield from found


def _best_fitting(index: Index, scores: Mapping[int, float], choice: Choice) -> dict[int, float]:
    """The best slots among those that fit; looks further down only while too few do."""
    wanted = SCORED_AGAIN
    while True:
        best = best_of(index, scores, wanted)
        found = {slot: score for slot, score in best if choice.fits(slot)}
        if len(found) >= SCORED_AGAIN // 2 or wanted >= len(scores):
            return found
        wanted *= 8


def best_of(index: Index, scores: Mapping[int, float], wanted: int) -> list[tuple[int, float]]:
    """The best slots, ties by id, so that nothing depends on where a response is kept."""
    if len(scores) > wanted:
        floor = _floor(scores.values(), wanted)
        best = [item for item in scores.items() if item[1] >= floor]
        if len(best) == wanted:
            return best
        above = [item for item in best if item[1] > floor]
        level = [item for item in best if item[1] == floor]
        level = heapq.nsmallest(wanted - len(above), level, key=lambda i: id_of(index, i[0]))
        return above + level
    return list(scores.items())


def _floor(scores: Collection[float], wanted: int) -> float:
    """The least of the best; sorting all of a few takes a fifth of picking the best."""
    if len(scores) <= wanted * FEW:
        return sorted(scores)[-wanted]
    return heapq.nlargest(wanted, scores)[-1]


def score_again(
    best: dict[int, float], index: Index, closed: Iterable[str], terms: Mapping[str, float]
) -> None:
    """Add what the terms say about what was found so far. One bisection a term and response."""
    slots = [(slot, slot << SLOT) for slot in sorted(best)]
    for term in closed if slots else ():
        postings, weight = index.postings(term), terms[term]
        place, end = 0, len(postings)
        for slot, base in slots:
            place = bisect_left(postings, base, place, end)
            if place == end:
                break
            impact = postings[place] - base
            if impact <= TOP:
                best[slot] += weight * impact


def compare_passages(
    index: Index,
    scores: Mapping[int, float],
    terms: Mapping[str, float],
    stops: AbstractSet[str],
    weights: Weights,
) -> dict[int, float]:
    """The best candidates, each scored also by the one passage of it that fits the query best."""
    says = _Meanings(terms, stops).__getitem__
    found = {}
    for slot, score in best_of(index, scores, COMPARED):
        best = 0.0
        for passage in index.entry(slot).passages:
            fit = sum(map(says, set(passage))) / passage_norm(len(passage))
            if fit > best:  # noqa: PLR1730  # `max` costs a call a passage
                best = fit
        found[slot] = score + weights.passage * TOP * best
    return found


class _Meanings(dict[str, float]):
    """What the query's terms say about a text that holds a word; worked out once a word."""

    def __init__(self, terms: Mapping[str, float], stops: AbstractSet[str]) -> None:
        super().__init__()
        self.terms, self.stops = terms, stops

    def __missing__(self, word: str) -> float:
        terms = self.terms
        own = text.word_terms(word, word in self.stops)
        said = sum([terms[term] for term in own if term in terms])
        self[word] = said
        return said


def favour_rare_completions(
    index: Index, scores: Mapping[int, float], words: Sequence[str], weights: Weights
) -> dict[int, float]:
    """Scores that favour the rarer word a beginning may become: who types means one response."""
    begun = f" {words[-1]}"
    worth = _Completions(index, words[-1], frozenset(words[:-1])).__getitem__
    factor, entry = weights.completed * TOP, index.entry
    found = {}
    for slot, score in scores.items():
        _, *after = entry(slot).title.split(begun)
        found[slot] = score
        if after:
            found[slot] += factor * max([worth(rest.partition(" ")[0]) for rest in after])
    return found


class _Completions(dict[str, float]):
    """The rarity of the word that what is typed becomes with an ending; worked out once."""

    def __init__(self, index: Index, beginning: str, before: AbstractSet[str]) -> None:
        super().__init__()
        self.index, self.beginning, self.before = index, beginning, before

    def __missing__(self, ending: str) -> float:
        word = self.beginning + ending
        self[ending] = worth = 0.0 if word in self.before else self.index.rarity(word)
        return worth


def confidence(
    index: Index, words: Sequence[str], terms: Mapping[str, float], scores: Iterable[float]
) -> float:
    """How surely the best response answers a question, from 0 to 1.

    The part of the question's weight which the best response accounts for, raised a little where
    the second is far behind. Words that occur nowhere count, and one more of them, which is held
    against short questions.
    """
    best, second = heapq.nlargest(2, chain(scores, (0.0, 0.0)))
    unknown = sum(1 for word in set(words) if not index.count(word) and word not in index.stops())
    rarest = log(1 + (len(index) + 0.5) / 0.5)
    possible = sum(terms.values()) + (1 + unknown) * UNKNOWN_WEIGHT * rarest
    lead = (1 + (best - second) / TOP) ** LEAD_POWER
    return 1 - exp(-best / TOP / possible * lead)


UNKNOWN_WEIGHT = 3.5
"""What a word that occurs nowhere counts: about what its word, stem and grams would."""

LEAD_POWER = 0.2

PASSAGE_PIVOT = 10


def passage_norm(words: int) -> float:
    """What divides a passage of so many words: BM25's norm at b = ½, a word occurring once."""
    return 1 + 1.2 * (0.5 + 0.5 * words / PASSAGE_PIVOT)


def id_of(index: Index, slot: int) -> str:
    """The id of the response in a slot."""
    return index.entry(slot).response.id
