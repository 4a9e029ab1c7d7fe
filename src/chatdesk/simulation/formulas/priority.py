"""Customers of several classes in one line, the more urgent first, no chat interrupted."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from msgspec import Struct

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.formulas.checks import positive
from chatdesk.simulation.formulas.erlang import erlang_c


class PriorityQueue(Struct, frozen=True):
    """Waits with priorities; `mean_wait_by_class[0]` is the most urgent class."""

    p_wait: float
    mean_wait: float
    mean_wait_by_class: tuple[float, ...]
    mean_queue_by_class: tuple[float, ...]
    utilisation: float


def nonpreemptive_priority(
    agents: int, arrival_rates: Sequence[float], service_rate: float
) -> PriorityQueue:
    """Return the waits when the first class goes before the second, and so on.

    W(k) = W0 / ((1 - s(k-1)) (1 - s(k))), where s(k) is the load of the first k classes per agent
    and W0 the mean time until an agent comes free (Cobham 1954; Davis 1966; Kella and Yechiali
    1985). The mean over all classes is Erlang C's wait. Exact, O(agents + classes).

    Raises InvalidParameter, and UnstableModel when all classes together are too much.
    """
    if not arrival_rates:
        raise InvalidParameter("arrival_rates is empty: give the rate of at least one class")
    rates = [positive(f"arrival_rates[{k}]", rate) for k, rate in enumerate(arrival_rates)]
    whole = erlang_c(agents, sum(rates), service_rate)
    full_rate = agents * service_rate
    left = [1 - load / full_rate for load in accumulate(rates, initial=0.0)]
    waits = tuple(whole.p_wait / full_rate / (before * after) for before, after in pairwise(left))
    queues = tuple(rate * wait for rate, wait in zip(rates, waits, strict=True))
    return PriorityQueue(
        p_wait=whole.p_wait,
        mean_wait=sum(queues) / sum(rates),
        mean_wait_by_class=waits,
        mean_queue_by_class=queues,
        utilisation=whole.utilisation,
    )
