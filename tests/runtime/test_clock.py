"""The wall clock."""

import time

from chatdesk.rules.instants import instant
from chatdesk.runtime.clock import wall_clock


def test_it_counts_whole_microseconds() -> None:
    """What the clock shows is an instant already: rounding changes nothing."""
    shown = [wall_clock() for _ in range(1000)]
    assert [instant(at) for at in shown] == shown


def test_it_is_the_time_since_the_epoch() -> None:
    """It lies between two readings of the system's clock."""
    before, shown, after = time.time(), wall_clock(), time.time()
    assert before - 1e-6 <= shown <= after
