"""How often responses are sent."""

import pytest

from chatdesk.canned.usage import HALF_LIFE, Usage


def test_counts_halve() -> None:
    """A sending counts half after one half life."""
    usage = Usage()
    usage.sent("a", "ann", 0.0)
    assert usage.count("a", None, 0.0) == pytest.approx(1.0)
    assert usage.count("a", "ann", HALF_LIFE) == pytest.approx(0.5)
    usage.sent("a", "ann", HALF_LIFE)
    assert usage.count("a", "ann", HALF_LIFE) == pytest.approx(1.5)


def test_late_news_of_an_old_sending() -> None:
    """Sendings may be told in any order."""
    one, other = Usage(), Usage()
    for at in (0.0, 3 * HALF_LIFE, HALF_LIFE):
        one.sent("a", "ann", at)
    for at in (3 * HALF_LIFE, HALF_LIFE, 0.0):
        other.sent("a", "ann", at)
    now = 4 * HALF_LIFE
    assert one.count("a", None, now) == pytest.approx(other.count("a", None, now))


def test_decades_do_not_overflow() -> None:
    """Counts stay finite over any time."""
    usage = Usage()
    usage.sent("a", "ann", 0.0)
    usage.sent("a", "ann", 4e9)
    assert usage.count("a", None, 4e9) == pytest.approx(1.0)


def test_an_agents_own_come_first() -> None:
    """The agent's favourites lead, the desk's follow, each once."""
    usage = Usage()
    for _ in range(3):
        usage.sent("a", "bob", 0.0)
    usage.sent("b", "ann", 0.0)
    assert usage.most("ann", 10) == ["b", "a"]
    assert usage.most(None, 1) == ["a"]
    assert usage.share("b", "ann", 0.0) == pytest.approx(1.0)
    assert usage.share("b", "bob", 0.0) == pytest.approx(0.5)


def test_kept_and_restored_and_forgotten() -> None:
    """Restored counts equal those kept; a forgotten response has none."""
    usage, again = Usage(), Usage()
    usage.sent("a", "ann", 5.0)
    usage.sent("b", "bob", 7.0)
    again.restore(tuple(usage.counts()))
    assert sorted(map(str, again.counts())) == sorted(map(str, usage.counts()))
    again.forget("a")
    assert again.most(None, 9) == ["b"]
    assert again.count("a", "ann", 5.0) == 0.0
