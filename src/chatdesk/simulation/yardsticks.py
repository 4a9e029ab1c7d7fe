"""Policies that no desk should run, to hold the simulator and better policies against."""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import count, islice

import attrs

from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import Chat
from chatdesk.rules.orders import Rank
from chatdesk.rules.policies import AssignmentPolicy, RankedPolicy
from chatdesk.rules.roster import Staff
from chatdesk.rules.staff import Seat


@attrs.frozen
class MostBusy(RankedPolicy):
    """Fills one agent before it begins with the next."""

    def rank(self, seat: Seat) -> Rank:
        """The highest load first."""
        return (-seat.load,)


@attrs.frozen
class InOrder(RankedPolicy):
    """Always the first of a list who has room, such as the fastest."""

    ids: tuple[AgentId, ...]
    _places: dict[AgentId, int] = attrs.field(init=False, eq=False)

    @_places.default
    def _count(self) -> dict[AgentId, int]:
        return {agent_id: place for place, agent_id in enumerate(self.ids)}

    def rank(self, seat: Seat) -> Rank:
        """By the place in the list; who is not in it comes last."""
        return (self._places.get(seat.id, len(self.ids)),)


@attrs.frozen
class PowerOfChoices(AssignmentPolicy):
    """The less busy of several different agents drawn by a hash (Mitzenmacher 2001).

    Of all who are eligible, where they are no more than `choices`.
    """

    choices: int = 2
    seed: int = 0

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:  # noqa: ARG002
        """Of those drawn, the one with the lowest load, then turn, place and id."""
        most = sum(1 for _ in islice(staff.eligible(chat), self.choices))
        drawn: dict[AgentId, Seat] = {}
        for number in _numbers(f"{self.seed}:{chat.id}"):
            agent_id = staff.pick(number, chat)
            seat = None if agent_id is None else staff.get(agent_id)
            if seat is None:
                return None
            drawn[seat.id] = seat
            if len(drawn) >= most:
                break
        return min(drawn.values(), key=lambda s: (s.load, s.turn, s.place, s.id)).id


def _numbers(text: str) -> Iterator[int]:
    """Numbers below 2 ** 32 that look drawn, without end, the same in every process."""
    for block in count():
        digest = blake2b(f"{block}:{text}".encode(), digest_size=64).digest()
        for place in range(0, 64, 4):
            yield int.from_bytes(digest[place : place + 4], "big")
