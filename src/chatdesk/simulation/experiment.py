"""Experiments: a scenario run long enough, and what can be said of it with what certainty."""

import math
from collections.abc import Mapping, Sequence
from time import process_time

import attrs
from msgspec import Struct
from msgspec.structs import asdict

from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.simulation.arrivals import is_steady
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import Estimate, batched, jackknifed, paired, replicated
from chatdesk.simulation.fast import Progress, run_fast
from chatdesk.simulation.formulas.checks import count
from chatdesk.simulation.full import run_full
from chatdesk.simulation.measures import (
    FIGURES,
    Busy,
    Figures,
    KindFigures,
    Span,
    batches,
    busy_between,
    by_kind,
    jain,
    measure,
    received,
    span,
    together,
)
from chatdesk.simulation.scenario import Scenario
from chatdesk.simulation.streams import Seed, replication, root
from chatdesk.simulation.visits import Visits

BATCHES = 20
WARM_UP_SHARE = 20
"""Without other word, one customer for each twenty that count comes before, and does not count."""


@attrs.frozen(kw_only=True)
class Length:
    """How long and how often to run."""

    customers: int = 200_000
    """Who count, in each replication."""
    warm_up: int | None = None
    """Who come before and do not count; `None` for a twentieth, or none if times differ."""
    replications: int = 1
    """Independent runs; with only one, intervals come from its batches."""
    batches: int = BATCHES

    def __attrs_post_init__(self) -> None:
        count("customers", self.customers)
        count("replications", self.replications)
        count("batches", self.batches)
        if self.warm_up is not None:
            count("warm_up", self.warm_up, least=0)

    def warm_up_for(self, scenario: Scenario) -> int:
        """How many do not count."""
        if self.warm_up is not None:
            return self.warm_up
        steady = all(is_steady(kind.arrivals) for kind in scenario.kinds)
        return self.customers // WARM_UP_SHARE if steady else 0


class AgentFigures(Struct, frozen=True):
    """One agent of the last replication."""

    agent: str
    received: int
    utilisation: float


class Result(Struct, frozen=True, kw_only=True):
    """What an experiment found.

    `customers` and `warm_up` are those of each replication; `cpu_seconds` is the time to simulate
    all of them, without reckoning the figures. `kinds` and `agents` tell of the last replication.
    """

    policy: str
    customers: int
    warm_up: int
    replications: int
    method: str
    cpu_seconds: float
    figures: Mapping[str, Estimate]
    kinds: tuple[KindFigures, ...]
    agents: tuple[AgentFigures, ...]

    @property
    def customers_per_second(self) -> float:
        """Simulated customers, all of them, a second of CPU."""
        return (self.customers + self.warm_up) * self.replications / max(self.cpu_seconds, 1e-9)


def run(scenario: Scenario, seed: Seed, customers: int, progress: Progress | None = None) -> Visits:
    """One run of so many customers, on the fast path where that is enough."""
    path = run_full if scenario.wants_desk else run_fast
    return path(scenario, seed, customers, progress)


def simulate(
    scenario: Scenario,
    length: Length | None = None,
    *,
    seed: int = 1,
    progress: Progress | None = None,
) -> Result:
    """Simulate a scenario and estimate its figures with 95 % intervals.

    With one replication the intervals come from batch means, with more from the replications; both
    by Student's t. Raises `InvalidParameter` when fewer customers come than count.
    """
    return _Experiment(scenario, length or Length(), seed, progress).result()


@attrs.define
class _Experiment:
    scenario: Scenario
    length: Length
    seed: int
    progress: Progress | None = None
    cpu_seconds: float = 0.0
    runs: list[Figures] = attrs.field(factory=list)
    """The figures of each replication."""

    @property
    def warm_up(self) -> int:
        return self.length.warm_up_for(self.scenario)

    def visits(self, number: int) -> Visits:
        """One replication."""
        began = process_time()
        found = run(
            self.scenario,
            replication(root(self.seed), number),
            self.length.customers + self.warm_up,
            self.progress,
        )
        self.cpu_seconds += process_time() - began
        if len(found) <= self.warm_up:
            raise InvalidParameter(
                f"{len(found)} customers came, and {self.warm_up} do not count: lower the warm-up"
            )
        return found

    def result(self) -> Result:
        """All replications, measured."""
        if self.length.replications == 1:
            visits = self.visits(0)
            spans = batches(visits, self.warm_up, min(self.length.batches, len(visits)))
            parts = busy_between(visits, self.scenario, spans)
            figures = _from_batches(visits, self.scenario, spans, parts)
            return self._result(visits, together(parts), figures, "batch means, Student t")
        for number in range(self.length.replications):
            visits = self.visits(number)
            at = self.counted(visits)
            busy = busy_between(visits, self.scenario, [at])[0]
            self.runs.append(measure(visits, self.scenario, at, busy))
        figures = {name: replicated([getattr(one, name) for one in self.runs]) for name in FIGURES}
        return self._result(visits, busy, figures, "replications, Student t")

    def counted(self, visits: Visits) -> Span:
        """The customers who count."""
        return span(visits, self.warm_up, len(visits))

    def _result(
        self, visits: Visits, busy: Busy, figures: Mapping[str, Estimate], method: str
    ) -> Result:
        at = self.counted(visits)
        return Result(
            policy=type(self.scenario.policy).__name__,
            customers=at.last - at.first,
            warm_up=self.warm_up,
            replications=self.length.replications,
            method=method,
            cpu_seconds=self.cpu_seconds,
            figures=figures,
            kinds=by_kind(visits, self.scenario, at),
            agents=_agents(visits, self.scenario, at, busy),
        )


def _from_batches(
    visits: Visits, scenario: Scenario, spans: Sequence[Span], busy: Sequence[Busy]
) -> dict[str, Estimate]:
    parts = [measure(visits, scenario, at, b) for at, b in zip(spans, busy, strict=True)]
    counted = span(visits, spans[0].first, spans[-1].last)
    whole = measure(visits, scenario, counted, together(busy))
    found = {
        name: batched(value, [getattr(part, name) for part in parts])
        for name, value in asdict(whole).items()
    }
    return found | {"jain": _jain(visits, scenario, spans)}


def _jain(visits: Visits, scenario: Scenario, spans: Sequence[Span]) -> Estimate:
    parts = [received(visits.agents[at.first : at.last], scenario.agents) for at in spans]
    whole = [sum(counts) for counts in zip(*parts, strict=True)]
    without = [jain(map(int.__sub__, whole, part)) for part in parts]
    return jackknifed(jain(whole), without)


def _agents(visits: Visits, scenario: Scenario, at: Span, busy: Busy) -> tuple[AgentFigures, ...]:
    counts = received(visits.agents[at.first : at.last], scenario.agents)
    return tuple(
        AgentFigures(agent_id, got, math.fsum(busy.at_level[agent_id][1:]) / at.length)
        for agent_id, got in zip(scenario.agents, counts, strict=True)
    )


class Difference(Struct, frozen=True):
    """How a policy's figures differ from the first one's, with intervals from paired runs."""

    policy: str
    against: str
    figures: Mapping[str, Estimate]


def compare(
    scenario: Scenario,
    policies: Mapping[str, AssignmentPolicy],
    length: Length | None = None,
    *,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[dict[str, Result], tuple[Difference, ...]]:
    """Let the same customers meet each policy, and say how the others differ from the first.

    Differences are taken replication by replication, so that what all policies have in common
    cancels out (common random numbers). Raises `InvalidParameter` with fewer than two replications.
    """
    asked = length or Length(replications=10, customers=20_000)
    if asked.replications <= 1:
        raise InvalidParameter("a comparison needs at least 2 replications: raise replications")
    results, runs = {}, {}
    for name, policy in policies.items():
        experiment = _Experiment(attrs.evolve(scenario, policy=policy), asked, seed, progress)
        results[name] = experiment.result()
        runs[name] = experiment.runs
    first, *others = policies
    return results, tuple(_difference(name, first, runs) for name in others)


def _difference(name: str, against: str, runs: Mapping[str, Sequence[Figures]]) -> Difference:
    figures = {}
    for figure in FIGURES:
        ours, theirs = ([getattr(one, figure) for one in runs[who]] for who in (name, against))
        figures[figure] = paired(ours, theirs)
    return Difference(name, against, figures)
