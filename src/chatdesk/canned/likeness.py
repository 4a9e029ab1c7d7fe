"""How alike two texts are, by the pairs of neighbouring words they share."""

from collections import Counter
from itertools import pairwise

from chatdesk.canned import text

READ_CHARS = 20_000


def word_pairs(original: str) -> Counter[tuple[str, str]]:
    """The pairs of neighbouring words of a text, its edges counting as words. Linear."""
    return Counter(pairwise(("", *text.words(original[:READ_CHARS]), "")))


def likeness(one: str, other: str) -> float:
    """From 0, no neighbours in common, to 1, the same words in the same order.

    The Dice coefficient of the two texts' word pairs. Linear in the texts.
    """
    return pairs_likeness(word_pairs(one), word_pairs(other))


def pairs_likeness(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> float:
    """The same, of pairs already taken."""
    return 2 * (one & other).total() / (one.total() + other.total())
