"""The wall clock, in the steps the core counts in."""

import time

from chatdesk.model.ids import Instant


def wall_clock() -> Instant:
    """Seconds since the epoch, in steps of a microsecond."""
    return time.time_ns() // 1000 / 1_000_000
