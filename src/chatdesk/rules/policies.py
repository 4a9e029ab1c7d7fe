"""Assignment policies: who gets a chat.

A policy is a rule, not a service: it keeps nothing between calls, reads no clock and draws no lots.
What it may ask of an agent are the facts of his seat; what has to be remembered is one of them.
"""

# ruff: noqa: ARG002  # a rule is handed all that any rule of its kind may want

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType

import attrs

from chatdesk.model.ids import AgentId, ChatId, Instant, Seconds
from chatdesk.model.records import Chat
from chatdesk.rules.orders import Rank
from chatdesk.rules.roster import Staff
from chatdesk.rules.staff import Seat, language_tag


class AssignmentPolicy(ABC):
    """Chooses the agent who gets a chat.

    A waiting chat is asked about when it comes or changes, when an agent who covers its need comes
    or gives a slot back, and at `look_again_at`. A policy that answers `None` for one chat may
    answer for the next in line, so after such an event all chats in question are gone through:
    O(n) for n of them, where a policy which always answers costs a constant.
    """

    @abstractmethod
    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """One of the eligible agents, who has room; or `None` to let the chat wait."""

    def look_again_at(self, chat: Chat, now: Instant) -> Instant | None:
        """When the answer may change by time alone, later than `now`; `None` for never."""
        return None

    def waits_for(self, chat: Chat) -> AgentId | None:
        """An agent whose leaving may change the answer from `None`, if there is one."""
        return None


class RankedPolicy(AssignmentPolicy):
    """Chooses the agent of the lowest rank, then by id; the staff is kept sorted by it.

    A choice costs O(log n) instead of a look at every agent. `rank` must depend on nothing but the
    seat's facts and the policy's own settings.
    """

    @abstractmethod
    def rank(self, seat: Seat) -> Rank:
        """A tuple to compare; the lowest is chosen."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The eligible agent of the lowest rank."""
        return staff.ranked(self, chat)


@attrs.frozen
class LeastBusy(AssignmentPolicy):
    """The most available agent (C15), and among equals whoever had fewest chats (C16).

    Lowest load, then lowest turn, then idle longest, then id. The turn counts chats received, and
    who comes back starts no lower than the others are (start-time fair queueing, Goyal, Vin and
    Cheng 1996): he shares from now on and is not flooded with what he missed.
    """

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The least busy agent."""
        return staff.least_busy(chat)


@attrs.frozen
class LongestIdle(AssignmentPolicy):
    """Who took or gave back a slot longest ago, whatever he holds."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The agent who is idle longest."""
        return staff.longest_idle(chat)


@attrs.frozen
class RoundRobin(RankedPolicy):
    """In turns: who was assigned a chat longest ago."""

    def rank(self, seat: Seat) -> Rank:
        """By the order of last assignments."""
        return (seat.last_assigned_place,)


@attrs.frozen
class MostRoom(AssignmentPolicy):
    """The agent with most free slots, for a staff whose capacities differ."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The agent with most room."""
        return staff.most_room(chat)


@attrs.frozen
class Ring:
    """Whom a chat may go to once it has waited `after` seconds."""

    after: Seconds
    language: bool = True
    """Only agents who speak the visitor's language."""
    skills: tuple[str, ...] = ()
    """Only agents who have these too, beyond what the chat needs."""

    def tags(self, chat: Chat) -> frozenset[str]:
        """What it asks for beyond the chat's need."""
        if self.language and chat.language is not None:
            return frozenset((language_tag(chat.language), *self.skills))
        return frozenset(self.skills)


@attrs.frozen
class Skilled(AssignmentPolicy):
    """The best match, first in a narrow ring of agents and after some wait in wider ones.

    By default a visitor waits 30 seconds for somebody who speaks his language; a single ring that
    asks for the language makes it a must. Inside a ring the least busy is chosen, then the one
    with fewest skills: generalists are kept for the chats that need them, as with the
    overflow routing of Wallace and Whitt (2005).
    """

    rings: tuple[Ring, ...] = (Ring(0.0), Ring(30.0, language=False))

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The best match of the narrowest ring that has one."""
        for ring in self.rings:
            if chat.queued_at + ring.after <= now:
                agent_id = staff.best_match(chat, ring.tags(chat))
                if agent_id is not None:
                    return agent_id
        return None

    def look_again_at(self, chat: Chat, now: Instant) -> Instant | None:
        """When the next ring opens."""
        opens = (chat.queued_at + ring.after for ring in self.rings)
        return min((at for at in opens if at > now), default=None)


@attrs.frozen
class PreferredAgent(AssignmentPolicy):
    """The agent whom the chat prefers, else who had it last; after a grace anybody.

    While he is there and covers its need, the chat waits up to `grace_seconds` for room at him.
    """

    otherwise: AssignmentPolicy = attrs.field(factory=LeastBusy)
    grace_seconds: Seconds = 30.0

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The preferred agent; nobody while he is worth waiting for; then by `otherwise`."""
        preferred = _preferred(chat)
        if preferred is not None and staff.covers(preferred, chat):
            if staff.has_room(preferred):
                return preferred
            if now < chat.queued_at + self.grace_seconds:
                return None
        return self.otherwise.choose(chat, staff, now)

    def look_again_at(self, chat: Chat, now: Instant) -> Instant | None:
        """When the grace ends, or when the other policy says."""
        other = self.otherwise.look_again_at(chat, now)
        ends = chat.queued_at + self.grace_seconds
        if _preferred(chat) is None or ends <= now:
            return other
        return ends if other is None else min(ends, other)

    def waits_for(self, chat: Chat) -> AgentId | None:
        """The preferred agent, and without one whomever the other policy waits for."""
        return _preferred(chat) or self.otherwise.waits_for(chat)


def _preferred(chat: Chat) -> AgentId | None:
    if chat.preferred_agent is not None:
        return chat.preferred_agent
    return chat.agents[-1] if chat.agents else None


@attrs.frozen
class SeededRandom(AssignmentPolicy):
    """Any eligible agent, by a hash: the yardstick of a rule without a thought."""

    seed: int = 0

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The agent that the hash of seed, chat and epoch points at."""
        return staff.pick(_draw(self.seed, chat.id, chat.epoch), chat)


@attrs.frozen
class PowerOfTwo(AssignmentPolicy):
    """The less busy of two drawn by a hash (Mitzenmacher 2001), as a yardstick."""

    seed: int = 0

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Of the two drawn, with replacement, the one with the lower load, turn, place and id."""
        number = _draw(self.seed, chat.id, chat.epoch)
        one, two = staff.pick(number >> 32, chat), staff.pick(number & 0xFFFFFFFF, chat)
        seats = (staff.get(agent_id) for agent_id in (one, two) if agent_id is not None)
        drawn = [seat for seat in seats if seat is not None]
        best = min(drawn, key=lambda s: (s.load, s.turn, s.place, s.id), default=None)
        return None if best is None else best.id


def _draw(seed: int, chat_id: ChatId, epoch: int) -> int:
    """A number below 2**64 that looks drawn and is the same in every process."""
    text = f"{seed}:{epoch}:{chat_id}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def _most_gain() -> AssignmentPolicy:
    from chatdesk.rules.advanced import MostGain  # noqa: PLC0415  # it builds on this module

    return MostGain()


POLICIES: Mapping[str, Callable[[], AssignmentPolicy]] = MappingProxyType(
    {
        "least_busy": LeastBusy,
        "longest_idle": LongestIdle,
        "round_robin": RoundRobin,
        "most_room": MostRoom,
        "skilled": Skilled,
        "preferred_agent": PreferredAgent,
        "most_gain": _most_gain,
        "random": SeededRandom,
        "power_of_two": PowerOfTwo,
    }
)
"""The built-in policies by the names that a queue's setup gives."""
