"""`AsyncChatDesk`: a desk for programs with an event loop, asyncio's or trio's."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

import anyio
import anyio.to_thread

from chatdesk.canned.checks import SpellChecker
from chatdesk.canned.search import Embedder
from chatdesk.model.commands import Command
from chatdesk.model.errors import WrongContext
from chatdesk.model.ids import CustomerId, Instant, Revision, Seconds
from chatdesk.model.queries import Query
from chatdesk.model.values import CLOCK, Actor, Role
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.clock import wall_clock
from chatdesk.runtime.committer import Timing
from chatdesk.runtime.ids import fresh_id
from chatdesk.runtime.jobs import PATIENCE_SECONDS, Job, LoopBell
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
        return await self._wait(self.blocking.engine.named(command), by, timeout)

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
        post = running_loop()
        if post is None:
            raise WrongContext("await it in a task of a running event loop, or use ChatDesk")
        bell = LoopBell(post)
        job = Job(command, by, bell, patience)
        self.blocking.engine.submit(job)
        try:
            with anyio.move_on_after(patience):
                await bell.event.wait()
        except BaseException:
            job.claim()  # who is cancelled before the turn has come is not served
            raise
        return job.outcome()
