"""What a desk's journal tells of its past: who asked, who was there, and how it went on.

Everything has its place in the journal's order (`order`), because much happens at one instant.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs
from msgspec import Struct
from msgspec.structs import replace

from chatdesk.model.commits import Change
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
    SlotReleased,
)
from chatdesk.model.ids import AgentId, ChatId, CustomerId, Instant, QueueId, Seconds
from chatdesk.model.records import Agent, DeskRecord, Queue, QueueSetup
from chatdesk.model.values import EndReason, IntentKind, QueueMode
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.storage.port import Store

AT_THE_DOOR = frozenset({EndReason.NOBODY, EndReason.FULL, EndReason.CLOSED})
LEFT = frozenset({EndReason.VISITOR, EndReason.VISITOR_GONE})


class Onward(StrEnum):
    """How it went on after an agent gave a slot back."""

    ENDED = "ended"
    RETURNED = "returned"
    """Back to a line."""
    HANDED_OVER = "handed_over"
    """To a named agent."""


class Stint(Struct, frozen=True, kw_only=True):
    """A slot that a chat held of an agent's; `end` is `None` while it still does."""

    agent: AgentId
    queue: QueueId
    begin: Instant
    end: Instant | None = None
    order: int = 0
    """Of its end in the journal."""
    onward: Onward = Onward.ENDED
    declined: bool = False
    """The agent gave it away himself, and does not get it again from a line."""


class Asked(Struct, frozen=True, kw_only=True):
    """A visitor's request and what became of it."""

    chat: ChatId
    at: Instant
    order: int
    queue: QueueId
    customer: CustomerId
    language: str | None = None
    skills: tuple[str, ...] = ()
    priority: int = 0
    preferred_agent: AgentId | None = None
    stints: tuple[Stint, ...] = ()
    left_at: Instant | None = None
    """When he left the line without having seen an agent."""
    left_order: int = 0
    gave_up: bool = False
    """He left by himself; otherwise the desk ended his wait."""

    @property
    def waited(self) -> Seconds | None:
        """Until the first agent, or until he left; `None` while he waits."""
        end = self.stints[0].begin if self.stints else self.left_at
        return None if end is None else max(0.0, end - self.at)


class Presence(Struct, frozen=True, kw_only=True):
    """What an agent is from now on: whether he gets chats, how many, and which."""

    agent: AgentId
    at: Instant
    order: int
    there: bool
    capacity: int
    queues: tuple[QueueId, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class History(Struct, frozen=True, kw_only=True):
    """A stretch of a desk's life, to be gone through again."""

    asked: tuple[Asked, ...]
    presences: tuple[Presence, ...]
    queues: Mapping[QueueId, QueueSetup]
    turned_away: int = 0
    """Who met a closed, full or deserted queue; they take no part."""
    notes: tuple[str, ...] = ()
    """What of it a replay cannot follow exactly."""

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """Everybody who was ever there, by id."""
        return tuple(sorted({presence.agent for presence in self.presences if presence.there}))


def read_journal(store: Store) -> History:
    """The whole journal of a store's desk.

    O(events). Raises `InvalidParameter` when nobody ever asked, and `StorageError`.
    """
    reader, revision = _Reader(), 0
    while changes := store.changes(revision):
        for change in changes:
            reader.take(change)
        revision = changes[-1].revision
    return reader.history()


def history_of(changes: Iterable[Change]) -> History:
    """As `read_journal`, from changes that are at hand."""
    reader = _Reader()
    for change in changes:
        reader.take(change)
    return reader.history()


@attrs.define(eq=False)
class _Reader:
    """Goes through the journal once; what a chat holds is told by its own events alone."""

    order: int = 0
    chats: dict[ChatId, Asked] = attrs.field(factory=dict)
    agents: dict[AgentId, Presence] = attrs.field(factory=dict)
    accepting: dict[AgentId, bool] = attrs.field(factory=dict)
    presences: list[Presence] = attrs.field(factory=list)
    queues: dict[QueueId, QueueSetup] = attrs.field(factory=dict)
    policies: dict[QueueId, Counter[str]] = attrs.field(factory=dict)
    modes: Counter[QueueMode] = attrs.field(factory=Counter)
    turned_away: int = 0
    wrap_up_holds: bool = True
    """Whether a chat in wrap-up holds its slot."""

    def take(self, change: Change) -> None:
        """What one commit wrote."""
        for record in change.records:
            if isinstance(record, Queue):
                self.set_queue(record)
            elif isinstance(record, Agent):
                self.learn(record)
            elif isinstance(record, DeskRecord):
                self.wrap_up_holds = record.setup.wrap_up_holds_slot
        for event in change.events:
            self.order += 1
            self.happened(event)

    def set_queue(self, queue: Queue) -> None:
        """A queue's setup; a store keeps only the last one."""
        self.queues[queue.id] = queue.setup

    def learn(self, agent: Agent) -> None:
        """An agent's languages, which no event tells."""
        known = self.agents.get(agent.id)
        languages = agent.setup.languages
        if known is None:
            known = Presence(agent=agent.id, at=0.0, order=0, there=False, capacity=0)
        self.agents[agent.id] = replace(known, languages=languages)

    def happened(self, event: Event) -> None:
        """One event."""
        match event:
            case ChatOpened():
                self.opened(event)
            case ChatAssigned():
                self.assigned(event)
            case ChatTransferred():
                if event.to_agent is not None:
                    self.gave_back(event.chat, event.at, Onward.HANDED_OVER)
            case ChatReturned():
                self.gave_back(event.chat, event.at, Onward.RETURNED)
                self.requeued(event)
            case SlotReleased() | ChatClosed():
                self.gave_back(event.chat, event.at, Onward.ENDED)
            case ChatEnded():
                self.ended(event)
            case AgentSaved() | AgentStatusChanged():
                self.agent_changed(event)

    def opened(self, event: ChatOpened) -> None:
        """A visitor asked."""
        self.chats[event.chat] = Asked(
            chat=event.chat,
            at=event.at,
            order=self.order,
            queue=event.queue,
            customer=event.customer,
            language=event.language,
            skills=event.skills,
            priority=event.priority,
            preferred_agent=event.preferred_agent,
        )

    def assigned(self, event: ChatAssigned) -> None:
        """An agent got it."""
        asked = self.chats.get(event.chat)
        if asked is None:
            return
        stint = Stint(agent=event.agent, queue=event.queue, begin=event.at)
        self.chats[event.chat] = replace(asked, stints=(*asked.stints, stint))
        self.modes[event.mode] += 1
        if event.policy is not None:
            self.policies.setdefault(event.queue, Counter())[event.policy] += 1

    def gave_back(self, chat: ChatId, at: Instant, onward: Onward) -> None:
        """A chat's agent has its slot back, unless he had it back before."""
        asked = self.chats.get(chat)
        if asked is None or not asked.stints or asked.stints[-1].end is not None:
            return
        stint = replace(asked.stints[-1], end=at, order=self.order, onward=onward)
        self.chats[chat] = replace(asked, stints=(*asked.stints[:-1], stint))

    def requeued(self, event: ChatReturned) -> None:
        """Whether its agent gave it back himself."""
        asked = self.chats.get(event.chat)
        if asked is not None and asked.stints and event.reason == "transferred":
            stint = replace(asked.stints[-1], declined=True)
            self.chats[event.chat] = replace(asked, stints=(*asked.stints[:-1], stint))

    def ended(self, event: ChatEnded) -> None:
        """A talk or a wait is over; a talk's slot may be held on by its wrap-up."""
        asked = self.chats.get(event.chat)
        if asked is None:
            return
        if event.agent is not None and not self.wrap_up_holds:
            self.gave_back(event.chat, event.at, Onward.ENDED)
        if asked.stints:
            return
        if event.reason in AT_THE_DOOR and event.at == asked.at:
            self.turned_away += 1
            del self.chats[event.chat]
            return
        self.chats[event.chat] = replace(
            asked, left_at=event.at, left_order=self.order, gave_up=event.reason in LEFT
        )

    def agent_changed(self, event: AgentSaved | AgentStatusChanged) -> None:
        """An agent was set up, came or went."""
        known = self.agents.get(event.agent)
        if known is None:
            known = Presence(agent=event.agent, at=0.0, order=0, there=False, capacity=0)
        if isinstance(event, AgentSaved):
            known = replace(
                known, capacity=event.capacity, queues=event.queues, skills=event.skills
            )
            accepting = self.accepting.get(event.agent, False) and not event.retired
        else:
            accepting = (
                event.present and event.on_shift and event.intent is IntentKind.ACCEPTING
            ) and event.status != "retired"
        self.accepting[event.agent] = accepting
        there = accepting and known.capacity > 0
        after = replace(known, at=event.at, order=self.order, there=there)
        if _facts(after) != _facts(self.agents.get(event.agent)):
            self.presences.append(after)
        self.agents[event.agent] = after

    def history(self) -> History:
        """All of it."""
        if not self.chats:
            raise InvalidParameter("the journal holds no chat: there is nothing to replay")
        asked = sorted(self.chats.values(), key=lambda one: one.order)
        queues = {name: self.as_it_ran(name, setup) for name, setup in self.queues.items()}
        return History(
            asked=tuple(asked),
            presences=tuple(self.presences),
            queues=queues,
            turned_away=self.turned_away,
            notes=tuple(self.notes()),
        )

    def as_it_ran(self, name: QueueId, setup: QueueSetup) -> QueueSetup:
        """The setup with the policy that most of the queue's chats were assigned by."""
        ran = self.policies.get(name)
        return replace(setup, policy=ran.most_common(1)[0][0]) if ran else setup

    def notes(self) -> Iterable[str]:
        """What a replay does otherwise than the desk did."""
        offered, pulled = self.modes[QueueMode.OFFER], self.modes[QueueMode.PULL]
        if offered:
            yield f"{offered} chats were offered; a replay has every offer accepted at once"
        if pulled:
            yield f"{pulled} chats were taken by agents; a replay assigns them"
        for name, ran in sorted(self.policies.items()):
            if len(ran) > 1:
                yield f"queue {name} had the policies {', '.join(sorted(ran))}"


def _facts(presence: Presence | None) -> tuple[object, ...] | None:
    if presence is None:
        return None
    p = presence
    return p.there, p.capacity, p.queues, p.skills, p.languages
