"""The waiting line of the fast path, short of what a desk needs."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from typing import TypeAlias

import attrs

from chatdesk.rules.disciplines import FirstCome
from chatdesk.simulation.customers import chat_of
from chatdesk.simulation.scenario import Scenario
from chatdesk.simulation.visits import Visits, give_up

Waiter: TypeAlias = tuple[int, float, float, float, int]
"""A customer in line: his number, when he came, when he gives up, his work, his kind's place."""


def all_alike(scenario: Scenario) -> bool:
    """Whether every agent may get every chat."""
    needs = [kind.skills for kind in scenario.kinds]
    return all(_has_all(crew.skills, needs) for crew in scenario.crews)


def _has_all(skills: Sequence[str], needs: Sequence[Sequence[str]]) -> bool:
    return all(set(need) <= set(skills) for need in needs)


@attrs.define(eq=False)
class Line:
    """Customers in line while no slot is free and every agent may get every chat.

    Nobody has to be asked about a chat before a slot comes free. So customers are held here by the
    keys of the production discipline, and the policy is asked about the first of them then. Nor
    does anybody else notice when a customer gives up: he is seen off when his turn would be.
    """

    scenario: Scenario
    visits: Visits
    _row: deque[Waiter] = attrs.field(factory=deque, init=False)
    _heap: list[tuple[tuple[int, float], Waiter]] = attrs.field(factory=list, init=False)

    @property
    def join(self) -> Callable[[Waiter], None]:
        """What puts a customer in line; first come are in order as they come."""
        return self._row.append if type(self.scenario.discipline) is FirstCome else self._file

    def _file(self, waiter: Waiter) -> None:
        number, at, _, _, kind = waiter
        chat = chat_of(number, at, self.scenario.kinds[kind])
        key = self.scenario.discipline.key(chat, self.scenario.setup)
        heappush(self._heap, (key, waiter))

    def head(self, now: float, ended: int) -> Waiter | None:
        """Let out the first who still waits when customer `ended` is finished, if anybody.

        At the same instant the customer with the lower number is first to leave.
        """
        row, heap = self._row, self._heap
        while row or heap:
            waiter = row.popleft() if row else heappop(heap)[1]
            gone_at = waiter[2]
            if gone_at > now or (gone_at == now and waiter[0] > ended):
                return waiter
            give_up(self.visits, waiter[0], gone_at)
        return None

    def rest(self, now: float, ended: int) -> Iterator[Waiter]:
        """Let out all who still wait, in order, as `head` does."""
        while (waiter := self.head(now, ended)) is not None:
            yield waiter
