"""A plan put to the test: each hour simulated with the production routing code.

The formulas and the simulator share nothing but the demand: where they agree neither is likely
to be wrong, and where evenly spread chats stand in for the exact model it shows what that hides.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from types import MappingProxyType

import attrs
from msgspec import Struct

from chatdesk.rules.policies import AssignmentPolicy, LeastBusy, SeededRandom
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import CONFIDENCE, Estimate, batched
from chatdesk.simulation.experiment import Length, run
from chatdesk.simulation.fast import Progress
from chatdesk.simulation.formulas.checks import count, positive
from chatdesk.simulation.formulas.concurrency import Dispatch, slowdown
from chatdesk.simulation.laws import Exponential, Law, Never
from chatdesk.simulation.measures import (
    Span,
    abandoned,
    answered_within,
    batches,
    mean_wait_answered,
    span,
)
from chatdesk.simulation.plan_noise import standard_error
from chatdesk.simulation.planning import (
    HOUR,
    AbandonAtMost,
    AnswerSpeed,
    AnswerWithin,
    Demand,
    Staffing,
    Target,
    reached,
)
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import replication, root
from chatdesk.simulation.visits import Visits
from chatdesk.simulation.yardsticks import MostBusy

CUSTOMERS = 50_000
"""Enough for a share to be sure to some two points of a hundred on a busy desk."""
FILLING_CHATS = 10
ROUNDING = 1e-9
FALSE_ALARMS = 0.01
"""How often a right plan is said not to agree, whatever the number of its hours."""
_POLICIES: Mapping[Dispatch, AssignmentPolicy] = MappingProxyType(
    {
        Dispatch.LEAST_BUSY: LeastBusy(),
        Dispatch.RANDOM: SeededRandom(),
        Dispatch.MOST_BUSY: MostBusy(),
    }
)


class Checked(Struct, frozen=True):
    """What a target's figure is planned to be in an hour, and what it is when simulated.

    `planned` and `simulated` (with its 95 % interval) are shares or seconds, as the target's are.
    `agrees` is False when they differ by more than chance explains.
    """

    planned: float
    simulated: Estimate
    agrees: bool


def scenario_of(staffing: Staffing) -> Scenario:
    """The desk that a planned hour supposes: Poisson arrivals, exponential work and patience.

    Times in seconds. Raises `InvalidParameter`.
    """
    demand = staffing.demand
    kind = Kind(
        arrivals=Poisson(positive("chats_per_hour", demand.chats_per_hour) / HOUR),
        work=Exponential(1 / positive("handle_seconds", demand.handle_seconds)),
        patience=_patience(demand),
    )
    crew = Crew(
        agents=staffing.agents,
        capacity=demand.limit,
        rates=demand.speed_by_level,
        leaving_rates=demand.leaving_by_level,
    )
    return Scenario(kinds=(kind,), crews=(crew,), policy=_policy(demand.dispatch))


def _patience(demand: Demand) -> Law:
    if demand.patience_seconds is None:
        return Never()
    return Exponential(1 / positive("patience_seconds", demand.patience_seconds))


def _policy(dispatch: Dispatch) -> AssignmentPolicy:
    try:
        return _POLICIES[dispatch]
    except KeyError:
        raise InvalidParameter(
            f"no policy dispatches {dispatch}: plan with one of {', '.join(_POLICIES)}"
        ) from None


def check_plan(
    plan: Sequence[Staffing],
    target: Target,
    *,
    customers: int = CUSTOMERS,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[Checked | None, ...]:
    """Simulate each hour of a plan and compare; None for an hour without customers.

    `customers` count in each hour, simulated as if it lasted that long, after others who do not
    because the desk fills up. Every hour has chance of its own, and one seed gives the same
    figures. Intervals come from batches of one run, and are never narrower than theory says
    (`standard_error`). A right plan is said not to agree in about one of a hundred checks: each
    hour is judged by an interval as wide as that takes (Bonferroni).

    Raises `InvalidParameter`.
    """
    length = Length(customers=count("customers", customers))
    busy = sum(hour.expected is not None for hour in plan)
    check = _Check(target, length, 1 - FALSE_ALARMS / max(1, busy), progress)
    return tuple(check.hour(staffing, seed, number) for number, staffing in enumerate(plan))


@attrs.frozen
class _Check:
    target: Target
    length: Length
    confidence: float
    progress: Progress | None

    def hour(self, staffing: Staffing, seed: int, number: int) -> Checked | None:
        planned = reached(staffing, self.target)
        if planned is None:
            return None
        scenario = scenario_of(staffing)
        warm_up = max(self.length.warm_up_for(scenario), _filling(staffing.demand))
        come = warm_up + self.length.customers
        visits = run(scenario, replication(root(seed), number), come, self.progress)
        whole, parts = self.figures(visits, warm_up)
        noise = standard_error(staffing, self.target, self.length.customers)
        apart = abs(planned - whole) - _half(whole, parts, noise, self.confidence)
        agrees = math.isnan(whole) or apart <= ROUNDING  # nobody answered has no mean wait
        return Checked(planned, self.told(whole, parts, noise), agrees)

    def told(self, whole: float, parts: Sequence[float], noise: float) -> Estimate:
        """With its 95 % interval, as far as that is possible."""
        half = _half(whole, parts, noise, CONFIDENCE)
        most = math.inf if isinstance(self.target, AnswerSpeed) else 1.0
        return Estimate(whole, max(0.0, whole - half), min(most, whole + half))

    def figures(self, visits: Visits, warm_up: int) -> tuple[float, list[float]]:
        """Of all customers who count, and of each batch of them."""
        spans = batches(visits, warm_up, min(self.length.batches, len(visits) - warm_up))
        whole = span(visits, warm_up, len(visits))
        return self.figure(visits, whole), [self.figure(visits, at) for at in spans]

    def figure(self, visits: Visits, at: Span) -> float:
        match self.target:
            case AnswerWithin():
                return answered_within(visits, at, self.target.seconds)
            case AnswerSpeed():
                return mean_wait_answered(visits, at)
            case AbandonAtMost():
                return abandoned(visits, at)


def _filling(demand: Demand) -> int:
    """How many come while an empty desk fills: in ten times a chat of an agent with full hands."""
    chat = demand.handle_seconds * slowdown(demand.speed_by_level, demand.limit)
    return math.ceil(FILLING_CHATS * chat * demand.chats_per_hour / HOUR)


def _half(whole: float, parts: Sequence[float], noise: float, confidence: float) -> float:
    theory = NormalDist().inv_cdf((1 + confidence) / 2) * noise
    return max(theory, batched(whole, parts, confidence).half_width or 0.0)
