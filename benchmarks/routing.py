"""What does routing a chat cost, beside the barest structures that could do it?

All times are CPU time of one whole cycle in the routing layer: a chat is released, the next one
comes, is matched, leaves the line and is assigned. Half of all slots stay taken, and a random chat
ends each time. The matches are kept. A few chats are used over and over, because a chat that comes
has just been read and made: it is in the processor's cache.

* least busy: beside bare buckets, one `OrderedDict` for each load, which know no turns, no skills
  and no waiting chats.
* rank: a policy with a rank of its own, beside a bare lazy heap with the same key; and a policy
  that looks at all agents beside that same ranked policy.
* growth: both of the first row's sides at 100 and at 100,000 agents.
* skills: at 100,000 agents, a need that ten of them cover beside one that all of them cover.
* waiting: with 100,000 in line by priority, one comes and the first goes, beside `add` and `pop(0)`
  of a `SortedKeyList` of the same keys: once for the line alone, which also counts its chats and
  finds them by id, and once for all of routing, where nobody is free for the one who comes and the
  first gets the agent who then gives a slot back.

Run: python benchmarks/routing.py [--pairs 21] [--json FILE]
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from random import Random

import attrs
from _pairs import Pairs, Report, alternate, arguments, cpu_us, show
from sortedcontainers import SortedKeyList

from chatdesk.model.ids import AgentId, ChatId
from chatdesk.model.records import Chat, Queue, QueueSetup
from chatdesk.model.values import ChatState
from chatdesk.rules.disciplines import DISCIPLINES
from chatdesk.rules.policies import AssignmentPolicy, LeastBusy, RankedPolicy
from chatdesk.rules.roster import Staff
from chatdesk.rules.routing import Match, Router
from chatdesk.rules.staff import Seat, queue_tag
from chatdesk.rules.waiting import Lane, WaitingRoom

CAPACITY = 3
HOT = 500
"""How many chats are used over and over."""
QUEUE = "sales"
SEED = 20261121


def chat_of(number: int, priority: int = 0, skills: tuple[str, ...] = ()) -> Chat:
    """A waiting chat."""
    at = float(number)
    return Chat(
        id=f"c{number}",
        state=ChatState.WAITING,
        queue=QUEUE,
        visitor="v",
        customer="c",
        priority=priority,
        skills=skills,
        requested_at=at,
        waiting_since=at,
        queued_at=at,
    )


@attrs.frozen
class FewestReceived(RankedPolicy):
    """The rank that both sides of its row use."""

    def rank(self, seat: Seat) -> tuple[int, int]:
        """Load, then chats received."""
        return seat.load, seat.received


class FewestReceivedByScan(AssignmentPolicy):
    """The same choice by looking at every agent."""

    def choose(self, chat: Chat, staff: Staff, now: float) -> AgentId | None:  # noqa: ARG002
        """The lowest of all."""
        seats = staff.eligible(chat)
        best = min(seats, key=lambda s: (s.load, s.received, s.id), default=None)
        return None if best is None else best.id


@attrs.define
class Desk:
    """A router with half of its slots taken."""

    router: Router
    held: list[AgentId] = attrs.field(factory=list)
    events: list[Match] = attrs.field(factory=list)
    count: int = 0

    def fill(self, agents: int) -> None:
        """Take half of the slots."""
        for number in range(agents * CAPACITY // 2):
            self.router.enqueue(chat_of(number))
            match = self.router.next_match(0.0)
            assert match is not None
            self.router.dequeue(match.chat_id)
            self.router.assign(match.agent_id, 0.0)
            self.held.append(match.agent_id)

    def cycles(self, chats: Sequence[Chat], ends: Sequence[int]) -> None:
        """End, request, match and assign, once for each chat."""
        router, held, events = self.router, self.held, self.events
        events.clear()
        for chat, end in zip(chats, ends, strict=True):
            router.release(held[end])
            router.enqueue(chat)
            match = router.next_match(1.0)
            assert match is not None
            router.dequeue(match.chat_id)
            router.assign(match.agent_id, 1.0)
            held[end] = match.agent_id
            events.append(match)


def desk_of(agents: int, policy: AssignmentPolicy, *, filled: bool = True) -> Desk:
    """A desk of one queue."""
    router = Router()
    queue = Queue(id=QUEUE, setup=QueueSetup(name="Sales", discipline="priority"))
    router.set_queue(queue, policy, DISCIPLINES["priority"])
    for number in range(agents):
        router.seat(Seat(f"a{number}", frozenset({queue_tag(QUEUE)}), CAPACITY, place=number))
    router.place = agents
    desk = Desk(router)
    if filled:
        desk.fill(agents)
    return desk


@attrs.define
class BareBuckets:
    """Agents by load, in order of idleness: the least that can find the least busy."""

    buckets: list[OrderedDict[AgentId, None]]
    load: dict[AgentId, int]
    held: list[AgentId] = attrs.field(factory=list)

    def take(self) -> AgentId:
        """The least busy agent gets a chat."""
        for load, bucket in enumerate(self.buckets):
            if bucket:
                agent, _ = bucket.popitem(last=False)
                self.buckets[load + 1][agent] = None
                self.load[agent] = load + 1
                return agent
        raise LookupError

    def cycles(self, chats: Sequence[Chat], ends: Sequence[int]) -> None:
        """As `Desk.cycles`, written out in one function."""
        buckets, loads, held = self.buckets, self.load, self.held
        for _, end in zip(chats, ends, strict=True):
            agent = held[end]
            load = loads[agent]
            del buckets[load][agent]
            buckets[load - 1][agent] = None
            loads[agent] = load - 1
            for level, bucket in enumerate(buckets):
                if bucket:
                    load = level
                    agent, _ = bucket.popitem(last=False)
                    break
            buckets[load + 1][agent] = None
            loads[agent] = load + 1
            held[end] = agent


def bare_buckets(agents: int) -> BareBuckets:
    """Half of the slots taken."""
    names = [f"a{number}" for number in range(agents)]
    buckets: list[OrderedDict[AgentId, None]] = [OrderedDict() for _ in range(CAPACITY + 1)]
    buckets[0] = OrderedDict.fromkeys(names)
    bare = BareBuckets(buckets, dict.fromkeys(names, 0))
    bare.held = [bare.take() for _ in range(agents * CAPACITY // 2)]
    return bare


@attrs.define
class BareHeap:
    """Seats in a heap by a user's key; outdated entries are dropped when met."""

    seats: dict[AgentId, Seat]
    policy: RankedPolicy
    heap: list[tuple[tuple[int, int], AgentId]] = attrs.field(factory=list)
    current: dict[AgentId, tuple[tuple[int, int], AgentId]] = attrs.field(factory=dict)
    held: list[AgentId] = attrs.field(factory=list)

    def change(self, seat: Seat, step: int) -> None:
        """A slot is taken or given back."""
        seat.load += step
        entry = self.current[seat.id] = (self.policy.rank(seat), seat.id)
        heappush(self.heap, entry)

    def first(self) -> Seat:
        """The lowest."""
        while True:
            entry = self.heap[0]
            if self.current[entry[1]] is entry:
                return self.seats[entry[1]]
            heappop(self.heap)

    def cycles(self, chats: Sequence[Chat], ends: Sequence[int]) -> None:
        """As `Desk.cycles`."""
        held = self.held
        for _, end in zip(chats, ends, strict=True):
            self.change(self.seats[held[end]], -1)
            seat = self.first()
            seat.received += 1
            self.change(seat, 1)
            held[end] = seat.id


def bare_heap(agents: int) -> BareHeap:
    """Half of the slots taken."""
    seats = {f"a{n}": Seat(f"a{n}", frozenset(), CAPACITY) for n in range(agents)}
    bare = BareHeap(seats, FewestReceived())
    for seat in seats.values():
        bare.change(seat, 0)
    for _ in range(agents * CAPACITY // 2):
        seat = bare.first()
        seat.received += 1
        bare.change(seat, 1)
        bare.held.append(seat.id)
    return bare


def timed(side: Desk | BareBuckets | BareHeap, times: int) -> Callable[[], float]:
    """A run of some cycles that gives the time of one."""
    random = Random(SEED)
    chats = [chat_of(10_000_000 + number) for number in range(HOT)] * (times // HOT + 1)
    chats = chats[:times]
    ends = [random.randrange(len(side.held)) for _ in range(times)]
    side.cycles(chats, ends)
    return lambda: cpu_us(lambda: side.cycles(chats, ends), times)


def least_busy(pairs: int, agents: int, goal: float | None = None) -> Pairs:
    """The first row, at some number of agents."""
    bare, desk = bare_buckets(agents), desk_of(agents, LeastBusy())
    return alternate(
        f"least busy, {agents:,} agents",
        ("bare buckets", timed(bare, 5_000)),
        ("router", timed(desk, 5_000)),
        pairs=pairs,
        goal=goal,
    )


def rank(pairs: int) -> Iterator[Pairs]:
    """The policy with a rank: beside a bare heap, and beside a scan."""
    agents = 1000
    desk = timed(desk_of(agents, FewestReceived()), 5_000)
    yield alternate(
        "rank, 1,000 agents",
        ("bare lazy heap", timed(bare_heap(agents), 5_000)),
        ("router", desk),
        pairs=pairs,
        goal=0.35,
    )
    yield alternate(
        "rank beside a scan",
        ("router, policy scans", timed(desk_of(agents, FewestReceivedByScan()), 200)),
        ("router, policy ranks", desk),
        pairs=pairs,
        goal=20.0,
    )


def skilled_desk(agents: int) -> Desk:
    """Each agent has one to three of forty skills; ten have both rare ones."""
    random = Random(SEED)
    desk = desk_of(0, LeastBusy())
    for number in range(agents):
        skills = random.sample([f"s{skill}" for skill in range(40)], random.choice((1, 2, 3)))
        if number % (agents // 10) == 0:
            skills += ["rare", "rarer"]
        elif number % 100 == 0:
            skills += [random.choice(("rare", "rarer"))]
        tags = frozenset((queue_tag(QUEUE), *skills))
        desk.router.seat(Seat(f"a{number}", tags, CAPACITY, place=number))
    desk.router.place = agents
    desk.fill(agents)
    return desk


def skills(pairs: int) -> Pairs:
    """A rare pair of skills beside a need that all cover, at one desk."""
    agents, times = 100_000, 2000
    desk = skilled_desk(agents)
    random = Random(SEED)
    ends = [random.randrange(len(desk.held)) for _ in range(times)]
    plain = [chat_of(10_000_000 + number) for number in range(HOT)] * (times // HOT)
    rare = [chat_of(5_000_000 + number, skills=("rare", "rarer")) for number in range(HOT)] * (
        times // HOT
    )
    rare_held: list[AgentId] = []

    def one(chat: Chat) -> AgentId:
        desk.router.enqueue(chat)
        match = desk.router.next_match(1.0)
        assert match is not None
        desk.router.dequeue(match.chat_id)
        desk.router.assign(match.agent_id, 1.0)
        return match.agent_id

    def rare_cycles() -> None:
        for chat in rare:
            if len(rare_held) == 5:
                desk.router.release(rare_held.pop(0))
            rare_held.append(one(chat))

    return alternate(
        "rare pair of skills, 100,000",
        ("any agent", lambda: cpu_us(lambda: desk.cycles(plain, ends), times)),
        ("ten agents", lambda: cpu_us(rare_cycles, times)),
        pairs=pairs,
        goal=0.25,
    )


def in_line(pairs: int) -> Iterator[Pairs]:
    """One comes and the first goes, with many in line by priority."""
    waiting, times = 100_000, 2000
    random = Random(SEED)
    desk = desk_of(10, LeastBusy(), filled=False)
    chats = [chat_of(n, random.randrange(5)) for n in range(waiting + (pairs + 1) * times)]
    keys: SortedKeyList[Chat, tuple[int, float]] = SortedKeyList(
        key=lambda chat: (-chat.priority, chat.waiting_since)
    )
    keys.update(chats[:waiting])
    for chat in chats[:waiting]:
        desk.router.enqueue(chat)
    settle(desk.router)
    room = WaitingRoom()
    queue = Queue(id=QUEUE, setup=QueueSetup(name="Sales"))
    lane = room.lanes[QUEUE] = Lane(queue, LeastBusy(), DISCIPLINES["priority"])
    for chat in chats[:waiting]:
        room.add(chat)
    more = {side: iter(chats[waiting:]) for side in ("bare", "again", "line", "router")}

    def bare(side: str) -> None:
        for _, chat in zip(range(times), more[side], strict=False):
            keys.add(chat)
            keys.pop(0)

    def line() -> None:
        for _, chat in zip(range(times), more["line"], strict=False):
            room.add(chat)
            first = lane.lines[()].first()
            assert first is not None
            room.remove(first[-1])

    def routed() -> None:
        router = desk.router
        for _, chat in zip(range(times), more["router"], strict=False):
            router.enqueue(chat)
            assert router.next_match(1.0) is None
            router.release("a1")
            match = router.next_match(1.0)
            assert match is not None
            router.dequeue(match.chat_id)
            router.assign(match.agent_id, 1.0)

    yield alternate(
        "100,000 by priority, the line",
        ("SortedKeyList", lambda: cpu_us(lambda: bare("bare"), times)),
        ("line", lambda: cpu_us(line, times)),
        pairs=pairs,
        goal=0.5,
    )
    yield alternate(
        "100,000 by priority, all of routing",
        ("SortedKeyList", lambda: cpu_us(lambda: bare("again"), times)),
        ("router, with agents", lambda: cpu_us(routed, times)),
        pairs=pairs,
    )


def settle(router: Router) -> list[ChatId]:
    """Match until at rest."""
    matched = []
    while (match := router.next_match(1.0)) is not None:
        router.dequeue(match.chat_id)
        router.assign(match.agent_id, 1.0)
        matched.append(match.chat_id)
    return matched


def main(given: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write JSON when asked."""
    question = (__doc__ or "").partition("\n")[0]
    options = arguments(question, given)
    small = least_busy(options.pairs, 100)
    large = least_busy(options.pairs, 100_000)
    rows = (
        least_busy(options.pairs, 1000, 0.20),
        *rank(options.pairs),
        small,
        large,
        skills(options.pairs),
        *in_line(options.pairs),
    )
    figures = {"growth beside the bare structure's (≤ 1.3)": small.speed / large.speed}
    show(Report(question, rows, figures), options.json)


if __name__ == "__main__":
    main()
