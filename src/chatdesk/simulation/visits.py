"""What happened to each customer, in columns."""

from array import array
from collections.abc import Iterator

import attrs
from msgspec import Struct

from chatdesk.model.ids import AgentId


class Stint(Struct, frozen=True, gc=False):
    """A chat in an agent's hands."""

    agent: AgentId
    begin: float
    end: float


@attrs.define(eq=False)
class Visits:
    """Every customer by his number, which is the order of arrivals.

    Columns cost some 35 bytes a customer, where an object each would cost ten times as much.
    """

    arrived: "array[float]"
    waited: "array[float]"
    """In line, whether an agent or the customer ended it."""
    ended: "array[float]"
    """When he left, served or not."""
    agents: list[AgentId | None]
    """Who served him; `None` when he gave up in line."""
    kinds: "array[int]"
    """The place of his kind in the scenario."""
    unfinished: set[int] = attrs.field(factory=set)
    """Who left while served."""
    moved: set[int] = attrs.field(factory=set)
    """Who was transferred: `agents` says who had him last, `others` who had him when."""
    others: list[Stint] = attrs.field(factory=list)
    """Chats in agents' hands that the columns do not tell: open at the start, or transferred."""

    @classmethod
    def of(cls, count: int) -> "Visits":
        """Columns for so many customers, of whom nothing is known yet."""
        blank = array("d", bytes(8 * count))
        kinds = array("H", bytes(2 * count))
        return cls(blank, blank[:], blank[:], [None] * count, kinds)

    def __len__(self) -> int:
        return len(self.arrived)

    def cut(self, count: int) -> None:
        """Forget all from a number on: fewer came than there is room for."""
        for column in (self.arrived, self.waited, self.ended, self.agents, self.kinds):
            del column[count:]

    def same_course(self, other: "Visits", within: float) -> bool:
        """Whether everybody had the same agent, and waits are the same but for so much."""
        pairs = zip(self.waited, other.waited, strict=True)
        return self.agents == other.agents and all(abs(a - b) <= within for a, b in pairs)


def give_up(visits: Visits, number: int, now: float) -> None:
    """A customer's patience is over."""
    visits.waited[number], visits.ended[number] = now - visits.arrived[number], now


def stints_of(visits: Visits) -> Iterator[tuple[AgentId, float, float]]:
    """Who had a chat, from when, until when; of all chats, in no special order."""
    columns = zip(visits.arrived, visits.waited, visits.ended, visits.agents, strict=True)
    for number, (came, waited, ended, agent) in enumerate(columns):
        if agent is not None and number not in visits.moved:
            yield agent, came + waited, ended
    for stint in visits.others:
        yield stint.agent, stint.begin, stint.end
