"""Where a query matched: places in the original title and body, for the page to mark."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from chatdesk.canned import text

MARKED_CHARS = 4_000
"""Letters of a body that are looked through."""

SHARED = 0.4
"""Share of the longer word's grams from which two words count as one misspelt."""


class Span(Struct, frozen=True):
    """From the character `start` up to, not including, `end`."""

    start: int
    end: int


def spans(
    original: str, words: Sequence[str], stops: AbstractSet[str], *, begun: bool
) -> tuple[Span, ...]:
    """The words of `original` that a query's words match, in order.

    `begun` says that the last word is still being typed: then also what begins with it. Stop words
    mark nothing unless the query has no others.
    """
    subjects = [word for word in words if word not in stops] or list(words)
    wanted = frozenset(subjects)
    stems = frozenset(word[: text.STEM] for word in subjects)
    gram_sets = [frozenset(text.grams(word)) for word in subjects]
    beginning = words[-1] if begun and words else None
    seen: dict[str, bool] = {}

    def matches(word: str) -> bool:
        if word in wanted or (beginning is not None and word.startswith(beginning)):
            return True
        if word in stops:
            return False
        return word[: text.STEM] in stems or any(_alike(word, grams) for grams in gram_sets)

    def marked() -> Iterator[Span]:
        for token in text.tokens(original[:MARKED_CHARS]):
            if token.word not in seen:
                seen[token.word] = matches(token.word)
            if seen[token.word]:
                yield Span(token.start, token.end)

    return tuple(dict.fromkeys(marked()))


def _alike(word: str, grams: frozenset[str]) -> bool:
    own = text.grams(word)
    shared = sum(1 for gram in own if gram in grams)
    return shared > 0 and shared >= SHARED * max(len(own), len(grams))
