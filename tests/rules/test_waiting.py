"""Waiting chats in line."""

import pytest

from chatdesk.model.records import Queue, QueueSetup
from chatdesk.model.values import QueueMode
from chatdesk.rules.disciplines import DISCIPLINES
from chatdesk.rules.policies import LeastBusy, PreferredAgent, Skilled
from chatdesk.rules.waiting import SPARE_LINES, Lane, WaitingRoom
from tests.rules.reference import FewestReceived, make_chat


def room_of(discipline: str = "first_come", mode: QueueMode = QueueMode.PUSH) -> WaitingRoom:
    """A room with the queues "sales" and "help"."""
    room = WaitingRoom()
    for name in ("sales", "help"):
        queue = Queue(id=name, setup=QueueSetup(name=name, mode=mode))
        room.lanes[name] = Lane(queue, LeastBusy(), DISCIPLINES[discipline])
    return room


def test_a_position_counts_all_of_the_queue() -> None:
    """A13: chats that ask for other skills stand in the same line for those who wait."""
    room = room_of()
    for number in range(20):
        skills = ("wine",) if number % 3 == 0 else ()
        room.add(make_chat(f"c{number}", "sales", at=float(number), skills=skills))
        room.add(make_chat(f"d{number}", "help", at=float(number)))
    assert [room.position(f"c{number}") for number in range(20)] == list(range(1, 21))
    room.remove("c4")
    assert room.position("c9") == 9
    assert list(room.in_line("sales"))[:5] == ["c0", "c1", "c2", "c3", "c5"]
    assert list(room.in_line("nowhere")) == []
    room.check()


def test_who_comes_back_stands_where_he_stood() -> None:
    """B12: a chat that waits again with its old times is not sent to the end of the line."""
    room = room_of()
    for number in range(3):
        room.add(make_chat(f"c{number}", at=5.0, line=number))
    room.add(make_chat("before", at=4.0, line=9))
    assert list(room.in_line("sales")) == ["before", "c0", "c1", "c2"]


def test_only_lines_that_one_may_serve_are_looked_at() -> None:
    """C22: the lines for an agent are those whose need his skills contain, new ones too."""
    room, skills = room_of(), frozenset({"queue:sales", "wine"})
    room.add(make_chat("a"))
    assert [line.need for line in room.lines_for(skills)] == [{"queue:sales"}]
    room.add(make_chat("b", skills=("wine",)))
    room.add(make_chat("c", skills=("law",)))
    room.add(make_chat("d", "help"))
    assert [line.need for line in room.lines_for(skills)] == [{"queue:sales"}, skills]


def test_chats_to_be_taken_are_not_matched() -> None:
    """A12: lines of a pull queue are nobody's to serve, and its chats do not count as served."""
    room = room_of(mode=QueueMode.PULL)
    room.add(make_chat("a"))
    assert room.lines_for(frozenset({"queue:sales"})) == []
    assert (room.served, room.lanes["sales"].waiting) == (0, 1)


def test_a_dropped_queue_goes_with_its_last_chat() -> None:
    """B54: chats of a queue that is no more stand in line until somebody takes them out."""
    room = room_of()
    room.add(make_chat("a"))
    room.drop("sales")
    room.drop("sales")
    room.drop("nowhere")
    assert (room.served, "sales" in room.lanes) == (0, True)
    room.check()
    room.remove("a")
    assert "sales" not in room.lanes
    with pytest.raises(KeyError):
        room.add(make_chat("b"))


@pytest.mark.parametrize("discipline", sorted(DISCIPLINES))
def test_the_longest_wait_is_known_under_each_discipline(discipline: str) -> None:
    """C02: who waits longest need not be first."""
    room = room_of(discipline)
    assert room.longest_waiting_since("sales") is None
    assert room.longest_waiting_since("nowhere") is None
    room.add(make_chat("long", at=3.0))
    room.add(make_chat("urgent", at=8.0, priority=9))
    room.add(make_chat("skilled", at=5.0, skills=("wine",)))
    assert room.longest_waiting_since("sales") == 3.0
    room.remove("long")
    assert room.longest_waiting_since("sales") == 5.0


def test_empty_lines_do_not_pile_up() -> None:
    """C22: chats that each ask for something else leave no lines behind."""
    room = room_of()
    for number in range(10 * SPARE_LINES):
        room.add(make_chat("c", skills=(f"s{number}",)))
        room.remove("c")
    assert len(room.lanes["sales"].lines) <= SPARE_LINES
    room.check()


def test_only_policies_that_need_it_are_watched() -> None:
    """C22: chats are looked at again only where time or a leaving agent may change the answer."""
    queue, discipline = Queue(id="q", setup=QueueSetup(name="Q")), DISCIPLINES["first_come"]
    policies = (LeastBusy(), FewestReceived(), Skilled(), PreferredAgent())
    watched = [Lane(queue, policy, discipline).watched for policy in policies]
    assert watched == [False, False, True, True]


def test_disorder_is_found() -> None:
    """C22: a key that would change while a chat waits fails the check."""
    room = room_of()
    waiting = room.add(make_chat("a"))
    waiting.chat = make_chat("a", at=9.0)
    with pytest.raises(AssertionError, match="a key does not change in line"):
        room.check()
