"""One-letter errors."""

import pytest

from chatdesk.canned.corrections import corrected

KNOWN = frozenset({"cost", "card", "refund"})


@pytest.mark.parametrize("misspelt", ["ctst", "csot", "cst", "coost", "costt"])
def test_one_letter(misspelt: str) -> None:
    """A changed, swapped, lost or doubled letter of a short word leads back to it (A22)."""
    assert corrected(misspelt, KNOWN.__contains__) == ("cost",)


def test_known_long_and_tiny_words_are_left_alone() -> None:
    """Nothing is guessed for a word that exists, nor for one too long or too short."""
    assert corrected("card", KNOWN.__contains__) == ()
    assert corrected("refundddd", KNOWN.__contains__) == ()
    assert corrected("ca", KNOWN.__contains__) == ()
