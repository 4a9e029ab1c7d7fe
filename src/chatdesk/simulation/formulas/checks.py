"""The checks every formula makes before it computes."""

import math
from collections.abc import Sequence

from chatdesk.simulation.errors import InvalidParameter, UnstableModel


def positive(name: str, value: float) -> float:
    """Return `value` as a float; raise InvalidParameter unless it is finite and above zero."""
    if not math.isfinite(value) or value <= 0:
        raise InvalidParameter(f"{name} is {value!r}: give a finite number above 0")
    return float(value)


def not_negative(name: str, value: float) -> float:
    """Return `value` as a float; raise InvalidParameter unless it is finite and at least zero."""
    if not math.isfinite(value) or value < 0:
        raise InvalidParameter(f"{name} is {value!r}: give a finite number of at least 0")
    return float(value)


def count(name: str, value: int, least: int = 1) -> int:
    """Return `value`; raise InvalidParameter unless it is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidParameter(f"{name} is {value!r}: give a whole number of at least {least}")
    return value


def share(name: str, value: float) -> float:
    """Return `value`; raise InvalidParameter unless it lies between 0 and 1."""
    if not 0 <= value <= 1:
        raise InvalidParameter(f"{name} is {value!r}: give a share between 0 and 1")
    return float(value)


def stable(arrival_rate: float, full_rate: float) -> None:
    """Raise UnstableModel unless customers who never give up can be served in the long run."""
    if arrival_rate >= full_rate:
        raise UnstableModel(
            f"{arrival_rate:g} chats arrive for {full_rate:g} that can be finished per unit of "
            "time and nobody gives up: add agents, or give an abandonment rate"
        )


def rates_by_level(name: str, rates: Sequence[float]) -> tuple[float, ...]:
    """Return the rates; raise InvalidParameter unless level 0 is 0 and none is negative."""
    if len(rates) <= 1 or rates[0] != 0:
        raise InvalidParameter(f"{name} is {rates!r}: give 0 for level 0, then a rate a level")
    return tuple(not_negative(f"{name}[{level}]", rate) for level, rate in enumerate(rates))
