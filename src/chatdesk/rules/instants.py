"""Instants are whole microseconds: memory, SQL columns and every process agree to the bit."""

from chatdesk.model.ids import Instant, Seconds


def instant(at: float) -> Instant:
    """The instant nearest to `at` seconds since the epoch."""
    return round(at, 6)


def after(at: Instant, seconds: Seconds) -> Instant:
    """The instant so many seconds after another."""
    return round(at + seconds, 6)


def between(start: Instant, end: Instant) -> Seconds:
    """The seconds from one instant to a later one; never negative."""
    return max(round(end - start, 6), 0.0)
