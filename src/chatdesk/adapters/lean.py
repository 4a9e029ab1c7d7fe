"""TCP clients on asyncio, without a task for each: ten thousand of them, or many messages.

Commands are taken up as they are read, and given to the desk together when all that has come is
read: the committer takes one turn for them, instead of working for the first while the others are
read. What is settled or told later rings: then a client is due, and in one go everything he has
coming is put in line and written, in one piece.
Only a hello, a query and what was missed need a task, for as long as they take.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Coroutine, Iterable
from typing import Any, Never

import anyio
import anyio.abc
import anyio.to_thread
import attrs

from chatdesk.adapters.answering import answer_all, job_of, reply, welcome
from chatdesk.adapters.clients import BYE_SECONDS, WRITE_BYTES, Client, Host
from chatdesk.adapters.connections import Connection
from chatdesk.model.commands import AnyCommand, Command
from chatdesk.model.errors import Refused, Stopped, StorageError
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.runtime.feeds import Feed
from chatdesk.runtime.jobs import Job, Loops
from chatdesk.runtime.loops import FutureFlag, Post
from chatdesk.transport.frames import ByeCode, ClientFrame, Hello, Preview, RefusedFrame, Typing
from chatdesk.transport.refusals import refused
from chatdesk.transport.tokens import Claims

READ_AHEAD_BYTES = 262_144
"""How much is read from a client while he is being answered."""
BACKLOG = 65_536
"""How many connections may wait to be accepted: as many as the system allows."""

log = logging.getLogger("chatdesk.adapters")


@attrs.define(eq=False)
class Rounds:
    """What is due in the next round of the event loop, however many bells ring for it."""

    desk: AsyncChatDesk
    loop: asyncio.AbstractEventLoop
    post: Post = attrs.field(init=False)
    _jobs: list[Job[Any]] = attrs.field(factory=list, init=False)
    _due: list["LeanClient"] = attrs.field(factory=list, init=False)
    _called: bool = attrs.field(default=False, init=False)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set, init=False)
    _leaving: FutureFlag | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.post = self.loop.call_soon_threadsafe

    def add(self, client: "LeanClient") -> None:
        """A client is due."""
        self._due.append(client)
        self._call()

    def give(self, jobs: Iterable[Job[Any]]) -> None:
        """Commands are due to be given."""
        self._jobs += jobs
        self._call()

    def _call(self) -> None:
        if not self._called:
            self._called = True
            self.loop.call_soon(self._go)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Has a task do what must wait for something: asyncio's, for no task calls this."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def cancel(self) -> None:
        """Ends the tasks."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def left(self) -> None:
        """A client has gone."""
        if self._leaving is not None:
            self._leaving.set()

    async def another_leaves(self) -> None:
        """Waits until the next client has gone."""
        self._leaving = FutureFlag(self.loop)
        await self._leaving.wait()

    def _go(self) -> None:
        jobs, self._jobs = self._jobs, []
        if jobs:
            self.desk.give(jobs)
        self._called = False
        due, self._due = self._due, []
        for client in due:
            client.work()


@attrs.define(eq=False)
class _News:
    """Rings when something is told to a client."""

    _client: "LeanClient"

    def ring(self, loops: Loops) -> None:
        """See `Bell.ring`."""
        loops.setdefault(self._client.rounds.post, []).append(self)

    def set(self) -> None:
        """See `Alarm.set`."""
        self._client.has_news = True
        self._client.set()


@attrs.define(eq=False)
class LeanClient(Client, asyncio.Protocol):
    """One connection on asyncio. Everything but `ring` is called in its event loop."""

    rounds: Rounds
    _transport: asyncio.Transport = attrs.field(init=False)
    _feed: Feed | None = attrs.field(default=None, init=False)
    """What he hears, once he has been greeted."""
    _news: _News = attrs.field(init=False)
    has_news: bool = attrs.field(default=False, init=False)
    """Whether there may be something to hear."""
    _given: list[tuple[AnyCommand, Job[Any]]] = attrs.field(factory=list, init=False)
    """Commands whose answers are awaited, in order."""
    _ahead: int = attrs.field(default=0, init=False)
    """Bytes that were read since all was taken up."""
    _due: bool = attrs.field(default=False, init=False)
    _held: bool = attrs.field(default=False, init=False)
    """Whether reading rests."""
    _full: bool = attrs.field(default=False, init=False)
    _busy: bool = attrs.field(default=False, init=False)
    """Whether a task answers him."""
    _catching_up: bool = attrs.field(default=False, init=False)
    """Whether a task reads what he missed."""
    _finished: bool = attrs.field(default=False, init=False)
    """He sends no more."""
    _deadline: asyncio.TimerHandle | None = attrs.field(default=None, init=False)

    # -- what asyncio says -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self.connection = Connection(self._leave)
        self._news = _News(self)
        self.host.clients.add(self)
        try:
            self.host.connections.add(self.connection)
        except StorageError as error:
            self._turn_away(refused(error), ByeCode.STOPPING)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._silent_seconds = 0.0
        self.session.receive_data(data)
        self._ahead += len(data)
        if self._ahead > READ_AHEAD_BYTES and not self._held:
            self._held = True
            self._transport.pause_reading()
        if not self._due:
            self.work()

    def eof_received(self) -> bool:
        """The client sends no more; he may still read."""
        self._finished = True
        self.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - either way it has gone
        """The connection is no more. Commands that were given are done nevertheless."""
        self._given.clear()
        self.session.receive_end()
        self.connection.end()
        self.host.connections.remove(self.connection)
        self.host.clients.discard(self)
        self.rounds.left()
        if self._deadline is not None:
            self._deadline.cancel()

    def pause_writing(self) -> None:
        """The client does not read fast enough."""
        self._full = True

    def resume_writing(self) -> None:
        """He has caught up."""
        self._full, self._unread_seconds = False, 0.0
        self.set()

    @property
    def is_full(self) -> bool:
        """See `Client.is_full`."""
        return self._full

    # -- what is due -----------------------------------------------------------------------------

    def ring(self, loops: Loops) -> None:
        """A command is settled: he is the bell of his commands, and their alarm."""
        loops.setdefault(self.rounds.post, []).append(self)

    def set(self) -> None:
        """He is due soon."""
        if not self._due:
            self._due = True
            self.rounds.add(self)

    def work(self) -> None:
        """Does all that can be done now, and writes what came of it."""
        self._due = False
        if self.connection.ended:
            return
        try:
            if self._given:
                self._reply()
            if self._ahead or self._finished:
                self._take_up()
            if self.has_news and not self._full:
                self._hear()
            self._flush()
        except Exception:  # one client's defect must not end the others
            log.exception("a connection failed")
            self._transport.abort()

    def _reply(self) -> None:
        """Answers the commands that are settled, in order."""
        given, desk = self._given, self.host.desk
        while given:
            command, job = given[0]
            if not (job.is_settled or self._is_late(job)):
                return
            del given[0]
            self.session.deliver((reply(desk, command, job),))

    def _take_up(self) -> None:
        """Takes up the next requests, unless there are some under way."""
        while not (self._given or self._busy or self._full):
            frames = self.session.requests()
            if not frames:
                self._read_on()
                if self._finished:
                    self.session.receive_end()
                return
            if all(isinstance(frame, Command) for frame in frames):
                self._give(frames)
                if self.session.is_read:
                    self._read_on()
            else:
                self._busy = True
                self.rounds.start(self._answer(frames))

    def _hear(self) -> None:
        """Puts in line what he is told."""
        feed = self._feed
        if feed is None or self._catching_up:
            return
        self.has_news = False
        parcels = feed.take_all(self._news)
        for parcel in parcels:
            if self.session.unsent_bytes > WRITE_BYTES:
                self._transport.write(self.session.data_to_send())
            self.session.deliver_encoded((parcel.data,))
        if feed.is_live:
            return
        if feed.is_behind:
            self._catching_up = True
            self.rounds.start(self._catch_up(feed))
        elif feed.is_over:
            self.connection.end()

    def _flush(self) -> None:
        """Writes what is in line, in one piece."""
        if self._full or self.connection.ended:
            return
        data = self.session.data_to_send()
        if data:
            self._transport.write(data)
        if self.session.closed:
            self.connection.end()

    # -- reading and answering -------------------------------------------------------------------

    def _read_on(self) -> None:
        """All that has come is taken up."""
        self._ahead = 0
        if self._held and not self._finished:
            self._held = False
            self._transport.resume_reading()

    def _give(self, commands: list[Any]) -> None:
        """Gives all of them at once, so that they wait for the desk's turn together."""
        claims = self.session.claims
        assert claims is not None  # noqa: S101 - an open session has them
        desk = self.host.desk
        given = [(command, job_of(desk, command, claims, self)) for command in commands]
        self._given += given
        self.rounds.give(job for _, job in given)

    @staticmethod
    def _is_late(job: Job[Any]) -> bool:
        return job.give_up_at <= time.monotonic()

    async def _answer(self, frames: list[ClientFrame]) -> None:
        """Answers requests that are not all commands."""
        try:
            claims = self.session.claims
            assert claims is not None  # noqa: S101 - an open session has them
            if isinstance(frames[0], Hello):  # said once, so none follows
                await self._greet(frames[0], claims)
                frames = frames[1:]
            replies = await answer_all(self.host.desk, frames, claims)
            for frame, answer in zip(frames, replies, strict=True):
                if isinstance(answer, RefusedFrame) or not isinstance(frame, Typing | Preview):
                    self.session.deliver((answer,))
        except Exception:  # one client's defect must not end the others
            log.exception("a connection failed")
            self._transport.abort()
        finally:
            self._busy = False
            self.set()

    async def _greet(self, hello: Hello, claims: Claims) -> None:
        """Greets; from then on he hears what happens."""
        if self.connection.ended:
            return
        desk, actor = self.host.desk, claims.actor
        self.host.connections.identify(self.connection, actor)
        subscription = desk.subscribe(by=actor, after=hello.after)
        try:
            feed = await subscription.open()
            told = subscription.cursor if hello.after is None else hello.after
            self.session.deliver((await welcome(desk, actor, told, hello.id),))
        except Refused as error:
            self._turn_away(refused(error, hello.id), ByeCode.REFUSED)
        except (StorageError, Stopped) as error:
            log.warning("a connection ends, its client will come again: %s", error)
            self._turn_away(refused(error, hello.id), ByeCode.STOPPING)
        else:
            self._feed, self.has_news = feed, True
        finally:
            if self.connection.ended or self._feed is None:
                subscription.close()

    async def _catch_up(self, feed: Feed) -> None:
        """Reads some of what he missed."""
        try:
            await anyio.to_thread.run_sync(feed.advance)
        except StorageError as error:
            log.warning("a connection ends, its client will come again: %s", error)
            self._turn_away(refused(error), ByeCode.STOPPING)
        finally:
            self._catching_up, self.has_news = False, True
            self.set()

    # -- the end ---------------------------------------------------------------------------------

    def _turn_away(self, refusal: RefusedFrame, code: ByeCode) -> None:
        """Says why it cannot go on, and ends it."""
        self.session.deliver((refusal,))
        self.connection.end(code)

    def _leave(self) -> None:
        """Says farewell where one is due, and closes when that is written, or has taken long."""
        for _, job in self._given:
            job.claim()
        self._given.clear()
        if self._feed is not None:
            self._feed.close()
        if self.connection.code is not None:
            self.session.bye(self.connection.code)
        if not self._transport.is_closing():
            self._transport.write(self.session.data_to_send())
            self._transport.close()
            self._deadline = self.rounds.loop.call_later(BYE_SECONDS, self._transport.abort)

    def grow_older(self, seconds: float) -> None:
        """See `Client.grow_older`."""
        super().grow_older(seconds)
        if self._given:
            self.connection.post(self.set)  # some may have waited too long


async def serve_lean(host: Host, listener: Any) -> Never:
    """Serves what comes to an anyio listener over asyncio, until it is cancelled."""
    loop = asyncio.get_running_loop()
    rounds = Rounds(host.desk, loop)
    servers = [
        await loop.create_server(lambda: LeanClient(host, rounds), sock=each, backlog=BACKLOG)
        for each in _sockets(listener)
    ]
    try:
        await anyio.sleep_forever()
    finally:
        for server in servers:
            server.close()
        for client in list(host.clients):
            client.connection.end(ByeCode.STOPPING)
        with anyio.CancelScope(shield=True):
            while host.clients:  # each is gone after `BYE_SECONDS`
                await rounds.another_leaves()
            await rounds.cancel()
    raise AssertionError("it sleeps for ever")


def _sockets(listener: Any) -> list[socket.socket]:
    """The listener's sockets, again: each side closes its own."""
    key = anyio.abc.SocketAttribute.raw_socket
    return [each.extra(key).dup() for each in listener.listeners]  # noqa: S610 - anyio's own
