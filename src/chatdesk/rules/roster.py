"""The seats of a desk, in the orders that policies ask for.

Seats with exactly the same skills form a group. A need is covered by every group whose skills
contain it. An order is made when a policy first asks for it and kept up from then on: one for each
group, so that a change costs the same however many needs the group serves. A need covered by more
than `FEW_GROUPS` groups has one merged order instead, because looking at the best of each group
would take too long; then each change of a seat costs one step for every such need it covers.
"""

from collections.abc import Collection, Iterator
from typing import TypeAlias

import attrs

from chatdesk.model.ids import AgentId, QueueId
from chatdesk.model.records import Chat, Queue
from chatdesk.rules.invariants import must
from chatdesk.rules.orders import (
    BestMatchOrder,
    LeastBusyOrder,
    LongestIdleOrder,
    MostRoomOrder,
    Order,
    Ranking,
    RankOrder,
    Roll,
)
from chatdesk.rules.staff import Seat, need_of, queue_tag

FEW_GROUPS = 16
SPARE_GROUPS = 64
"""Empty groups kept for agents who come back, beyond as many as are in use."""
KNOWN_NEEDS = 4096
"""Needs whose orders are kept; beyond, all are forgotten and made again when asked for."""

Kind: TypeAlias = type[Order] | Ranking
"""Which order: a class, or whatever ranks."""


@attrs.define(eq=False)
class Group:
    """The seats with exactly the same skills."""

    skills: frozenset[str]
    members: dict[AgentId, Seat] = attrs.field(factory=dict, init=False)
    free: int = attrs.field(default=0, init=False)
    """How many members have room."""
    orders: list[Order] = attrs.field(factory=list, init=False)
    """All orders its seats are kept in."""
    rolls: list[Roll] = attrs.field(factory=list, init=False)
    own: dict[Kind, Order] = attrs.field(factory=dict, init=False)
    """The orders of this group alone."""
    highest: int = attrs.field(default=0, init=False)
    """The highest turn of a member, or a higher one of a member who left."""
    _left: bool = attrs.field(default=False, init=False)  # who had the highest turn has left

    @property
    def top(self) -> int:
        """The highest turn of a member; O(members) after the one who had it left."""
        if self._left:
            self.highest = max((seat.turn for seat in self.members.values()), default=0)
            self._left = False
        return self.highest

    def gained(self, seat: Seat) -> None:
        """A member who had no room has some now, and the last place."""
        self.free += 1
        for order in self.orders:
            order.enter(seat)
        for roll in self.rolls:
            roll.seats.add(seat)

    def lost(self, seat: Seat) -> None:
        """A member who had room has none any more, or leaves."""
        self.free -= 1
        for order in self.orders:
            order.leave(seat)
        for roll in self.rolls:
            roll.seats.remove(seat)

    def add(self, seat: Seat) -> None:
        """Take in a new member, whatever his place."""
        self.members[seat.id] = seat
        self.highest = max(self.highest, seat.turn)
        if seat.load < seat.capacity:
            self.free += 1
            for order in self.orders:
                order.insert(seat)
            for roll in self.rolls:
                roll.seats.add(seat)

    def remove(self, seat: Seat) -> None:
        """Let go a member."""
        if seat.load < seat.capacity:
            self.lost(seat)
        del self.members[seat.id]
        if seat.turn >= self.highest:
            self._left = True

    def with_room(self) -> Iterator[Seat]:
        """Its members with room."""
        return (seat for seat in self.members.values() if seat.load < seat.capacity)

    def check(self) -> None:
        """Raise `AssertionError` when its orders do not hold exactly its seats with room."""
        with_room = {seat.id for seat in self.with_room()}
        must(self.free == len(with_room), "`free` counts the members with room")
        must(all(seat.load >= 0 for seat in self.members.values()), "a load is never negative")
        must(all(s.skills == self.skills for s in self.members.values()), "a group is of one kind")
        turns = [seat.turn for seat in self.members.values()]
        must(self.highest >= max(turns, default=0), "nobody has a turn above the highest")
        for order in self.orders:
            must(with_room <= set(order.members()), "an order holds all seats with room")
        for roll in self.rolls:
            must(with_room <= {seat.id for seat in roll.seats}, "a roll holds all with room")

    def forget(self) -> None:
        """Drop all orders."""
        self.orders.clear()
        self.rolls.clear()
        self.own.clear()


@attrs.define(eq=False)
class Cover:
    """The groups that cover a need, and the orders asked of them."""

    need: frozenset[str]
    groups: list[Group]
    orders: dict[Kind, tuple[Order, ...]] = attrs.field(factory=dict, init=False)
    roll: Roll | None = attrs.field(default=None, init=False)


@attrs.define(eq=False)
class Staff:
    """Who could get a chat: the seats with room that cover its need and did not decline it.

    For policies; it is read-only. `also` narrows a choice to seats that have these tags too. Each
    choice of the first in an order costs a constant when the chat was declined by nobody, and
    O(groups) when up to 16 groups of different skills cover its need.
    """

    _seats: dict[AgentId, Seat] = attrs.field(factory=dict, init=False)
    _groups: dict[frozenset[str], Group] = attrs.field(factory=dict, init=False)
    _queues: dict[QueueId, Queue] = attrs.field(factory=dict, init=False)
    _covers: dict[frozenset[str], Cover] = attrs.field(factory=dict, init=False)
    # the same covers, found by a chat's queue and skills without building its need
    _by_chat: dict[QueueId, dict[tuple[str, ...], Cover]] = attrs.field(factory=dict, init=False)

    def get(self, agent_id: AgentId) -> Seat | None:
        """An agent's seat, with room or without; `None` when he gets no chats at present."""
        return self._seats.get(agent_id)

    def least_busy(self, chat: Chat, also: frozenset[str] = frozenset()) -> AgentId | None:
        """Lowest load, then fewest received (turn), then idle longest, then id."""
        if not also and not chat.declined_by:  # spelt out, for it is asked most often of all
            by_skills = self._by_chat.get(chat.queue)
            cover = None if by_skills is None else by_skills.get(chat.skills)
            orders = () if cover is None else cover.orders.get(LeastBusyOrder, ())
            if len(orders) == 1:
                return orders[0].first()
        return self._first(LeastBusyOrder, chat, also)

    def longest_idle(self, chat: Chat, also: frozenset[str] = frozenset()) -> AgentId | None:
        """Longest since a slot was taken or given back."""
        return self._first(LongestIdleOrder, chat, also)

    def most_room(self, chat: Chat, also: frozenset[str] = frozenset()) -> AgentId | None:
        """Most free slots, then lowest turn, then idle longest, then id."""
        return self._first(MostRoomOrder, chat, also)

    def best_match(self, chat: Chat, also: frozenset[str] = frozenset()) -> AgentId | None:
        """Lowest load, then fewest skills, then lowest turn, then idle longest, then id."""
        return self._first(BestMatchOrder, chat, also)

    def ranked(
        self, ranking: Ranking, chat: Chat, also: frozenset[str] = frozenset()
    ) -> AgentId | None:
        """Lowest `ranking.rank(seat)`, then id; equal rankings share what is kept for them."""
        return self._first(ranking, chat, also)

    def pick(self, number: int, chat: Chat) -> AgentId | None:
        """The agent at `number`, modulo how many are eligible, in order of their ids."""
        return self._roll(self.cover(chat)).pick(number, chat.declined_by)

    def eligible(self, chat: Chat) -> Iterator[Seat]:
        """All eligible seats in order of their ids, O(n) to go through."""
        seats = self._roll(self.cover(chat)).seats
        if not chat.declined_by:
            return iter(seats)
        return (seat for seat in seats if seat.id not in chat.declined_by)

    def covers(self, agent_id: AgentId, chat: Chat) -> bool:
        """Whether an agent is there who covers the chat's need and did not decline it."""
        seat = self._seats.get(agent_id)
        if seat is None or agent_id in chat.declined_by:
            return False
        return self.cover(chat).need <= seat.skills

    def has_room(self, agent_id: AgentId) -> bool:
        """Whether an agent is there who can hold another chat."""
        seat = self._seats.get(agent_id)
        return seat is not None and seat.load < seat.capacity

    def need(self, chat: Chat) -> frozenset[str]:
        """The tags that the chat asks for; without a queue, or one unknown, no skills of one."""
        queue = self._queues.get(chat.queue)
        if queue is not None:
            return need_of(chat, queue)
        return frozenset((queue_tag(chat.queue), *chat.skills) if chat.queue else chat.skills)

    def cover(self, chat: Chat) -> Cover:
        """The groups that cover the chat's need."""
        by_skills = self._by_chat.setdefault(chat.queue, {})
        cover = by_skills.get(chat.skills)
        if cover is None:
            cover = by_skills[chat.skills] = self._cover(self.need(chat))
        return cover

    def _first(self, kind: Kind, chat: Chat, also: frozenset[str]) -> AgentId | None:
        try:
            cover = self._by_chat[chat.queue][chat.skills]
            if also:
                cover = self._cover(cover.need | also)
            orders = cover.orders[kind]
        except KeyError:
            orders = self._orders(kind, self._cover(self.cover(chat).need | also))
        if len(orders) == 1 and not chat.declined_by:
            return orders[0].first()
        return first_of(orders, chat.declined_by)

    def _cover(self, need: frozenset[str]) -> Cover:
        cover = self._covers.get(need)
        if cover is None:
            if len(self._covers) >= KNOWN_NEEDS:
                self._forget()
            groups = [group for skills, group in self._groups.items() if need <= skills]
            cover = self._covers[need] = Cover(need, groups)
        return cover

    def _orders(self, kind: Kind, cover: Cover) -> tuple[Order, ...]:
        if kind not in cover.orders:
            if len(cover.groups) > FEW_GROUPS:
                cover.orders[kind] = (_made(kind, cover.groups),)
            else:
                cover.orders[kind] = tuple(_own(kind, group) for group in cover.groups)
        return cover.orders[kind]

    def _roll(self, cover: Cover) -> Roll:
        if cover.roll is None:
            cover.roll = Roll()
            for group in cover.groups:
                cover.roll.seats.update(group.with_room())
                group.rolls.append(cover.roll)
        return cover.roll

    def _forget(self) -> None:
        self._covers.clear()
        self._by_chat.clear()
        for group in self._groups.values():
            group.forget()


@attrs.define(eq=False)
class Roster(Staff):
    """The staff as the router writes it."""

    _sweep_at: int = attrs.field(default=SPARE_GROUPS, init=False)

    @property
    def seats(self) -> dict[AgentId, Seat]:
        """All seats; this mapping stays the same object."""
        return self._seats

    @property
    def groups(self) -> dict[frozenset[str], Group]:
        """All groups by their skills; some may be empty. This mapping stays the same object."""
        return self._groups

    def set_queue(self, queue: Queue) -> None:
        """Add or change a queue; the needs of its chats are worked out anew."""
        self._queues[queue.id] = queue
        self._by_chat.pop(queue.id, None)

    def drop_queue(self, queue_id: QueueId) -> None:
        """Remove a queue."""
        self._queues.pop(queue_id, None)
        self._by_chat.pop(queue_id, None)

    def forget_orders(self) -> None:
        """Drop all orders, because other policies ask from now on."""
        self._forget()

    def add(self, seat: Seat) -> Group:
        """Take in a seat, whatever its place."""
        group = self._groups.get(seat.skills)
        if group is None:
            group = self._new_group(seat.skills)
        seat.skills = group.skills  # the very same set, so that looking it up compares nothing
        self._seats[seat.id] = seat
        group.add(seat)
        return group

    def remove(self, agent_id: AgentId) -> None:
        """Let go a seat."""
        seat = self._seats.pop(agent_id)
        self._groups[seat.skills].remove(seat)

    def check(self) -> None:
        """Raise `AssertionError` when anything is not in order."""
        members = [seat for group in self._groups.values() for seat in group.members.values()]
        must(len(members) == len(self._seats), "each seat is in one group")
        must(all(self._seats[seat.id] is seat for seat in members), "groups hold the seats")
        for group in self._groups.values():
            group.check()
        for cover in self._covers.values():
            covering = {id(g) for skills, g in self._groups.items() if cover.need <= skills}
            must(covering == {id(group) for group in cover.groups}, "a cover has all its groups")
            free = sum(group.free for group in cover.groups)
            for orders in cover.orders.values():
                held = sum(sum(1 for _ in order.members()) for order in orders)
                must(held == free, "orders hold nobody without room")
                for order in orders:
                    order.check()
            must(cover.roll is None or len(cover.roll.seats) == free, "a roll holds no others")

    def _new_group(self, skills: frozenset[str]) -> Group:
        if len(self._groups) >= self._sweep_at:
            self._sweep()
        group = self._groups[skills] = Group(skills)
        covers = [cover for cover in self._covers.values() if cover.need <= skills]
        if any(len(cover.groups) == FEW_GROUPS for cover in covers):
            # merged orders from here on: those of each group must not be kept up in vain
            self._forget()
        else:
            for cover in covers:
                _join(group, cover)
        return group

    def _sweep(self) -> None:
        for skills in [skills for skills, group in self._groups.items() if not group.members]:
            del self._groups[skills]
        self._sweep_at = 2 * len(self._groups) + SPARE_GROUPS
        self._forget()


def _join(group: Group, cover: Cover) -> None:
    """Make a new, empty group one of those that cover a need."""
    cover.groups.append(group)
    if len(cover.groups) > FEW_GROUPS:
        group.orders.extend(order for (order,) in cover.orders.values())
    else:
        cover.orders.clear()
    if cover.roll is not None:
        group.rolls.append(cover.roll)


def _own(kind: Kind, group: Group) -> Order:
    """The order of one group alone."""
    if kind not in group.own:
        group.own[kind] = _made(kind, [group])
    return group.own[kind]


def _made(kind: Kind, groups: Collection[Group]) -> Order:
    """A new order of some groups, kept up from now on."""
    order = kind() if isinstance(kind, type) else RankOrder(kind)
    seats = [seat for group in groups for seat in group.with_room()]
    for seat in sorted(seats, key=lambda seat: (seat.place, seat.id)):
        order.enter(seat)
    for group in groups:
        group.orders.append(order)
    return order


def first_of(orders: Collection[Order], excluded: Collection[AgentId]) -> AgentId | None:
    """Who is first in several orders of one kind."""
    best = None
    for order in orders:  # `min` of a generator takes several times as long
        found = order.best(excluded)
        if found is not None and (best is None or found < best):
            best = found
    return None if best is None else best[1]
