"""A policy that knows what another chat costs: agents' speeds, crowding, and skills kept free.

Where agents are not alike, giving a chat to the least busy wastes time that others wait for. An
agent with k chats works at some total rate; one more changes that rate. `MostGain` gives a chat to
the agent whose rate it raises most, less a price for each skill that it ties up.

With all at one chat at a time that is *fastest server first*, which keeps waits shortest in large
desks (Armony 2005, Queueing Systems 51); with several it is the rule of marginal rates that is best
in the fluid limit for chats (Tezcan and Zhang 2014, Operations Research 62; Long, Tezcan and Zhang
2024). Which agents get the chats is then uneven; `grain` says how much of that is wanted (compare
the fair routing of Armony and Ward 2010, Operations Research 58).
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from chatdesk.model.errors import ConfigurationError
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import Chat
from chatdesk.rules.orders import Rank
from chatdesk.rules.policies import RankedPolicy
from chatdesk.rules.roster import Staff
from chatdesk.rules.staff import Seat


def _frozen(speeds: Mapping[AgentId, float]) -> Mapping[AgentId, float]:
    return MappingProxyType(dict(speeds))


@attrs.frozen
class MostGain(RankedPolicy):
    """The agent whose rate of work another chat raises most; ties as with the least busy.

    An agent of speed s with k chats works at s times `rates[k]`, so one more is worth s times
    (`rates[k + 1]` - `rates[k]`); beyond the list the last step goes on. Without `rates` they are
    k / (1 + `contention` * (k - 1)), by which each chat slows all others down a little (Gunther
    2007, "Guerrilla Capacity Planning", chapter 4, without coherency).

    A level at which another chat would make the agent slower on the whole, or no faster, is never
    reached: the chat waits. That keeps an overloaded desk going, and makes visitors of a quiet one
    wait who would otherwise be answered slowly. Give rates that never fall if that is not wanted.

    O(log n), like all ranked policies. Raises `ConfigurationError` for settings without a meaning.
    """

    speeds: Mapping[AgentId, float] = attrs.field(factory=dict, converter=_frozen, hash=False)
    """How fast agents are, 1 being usual; `chatdesk replay` measures it. Unnamed ones have 1."""
    rates: tuple[float, ...] | None = None
    """Total rate of an agent with 0, 1, 2, … chats, against one chat alone; 0 for none."""
    contention: float = 0.25
    """How much slower a chat is for each other chat of its agent, without `rates`."""
    skill_price: float = 0.1
    """What each tag (queue, skill or language) of an agent counts against giving him a chat."""
    grain: float = 0.1
    """Differences of worth below it count nothing: 0 is the shortest wait, 1 and more nearly even
    shares."""

    def __attrs_post_init__(self) -> None:
        for name in ("contention", "skill_price", "grain"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name} is {value!r}: give a number of at least 0")
        for agent, speed in self.speeds.items():
            if not (math.isfinite(speed) and speed > 0):
                raise ConfigurationError(f"the speed of {agent!r} is {speed!r}: give one above 0")
        if self.rates is not None:
            _check_rates(self.rates)

    def gain(self, seat: Seat) -> float:
        """By how much one more chat raises the rate of an agent."""
        return self.speeds.get(seat.id, 1.0) * self.step(seat.load)

    def step(self, load: int) -> float:
        """The same for an agent of speed 1 with so many chats."""
        rates = self.rates
        if rates is None:
            return _contended(load + 1, self.contention) - _contended(load, self.contention)
        place = min(load + 1, len(rates) - 1)
        return rates[place] - rates[place - 1]

    def rank(self, seat: Seat) -> Rank:
        """The worth of one more chat in whole grains, then load, skills, turn and idleness."""
        worth = self.gain(seat) - self.skill_price * len(seat.skills)
        if self.grain:
            worth = round(worth / self.grain)
        return (-worth, seat.load, len(seat.skills), seat.turn, seat.place)

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The agent of the lowest rank, or nobody where another chat would slow him down."""
        agent_id = super().choose(chat, staff, now)
        seat = None if agent_id is None or self.rates is None else staff.get(agent_id)
        return None if seat is not None and self.step(seat.load) <= 0 else agent_id


def _contended(load: int, contention: float) -> float:
    return load / (1 + contention * (load - 1)) if load else 0.0


def _check_rates(rates: tuple[float, ...]) -> None:
    if len(rates) < 2 or rates[0] != 0 or not rates[1] > 0:  # noqa: PLR2004  # none and one
        raise ConfigurationError(
            f"rates are {rates!r}: begin with 0 for no chat, then a rate above 0 for one, such as "
            "(0, 1, 1.6, 1.9)"
        )
    if not all(math.isfinite(rate) and rate >= 0 for rate in rates):
        raise ConfigurationError(f"rates are {rates!r}: give finite rates of at least 0")
