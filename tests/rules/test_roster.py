"""The staff of a desk: groups of equal skills, needs, and orders made when asked for."""

from random import Random

import pytest

from chatdesk.model.records import Queue, QueueSetup
from chatdesk.rules.orders import LeastBusyOrder
from chatdesk.rules.roster import FEW_GROUPS, KNOWN_NEEDS, SPARE_GROUPS, Roster
from chatdesk.rules.staff import Seat
from tests.rules.reference import make_chat

CHAT = make_chat("c")
SALES = "queue:sales"


def roster_of(*seats: Seat) -> Roster:
    """A roster with the queue of `CHAT`."""
    roster = Roster()
    roster.set_queue(Queue(id="sales", setup=QueueSetup(name="Sales")))
    for seat in seats:
        roster.add(seat)
    return roster


def seat(agent_id: str, *skills: str, load: int = 0, place: int = 0) -> Seat:
    """A seat of the sales queue."""
    return Seat(agent_id, frozenset((SALES, *skills)), 2, load=load, place=place)


def test_only_who_covers_has_room_and_did_not_decline_is_eligible() -> None:
    """C11: nobody without a skill, without room, or who declined is offered to a policy."""
    roster = roster_of(seat("full", load=2), seat("no"), seat("yes", place=1), seat("other"))
    roster.remove("other")
    roster.add(Seat("other", frozenset({"queue:help"}), 2))
    chat = make_chat("c", declined_by=("no",))
    assert [each.id for each in roster.eligible(chat)] == ["yes"]
    assert roster.least_busy(chat) == roster.longest_idle(chat) == roster.pick(9, chat) == "yes"
    assert [roster.covers(name, chat) for name in ("full", "no", "yes", "other", "x")] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert [roster.has_room(name) for name in ("full", "yes", "x")] == [False, True, False]


def test_ties_go_by_id() -> None:
    """C16: agents who differ in nothing are taken in order of their ids, not of coming."""
    roster = roster_of(seat("b"), seat("c"), seat("a"))
    assert roster.least_busy(CHAT) == roster.longest_idle(CHAT) == roster.most_room(CHAT) == "a"
    assert roster.best_match(CHAT) == "a"


def test_also_narrows_a_choice() -> None:
    """C22: further tags are asked for on top of the need."""
    roster = roster_of(seat("a"), seat("b", "wine", load=1))
    assert roster.least_busy(CHAT) == "a"
    assert roster.least_busy(CHAT, frozenset({"wine"})) == "b"
    assert roster.least_busy(CHAT, frozenset({"law"})) is None


def test_an_unknown_queue_asks_for_its_tag_and_none_for_nothing() -> None:
    """C22: whoever asks for agents without a queue of the desk is answered by tags."""
    roster = Roster()
    roster.add(seat("a"))
    assert roster.need(CHAT) == {SALES}
    assert roster.need(make_chat("c", "", skills=("wine",))) == {"wine"}
    assert roster.least_busy(make_chat("c", "")) == "a"


def test_an_order_nobody_asked_for_is_not_kept() -> None:
    """C22: only the orders that policies use are kept up, and they can be forgotten."""
    roster = roster_of(seat("a"))
    (group,) = roster.groups.values()
    assert group.orders == []
    roster.least_busy(CHAT)
    assert [type(order) for order in group.orders] == [LeastBusyOrder]
    roster.forget_orders()
    assert group.orders == []
    assert roster.least_busy(CHAT) == "a"


def test_many_groups_share_a_merged_order() -> None:
    """C15: beyond a few different sets of skills each seat is kept once for the whole need."""
    roster = roster_of(*(seat(f"a{n:02}", f"s{n}", place=n) for n in range(FEW_GROUPS)))
    assert roster.least_busy(CHAT) == "a00"
    assert len(roster.cover(CHAT).orders[LeastBusyOrder]) == FEW_GROUPS
    roster.add(seat("a", "more", place=0))
    assert roster.least_busy(CHAT) == "a"
    roster.add(seat("A", "most", place=0))
    assert roster.least_busy(CHAT) == "A"
    assert [each.id for each in roster.eligible(CHAT)][:3] == ["A", "a", "a00"]
    assert len(roster.cover(CHAT).orders[LeastBusyOrder]) == 1
    assert {len(group.orders) for group in roster.groups.values()} == {1}
    roster.check()


def test_groups_that_are_empty_go_away() -> None:
    """C22: skills that nobody has any more leave nothing behind."""
    roster = roster_of(seat("stays"))
    for number in range(10 * SPARE_GROUPS):
        roster.add(seat("a", f"s{number}"))
        assert roster.least_busy(CHAT) == "a"
        roster.remove("a")
        roster.check()
    assert len(roster.groups) <= SPARE_GROUPS + 2


def test_needs_that_are_many_are_forgotten() -> None:
    """C22: chats that each ask for something else do not fill the memory."""
    roster = roster_of(seat("a"))
    for number in range(KNOWN_NEEDS + 10):
        assert roster.least_busy(make_chat("c", skills=(f"s{number}",))) is None
    assert roster.least_busy(CHAT) == "a"
    assert len(roster._covers) <= KNOWN_NEEDS
    roster.check()


def test_the_top_turn_of_a_group_is_that_of_its_members() -> None:
    """C16: the highest turn goes when its owner goes."""
    random, roster = Random(1), roster_of()
    there: dict[str, int] = {}
    for number in range(500):
        agent_id = f"a{random.randrange(6)}"
        if agent_id in there:
            roster.remove(agent_id)
            del there[agent_id]
        else:
            there[agent_id] = random.randrange(number + 1)
            roster.add(Seat(agent_id, frozenset({SALES}), 1, turn=there[agent_id]))
        (group,) = roster.groups.values()
        if number % 3 == 0:
            assert group.top == max(there.values(), default=0)


def test_disorder_is_found() -> None:
    """C11: a load that was changed by somebody else fails the check."""
    roster = roster_of(seat("a"))
    roster.least_busy(CHAT)
    roster.seats["a"].load = 2
    with pytest.raises(AssertionError, match="`free` counts"):
        roster.check()
