"""How much chance there is in a simulated figure of a planned hour, by theory."""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, count, islice
from operator import mul

from chatdesk.simulation.formulas.checks import stable
from chatdesk.simulation.formulas.concurrency import Floor
from chatdesk.simulation.planning import (
    AbandonAtMost,
    AnswerSpeed,
    AnswerWithin,
    Staffing,
    Target,
    floor_of,
)

NEGLIGIBLE = 1e-14
"""A state so much rarer than the commonest is left out."""


def standard_error(staffing: Staffing, target: Target, customers: int) -> float:
    """How far so many simulated customers stray from a right plan's figure, one sigma.

    By the chain of chats on the desk with the load spread evenly, O(states). Batches that are
    short against the time in which a desk forgets a rush see too little of this: long lines are
    rare, and come in clumps.

    Raises `InvalidParameter`, and `UnstableModel` for a desk whose line grows for ever.
    """
    floor = floor_of(staffing.demand, staffing.agents)
    chances = _chances(floor)
    slots = floor.agents * floor.limit
    full = _ending(floor, slots)
    values = [0.0] * slots + list(
        islice(_troubles(floor, full, target), max(0, len(chances) - slots))
    )
    variance = asymptotic_variance(chances, floor.arrival_rate, values)
    return math.sqrt(variance * floor.arrival_rate / customers)


def asymptotic_variance(
    chances: Sequence[float], arrival_rate: float, values: Sequence[float]
) -> float:
    """The variance of a time average of `values[state]`, times the time, of a birth-death chain.

    Whitt 1992, "Asymptotic formulas for Markov processes with applications to simulation",
    Operations Research 40, pages 279-291; O(states).
    """
    mean = math.fsum(map(mul, chances, values))
    steps = accumulate(p * (value - mean) for p, value in zip(chances, values, strict=False))
    return 2 * math.fsum(
        below * below / (arrival_rate * p)
        for below, p in zip(steps, chances, strict=True)
        if p > NEGLIGIBLE
    )


def _chances(floor: Floor) -> list[float]:
    """Of 0, 1, 2, … chats on the desk and in line, until they no longer matter."""
    slots = floor.agents * floor.limit
    if floor.abandonment_rate == 0:
        stable(floor.arrival_rate, _ending(floor, slots))
    logs, highest = [0.0], 0.0
    while len(logs) <= slots or logs[-1] > highest + math.log(NEGLIGIBLE):
        logs.append(logs[-1] + math.log(floor.arrival_rate / _ending(floor, len(logs))))
        highest = max(highest, logs[-1])
    weights = [math.exp(one - highest) for one in logs]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _ending(floor: Floor, chats: int) -> float:
    """The rate at which so many chats become one less."""
    served = min(chats, floor.agents * floor.limit)
    level, more = divmod(served, floor.agents)
    leaving = floor.leaving_rate_by_level or (0.0,) * (floor.limit + 1)
    rates = [
        rate + k * leave
        for k, (rate, leave) in enumerate(zip(floor.rate_by_level, leaving, strict=True))
    ]
    above = more * rates[level + 1] if more else 0.0
    return above + (floor.agents - more) * rates[level] + floor.abandonment_rate * (chats - served)


def _troubles(floor: Floor, full_rate: float, target: Target) -> Iterator[float]:
    """What the target counts for who comes when all are busy and 0, 1, 2, … are in line."""
    match target:
        case AnswerWithin():  # not more than so many begin in time, patience aside
            begun = full_rate * target.seconds
            return accumulate(
                math.exp(k * math.log(begun) - begun - math.lgamma(k + 1))
                if begun
                else float(not k)
                for k in count()
            )
        case AnswerSpeed():
            return (k / floor.arrival_rate for k in count())
        case AbandonAtMost():
            return (k * floor.abandonment_rate / floor.arrival_rate for k in count())
