"""A candidate policy beside the live one: it decides without effect, and differences are counted.

A shadow reads what the desk has committed, like any other replica, and asks the candidate about
each decision just before it takes note of what the live policy decided. So the candidate sees the
desk as the live policy makes it, not as it would have made it itself: a shadow tells where the two
differ, and a replay (`chatdesk replay`) what that would have come to.

Nothing of it is in the way of a command. It reads the store, from a thread or a process of its own,
and whatever a candidate raises is counted.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence
from threading import Event as Flag
from threading import Thread
from types import TracebackType
from typing import Self

import attrs
from msgspec import Struct
from msgspec.structs import replace

from chatdesk.model.commits import Change
from chatdesk.model.errors import StorageError
from chatdesk.model.events import (
    AgentSaved,
    AgentStatusChanged,
    ChatAssigned,
    ChatClosed,
    ChatEnded,
    ChatOpened,
    ChatReturned,
    ChatTransferred,
    Event,
    OfferMade,
    OfferSettled,
    SlotReleased,
)
from chatdesk.model.ids import AgentId, ChatId, Instant, QueueId, Revision, Seconds
from chatdesk.model.records import Agent, Chat, Counters, DeskRecord, Queue, Record
from chatdesk.model.values import ChatState, IntentKind, OfferState, QueueMode, Status
from chatdesk.rules.availability import can_receive
from chatdesk.rules.disciplines import FirstCome
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, language_tag, queue_tag, seat_of, tags_of
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.port import Store

log = logging.getLogger("chatdesk.runtime")

KEEP = 100
EVERY_SECONDS: Seconds = 1.0
TOLD = frozenset({OfferState.DECLINED, OfferState.EXPIRED})
"""Offers that are not made to the same agent again."""


class Facts(Struct, frozen=True):
    """What routing knew of an agent when a decision was made."""

    agent: AgentId
    load: int
    capacity: int
    received: int
    skills: int
    """How many tags he has: of queues, languages and skills."""
    place: int = 0
    """In the order of idleness: lower is idle for longer."""


class Difference(Struct, frozen=True):
    """A decision that the candidate would have made otherwise; `None` is to let the chat wait."""

    chat: ChatId
    at: Instant
    live: Facts | None
    candidate: Facts | None

    @property
    def why(self) -> str:
        """What sets the two choices apart, in a sentence."""
        if self.live is None and self.candidate is not None:
            return f"the chat was let wait; the candidate gives it to {_said(self.candidate)}"
        if self.candidate is None and self.live is not None:
            return f"{_said(self.live)} got it; the candidate lets it wait"
        if self.live is None or self.candidate is None:
            return "both let it wait"
        idle = "longer" if self.candidate.place < self.live.place else "shorter"
        return (
            f"{_said(self.live)} got it; the candidate prefers {_said(self.candidate)}, "
            f"idle for {idle}"
        )


def _said(facts: Facts) -> str:
    return (
        f"{facts.agent} ({facts.load} of {facts.capacity} slots taken, {facts.received} received, "
        f"{facts.skills} skills)"
    )


class Tally(Struct, frozen=True):
    """How often the candidate decided what."""

    decisions: int = 0
    """All below together, but for `errors`."""
    same: int = 0
    other_agent: int = 0
    would_wait: int = 0
    """It lets a chat wait that was given to somebody."""
    would_assign: int = 0
    """It gives somebody a chat that was let wait."""
    errors: int = 0
    last_error: str | None = None
    seconds: Seconds = 0.0
    """Time that the candidate took for all its answers."""
    slowest_seconds: Seconds = 0.0

    @property
    def share_same(self) -> float | None:
        """The share of decisions alike; `None` before the first one."""
        return self.same / self.decisions if self.decisions else None


@attrs.define(eq=False)
class Shadow:
    """One candidate policy beside one desk.

    `catch_up` reads what was committed since and decides along; give it a thread with `start`, or a
    process of its own, or call it now and then. It begins where the desk is at its first call. One
    thread at a time may call it; `tally` and `differences` may be read from any.
    """

    store: Store
    policy: AssignmentPolicy
    keep: int = KEEP
    """How many of the last differences are kept."""
    queues: frozenset[QueueId] | None = None
    """Only these queues; `None` for all."""
    tally: Tally = attrs.field(factory=Tally, init=False)
    differences: deque[Difference] = attrs.field(init=False)
    revision: Revision | None = attrs.field(default=None, init=False)
    _floor: "_Floor" = attrs.field(init=False)
    _thread: Thread | None = attrs.field(default=None, init=False)
    _stop: Flag = attrs.field(factory=Flag, init=False)

    def __attrs_post_init__(self) -> None:
        self.differences = deque(maxlen=self.keep)
        self._floor = _Floor(self.policy)

    @classmethod
    def beside(
        cls, desk: ChatDesk, policy: AssignmentPolicy, *, every: Seconds = EVERY_SECONDS
    ) -> "Shadow":
        """A shadow of a running desk, in a thread of its own; stop it before the desk."""
        shadow = cls(desk.engine.settings.store, policy)
        shadow.start(every)
        return shadow

    def catch_up(self) -> Tally:
        """Decide along with all that was committed since. Raises `StorageError`."""
        if self.revision is None:
            snapshot = self.store.load()
            self._floor.learn(snapshot.records)
            self._floor.take_records(snapshot.records)
            self._floor.take_chats(snapshot.records)
            self.revision = snapshot.revision
        while changes := self.store.changes(self.revision):
            self._floor.learn(record for change in changes for record in change.records)
            for change in changes:
                self._follow(change)
        return self.tally

    def start(self, every: Seconds = EVERY_SECONDS) -> None:
        """Catch up every so many seconds, in a thread; what it cannot read now it reads later."""
        self._stop.clear()
        self._thread = Thread(target=self._run, args=(every,), name="chatdesk-shadow", daemon=True)
        self._thread.start()

    def stop(self) -> Tally:
        """End the thread, if there is one, after a last look; may be called again."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stop.set()
            thread.join()
        return self.tally

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, every: Seconds) -> None:
        stopping = False
        while True:
            try:
                self.catch_up()
            except StorageError as error:
                log.warning("a shadow cannot read the desk now, trying again: %s", error)
            if stopping:
                return
            stopping = self._stop.wait(every)

    # -- one commit ------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        floor = self._floor
        floor.take_setup(change.records)
        for event in change.events:
            self._compare(event)
            floor.happen(event)
        floor.take_records(change.records)
        for chat in floor.let_wait():
            self._decide(chat, None, change.at)
        self.revision = change.revision

    def _compare(self, event: Event) -> None:
        """Ask the candidate what it would do instead of what is about to be noted."""
        if isinstance(event, OfferMade | ChatAssigned):
            chat = self._floor.chats.get(event.chat)
            pulled = isinstance(event, ChatAssigned) and event.mode is QueueMode.PULL
            if chat is not None and chat.state is ChatState.WAITING and not pulled:
                self._decide(chat, event.agent, event.at)

    def _decide(self, chat: Chat, live: AgentId | None, at: Instant) -> None:
        if self.queues is not None and chat.queue not in self.queues:
            return
        began = time.perf_counter()
        try:
            choice = self._floor.choice(chat, at)
        except Exception as error:  # noqa: BLE001  # whatever a candidate raises must harm nobody
            text = f"{type(error).__name__}: {error}"
            self.tally = replace(self.tally, errors=self.tally.errors + 1, last_error=text)
            return
        took = time.perf_counter() - began
        if live is None and choice is None:
            return
        self._count(_outcome(live, choice), took)
        if choice != live:
            facts = (self._floor.facts(live), self._floor.facts(choice))
            self.differences.append(Difference(chat.id, at, *facts))

    def _count(self, outcome: str, took: Seconds) -> None:
        tally = self.tally
        counted = {outcome: getattr(tally, outcome) + 1}
        self.tally = replace(
            tally,
            decisions=tally.decisions + 1,
            seconds=tally.seconds + took,
            slowest_seconds=max(tally.slowest_seconds, took),
            **counted,
        )


def _outcome(live: AgentId | None, choice: AgentId | None) -> str:
    if choice == live:
        return "same"
    if live is None:
        return "would_assign"
    return "would_wait" if choice is None else "other_agent"


@attrs.define(eq=False)
class _Floor:
    """The desk's seats and waiting chats, as of just before the next event.

    It goes by events, and takes the agents' records at the end of a commit that has them, so no
    error lasts. A store keeps no older versions of records: who is far behind has only events.
    """

    policy: AssignmentPolicy
    router: Router = attrs.field(factory=Router)
    queues: dict[QueueId, Queue] = attrs.field(factory=dict)
    languages: dict[AgentId, tuple[str, ...]] = attrs.field(factory=dict)
    """Which no event tells."""
    setups: dict[AgentId, tuple[frozenset[str], int]] = attrs.field(factory=dict)
    """Tags and capacity."""
    chats: dict[ChatId, Chat] = attrs.field(factory=dict)
    """Waiting, offered, or in an agent's hands."""
    away: dict[AgentId, Seat] = attrs.field(factory=dict)
    """Who has left, as he was."""
    holders: dict[ChatId, AgentId] = attrs.field(factory=dict)
    """Who holds a slot for a chat."""
    fresh: dict[ChatId, None] = attrs.field(factory=dict)
    """Chats that came to a line in this commit."""
    wrap_up_holds: bool = True

    def choice(self, chat: Chat, at: Instant) -> AgentId | None:
        """Whom the candidate chooses; raises `ValueError` for one who cannot take the chat."""
        choice = self.router.choice(chat, at)
        staff = self.router.staff
        if choice is not None and not (staff.covers(choice, chat) and staff.has_room(choice)):
            raise ValueError(f"it chose {choice!r}, who cannot take chat {chat.id!r}")
        return choice

    def facts(self, agent_id: AgentId | None) -> Facts | None:
        """An agent's facts now."""
        seat = None if agent_id is None else self.router.staff.get(agent_id)
        if seat is None:
            return None if agent_id is None else Facts(agent_id, 0, 0, 0, 0)
        return Facts(seat.id, seat.load, seat.capacity, seat.received, len(seat.skills), seat.place)

    def let_wait(self) -> Sequence[Chat]:
        """Chats that came to a line and stand there at the end of the commit, asked about once."""
        found = [self.chats[chat_id] for chat_id in self.fresh if chat_id in self.chats]
        self.fresh.clear()
        return [
            chat
            for chat in found
            if chat.state is ChatState.WAITING
            and self.queues[chat.queue].setup.mode is not QueueMode.PULL
        ]

    # -- records ---------------------------------------------------------------------------------

    def take_setup(self, records: Iterable[Record]) -> None:
        """The desk's and the queues' setup."""
        for record in records:
            if isinstance(record, DeskRecord):
                self.wrap_up_holds = record.setup.wrap_up_holds_slot
            elif isinstance(record, Queue):
                self.queues[record.id] = record
                setup = replace(record.setup, mode=QueueMode.PUSH)
                self.router.set_queue(replace(record, setup=setup), self.policy, FirstCome())

    def learn(self, records: Iterable[Record]) -> None:
        """What is to be known of agents beforehand."""
        for record in records:
            if isinstance(record, Agent):
                self.languages[record.id] = record.setup.languages

    def take_records(self, records: Iterable[Record]) -> None:
        """What is true at the end of a commit."""
        self.take_setup(records)
        for record in records:
            if isinstance(record, Counters):
                self.router.place, self.router.turn = record.place, record.turn
            elif isinstance(record, Agent):
                self.setups[record.id] = tags_of(record), record.setup.capacity
                if can_receive(record):
                    self.router.seat(seat_of(record))
                else:
                    self.router.unseat(record.id)

    def take_chats(self, records: Iterable[Record]) -> None:
        """The chats that are open when a shadow begins."""
        for record in records:
            if isinstance(record, Chat):
                self.chats[record.id] = record
                if record.agent is not None and record.holds_slot:
                    self.holders[record.id] = record.agent

    # -- events ----------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case AgentSaved():
                self.saved(event)
            case AgentStatusChanged():
                self.status(event)
            case ChatOpened():
                self.enter(_opened(event))
            case OfferMade():
                self.offered(event)
            case OfferSettled():
                self.settled(event)
            case ChatAssigned():
                self.assigned(event)
            case _:
                self.let_go(event)

    def let_go(self, event: Event) -> None:
        """Take note of an event by which a chat leaves its agent."""
        match event:
            case ChatTransferred():
                self.transferred(event)
            case ChatReturned():
                self.returned(event)
            case ChatEnded():
                self.ended(event)
            case SlotReleased():
                self.release(event.chat)
            case ChatClosed():
                self.release(event.chat)
                self.chats.pop(event.chat, None)

    def saved(self, event: AgentSaved) -> None:
        """An agent was set up, or anew."""
        languages = self.languages.get(event.agent, ())
        tags = (*event.skills, *map(queue_tag, event.queues), *map(language_tag, languages))
        self.setups[event.agent] = frozenset(tags), event.capacity
        seat = self.router.staff.get(event.agent)
        if seat is not None and event.capacity > 0:
            self.router.seat(attrs.evolve(seat, skills=frozenset(tags), capacity=event.capacity))

    def status(self, event: AgentStatusChanged) -> None:
        """An agent came or went, or is shown otherwise."""
        tags, capacity = self.setups.get(event.agent, (frozenset(), 0))
        comes = event.present and event.on_shift and event.intent is IntentKind.ACCEPTING
        comes = comes and event.status is not Status.RETIRED and capacity > 0
        seat = self.router.staff.get(event.agent)
        if seat is not None and not comes:
            self.away[event.agent] = seat
            self.router.unseat(event.agent)
        elif seat is None and comes:
            back = self.away.pop(event.agent, None) or Seat(event.agent, tags, capacity)
            back.skills, back.capacity, back.load = tags, capacity, event.load
            self.router.come_back(back)

    def enter(self, chat: Chat) -> None:
        """A chat comes to a line."""
        self.chats[chat.id] = chat
        self.fresh[chat.id] = None

    def offered(self, event: OfferMade) -> None:
        """A slot is held for an offer."""
        if self.router.staff.get(event.agent) is not None:
            self.router.reserve(event.agent)
        self.holders[event.chat] = event.agent
        self.change(event.chat, state=ChatState.OFFERED, epoch=event.epoch)

    def settled(self, event: OfferSettled) -> None:
        """An offer is over; who declined is not asked again."""
        if event.state is OfferState.ACCEPTED:
            return
        self.release(event.chat)
        chat = self.chats.get(event.chat)
        if chat is not None:
            declined = chat.declined_by
            if event.state in TOLD:
                declined = (*declined, event.agent)
            self.enter(replace(chat, state=ChatState.WAITING, declined_by=declined))

    def assigned(self, event: ChatAssigned) -> None:
        """An agent has the chat."""
        chat = self.chats.get(event.chat)
        if self.router.staff.get(event.agent) is not None:
            if event.chat in self.holders:
                self.router.confirm(event.agent, event.at)
            else:
                self.router.assign(event.agent, event.at)
        self.holders[event.chat] = event.agent
        if chat is not None:
            agents = (*chat.agents, event.agent)
            self.change(event.chat, state=ChatState.ACTIVE, agents=agents, epoch=event.epoch)

    def transferred(self, event: ChatTransferred) -> None:
        """A chat goes to a colleague at once, or will come back to a line."""
        if event.to_agent is not None:
            self.release(event.chat)
        else:
            chat = self.chats.get(event.chat)
            if chat is not None:
                declined = (*chat.declined_by, event.from_agent)
                self.change(event.chat, queue=event.to_queue or chat.queue, declined_by=declined)

    def returned(self, event: ChatReturned) -> None:
        """A chat waits again."""
        self.release(event.chat)
        chat = self.chats.get(event.chat)
        if chat is not None:
            self.enter(
                replace(chat, state=ChatState.WAITING, queue=event.queue, queued_at=event.at)
            )

    def ended(self, event: ChatEnded) -> None:
        """A wait is over, or a talk, whose slot may be held on."""
        if event.agent is None or not self.wrap_up_holds:
            self.release(event.chat)
        if event.agent is None:
            self.chats.pop(event.chat, None)
        else:
            self.change(event.chat, state=ChatState.WRAP_UP)

    def release(self, chat_id: ChatId) -> None:
        """A slot is given back, unless it was before."""
        agent_id = self.holders.pop(chat_id, None)
        seat = None if agent_id is None else self.router.staff.get(agent_id)
        if seat is not None and seat.load > 0:
            self.router.release(seat.id)

    def change(self, chat_id: ChatId, **fields: object) -> None:
        """Note a chat's new facts."""
        chat = self.chats.get(chat_id)
        if chat is not None:
            self.chats[chat_id] = replace(chat, **fields)


def _opened(event: ChatOpened) -> Chat:
    return Chat(
        id=event.chat,
        state=ChatState.WAITING,
        queue=event.queue,
        visitor=event.visitor,
        customer=event.customer,
        language=event.language,
        skills=event.skills,
        priority=event.priority,
        preferred_agent=event.preferred_agent,
        requested_at=event.at,
        waiting_since=event.at,
        queued_at=event.at,
    )
