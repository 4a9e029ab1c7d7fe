"""The fast path: the production router with nothing around it but one heap of events.

It answers questions of routing: who gets whom, who waits and for how long, who gives up. No records
are made but the chat a policy sees. What only a whole desk has (offers, messages, shifts, breaks,
transfers) is in `chatdesk.simulation.full`; where both apply they agree.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace
from itertools import chain
from math import inf
from typing import TypeAlias

import attrs

from chatdesk.model.errors import ConfigurationError
from chatdesk.model.ids import AgentId, ChatId
from chatdesk.model.records import Queue
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, language_tag, queue_tag
from chatdesk.simulation.customers import Customer, chat_id_of, chat_of, customers
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.laws import Exponential, draws
from chatdesk.simulation.line import Line, Waiter, all_alike
from chatdesk.simulation.scenario import QUEUE, Crew, Scenario
from chatdesk.simulation.streams import Seed, stream
from chatdesk.simulation.visits import Stint, Visits, give_up
from chatdesk.simulation.workload import Workload

Event: TypeAlias = tuple[float, int, int]
"""When, a customer's number, and the place of an agent, `GIVES_UP` or `LOOK`."""

GIVES_UP = -1
LOOK = -2
OPENING = -1
"""The number of a chat that was open at the start."""
THE_END: Customer = (inf, inf, 0.0, 0)
EVERY = 4096
"""Customers between two reports of progress."""

Progress: TypeAlias = Callable[[int], None]
"""Is told now and then how many customers have come."""


def run_fast(
    scenario: Scenario, seed: Seed, count: int, progress: Progress | None = None
) -> Visits:
    """Simulate the first `count` customers until the last of them has left.

    Raises `InvalidParameter` when the scenario wants a whole desk.
    """
    if scenario.wants_desk:
        raise InvalidParameter("offers, turns, transfers, shifts and breaks need the whole desk")
    visits = Visits.of(count)
    come = watched(customers(scenario.kinds, seed, count), progress)
    if any(crew.slows or crew.leaving_rates for crew in scenario.crews):
        came = _Sharing.of(scenario, seed, visits).run(come)
    else:
        came = _Plain.of(scenario, seed, visits).run(come)
    visits.cut(came)
    return visits


def watched(come: Iterator[Customer], progress: Progress | None) -> Iterator[Customer]:
    """The same customers, while `progress` is told how many have come."""
    if progress is None:
        return come
    return _reported(come, progress)


def _reported(come: Iterator[Customer], progress: Progress) -> Iterator[Customer]:
    for number, customer in enumerate(come):
        if number % EVERY == 0:
            progress(number)
        yield customer


def new_router(scenario: Scenario) -> Router:
    """The production router with the one queue, and everybody seated in order."""
    router = Router()
    queue = Queue(id=QUEUE, setup=scenario.setup)
    router.set_queue(queue, scenario.policy, scenario.discipline)
    for agent_id, crew in scenario.seats:
        router.come_back(Seat(agent_id, tags_of_crew(crew), crew.capacity))
    return router


def tags_of_crew(crew: Crew) -> frozenset[str]:
    """All that an agent of the crew can do, as the router wants it."""
    return frozenset((queue_tag(QUEUE), *crew.skills, *map(language_tag, crew.languages)))


@attrs.define(eq=False)
class _Plain:
    """Chats whose speed does not depend on how many others there are: each end is known at once."""

    scenario: Scenario
    visits: Visits
    router: Router
    free: int
    """How many chats more could be taken."""
    speeds: dict[AgentId, tuple[int, float]]
    """Each agent's place and the speed of his chats."""
    looking: bool
    # columns and methods gone through for every chat, one step nearer
    ended: "array[float]"
    agents: list[AgentId | None]
    assign: Callable[[AgentId, float], Seat]
    came: int = 0
    """How many have come."""
    heap: list[Event] = attrs.field(factory=list)
    waiting: dict[ChatId, tuple[int, float]] = attrs.field(factory=dict)
    """Numbers and work of the chats that the router keeps in line."""
    looks: set[float] = attrs.field(factory=set)

    @classmethod
    def of(cls, scenario: Scenario, seed: Seed, visits: Visits) -> "_Plain":
        """At the start, with the chats that are open then."""
        router = new_router(scenario)
        run = cls(
            scenario,
            visits,
            router,
            scenario.places,
            {
                agent_id: (place, crew.chat_speeds[1])
                for place, (agent_id, crew) in enumerate(scenario.seats)
            },
            looks_again(scenario.policy),
            visits.ended,
            visits.agents,
            router.assign,
        )
        run.open(seed)
        return run

    def open(self, seed: Seed) -> None:
        """Begin the chats that are open at the start."""
        work = draws(self.scenario.kinds[0].work, stream(seed, "opening"))
        for agent_id, crew in self.scenario.seats:
            place, speed = self.speeds[agent_id]
            for _ in range(crew.open_chats):
                self.router.assign(agent_id, 0.0)
                self.free -= 1
                end = next(work) / speed
                heappush(self.heap, (end, OPENING, place))
                self.visits.others.append(Stint(agent_id, 0.0, end))

    def run(self, come: Iterator[Customer]) -> int:
        """Let them come and go; give how many came."""
        come = chain(come, (THE_END,))
        if all_alike(self.scenario):
            come = self.run_held(come)
        self.run_routed(come)
        return self.came

    def run_held(self, come: Iterator[Customer]) -> Iterator[Customer]:
        """Go on while nobody has to be asked about a chat before a slot comes free; give the rest.

        It is gone through for every event, so what it uses often has local names. A chat's end is
        taken from the heap last, for most often the end of the next one takes its place.
        """
        heap, router, line = self.heap, self.router, Line(self.scenario, self.visits)
        ids, kinds, choose = self.scenario.agents, self.scenario.kinds, self.scenario.policy.choose
        release, staff, begin, free = router.release, router.staff, self.begin, self.free
        visits, arrived, waited = self.visits, self.visits.arrived, self.visits.waited
        join, head = line.join, line.head
        for came, (at, patience, work, kind) in enumerate(come):
            while heap and heap[0][0] <= at:
                now, ended, place = heap[0]
                release(ids[place])
                waiter = None if free else head(now, ended)
                if waiter is None:
                    heappop(heap)
                    free += 1
                    continue
                number, since, _, amount, which = waiter
                agent_id = choose(chat_of(number, since, kinds[which]), staff, now)
                if agent_id is None:
                    heappop(heap)
                    self.free, self.came = 1, came
                    self.hand_over((waiter, *line.rest(now, ended)), now)
                    return chain(((at, patience, work, kind),), come)
                waited[number] = now - since
                heapreplace(heap, begin(number, amount, agent_id, now))
            if at == inf:
                self.came = came
                break
            arrived[came] = at
            if kind:
                visits.kinds[came] = kind
            if free:
                agent_id = choose(chat_of(came, at, kinds[kind]), staff, at)
                if agent_id is None:
                    self.free, self.came = free, came
                    return chain(((at, patience, work, kind),), come)
                heappush(heap, begin(came, work, agent_id, at))
                free -= 1
            else:
                join((came, at, at + patience, work, kind))
        return iter(())

    def begin(self, number: int, work: float, agent_id: AgentId, now: float) -> Event:
        """An agent begins a chat; give its end."""
        seat = self.assign(agent_id, now)
        if seat.load > seat.capacity:
            raise ConfigurationError(f"the policy chose agent {agent_id!r}, who has no room")
        place, speed = self.speeds[agent_id]
        end = self.ended[number] = now + work / speed
        self.agents[number] = agent_id
        return end, number, place

    def hand_over(self, waiters: Iterable[Waiter], now: float) -> None:
        """A policy lets a chat wait although there is room: the router keeps the line from now."""
        for number, at, gone_at, work, kind in waiters:
            self.enqueue(number, at, gone_at, work, kind)
        self.serve(now)

    def run_routed(self, come: Iterator[Customer]) -> None:
        """Go on while the router keeps the line."""
        heap, waiting, ids = self.heap, self.waiting, self.scenario.agents
        release, visits, now = self.router.release, self.visits, 0.0
        for at, patience, work, kind in come:
            while heap and heap[0][0] <= at:
                now, number, what = heappop(heap)
                if what >= 0:
                    release(ids[what])
                    self.free += 1
                    if waiting:
                        self.serve(now)
                elif what == LOOK:
                    self.serve(now)
                elif waiting.pop(chat_id_of(number), None) is not None:
                    self.router.dequeue(chat_id_of(number))
                    give_up(visits, number, now)
            if at == inf:
                break
            visits.arrived[self.came], visits.kinds[self.came] = at, kind
            self.enqueue(self.came, at, at + patience, work, kind)
            self.came += 1
            if self.free:
                self.serve(at)
        _give_up_all(visits, waiting.values(), now)

    def enqueue(self, number: int, at: float, gone_at: float, work: float, kind: int) -> None:
        """Hand a chat to the router."""
        chat = chat_of(number, at, self.scenario.kinds[kind])
        self.waiting[chat.id] = number, work
        self.router.enqueue(chat)
        if gone_at < inf:
            heappush(self.heap, (gone_at, number, GIVES_UP))

    def serve(self, now: float) -> None:
        """Assign as the router says, until it is at rest."""
        router, visits = self.router, self.visits
        while self.free and (match := router.next_match(now)) is not None:
            router.dequeue(match.chat_id)
            number, work = self.waiting.pop(match.chat_id)
            visits.waited[number] = now - visits.arrived[number]
            heappush(self.heap, self.begin(number, work, match.agent_id, now))
            self.free -= 1
        if self.looking:
            _look_again(router, self.heap, self.looks)


def looks_again(policy: AssignmentPolicy) -> bool:
    """Whether time alone may change the policy's answers."""
    return type(policy).look_again_at is not AssignmentPolicy.look_again_at


def _look_again(router: Router, heap: list[Event], looks: set[float]) -> None:
    """See to it that the router is asked again when time alone may change an answer."""
    due = router.next_look()
    if due is not None and due not in looks:
        looks.add(due)
        heappush(heap, (due, 0, LOOK))


def _give_up_all(visits: Visits, waiting: Iterable[tuple[int, float]], now: float) -> None:
    """Who is never served because the policy names nobody is seen off at the end."""
    for number, _ in waiting:
        give_up(visits, number, now)


def workloads(crew: Crew) -> list[Workload]:
    """The empty workloads of a crew's agents."""
    speeds = crew.chat_speeds
    return [Workload(speeds, crew.leaving_rates) for _ in range(crew.agents)]


@attrs.define(eq=False)
class _Sharing:
    """Agents who slow down: the end of a chat moves whenever its agent gets or loses another."""

    scenario: Scenario
    visits: Visits
    router: Router
    ids: tuple[AgentId, ...]
    loads: list[Workload]
    places: dict[AgentId, int]
    stays: Iterator[float]
    heap: list[Event] = attrs.field(factory=list)
    waiting: dict[str, tuple[int, float]] = attrs.field(factory=dict)
    looks: set[float] = attrs.field(factory=set)
    opening: int = 0
    """How many chats were open at the start; their numbers are negative."""

    @classmethod
    def of(cls, scenario: Scenario, seed: Seed, visits: Visits) -> "_Sharing":
        """At the start, with the chats that are open then."""
        run = cls(
            scenario,
            visits,
            new_router(scenario),
            scenario.agents,
            [load for crew in scenario.crews for load in workloads(crew)],
            {agent_id: place for place, agent_id in enumerate(scenario.agents)},
            draws(Exponential(1.0), stream(seed, "leaving")),
        )
        work = draws(scenario.kinds[0].work, stream(seed, "opening"))
        for place, (_, crew) in enumerate(scenario.seats):
            for _ in range(crew.open_chats):
                run.opening += 1
                run.take(place, -run.opening, next(work), 0.0)
        return run

    def run(self, come: Iterator[Customer]) -> int:
        """Let them come and go; give how many came."""
        heap, came = self.heap, 0
        for customer in chain(come, (THE_END,)):
            while heap and heap[0][0] <= customer[0]:
                self.happen(*heappop(heap))
            if customer[0] < inf:
                self.arrive(came, customer)
                came += 1
        last = max(self.visits.arrived[:came], default=0.0)
        _give_up_all(self.visits, self.waiting.values(), last)
        return came

    def arrive(self, number: int, customer: Customer) -> None:
        """A customer comes."""
        at, patience, work, kind = customer
        self.visits.arrived[number], self.visits.kinds[number] = at, kind
        chat = chat_of(number, at, self.scenario.kinds[kind])
        self.waiting[chat.id] = number, work
        self.router.enqueue(chat)
        self.serve(at)
        if chat.id in self.waiting:
            if patience < inf:
                heappush(self.heap, (at + patience, number, GIVES_UP))
            _look_again(self.router, self.heap, self.looks)

    def happen(self, now: float, number: int, what: int) -> None:
        """An event; `number` is the version of the agent's workload when a chat ends."""
        if what >= 0:
            if self.loads[what].version == number:
                self.end(what, now)
        elif what == LOOK:
            self.serve(now)
            _look_again(self.router, self.heap, self.looks)
        else:
            self.give_up(chat_id_of(number), now)

    def give_up(self, chat_id: str, now: float) -> None:
        """A customer's patience is over, if he still waits."""
        if chat_id in self.waiting:
            number, _ = self.waiting.pop(chat_id)
            self.router.dequeue(chat_id)
            give_up(self.visits, number, now)

    def end(self, place: int, now: float) -> None:
        """A chat of the agent ends, finished or left."""
        load = self.loads[place]
        _, number, finished = load.next_end()
        load.give(number, now)
        if number >= 0:
            self.visits.ended[number] = now
            if not finished:
                self.visits.unfinished.add(number)
        else:
            self.opened(place, now)
        self.router.release(self.ids[place])
        self.plan(place)
        if self.waiting:
            self.serve(now)

    def opened(self, place: int, now: float) -> None:
        """A chat that was open at the start is over: the agent was busy with it until now."""
        stints = self.visits.others
        stints.append(Stint(self.ids[place], 0.0, now))

    def serve(self, now: float) -> None:
        """Assign until nothing matches."""
        visits, router = self.visits, self.router
        while (match := router.next_match(now)) is not None:
            number, work = self.waiting.pop(match.chat_id)
            router.dequeue(match.chat_id)
            visits.waited[number] = now - visits.arrived[number]
            visits.agents[number] = match.agent_id
            self.take(self.places[match.agent_id], number, work, now)

    def take(self, place: int, number: int, work: float, now: float) -> None:
        """An agent begins a chat."""
        self.router.assign(self.ids[place], now)
        load = self.loads[place]
        load.take(number, work, next(self.stays) if load.leaving else 0.0, now)
        self.plan(place)

    def plan(self, place: int) -> None:
        """Note when the agent's next chat ends."""
        load = self.loads[place]
        if load.open:
            at, _, _ = load.next_end()
            heappush(self.heap, (at, load.version, place))
