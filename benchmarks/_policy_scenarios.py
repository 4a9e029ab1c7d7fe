"""The scenarios of `policies.py`: a dozen desks, each with something that policies may differ in.

Times are in seconds. Ten agents hold three chats each and a chat takes eight minutes, log-normal
with variation 0.9; customers give up after three minutes on the average, unless a scenario says so.
"""

import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

import attrs
from msgspec.structs import replace

from chatdesk.model.ids import AgentId
from chatdesk.model.records import QueueSetup
from chatdesk.rules.disciplines import FirstCome
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.simulation.arrivals import Arrivals, Bursty, Poisson, Stretch, Varying
from chatdesk.simulation.calibration import Handling, Luck
from chatdesk.simulation.customers import customers
from chatdesk.simulation.fast import run_fast
from chatdesk.simulation.history import Asked, History, Presence
from chatdesk.simulation.laws import Exponential, LogNormal
from chatdesk.simulation.rerun import Course, rerun
from chatdesk.simulation.scenario import QUEUE, Crew, Kind, Scenario
from chatdesk.simulation.streams import replication, root, stream
from chatdesk.simulation.visits import Visits

WORK = 480.0
PATIENCE = 180.0
HOUR = 3_600.0
DAY = 8 * HOUR
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.75)
SLOWER = (0.0, 1.0, 1.6, 1.9)
CROWDED = (0.0, 1.0, 1.6, 1.9, 1.8, 1.6)
WARMING = (0.0, 0.6, 2.0, 2.6)


@attrs.frozen(kw_only=True)
class Desk:
    """A scenario, what is peculiar to it, and what `MostGain` may be told."""

    name: str
    story: str
    scenario: Scenario
    rates: tuple[float, ...] | None = None
    log: Callable[[Scenario, Random, int], "Log"] | None = None
    """Makes what the fast path does not have: breaks, and customers who come back."""

    @property
    def speeds(self) -> Mapping[AgentId, float]:
        """Those of agents who are not of speed 1."""
        return {agent: crew.speed for agent, crew in self.scenario.seats if crew.speed != 1.0}

    def run(self, policy: AssignmentPolicy, number: int, count: int) -> Visits:
        """What happens to the customers of one replication, the same for every policy."""
        scenario = attrs.evolve(self.scenario, policy=policy)
        seed = replication(root(1), number)
        if self.log is None:
            return run_fast(scenario, seed, count)
        log = self.log(scenario, stream(seed, "log"), count)
        course = rerun(log.history, {QUEUE: (policy, FirstCome())}, log.handling, log.luck)
        return visits_of(log.history, course)

    def wishes(self, number: int, count: int) -> list[AgentId | None]:
        """Whom the customers of a replication would like, where the scenario has such wishes."""
        if self.log is None:
            return []
        seed = replication(root(1), number)
        log = self.log(self.scenario, stream(seed, "log"), count)
        return [asked.preferred_agent for asked in log.history.asked]


@attrs.frozen
class Log:
    """A made-up history, gone through by the same code that replays a desk's own."""

    history: History
    handling: Handling
    luck: Luck


def visits_of(history: History, course: Course) -> Visits:
    """What a replay gives, in the columns that figures are made of."""
    ends = {(agent, round(begin, 3)): end for agent, begin, end in course.stints}
    visits = Visits.of(len(history.asked))
    for place, asked in enumerate(history.asked):
        begin, agent = asked.at + course.waited[place], course.agents[place]
        visits.arrived[place], visits.waited[place] = asked.at, course.waited[place]
        visits.ended[place] = begin if agent is None else ends[agent, round(begin, 3)]
        visits.agents[place] = agent
    visits.kinds = array(visits.kinds.typecode, bytes(len(history.asked) * visits.kinds.itemsize))
    return visits


def kind(
    load: float, *, name: str = "customer", skills: tuple[str, ...] = (), patience: float = PATIENCE
) -> Kind:
    """Customers who bring so many chats at a time, at speed 1."""
    return Kind(
        name=name,
        arrivals=Poisson(load / WORK),
        work=LogNormal(WORK, 0.9),
        patience=Exponential(1 / patience),
        skills=skills,
    )


def coming(arrivals: Arrivals) -> Kind:
    """The usual customers, who come otherwise."""
    return attrs.evolve(kind(1.0), arrivals=arrivals)


def ten(**facts: object) -> Crew:
    """Ten usual agents."""
    return Crew(**({"agents": 10, "capacity": 3} | facts))  # type: ignore[arg-type]  # as they are


def unequal(**facts: object) -> tuple[Crew, ...]:
    """Ten agents, two of each speed."""
    return tuple(ten(name=f"speed{speed:g}", agents=2, speed=speed, **facts) for speed in SPEEDS)


# -- what only a log has -------------------------------------------------------------------------


def _asked(scenario: Scenario, stream: Random, count: int) -> Iterator[tuple[Asked, float, float]]:
    """Customers with their patience and the logarithm of their work."""
    seed = replication(root(stream.getrandbits(32)), 0)
    for number, (at, patience, work, _) in enumerate(customers(scenario.kinds, seed, count)):
        asked = Asked(
            chat=str(number), at=at, order=2 * number + 1, queue=QUEUE, customer=str(number)
        )
        yield asked, patience, math.log(work)


def _log(
    scenario: Scenario, found: list[tuple[Asked, float, float]], presences: list[Presence]
) -> Log:
    history = History(
        asked=tuple(asked for asked, _, _ in found),
        presences=tuple(presences),
        queues={QUEUE: QueueSetup(name=QUEUE)},
    )
    slow = {agent: -math.log(crew.speed) for agent, crew in scenario.seats}
    handling = Handling({(QUEUE, ()): 0.0}, slow, (0.0,))
    luck = Luck(tuple(p for _, p, _ in found), tuple(w for _, _, w in found))
    return Log(history, handling, luck)


def lunch(scenario: Scenario, stream: Random, count: int) -> Log:
    """Every day three agents after three others are away for half an hour."""
    found = list(_asked(scenario, stream, count))
    days = int(found[-1][0].at / DAY) + 1
    presences = []
    for place, (agent, crew) in enumerate(scenario.seats):
        one = Presence(
            agent=agent, at=0.0, order=0, there=True, capacity=crew.capacity, queues=(QUEUE,)
        )
        presences.append(one)
        for day in range(days):
            at = day * DAY + 3.5 * HOUR + place // 3 * HOUR / 2
            presences.append(replace(one, at=at, there=False))
            presences.append(replace(one, at=at + HOUR / 2))
    return _log(scenario, found, sorted(presences, key=lambda p: p.at))


def _wish(agents: Sequence[AgentId], stream: Random) -> AgentId | None:
    return stream.choice(agents) if stream.random() < 0.5 else None


def returning(scenario: Scenario, stream: Random, count: int) -> Log:
    """Half of the customers have been there before and would like the same agent again."""
    agents = scenario.agents
    found = [
        (replace(asked, preferred_agent=_wish(agents, stream)), patience, work)
        for asked, patience, work in _asked(scenario, stream, count)
    ]
    presences = [
        Presence(agent=agent, at=0.0, order=0, there=True, capacity=c.capacity, queues=(QUEUE,))
        for agent, c in scenario.seats
    ]
    return _log(scenario, found, presences)


# -- the dozen -----------------------------------------------------------------------------------

TOPICS = tuple(f"topic{number}" for number in range(6))
MORNING = Varying((Stretch(HOUR / 2, 60 / WORK), Stretch(DAY - HOUR / 2, 20 / WORK)))


def skilled_crews(**facts: object) -> tuple[Crew, ...]:
    """One specialist for each topic, and four agents who know them all."""
    special = (ten(name=topic, agents=1, skills=(topic,), **facts) for topic in TOPICS)
    return (*special, ten(name="all", agents=4, skills=TOPICS, **facts))


def mixed_crews() -> tuple[Crew, ...]:
    """Specialists and generalists of all speeds."""
    one = {"agents": 1, "rates": SLOWER}
    special = (
        ten(name=topic, skills=(topic,), speed=speed, **one)
        for topic, speed in zip(TOPICS, SPEEDS, strict=False)
    )
    every = (ten(name=f"all{speed:g}", skills=TOPICS[:5], speed=speed, **one) for speed in SPEEDS)
    return (*special, *every)


def desks() -> tuple[Desk, ...]:
    """All of them."""
    topics = tuple(kind(4, name=topic, skills=(topic,)) for topic in TOPICS)
    five = tuple(kind(3, name=topic, skills=(topic,)) for topic in TOPICS[:5])
    tongues = (kind(20, name="usual"), kind(4, name="rare", skills=("rare",)))
    two = (ten(name="one", agents=8), ten(name="both", agents=2, skills=("rare",)))
    return (
        Desk(name="steady", story="alike agents, 80 % busy", scenario=_of(kind(24), ten())),
        Desk(name="overload", story="a fifth too many come", scenario=_of(kind(36), ten())),
        Desk(
            name="lunch break",
            story="ten agents at 75 %, three at a time away for half an hour",
            scenario=_of(kind(22), ten()),
            log=lunch,
        ),
        Desk(
            name="morning backlog",
            story="twice what can be done comes in the first half hour of each day",
            scenario=_of(coming(MORNING), ten()),
        ),
        Desk(
            name="bursts",
            story="calm for half an hour, then three times as many for ten minutes",
            scenario=_of(coming(Bursty(16 / WORK, 48 / WORK, HOUR / 2, HOUR / 6)), ten()),
        ),
        Desk(
            name="unequal agents",
            story="speeds from a half to one and three quarters",
            scenario=_of(kind(26), *unequal()),
        ),
        Desk(
            name="unequal, slowing",
            story="the same, and two chats go at 0.8 of the speed each, three at 0.63",
            scenario=_of(kind(16), *unequal(rates=SLOWER)),
            rates=SLOWER,
        ),
        Desk(
            name="slowdown",
            story="alike agents who slow down like that",
            scenario=_of(kind(16), ten(rates=SLOWER)),
            rates=SLOWER,
        ),
        Desk(
            name="crowded",
            story="places for five chats, but an agent with four does less than with three",
            scenario=_of(kind(17), ten(capacity=5, rates=CROWDED)),
            rates=CROWDED,
        ),
        Desk(
            name="crowded, overload",
            story="the same with a tenth too many customers",
            scenario=_of(kind(21), ten(capacity=5, rates=CROWDED)),
            rates=CROWDED,
        ),
        Desk(
            name="second chat pays",
            story="an agent with one chat mostly waits for its customer",
            scenario=_of(kind(18), ten(rates=WARMING)),
            rates=WARMING,
        ),
        Desk(
            name="many skills",
            story="six topics, a specialist each, and four who know all",
            scenario=Scenario(kinds=topics, crews=skilled_crews()),
        ),
        Desk(
            name="rare language",
            story="a sixth of the customers speak what two of ten agents speak",
            scenario=Scenario(kinds=tongues, crews=two),
        ),
        Desk(
            name="skills and speeds",
            story="five topics, specialists and generalists of all speeds, slowing down",
            scenario=Scenario(kinds=five, crews=mixed_crews()),
            rates=SLOWER,
        ),
        Desk(
            name="returning customers",
            story="half would like the agent they had",
            scenario=_of(kind(24), ten()),
            log=returning,
        ),
    )


def _of(one: Kind, *crews: Crew) -> Scenario:
    return Scenario(kinds=(one,), crews=crews)
