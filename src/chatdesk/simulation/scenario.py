"""What is simulated: who comes, who is there, and by which rules they meet.

Rates and lengths are in one unit of time that the user chooses; where a rule has lengths in seconds
(rings of the policy `skilled`, the discipline `ageing`, offers) one unit counts as a second.
"""

import math
from collections.abc import Iterator
from itertools import chain

import attrs
from msgspec import structs

from chatdesk.model.ids import AgentId, Seconds
from chatdesk.model.records import QueueSetup
from chatdesk.model.values import QueueMode
from chatdesk.rules.disciplines import Discipline, FirstCome
from chatdesk.rules.policies import AssignmentPolicy, LeastBusy
from chatdesk.simulation.arrivals import Arrivals, mean_rate
from chatdesk.simulation.errors import InvalidParameter, OverloadedKinds
from chatdesk.simulation.formulas.checks import count, positive, rates_by_level, share
from chatdesk.simulation.laws import Law, Never, mean_of
from chatdesk.simulation.stability import Stream, overload

QUEUE = "desk"
"""The queue that all simulated chats wait in."""


@attrs.frozen(kw_only=True)
class Kind:
    """Customers of one kind.

    `work` is the time a chat takes an agent of speed 1 who has no other chat. `patience` ends only
    a wait. The rest of the fields are asked of the whole desk only, not on the fast path.
    """

    name: str = "customer"
    arrivals: Arrivals
    work: Law
    patience: Law = attrs.field(factory=Never)
    skills: tuple[str, ...] = ()
    priority: int = 0
    language: str | None = None
    turns: int = 0
    """Messages that go to and fro in a chat, evenly over its work, the visitor's first."""
    transfer_share: float = 0.0
    """How many chats are given back to the line at their end, to be served once more."""


@attrs.frozen(kw_only=True)
class Break:
    """A time in which an agent takes no new chats; he finishes those he has."""

    begin: float
    end: float


@attrs.frozen(kw_only=True)
class Crew:
    """Agents who are alike.

    `rates[k]` is the total rate, in units of work per unit of time, of an agent with k chats, and
    every one of them gets an equal part; without it each chat goes at speed 1, however many there
    are. Shifts, breaks and `no_answer_share` are asked of the whole desk only.
    """

    name: str = "agent"
    agents: int = 1
    capacity: int = 1
    rates: tuple[float, ...] | None = None
    speed: float = 1.0
    """Multiplies all rates."""
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    leaving_rates: tuple[float, ...] | None = None
    """The rate at which *each* chat of an agent with k chats is left by its customer."""
    open_chats: int = 0
    """Chats each agent has at the start; they are served, and counted nowhere."""
    shifts: tuple[Break, ...] = ()
    """When they are there; always, if there is none."""
    breaks: tuple[Break, ...] = ()
    no_answer_share: float = 0.0
    """How many offers they let expire."""

    @property
    def ids(self) -> tuple[AgentId, ...]:
        """Their ids, in the order in which they sit down."""
        digits = len(str(self.agents))
        return tuple(f"{self.name}-{number:0{digits}}" for number in range(1, self.agents + 1))

    @property
    def chat_speeds(self) -> tuple[float, ...]:
        """The speed of each chat of an agent with 0, 1, 2, … chats."""
        if self.rates is None:
            return (0.0,) + (self.speed,) * self.capacity
        each = (rate * self.speed / level for level, rate in enumerate(self.rates[1:], 1))
        return (0.0, *each)

    @property
    def slows(self) -> bool:
        """Whether a chat's speed depends on how many others its agent has."""
        return len(set(self.chat_speeds[1 : self.capacity + 1])) > 1


@attrs.frozen(kw_only=True)
class Scenario:
    """One simulated desk."""

    kinds: tuple[Kind, ...]
    crews: tuple[Crew, ...]
    policy: AssignmentPolicy = attrs.field(factory=LeastBusy)
    discipline: Discipline = attrs.field(factory=FirstCome)
    ageing_seconds: Seconds = 60.0
    target_seconds: Seconds = 120.0
    offer_seconds: Seconds | None = None
    """An offer's time; `None` to assign without asking."""

    def __attrs_post_init__(self) -> None:
        _check_names("kind of customers", [kind.name for kind in self.kinds])
        _check_names("crew", [crew.name for crew in self.crews])
        for kind in self.kinds:
            _check_kind(kind)
        for crew in self.crews:
            _check_crew(crew)
        _check_served(self)

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """The ids of all agents, in the order in which they sit down."""
        return tuple(chain.from_iterable(crew.ids for crew in self.crews))

    @property
    def seats(self) -> Iterator[tuple[AgentId, Crew]]:
        """Each agent with his crew, in the order in which they sit down."""
        return ((agent_id, crew) for crew in self.crews for agent_id in crew.ids)

    @property
    def places(self) -> int:
        """How many chats all agents together can have."""
        return sum(crew.agents * crew.capacity for crew in self.crews)

    @property
    def setup(self) -> QueueSetup:
        """The setup of the one queue."""
        return QueueSetup(
            name=QUEUE, ageing_seconds=self.ageing_seconds, target_seconds=self.target_seconds
        )

    def queue_for_desk(self, rule: str) -> QueueSetup:
        """The same on a whole desk, which knows policy and discipline by a name."""
        setup = structs.replace(self.setup, policy=rule, discipline=rule)
        if self.offer_seconds is None:
            return setup
        return structs.replace(setup, mode=QueueMode.OFFER, offer_seconds=self.offer_seconds)

    @property
    def wants_desk(self) -> bool:
        """Whether anything in it happens only on a whole desk, not on the fast path."""
        return (
            self.offer_seconds is not None
            or any(kind.turns or kind.transfer_share for kind in self.kinds)
            or any(crew.shifts or crew.breaks or crew.no_answer_share for crew in self.crews)
        )


def _check_names(what: str, names: list[str]) -> None:
    if not names:
        raise InvalidParameter(f"there is no {what}: give at least one")
    if len(set(names)) < len(names):
        raise InvalidParameter(f"two of the same {what}, in {names}: give each its own name")


def _check_kind(kind: Kind) -> None:
    count(f"turns of {kind.name}", kind.turns, least=0)
    share(f"transfer_share of {kind.name}", kind.transfer_share)


def _check_crew(crew: Crew) -> None:
    count(f"agents of {crew.name}", crew.agents)
    count(f"capacity of {crew.name}", crew.capacity)
    count(f"open_chats of {crew.name}", crew.open_chats, least=0)
    positive(f"speed of {crew.name}", crew.speed)
    share(f"no_answer_share of {crew.name}", crew.no_answer_share)
    if crew.open_chats > crew.capacity:
        raise InvalidParameter(
            f"{crew.name} starts with {crew.open_chats} chats but holds {crew.capacity}"
        )
    for name, rates in (("rates", crew.rates), ("leaving_rates", crew.leaving_rates)):
        if rates is not None:
            rates_by_level(f"{name} of {crew.name}", rates)
            if len(rates) <= crew.capacity:
                raise InvalidParameter(
                    f"{name} of {crew.name} end at {len(rates) - 1} chats: "
                    f"give one for each number up to the capacity, {crew.capacity}"
                )
    if not all(speed > 0 for speed in crew.chat_speeds[1 : crew.capacity + 1]):
        raise InvalidParameter(f"rates of {crew.name} are 0 above level 0: nothing gets finished")
    for stretch in (*crew.shifts, *crew.breaks):
        if not 0 <= stretch.begin < stretch.end:
            raise InvalidParameter(
                f"a shift or break of {crew.name} goes from {stretch.begin} to {stretch.end}: "
                "give an end after the begin, and no begin before 0"
            )


def _check_served(scenario: Scenario) -> None:
    """Every kind has agents who may serve it, and they can do the work of who never gives up."""
    may_serve = {kind.name: _crews_of(kind, scenario.crews) for kind in scenario.kinds}
    for kind in scenario.kinds:
        if not may_serve[kind.name]:
            raise InvalidParameter(f"no crew has all skills of {kind.name}, {kind.skills}")
    stay = [kind for kind in scenario.kinds if mean_of(kind.patience) == math.inf]
    streams = [Stream(kind.name, _load(kind) or 0.0, may_serve[kind.name]) for kind in stay]
    found = overload(
        streams, {crew.name: crew.agents * _best_rate(crew) for crew in scenario.crews}
    )
    if found is not None:
        raise OverloadedKinds(
            f"{', '.join(found.streams)}: {found.load:g} units of work arrive for "
            f"{found.capacity:g} that all who may serve them ({', '.join(found.crews)}) can do per "
            "unit of time, and nobody gives up: add agents or skills, or give a patience rate",
            kinds=found.streams,
            crews=found.crews,
        )


def _crews_of(kind: Kind, crews: tuple[Crew, ...]) -> frozenset[str]:
    return frozenset(crew.name for crew in crews if set(kind.skills) <= set(crew.skills))


def _load(kind: Kind) -> float | None:
    rate, work = mean_rate(kind.arrivals), mean_of(kind.work)
    return None if rate is None or work is None else rate * work


def _best_rate(crew: Crew) -> float:
    if crew.leaving_rates is not None and any(crew.leaving_rates):
        return math.inf
    return max(level * speed for level, speed in enumerate(crew.chat_speeds[: crew.capacity + 1]))
