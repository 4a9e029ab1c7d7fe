"""Time that passes only when a test says so."""

import attrs

from chatdesk.model.ids import Instant, Seconds
from chatdesk.rules.instants import after

NOON: Instant = 1_700_000_000.0
"""Where a clock stands unless something else is said: a Tuesday in November 2023."""


@attrs.define
class ManualClock:
    """A clock to hand to whatever asks for one: call it for the time, `advance` it by hand."""

    now: Instant = NOON

    def __call__(self) -> Instant:
        """The present instant, in seconds since the epoch."""
        return self.now

    def advance(self, seconds: Seconds) -> Instant:
        """Let so many seconds pass; raises `ValueError` for negative ones."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds} seconds")
        self.now = after(self.now, seconds)
        return self.now
