"""Visits: who is on the site, believed there until his page has been silent for too long.

A visit is a lease on the `Visitor` record, as an agent's presence is one on his. What renews it is
written down only when it tells something new or half of the lease has passed: so a visitor who
reads a page for an hour costs a write every minute or so, and none of it stands in the journal.
"""

from collections.abc import Iterator

from attrs import define, field
from msgspec.structs import replace
from sortedcontainers import SortedList

from chatdesk.model.ids import Instant, Seconds, VisitorId
from chatdesk.model.records import Visitor
from chatdesk.model.values import Page
from chatdesk.rules.instants import after

LEAVING_SECONDS: Seconds = 15.0
"""Who closes a page is on the site for so long yet: another page of it may be opening."""
KEPT_SHARE = 0.5
"""A visit of which less than this part of the lease is left is written down when it is renewed."""

Place = tuple[Instant, VisitorId]
"""When a visit began, negative so that the latest comes first, and whose it is."""


@define(eq=False)
class Visits:
    """The visits that go on, the latest to come first."""

    _places: "SortedList[Place]" = field(factory=SortedList)

    def follow(self, before: Visitor | None, now: Visitor | None) -> None:
        """Takes a change of a live visitor. O(log n)."""
        was, is_ = _place(before), _place(now)
        if was == is_:
            return
        if was is not None:
            self._places.remove(was)
        if is_ is not None:
            self._places.add(is_)

    def latest(self, after: Place | None = None) -> Iterator[Place]:
        """The visits in order, from the first or from behind a place."""
        return iter(self._places.irange(after, inclusive=(False, True)))

    def __len__(self) -> int:
        return len(self._places)


def _place(visitor: Visitor | None) -> Place | None:
    if visitor is None or visitor.here_until is None or visitor.here_since is None:
        return None
    return -visitor.here_since, visitor.id


# -- how a visit goes ----------------------------------------------------------------------------


def renewed(
    visitor: Visitor,
    now: Instant,
    lease: Seconds,
    *,
    page: Page | None,
    language: str | None,
    timezone: str | None,
) -> Visitor:
    """The visitor whose page says that he is there; the same one if it need not be written."""
    moved = page is not None and (visitor.page is None or visitor.page.url != page.url)
    known = {"language": language or visitor.language, "timezone": timezone or visitor.timezone}
    told = replace(visitor, **known)
    left = 0.0 if visitor.here_until is None else visitor.here_until - now
    if told == visitor and not moved and left >= lease * KEPT_SHARE:
        return visitor
    return replace(
        told,
        page=page or visitor.page,
        page_since=now if moved else visitor.page_since,
        here_since=now if visitor.here_since is None else visitor.here_since,
        here_until=after(now, lease),
        last_seen_at=now,
    )


def leaving(visitor: Visitor, now: Instant, page: Page | None) -> Visitor:
    """The visitor who closes a page: the last one he told of, unless another is open already."""
    elsewhere = page is not None and visitor.page is not None and page.url != visitor.page.url
    soon = after(now, LEAVING_SECONDS)
    if elsewhere or visitor.here_until is None or visitor.here_until <= soon:
        return visitor
    return replace(visitor, here_until=soon)


def gone(visitor: Visitor) -> Visitor:
    """The visitor whose visit is over; what his page told is forgotten with it.

    While he has an open chat the page stays: it is where his agent believes him to be.
    """
    over = replace(visitor, here_since=None, here_until=None)
    if visitor.chat is not None:
        return over
    return replace(over, page=None, page_since=None, language=None, timezone=None)
