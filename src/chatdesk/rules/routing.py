"""Who gets whom: all waiting chats and all seats of a desk, matched as soon as either changes.

At rest no chat that waits in a push or offer queue has an eligible agent with room for whom its
policy would answer. That is kept up by looking only at what changed:

* a chat that comes, changes, or is due to be looked at again, is asked about once;
* when a seat comes or gives a slot back, the heads of those lines are asked about that agents with
  its skills may serve, best first, and on behind whatever cannot be assigned.

So a match costs O(log n) in waiting chats, and a constant in agents, unless chats at the head were
declined or a policy answers `None` for them. `next_match` answers what a walk over all waiting
chats in line order would, taking the first for which the policy names an agent.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import chain
from operator import attrgetter

import attrs
from msgspec import Struct

from chatdesk.model.errors import ConfigurationError
from chatdesk.model.ids import AgentId, ChatId, Instant, QueueId
from chatdesk.model.records import Chat, Queue
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.invariants import must
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.roster import Group, Roster, Staff
from chatdesk.rules.staff import Seat, gave_away
from chatdesk.rules.waiting import Lane, Line, LineKey, Waiting, WaitingRoom

_facts = attrgetter(*(field.name for field in attrs.fields(Seat)))


class Match(Struct, frozen=True, gc=False):
    """A chat and the agent who is to get it."""

    chat_id: ChatId
    agent_id: AgentId


class Eligibility(Struct, frozen=True):
    """Who could get a chat, by id: what `explain` and `why_not` tell."""

    covering: tuple[AgentId, ...]
    """Seated, with all that the chat needs."""
    with_room: tuple[AgentId, ...]
    """Of these, who can hold another chat."""
    declined: tuple[AgentId, ...]
    """Of these, who declined it."""


@attrs.define(eq=False)
class Router:
    """All waiting chats and all seats of a desk.

    It decides nothing by a time of its own, does no I/O and writes no records. Whoever is handed
    the same seats, chats and counters, in any order, gives the same answers.

    Methods that name an agent or a chat raise `KeyError` when he is not seated, or it not in line.
    """

    place: int = attrs.field(default=0, init=False)
    """The last place given in the order of idleness; to be kept and set on restoring."""
    turn: int = attrs.field(default=0, init=False)
    """The highest turn at which anybody was chosen; to be kept and set on restoring."""
    _roster: Roster = attrs.field(factory=Roster, init=False)
    _room: WaitingRoom = attrs.field(factory=WaitingRoom, init=False)
    _seats: dict[AgentId, Seat] = attrs.field(init=False)  # the roster's own, one step nearer
    _groups: dict[frozenset[str], Group] = attrs.field(init=False)
    _lanes: dict[QueueId, Lane] = attrs.field(init=False)
    _filed: dict[ChatId, Waiting] = attrs.field(init=False)
    # what changed since the router was last at rest
    _fresh: dict[ChatId, Chat] = attrs.field(factory=dict, init=False)  # not in line yet
    _asks: list[LineKey] = attrs.field(factory=list, init=False)  # a heap of chats to ask about
    _gained: dict[frozenset[str], Group] = attrs.field(factory=dict, init=False)
    _passed: LineKey | None = attrs.field(default=None, init=False)  # asked for `_gained` up to it
    # what may change by itself
    _looks: list[tuple[Instant, ChatId]] = attrs.field(factory=list, init=False)  # a heap
    _hopes: dict[AgentId, dict[ChatId, None]] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._seats, self._groups = self._roster.seats, self._roster.groups
        self._lanes, self._filed = self._room.lanes, self._room.chats

    # -- queues ----------------------------------------------------------------------------------

    def set_queue(self, queue: Queue, policy: AssignmentPolicy, discipline: Discipline) -> None:
        """Add or change a queue; O(n log n) in its waiting chats when its rules change."""
        before = self._lanes.get(queue.id)
        if before is not None and _same_rules(before, queue, policy, discipline):
            before.queue = queue
            return
        self._settle()
        chats = [self._remove(chat_id).chat for chat_id in list(self.line(queue.id))]
        self._room.drop(queue.id)
        self._lanes[queue.id] = Lane(queue, policy, discipline)
        self._roster.set_queue(queue)
        if before is None or before.policy != policy:
            self._roster.forget_orders()
        for chat in chats:
            self.enqueue(chat)

    def drop_queue(self, queue_id: QueueId) -> None:
        """Serve a queue no more; chats still in its line stand there until they are dequeued."""
        self._settle()
        self._room.drop(queue_id)
        self._roster.drop_queue(queue_id)
        self._roster.forget_orders()

    # -- seats -----------------------------------------------------------------------------------

    def seat(self, seat: Seat) -> None:
        """An agent can get chats, with room or without, or his facts changed.

        Costs what a change of load does, but O(n) when n seats of his load and turn are idle for
        less. Handing in the same facts again changes nothing.
        """
        before = self._seats.get(seat.id)
        if before is not None:
            if before is seat or _facts(before) == _facts(seat):
                return
            self._roster.remove(seat.id)
        group = self._roster.add(seat)
        if before is not None and before.skills != seat.skills:
            self._give_up_hope(seat.id)
        if seat.load < seat.capacity:
            self._gain(group)

    def unseat(self, agent_id: AgentId) -> None:
        """An agent gets no chats any more; nothing happens when he got none before."""
        if agent_id in self._seats:
            self._roster.remove(agent_id)
            self._give_up_hope(agent_id)

    def come_back(self, seat: Seat) -> Seat:
        """Seat an agent who was away: he idles from now, and shares from now on.

        His turn is raised to that at which agents are chosen now, but not above the highest turn of
        those with exactly his skills: who seldom gets chats must not be flooded instead of him.
        """
        if seat.id in self._seats:
            self._roster.remove(seat.id)
        turn = self.turn
        group = self._groups.get(seat.skills)
        if group is not None and group.members:
            turn = min(turn, group.top)
        seat.turn = max(seat.turn, turn)
        self.place = seat.place = self.place + 1
        self.seat(seat)
        return seat

    def assign(self, agent_id: AgentId, now: Instant, *, slots: int = 1) -> Seat:
        """An agent gets a chat, which counts as received; `slots` are taken for it."""
        seat = self._seats[agent_id]
        had_room = seat.load < seat.capacity
        turn = seat.turn
        if turn > self.turn:  # noqa: PLR1730  # a call of max() would cost a tenth of all this
            self.turn = turn
        seat.turn = turn = turn + 1
        seat.load += slots
        seat.received += 1
        self.place = seat.place = seat.last_assigned_place = self.place + 1
        seat.last_assigned_at = now
        group = self._groups[seat.skills]
        if turn > group.highest:  # noqa: PLR1730  # as above
            group.highest = turn
        if had_room:
            if seat.load < seat.capacity:
                for order in group.orders:  # spelt out, as in `release`
                    order.move(seat)
            else:
                group.lost(seat)
        return seat

    def reserve(self, agent_id: AgentId) -> Seat:
        """An offer takes a slot; it does not count as received."""
        seat = self._seats[agent_id]
        had_room = seat.load < seat.capacity
        seat.load += 1
        self.place = seat.place = self.place + 1
        group = self._groups[seat.skills]
        if had_room:
            if seat.load < seat.capacity:
                for order in group.orders:
                    order.move(seat)
            else:
                group.lost(seat)
        return seat

    def confirm(self, agent_id: AgentId, now: Instant) -> Seat:
        """An offer was accepted: the chat in the slot it took counts as received."""
        return self.assign(agent_id, now, slots=0)

    def release(self, agent_id: AgentId) -> Seat:
        """A slot is given back; the agent idles from now."""
        seat = self._seats[agent_id]
        had_room = seat.load < seat.capacity
        seat.load -= 1
        self.place = seat.place = self.place + 1
        group = self._groups[seat.skills]
        if had_room:  # then he has room still: the most frequent case, without one call more
            for order in group.orders:
                order.move(seat)
        elif seat.load < seat.capacity:
            group.gained(seat)
        if self._room.served and seat.load < seat.capacity:
            self._gain(group)
        return seat

    def _gain(self, group: Group) -> None:
        if self._room.served:
            self._gained[group.skills] = group
            self._passed = None

    def _give_up_hope(self, agent_id: AgentId) -> None:
        for chat_id in self._hopes.pop(agent_id, ()):
            heappush(self._asks, self._filed[chat_id].key)

    # -- waiting chats ---------------------------------------------------------------------------

    def enqueue(self, chat: Chat) -> None:
        """A chat comes to the line of its queue, or changed while in line."""
        lane, chat_id = self._lanes[chat.queue], chat.id
        if chat_id in self._filed:
            self._remove(chat_id)
        if lane.served:
            self._fresh[chat_id] = chat
        else:
            self._fresh.pop(chat_id, None)
            self._room.add(chat)

    def dequeue(self, chat_id: ChatId) -> None:
        """A chat waits no more."""
        if self._fresh.pop(chat_id, None) is None:
            self._remove(chat_id)

    def _remove(self, chat_id: ChatId) -> Waiting:
        waiting = self._room.remove(chat_id)
        if self._hopes:
            hope = waiting.lane.policy.waits_for(waiting.chat)
            if hope is not None:
                self._hopes.get(hope, {}).pop(chat_id, None)
        return waiting

    def _settle(self) -> None:
        """Put the chats that came in line, to be asked about."""
        for chat in self._fresh.values():
            heappush(self._asks, self._room.add(chat).key)
        self._fresh.clear()

    # -- matching --------------------------------------------------------------------------------

    def next_match(self, now: Instant) -> Match | None:
        """The next chat to assign or offer, and to whom; `None` when at rest.

        The caller dequeues the chat and assigns or reserves the agent before asking again. Raises
        `ConfigurationError` when a policy names an agent who must not get the chat.
        """
        looks = self._looks
        if looks and looks[0][0] <= now:
            self._look_again(now)
        fresh = self._fresh
        if self._gained or self._asks or len(fresh) > 1:
            return self._scan(now)
        for chat in fresh.values():
            match = self._ask(self._lanes[chat.queue].policy, chat, now)
            if match is None:
                self._file(chat, now)
            return match
        return None

    def _file(self, chat: Chat, now: Instant) -> None:
        """Put a chat in line for whom there is nobody now."""
        del self._fresh[chat.id]
        waiting = self._room.add(chat)
        if waiting.lane.watched:
            self._watch(waiting, now)

    def _ask(self, policy: AssignmentPolicy, chat: Chat, now: Instant) -> Match | None:
        agent_id = policy.choose(chat, self._roster, now)
        if agent_id is None:
            return None
        seat = self._seats.get(agent_id)
        if seat is None or seat.load >= seat.capacity or agent_id in chat.declined_by:
            raise ConfigurationError(
                f"the policy {type(policy).__name__} chose agent {agent_id!r}, who is not there, "
                "has no room or declined the chat; choose among what `Staff` offers"
            )
        return Match(chat.id, agent_id)

    def _scan(self, now: Instant) -> Match | None:
        """Ask about all that changed, in line order."""
        if self._fresh:
            self._settle()
        while (key := self._candidate()) is not None:
            waiting = self._filed[key[-1]]
            match = self._ask(waiting.lane.policy, waiting.chat, now)
            if match is not None:
                return match
            if waiting.lane.watched:
                self._watch(waiting, now)
            self._pass(key)
        self._gained.clear()
        self._passed = None
        return None

    def _candidate(self) -> LineKey | None:
        """The first chat in line order that is still to be asked about."""
        asks, passed = self._asks, self._passed
        while asks and not self._stands(asks[0]):
            heappop(asks)
        best = asks[0] if asks else None
        for line in self._gained_lines():
            head = line.first() if passed is None else line.first_behind(passed)
            if head is not None and (best is None or head < best):
                best = head
        return best

    def _stands(self, key: LineKey) -> bool:
        waiting = self._filed.get(key[-1])
        return waiting is not None and waiting.lane.served and waiting.key == key

    def _gained_lines(self) -> Iterable[Line]:
        """The lines that agents serve who gained a slot and still have one; some may come twice."""
        gained = self._gained
        for group in gained.values():
            if not group.free:
                gained = self._gained = {skills: g for skills, g in gained.items() if g.free}
                break
        if len(gained) == 1:
            return self._room.lines_for(*gained)
        return chain.from_iterable(map(self._room.lines_for, gained))

    def _pass(self, key: LineKey) -> None:
        """Go on behind a chat for which there is nobody."""
        if self._asks and self._asks[0] == key:
            heappop(self._asks)
        if self._passed is None or self._passed < key:
            self._passed = key

    def _watch(self, waiting: Waiting, now: Instant) -> None:
        """Note what may change the answer for a chat that has to wait."""
        policy, chat = waiting.lane.policy, waiting.chat
        at = policy.look_again_at(chat, now)
        if at is not None and at != waiting.look_at:
            heappush(self._looks, (at, chat.id))
        waiting.look_at = at
        hope = policy.waits_for(chat)
        if hope is not None:
            self._hopes.setdefault(hope, {})[chat.id] = None

    def _look_again(self, now: Instant) -> None:
        looks = self._looks
        while looks and looks[0][0] <= now:
            at, chat_id = heappop(looks)
            waiting = self._filed.get(chat_id)
            if waiting is not None and waiting.look_at == at:
                waiting.look_at = None
                heappush(self._asks, waiting.key)

    def next_look(self) -> Instant | None:
        """When `next_match` may find something by time alone; perhaps a little early."""
        return self._looks[0][0] if self._looks else None

    # -- asking ----------------------------------------------------------------------------------

    @property
    def staff(self) -> Staff:
        """The seats as policies see them."""
        return self._roster

    def next_for(
        self,
        agent_id: AgentId,
        queue_id: QueueId | None,
        now: Instant,  # noqa: ARG002  # asked with the time like all decisions; none needs it yet
    ) -> ChatId | None:
        """The chat an agent gets who takes one (A12): the first in line that he may serve.

        Of one queue or, with `None`, of all he serves, whatever their mode; it does not matter
        whether he has room, or declined a chat when it was offered: taking it is a choice of his
        own. Only what he gave away is not his to take. O(lines he may serve), and on behind those.
        """
        self._settle()
        skills = self._seats[agent_id].skills
        lanes = (
            self._lanes.values() if queue_id is None else filter(None, [self._lanes.get(queue_id)])
        )
        lines = (line for lane in lanes if not lane.dropped for line in lane.lines.values())
        heads = (self._first_for(agent_id, line) for line in lines if line.need <= skills)
        key = min(filter(None, heads), default=None)
        return None if key is None else key[-1]

    def _first_for(self, agent_id: AgentId, line: Line) -> LineKey | None:
        chats = self._filed
        return next(
            (key for key in line.keys if not gave_away(agent_id, chats[key[-1]].chat)), None
        )

    def position(self, chat_id: ChatId) -> int:
        """From 1, within its queue's line; O(log n) for each set of skills asked for in it."""
        self._settle()
        return self._room.position(chat_id)

    def waiting(self, queue_id: QueueId) -> int:
        """How many chats wait in a queue; 0 for an unknown one."""
        lane = self._lanes.get(queue_id)
        fresh = sum(chat.queue == queue_id for chat in self._fresh.values())
        return fresh if lane is None else fresh + lane.waiting

    def line(self, queue_id: QueueId) -> Iterator[ChatId]:
        """The chats that wait in a queue, in order."""
        self._settle()
        return self._room.in_line(queue_id)

    def longest_waiting_since(self, queue_id: QueueId) -> Instant | None:
        """The lowest `waiting_since` in a queue; `None` when nobody waits."""
        self._settle()
        return self._room.longest_waiting_since(queue_id)

    def covers(self, need: frozenset[str]) -> bool:
        """Whether any seat covers a need, with room or without; O(groups of equal skills)."""
        return any(group.members and need <= skills for skills, group in self._groups.items())

    def has_room(self, need: frozenset[str]) -> bool:
        """Whether any seat that covers a need has room; O(groups of equal skills)."""
        return any(group.free and need <= skills for skills, group in self._groups.items())

    def choice(self, chat: Chat, now: Instant) -> AgentId | None:
        """Whom the queue's policy would choose for a chat."""
        return self._lanes[chat.queue].policy.choose(chat, self._roster, now)

    def eligible_seats(self, chat: Chat) -> Eligibility:
        """Who covers the chat's need, and who of them has room or declined it; O(n log n)."""
        groups = self._roster.cover(chat).groups
        seats = sorted(
            chain.from_iterable(g.members.values() for g in groups), key=lambda seat: seat.id
        )
        return Eligibility(
            covering=tuple(seat.id for seat in seats),
            with_room=tuple(seat.id for seat in seats if seat.load < seat.capacity),
            declined=tuple(seat.id for seat in seats if seat.id in chat.declined_by),
        )

    def check(self, now: Instant | None = None) -> None:
        """Raise `AssertionError` when an invariant is broken; O(all), for tests.

        With a time, also when the router ought to be at rest and is not.
        """
        self._roster.check()
        self._room.check()
        must(not (self._fresh.keys() & self._filed.keys()), "a chat comes to line once")
        places = [seat.place for seat in self._seats.values()]
        must(max(places, default=0) <= self.place, "no place is above the router's")
        hopes = [chat_id for chats in self._hopes.values() for chat_id in chats]
        must(self._filed.keys() >= set(hopes), "who hopes for an agent is in line")
        if now is not None:
            must(not (self._fresh or self._asks or self._gained), "nothing is left to ask about")
            for waiting in self._filed.values():
                chat = waiting.chat
                if waiting.lane.served:
                    must(self.choice(chat, now) is None, f"nobody is there for chat {chat.id}")


def _same_rules(lane: Lane, queue: Queue, policy: AssignmentPolicy, discipline: Discipline) -> bool:
    return (
        not lane.dropped
        and lane.queue.setup == queue.setup
        and lane.policy == policy
        and lane.discipline == discipline
    )
