"""One-letter errors in words the index has never seen.

Grams forgive an error in a long word but leave nothing of a short one, so a short unknown word is
looked up one letter away: a letter dropped, doubled, changed, or two swapped. See Norvig, "How to
Write a Spelling Corrector" (norvig.com/spell-correct.html). About 54 look-ups a letter.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from string import ascii_lowercase

SHORTEST = 3
LONGEST = 8


@lru_cache(maxsize=4_096)
def neighbours(word: str) -> frozenset[str]:
    """Every text one edit away from the word."""
    return frozenset(_edits(word)) - {word}


def _edits(word: str) -> Iterator[str]:
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        for letter in ascii_lowercase:
            yield f"{before}{letter}{after}"
            if after:
                yield f"{before}{letter}{after[1:]}"
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield f"{before}{after[1]}{after[0]}{after[2:]}"


def corrected(word: str, known: Callable[[str], bool]) -> tuple[str, ...]:
    """Known words one edit away from a short word that is not known itself, in order of letters."""
    if not SHORTEST <= len(word) <= LONGEST or known(word):
        return ()
    return tuple(sorted(filter(known, neighbours(word))))
