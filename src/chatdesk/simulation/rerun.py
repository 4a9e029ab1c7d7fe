"""A log gone through again: the same customers meet the production router with another policy.

What the log tells is taken from it: when customers came, how long those waited who gave up, how
long each chat held its agent, and who was there when. What it leaves open comes by lot. So the
policy that ran, replayed, does again what the desk did, to the instant.
"""

from array import array
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from math import inf
from typing import TypeAlias

import attrs
from msgspec.structs import replace

from chatdesk.model.ids import AgentId, ChatId, Instant, QueueId, Seconds
from chatdesk.model.records import Chat, Queue
from chatdesk.model.values import ChatState, QueueMode
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, language_tag, queue_tag
from chatdesk.simulation.calibration import Handling, Luck
from chatdesk.simulation.history import Asked, History, Onward, Presence

Due: TypeAlias = tuple[Instant, int, int, int]
"""When, the place in the journal's order, what, and whom it is about."""

PRESENCE, ASKS, GIVES_UP, ENDS, LOOK = range(5)
LATEST = 1 << 60
"""In the journal's order: what the journal does not know comes after all it does."""

Rules: TypeAlias = Mapping[QueueId, tuple[AssignmentPolicy, Discipline]]


@attrs.define(eq=False)
class Course:
    """What happened to each customer of a log, by his place in it."""

    waited: "array[float]"
    """Until the first agent, or until he left."""
    agents: list[AgentId | None]
    """The first who had him; `None` for who gave up."""
    stints: list[tuple[AgentId, Instant, Instant]] = attrs.field(factory=list)
    """Slots held, in no special order; of those still held, to the end of the log."""

    @classmethod
    def of(cls, count: int) -> "Course":
        """Of so many customers, of whom nothing is known yet."""
        return cls(array("d", bytes(8 * count)), [None] * count)


def rerun(history: History, rules: Rules, handling: Handling, luck: Luck) -> Course:
    """Let the customers of a log meet other rules; O(n log n) in its events.

    Raises `ConfigurationError` when a policy names somebody who cannot take a chat.
    """
    run = _Rerun(history, rules, handling, luck)
    run.go()
    return run.course


@attrs.define(eq=False)
class _Rerun:
    history: History
    rules: Rules
    handling: Handling
    luck: Luck
    router: Router = attrs.field(factory=Router)
    seats: dict[AgentId, Seat] = attrs.field(factory=dict)
    waiting: dict[ChatId, tuple[int, Chat]] = attrs.field(factory=dict)
    served: dict[int, tuple[int, AgentId, Instant, Chat]] = attrs.field(factory=dict)
    """By customer: which of his stints runs, whose, since when, and the chat."""
    due: list[Due] = attrs.field(factory=list)
    looks: set[Instant] = attrs.field(factory=set)
    course: Course = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        history = self.history
        total = len(history.asked)
        self.course = Course.of(total)
        for name, setup in history.queues.items():
            queue = Queue(id=name, setup=replace(setup, mode=QueueMode.PUSH))
            self.router.set_queue(queue, *self.rules[name])
        self.due.extend((p.at, p.order, PRESENCE, n) for n, p in enumerate(history.presences))
        self.due.extend((a.at, a.order, ASKS, n) for n, a in enumerate(history.asked))
        heapify(self.due)

    def go(self) -> None:
        """To the end, when nobody comes or goes any more."""
        handlers = (self.presence, self.ask, self.give_up, self.end, self.look)
        now = 0.0
        while self.due:
            now, _, what, whom = heappop(self.due)
            handlers[what](whom, now)
            self.serve(now)
        for place, chat in self.waiting.values():
            self.course.waited[place] = now - chat.requested_at
        for _, agent, begin, _ in self.served.values():
            self.course.stints.append((agent, begin, now))

    # -- what happens ----------------------------------------------------------------------------

    def presence(self, number: int, now: Instant) -> None:  # noqa: ARG002  # as all handlers
        """An agent comes, goes or changes."""
        facts = self.history.presences[number]
        before = self.seats.get(facts.agent)
        seat = _seat(facts) if before is None else _changed(before, facts)
        self.seats[facts.agent] = seat
        seated = self.router.staff.get(facts.agent) is not None
        if not facts.there:
            self.router.unseat(facts.agent)
        elif seated:
            self.router.seat(seat)
        else:
            self.router.come_back(seat)

    def ask(self, place: int, now: Instant) -> None:
        """A customer comes."""
        asked = self.history.asked[place]
        chat = _chat(asked)
        self.enter(place, chat)
        patience = min(self.luck.patience[place], self.limit(chat.queue))
        if patience < inf:
            known = asked.left_at is not None and patience == asked.left_at - asked.at
            at, order = (asked.left_at or 0.0, asked.left_order) if known else (0.0, LATEST)
            heappush(self.due, (at if known else now + patience, order, GIVES_UP, place))

    def limit(self, queue: QueueId) -> Seconds:
        """How long the queue lets wait."""
        limit = self.history.queues[queue].wait_limit_seconds
        return inf if limit is None else limit

    def give_up(self, place: int, now: Instant) -> None:
        """A customer's patience is over, if he still waits for his first agent."""
        chat_id = self.history.asked[place].chat
        found = self.waiting.get(chat_id)
        if found is not None and not found[1].agents:
            del self.waiting[chat_id]
            self.router.dequeue(chat_id)
            self.course.waited[place] = now - found[1].requested_at

    def end(self, place: int, now: Instant) -> None:
        """A chat gives its slot back, and may go on elsewhere."""
        number, agent_id, begin, chat = self.served.pop(place)
        self.course.stints.append((agent_id, begin, now))
        self.release(agent_id)
        stints = self.history.asked[place].stints
        if number + 1 >= len(stints):
            return
        stint, then = stints[number], stints[number + 1]
        chat = replace(chat, queue=then.queue, queued_at=now)
        if stint.onward is Onward.HANDED_OVER:
            self.begin(place, chat, then.agent, now)
        elif stint.onward is Onward.RETURNED:
            declined = (*chat.declined_by, agent_id) if stint.declined else chat.declined_by
            self.enter(place, replace(chat, declined_by=declined))

    def look(self, place: int, now: Instant) -> None:
        """Time alone may have changed a policy's answer; `serve` asks it."""

    # -- its parts -------------------------------------------------------------------------------

    def enter(self, place: int, chat: Chat) -> None:
        """A chat comes to a line."""
        self.waiting[chat.id] = place, chat
        self.router.enqueue(chat)

    def serve(self, now: Instant) -> None:
        """Assign until nothing matches."""
        router = self.router
        while (match := router.next_match(now)) is not None:
            place, chat = self.waiting.pop(match.chat_id)
            router.dequeue(match.chat_id)
            self.begin(place, chat, match.agent_id, now)
        at = router.next_look()
        if at is not None and at not in self.looks:
            self.looks.add(at)
            heappush(self.due, (at, LATEST, LOOK, 0))

    def begin(self, place: int, chat: Chat, agent_id: AgentId, now: Instant) -> None:
        """An agent gets a chat; his slot is held as long as the log says, or the lot."""
        self.take(agent_id, now)
        if not chat.agents:
            self.course.waited[place] = now - chat.requested_at
            self.course.agents[place] = agent_id
        number = len(chat.agents)
        chat = replace(chat, agents=(*chat.agents, agent_id))
        self.served[place] = number, agent_id, now, chat
        at, order = self.ending(place, number, agent_id, now)
        if at < inf:
            heappush(self.due, (at, order, ENDS, place))

    def ending(
        self, place: int, number: int, agent_id: AgentId, now: Instant
    ) -> tuple[Instant, int]:
        """When the slot is given back, and where in the journal's order."""
        asked = self.history.asked[place]
        if number >= len(asked.stints):
            rest = self.luck.rests[place]
            return now + self.handling.draw(rest, asked, agent_id), LATEST
        stint = asked.stints[number]
        if stint.end is None:
            return inf, LATEST
        if now == stint.begin and agent_id == stint.agent:
            return stint.end, stint.order
        took = self.handling.moved(stint.end - stint.begin, stint.agent, agent_id)
        return now + took, LATEST

    def take(self, agent_id: AgentId, now: Instant) -> None:
        """A slot is taken; he may have left, and be given a chat by a colleague nevertheless."""
        if self.router.staff.get(agent_id) is not None:
            self.router.assign(agent_id, now)
        else:
            self.seats[agent_id].load += 1

    def release(self, agent_id: AgentId) -> None:
        """A slot is given back."""
        if self.router.staff.get(agent_id) is not None:
            self.router.release(agent_id)
        else:
            self.seats[agent_id].load -= 1


def _chat(asked: Asked) -> Chat:
    return Chat(
        id=asked.chat,
        state=ChatState.WAITING,
        queue=asked.queue,
        visitor=asked.customer,
        customer=asked.customer,
        language=asked.language,
        skills=asked.skills,
        priority=asked.priority,
        preferred_agent=asked.preferred_agent,
        requested_at=asked.at,
        waiting_since=asked.at,
        queued_at=asked.at,
        line=asked.order,
    )


def _tags(facts: Presence) -> Iterable[str]:
    yield from facts.skills
    yield from map(queue_tag, facts.queues)
    yield from map(language_tag, facts.languages)


def _seat(facts: Presence) -> Seat:
    return Seat(facts.agent, frozenset(_tags(facts)), facts.capacity)


def _changed(seat: Seat, facts: Presence) -> Seat:
    """The seat itself if nothing that routing sees has changed, else one with the new facts."""
    skills = frozenset(_tags(facts))
    if seat.skills == skills and seat.capacity == facts.capacity:
        return seat
    return attrs.evolve(seat, skills=skills, capacity=facts.capacity)
