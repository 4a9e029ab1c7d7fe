"""Text analysis: from what people type to the terms the index keeps.

One analysis serves responses and queries, so whatever it forgets (accents, elisions, case) is
forgotten on both sides. Every step is linear in the text, whatever the text holds.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import chain, pairwise
from sys import intern

import msgspec

GRAM = 4
"""Letters of a gram. Four is the length at which a typo, a plural or a conjugation still leaves
most grams of a word standing while two unrelated words share few."""

STEM = 5
"""Letters of a word's stem."""

PREFIX = 8
"""Letters up to which the beginning of a word is a term; beyond them its stem and grams find it."""

NEAR = 3
"""Subject words apart at which two words still make a pair."""

MAX_QUERY_CHARS = 2_000
"""Letters of a query that are read; a visitor's message beyond them adds time, not meaning."""

MAX_WORD_CHARS = 40
"""Letters of one word that are read."""

MOST_KNOWN = 65_536
"""Runs of letters and words of which is kept what they come to."""

_MARKS = "\u0300-\u036f"
_WORD = re.compile(rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*(?:['’ʼ][^\W_]+[{_MARKS}]*)*")
_HIDDEN = re.compile(r"\{\{[^{}]{0,200}\}\}|https?://\S{1,2000}")
_APOSTROPHES = re.compile("['’ʼ]")
_ELIDED = frozenset("l d j m t s n c qu jusqu lorsqu puisqu quoiqu quelqu presqu entr".split())
_CONTRACTED = frozenset("s t re ve ll d m".split())
_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
)
_IDEOGRAPHS = "\u2e80"


class Token(msgspec.Struct, frozen=True):
    """One word of a text: its folded form and where it stands in the original."""

    word: str
    start: int
    end: int


def fold(text: str) -> str:
    """The text in small letters without accents, ligatures taken apart: ``Œuvré`` → ``oeuvre``."""
    small = text.casefold().translate(_LETTERS)
    if small.isascii():
        return small
    parts = unicodedata.normalize("NFKD", small)
    return "".join(c for c in parts if c.isalnum() or c == "'")


def tokens(text: str) -> Iterator[Token]:
    """The words of a text in order, without placeholders, addresses and elided articles."""
    for match in _WORD.finditer(_hide(text)):
        start, end = match.span()
        for word in _known_runs[match.group()]:
            yield Token(word, start, end)


def words(text: str) -> list[str]:
    """The folded words of a text in order; the words of `tokens` without their places."""
    return list(chain.from_iterable(map(_known_runs.__getitem__, _WORD.findall(_hide(text)))))


def _hide(text: str) -> str:
    """Blank out placeholders and addresses, keeping every offset."""
    if "{{" not in text and "://" not in text:
        return text
    return _HIDDEN.sub(lambda match: " " * len(match.group()), text)


class _KnownRuns(dict[str, tuple[str, ...]]):
    """Runs of letters with the words in them; at times forgets all rather than growing."""

    def __missing__(self, raw: str) -> tuple[str, ...]:
        words = _words_of(raw[: 2 * MAX_WORD_CHARS])
        if len(raw) <= 2 * MAX_WORD_CHARS:
            if len(self) >= MOST_KNOWN:
                self.clear()
            self[raw] = words
        return words


_known_runs = _KnownRuns()


def _words_of(raw: str) -> tuple[str, ...]:
    """Split one run of letters at its apostrophes: ``l'eau`` → eau, ``can't`` → can, not."""
    parts = _APOSTROPHES.split(raw)
    if len(parts) == 1:
        return _kept(raw)
    folded = [fold(part) for part in parts]
    while len(folded) > 1 and folded[0] in _ELIDED:
        folded.pop(0)
    if len(folded) > 1 and folded[-1] in _CONTRACTED:
        return _contracted(folded)
    return _kept("".join(folded))


def _contracted(parts: list[str]) -> tuple[str, ...]:
    """An English contraction: the verb and, after ``n't``, the negation it hides."""
    stem, ending = "".join(parts[:-1]), parts[-1]
    if ending == "t" and stem.endswith("n"):
        verb = stem if stem == "can" else stem[:-1]
        return (*_kept(verb), "not")
    return _kept(stem)


def _kept(raw: str) -> tuple[str, ...]:
    word = fold(raw)[:MAX_WORD_CHARS]
    return (word,) if word else ()


@lru_cache(maxsize=4_096)
def grams(word: str) -> tuple[str, ...]:
    """The grams of a word, its edges marked: ``carte`` → ``_car carte… arte_``.

    Words shorter than a gram give none, being terms of their own; runs of ideographs, which have
    no spaces between words, are cut in pairs.
    """
    if word >= _IDEOGRAPHS:
        return tuple(f"~{word[i : i + 2]}" for i in range(len(word) - 1))
    edged = f"_{word}_"
    if len(edged) <= GRAM:
        return ()
    return tuple(dict.fromkeys(edged[i : i + GRAM] for i in range(len(edged) - GRAM + 1)))


@lru_cache(MOST_KNOWN)
def word_terms(word: str, stopped: bool) -> tuple[str, ...]:  # noqa: FBT001
    """The index terms of one word: itself, and unless it is a stop word its stem and grams.

    A sign in front keeps the kinds apart: ``^`` a stem, ``~`` a gram. The stem is the first five
    letters, which over many languages does what a stemmer does and knows none of them; a word of
    fewer letters is its own. Words share their pieces, which takes less memory.
    """
    if stopped:
        return (word,)
    stem = (f"^{word[:STEM]}",) if len(word) >= STEM else ()
    return (word, *map(intern, stem), *[intern(f"~{gram}") for gram in grams(word)])


def pair_terms(passage: Sequence[str], stops: AbstractSet[str]) -> list[str]:
    """Terms for neighbours: two words in a row, and two subject stems near each other, any order.

    The first and the last word also pair with the edge. Linear in the passage.
    """
    found = [f"{before} {after}" for before, after in pairwise((".", *passage, "."))]
    stems = [word[:STEM] for word in passage if word not in stops]
    for place, stem in enumerate(stems):
        nearby = stems[place + 1 : place + 1 + NEAR]
        found.extend([f"{stem}+{n}" if stem < n else f"{n}+{stem}" for n in nearby])
    return found


@lru_cache(MOST_KNOWN)
def prefixes(word: str) -> tuple[str, ...]:
    """What an agent has typed of a word, letter by letter, as terms: ``<c``, ``<ca``, ``<car``."""
    lengths = range(1, min(len(word), PREFIX) + 1)
    return tuple([intern(f"<{word[:length]}") for length in lengths])
