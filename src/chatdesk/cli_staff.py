"""The staffing questions of the command line: plain arguments in, a table out."""

import math
from collections.abc import Sequence

from chatdesk.simulation.planning import (
    Burden,
    CostModel,
    Demand,
    PlanCost,
    Staffing,
    best_limit,
    drain_seconds,
    parse_target,
    plan_cost,
    staff_by_hour,
)

_MINUTE = 60.0


def staff(
    chats_per_hour: Sequence[float],
    *,
    handle_seconds: float,
    target: str = "80% in 20s",
    patience_seconds: float | None = None,
    speeds: Sequence[float] = (1.0,),
    agent_hour: float | None = None,
) -> None:
    """Print the fewest agents for each hour that meet the target.

    `speeds` are those of an agent with one, two, … chats, all together, against one alone.
    `agent_hour` is what an agent costs an hour; with it the plan's cost is printed too.
    Raises ModelError.
    """
    demands = [_demand(chats, handle_seconds, patience_seconds, speeds) for chats in chats_per_hour]
    plan = staff_by_hour(demands, parse_target(target))
    print(f"{'hour':>4} {'chats':>8} {'agents':>6} {'busy':>6} {'mean wait':>10} {'give up':>8}")
    for hour, staffing in enumerate(plan):
        print(_staffing_row(hour, staffing))
    if not all(staffing.exact for staffing in plan):
        print("~ evenly spread chats stand in for the exact model: waits will be longer")
    if agent_hour is not None:
        print(_cost_line(plan_cost(plan, CostModel(agent_hour=agent_hour))))


def _demand(
    chats_per_hour: float,
    handle_seconds: float,
    patience_seconds: float | None,
    speeds: Sequence[float],
) -> Demand:
    return Demand(
        chats_per_hour=chats_per_hour,
        handle_seconds=handle_seconds,
        patience_seconds=patience_seconds,
        speed_by_level=(0.0, *speeds),
    )


def _staffing_row(hour: int, staffing: Staffing) -> str:
    start = f"{hour:>4} {staffing.demand.chats_per_hour:>8g} {staffing.agents:>6}"
    expected = staffing.expected
    if expected is None:
        return f"{start} {'-':>6} {'-':>10} {'-':>8}"
    mark = "" if staffing.exact else " ~"
    return (
        f"{start} {expected.slot_utilisation:>6.1%} {expected.mean_wait:>8.1f} s "
        f"{expected.p_abandon:>8.2%}{mark}"
    )


def _cost_line(cost: PlanCost) -> str:
    each = "no chat" if cost.per_chat is None else f"{cost.per_chat:.2f} a finished chat"
    return f"cost {cost.total:.2f}, {each}"


def drain(
    open_chats: Sequence[int],
    *,
    handle_seconds: float,
    speeds: Sequence[float] = (1.0,),
    probabilities: Sequence[float] = (0.5, 0.9, 0.95, 0.99),
) -> None:
    """Print how long before the end of a shift to stop taking chats (B05).

    `open_chats` is each agent's number when they stop. Raises ModelError.
    """
    demand = _demand(1.0, handle_seconds, None, speeds)
    print(f"{'all ended with':>14} {'stop before the end':>20}")
    for probability in probabilities:
        minutes = math.ceil(drain_seconds(open_chats, demand, probability) / _MINUTE)
        print(f"{probability:>14.1%} {minutes:>16} min")


def limit(
    chats_per_hour: float,
    agents: int,
    *,
    handle_seconds: float,
    speeds: Sequence[float],
    patience_seconds: float | None = None,
    lost_chat: float,
    served_second: float = 0.0,
) -> None:
    """Print what each limit of chats at once leads to, and mark the best (C14).

    A second of waiting counts 1; the caller judges what a lost chat and a second of being served
    count against it. Raises ModelError.
    """
    demand = _demand(chats_per_hour, handle_seconds, patience_seconds, speeds)
    burden = Burden(lost_chat=lost_chat, waited_second=1.0, served_second=served_second)
    choice = best_limit(demand, agents, burden)
    print(f"{'limit':>5} {'give up':>8} {'mean wait':>10} {'mean chat':>10} {'burden/h':>10}")
    for option in choice.options:
        expected, mark = option.expected, " best" if option == choice.best else ""
        print(
            f"{option.limit:>5} {expected.p_abandon:>8.2%} {expected.mean_wait:>8.1f} s "
            f"{expected.mean_sojourn_in_service:>8.1f} s {option.burden_per_hour:>10.0f}{mark}"
        )
