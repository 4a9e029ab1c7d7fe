"""The simulator held against queueing theory: exact figures, simulated ones, and how far apart.

A `Point` is a model with its parameters and exact metrics. `checks` simulates it in independent
replications and gives for each metric z, the difference in standard errors; the standard error
comes from the replications, so it takes all autocorrelation within a run into account.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any, TypeAlias

import attrs
from msgspec import Struct

from chatdesk.rules.disciplines import FirstCome, Priority
from chatdesk.rules.policies import AssignmentPolicy, LeastBusy, LongestIdle, SeededRandom
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.fast import run_fast
from chatdesk.simulation.laws import Exponential, Fixed, Law, Never
from chatdesk.simulation.measures import (
    Busy,
    Figures,
    Span,
    busy_between,
    by_kind,
    measure,
    offered_waits,
    received,
    span,
)
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import replication, root
from chatdesk.simulation.visits import Visits
from chatdesk.simulation.yardsticks import InOrder, MostBusy, PowerOfChoices

RARE = 100
"""A chance of which fewer clumps of cases are expected has the standard error of independent clumps
at least: with hardly any seen, what the replications say of the spread is luck."""
ROOM = 300
"""Chats an agent of his own line can hold: in no model here is a longer line seen."""
LONG_ROOM = 4000
"""The same, for random dispatch at load .99."""
OWN_LINES = 1000
"""Agents with lines by chance; they need not be many, but the rarest of long lines among them."""

Params: TypeAlias = Mapping[str, Any]


class Point(Struct, frozen=True):
    """A model, its parameters and its exact metrics."""

    id: str
    model: str
    params: dict[str, Any]
    metrics: dict[str, float]


class Points(Struct, frozen=True):
    """A file of points."""

    points: list[Point]


class Check(Struct, frozen=True):
    """One metric of one point."""

    point: str
    metric: str
    exact: float
    simulated: float
    standard_error: float
    z: float


@attrs.frozen
class Seen:
    """One replication: what happened, and the figures that all models share."""

    visits: Visits
    scenario: Scenario
    at: Span
    busy: Busy
    figures: Figures


Metric: TypeAlias = Callable[[Seen], float]


@attrs.frozen
class Case:
    """A scenario and how to read metrics of a point from its runs."""

    scenario: Scenario
    metrics: Mapping[str, Metric]
    clump: float = 1.0
    """How many customers on the average have a rare, long wait together."""


@attrs.frozen(kw_only=True)
class Effort:
    """How much to simulate for a point."""

    customers: int = 200_000
    warm_up: int = 20_000
    replications: int = 30
    seed: int = 1
    many: int = 10_000
    """Agents who stand for infinitely many."""


def checks(point: Point, effort: Effort) -> Iterator[Check]:
    """Every metric of the point, simulated."""
    for case in cases(point, effort.many):
        found = _simulated(case, effort)
        for name in case.metrics:
            total = effort.customers * effort.replications
            clump = case.clump if name.startswith("p_wait_gt_") else 1.0
            yield _check(point, name, found[name], total, clump)


def _simulated(case: Case, effort: Effort) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in case.metrics}
    for number in range(effort.replications):
        seed = replication(root(effort.seed), number)
        visits = run_fast(case.scenario, seed, effort.warm_up + effort.customers)
        at = span(visits, effort.warm_up, len(visits))
        busy = busy_between(visits, case.scenario, [at])[0]
        figures = measure(visits, case.scenario, at, busy)
        seen = Seen(visits, case.scenario, at, busy, figures)
        for name, metric in case.metrics.items():
            found[name].append(metric(seen))
    return found


def _check(point: Point, metric: str, values: Sequence[float], total: int, clump: float) -> Check:
    exact, mean = point.metrics[metric], fmean(values)
    error = stdev(values, mean) / math.sqrt(len(values))
    if metric.startswith("p_") and exact * total < RARE * clump:
        error = max(error, _rare_error(exact, total, clump))
    off = mean - exact
    if math.isclose(mean, exact, rel_tol=1e-11, abs_tol=1e-12):
        z = 0.0
    else:
        z = off / error if error else math.copysign(math.inf, off)
    return Check(point.id, metric, exact, mean, error, z)


def _rare_error(chance: float, total: int, clump: float) -> float:
    """The standard error of the share of rare cases that come in Poisson clumps.

    The sizes of clumps are geometric, so the variance of a sum is the mean times E(C²)/E(C), which
    is 2 E(C) - 1, and 1 for independent cases.
    """
    return math.sqrt(chance * (1 - chance) * (2 * clump - 1) / total)


# -- metrics -------------------------------------------------------------------------------------


def _figure(name: str) -> Metric:
    return lambda seen: float(getattr(seen.figures, name))


def _beyond(after: float) -> Metric:
    def share(seen: Seen) -> float:
        waits = seen.visits.waited[seen.at.first : seen.at.last]
        return sum(wait > after for wait in waits) / len(waits)

    return share


def _level(level: int) -> Metric:
    def share(seen: Seen) -> float:
        shares = seen.busy.level_shares
        return shares[level] if level < len(shares) else 0.0

    return share


def _offered(seen: Seen) -> float:
    return fmean(offered_waits(seen.visits, seen.at))


def _chats_in_service(seen: Seen) -> float:
    return seen.busy.slot_share * seen.busy.capacity


def _kind(place: int, figure: str) -> Metric:
    return lambda seen: float(getattr(by_kind(seen.visits, seen.scenario, seen.at)[place], figure))


def _agent_busy(place: int) -> Metric:
    def share(seen: Seen) -> float:
        levels = seen.busy.at_level[seen.scenario.agents[place]]
        return math.fsum(levels[1:]) / seen.busy.length

    return share


def _agent_share(place: int) -> Metric:
    """An agent's part of all arrivals, those who give up too."""

    def share(seen: Seen) -> float:
        agents = seen.visits.agents[seen.at.first : seen.at.last]
        return received(agents, seen.scenario.agents)[place] / len(agents)

    return share


def _little(arrival_rate: float) -> Metric:
    """The mean time with an agent by Little's law.

    Where lines are long, who comes late would be seen to leave an emptying desk: the number of
    chats as long as others still come has no such bias.
    """
    return lambda seen: _chats_in_service(seen) / arrival_rate


def _some_idle(seen: Seen) -> float:
    """The share of time in which some agent has no chat."""
    stints = sorted(_idle_changes(seen))
    busy = dict.fromkeys(seen.scenario.agents, 0)
    idle, before, spent = len(busy), 0.0, 0.0
    for at, step, agent_id in stints:
        now = min(max(at, seen.at.begin), seen.at.end)
        spent += (now - before) * (idle > 0) if now > before >= seen.at.begin else 0.0
        before = max(now, seen.at.begin)
        was = busy[agent_id]
        busy[agent_id] = was + step
        idle += (busy[agent_id] == 0) - (was == 0)
    return spent / seen.at.length


def _idle_changes(seen: Seen) -> Iterator[tuple[float, int, str]]:
    columns = zip(
        seen.visits.arrived, seen.visits.waited, seen.visits.ended, seen.visits.agents, strict=True
    )
    for came, waited, ended, agent in columns:
        if agent is not None:
            yield came + waited, 1, agent
            yield ended, -1, agent


# -- models --------------------------------------------------------------------------------------


def _one_kind(
    p: Params, patience: Law, crews: Sequence[Crew], policy: AssignmentPolicy
) -> Scenario:
    kind = Kind(arrivals=Poisson(p["lam"]), work=Exponential(p.get("mu", 1.0)), patience=patience)
    return Scenario(kinds=(kind,), crews=tuple(crews), policy=policy)


def _named(point: Point, metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """The metrics of the point, from those with a reading of their own, or by their names."""
    return {name: metrics.get(name) or _figure(name) for name in point.metrics}


def _begun(agents: int, offered: float) -> list[Crew]:
    """Agents of whom as many as will be busy begin with a chat, so that less has to warm up."""
    busy = min(agents, round(offered))
    crews = [Crew(name="free", agents=agents - busy)] if agents > busy else []
    return [*crews, Crew(name="busy", agents=busy, open_chats=1)] if busy else crews


def _one_line(patience: Callable[[Params], Law]) -> Callable[[Point], Iterator[Case]]:
    def cases(point: Point) -> Iterator[Case]:
        p = point.params
        offered = p["lam"] / p["mu"]
        crews, waits = _begun(p["n"], offered), patience(p)
        yield Case(
            _one_kind(p, waits, crews, LeastBusy()),
            _named(
                point,
                {
                    "p_block": _figure("p_abandon"),
                    "p_wait_gt_1": _beyond(1.0),
                    "p_wait_gt_0_2": _beyond(0.2),
                    "mean_offered_wait": _offered,
                    # a parameter in other words: nothing of it is left to chance
                    "qed_beta": lambda _: (p["n"] - offered) / math.sqrt(p["n"]),
                },
            ),
            _clump(offered / p["n"]) if waits == Never() else 1.0,
        )

    return cases


def _clump(load: float) -> float:
    """How many customers in a row find a line beyond a high level.

    While all are busy the line is that of M/M/1: it passes a high level b anew at the rate
    (1 - load)² · load^b per arrival, and a share of load^b of arrivals finds it beyond, so a clump
    is of 1/(1 - load)² of them (Aldous 1989, Probability Approximations via the Poisson Clumping
    Heuristic, chapter B).
    """
    return (1 - load) ** -2


def _priority(point: Point) -> Iterator[Case]:
    p = point.params
    kinds = tuple(
        Kind(
            name=f"class{place}",
            arrivals=Poisson(rate),
            work=Exponential(p["mu"]),
            priority=-place,
        )
        for place, rate in enumerate(p["lam"], 1)
    )
    crews = _begun(p["n"], math.fsum(p["lam"]) / p["mu"])
    scenario = Scenario(kinds=kinds, crews=tuple(crews), discipline=Priority())
    waits = {
        f"mean_wait_class{place}": _kind(place - 1, "mean_wait")
        for place in range(1, len(kinds) + 1)
    }
    yield Case(scenario, _named(point, {**waits, "mean_wait_all": _figure("mean_wait")}))


def _sharing(point: Point) -> Iterator[Case]:
    p = point.params
    crew = Crew(capacity=p["K"], rates=(0.0, *[1.0] * p["K"]))
    yield Case(_one_kind(p, Never(), [crew], LeastBusy()), _named(point, {}))


DISPATCH: Mapping[str, AssignmentPolicy] = {
    "least_busy": LeastBusy(),
    "random": SeededRandom(),
    "most_busy": MostBusy(),
    "longest_idle": LongestIdle(),
}


def _concurrency(point: Point) -> Iterator[Case]:
    p = point.params
    leaving = p.get("nu_per_chat_by_level")
    crew = Crew(
        agents=p["n"],
        capacity=p["K"],
        rates=tuple(p["agent_rate_by_level"]),
        leaving_rates=None if leaving is None else tuple(leaving),
    )
    own: dict[str, Metric] = {f"p_agent_level{k}": _level(k) for k in range(p["K"] + 1)}
    own["mean_chats_in_service"] = _chats_in_service
    own["mean_sojourn_admitted_service"] = _figure("mean_service")
    scenario = _one_kind(p, Exponential(p["theta"]), [crew], DISPATCH[p["policy"]])
    yield Case(scenario, _named(point, own))


def _mean_field(point: Point, many: int) -> Iterator[Case]:
    """Infinitely many agents, for whom `many` stand: figures of n agents are off by about 1/n.

    The shortest of all lines needs ten times as many, so that somebody is always idle. With random
    dispatch each agent has a line of his own, and their number does not matter.
    """
    load, mu = point.params["rho"], point.params["mu"]
    rules: Mapping[str, tuple[int, AssignmentPolicy, Sequence[float]]] = {
        "mean_sojourn_random": (min(many, OWN_LINES), SeededRandom(), _tail(load, 1)),
        "mean_sojourn_po2": (many, PowerOfChoices(2), _tail(load, 2)),
        "mean_sojourn_po3": (many, PowerOfChoices(3), _tail(load, 3)),
        "mean_sojourn_po5": (many, PowerOfChoices(5), _tail(load, 5)),
        "mean_sojourn_jsq_limit": (many * 10, LeastBusy(), (1.0, load)),
    }
    for metric, (agents, policy, tail) in rules.items():
        rate = load * mu * agents
        room = LONG_ROOM if metric == "mean_sojourn_random" else ROOM
        scenario = _one_kind(
            {"lam": rate, "mu": mu}, Never(), list(_settled(agents, tail, room)), policy
        )
        yield Case(scenario, {metric: _little(rate)})


def _tail(load: float, choices: int) -> list[float]:
    """The share of agents with at least 0, 1, 2, … chats (Vvedenskaya et al. 1996)."""
    tail, exponent, power = [1.0], 1, 1
    while tail[-1] > 1e-9:  # noqa: PLR2004  # nobody of the agents simulated
        tail.append(load**exponent)
        power *= choices
        exponent += power
    return tail


def _settled(agents: int, tail: Sequence[float], room: int) -> Iterator[Crew]:
    """Agents who start as in the steady state, so that nothing has to warm up.

    What is rarer than one agent is made up for by the chats of the one who has most.
    """
    at_least = [round(agents * share) for share in (*tail, 0.0)]
    missing = max(0, round(agents * math.fsum(tail)) - sum(at_least))
    top = max(level for level, number in enumerate(at_least) if number)
    sizes = [(level, here - above) for level, (here, above) in enumerate(pairwise(at_least))]
    sizes[top] = (top, sizes[top][1] - 1)
    for place, (level, size) in enumerate([*sizes, (top + missing, 1)]):
        if size:
            yield Crew(
                name=f"crew{place}",
                agents=size,
                capacity=room,
                rates=(0.0, *[1.0] * room),
                open_chats=level,
            )


def _shortest(point: Point) -> Iterator[Case]:
    p = point.params
    rate = p["rho"] * p["mu"] * p["n"]
    arrivals = {"lam": rate, "mu": p["mu"]}
    crew = Crew(agents=p["n"], capacity=ROOM, rates=(0.0, *[1.0] * ROOM))
    choices = PowerOfChoices(p["d"])
    yield Case(
        _one_kind(arrivals, Never(), [crew], choices),
        {"mean_sojourn": _little(rate), "p_some_server_idle": _some_idle},
    )
    yield Case(
        _one_kind(arrivals, Never(), [crew], SeededRandom()),
        {"mean_sojourn_random": _little(rate)},
    )
    yield Case(
        _one_kind(arrivals, Never(), [Crew(agents=p["n"])], LeastBusy()),
        {"mean_sojourn_central_queue": _figure("mean_sojourn")},
    )


def _skills(point: Point) -> Iterator[Case]:
    p = point.params
    kinds = tuple(
        Kind(name=name, arrivals=Poisson(rate), work=Exponential(1.0), skills=(name,))
        for name, rate in p["lam"].items()
    )
    crews = tuple(
        Crew(name=name, speed=rate, skills=tuple(p["skills"][name]))
        for name, rate in p["mu"].items()
    )
    own: dict[str, Metric] = {"p_all_busy": _all_busy}
    for place, kind in enumerate(kinds):
        own |= {f"{name}_{kind.name}": _kind(place, name) for name in ("p_wait", "mean_wait")}
    own |= {f"utilisation_{crew.name}": _agent_busy(place) for place, crew in enumerate(crews)}
    scenario = Scenario(kinds=kinds, crews=crews, policy=LongestIdle(), discipline=FirstCome())
    yield Case(scenario, _named(point, own))


def _all_busy(seen: Seen) -> float:
    return 1.0 - _some_idle(seen)


def _unequal(point: Point) -> Iterator[Case]:
    p = point.params
    crews = [Crew(name=f"s{place}", speed=rate) for place, rate in enumerate(p["mu"], 1)]
    ids = [crew.ids[0] for crew in sorted(crews, key=lambda crew: crew.speed)]
    policies: Mapping[str, AssignmentPolicy] = {
        "slowest_first": InOrder(tuple(ids)),
        "fastest_first": InOrder(
            tuple(c.ids[0] for c in sorted(crews, key=lambda crew: -crew.speed))
        ),
        **DISPATCH,
    }
    own: dict[str, Metric] = {}
    for place in range(len(crews)):
        own[f"utilisation_s{place + 1}"] = _agent_busy(place)
        own[f"share_s{place + 1}"] = _agent_share(place)
    arrivals = {"lam": p["lam"]}
    scenario = _one_kind(arrivals, Exponential(p["theta"]), crews, policies[p["policy"]])
    yield Case(scenario, _named(point, own))


CASES: Mapping[str, Callable[[Point], Iterator[Case]]] = {
    "erlang_b": _one_line(lambda _: Fixed(0.0)),
    "erlang_c": _one_line(lambda _: Never()),
    "erlang_a": _one_line(lambda p: Exponential(p["theta"])),
    "mmn_plus_d": _one_line(lambda p: Fixed(p["patience"])),
    "priority_nonpreemptive": _priority,
    "lps_1agent": _sharing,
    "chat_concurrency": _concurrency,
    "chat_linear_equals_erlang_a": _concurrency,
    "chat_concurrency_with_service_abandonment": _concurrency,
    "jsq_exact": _shortest,
    "skills_fcfs_alis": _skills,
    "heterogeneous_servers": _unequal,
}
"""How each model is simulated, but for the mean field of separate lines."""


def cases(point: Point, many: int) -> Iterator[Case]:
    """How the point is simulated; raises `KeyError` for an unknown model."""
    if point.model == "dispatch_meanfield":
        return _mean_field(point, many)
    return CASES[point.model](point)
