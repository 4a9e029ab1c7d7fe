"""Reading a response: its words, and what each of its terms says about it.

A term's *impact*, 1 to 255, is the response's side of BM25 (Robertson and Zaragoza, "The
Probabilistic Relevance Framework", 2009), at a fixed pivot length instead of the average one: it
then depends on nothing but the response.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import chain

from msgspec import Struct

from chatdesk.canned import text
from chatdesk.canned.stopwords import LANGUAGES, stop_words
from chatdesk.model.records import CannedResponse

SATURATION = 1.2
"""BM25's k1: how fast repeating a word stops counting."""

HEAD_SATURATION = 2.5
"""The same for title and keywords, which say their subject again and again."""

LENGTH = 0.75
"""BM25's b: how much a long text is held against it."""

HEAD_LENGTH = 1.0
"""The same for title and keywords: whatever they say beside is something else."""

PIVOT_ALL = 150
"""Words of a response at which length neither helps nor hurts."""

PIVOT_HEAD = 30
"""The same for title and keywords."""

TOP = 255
HEAD_SHARE = 85
"""Of 255, what title and keywords add to the whole text: half of what that counts."""

SUBJECT = 3
"""How much likelier an agent types a subject word of a title than a stop word."""

TITLE_TENTHS = 10
SHORTCUT_TENTHS = 8
KEYWORD_TENTHS = 1
"""How likely a word of title, shortcut and keyword is typed, in tenths: whole numbers add up to the
same in any order."""

PREFIX_SATURATION = 2.0
PREFIX_LENGTH = 0.2
PREFIX_PIVOT = 6
"""The same as `SATURATION`, `LENGTH` and `PIVOT_HEAD` for beginnings of words."""

KEPT_SCALES = 4_096
"""Lengths of texts whose scales are kept."""


class Scale(dict[int, int]):
    """What a term adds by how much of it there is: BM25's saturation, worked out once a number."""

    def __init__(self, share: int, norm: float, least: int) -> None:
        super().__init__({0: 0})
        self.share, self.norm, self.least = share, norm, least

    def __missing__(self, much: int) -> int:
        self[much] = adds = self.least + int(self.share * much / (much + self.norm))
        return adds


@lru_cache(KEPT_SCALES)
def whole_scale(words: int) -> Scale:
    """What a term adds that occurs so often in a response of so many words."""
    norm = SATURATION * (1 - LENGTH + LENGTH * words / PIVOT_ALL)
    return Scale(TOP - HEAD_SHARE - 1, norm, 1)


@lru_cache(KEPT_SCALES)
def head_scale(words: int) -> Scale:
    """What a term adds that occurs so often in a title and keywords of so many words."""
    norm = HEAD_SATURATION * (1 - HEAD_LENGTH + HEAD_LENGTH * words / PIVOT_HEAD)
    return Scale(HEAD_SHARE, norm, 1)


@lru_cache(KEPT_SCALES)
def typed_scale(title_words: int) -> Scale:
    """What a beginning of words is worth that are so likely typed, in tenths."""
    norm = PREFIX_SATURATION * (1 - PREFIX_LENGTH + PREFIX_LENGTH * title_words / PREFIX_PIVOT)
    return Scale(TOP - 1, 10 * norm, 1)


class Reading(Struct, frozen=True, gc=False):
    """A response's words: of title, keywords and learned questions, and of all other text."""

    response: CannedResponse
    passages: tuple[tuple[str, ...], ...]
    head: tuple[str, ...]
    body: tuple[str, ...]
    stops: AbstractSet[str]

    def anywhere(self) -> Scale:
        """What a term adds by how often it occurs in all of the text."""
        return whole_scale(len(self.body) + len(self.head))

    def in_head(self) -> Scale:
        """What a term adds by how often it occurs in title and keywords; 0 if it does not."""
        return head_scale(len(self.head))

    def typed(self) -> Scale:
        """What a beginning adds by how likely its words are typed."""
        return typed_scale(len(self.passages[0]))

    def pairs(self) -> Counter[str]:
        """Neighbouring words of title and keywords, counted."""
        return Counter(
            chain.from_iterable([text.pair_terms(each, self.stops) for each in self.passages])
        )

    def likely(self) -> dict[str, int]:
        """The words of title, keywords and shortcuts by how likely they are typed, in tenths."""
        found = {word: KEYWORD_TENTHS * count for word, count in Counter(self.head).items()}
        for word in set(self.passages[0]):
            found[word] += TITLE_TENTHS - KEYWORD_TENTHS
        for shortcut in self.response.shortcuts:
            for word in text.words(shortcut):
                found[word] = found.get(word, 0) + SHORTCUT_TENTHS
        stops = self.stops
        return {word: n if word in stops else n * SUBJECT for word, n in found.items()}


def languages_of(response: CannedResponse) -> frozenset[str]:
    """The languages whose stop words apply to a response; all known ones if it names none."""
    return frozenset({response.language[:2].lower()}) if response.language else LANGUAGES


def passages_of(response: CannedResponse, learned: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Title, keywords and learned questions, each as its words."""
    return tuple(tuple(text.words(p)) for p in (response.title, *response.keywords, *learned))


def read(response: CannedResponse, passages: tuple[tuple[str, ...], ...]) -> Reading:
    """The words of a response whose passages are known. Linear in the text."""
    body = tuple(text.words(f"{response.body}\n{' '.join(response.categories)}"))
    head = tuple(chain.from_iterable(passages))
    return Reading(response, passages, head, body, stop_words(languages_of(response)))


def impacts(reading: Reading) -> dict[str, int]:
    """Every term of a response with its impact, 1 to 255. Linear in the text."""
    anywhere, in_head = reading.anywhere(), reading.in_head()
    body = _count_terms(reading.body, reading.stops)
    head = _count_terms(reading.head, reading.stops)
    head.update(reading.pairs())
    found = {term: anywhere[count] for term, count in body.items()}
    in_body = body.get
    for term, count in head.items():
        found[term] = anywhere[count + in_body(term, 0)] + in_head[count]
    found.update(_typed_impacts(reading))
    return found


def _count_terms(words: Sequence[str], stops: AbstractSet[str]) -> Counter[str]:
    return Counter(chain.from_iterable([text.word_terms(word, word in stops) for word in words]))


def _typed_impacts(reading: Reading) -> dict[str, int]:
    """The beginnings of words of title, shortcuts and keywords, by how likely they are typed."""
    likely: dict[str, int] = {}
    so_far = likely.get
    for word, tenths in reading.likely().items():
        for beginning in text.prefixes(word):
            likely[beginning] = so_far(beginning, 0) + tenths
    typed = reading.typed()
    return {beginning: typed[tenths] for beginning, tenths in likely.items()}
