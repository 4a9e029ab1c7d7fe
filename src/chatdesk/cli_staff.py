"""`chatdesk staff`: plain arguments in, a table, JSON or CSV out."""

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import attrs
from msgspec import Struct
from msgspec.structs import asdict, replace

from chatdesk.cli_output import Output, end_progress, print_csv, print_json, progress
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.checks import positive, rates_by_level
from chatdesk.simulation.plan_check import Checked, check_plan
from chatdesk.simulation.planning import (
    AnswerSpeed,
    Burden,
    CostModel,
    Demand,
    LimitChoice,
    PlanCost,
    Staffing,
    Target,
    agent_cost_per_chat,
    best_limit,
    drain_probability,
    drain_seconds,
    plan_cost,
    reached,
    staff_by_hour,
)

MINUTE = 60.0
CURVE_POINTS = 100

Show: TypeAlias = Callable[[float | None], str]
"""How the target's figure is written: a share or seconds."""


@attrs.frozen(kw_only=True)
class Handling:
    """How chats are worked off."""

    seconds: float
    rates: tuple[float, ...] = (0.0, 1.0)
    """Total rate of an agent with 0, 1, 2, … chats against one alone."""
    patience_seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        positive("--handle-seconds", self.seconds)
        rates_by_level("--agent-rates", self.rates)
        if not all(self.rates[1:]):
            raise InvalidParameter(
                f"--agent-rates is {self.rates}: give a rate above 0 for each level above 0"
            )
        if self.patience_seconds is not None:
            positive("--patience-seconds", self.patience_seconds)

    def demand(self, chats_per_hour: float) -> Demand:
        """This, with so many chats."""
        return Demand(
            chats_per_hour=chats_per_hour,
            handle_seconds=self.seconds,
            patience_seconds=self.patience_seconds,
            speed_by_level=self.rates,
        )


@attrs.frozen(kw_only=True)
class Check:
    """How to simulate each hour of a plan."""

    customers: int
    seed: int


# -- agents by hour ------------------------------------------------------------------------------


class Hour(Struct, frozen=True, kw_only=True):
    """An hour of a plan; shares are of all customers, times in seconds.

    `reached` is the target's figure. Figures are None in an hour without customers, and where they
    were not asked for.
    """

    hour: int
    chats_per_hour: float
    agents: int
    exact: bool
    p_wait: float | None = None
    mean_wait: float | None = None
    p_abandon: float | None = None
    utilisation: float | None = None
    slot_utilisation: float | None = None
    reached: float | None = None
    cost: float | None = None
    simulated: float | None = None
    simulated_ci: tuple[float | None, float | None] | None = None
    agrees: bool | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """A plan of hours, as JSON shows it.

    `agent_cost_per_chat` is that of an agent who always has 1, 2, … chats (E10).
    """

    target: str
    hours: tuple[Hour, ...]
    cost: PlanCost | None = None
    agent_cost_per_chat: tuple[float, ...] | None = None


def run_hours(
    chats_per_hour: Sequence[float],
    handling: Handling,
    target: Target,
    *,
    costs: CostModel | None = None,
    check: Check | None = None,
    output: Output,
) -> None:
    """Print the fewest agents for each hour that meet the target.

    Raises `ModelError` and `MissingExtra`.
    """
    output.check()
    if not chats_per_hour:
        raise InvalidParameter("there is no hour: give chats for each, such as 60 120 90")
    if costs is not None:
        plan_cost((), costs)  # refuses a wrong model before the work
    staffing = staff_by_hour([handling.demand(chats) for chats in chats_per_hour], target)
    checked = _checked(staffing, target, check)
    plan = _plan(staffing, target, costs, checked)
    if output.json:
        print_json(plan)
    elif output.csv:
        _print_hours_csv(plan.hours)
    else:
        _print_plan(plan, _seconds if isinstance(target, AnswerSpeed) else _share)
    if output.plot is not None:
        from chatdesk.simulation.plots import plot_hours

        plot_hours(staffing, f"Agents for {target}", output.plot)


def _checked(
    staffing: Sequence[Staffing], target: Target, check: Check | None
) -> Sequence[Checked | None]:
    if check is None:
        return [None] * len(staffing)
    runs = sum(hour.expected is not None for hour in staffing)
    told = progress(sys.stderr, runs)
    try:
        return check_plan(
            staffing, target, customers=check.customers, seed=check.seed, progress=told
        )
    finally:
        end_progress(sys.stderr)


def _plan(
    staffing: Sequence[Staffing],
    target: Target,
    costs: CostModel | None,
    checked: Sequence[Checked | None],
) -> Plan:
    hours = tuple(
        _hour(number, hour, target, costs, found)
        for number, (hour, found) in enumerate(zip(staffing, checked, strict=True))
    )
    if costs is None:
        return Plan(target=str(target), hours=hours)
    demand = staffing[0].demand
    return Plan(
        target=str(target),
        hours=hours,
        cost=plan_cost(staffing, costs),
        agent_cost_per_chat=tuple(
            agent_cost_per_chat(costs, demand.handle_seconds, level, demand.speed_by_level)
            for level in range(1, demand.limit + 1)
        ),
    )


def _hour(
    number: int,
    staffing: Staffing,
    target: Target,
    costs: CostModel | None,
    checked: Checked | None,
) -> Hour:
    plain = Hour(
        hour=number,
        chats_per_hour=staffing.demand.chats_per_hour,
        agents=staffing.agents,
        exact=staffing.exact,
        cost=None if costs is None else plan_cost([staffing], costs).total,
    )
    expected = staffing.expected
    if expected is None:
        return plain
    forecast = replace(
        plain,
        p_wait=expected.p_wait,
        mean_wait=expected.mean_wait,
        p_abandon=expected.p_abandon,
        utilisation=expected.utilisation,
        slot_utilisation=expected.slot_utilisation,
    )
    if checked is None:
        return replace(forecast, reached=reached(staffing, target))
    found = checked.simulated
    return replace(
        forecast,
        reached=checked.planned,
        simulated=found.value,
        simulated_ci=(found.low, found.high),
        agrees=checked.agrees,
    )


def _print_hours_csv(hours: Iterable[Hour]) -> None:
    shown = [name for name in Hour.__struct_fields__ if name != "simulated_ci"]
    rows = []
    for hour in hours:
        fields = asdict(hour)
        rows.append([*(fields[name] for name in shown), *(hour.simulated_ci or (None, None))])
    print_csv((*shown, "simulated_low", "simulated_high"), rows)


def _print_plan(plan: Plan, show: Show) -> None:
    checked = any(hour.simulated is not None for hour in plan.hours)
    head = f"{'hour':>4} {'chats':>8} {'agents':>6} {'busy':>6} {'mean wait':>10} {'give up':>8}"
    print(
        f"{head} {'target':>9}"
        + (f" {'cost':>9}" if plan.cost is not None else "")
        + (f" {'simulated':>9} {'95 % interval':>19}" if checked else "")
    )
    for hour in plan.hours:
        print(_row(hour, show))
    print("target: " + plan.target)
    if not all(hour.exact for hour in plan.hours):
        print("~ evenly spread chats stand in for the exact model: waits will be longer")
    if plan.cost is not None:
        _print_cost(plan.cost, plan.agent_cost_per_chat or ())
    if checked:
        _print_agreement(plan.hours, show)


def _row(hour: Hour, show: Show) -> str:
    row = f"{hour.hour:>4} {hour.chats_per_hour:>8g} {hour.agents:>6} "
    row += (
        f"{_share(hour.slot_utilisation, 1):>6} {_seconds(hour.mean_wait):>10} "
        f"{_share(hour.p_abandon):>8} {show(hour.reached):>9}"
    )
    if hour.cost is not None:
        row += f" {hour.cost:>9.2f}"
    if hour.simulated is not None:
        row += f" {show(hour.simulated):>9} {_interval(hour, show):>19}"
    return row if hour.exact else f"{row} ~"


def _share(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def _interval(hour: Hour, show: Show) -> str:
    low, high = hour.simulated_ci or (None, None)
    return "" if low is None else f"{show(low)} … {show(high)}"


def _print_cost(cost: PlanCost, by_level: Sequence[float]) -> None:
    each = "no chat" if cost.per_chat is None else f"{cost.per_chat:.2f} a finished chat"
    print(f"cost {cost.total:.2f}, {each}")
    parts = f"agents {cost.agents:.2f}, overhead {cost.overhead:.2f}, lost chats {cost.lost:.2f}"
    print(f"  of which {parts}")
    levels = ", ".join(f"{each:.2f} with {level}" for level, each in enumerate(by_level, 1))
    print(f"  agent time for a chat, by chats an agent always has at once: {levels}")


def _print_agreement(hours: Iterable[Hour], show: Show) -> None:
    apart = [hour for hour in hours if hour.agrees is False]
    for hour in apart:
        print(
            f"hour {hour.hour}: planned {show(hour.reached)}, simulated "
            f"{show(hour.simulated)}: they do not agree"
        )
    if not apart:
        print("plan and simulation agree: no hour differs by more than chance explains")


# -- the end of a shift --------------------------------------------------------------------------


class Stop(Struct, frozen=True):
    """With which chance all chats have ended so long after the last was taken."""

    probability: float
    seconds: float


class Draining(Struct, frozen=True):
    """When to stop taking chats, as JSON shows it."""

    open_chats: tuple[int, ...]
    stops: tuple[Stop, ...]


def run_drain(
    open_chats: Sequence[int],
    handling: Handling,
    probabilities: Sequence[float],
    *,
    output: Output,
) -> None:
    """Print how long before the end of a shift to stop taking chats (B05).

    `open_chats` is each agent's number when they stop. Raises `ModelError` and `MissingExtra`.
    """
    output.check()
    if not open_chats:
        raise InvalidParameter("there are no open chats: give each agent's number, such as 3 2 3")
    demand = handling.demand(1.0)
    stops = tuple(Stop(p, drain_seconds(open_chats, demand, p)) for p in probabilities)
    if output.json:
        print_json(Draining(tuple(open_chats), stops))
    elif output.csv:
        print_csv(Stop.__struct_fields__, ((stop.probability, stop.seconds) for stop in stops))
    else:
        print(f"{'all ended with':>14} {'stop before the end':>20}")
        for stop in stops:
            print(f"{stop.probability:>14.1%} {math.ceil(stop.seconds / MINUTE):>16} min")
    if output.plot is not None:
        from chatdesk.simulation.plots import plot_drain

        curve = _drain_curve(open_chats, demand, max(stop.seconds for stop in stops))
        points = {stop.seconds / MINUTE: stop.probability for stop in stops}
        plot_drain(curve, points, "All chats have ended", output.plot)


def _drain_curve(open_chats: Sequence[int], demand: Demand, longest: float) -> dict[float, float]:
    """The chance that all have ended, for minutes up to somewhat more than the longest asked."""
    last = 1.1 * longest or demand.handle_seconds
    times = [last * point / CURVE_POINTS for point in range(CURVE_POINTS + 1)]
    return {at / MINUTE: drain_probability(open_chats, demand, at) for at in times}


# -- chats at once -------------------------------------------------------------------------------


class Limit(Struct, frozen=True):
    """What a limit of chats at once leads to; times in seconds."""

    limit: int
    p_abandon: float
    mean_wait: float
    mean_sojourn_in_service: float
    slowdown: float
    burden_per_hour: float


class Limits(Struct, frozen=True):
    """All limits that are possible, and the best, as JSON shows them."""

    agents: int
    best: int
    options: tuple[Limit, ...]


def run_limit(
    chats_per_hour: float,
    agents: int,
    handling: Handling,
    burden: Burden,
    *,
    most_slowdown: float | None = None,
    output: Output,
) -> None:
    """Print what each limit of chats at once leads to, and mark the best (C14).

    Raises `ModelError` and `MissingExtra`.
    """
    output.check()
    if most_slowdown is not None:
        positive("--most-slowdown", most_slowdown)
    choice = best_limit(handling.demand(chats_per_hour), agents, burden, most_slowdown)
    found = _limits(choice, agents)
    if output.json:
        print_json(found)
    elif output.csv:
        print_csv(Limit.__struct_fields__, (list(asdict(one).values()) for one in found.options))
    else:
        _print_limits(found)
    if output.plot is not None:
        from chatdesk.simulation.plots import plot_limit

        plot_limit(choice, f"{agents} agents, {chats_per_hour:g} chats an hour", output.plot)


def _limits(choice: LimitChoice, agents: int) -> Limits:
    options = tuple(
        Limit(
            limit=option.limit,
            p_abandon=option.expected.p_abandon,
            mean_wait=option.expected.mean_wait,
            mean_sojourn_in_service=option.expected.mean_sojourn_in_service,
            slowdown=option.slowdown,
            burden_per_hour=option.burden_per_hour,
        )
        for option in choice.options
    )
    return Limits(agents, choice.best.limit, options)


def _print_limits(found: Limits) -> None:
    print(f"{'limit':>5} {'give up':>8} {'mean wait':>10} {'mean chat':>10} {'burden/h':>10}")
    for one in found.options:
        print(
            f"{one.limit:>5} {one.p_abandon:>8.2%} {_seconds(one.mean_wait):>10} "
            f"{_seconds(one.mean_sojourn_in_service):>10} {one.burden_per_hour:>10.0f}"
            f"{' best' if one.limit == found.best else ''}"
        )
