"""A lock that is handed on in the order it was asked for."""

from collections import deque
from threading import Lock
from types import TracebackType

import attrs


@attrs.define(eq=False)
class FairLock:
    """First come, first served; not reentrant.

    A thread that lets a plain lock go and takes it at once mostly wins against those who wait for
    it: the committer, who always has a next turn, would keep everybody else from reading.
    """

    _guard: Lock = attrs.field(factory=Lock, init=False)
    _held: bool = attrs.field(default=False, init=False)
    _line: deque[Lock] = attrs.field(factory=deque, init=False)

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            place = Lock()
            place.acquire()
            self._line.append(place)
        place.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._held = False
