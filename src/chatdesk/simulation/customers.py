"""Who comes: the same customers for the same seed, whatever the desk does with them."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice, repeat
from operator import itemgetter
from typing import TypeAlias

from chatdesk.model.ids import ChatId
from chatdesk.model.records import Chat
from chatdesk.model.values import ChatState
from chatdesk.simulation.laws import draws
from chatdesk.simulation.scenario import QUEUE, Kind
from chatdesk.simulation.streams import Seed, stream

WAITING = ChatState.WAITING
"""Here, because looking a member up in its class costs a tenth of making a chat."""

Customer: TypeAlias = tuple[float, float, float, int]
"""When he comes, how long he waits at most, how much work he is, and the place of his kind.

A bare tuple, because hundreds of thousands of them are made and dropped a second.
"""


def customers(kinds: Sequence[Kind], seed: Seed, most: int) -> Iterator[Customer]:
    """The first customers of all kinds in the order of their arrivals, at most so many."""
    streams = [_of_kind(kind, place, seed) for place, kind in enumerate(kinds)]
    together = streams[0] if len(streams) == 1 else merge(*streams, key=itemgetter(0))
    return islice(together, most)


def _of_kind(kind: Kind, place: int, seed: Seed) -> Iterator[Customer]:
    return zip(
        kind.arrivals.times(stream(seed, "arrivals", kind.name)),
        draws(kind.patience, stream(seed, "patience", kind.name)),
        draws(kind.work, stream(seed, "work", kind.name)),
        repeat(place),
        strict=False,
    )


def chat_of(number: int, at: float, kind: Kind) -> Chat:
    """A customer as policies and disciplines see him: a chat that waits."""
    chat_id = f"c-{number}"
    return Chat(
        id=chat_id,
        state=WAITING,
        queue=QUEUE,
        visitor=chat_id,
        customer=chat_id,
        language=kind.language,
        skills=kind.skills,
        priority=kind.priority,
        requested_at=at,
        waiting_since=at,
        queued_at=at,
        line=number,
    )


def chat_id_of(number: int) -> ChatId:
    """The id of a customer's chat, as a desk gives it for a `fresh` id of his number."""
    return f"c-{number}"
