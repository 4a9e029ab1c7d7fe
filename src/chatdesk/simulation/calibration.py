"""What a log says of patience and of handling, and how true a replay of it is.

Who was answered would have waited longer: his patience is *censored*. Taking only those who gave up
makes customers look impatient, taking waits as patience does so too; the product-limit estimator
(Kaplan and Meier 1958, JASA 53) counts both rightly.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import neg
from random import Random
from statistics import fmean
from typing import TypeAlias

import attrs
from msgspec import Struct

from chatdesk.model.ids import AgentId, QueueId, Seconds
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.history import Asked, History

FEW_LEFT = 20
"""A queue where fewer gave up is believed to be as patient as all queues together."""
LEAST_SECONDS = 1e-3


class Wait(Struct, frozen=True):
    """How long somebody waited, and whether he gave up then; otherwise his patience was longer."""

    seconds: Seconds
    gave_up: bool


@attrs.frozen
class Patience:
    """The chance to wait longer than a time: a curve of steps, and exponential behind its end."""

    at: tuple[Seconds, ...]
    """When somebody gave up, in order."""
    left: tuple[float, ...]
    """The chance to wait longer than that."""
    rate: float
    """How many give up a second of waiting, all waits together."""

    @classmethod
    def of(cls, waits: Iterable[Wait]) -> "Patience":
        """The product-limit estimate; O(n log n). Behind the longest wait the rate is constant.

        The rate is the maximum-likelihood estimate of an exponential patience with censoring: those
        who gave up, by all seconds waited.
        """
        ordered = sorted(waits, key=lambda wait: (wait.seconds, not wait.gave_up))
        at, left, chance = [], [], 1.0
        for place, wait in enumerate(ordered):
            if wait.gave_up:
                chance *= 1 - 1 / (len(ordered) - place)
                at.append(wait.seconds)
                left.append(chance)
        waited = math.fsum(wait.seconds for wait in ordered)
        rate = len(at) / waited if waited else 0.0
        return cls(tuple(at), tuple(left), rate)

    def chance(self, seconds: Seconds) -> float:
        """The chance to wait longer than so many seconds."""
        place = bisect_right(self.at, seconds)
        known = self.left[place - 1] if place else 1.0
        if not self.at or seconds <= self.at[-1]:
            return known
        return known * math.exp(-self.rate * (seconds - self.at[-1]))

    def draw(self, lot: float, waited: Seconds = 0.0) -> Seconds:
        """A patience longer than `waited`, by a lot between 0 and 1; infinite if nobody gave up."""
        if not self.at:
            return math.inf
        wanted = self.chance(waited) * (1.0 - lot)
        place = bisect_right(self.left, -wanted, key=neg)
        if place < len(self.at) and self.at[place] >= waited:
            return self.at[place]
        behind = max(waited, self.at[-1])
        rest = self.chance(behind)
        if rest <= 0 or wanted <= 0 or self.rate <= 0:
            return behind
        return behind + math.log(max(rest / wanted, 1.0)) / self.rate


KindOfWork: TypeAlias = tuple[QueueId, tuple[str, ...]]


@attrs.frozen
class Handling:
    """How long chats take: a level for each kind of work, a factor for each agent, and chance.

    Logarithms are fitted, since handling times are log-normal to good approximation (Brown et al.
    2005, JASA 100, section 4.3). Agents' factors are drawn towards 1 by how little is known of them
    (empirical Bayes; Efron and Morris 1975, JASA 70).
    """

    levels: Mapping[KindOfWork, float]
    agents: Mapping[AgentId, float]
    rests: tuple[float, ...]
    """What neither explains."""

    @classmethod
    def of(cls, history: History) -> "Handling":
        """From all chats that ended; raises `InvalidParameter` when there is none."""
        seen = [
            ((stint.queue, asked.skills), stint.agent, math.log(max(seconds, LEAST_SECONDS)))
            for asked in history.asked
            for stint in asked.stints
            if stint.end is not None and (seconds := stint.end - stint.begin) is not None
        ]
        if not seen:
            raise InvalidParameter("no chat in the log was ever finished: nothing says how long")
        agents: dict[AgentId, float] = {}
        levels: dict[KindOfWork, float] = {}
        for _ in range(8):  # each alone is a mean; in turns they settle (backfitting)
            levels = _means((kind, log - agents.get(who, 0.0)) for kind, who, log in seen)
            agents = _drawn([(who, log - levels[kind]) for kind, who, log in seen])
        rests = tuple(log - levels[kind] - agents[who] for kind, who, log in seen)
        return cls(levels, agents, rests)

    def speed(self, agent: AgentId) -> float:
        """How fast he is against the others: 2 is half the time for the same chat."""
        return math.exp(-self.agents.get(agent, 0.0))

    def moved(self, seconds: Seconds, before: AgentId, after: AgentId) -> Seconds:
        """How long a chat takes another agent than the one whom it took `seconds`."""
        return seconds if before == after else seconds * self.speed(before) / self.speed(after)

    def draw(self, rest: float, asked: Asked, agent: AgentId) -> Seconds:
        """How long a chat takes that never was answered, given its part of chance."""
        level = self.levels.get((asked.queue, asked.skills))
        if level is None:
            level = fmean(self.levels.values())
        return math.exp(level + rest) / self.speed(agent)


class Level(Struct, frozen=True):
    """How fast agents with so many chats finish them, against those with one."""

    chats: int
    ended: int
    """Chats that ended while their agent had so many."""
    seconds: Seconds
    """Time of all agents with so many."""
    rate: float | None
    """Chats finished a second at this level by those at level 1; `None` where nothing tells."""


def crowding(history: History) -> tuple[Level, ...]:
    """How much faster agents with 2, 3, … chats are than with one, from what a log counted.

    Of a level with few chats `ended` the rate is a guess: its error is about rate / sqrt(ended). A
    slot that is held after the talk, in wrap-up, counts as a chat. O(n log n).
    """
    seconds: dict[int, float] = defaultdict(float)
    ended: dict[int, int] = defaultdict(int)
    for changes in _changes(history).values():
        level, before = 0, 0.0
        for at, step in sorted(changes):
            seconds[level] += at - before if level else 0.0
            ended[level] += step < 0
            level, before = level + step, at
    first = ended[1] / seconds[1] if seconds[1] and ended[1] else None
    return tuple(
        Level(
            chats=level,
            ended=ended[level],
            seconds=seconds[level],
            rate=ended[level] / seconds[level] / first if first and seconds[level] else None,
        )
        for level in range(1, max(seconds, default=0) + 1)
    )


def _changes(history: History) -> dict[AgentId, list[tuple[float, int]]]:
    """When each agent began and ended chats, of those that ended."""
    found: dict[AgentId, list[tuple[float, int]]] = defaultdict(list)
    for asked in history.asked:
        for stint in asked.stints:
            if stint.end is not None:
                found[stint.agent] += [(stint.begin, 1), (stint.end, -1)]
    return found


def _means(pairs: Iterable[tuple[KindOfWork, float]]) -> dict[KindOfWork, float]:
    found = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: fmean(values) for key, values in found.items()}


def _drawn(pairs: Sequence[tuple[AgentId, float]]) -> dict[AgentId, float]:
    """Each agent's mean, drawn towards 0 by its own uncertainty."""
    found = defaultdict(list)
    for who, value in pairs:
        found[who].append(value)
    means = {who: fmean(values) for who, values in found.items()}
    within = max(fmean((value - means[who]) ** 2 for who, value in pairs), 1e-12)
    weights = {who: len(values) / within for who, values in found.items()}
    spread = _spread(means, weights)
    return {who: mean * spread / (spread + 1 / weights[who]) for who, mean in means.items()}


def _spread(means: Mapping[AgentId, float], weights: Mapping[AgentId, float]) -> float:
    """The variance of agents' true means (DerSimonian and Laird 1986, equation 8)."""
    whole = math.fsum(weights.values())
    centre = math.fsum(weights[who] * mean for who, mean in means.items()) / whole
    squares = math.fsum(weights[who] * (mean - centre) ** 2 for who, mean in means.items())
    free = whole - math.fsum(weight**2 for weight in weights.values()) / whole
    return max(0.0, (squares - (len(means) - 1)) / free) if free > 0 else 0.0


@attrs.frozen
class Customers:
    """What is believed of a log's customers: their patience by queue, and how long chats take."""

    patience: Mapping[QueueId, Patience]
    handling: Handling

    @classmethod
    def of(cls, history: History) -> "Customers":
        """Fitted to the log."""
        by_queue: dict[QueueId, list[Wait]] = defaultdict(list)
        for asked in history.asked:
            if asked.waited is not None:
                by_queue[asked.queue].append(Wait(asked.waited, asked.gave_up))
        everybody = Patience.of(wait for waits in by_queue.values() for wait in waits)
        patience = dict.fromkeys(history.queues, everybody)
        for queue, waits in by_queue.items():
            own = Patience.of(waits)
            patience[queue] = own if len(own.at) >= FEW_LEFT else everybody
        return cls(patience, Handling.of(history))

    def luck(self, history: History, stream: Random) -> "Luck":
        """What the log leaves open of each customer, by lot: the same for every policy."""
        patience, rests = [], []
        for asked in history.asked:
            lot, rest = stream.random(), stream.choice(self.handling.rests)
            rests.append(rest)
            if asked.left_at is not None:
                patience.append(asked.left_at - asked.at)
            else:
                waited = asked.waited or 0.0
                patience.append(self.patience[asked.queue].draw(lot, waited))
        return Luck(tuple(patience), tuple(rests))


@attrs.frozen
class Luck:
    """For each customer of a log how long he would wait, and chance's part in his handling."""

    patience: tuple[Seconds, ...]
    rests: tuple[float, ...]
