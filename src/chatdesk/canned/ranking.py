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
from chatdesk.canned.stopwords import grammar_words
from chatdesk.canned.thesaurus import likes_of

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
    stem: float = 1.8
    gram: float = 0.55
    grammar: float = 0.7
    """A stop word that only holds a sentence together."""
    everyday: float = 2.2
    """Any other stop word, which has no stem and grams to speak for it."""
    like: float = 0.5
    """A word that means about the same as one of the question."""
    pair: float = 1.0
    near: float = 0.4
    passage: float = 0.7
    typed: float = 0.2
    """Whole-text terms while an agent types, who remembers titles rather than texts."""
    begun: float = 2.5
    """The beginning of the word being typed."""
    completed: float = 0.6
    """The rarity of the title's word that the beginning may become."""
    telling: float = 3.0
    """That it is the rarest word of the title."""
    finished: float = 2.5
    """The beginning of a word that was typed before."""


DEFAULT_WEIGHTS = Weights()


class Weighing(Struct, frozen=True):
    """What the terms of words count, by kind of word and term, before rarity."""

    weights: Weights
    stops: AbstractSet[str]
    grammar: AbstractSet[str]

    def terms(self, word: str) -> Iterator[tuple[str, float]]:
        """The terms of a word with their weights."""
        own, stem, gram = self._own(word), self.weights.stem, self.weights.gram
        for term in text.word_terms(word, word in self.stops):
            yield term, gram if term[0] == "~" else stem if term[0] == "^" else own

    def whole(self, word: str) -> float:
        """About what all terms of a word count together."""
        own = self._own(word)
        if word in self.stops:
            return own
        stem = self.weights.stem if len(word) >= text.STEM else 0.0
        return own + stem + self.weights.gram * (len(word) - 1)

    def _own(self, word: str) -> float:
        """What a word itself counts; a short one is its own stem."""
        if word in self.stops:
            return self.weights.grammar if word in self.grammar else self.weights.everyday
        return self.weights.word + (self.weights.stem if len(word) < text.STEM else 0.0)


def weighing(index: Index, weights: Weights) -> Weighing:
    """How words weigh in the languages of an index."""
    return Weighing(weights, index.stops(), grammar_words(index.languages()))


def question_terms(words: Sequence[str], index: Index, weigh: Weighing) -> dict[str, float]:
    """The terms of a question that occur, with weight times rarity, rarest first.

    A word that occurs nowhere is taken for a misspelt one, and a word of the thesaurus also for
    what else it may be called.
    """
    found = _terms_of(words, index, weigh)
    for term in _likes(words, index, weigh.stops):
        found[term] = found.get(term, 0.0) + weigh.weights.like * index.rarity(term)
    return _rarest(found)


def _terms_of(
    words: Sequence[str], index: Index, weigh: Weighing, *, unfinished: str | None = None
) -> dict[str, float]:
    """The terms of words and pairs of words; the `unfinished` word is not taken for misspelt."""
    found: dict[str, float] = {}
    for word, count in Counter(words).items():
        _add_word(found, word, count, index, weigh)
        guesses = () if word == unfinished else corrected(word, lambda w: index.count(w) > 0)
        for guess in guesses:
            _add_word(found, guess, count * CORRECTED, index, weigh)
    for pair in text.pair_terms(words, weigh.stops):
        if index.count(pair):
            weight = weigh.weights.near if "+" in pair else weigh.weights.pair
            found[pair] = found.get(pair, 0.0) + weight * index.rarity(pair)
    return found


def _add_word(
    found: dict[str, float], word: str, count: float, index: Index, weigh: Weighing
) -> None:
    for term, weight in weigh.terms(word):
        if index.count(term):
            found[term] = found.get(term, 0.0) + count * weight * index.rarity(term)


def _likes(words: Sequence[str], index: Index, stops: AbstractSet[str]) -> Iterator[str]:
    """The terms that occur of words which mean about the same as the question's, each once."""
    likes = likes_of(index.languages())
    asked = {word[: text.STEM] for word in words if word not in stops}
    meant = {like for stem in asked & likes.keys() for like in likes[stem]}
    for like in sorted(meant - asked):
        term = like if len(like) < text.STEM else f"^{like}"
        if index.count(term):
            yield term


def _rarest(found: Mapping[str, float]) -> dict[str, float]:
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:MOST_TERMS])


def typing_terms(words: Sequence[str], index: Index, weigh: Weighing) -> dict[str, float]:
    """The terms of what an agent has typed so far, the last word taken as begun."""
    weights = weigh.weights
    begun = words[-1] if index.count(f"<{words[-1][: text.PREFIX]}") else None
    whole = _rarest(_terms_of(words, index, weigh, unfinished=begun))
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

    `effort` is the part of the posting budget that may be spent, `kept` how many of those that were
    found are scored by the frequent terms too.
    """

    fits: Callable[[int], bool]
    allowed: AbstractSet[int] | None = None
    effort: float = 1.0
    kept: int = SCORED_AGAIN

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
        scores.update({p >> SLOT: weight * (p & TOP) for p in postings})
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
    wanted = choice.kept
    while True:
        best = best_of(index, scores, wanted)
        found = {slot: score for slot, score in best if choice.fits(slot)}
        if len(found) >= choice.kept // 2 or wanted >= len(scores):
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
    index: Index, scores: Mapping[int, float], terms: Mapping[str, float], weigh: Weighing
) -> dict[int, float]:
    """The best candidates, each scored also by the passages of it that fit the query best.

    One passage that fits is enough, and two more that do so too speak for it a little. A passage is
    held against what it says that was not asked for: its words count for its length by what they
    would weigh, subject words more than those of grammar.
    """
    says, weighs = _Meanings(terms, weigh.stops).__getitem__, _Lengths(weigh).__getitem__
    found = {}
    for slot, score in best_of(index, scores, COMPARED):
        fits = []
        for passage in index.entry(slot).passages:
            words = dict.fromkeys(passage)  # in an order that is the same in every process
            fits.append(sum(map(says, words)) / (1 + sum(map(weighs, words)) / PASSAGE_PIVOT))
        fits.sort(reverse=True)
        fit = fits[0] + SUPPORT * sum(fits[1:SUPPORTING])
        found[slot] = score + weigh.weights.passage * TOP * fit
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


class _Lengths(dict[str, float]):
    """How much a word adds to the length of a passage; worked out once a word."""

    def __init__(self, weigh: Weighing) -> None:
        super().__init__()
        self.weigh = weigh

    def __missing__(self, word: str) -> float:
        self[word] = length = self.weigh.whole(word)
        return length


def favour_rare_completions(
    index: Index, scores: Mapping[int, float], words: Sequence[str], weights: Weights
) -> dict[int, float]:
    """Scores that favour the rarer word a beginning may become: who types means one response."""
    begun = f" {words[-1]}"
    worth = _Completions(index, words[-1], frozenset(words[:-1])).__getitem__
    factor, entry = weights.completed * TOP, index.entry
    found, rarest = dict(scores), {}
    for slot in scores:
        _, *after = entry(slot).title.split(begun)
        if after:
            rarest[slot] = max([worth(rest.partition(" ")[0]) for rest in after])
            found[slot] += factor * rarest[slot]
    _favour_telling(found, rarest, index, frozenset(words[:-1]), weights)
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


class _Rarities(dict[str, float]):
    """The rarity of words, 0 for those typed before; looked up once."""

    def __init__(self, index: Index, before: AbstractSet[str]) -> None:
        super().__init__(dict.fromkeys(before, 0.0))
        self.rarity = index.rarity

    def __missing__(self, word: str) -> float:
        self[word] = rarity = self.rarity(word)
        return rarity


def _favour_telling(
    found: dict[int, float],
    rarest: Mapping[int, float],
    index: Index,
    before: AbstractSet[str],
    weights: Weights,
) -> None:
    """Favour the best titles few words of which are rarer than the one begun.

    Who types calls a response by the words that tell it from others.
    """
    rarity = _Rarities(index, before).__getitem__
    floor = sorted(found.values())[-TELLING:][0] if found else 0.0
    for slot in [slot for slot in rarest if rarest[slot] and found[slot] >= floor]:
        title = set(index.entry(slot).passages[0])
        rarer = sum(map(rarest[slot].__lt__, map(rarity, title)))
        found[slot] += weights.completed * TOP * weights.telling * RARER**rarer


TELLING = 15
"""Candidates, and those level with the last, for which the words of the title are compared."""

RARER = 0.7
"""How much less likely a word is typed for each rarer one in the title."""


def confidence(
    index: Index, words: Sequence[str], terms: Mapping[str, float], scores: Iterable[float]
) -> float:
    """How surely the best response is the one that answers a question, from 0 to 1.

    The part of the question's weight which the best response accounts for, raised where the second
    is far behind. Words that occur nowhere count, and one more of them, which is held against short
    questions.
    """
    best, second = heapq.nlargest(2, chain(scores, (0.0, 0.0)))
    lead = (1 + (best - second) / TOP) ** LEAD_POWER
    possible = _possible(index, words, terms, UNKNOWN_WEIGHT, 1.0)
    return 1 - exp(-best / TOP / possible * lead)


def answerable(
    index: Index, words: Sequence[str], terms: Mapping[str, float], scores: Iterable[float]
) -> float:
    """How surely any response answers a question, from 0 to 1, whichever it is.

    As `confidence`, but a second response as good as the first speaks for the question rather than
    against it, and a word that occurs nowhere weighs more: it is what the question is about.
    """
    best = max(scores, default=0.0)
    possible = _possible(index, words, terms, FOREIGN_WEIGHT, 0.5)
    return 1 - exp(-ANSWERABLE_SCALE * best / TOP / possible)


def _possible(
    index: Index, words: Sequence[str], terms: Mapping[str, float], unknown: float, more: float
) -> float:
    """The weight of a question whose words that occur nowhere, and some more, count so much."""
    count = sum(1 for word in set(words) if not index.count(word) and word not in index.stops())
    return sum(terms.values()) + (more + count) * unknown * log(1 + (len(index) + 0.5) / 0.5)


UNKNOWN_WEIGHT = 3.5
"""What a word that occurs nowhere counts: about what its word, stem and grams would."""

FOREIGN_WEIGHT = 6.0
"""What it counts against there being a response at all."""

ANSWERABLE_SCALE = 2.0
"""Brings `answerable` to where `confidence` is, so that one threshold may serve both."""

LEAD_POWER = 0.3

PASSAGE_PIVOT = 6.5
"""Weight of a passage's words at which its length halves what it says: two words of a subject."""


SUPPORT = 0.3
"""What a second and a third passage that fit count, beside the first."""

SUPPORTING = 3
"""Passages that count."""


def id_of(index: Index, slot: int) -> str:
    """The id of the response in a slot."""
    return index.entry(slot).response.id
