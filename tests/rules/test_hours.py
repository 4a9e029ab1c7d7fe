"""Opening hours through weeks, midnights and changes of the clock."""

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from chatdesk.model.values import Hours, OpeningInterval
from chatdesk.rules.hours import HORIZON_DAYS, opening, problems

PARIS = ZoneInfo("Europe/Paris")


def hours(*week: tuple[int, int, int], closed: tuple[str, ...] = ()) -> Hours:
    """Hours in Paris."""
    intervals = (OpeningInterval(weekday=w, opens=o, closes=c) for w, o, c in week)
    return Hours(timezone="Europe/Paris", week=tuple(intervals), closed_on=closed)


def at(text: str) -> float:
    """An instant by the clock of Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


def test_without_hours_it_is_always_open() -> None:
    """E01: 24 hours, 365 days."""
    assert opening(None, 0.0).open
    assert opening(None, 0.0).until is None


def test_open_from_its_minute_to_its_minute() -> None:
    """E01: the first instant is in, the last is out."""
    monday = hours((0, 540, 1080))
    assert opening(monday, at("2026-03-02T08:59")).until == at("2026-03-02T09:00")
    assert opening(monday, at("2026-03-02T09:00")).open
    assert opening(monday, at("2026-03-02T09:00")).until == at("2026-03-02T18:00")
    closed = opening(monday, at("2026-03-02T18:00"))
    assert (closed.open, closed.until) == (False, at("2026-03-09T09:00"))


def test_midnight_does_not_close_a_night() -> None:
    """E01: intervals that touch are one, also across midnight and the week's end."""
    night = hours((6, 1200, 1440), (0, 0, 360))
    shown = opening(night, at("2026-03-01T23:00"))
    assert (shown.open, shown.until) == (True, at("2026-03-02T06:00"))


def test_a_holiday_is_closed() -> None:
    """E01: a listed date has no hours."""
    monday = hours((0, 540, 1080), closed=("2026-03-02",))
    shown = opening(monday, at("2026-03-02T10:00"))
    assert (shown.open, shown.until) == (False, at("2026-03-09T09:00"))


def test_no_interval_is_asked_again_later() -> None:
    """E01: never open, to be asked again after the horizon."""
    shown = opening(hours(), at("2026-03-02T10:00"))
    assert not shown.open
    assert shown.until == at(f"2026-03-{2 + HORIZON_DAYS}T00:00")


def test_round_the_clock_stays_open() -> None:
    """E01: seven whole days have no gap, and the answer is renewed in time."""
    always = hours(*((day, 0, 1440) for day in range(7)))
    now = at("2026-03-02T10:00")
    for _ in range(10):
        shown = opening(always, now)
        assert shown.open
        assert shown.until is not None
        assert shown.until > now
        now = shown.until


@pytest.mark.parametrize(
    ("opens", "closes", "now", "is_open"),
    [
        (60, 300, "2026-03-29T03:30", True),
        (130, 170, "2026-03-29T03:10", True),  # in the hour that is skipped: an hour later
        (165, 195, "2026-03-29T03:05", False),  # 02:45 is later than 03:15 on that night
        (60, 300, "2026-10-25T02:30", True),
    ],
)
def test_nights_when_the_clock_is_changed(opens: int, closes: int, now: str, is_open: bool) -> None:
    """E01: local times on the nights of March and October."""
    assert opening(hours((6, opens, closes)), at(now)).open is is_open


def test_a_change_is_always_ahead_and_nothing_changes_before() -> None:
    """C21: whoever waits until `until` misses no change."""
    random = Random(11)
    for _ in range(120):
        week = []
        for _ in range(random.randrange(1, 9)):
            opens = random.randrange(0, 1439)
            week.append((random.randrange(7), opens, random.randrange(opens + 1, 1441)))
        some = hours(*week)
        now = at("2026-03-26T00:00") + random.uniform(0, 10 * 86400)
        shown = opening(some, now)
        assert shown.until is not None
        assert shown.until > now
        for _ in range(4):
            between = random.uniform(now, shown.until)
            assert opening(some, between).open == shown.open or between == shown.until


def test_what_is_wrong_is_named() -> None:
    """E01: zone, interval and date, each by its field."""
    wrong = Hours(
        timezone="Mars/Olympus",
        week=(OpeningInterval(weekday=7, opens=0, closes=1),),
        closed_on=("20260302", "2026-13-01"),
    )
    found = [(p.field, p.code) for p in problems(wrong, "h")]
    assert found == [
        ("h.timezone", "unknown"),
        ("h.week[0]", "invalid"),
        ("h.closed_on", "invalid"),
        ("h.closed_on", "invalid"),
    ]
    assert problems(None, "h") == []
    assert problems(hours((0, 0, 1440)), "h") == []
