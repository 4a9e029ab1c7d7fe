"""How many agents, how many chats at once, when to stop, and what it costs. Times in seconds.

Each hour is planned by itself, as if it lasted forever: good while chats are short against an hour
and the load does not jump (Green, Kolesar and Soares 2001, "Improving the SIPP approach for
staffing service systems that have cyclic demands").
"""

import math
import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from chatdesk.simulation.errors import (
    InvalidParameter,
    InvalidTarget,
    UnreachableTarget,
    UnstableModel,
)
from chatdesk.simulation.formulas.checks import (
    count,
    not_negative,
    positive,
    rates_by_level,
    share,
)
from chatdesk.simulation.formulas.concurrency import (
    ConcurrentQueue,
    Dispatch,
    Floor,
    concurrent,
    concurrent_answered_within,
    concurrent_mean_wait_answered,
    slowdown,
)

HOUR = 3600.0
MOST_AGENTS = 10_000

EXACT_STATES = 3_000
"""Floors with more states are planned as if their chats were spread evenly at every moment."""

_STEP = 50.0  # uniformised jumps at a time: exp(-50) is far from underflow
_HALVINGS = 200


class AnswerWithin(Struct, frozen=True, tag="answer_within"):
    """At least this share of all customers is answered within `seconds`."""

    share: float
    seconds: float

    def __str__(self) -> str:
        """As `parse_target` reads it."""
        return f"{100 * self.share:g}% in {self.seconds:g}s"


class AnswerSpeed(Struct, frozen=True, tag="answer_speed"):
    """Those who are answered wait at most `seconds` on average (ASA)."""

    seconds: float

    def __str__(self) -> str:
        """As `parse_target` reads it."""
        return f"ASA<={self.seconds:g}s"


class AbandonAtMost(Struct, frozen=True, tag="abandon_at_most"):
    """At most this share of all customers gives up in line."""

    share: float

    def __str__(self) -> str:
        """As `parse_target` reads it."""
        return f"abandon<={100 * self.share:g}%"


Target = AnswerWithin | AnswerSpeed | AbandonAtMost

_NUMBER = r"(\d+(?:\.\d+)?)"
_TIME = _NUMBER + r"\s*(s|sec|seconds|m|min|minutes)?"
_AT_MOST = r"\s*(?:<=|≤|<)\s*"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Target]], ...] = (
    (
        re.compile(_NUMBER + r"\s*%\s*(?:in|within)\s*" + _TIME),
        lambda m: AnswerWithin(_percent(m[1]), _seconds(m[2], m[3])),
    ),
    (re.compile("asa" + _AT_MOST + _TIME), lambda m: AnswerSpeed(_seconds(m[1], m[2]))),
    (re.compile("abandon" + _AT_MOST + _NUMBER + r"\s*%"), lambda m: AbandonAtMost(_percent(m[1]))),
)


def parse_target(text: str) -> Target:
    """Read `80% in 20s`, `ASA<=30s` or `abandon<=3%`; minutes are written `2 min`.

    Raises InvalidTarget.
    """
    for pattern, build in _FORMS:
        if match := pattern.fullmatch(text.strip().lower()):
            return build(match)
    raise InvalidTarget(f"cannot read {text!r}: write '80% in 20s', 'ASA<=30s' or 'abandon<=3%'")


def _percent(number: str) -> float:
    if not 0 <= float(number) <= 100:  # noqa: PLR2004 - the meaning of per cent
        raise InvalidTarget(f"{number}% is no share: give 0% to 100%")
    return float(number) / 100


def _seconds(number: str, unit: str | None) -> float:
    return float(number) * (60 if (unit or "s").startswith("m") else 1)


class Demand(Struct, frozen=True, kw_only=True):
    """What comes in one hour, and how it is worked off.

    `handle_seconds` is the mean time of a chat whose agent has no other. `patience_seconds` is the
    mean time after which a waiting customer gives up, None if nobody does. `speed_by_level[k]` is
    the speed of an agent with k chats, all together, against one chat alone: 0, then 1, then
    perhaps 1.6, 1.9; its last level is the limit of chats at once. `leaving_by_level[k]` is the
    rate a second at which each customer of an agent with k chats leaves an unfinished chat.
    """

    chats_per_hour: float
    handle_seconds: float
    patience_seconds: float | None = None
    speed_by_level: tuple[float, ...] = (0.0, 1.0)
    leaving_by_level: tuple[float, ...] | None = None
    dispatch: Dispatch = Dispatch.LEAST_BUSY

    @property
    def limit(self) -> int:
        """Most chats an agent holds."""
        return len(self.speed_by_level) - 1


class Staffing(Struct, frozen=True):
    """Agents for one hour and what to expect of them; shares are of all customers.

    `expected` is None in an hour without customers. `exact` is False when the floor was too large
    for its exact chain and evenly spread chats stand in. That flatters: mean waits of least-busy
    dispatch are a few per cent longer near full load and up to a seventh longer below, those of
    other dispatch more.
    """

    demand: Demand
    agents: int
    expected: ConcurrentQueue | None
    exact: bool


def floor_of(demand: Demand, agents: int, dispatch: Dispatch | None = None) -> Floor:
    """Return the floor of these agents under this demand, rates per second.

    Raises InvalidParameter.
    """
    speeds = rates_by_level("speed_by_level", demand.speed_by_level)
    handle = positive("handle_seconds", demand.handle_seconds)
    patience = demand.patience_seconds
    return Floor(
        agents=agents,
        arrival_rate=positive("chats_per_hour", demand.chats_per_hour) / HOUR,
        rate_by_level=tuple(speed / handle for speed in speeds),
        abandonment_rate=0.0 if patience is None else 1 / positive("patience_seconds", patience),
        leaving_rate_by_level=demand.leaving_by_level,
        dispatch=dispatch or demand.dispatch,
    )


def forecast(demand: Demand, agents: int) -> Staffing:
    """Return what these agents achieve. Raises InvalidParameter and UnstableModel."""
    if demand.chats_per_hour == 0:
        return Staffing(demand, agents, None, exact=True)
    exact = _is_exact(demand, agents)
    return Staffing(demand, agents, concurrent(_floor(demand, agents, exact=exact)), exact)


def _floor(demand: Demand, agents: int, *, exact: bool) -> Floor:
    return floor_of(demand, agents, None if exact and not _linear(demand) else Dispatch.BALANCED)


def _linear(demand: Demand) -> bool:
    """Whether agents do not slow down, so that the line is Erlang's under every dispatch."""
    return demand.leaving_by_level is None and all(
        speed == level * demand.speed_by_level[1]
        for level, speed in enumerate(demand.speed_by_level)
    )


def _is_exact(demand: Demand, agents: int) -> bool:
    return _linear(demand) or math.comb(agents + demand.limit, demand.limit) <= EXACT_STATES


def agents_needed(demand: Demand, target: Target, most: int = MOST_AGENTS) -> Staffing:
    """Return the fewest agents who meet the target.

    One chat an agent is Erlang C, or Erlang A with patience; several are the chain of levels. The
    search bisects on evenly spread chats, O(log agents) evaluations, then goes up agent by agent
    through the exact chain while it is small enough.

    Raises InvalidParameter, and UnreachableTarget when `most` agents are not enough.
    """
    if not_negative("chats_per_hour", demand.chats_per_hour) == 0:
        return Staffing(demand, 0, None, exact=True)
    agents = _fewest(lambda n: _meets(_floor(demand, n, exact=False), target), most, target)
    while _is_exact(demand, agents) and not _meets(_floor(demand, agents, exact=True), target):
        agents += 1
    return forecast(demand, agents)


def staff_by_hour(demands: Sequence[Demand], target: Target) -> tuple[Staffing, ...]:
    """Return the fewest agents for each hour by itself. Raises as `agents_needed`."""
    return tuple(agents_needed(demand, target) for demand in demands)


def _fewest(enough: Callable[[int], bool], most: int, target: Target) -> int:
    high = 1
    while not enough(high):
        if high >= most:
            raise UnreachableTarget(f"{most} agents do not meet {target}: ask for less")
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _meets(floor: Floor, target: Target) -> bool:
    try:
        reached = _reached(floor, target)
    except UnstableModel:
        return False
    match target:
        case AnswerWithin():
            return reached >= share("share", target.share)
        case AnswerSpeed():
            return reached <= not_negative("seconds", target.seconds)
        case AbandonAtMost():
            return reached <= share("share", target.share)


def _reached(floor: Floor, target: Target) -> float:
    match target:
        case AnswerWithin():
            return concurrent_answered_within(floor, target.seconds)
        case AnswerSpeed():
            return concurrent_mean_wait_answered(floor)
        case AbandonAtMost():
            return concurrent(floor).p_abandon


def reached(staffing: Staffing, target: Target) -> float | None:
    """Return the figure of which the target speaks, as planned for an hour.

    The share answered in time, the mean wait of the answered in seconds, or the share who give up;
    None in an hour without customers. Costs as much as one more `forecast`.
    """
    if staffing.expected is None:
        return None
    if isinstance(target, AbandonAtMost):
        return staffing.expected.p_abandon
    return _reached(_floor(staffing.demand, staffing.agents, exact=staffing.exact), target)


# --- ending a shift -----------------------------------------------------------------------------


def drain_probability(open_chats: Sequence[int], demand: Demand, seconds: float) -> float:
    """B05: the chance that all open chats have ended `seconds` after the last was taken.

    `open_chats` gives each agent's number. One above the limit stands for a customer still in line
    who is his: dealing out the line like this is safe, because a common line is never slower.
    Agents are independent; an agent's chats end one after the other at the speed of their number.
    By uniformisation, so all terms are positive; O(chats * speed * seconds).

    Raises InvalidParameter.
    """
    not_negative("seconds", seconds)
    rates = floor_of(demand, 1).rate_by_level
    most = max((count("open_chats", chats, 0) for chats in open_chats), default=0)
    ending = [rates[min(chats, demand.limit)] for chats in range(most + 1)]
    done = _emptied(ending, seconds)
    return math.prod(done[chats] for chats in open_chats)


def _emptied(rates: Sequence[float], seconds: float) -> list[float]:
    """For each number of chats, the chance to be through with them in this time."""
    fastest = max(rates) or 1.0
    steps = max(1, math.ceil(fastest * seconds / _STEP))
    done = [1.0] + [0.0] * (len(rates) - 1)
    for _ in range(steps):
        done = _advanced(done, [rate / fastest for rate in rates], fastest * seconds / steps)
    return done


def _advanced(done: list[float], chances: list[float], jumps: float) -> list[float]:
    """Let a Poisson number of jumps with this mean happen before what `done` says."""
    weight = math.exp(-jumps)
    result = [weight * value for value in done]
    for jump in range(1, int(jumps + 12 * math.sqrt(jumps) + 40)):
        done = [
            chance * done[max(level - 1, 0)] + (1 - chance) * done[level]
            for level, chance in enumerate(chances)
        ]
        weight *= jumps / jump
        result = [total + weight * value for total, value in zip(result, done, strict=True)]
    return [min(value, 1.0) for value in result]


def drain_seconds(open_chats: Sequence[int], demand: Demand, probability: float) -> float:
    """Return the shortest time in which all open chats end with this probability.

    Raises InvalidParameter, also for certainty, which no finite time gives.
    """
    if share("probability", probability) == 1:
        raise InvalidParameter("probability is 1: chats have no longest time, give less than 1")
    high = demand.handle_seconds
    while drain_probability(open_chats, demand, high) < probability:
        high *= 2
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if drain_probability(open_chats, demand, middle) < probability:
            low = middle
        else:
            high = middle
    return high


def stop_taking_at(
    end_at: float, open_chats: Sequence[int], demand: Demand, probability: float
) -> float:
    """B05: when to stop taking chats so that all have ended by `end_at` with this probability.

    `open_chats` is each agent's number at that moment: the limit, to be safe.
    """
    return end_at - drain_seconds(open_chats, demand, probability)


# --- chats at once ------------------------------------------------------------------------------


class Burden(Struct, frozen=True, kw_only=True):
    """What the customers' troubles count, in any one unit; at least one must count.

    Loss of a chat, in line or unfinished; a second of waiting; a second of being served, which
    weighs slow replies.
    """

    lost_chat: float = 0.0
    waited_second: float = 0.0
    served_second: float = 0.0


class LimitOption(Struct, frozen=True):
    """A limit of chats at once: what to expect, the burden an hour, a full agent's slowdown."""

    limit: int
    expected: ConcurrentQueue
    burden_per_hour: float
    slowdown: float


class LimitChoice(Struct, frozen=True):
    """The best limit and all that were possible, in order."""

    best: LimitOption
    options: tuple[LimitOption, ...]


def best_limit(
    demand: Demand, agents: int, burden: Burden, most_slowdown: float | None = None
) -> LimitChoice:
    """C14: the limit between overload (slow replies) and underuse (customers turned away).

    Tries every limit that `speed_by_level` covers. Limits that cannot keep up are left out, and
    those that make a chat of a full agent more than `most_slowdown` times as long. Among equals
    the lowest limit wins.

    Raises InvalidParameter, and UnreachableTarget when no limit is possible.
    """
    _check_burden(burden)
    options = tuple(
        option
        for limit in range(1, demand.limit + 1)
        if (option := _option(_limited(demand, limit), agents, burden)) is not None
        and (most_slowdown is None or option.slowdown <= most_slowdown)
    )
    if not options:
        raise UnreachableTarget(
            f"{agents} agents cannot keep up at any limit: add agents, or allow more slowdown"
        )
    return LimitChoice(min(options, key=lambda option: option.burden_per_hour), options)


def _check_burden(burden: Burden) -> None:
    parts = (burden.lost_chat, burden.waited_second, burden.served_second)
    if sum(not_negative("burden", part) for part in parts) == 0:
        raise InvalidParameter("the burden counts nothing: give lost_chat or a second a weight")


def _limited(demand: Demand, limit: int) -> Demand:
    leaving = demand.leaving_by_level
    return Demand(
        chats_per_hour=demand.chats_per_hour,
        handle_seconds=demand.handle_seconds,
        patience_seconds=demand.patience_seconds,
        speed_by_level=demand.speed_by_level[: limit + 1],
        leaving_by_level=None if leaving is None else leaving[: limit + 1],
        dispatch=demand.dispatch,
    )


def _option(demand: Demand, agents: int, burden: Burden) -> LimitOption | None:
    exact = _is_exact(demand, agents)
    try:
        expected = concurrent(_floor(demand, agents, exact=exact))
    except UnstableModel:
        return None
    lost = (expected.p_abandon + expected.p_abandon_in_service) * demand.chats_per_hour
    seconds = (
        burden.waited_second * expected.mean_queue
        + burden.served_second * expected.mean_chats_in_service
    )
    return LimitOption(
        demand.limit,
        expected,
        burden.lost_chat * lost + seconds * HOUR,
        slowdown(demand.speed_by_level, demand.limit),
    )


# --- cost ---------------------------------------------------------------------------------------


class CostModel(Struct, frozen=True, kw_only=True):
    """E09: what a desk pays, in one currency; all figures are the caller's.

    `paid_share_at_desk` is the part of paid time spent at the desk (the rest: breaks, training).
    `overhead_per_chat` may hold software or telephone fees, `lost_chat` the worth of a customer
    who gave up.
    """

    agent_hour: float
    paid_share_at_desk: float = 1.0
    overhead_per_chat: float = 0.0
    lost_chat: float = 0.0


class PlanCost(Struct, frozen=True):
    """Cost of a plan; `per_chat` is over finished chats, None without any."""

    agents: float
    overhead: float
    lost: float
    total: float
    finished_chats: float
    per_chat: float | None


def agent_cost_per_chat(
    costs: CostModel,
    handle_seconds: float,
    at_once: int,
    speed_by_level: Sequence[float] | None = None,
) -> float:
    """E10: cost of agent time for one chat of an agent who always has `at_once` of them.

    Without a curve nobody slows down and two at once halve the cost. Raises InvalidParameter.
    """
    speeds = rates_by_level(
        "speed_by_level",
        range(count("at_once", at_once) + 1) if speed_by_level is None else speed_by_level,
    )
    if at_once >= len(speeds):
        raise InvalidParameter(f"speed_by_level ends before {at_once} chats: give it that level")
    speed = positive(f"speed_by_level[{at_once}]", speeds[at_once])
    return _agent_second(costs) * positive("handle_seconds", handle_seconds) / speed


def _agent_second(costs: CostModel) -> float:
    at_desk = positive("paid_share_at_desk", share("paid_share_at_desk", costs.paid_share_at_desk))
    return not_negative("agent_hour", costs.agent_hour) / at_desk / HOUR


def plan_cost(plan: Sequence[Staffing], costs: CostModel) -> PlanCost:
    """E09: the cost of a plan of hours. Raises InvalidParameter."""
    busy = [(hour.demand.chats_per_hour, hour.expected) for hour in plan if hour.expected]
    finished = math.fsum(expected.throughput * HOUR for _, expected in busy)
    lost = math.fsum(
        chats * (expected.p_abandon + expected.p_abandon_in_service) for chats, expected in busy
    )
    agents = _agent_second(costs) * HOUR * sum(hour.agents for hour in plan)
    overhead = not_negative("overhead_per_chat", costs.overhead_per_chat) * finished
    lost_cost = not_negative("lost_chat", costs.lost_chat) * lost
    total = agents + overhead + lost_cost
    return PlanCost(
        agents, overhead, lost_cost, total, finished, total / finished if finished else None
    )
