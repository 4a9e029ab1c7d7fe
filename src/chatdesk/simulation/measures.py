"""Figures of a simulated desk, as pure functions of what happened to each customer."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, pairwise, zip_longest
from math import ceil, fsum, nan

import attrs
from msgspec import Struct

from chatdesk.model.ids import AgentId
from chatdesk.simulation.scenario import Scenario
from chatdesk.simulation.visits import Visits, stints_of


class Figures(Struct, frozen=True):
    """What a stretch of customers met; shares are of all of them, and so are means.

    Not a number where there was nothing to divide by.
    """

    p_wait: float
    """Who found nobody free."""
    mean_wait: float
    """In line, of those who gave up too."""
    p95_wait: float
    """95 % waited no longer."""
    p_abandon: float
    """Who gave up in line."""
    p_abandon_in_service: float
    """Who left while served."""
    mean_queue: float
    """In line, on the average over time."""
    mean_in_system: float
    """In line or served, on the average over time."""
    mean_sojourn: float
    """From coming to leaving."""
    mean_service: float
    """From the answer to the end, of those who were answered."""
    throughput: float
    """Finished chats per unit of time."""
    utilisation: float
    """An agent's share of time with at least one chat."""
    slot_utilisation: float
    """The share of all places for chats that are taken."""
    jain: float
    """Evenness of chats received: 1 when all agents had as many, 1/n when one had all
    (Jain, Chiu and Hawe 1984)."""


FIGURES = Figures.__struct_fields__


@attrs.frozen
class Span:
    """Customers by number, from `first` to before `last`, and the time in which they came."""

    first: int
    last: int
    begin: float
    end: float

    @property
    def length(self) -> float:
        """How long, in units of time."""
        return self.end - self.begin


def span(visits: Visits, first: int, last: int) -> Span:
    """The customers from one number to before another."""
    arrived = visits.arrived
    begin = arrived[first] if first else 0.0
    end = arrived[last] if last < len(arrived) else arrived[-1]
    return Span(first, last, begin, end)


def batches(visits: Visits, first: int, number: int) -> list[Span]:
    """All customers from a number on, in so many spans of nearly equal numbers."""
    size = (len(visits) - first) / number
    edges = [first + round(size * edge) for edge in range(number + 1)]
    return [span(visits, one, other) for one, other in pairwise(edges)]


def measure(visits: Visits, scenario: Scenario, at: Span, busy: "Busy") -> Figures:
    """All figures of a span in which agents were busy as `busy_between` says."""
    cut = slice(at.first, at.last)
    waits, agents = visits.waited[cut], visits.agents[cut]
    total, length = len(waits), at.length
    waited, stayed = fsum(waits), fsum(visits.ended[cut]) - fsum(visits.arrived[cut])
    gone = agents.count(None)
    left = sum(at.first <= number < at.last for number in visits.unfinished)
    return Figures(
        p_wait=_ratio(total - waits.count(0.0), total),
        mean_wait=_ratio(waited, total),
        p95_wait=quantile(waits, 0.95),
        p_abandon=_ratio(gone, total),
        p_abandon_in_service=_ratio(left, total),
        mean_queue=_ratio(waited, length),
        mean_in_system=_ratio(stayed, length),
        mean_sojourn=_ratio(stayed, total),
        mean_service=_ratio(stayed - waited, total - gone),
        throughput=_ratio(total - gone - left, length),
        utilisation=busy.share,
        slot_utilisation=busy.slot_share,
        jain=jain(received(agents, scenario.agents)),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The lowest of the values that so many do not exceed; not a number of none."""
    if not values:
        return nan
    return sorted(values)[ceil(share * len(values)) - 1]


def jain(amounts: Iterable[float]) -> float:
    """(sum x) ** 2 / (n * sum x ** 2)."""
    kept = list(amounts)
    return _ratio(fsum(kept) ** 2, len(kept) * fsum(x * x for x in kept))


def received(agents: Iterable[AgentId | None], ids: Sequence[AgentId]) -> list[int]:
    """How many of the customers each agent got."""
    counts = Counter(agents)
    return [counts[agent_id] for agent_id in ids]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else nan


# -- who was busy --------------------------------------------------------------------------------


@attrs.frozen
class Busy:
    """Agents' time in a span: `at_level[agent][k]` is how long he had k chats."""

    at_level: Mapping[AgentId, Sequence[float]]
    capacity: int
    """Places for chats of all agents together."""
    length: float

    @property
    def share(self) -> float:
        """The mean share of time with at least one chat."""
        spent = fsum(fsum(levels[1:]) for levels in self.at_level.values())
        return _ratio(spent, len(self.at_level) * self.length)

    @property
    def slot_share(self) -> float:
        """The mean share of places taken."""
        taken = fsum(
            k * spent for levels in self.at_level.values() for k, spent in enumerate(levels)
        )
        return _ratio(taken, self.capacity * self.length)

    @property
    def level_shares(self) -> tuple[float, ...]:
        """The share of time an agent has 0, 1, 2, … chats."""
        most = max(map(len, self.at_level.values()))
        total = len(self.at_level) * self.length
        return tuple(
            _ratio(fsum(x[k] for x in self.at_level.values() if k < len(x)), total)
            for k in range(most)
        )


def together(parts: Sequence[Busy]) -> Busy:
    """Agents' time in consecutive spans as in one."""
    at_level = {
        agent_id: [
            fsum(spent)
            for spent in zip_longest(*(part.at_level[agent_id] for part in parts), fillvalue=0.0)
        ]
        for agent_id in parts[0].at_level
    }
    return Busy(at_level, parts[0].capacity, fsum(part.length for part in parts))


def busy_between(visits: Visits, scenario: Scenario, spans: Sequence[Span]) -> list[Busy]:
    """How long each agent had how many chats in each of consecutive spans, O(n log n)."""
    capacity = scenario.places
    single = all(crew.capacity == 1 for crew in scenario.crews)
    spent: list[dict[AgentId, list[float]]] = [{} for _ in spans]
    by_agent: dict[AgentId, list[tuple[float, float]]] = {a: [] for a in scenario.agents}
    for agent_id, begin, end in stints_of(visits):
        by_agent[agent_id].append((begin, end))
    for agent_id, stints in by_agent.items():
        found = _busy(stints, spans) if single else _levels(stints, spans)
        for place, levels in enumerate(found):
            spent[place][agent_id] = levels
    return [Busy(s, capacity, at.length) for s, at in zip(spent, spans, strict=True)]


def _busy(stints: Sequence[tuple[float, float]], spans: Sequence[Span]) -> list[list[float]]:
    """As `_levels`, for stints of which none overlap."""
    edges = [spans[0].begin, *(at.end for at in spans)]
    busy = [0.0] * len(spans)
    for begin, end in stints:
        place = max(1, bisect_right(edges, begin))
        while place < len(edges) and end > edges[place - 1]:
            busy[place - 1] += min(end, edges[place]) - max(begin, edges[place - 1])
            place += 1
    return [[at.length - spent, spent] for at, spent in zip(spans, busy, strict=True)]


def _levels(stints: Sequence[tuple[float, float]], spans: Sequence[Span]) -> list[list[float]]:
    """For each span, the time with 0, 1, 2, … of the stints under way."""
    edges = [spans[0].begin, *(at.end for at in spans)]
    spent: list[list[float]] = [[0.0] for _ in spans]
    changes = sorted([*((begin, 1) for begin, _ in stints), *((end, -1) for _, end in stints)])
    level, before = 0, edges[0]
    place = 0
    for at, step in [*changes, (edges[-1], 0)]:
        while place < len(spans) and at >= edges[place + 1]:
            _add(spent[place], level, edges[place + 1] - before)
            before = edges[place + 1]
            place += 1
        if place < len(spans) and at > before:
            _add(spent[place], level, at - before)
            before = at
        level += step
    return spent


def _add(levels: list[float], level: int, length: float) -> None:
    while len(levels) <= level:
        levels.append(0.0)
    levels[level] += max(0.0, length)


# -- finer questions -----------------------------------------------------------------------------


class KindFigures(Struct, frozen=True):
    """What customers of one kind met."""

    name: str
    customers: int
    p_wait: float
    mean_wait: float
    p95_wait: float
    p_abandon: float


def by_kind(visits: Visits, scenario: Scenario, at: Span) -> tuple[KindFigures, ...]:
    """The figures of each kind of customers."""
    return tuple(
        _of_kind(visits, at, place, kind.name) for place, kind in enumerate(scenario.kinds)
    )


def _of_kind(visits: Visits, at: Span, place: int, name: str) -> KindFigures:
    cut = slice(at.first, at.last)
    chosen = [kind == place for kind in visits.kinds[cut]]
    waits = list(compress(visits.waited[cut], chosen))
    agents = list(compress(visits.agents[cut], chosen))
    total = len(waits)
    return KindFigures(
        name=name,
        customers=total,
        p_wait=_ratio(total - waits.count(0.0), total),
        mean_wait=_ratio(fsum(waits), total),
        p95_wait=quantile(waits, 0.95),
        p_abandon=_ratio(agents.count(None), total),
    )


def answered_within(visits: Visits, at: Span, seconds: float) -> float:
    """The share of all customers of a span who were answered after at most so long, O(n)."""
    cut = slice(at.first, at.last)
    columns = zip(visits.waited[cut], visits.agents[cut], strict=True)
    in_time = sum(waited <= seconds and agent is not None for waited, agent in columns)
    return _ratio(in_time, at.last - at.first)


def mean_wait_answered(visits: Visits, at: Span) -> float:
    """The mean wait of those of a span who were answered, O(n)."""
    cut = slice(at.first, at.last)
    answered = [agent is not None for agent in visits.agents[cut]]
    return _ratio(fsum(compress(visits.waited[cut], answered)), sum(answered))


def abandoned(visits: Visits, at: Span) -> float:
    """The share of all customers of a span who gave up in line, O(n)."""
    return _ratio(visits.agents[at.first : at.last].count(None), at.last - at.first)


def offered_waits(visits: Visits, at: Span) -> list[float]:
    """How long customers would have waited had they not given up, first come first served.

    Who gave up would have got the first slot that came free after he left and after the last one
    before him had begun. For one line of alike agents with a slot each.
    """
    ends = sorted(end for _, _, end in stints_of(visits))
    found, begun = [], 0.0
    columns = zip(visits.arrived, visits.waited, visits.agents, strict=True)
    for number, (came, waited, agent) in enumerate(columns):
        offered = waited
        if agent is None:
            place = bisect_left(ends, max(came + waited, begun))
            place += place < len(ends) and ends[place] == begun
            offered = (ends[place] if place < len(ends) else came + waited) - came
        else:
            begun = came + waited
        if at.first <= number < at.last:
            found.append(offered)
    return found
