"""Saying what does not hold."""

import pytest

from chatdesk.rules.invariants import must


def test_what_holds_passes_and_what_does_not_is_said() -> None:
    """C22: a broken invariant is an error with the sentence that is not true."""
    must(bool([0]), "it holds")
    with pytest.raises(AssertionError, match="it holds not"):
        must(bool([]), "it holds not")
