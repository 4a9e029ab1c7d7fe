"""Instants are whole microseconds."""

from random import Random

from chatdesk.rules.instants import after, between, instant

NOW = 1_700_000_000.123457


def test_instants_are_whole_microseconds() -> None:
    """C21: what is stored as a number of microseconds comes back the same."""
    random = Random(1)
    for _ in range(2000):
        at = instant(random.uniform(0, 4e9))
        assert round(at * 1e6) / 1e6 == at
        later = after(at, random.uniform(0, 1e6))
        assert instant(later) == later


def test_seconds_between_are_never_negative() -> None:
    """B27: a clock that went back gives no negative wait."""
    assert between(NOW, after(NOW, 12.5)) == 12.5
    assert between(NOW, NOW) == 0.0
    assert between(after(NOW, 1.0), NOW) == 0.0


def test_what_is_added_can_be_taken_away() -> None:
    """C21: after and between agree to the microsecond."""
    random = Random(2)
    for _ in range(2000):
        seconds = round(random.uniform(0, 1e5), 6)
        assert between(NOW, after(NOW, seconds)) == seconds
