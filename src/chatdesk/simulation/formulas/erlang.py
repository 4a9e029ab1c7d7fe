"""Erlang B, C and A: one line, equal agents, one chat each.

All need O(agents) steps, plus the length of line that matters, and are stable at 10,000 agents.
"""

import math

from msgspec import Struct

from chatdesk.simulation.formulas.backlog import Backlog, backlog
from chatdesk.simulation.formulas.checks import count, not_negative, positive, stable


class LossQueue(Struct, frozen=True):
    """A desk without a waiting line (Erlang B, M/M/n/n).

    `p_block` is the share of arrivals turned away, `utilisation` an agent's share of busy time,
    `mean_in_system` the mean number of chats, `throughput` the rate of finished chats.
    """

    p_block: float
    utilisation: float
    mean_in_system: float
    throughput: float


class PatientQueue(Struct, frozen=True):
    """A desk whose customers all wait until they are served (Erlang C, M/M/n).

    `mean_queue` counts who waits, `mean_in_system` also who is served; `mean_sojourn` is the wait
    and the chat together.
    """

    p_wait: float
    mean_wait: float
    mean_queue: float
    mean_in_system: float
    utilisation: float
    mean_sojourn: float


class ImpatientQueue(Struct, frozen=True):
    """A desk whose customers give up after an exponential patience (Erlang A, M/M/n+M).

    `mean_wait` is of all, `mean_wait_answered` of those who are served, and `mean_offered_wait`
    what somebody with endless patience would wait. `p_wait` is the share that does not find a free
    agent, `p_abandon` the share of all that gives up, `throughput` the rate of finished chats.
    `qed_beta` is (1 - load) * sqrt(agents), the place between quality (above 0) and economy (below)
    in the sense of Halfin and Whitt (1981).
    """

    p_wait: float
    p_abandon: float
    mean_wait: float
    mean_wait_answered: float
    mean_offered_wait: float
    mean_queue: float
    mean_in_system: float
    utilisation: float
    throughput: float
    qed_beta: float


def blocking(agents: int, load: float) -> float:
    """Return Erlang's B for `load` = arrival rate / service rate, without checks.

    By the recursion 1/B(n) = 1 + n/(load B(n-1)) turned over, in which errors shrink (Jagerman
    1974, "Some properties of the Erlang loss function").
    """
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_b(agents: int, arrival_rate: float, service_rate: float) -> LossQueue:
    """Return the steady state of a desk that turns away whoever finds no free agent.

    Source: Erlang 1917. Exact; raises InvalidParameter.
    """
    count("agents", agents)
    load = positive("arrival_rate", arrival_rate) / positive("service_rate", service_rate)
    blocked = blocking(agents, load)
    chats = load * (1 - blocked)
    return LossQueue(
        p_block=blocked,
        utilisation=chats / agents,
        mean_in_system=chats,
        throughput=chats * service_rate,
    )


def erlang_c(agents: int, arrival_rate: float, service_rate: float) -> PatientQueue:
    """Return the steady state of a desk where everybody waits until served.

    Source: Erlang 1917. Exact; raises InvalidParameter, and UnstableModel when the agents cannot
    keep up.
    """
    load, waits = _waits(agents, arrival_rate, service_rate)
    mean_wait = waits / (agents * service_rate - arrival_rate)
    return PatientQueue(
        p_wait=waits,
        mean_wait=mean_wait,
        mean_queue=arrival_rate * mean_wait,
        mean_in_system=arrival_rate * mean_wait + load,
        utilisation=load / agents,
        mean_sojourn=mean_wait + 1 / service_rate,
    )


def erlang_c_wait_beyond(
    agents: int, arrival_rate: float, service_rate: float, after: float
) -> float:
    """Return the share of customers who wait longer than `after` in `erlang_c`."""
    _, waits = _waits(agents, arrival_rate, service_rate)
    spare = agents * service_rate - arrival_rate
    return waits * math.exp(-spare * not_negative("after", after))


def _waits(agents: int, arrival_rate: float, service_rate: float) -> tuple[float, float]:
    count("agents", agents)
    load = positive("arrival_rate", arrival_rate) / positive("service_rate", service_rate)
    stable(arrival_rate, agents * service_rate)
    blocked = blocking(agents, load)
    return load, agents * blocked / (agents - load * (1 - blocked))


def erlang_a(
    agents: int, arrival_rate: float, service_rate: float, abandonment_rate: float
) -> ImpatientQueue:
    """Return the steady state of a desk whose customers give up at `abandonment_rate` each.

    Source: Palm 1957; Garnett, Mandelbaum and Reiman 2002. Lines less likely than 1e-20 of the
    likeliest are cut, so the results are exact to rounding. Raises InvalidParameter.
    """
    line, unit = _line(agents, arrival_rate, service_rate, abandonment_rate)
    queue = line.queue * unit
    abandoned = abandonment_rate * queue / arrival_rate
    served = arrival_rate * (1 - abandoned)
    load = arrival_rate / service_rate
    return ImpatientQueue(
        p_wait=min(1.0, line.total * unit),
        p_abandon=abandoned,
        mean_wait=queue / arrival_rate,
        mean_wait_answered=line.answered_wait * unit / (1 - abandoned),
        mean_offered_wait=line.offered_wait * unit,
        mean_queue=queue,
        mean_in_system=queue + served / service_rate,
        utilisation=served / (agents * service_rate),
        throughput=served,
        qed_beta=(1 - load / agents) * math.sqrt(agents),
    )


def erlang_a_wait_beyond(
    agents: int, arrival_rate: float, service_rate: float, abandonment_rate: float, after: float
) -> float:
    """Return the share of customers who are still in line after `after` in `erlang_a`."""
    line, unit = _line(agents, arrival_rate, service_rate, abandonment_rate)
    kept_patience = math.exp(-abandonment_rate * not_negative("after", after))
    return kept_patience * line.offered_beyond(after) * unit


def erlang_a_answered_within(
    agents: int, arrival_rate: float, service_rate: float, abandonment_rate: float, within: float
) -> float:
    """Return the share of all customers who are answered at latest `within` after arrival."""
    line, unit = _line(agents, arrival_rate, service_rate, abandonment_rate)
    late = line.answered_beyond(not_negative("within", within)) * unit
    return 1 - abandonment_rate * line.queue * unit / arrival_rate - late


def _line(
    agents: int, arrival_rate: float, service_rate: float, abandonment_rate: float
) -> tuple[Backlog, float]:
    """Return the line above the full state and the factor that makes its weights chances."""
    count("agents", agents)
    load = positive("arrival_rate", arrival_rate) / positive("service_rate", service_rate)
    positive("abandonment_rate", abandonment_rate)
    blocked = blocking(agents, load)
    line = backlog(arrival_rate, agents * service_rate, abandonment_rate)
    return line, blocked / (line.head + blocked * (line.total - line.head))
