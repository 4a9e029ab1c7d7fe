"""How alike two texts are."""

import pytest

from chatdesk.canned.likeness import likeness


def test_from_nothing_to_the_same() -> None:
    """The same words are 1 whatever their dress, other words 0, changed ones between."""
    assert likeness("We ship on Monday.", "we ship, on monday") == 1.0
    assert likeness("We ship on Monday.", "Your refund arrived") == 0.0
    assert likeness("a b c", "a b d") == pytest.approx(0.5)


def test_empty_texts() -> None:
    """Texts without words are alike."""
    assert likeness("", "!") == 1.0
