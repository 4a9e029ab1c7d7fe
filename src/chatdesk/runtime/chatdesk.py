"""`ChatDesk`: a desk for programs with threads, such as WSGI shops."""

import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from chatdesk.canned.checks import SpellChecker
from chatdesk.canned.placeholders import Renderer
from chatdesk.canned.search import Embedder
from chatdesk.desk.machine import Desk
from chatdesk.model.commands import Command
from chatdesk.model.errors import WrongContext
from chatdesk.model.ids import CustomerId, Instant, Revision, Seconds
from chatdesk.model.queries import Query
from chatdesk.model.values import CLOCK, Actor, Role
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.runtime.clock import wall_clock
from chatdesk.runtime.committer import Timing
from chatdesk.runtime.engine import Engine, Settings
from chatdesk.runtime.ids import fresh_id
from chatdesk.runtime.jobs import PATIENCE_SECONDS
from chatdesk.runtime.loops import running_loop
from chatdesk.runtime.subscriptions import Subscription
from chatdesk.storage.open import open_store
from chatdesk.storage.port import Store
from chatdesk.transport.frames import Preview, Typing
from chatdesk.transport.signals import Signals

R = TypeVar("R")
V = TypeVar("V")


class ChatDesk:
    """One desk, for threads.

    Safe to use from any thread, and after `fork`: each process has its own replica, committer and
    connections, made at the first call.

    `store` is a `Store` or its URL (`sqlite:///desk.db`, `memory://`). `policies` and `disciplines`
    are known to queues by name, beside the built-in ones; every process must be given the same.
    `signals` joins several processes, or several desks on one store; without them another
    process's commits are seen within a second. `embedder` joins a model of meaning to the search of
    canned responses, `spelling` a spell checker to the look before sending, `renderer` another way
    to fill placeholders in; the desk does without one that fails, and logs it.
    """

    def __init__(  # noqa: PLR0913 - named options, each with a default
        self,
        store: Store | str,
        *,
        policies: Mapping[str, AssignmentPolicy] | None = None,
        disciplines: Mapping[str, Discipline] | None = None,
        clock: Callable[[], Instant] = wall_clock,
        signals: Signals | None = None,
        ids: Callable[[], str] = fresh_id,
        timing: Timing | None = None,
        embedder: Embedder | None = None,
        spelling: SpellChecker | None = None,
        renderer: Renderer | None = None,
    ) -> None:
        self._settings = Settings(
            store=open_store(store) if isinstance(store, str) else store,
            own_store=isinstance(store, str),
            make_desk=lambda: Desk.new(policies, disciplines, guard=True),
            clock=clock,
            ids=ids,
            signals=signals,
            timing=timing or Timing(),
            embedder=embedder,
            spelling=spelling,
            renderer=renderer,
        )
        self._engines: dict[int, Engine] = {}

    @property
    def engine(self) -> Engine:
        """What runs in this process: other than in the process it was forked from."""
        pid = os.getpid()
        engine = self._engines.get(pid)
        if (
            engine is None
        ):  # `setdefault` lets one of several threads win; making one starts nothing
            engine = self._engines.setdefault(pid, Engine(self._settings))
        return engine

    @property
    def revision(self) -> Revision:
        """The newest revision this process knows.

        Read before `ask` it is not newer than the view; read after `execute` it holds the effect.
        """
        return self.engine.replica.revision

    def execute(self, command: Command[R], *, by: Actor, timeout: Seconds = PATIENCE_SECONDS) -> R:
        """Has the desk handle a command; returns when its effect is durable.

        The same command under the same id is done once, and answered alike.

        Raises:
            Refused: one of its kinds; nothing was changed.
            StorageError: one of its kinds. After `OutcomeUnknown` send the command again with its
                id; after any other nothing was done.
            Stopped: the desk was stopped; `WrongContext` inside an event loop.
        """
        _check_context("execute")
        return self.engine.do(command, by, timeout)

    def ask(self, query: Query[V], *, by: Actor) -> V:
        """Answers a query with what is committed, anywhere, when it is asked.

        Raises `NotAllowed`, `NotFound`, `StorageError` and `Stopped`.
        """
        _check_context("ask")
        return self.engine.ask(query, by)

    def subscribe(self, *, by: Actor, after: Revision | None = None) -> Subscription:
        """What happens from now on, or after a revision, as far as the actor may see it."""
        _check_context("subscribe")
        return Subscription(self.engine.open_feed(by, after))

    def signal(self, frame: Typing | Preview, *, by: Actor) -> None:
        """Tells the other side of a chat that somebody writes; nothing is kept. Never waits.

        Raises `NotFound` for a chat that is not running or not the actor's, and `NotAllowed`.
        """
        self.engine.signal(frame, by)

    def erase(self, customer: CustomerId, *, by: Actor) -> Revision:
        """Erases a person: his data, not what statistics count; gives the revision of it.

        A chat he has open is ended. For administrators and the shop's own code. Raises
        `NotAllowed`, `NotFound` and `StorageError`.
        """
        _check_context("erase")
        return self.engine.erase(customer, by)

    def role(self, actor: Actor) -> Role | None:
        """An agent's role on the desk now; `None` for others, and for who is not in use."""
        _check_context("role")
        return self.engine.role(actor)

    def check(self) -> Revision:
        """Asks the store whether it answers: its newest revision, or raises `StorageError`."""
        _check_context("check")
        return self.engine.check()

    def warm_up(self) -> None:
        """Builds the index of the canned responses in the background; returns at once.

        A search before it is ready waits for it, commands do not. When an agent's console connects
        this happens by itself, if there are many; call it at the start of a process, after `fork`,
        to be earlier. Raises `Stopped`.
        """
        _check_context("warm_up")
        self.engine.warm_up()

    def tick(self) -> None:
        """Fires what fell due, which the desk otherwise does by itself in time."""
        _check_context("tick")
        self.engine.do(None, CLOCK, PATIENCE_SECONDS)

    def stop(self) -> None:
        """Finishes what was accepted; afterwards every call raises `Stopped`. May be repeated.

        Closes the store if it was given by its URL.
        """
        self.engine.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _check_context(call: str) -> None:
    """Raises in a thread whose event loop would stand still meanwhile."""
    if running_loop() is not None:
        raise WrongContext(
            f"ChatDesk.{call} blocks and would stop the event loop that runs in this thread:"
            f" use AsyncChatDesk and `await desk.{call}(…)`"
        )
