"""The waiting line of the fast path, short of what a desk needs."""

from collections import deque
from collections.abc import Container, Sequence
from heapq import heappop, heappush
from itertools import chain

import attrs

from chatdesk.model.ids import ChatId
from chatdesk.model.records import Chat, QueueSetup
from chatdesk.rules.disciplines import Discipline, FirstCome
from chatdesk.rules.routing import Router
from chatdesk.simulation.scenario import Scenario


@attrs.define(eq=False)
class Line:
    """Chats in line while no slot is free.

    Where every agent may get every chat, nobody has to be asked about a chat before a slot comes
    free: chats are held here by the keys of the production discipline, and the policy is asked
    about the first of them then. As soon as a policy lets a chat wait although there is room, the
    router gets all of them and keeps the line from then on, for the next one may have its turn.
    """

    router: Router
    discipline: Discipline
    setup: QueueSetup
    in_order: bool
    """Whether chats come in the order in which they are served, as with first come."""
    held: bool
    """Whether chats are held here; else the router has them."""
    _heap: list[tuple[tuple[int, float], int, Chat]] = attrs.field(factory=list, init=False)
    _row: deque[Chat] = attrs.field(factory=deque, init=False)

    @classmethod
    def of(cls, scenario: Scenario, router: Router) -> "Line":
        """An empty line."""
        needs = [kind.skills for kind in scenario.kinds]
        alike = all(_has_all(crew.skills, needs) for crew in scenario.crews)
        in_order = type(scenario.discipline) is FirstCome
        return cls(router, scenario.discipline, scenario.setup, in_order, held=alike)

    def join(self, chat: Chat) -> None:
        """A chat comes while no slot is free."""
        if self.held and self.in_order:
            self._row.append(chat)
        elif self.held:
            heappush(self._heap, (self.discipline.key(chat, self.setup), chat.line, chat))
        else:
            self.router.enqueue(chat)

    def leave(self, chat_id: ChatId) -> None:
        """A chat waits no more; those held are stepped over later."""
        if not self.held:
            self.router.dequeue(chat_id)

    def head(self, waiting: Container[ChatId]) -> Chat | None:
        """Let out the first chat of those who still wait; `None` when the router has them."""
        row, heap = self._row, self._heap
        while row or heap:
            chat = row.popleft() if row else heappop(heap)[2]
            if chat.id in waiting:
                return chat
        return None

    def hand_over(self, first: Chat | None, waiting: Container[ChatId]) -> None:
        """Let the router keep the line from now on; `first` was let out, or has just come."""
        self.held = False
        held = (chat for _, _, chat in self._heap)
        for chat in chain(() if first is None else (first,), self._row, held):
            if chat.id in waiting:
                self.router.enqueue(chat)
        self._row.clear()
        self._heap.clear()


def _has_all(skills: Sequence[str], needs: Sequence[Sequence[str]]) -> bool:
    return all(set(need) <= set(skills) for need in needs)
