"""The chats of one agent, who slows down as he takes more."""

from heapq import heappop, heappush
from math import inf

import attrs


@attrs.define(eq=False)
class Workload:
    """Chats that are all worked at, at a speed that depends on how many they are.

    Work is counted on a clock of the agent's own, which goes by the speed of each chat: a chat is
    finished when the clock has gone on by its work. So a change of speed moves no chat, and costs
    O(log k). A second clock goes by the rate at which each chat is left by its customer.
    """

    speeds: tuple[float, ...]
    """Of each chat, by the number of chats."""
    leaving: tuple[float, ...] | None = None
    version: int = attrs.field(default=0, init=False)
    """Goes up with each change: what was said about the next end before holds no more."""
    open: dict[int, None] = attrs.field(factory=dict, init=False)
    _at: float = attrs.field(default=0.0, init=False)
    _clock: float = attrs.field(default=0.0, init=False)
    _strain: float = attrs.field(default=0.0, init=False)
    _ends: list[tuple[float, int]] = attrs.field(factory=list, init=False)
    _leaves: list[tuple[float, int]] = attrs.field(factory=list, init=False)

    def take(self, number: int, work: float, stay: float, now: float) -> None:
        """Begin a chat; its customer stays for `stay` on the clock of leaving."""
        self._go_on(now)
        self.open[number] = None
        heappush(self._ends, (self._clock + work, number))
        if self.leaving is not None:
            heappush(self._leaves, (self._strain + stay, number))

    def give(self, number: int, now: float) -> None:
        """A chat is over."""
        self._go_on(now)
        del self.open[number]

    def next_end(self) -> tuple[float, int, bool]:
        """When a chat is over next, which one, and whether it is finished; there must be one."""
        level = len(self.open)
        work, number = self._first(self._ends)
        at, finished = self._at + max(0.0, work - self._clock) / self.speeds[level], True
        if self.leaving is not None and self.leaving[level]:
            strain, leaver = self._first(self._leaves)
            leaves_at = self._at + max(0.0, strain - self._strain) / self.leaving[level]
            if leaves_at < at:
                return leaves_at, leaver, False
        return at, number, finished

    def remaining(self, number: int) -> float:
        """How much work of an open chat is left, as of the last change; O(k)."""
        return next((work for work, other in self._ends if other == number), inf) - self._clock

    def _go_on(self, now: float) -> None:
        level = len(self.open)
        self.version += 1
        passed, self._at = now - self._at, now
        if not level:
            self._clock = self._strain = 0.0  # of an idle agent: no figure loses its last digits
            self._ends.clear()
            self._leaves.clear()
            return
        self._clock += passed * self.speeds[level]
        if self.leaving is not None:
            self._strain += passed * self.leaving[level]

    def _first(self, heap: list[tuple[float, int]]) -> tuple[float, int]:
        while heap[0][1] not in self.open:
            heappop(heap)
        return heap[0]
