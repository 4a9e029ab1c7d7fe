"""Replay: what another policy would have made of the days that a log tells of.

Where policies differ the replay believes what it cannot know: that a chat takes another agent as
long as their measured speeds say, that who was answered would have waited as long as the others of
his queue, and that agents come and go as they did. `Agreement` says how far the replay of the
policy that ran is from what really happened; believe no difference smaller than that.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import eq
from statistics import fmean, stdev, variance

import attrs
from msgspec import Struct
from msgspec.structs import asdict

from chatdesk.model.ids import AgentId, QueueId, Seconds
from chatdesk.rules.disciplines import DISCIPLINES, Discipline
from chatdesk.rules.policies import POLICIES, AssignmentPolicy
from chatdesk.simulation.calibration import Customers, Luck
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import CONFIDENCE, Estimate, student_quantile
from chatdesk.simulation.formulas.checks import count, not_negative
from chatdesk.simulation.history import History
from chatdesk.simulation.measures import jain, quantile
from chatdesk.simulation.rerun import Course, Rules, rerun
from chatdesk.simulation.streams import replication, root, stream

BATCHES = 20
LEAST_IN_BATCH = 10
SAME_WAIT_SECONDS = 1.0


class ReplayFigures(Struct, frozen=True):
    """What the customers of a stretch of the log met; times are in seconds."""

    p_wait: float
    """Who found nobody free."""
    mean_wait: float
    """In line, of those who gave up too."""
    p95_wait: float
    """95 % waited no longer."""
    p_abandon: float
    """Who left the line without an agent."""
    in_target: float
    """Who was answered within the target."""
    jain: float
    """Evenness of chats received, 1 for all alike."""


REPLAY_FIGURES = ReplayFigures.__struct_fields__


class Agreement(Struct, frozen=True):
    """How far the replay of what ran is from what really happened.

    Of a log that a desk of push queues wrote both shares are 1, or nearly so.
    """

    chats: int
    same_agent: float
    """The share of customers who got the same agent first, or none again."""
    same_wait: float
    """The share who waited as long, within a second."""
    mean_gap_seconds: Seconds
    """How far waits are off, on the average."""
    recorded: Mapping[str, float]
    replayed: Mapping[str, float]


class ReplayResult(Struct, frozen=True):
    """One policy's figures with 95 % intervals, and their differences from what ran."""

    policy: str
    figures: Mapping[str, Estimate]
    differences: Mapping[str, Estimate] | None = None


class Replay(Struct, frozen=True, kw_only=True):
    """All that a replay found; the first result is that of the policy that ran."""

    chats: int
    turned_away: int
    replications: int
    agreement: Agreement
    results: tuple[ReplayResult, ...]
    speeds: Mapping[AgentId, float]
    """How fast each agent was, by his handling times for the same work."""
    notes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ReplaySettings:
    """How to replay."""

    replications: int = 10
    """Draws of what the log leaves open."""
    seed: int = 1
    target_seconds: Seconds = 120.0

    def __attrs_post_init__(self) -> None:
        count("replications", self.replications)
        not_negative("target_seconds", self.target_seconds)


def replay(
    history: History,
    candidates: Mapping[str, AssignmentPolicy],
    *,
    ran: AssignmentPolicy | None = None,
    settings: ReplaySettings | None = None,
) -> Replay:
    """Replay the policy that ran and each candidate on the same customers.

    `ran` is for a log whose queues had a policy of one's own; without it each queue has the one it
    had. Candidates are given to all queues. Intervals are made of batches of consecutive customers
    and of the draws (multiple imputation; Rubin 1987, chapter 3). Raises `InvalidParameter` for a
    log that cannot be replayed and a policy that is not known.
    """
    asked = settings or ReplaySettings()
    customers = Customers.of(history)
    study = _Study(history, customers, asked)
    base = study.figures(_rules(history, ran))
    results = [ReplayResult("ran" if ran is None else type(ran).__name__, base.estimates())]
    for name, policy in candidates.items():
        found = study.figures(_rules(history, policy))
        results.append(ReplayResult(name, found.estimates(), found.minus(base).estimates()))
    agents = history.agents
    return Replay(
        chats=len(history.asked),
        turned_away=history.turned_away,
        replications=asked.replications,
        agreement=study.agreement(base.first),
        results=tuple(results),
        speeds={agent: customers.handling.speed(agent) for agent in agents},
        notes=history.notes,
    )


def _rules(history: History, policy: AssignmentPolicy | None) -> Rules:
    return {
        name: (policy or _ran(name, setup.policy), _discipline(name, setup.discipline))
        for name, setup in history.queues.items()
    }


def _ran(queue: QueueId, name: str) -> AssignmentPolicy:
    if name not in POLICIES:
        raise InvalidParameter(
            f"queue {queue!r} had the policy {name!r}, which is not built in: give it as the "
            "policy that ran (--policy module:Class)"
        )
    return POLICIES[name]()


def _discipline(queue: QueueId, name: str) -> Discipline:
    if name not in DISCIPLINES:
        raise InvalidParameter(f"queue {queue!r} has the discipline {name!r}, not a built-in one")
    return DISCIPLINES[name]


@attrs.frozen
class Found:
    """A policy's figures for each draw: of all customers, and of each batch of them."""

    first: Course
    wholes: tuple[Mapping[str, float], ...]
    parts: tuple[tuple[Mapping[str, float], ...], ...]

    def estimates(self) -> dict[str, Estimate]:
        """Each figure with its interval."""
        return {
            name: _estimate(
                [whole[name] for whole in self.wholes],
                [[part[name] for part in parts] for parts in self.parts],
            )
            for name in REPLAY_FIGURES
        }

    def minus(self, other: "Found") -> "Found":
        """The differences, draw by draw and batch by batch."""
        return Found(
            self.first,
            tuple(map(_minus, self.wholes, other.wholes)),
            tuple(
                tuple(map(_minus, ours, theirs))
                for ours, theirs in zip(self.parts, other.parts, strict=True)
            ),
        )


def _minus(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    return {name: ours[name] - theirs[name] for name in ours}


def _estimate(wholes: Sequence[float], parts: Sequence[Sequence[float]]) -> Estimate:
    """Rubin's rule: variance within the draws, and between them."""
    value, batches = fmean(wholes), len(parts[0])
    if batches <= 1:
        return Estimate(value)
    pairs = zip(wholes, parts, strict=True)
    within = fmean(stdev(part, whole) ** 2 / batches for whole, part in pairs)
    between = variance(wholes) if len(wholes) > 1 else 0.0
    total = within + (1 + 1 / len(wholes)) * between
    half = student_quantile(CONFIDENCE, batches - 1) * math.sqrt(total)
    return Estimate(value, value - half, value + half)


@attrs.define(eq=False)
class _Study:
    history: History
    customers: Customers
    settings: ReplaySettings
    lucks: list[Luck] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        seed = root(self.settings.seed)
        self.lucks = [
            self.customers.luck(self.history, stream(replication(seed, number), "replay"))
            for number in range(self.settings.replications)
        ]

    def figures(self, rules: Rules) -> Found:
        """All draws of one policy."""
        courses = [rerun(self.history, rules, self.customers.handling, luck) for luck in self.lucks]
        spans = self.spans()
        return Found(
            courses[0],
            tuple(self.measure(course, 0, len(self.history.asked)) for course in courses),
            tuple(
                tuple(self.measure(course, first, last) for first, last in spans)
                for course in courses
            ),
        )

    def spans(self) -> list[tuple[int, int]]:
        """Batches of consecutive customers, long enough to have a figure each."""
        total = len(self.history.asked)
        number = max(1, min(BATCHES, total // LEAST_IN_BATCH))
        edges = [round(total * edge / number) for edge in range(number + 1)]
        return list(pairwise(edges))

    def measure(self, course: Course, first: int, last: int) -> dict[str, float]:
        """The figures of the customers from one place to before another."""
        waits, agents = course.waited[first:last], course.agents[first:last]
        total, target = len(waits), self.settings.target_seconds
        answered = sum(
            agent is not None and waited <= target
            for waited, agent in zip(waits, agents, strict=True)
        )
        counts = Counter(agents)
        figures = ReplayFigures(
            p_wait=sum(waited > 0 for waited in waits) / total,
            mean_wait=math.fsum(waits) / total,
            p95_wait=quantile(waits, 0.95),
            p_abandon=counts[None] / total,
            in_target=answered / total,
            jain=jain([counts[agent] for agent in self.history.agents]),
        )
        return asdict(figures)

    def agreement(self, replayed: Course) -> Agreement:
        """How the replay of what ran compares with the log itself."""
        recorded = self.recorded()
        pairs = list(zip(recorded.waited, replayed.waited, strict=True))
        gaps = [abs(one - other) for one, other in pairs]
        same = sum(map(eq, recorded.agents, replayed.agents))
        total = len(gaps)
        return Agreement(
            chats=total,
            same_agent=same / total,
            same_wait=sum(gap <= SAME_WAIT_SECONDS for gap in gaps) / total,
            mean_gap_seconds=math.fsum(gaps) / total,
            recorded=self.measure(recorded, 0, total),
            replayed=self.measure(replayed, 0, total),
        )

    def recorded(self) -> Course:
        """What the log itself says; who still waits has waited as the replay has him."""
        asked = self.history.asked
        last = max(self.history.asked[-1].at, max(_ends(self.history), default=0.0))
        course = Course.of(len(asked))
        for place, one in enumerate(asked):
            course.waited[place] = last - one.at if one.waited is None else one.waited
            course.agents[place] = one.stints[0].agent if one.stints else None
        return course


def _ends(history: History) -> list[float]:
    return [stint.end for asked in history.asked for stint in asked.stints if stint.end is not None]
