"""What one process runs for one desk: the replica, the committer, the publisher, the answers."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Any, TypeVar

import attrs
import msgspec

from chatdesk.canned.checks import SpellChecker
from chatdesk.canned.placeholders import Renderer
from chatdesk.canned.search import Embedder
from chatdesk.desk.machine import Desk
from chatdesk.model.commands import Command, EndChat
from chatdesk.model.commits import Change
from chatdesk.model.errors import ChatdeskError, NotAllowed, NotFound, Stopped, WrongState
from chatdesk.model.ids import CustomerId, Instant, Revision, Seconds
from chatdesk.model.queries import Query
from chatdesk.model.values import Actor, ActorKind, ChatState, Role
from chatdesk.rules.access import Standing
from chatdesk.runtime.archive import Archive
from chatdesk.runtime.canned import CannedAnswers
from chatdesk.runtime.committer import Committer, Timing
from chatdesk.runtime.feeds import Feed, open_feed
from chatdesk.runtime.jobs import PATIENCE_SECONDS, Job, ThreadBell
from chatdesk.runtime.publisher import Publisher, Subscriber
from chatdesk.runtime.queries import Answering
from chatdesk.runtime.replica import Replica
from chatdesk.storage.port import Store
from chatdesk.transport.frames import Preview, Signal, SignalKind, Typing
from chatdesk.transport.signals import Nudge, Signals, Told, Writing

V = TypeVar("V")

MANY_CANNED = 500
"""Canned responses from which the search's index is built before anybody searches."""


class Settings(msgspec.Struct, frozen=True):
    """What an engine is made of, the same in every process."""

    store: Store
    own_store: bool
    """Whether nobody else uses the store object, so that a stop may close it."""
    make_desk: Callable[[], Desk]
    clock: Callable[[], Instant]
    ids: Callable[[], str]
    signals: Signals | None
    timing: Timing
    embedder: Embedder | None = None
    spelling: SpellChecker | None = None
    renderer: Renderer | None = None


@attrs.define(eq=False)
class Engine:
    """One process's part in a desk. Nothing is opened or started before it is first used."""

    settings: Settings
    replica: Replica = attrs.field(init=False)
    publisher: Publisher = attrs.field(init=False)
    committer: Committer = attrs.field(init=False)
    answering: Answering = attrs.field(init=False)
    _hear_no_more: Callable[[], None] | None = attrs.field(default=None, init=False)
    _warm: bool = attrs.field(default=False, init=False)
    _guard: Lock = attrs.field(factory=Lock, init=False)
    _pid: int = attrs.field(factory=os.getpid, init=False)

    def __attrs_post_init__(self) -> None:
        settings = self.settings
        archive = Archive(settings.store)
        self.replica = Replica(settings.store, settings.make_desk)
        self.publisher = Publisher(self.replica, archive)
        self.committer = Committer(
            self.replica, settings.clock, settings.ids, self._follow, settings.timing
        )
        hooks = (settings.embedder, settings.spelling, settings.renderer)
        canned = CannedAnswers(self.looking, archive, settings.clock, *hooks)
        self.answering = Answering(self.reading, self.looking, archive, settings.clock, canned)

    # -- commands and queries ------------------------------------------------------------------

    def submit(self, job: Job[Any]) -> None:
        """Accepts a job, which will be settled. Raises `Stopped`."""
        self._listen()
        self.committer.submit(job)

    def do(self, command: Command[V] | None, by: Actor, patience: Seconds) -> V:
        """Has the committer do a command, or tick, while this thread waits for it."""
        bell = ThreadBell()
        job = Job[V](command, by, bell, patience)
        self.submit(job)
        bell.wait(patience)
        return job.outcome()

    def ask(self, query: Query[V], by: Actor) -> V:
        """Answers a query; may read the store."""
        return self.answering.ask(query, by=by)

    def role(self, actor: Actor) -> Role | None:
        """An agent's role on the desk now."""
        with self.reading() as desk:
            agent = desk.state.agents.get(actor.id) if actor.kind is ActorKind.AGENT else None
            return None if agent is None or agent.retired else agent.setup.role

    def erase(self, customer: CustomerId, by: Actor) -> Revision:
        """Erases a person from the store and from this process's memory.

        His open chat is ended before, so that none goes on without him; and after, if he asked
        anew in between, for with his data it would be forgotten that he has one.
        """
        with self.reading() as desk:
            if desk.viewer(by).standing not in (Standing.ADMIN, Standing.SERVICE):
                raise NotAllowed("only an administrator or the shop's own code may erase a person")
        self._end_chats(customer, by)
        with self.reading():
            at = self.replica.now(self.settings.clock())
        revision = self.settings.store.erase(customer, by=by, at=at)
        self._end_chats(customer, by)
        return revision

    def _end_chats(self, customer: CustomerId, by: Actor) -> None:
        with self.reading() as desk:
            state = desk.state
            his = [state.chats[each] for each in state.chats_of_customer.get(customer, ())]
        for chat in his:
            if chat.state is not ChatState.WRAP_UP:
                with suppress(NotFound, WrongState):  # somebody else has ended it meanwhile
                    self.do(EndChat(chat=chat.id), by, PATIENCE_SECONDS)

    def check(self) -> Revision:
        """The store's newest revision. Raises `StorageError` and `Stopped`."""
        self.start()
        return self.settings.store.head()

    @contextmanager
    def reading(self) -> Iterator[Desk]:
        """The desk, not older than the store was when this began, with the lock held."""
        self.start()
        head = self.settings.store.head()
        with self.replica.lock:
            desk = self.replica.desk()
            if desk.revision < head:
                self.replica.catch_up()
                self.publisher.follow(None)
            yield desk

    @contextmanager
    def looking(self) -> Iterator[Desk]:
        """The desk as this process knows it, with the lock held."""
        with self.replica.lock:
            yield self.replica.desk()

    def _follow(self, own: Change | None) -> None:
        self.publisher.follow(own)
        if own is not None and self.settings.signals is not None:
            self.settings.signals.publish(Nudge(own.revision))

    # -- subscriptions and signals -------------------------------------------------------------

    def open_feed(self, by: Actor, after: Revision | None) -> Feed:
        """Begins a subscription; may read the store."""
        self.start()
        feed = open_feed(self.replica, self.publisher, Subscriber(by), after)
        if by.kind is ActorKind.AGENT and not self._warm:
            with self.looking() as desk:
                many = len(desk.state.shelf.responses) >= MANY_CANNED
            if many:
                self.warm_up()
        return feed

    def warm_up(self) -> None:
        """Has the index of the canned responses built in the background, once.

        Happens by itself when the first agent subscribes, if there are many. Raises `Stopped`.
        """
        self.start()
        with self._guard:
            begun, self._warm = self._warm, True
        if not begun:
            Thread(target=self._build_index, name="chatdesk-index", daemon=True).start()

    def _build_index(self) -> None:
        with suppress(ChatdeskError):  # a search would meet the same, and tells who asked
            with self.reading():
                pass
            self.answering.canned.warm_up()

    def signal(self, frame: Typing | Preview, by: Actor) -> None:
        """Tells the other side of a chat that somebody writes. Raises `Refused`; never waits."""
        self.start()
        writing = _writing(frame, by)
        self._addressee(writing)
        if self.settings.signals is None:
            self._hear(writing)
        else:
            self.settings.signals.publish(writing)

    def _addressee(self, writing: Writing) -> Actor | None:
        """Who is told that somebody writes; raises `Refused` when he may not write there.

        Only single look-ups in the state, so it needs no lock.
        """
        state = self.replica.glance()
        chat = None if state is None else state.chats.get(writing.chat)
        if state is None or chat is None or chat.state is not ChatState.ACTIVE:
            raise NotFound("running chat", writing.chat)
        if writing.kind is SignalKind.PREVIEW and not state.setup.preview_enabled:
            raise NotAllowed("this desk does not show what visitors type before they send it")
        visitor = Actor(ActorKind.VISITOR, chat.visitor)
        agent = None if chat.agent is None else Actor(ActorKind.AGENT, chat.agent)
        if writing.by == visitor:
            return agent
        if writing.by == agent and writing.kind is SignalKind.TYPING:
            return visitor
        raise NotFound("running chat", writing.chat)

    def _hear(self, told: Told) -> None:
        if os.getpid() != self._pid:
            return  # a forked child has this engine's memory, and must not touch its locks
        if isinstance(told, Nudge):
            if told.revision > self.replica.revision:
                self._look()
            return
        try:
            to = self._addressee(told)
        except (NotFound, NotAllowed):
            return  # another process may know the chat; this one has nobody to tell
        if to is not None:
            self.publisher.pass_on(_signal(told), to)

    def _look(self) -> None:
        try:
            self.committer.look()
        except Stopped:
            self._deafen()

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts what runs by itself, unless it runs. Raises `Stopped`."""
        self.committer.start()
        self._listen()

    def _listen(self) -> None:
        if self.settings.signals is None or self._hear_no_more is not None:
            return
        with self._guard:
            if self._hear_no_more is None:
                self._hear_no_more = self.settings.signals.subscribe(self._hear)

    def stop(self) -> None:
        """Finishes what was accepted and bids the subscribers farewell; may be called again."""
        self.committer.stop()
        self._deafen()
        with self.replica.lock:
            self.publisher.stop()
        if self.settings.own_store:
            self.settings.store.close()

    def _deafen(self) -> None:
        if self._hear_no_more is not None:
            self._hear_no_more()


def _writing(frame: Typing | Preview, by: Actor) -> Writing:
    if isinstance(frame, Typing):
        return Writing(kind=SignalKind.TYPING, chat=frame.chat, by=by, on=frame.on)
    kind = SignalKind.PREVIEW
    return Writing(kind=kind, chat=frame.chat, by=by, on=bool(frame.text), text=frame.text)


def _signal(writing: Writing) -> Signal:
    agent = writing.by.id if writing.by.kind is ActorKind.AGENT else None
    return Signal(
        kind=writing.kind, chat=writing.chat, on=writing.on, agent=agent, text=writing.text
    )
