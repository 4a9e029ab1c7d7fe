"""Visits in order, and how one goes."""

from msgspec.structs import replace

from chatdesk.desk.visits import Visits, gone
from chatdesk.model.records import Visitor
from chatdesk.model.values import Page

BOB = Visitor(id="bob", first_seen_at=1.0, last_seen_at=1.0, here_since=5.0, here_until=9.0)


def test_visits_stand_in_order_and_go_on_after_a_place() -> None:
    """B51: the latest first, who came together by id; what follows a place does not repeat it."""
    visits = Visits()
    people = [replace(BOB, id=name, here_since=at) for name, at in (("a", 5), ("b", 7), ("c", 5))]
    for person in people:
        visits.follow(None, person)
    assert list(visits.latest()) == [(-7, "b"), (-5, "a"), (-5, "c")]
    assert list(visits.latest((-7, "b"))) == [(-5, "a"), (-5, "c")]
    assert list(visits.latest((-6, ""))) == [(-5, "a"), (-5, "c")]
    visits.follow(people[1], replace(people[1], here_since=6))
    visits.follow(people[0], None)
    visits.follow(None, gone(people[0]))
    assert list(visits.latest()) == [(-6, "b"), (-5, "c")]
    assert len(visits) == 2


def test_what_is_told_goes_with_the_visit() -> None:
    """B51: of who has gone only when he was seen is left; in a chat, also where."""
    told = replace(BOB, page=Page(url="/"), page_since=5.0, language="fr", timezone="Europe/Paris")
    assert gone(told) == Visitor(id="bob", first_seen_at=1.0, last_seen_at=1.0)
    chatting = gone(replace(told, chat="c1"))
    assert (chatting.page, chatting.here_until) == (Page(url="/"), None)
