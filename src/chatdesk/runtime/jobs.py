"""A command on its way: who gave it, who waits for it, and what came of it."""

import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

import attrs

from chatdesk.model.commands import Command
from chatdesk.model.errors import OutcomeUnknown, TurnTimeout
from chatdesk.model.ids import ReplyId, Seconds
from chatdesk.model.values import Actor
from chatdesk.runtime.loops import Alarm, Flag, Post, make_flag

R = TypeVar("R")

PATIENCE_SECONDS: Seconds = 10.0
"""How long one waits for a command, unless he says otherwise."""


class Bell(Protocol):
    """How the one who waits for a job is told that it is settled."""

    def ring(self, loops: "Loops") -> None:
        """Tells him, or adds what tells him to `loops`."""


Loops = dict[Post, list[Alarm]]
"""What to set in each event loop, so that one call wakes everybody there."""


@attrs.define(eq=False)
class ThreadBell:
    """Wakes one thread."""

    _lock: Lock = attrs.field(factory=Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._lock.acquire()

    def ring(self, loops: Loops) -> None:  # noqa: ARG002 - a thread needs no loop
        """See `Bell.ring`."""
        self._lock.release()

    def wait(self, timeout: Seconds | None) -> bool:
        """Whether it rang in time."""
        return self._lock.acquire(timeout=-1 if timeout is None else max(timeout, 0.0))


@attrs.define(eq=False)
class LoopBell:
    """Wakes one task of an event loop; made there."""

    post: Post
    event: Flag = attrs.field(factory=make_flag, init=False)

    def ring(self, loops: Loops) -> None:
        """See `Bell.ring`."""
        loops.setdefault(self.post, []).append(self.event)


@attrs.define(eq=False)
class Job(Generic[R]):
    """One command that waits for the desk's turn; without a command it asks for a tick."""

    command: Command[R] | None
    by: Actor
    bell: Bell
    patience: Seconds
    """How long the one who waits will wait."""
    give_up_at: float = attrs.field(init=False)
    """When he gives up, on the monotonic clock."""
    doubtful: bool = attrs.field(default=False, init=False)
    """A commit that may hold this command was never confirmed."""
    receipt: ReplyId | None = attrs.field(default=None, init=False)
    """The receipt of the turn that decided it last, if that turn has one."""
    _claim: Lock = attrs.field(factory=Lock, init=False)
    _settled: bool = attrs.field(default=False, init=False)
    _result: Any = attrs.field(default=None, init=False)
    _error: BaseException | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.give_up_at = time.monotonic() + self.patience

    @property
    def advice(self) -> str:
        """What one can do who does not learn the outcome."""
        if self.command is not None and self.command.id:
            return "send the command again with its id"
        return "look whether it was done; a command with an id can be sent again"

    def claim(self) -> bool:
        """Takes the job, to do it or to give it up: true for the first who asks only."""
        return self._claim.acquire(blocking=False)

    def succeed(self, result: object) -> None:
        """Notes the result, which is told when the commit is durable."""
        self._result, self._error = result, None

    def fail(self, error: BaseException) -> None:
        """Notes why there is no result."""
        self._error = error

    def tell(self, loops: Loops) -> None:
        """What was noted last is the outcome: wakes the one who waits for it."""
        self._settled = True
        self.bell.ring(loops)

    @property
    def is_granted(self) -> bool:
        """Whether what was noted last is a result."""
        return self._error is None

    @property
    def is_settled(self) -> bool:
        """Whether there is an outcome."""
        return self._settled

    def outcome(self) -> R:
        """The result, or raises the error: the desk's, or that nobody will wait any longer."""
        if not self._settled:
            raise self._too_late()
        if self._error is None:
            result: R = self._result
            return result
        try:
            raise self._error
        finally:
            self._error = None  # an error that holds this frame, which holds the error

    def _too_late(self) -> TurnTimeout | OutcomeUnknown:
        if self.claim():
            return TurnTimeout(
                f"the desk's turn did not come within {self.patience:g} s: nothing was done"
            )
        return OutcomeUnknown(f"no outcome within {self.patience:g} s: {self.advice}")


def ring_all(jobs: Iterable[Job[Any]]) -> None:
    """Wakes everybody whose job is settled: one call for each event loop."""
    loops: Loops = {}
    for job in jobs:
        job.tell(loops)
    ring_loops(loops)


def ring_loops(loops: Loops) -> None:
    """Sets the flags of each event loop, with one call into each."""
    for post, flags in loops.items():
        with suppress(RuntimeError):  # the loop has ended, and with it those who waited
            post(_set_all, flags)


def _set_all(flags: list[Alarm]) -> None:
    for flag in flags:
        flag.set()
