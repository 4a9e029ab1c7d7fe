"""Opening hours: whether they say open at an instant, and when that next changes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from chatdesk.model.errors import FieldProblem
from chatdesk.model.ids import Instant
from chatdesk.model.values import Hours

HORIZON_DAYS = 14
"""How far ahead a change is looked for; beyond, the answer is to ask again then."""
MIDNIGHT = 24 * 60
SUNDAY = 6


class Opening(Struct, frozen=True):
    """`open` now, and `until` when that may change; `None` is never."""

    open: bool
    until: Instant | None


def opening(hours: Hours | None, now: Instant) -> Opening:
    """Whether the hours say open at `now`; without hours it is always open (E01).

    Takes O(days looked at × intervals), at most two weeks.
    """
    if hours is None:
        return Opening(open=True, until=None)
    zone = ZoneInfo(hours.timezone)
    today = datetime.fromtimestamp(now, zone).date()
    spans = _spans(hours, zone, today)
    for start, end in spans:
        if start <= now < end:
            return Opening(open=True, until=end)
        if now < start:
            return Opening(open=False, until=start)
    return Opening(open=False, until=_at(today + timedelta(days=HORIZON_DAYS), 0, zone))


def problems(hours: Hours | None, field: str) -> list[FieldProblem]:
    """What is wrong with the hours, for a typed error."""
    if hours is None:
        return []
    found = []
    try:
        ZoneInfo(hours.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        text = f"no time zone {hours.timezone!r}; use a name such as Europe/Paris"
        found.append(FieldProblem(f"{field}.timezone", "unknown", text))
    for number, interval in enumerate(hours.week):
        if not (
            0 <= interval.weekday <= SUNDAY and 0 <= interval.opens < interval.closes <= MIDNIGHT
        ):
            text = "weekday is 0 to 6, and 0 <= opens < closes <= 1440 minutes"
            found.append(FieldProblem(f"{field}.week[{number}]", "invalid", text))
    found += [
        FieldProblem(f"{field}.closed_on", "invalid", f"{day!r} is not a date YYYY-MM-DD")
        for day in hours.closed_on
        if not _is_date(day)
    ]
    return found


def _spans(hours: Hours, zone: ZoneInfo, today: date) -> list[tuple[Instant, Instant]]:
    """Open spans from yesterday to the horizon, in order, those that touch joined."""
    spans: list[tuple[Instant, Instant]] = []
    for ahead in range(-1, HORIZON_DAYS):
        day = today + timedelta(days=ahead)
        if day.isoformat() in hours.closed_on:
            continue
        for interval in sorted(hours.week, key=lambda i: i.opens):
            if interval.weekday == day.weekday():
                start, end = _at(day, interval.opens, zone), _at(day, interval.closes, zone)
                if end <= start:  # inside the hour that is skipped in spring
                    continue
                if spans and start <= spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
                else:
                    spans.append((start, end))
    return spans


def _at(day: date, minutes: int, zone: ZoneInfo) -> Instant:
    if minutes == MIDNIGHT:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), zone).timestamp()


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
