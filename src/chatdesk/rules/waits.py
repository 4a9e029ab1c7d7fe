"""How long a visitor will wait."""

from chatdesk.model.ids import Seconds


def expected_wait(position: int, slots: int, handling_seconds: Seconds | None) -> Seconds | None:
    """Seconds until the chat at a position (from 1) gets an agent, all slots being busy.

    With `slots` slots that each take `handling_seconds` a chat on the average, they come free at
    the rate slots / handling_seconds, and the chat needs `position` of them to (the mean of an
    Erlang variable; Whitt 1999, "Predicting queueing delays", equation 2 without abandonment).
    `None` when nobody serves or nothing is known yet.
    """
    if slots <= 0 or handling_seconds is None:
        return None
    return position * handling_seconds / slots


HANDLING_WEIGHT = 0.05
"""What the latest chat counts in the moving average: about the last forty chats."""


def average(before: Seconds | None, latest: Seconds) -> Seconds:
    """The moving average of handling times with one more."""
    if before is None:
        return latest
    return round(before + HANDLING_WEIGHT * (latest - before), 6)
