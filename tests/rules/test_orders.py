"""The orders seats are kept in, against sorting."""

from collections.abc import Callable
from random import Random

import pytest

from chatdesk.rules.orders import (
    SPARE_BUCKETS,
    BestMatchOrder,
    BucketOrder,
    LeastBusyOrder,
    LongestIdleOrder,
    MostRoomOrder,
    Order,
    Rank,
    RankOrder,
    Roll,
)
from chatdesk.rules.staff import Seat

TAGS = ("a", "b", "c")


class ByReceived:
    """A rank of a user's own."""

    def rank(self, seat: Seat) -> Rank:
        """Fewest received."""
        return (seat.received,)


ORDERS: list[Callable[[], Order]] = [
    LeastBusyOrder,
    LongestIdleOrder,
    MostRoomOrder,
    BestMatchOrder,
    lambda: RankOrder(ByReceived()),
]


def key_of(order: Order, seat: Seat) -> tuple[object, ...]:
    """What the order sorts by."""
    if isinstance(order, BucketOrder):
        return order.key(seat), seat.place, seat.id
    return seat.received, seat.id


def change(random: Random, seat: Seat, place: int) -> None:
    """Other facts and the highest place."""
    seat.load, seat.turn = random.randrange(4), seat.turn + random.randrange(2)
    seat.received, seat.place = seat.received + 1, place


@pytest.mark.parametrize("number", range(len(ORDERS)))
def test_the_first_is_the_lowest(number: int) -> None:
    """C15: whatever enters, moves and leaves, the first and the best are those sorting gives."""
    random, order = Random(number), ORDERS[number]()
    inside: dict[str, Seat] = {}
    for place in range(1, 3000):
        agent_id = f"a{random.randrange(12)}"
        seat = inside.get(agent_id)
        if seat is None:
            skills = frozenset(random.sample(TAGS, random.randrange(3)))
            seat = inside[agent_id] = Seat(agent_id, skills, 9, place=random.randrange(place))
            order.insert(seat)
        elif random.random() < 0.3:
            order.leave(inside.pop(agent_id))
        else:
            change(random, seat, place)
            order.move(seat)
        order.check()
        excluded = random.sample(sorted(inside), random.randrange(min(3, len(inside) + 1)))
        ranking = sorted(inside.values(), key=lambda seat: key_of(order, seat))
        assert order.first() == (ranking[0].id if ranking else None)
        left = [seat.id for seat in ranking if seat.id not in excluded]
        best = order.best(excluded)
        assert (best and best[1]) == (left[0] if left else None)
        assert set(order.members()) == inside.keys()


def test_buckets_do_not_pile_up() -> None:
    """C16: turns go up for ever, and the buckets of old turns go away."""
    order, seats = LeastBusyOrder(), [Seat(f"a{n}", frozenset(), 3, load=n % 3) for n in range(9)]
    for seat in seats:
        order.insert(seat)
    for place in range(5000):
        seat = seats[place % 9]
        seat.turn, seat.place = place, place
        order.move(seat)
    assert len(order._buckets) <= 2 * len(seats) + SPARE_BUCKETS + 1
    assert len(order._spare) <= 2 * len(seats) + SPARE_BUCKETS + 1


def test_outdated_ranks_do_not_pile_up() -> None:
    """C22: a heap that is never looked at stays of the size of the staff."""
    order, seat = RankOrder(ByReceived()), Seat("a", frozenset(), 3)
    order.insert(seat)
    for received in range(1000):
        seat.received = received
        order.move(seat)
    assert len(order._heap) <= 2 + SPARE_BUCKETS + 1


def test_a_roll_is_drawn_from_by_number() -> None:
    """C22: the number counts through the ids, round and round, without the excluded."""
    roll = Roll()
    roll.seats.update(Seat(agent_id, frozenset(), 1) for agent_id in ("b", "c", "a"))
    assert [roll.pick(number, ()) for number in range(4)] == ["a", "b", "c", "a"]
    assert [roll.pick(number, {"b"}) for number in range(3)] == ["a", "c", "a"]
    assert roll.pick(5, {"a", "b", "c"}) is None


def test_disorder_is_found() -> None:
    """C22: facts that change behind an order's back fail its check."""
    order, seat = LeastBusyOrder(), Seat("a", frozenset(), 3)
    order.insert(seat)
    seat.load = 1
    with pytest.raises(AssertionError, match="each seat is in its bucket"):
        order.check()
