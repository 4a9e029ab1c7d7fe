"""The fast path: the production router with nothing around it but one heap of events.

It answers questions of routing: who gets whom, who waits and for how long, who gives up. No records
are made but the chat a policy sees. What only a whole desk has (offers, messages, shifts, breaks,
transfers) is in `chatdesk.simulation.full`; where both apply they agree.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import chain
from math import inf
from typing import TypeAlias

import attrs

from chatdesk.model.ids import AgentId
from chatdesk.model.records import Queue
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, language_tag, queue_tag
from chatdesk.simulation.customers import Customer, chat_id_of, chat_of, customers
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.laws import Exponential, draws
from chatdesk.simulation.scenario import QUEUE, Crew, Scenario
from chatdesk.simulation.streams import Seed, stream
from chatdesk.simulation.visits import Stint, Visits
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
        came = _run_plain(scenario, seed, visits, come)
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


def _run_plain(  # noqa: C901, PLR0915  # see below
    scenario: Scenario, seed: Seed, visits: Visits, come: Iterator[Customer]
) -> int:
    """Chats whose speed does not depend on how many others there are: each end is known at once.

    The loop is one function, with what it uses in local names: it is gone through for every event.
    """
    router, kinds, ids = new_router(scenario), scenario.kinds, scenario.agents
    places = {agent_id: place for place, agent_id in enumerate(ids)}
    speeds = [crew.chat_speeds[1] for _, crew in scenario.seats]
    arrived, waited, ended = visits.arrived, visits.waited, visits.ended
    agents, kind_of = visits.agents, visits.kinds
    enqueue, dequeue, next_match = router.enqueue, router.dequeue, router.next_match
    assign, release, looking = router.assign, router.release, looks_again(scenario.policy)
    heap = _begin(router, scenario, seed, visits)
    waiting: dict[str, tuple[int, float]] = {}
    looks: set[float] = set()
    free, came, now = scenario.places - len(heap), 0, 0.0

    def serve(now: float) -> None:
        nonlocal free
        while free and (match := next_match(now)) is not None:
            chat_id, agent_id = match.chat_id, match.agent_id
            number, work = waiting.pop(chat_id)
            dequeue(chat_id)
            assign(agent_id, now)
            free -= 1
            place = places[agent_id]
            end = ended[number] = now + work / speeds[place]
            waited[number] = now - arrived[number]
            agents[number] = agent_id
            heappush(heap, (end, number, place))
        if looking:
            _look_again(router, heap, looks)

    for customer in chain(come, (THE_END,)):
        at, patience, work, kind = customer
        while heap and heap[0][0] <= at:
            now, number, what = heappop(heap)
            if what >= 0:
                release(ids[what])
                free += 1
                if waiting:
                    serve(now)
            elif what == LOOK:
                serve(now)
            elif (chat_id := f"c-{number}") in waiting:
                del waiting[chat_id]
                dequeue(chat_id)
                waited[number], ended[number] = now - arrived[number], now
        if at == inf:
            break
        arrived[came], kind_of[came] = at, kind
        chat = chat_of(came, customer, kinds[kind])
        waiting[chat.id] = came, work
        enqueue(chat)
        if free:
            serve(at)
        if patience < inf and chat.id in waiting:
            heappush(heap, (at + patience, came, GIVES_UP))
        came += 1
    _give_up_all(visits, waiting.values(), now)
    return came


def _begin(router: Router, scenario: Scenario, seed: Seed, visits: Visits) -> list[Event]:
    """The ends of the chats that are open at the start."""
    work = draws(scenario.kinds[0].work, stream(seed, "opening"))
    heap: list[Event] = []
    for place, (agent_id, crew) in enumerate(scenario.seats):
        for _ in range(crew.open_chats):
            router.assign(agent_id, 0.0)
            end = next(work) / crew.chat_speeds[1]
            heappush(heap, (end, OPENING, place))
            visits.others.append(Stint(agent_id, 0.0, end))
    return heap


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
        visits.waited[number], visits.ended[number] = now - visits.arrived[number], now


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
        chat = chat_of(number, customer, self.scenario.kinds[kind])
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
            visits = self.visits
            visits.waited[number], visits.ended[number] = now - visits.arrived[number], now

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
