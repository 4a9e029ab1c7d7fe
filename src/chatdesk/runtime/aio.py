"""`AsyncChatDesk`: a desk for programs with an event loop, asyncio's or trio's."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import anyio
import anyio.to_thread
import attrs

from chatdesk.canned.checks import SpellChecker
from chatdesk.canned.placeholders import Renderer
from chatdesk.canned.search import Embedder
from chatdesk.model.commands import Command
from chatdesk.model.errors import Stopped, WrongContext
from chatdesk.model.ids import CustomerId, Instant, Revision, Seconds
from chatdesk.model.queries import Query
from chatdesk.model.values import CLOCK, Actor, Role
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.clock import wall_clock
from chatdesk.runtime.committer import Timing
from chatdesk.runtime.ids import fresh_id
from chatdesk.runtime.jobs import PATIENCE_SECONDS, Bell, Job, LoopBell, ring_all
from chatdesk.runtime.loops import running_loop
from chatdesk.runtime.subscriptions import AsyncSubscription
from chatdesk.storage.port import Store
from chatdesk.transport.frames import Preview, Typing
from chatdesk.transport.signals import Signals

R = TypeVar("R")
V = TypeVar("V")


class AsyncChatDesk:
    """One desk, for event loops. Takes what `ChatDesk` takes, or a `ChatDesk` to share.

    It may serve several event loops in several threads at once.
    """

    def __init__(  # noqa: PLR0913 - named options, each with a default
        self,
        store: ChatDesk | Store | str,
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
        if isinstance(store, ChatDesk):
            self.blocking = store
        else:
            self.blocking = ChatDesk(
                store,
                policies=policies,
                disciplines=disciplines,
                clock=clock,
                signals=signals,
                ids=ids,
                timing=timing,
                embedder=embedder,
                spelling=spelling,
                renderer=renderer,
            )

    @property
    def revision(self) -> Revision:
        """See `ChatDesk.revision`."""
        return self.blocking.revision

    async def execute(
        self,
        command: Command[R],
        *,
        by: Actor,
        timeout: Seconds = PATIENCE_SECONDS,  # noqa: ASYNC109 - as in ChatDesk
    ) -> R:
        """See `ChatDesk.execute`.

        Who is cancelled while he waits does not learn the outcome: it may be done or not.
        """
        return await self.begin(command, by=by, timeout=timeout).outcome()

    def begin(
        self, command: Command[R], *, by: Actor, timeout: Seconds = PATIENCE_SECONDS
    ) -> "Pending[R]":
        """Gives a command, and lets its outcome be awaited later; raises `Stopped`.

        Commands that are given one after the other are handled in this order, and those that come
        before the desk's turn in that one turn.
        """
        return self._begin(command, by, timeout)

    def job(self, command: Command[R], bell: Bell, *, by: Actor) -> Job[R]:
        """A command for `give`: its bell rings when it is settled, so that no task need wait."""
        return Job(command, by, bell, PATIENCE_SECONDS)

    def give(self, jobs: Sequence[Job[Any]]) -> None:
        """Gives commands, to be handled in this order; who gives one up calls its `claim`.

        One call for many lets them come to the same turn. A desk that was stopped fails them.
        """
        engine = self.blocking.engine
        for number, job in enumerate(jobs):
            try:
                engine.submit(job)
            except Stopped as error:
                late = jobs[number:]
                for each in late:
                    each.fail(error)
                ring_all(late)
                return

    async def ask(self, query: Query[V], *, by: Actor) -> V:
        """See `ChatDesk.ask`."""
        return await anyio.to_thread.run_sync(self.blocking.engine.ask, query, by)

    def subscribe(self, *, by: Actor, after: Revision | None = None) -> AsyncSubscription:
        """See `ChatDesk.subscribe`; to be used as `async with desk.subscribe(by=…) as frames:`."""
        engine = self.blocking.engine
        return AsyncSubscription(lambda: engine.open_feed(by, after))

    async def signal(self, frame: Typing | Preview, *, by: Actor) -> None:
        """See `ChatDesk.signal`."""
        self.blocking.signal(frame, by=by)

    async def erase(self, customer: CustomerId, *, by: Actor) -> Revision:
        """See `ChatDesk.erase`."""
        return await anyio.to_thread.run_sync(self.blocking.engine.erase, customer, by)

    async def role(self, actor: Actor) -> Role | None:
        """See `ChatDesk.role`."""
        return await anyio.to_thread.run_sync(self.blocking.engine.role, actor)

    async def check(self) -> Revision:
        """See `ChatDesk.check`."""
        return await anyio.to_thread.run_sync(self.blocking.engine.check)

    async def warm_up(self) -> None:
        """See `ChatDesk.warm_up`."""
        await anyio.to_thread.run_sync(self.blocking.engine.warm_up)

    async def tick(self) -> None:
        """See `ChatDesk.tick`."""
        await self._wait(None, CLOCK, PATIENCE_SECONDS)

    async def stop(self) -> None:
        """See `ChatDesk.stop`."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.blocking.engine.stop)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _wait(self, command: Command[R] | None, by: Actor, patience: Seconds) -> R:
        return await self._begin(command, by, patience).outcome()

    def _begin(self, command: Command[R] | None, by: Actor, patience: Seconds) -> "Pending[R]":
        post = running_loop()
        if post is None:
            raise WrongContext("call it in a task of a running event loop, or use ChatDesk")
        bell = LoopBell(post)
        job = Job(command, by, bell, patience)
        self.blocking.engine.submit(job)
        return Pending(job, bell)


@attrs.define(eq=False)
class Pending(Generic[R]):
    """A command that has been given. Await its `outcome`, once, or `give_up`."""

    _job: Job[R]
    _bell: LoopBell

    async def outcome(self) -> R:
        """What `AsyncChatDesk.execute` gives, or raises."""
        try:
            await self._bell.event.wait(self._job.patience)
        except BaseException:
            self.give_up()
            raise
        return self._job.outcome()

    def give_up(self) -> None:
        """Waits no longer: not served, if its turn has not come. Harmless afterwards."""
        self._job.claim()
