"""Routing by brute force over plain lists, to compare the router with.

It is written from the rules alone and shares no structure with the router: every choice looks at
every seat, and every match at every waiting chat.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
from attrs import evolve

from chatdesk.model.ids import AgentId, ChatId, QueueId
from chatdesk.model.records import Chat, Queue
from chatdesk.model.values import ChatState, QueueMode
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import (
    AssignmentPolicy,
    LeastBusy,
    LongestIdle,
    MostRoom,
    PowerOfTwo,
    PreferredAgent,
    RankedPolicy,
    RoundRobin,
    SeededRandom,
    Skilled,
    _draw,
)
from chatdesk.rules.routing import Match
from chatdesk.rules.staff import Seat, language_tag, need_of

ORDERS: Mapping[type[AssignmentPolicy], Callable[[Seat], tuple[Any, ...]]] = {
    LeastBusy: lambda s: (s.load, s.turn, s.place, s.id),
    LongestIdle: lambda s: (s.place, s.id),
    RoundRobin: lambda s: (s.last_assigned_place, s.id),
    MostRoom: lambda s: (s.load - s.capacity, s.turn, s.place, s.id),
}


def make_chat(chat_id: ChatId, queue: QueueId = "sales", at: float = 0.0, **facts: Any) -> Chat:
    """A waiting chat with the fields that routing looks at."""
    given = {"waiting_since": at, "queued_at": at, "requested_at": at} | facts
    return Chat(
        id=chat_id, state=ChatState.WAITING, queue=queue, visitor="v", customer="c", **given
    )


@attrs.define
class Reference:
    """The same interface as the router's, for the parts that are compared."""

    place: int = 0
    turn: int = 0
    seats: dict[AgentId, Seat] = attrs.field(factory=dict)
    chats: dict[ChatId, Chat] = attrs.field(factory=dict)
    rules: dict[QueueId, tuple[Queue, AssignmentPolicy, Discipline]] = attrs.field(factory=dict)

    def seat(self, seat: Seat) -> None:
        """An agent can get chats, or his facts changed."""
        self.seats[seat.id] = evolve(seat)

    def come_back(self, seat: Seat) -> None:
        """He is last in the order of idleness, and starts no lower than his fellows."""
        self.seats.pop(seat.id, None)
        fellows = [s.turn for s in self.seats.values() if s.skills == seat.skills]
        floor = min(self.turn, max(fellows)) if fellows else self.turn
        self.place += 1
        self.seat(evolve(seat, turn=max(seat.turn, floor), place=self.place))

    def shift(self, agent_id: AgentId, step: int) -> Seat:
        """A slot is taken or given back."""
        seat = self.seats[agent_id]
        self.place += 1
        seat.load, seat.place = seat.load + step, self.place
        return seat

    def receive(self, agent_id: AgentId, step: int, now: float) -> None:
        """A chat counts as received."""
        seat = self.shift(agent_id, step)
        self.turn = max(self.turn, seat.turn)
        seat.turn += 1
        seat.received += 1
        seat.last_assigned_at, seat.last_assigned_place = now, seat.place

    def eligible(self, chat: Chat, also: Iterable[str] = ()) -> list[Seat]:
        """Who has room, covers the need and did not decline; by id."""
        need = need_of(chat, self.rules[chat.queue][0]) | set(also)
        seats = sorted(self.seats.values(), key=lambda seat: seat.id)
        return [
            seat
            for seat in seats
            if seat.load < seat.capacity and need <= seat.skills and seat.id not in chat.declined_by
        ]

    def choose(self, policy: AssignmentPolicy, chat: Chat, now: float) -> AgentId | None:
        """What the policy ought to answer."""
        if isinstance(policy, Skilled):
            return self.best_match(policy, chat, now)
        if isinstance(policy, PreferredAgent):
            return self.preferred(policy, chat, now)
        seats = self.eligible(chat)
        return self.choose_of(seats, policy, chat) if seats else None

    def choose_of(self, seats: list[Seat], policy: AssignmentPolicy, chat: Chat) -> AgentId | None:
        """What a policy that takes one of the eligible ought to answer."""
        if isinstance(policy, SeededRandom):
            return seats[_draw(policy.seed, chat.id, chat.epoch) % len(seats)].id
        if isinstance(policy, PowerOfTwo):
            number = _draw(policy.seed, chat.id, chat.epoch)
            seats = [seats[(number >> 32) % len(seats)], seats[number % 2**32 % len(seats)]]
            return min(seats, key=ORDERS[LeastBusy]).id
        if isinstance(policy, RankedPolicy) and type(policy) not in ORDERS:
            return min(seats, key=lambda seat: (policy.rank(seat), seat.id)).id
        if isinstance(policy, SoftCap):
            best = min(seats, key=ORDERS[LeastBusy])
            return best.id if best.load < policy.cap else None
        return min(seats, key=ORDERS[type(policy)]).id

    def best_match(self, policy: Skilled, chat: Chat, now: float) -> AgentId | None:
        """The least busy of the narrowest ring that has anybody."""
        for ring in policy.rings:
            tags = list(ring.skills)
            if ring.language and chat.language:
                tags.append(language_tag(chat.language))
            seats = self.eligible(chat, tags)
            if now >= chat.queued_at + ring.after and seats:
                key = lambda s: (s.load, len(s.skills), s.turn, s.place, s.id)  # noqa: E731
                return min(seats, key=key).id
        return None

    def preferred(self, policy: PreferredAgent, chat: Chat, now: float) -> AgentId | None:
        """The preferred agent, whom the chat waits for while he is there."""
        who = chat.preferred_agent or (chat.agents[-1] if chat.agents else None)
        seat = None if who is None else self.seats.get(who)
        need = need_of(chat, self.rules[chat.queue][0])
        if seat is not None and seat.id not in chat.declined_by and need <= seat.skills:
            if seat.load < seat.capacity:
                return seat.id
            if now < chat.queued_at + policy.grace_seconds:
                return None
        return self.choose(policy.otherwise, chat, now)

    def key(self, chat: Chat) -> tuple[Any, ...]:
        """Where the chat stands in line."""
        queue, _, discipline = self.rules[chat.queue]
        key = discipline.key(chat, queue.setup)
        return -queue.setup.priority, *key, chat.line, chat.id

    def line(self, queue_id: QueueId | None = None) -> list[Chat]:
        """The chats of one queue, or of all, in line order."""
        chats = [chat for chat in self.chats.values() if queue_id in {None, chat.queue}]
        return sorted(chats, key=self.key)

    def next_match(self, now: float) -> Match | None:
        """The first chat in line order for which its policy names an agent."""
        for chat in self.line():
            queue, policy, _ = self.rules[chat.queue]
            if queue.setup.mode is not QueueMode.PULL:
                agent_id = self.choose(policy, chat, now)
                if agent_id is not None:
                    return Match(chat.id, agent_id)
        return None

    def next_for(self, agent_id: AgentId, queue_id: QueueId | None) -> ChatId | None:
        """The first chat in line order that the agent may take."""
        skills = self.seats[agent_id].skills
        for chat in self.line(queue_id):
            need = need_of(chat, self.rules[chat.queue][0])
            gave_away = agent_id in chat.declined_by and agent_id in chat.agents
            if need <= skills and not gave_away:
                return chat.id
        return None


@attrs.frozen
class SoftCap(AssignmentPolicy):
    """A policy that answers `None` though somebody has room: nobody over `cap` chats."""

    cap: int = 1

    def choose(self, chat: Chat, staff: Any, now: float) -> AgentId | None:  # noqa: ARG002
        """The least busy, if he is below the cap."""
        agent_id: AgentId | None = staff.least_busy(chat)
        seat = None if agent_id is None else staff.get(agent_id)
        return agent_id if seat is not None and seat.load < self.cap else None


@attrs.frozen
class FewestReceived(RankedPolicy):
    """A policy with a rank of its own."""

    def rank(self, seat: Seat) -> tuple[Any, ...]:
        """Received, then capacity."""
        return seat.received, -seat.capacity
