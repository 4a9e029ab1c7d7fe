"""One agent who shares a constant speed between several chats (limited processor sharing)."""

from msgspec import Struct

from chatdesk.simulation.formulas.checks import count, positive, stable


class SharingQueue(Struct, frozen=True):
    """An agent with a limit of chats at once; who comes when it is reached waits."""

    p_wait: float
    mean_wait: float
    mean_queue: float
    mean_in_system: float
    mean_sojourn: float
    utilisation: float


def limited_sharing(arrival_rate: float, service_rate: float, limit: int) -> SharingQueue:
    """Return the steady state of one agent whose speed is shared by at most `limit` chats.

    With exponential work the number of customers is that of M/M/1 whatever the limit; only
    the place where they wait changes (Avi-Itzhak and Halfin 1988). Exact; raises InvalidParameter
    and UnstableModel.
    """
    count("limit", limit)
    load = positive("arrival_rate", arrival_rate) / positive("service_rate", service_rate)
    stable(arrival_rate, service_rate)
    spare = service_rate - arrival_rate
    waits = load**limit
    return SharingQueue(
        p_wait=waits,
        mean_wait=waits / spare,
        mean_queue=arrival_rate * waits / spare,
        mean_in_system=arrival_rate / spare,
        mean_sojourn=1 / spare,
        utilisation=load,
    )
