"""Saying that something which always holds does not."""


def must(holds: bool, sentence: str) -> None:  # noqa: FBT001  # reads as the sentence it checks
    """Raise `AssertionError` with the sentence unless it holds."""
    if not holds:
        raise AssertionError(sentence)
