"""Equal agents and customers who all give up after the same fixed time (M/M/n+D)."""

import math

from msgspec import Struct

from chatdesk.simulation.formulas.checks import count, not_negative, positive
from chatdesk.simulation.formulas.erlang import blocking

_SERIES_BELOW = 0.5
_SERIES_TERMS = 20


class FixedPatienceQueue(Struct, frozen=True):
    """A desk whose customers wait `patience` and then give up.

    `mean_wait` is of all customers: who gives up has waited exactly the patience.
    """

    p_wait: float
    p_abandon: float
    mean_wait: float
    mean_wait_answered: float
    mean_queue: float
    utilisation: float
    throughput: float


class _Waits(Struct, frozen=True):
    """The law of the offered wait: exponential in v with `drift` below the patience.

    `peak` is its density where it is largest: just above 0, or at the patience under overload.
    """

    peak: float
    drift: float
    patience: float
    given_up: float

    def between(self, start: float) -> float:
        """Share of customers with an offered wait above `start`, but below the patience."""
        span = self.patience - start
        below_peak = math.exp(-self.drift * start) if self.drift > 0 else 1.0
        return self.peak * below_peak * span * _mean(abs(self.drift) * span)

    def moment(self) -> float:
        """Mean of the offered wait where it is below the patience, else 0."""
        y = abs(self.drift) * self.patience
        first = _first_moment(y) if self.drift >= 0 else _mean(y) - _first_moment(y)
        return self.peak * self.patience**2 * first


def fixed_patience(
    agents: int, arrival_rate: float, service_rate: float, patience: float
) -> FixedPatienceQueue:
    """Return the steady state when all customers give up after `patience`.

    By level crossing, the offered wait has the density of M/M/n below the patience and nobody
    joins above it (Baccelli and Hebuterne 1981, "On queues with impatient customers"; Zeltyn and
    Mandelbaum 2005). Exact, O(agents), at any load; raises InvalidParameter.
    """
    waits = _waits(agents, arrival_rate, service_rate, patience)
    answered_late = waits.moment()
    served = 1 - waits.given_up
    mean_wait = answered_late + patience * waits.given_up
    return FixedPatienceQueue(
        p_wait=min(1.0, waits.between(0.0) + waits.given_up),
        p_abandon=waits.given_up,
        mean_wait=mean_wait,
        mean_wait_answered=answered_late / served,
        mean_queue=arrival_rate * mean_wait,
        utilisation=arrival_rate * served / (agents * service_rate),
        throughput=arrival_rate * served,
    )


def fixed_patience_wait_beyond(
    agents: int, arrival_rate: float, service_rate: float, patience: float, after: float
) -> float:
    """Return the share of customers still in line after `after`; 0 from the patience on."""
    waits = _waits(agents, arrival_rate, service_rate, patience)
    if not_negative("after", after) >= patience:
        return 0.0
    return waits.between(after) + waits.given_up


def _waits(agents: int, arrival_rate: float, service_rate: float, patience: float) -> _Waits:
    """Normalise the density, relative to its larger end so that nothing overflows."""
    count("agents", agents)
    load = positive("arrival_rate", arrival_rate) / positive("service_rate", service_rate)
    full_rate = agents * service_rate
    drift = full_rate - arrival_rate
    y = drift * positive("patience", patience)
    below, blocked = math.exp(min(y, 0.0)), blocking(agents - 1, load)
    edge = blocked * arrival_rate * math.exp(-max(y, 0.0)) / full_rate
    inside = blocked * arrival_rate * patience * _mean(abs(y))
    total = below + inside + edge
    return _Waits(blocked * arrival_rate / total, drift, patience, edge / total)


def _mean(y: float) -> float:
    """Integral of exp(-y u) over u from 0 to 1."""
    return 1.0 if y == 0 else -math.expm1(-y) / y


def _first_moment(y: float) -> float:
    """Integral of u exp(-y u) over u from 0 to 1; by its series where the closed form cancels."""
    if y >= _SERIES_BELOW:
        return (1 - (1 + y) * math.exp(-y)) / y**2
    return math.fsum((-y) ** k / (math.factorial(k) * (k + 2)) for k in range(_SERIES_TERMS))
