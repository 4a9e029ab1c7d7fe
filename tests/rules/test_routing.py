"""The router against brute force, and the properties it is there for."""

from random import Random
from typing import Any

import attrs
import pytest
from attrs import evolve
from msgspec.structs import replace

from chatdesk.model.ids import AgentId, ChatId
from chatdesk.model.records import Chat, Queue, QueueSetup
from chatdesk.model.values import QueueMode
from chatdesk.rules.disciplines import DISCIPLINES
from chatdesk.rules.policies import (
    AssignmentPolicy,
    LeastBusy,
    LongestIdle,
    MostRoom,
    PowerOfTwo,
    PreferredAgent,
    Ring,
    RoundRobin,
    SeededRandom,
    Skilled,
)
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, language_tag, queue_tag
from tests.rules.reference import FewestReceived, Reference, SoftCap, make_chat

POLICIES: list[AssignmentPolicy] = [
    LeastBusy(),
    LongestIdle(),
    RoundRobin(),
    MostRoom(),
    Skilled(),
    Skilled((Ring(0.0, skills=("vip",)), Ring(5.0), Ring(9.0, language=False))),
    PreferredAgent(grace_seconds=7.0),
    PreferredAgent(otherwise=Skilled(), grace_seconds=3.0),
    SeededRandom(1),
    PowerOfTwo(2),
    SoftCap(),
    FewestReceived(),
]
QUEUES = ("sales", "help", "claims")
SKILLS = ("vip", "legal", "wine")
LANGUAGES = ("en", "fr")


@attrs.define
class Drive:
    """Random life of a desk, done to the router and to the reference alike."""

    random: Random
    policies: list[AssignmentPolicy]
    agents: int = 8
    now: float = 1000.0
    count: int = 0
    router: Router = attrs.field(factory=Router)
    reference: Reference = attrs.field(factory=Reference)
    held: list[AgentId] = attrs.field(factory=list)
    offered: list[AgentId] = attrs.field(factory=list)
    matches: int = 0

    def start(self) -> None:
        """All queues and half the agents."""
        for name in QUEUES:
            self.set_queue(name)
        for number in range(self.agents // 2):
            self.come(f"a{number}")

    def some(self, *things: str, odds: float = 0.5) -> tuple[str, ...]:
        """A random part of the things."""
        return tuple(thing for thing in things if self.random.random() < odds)

    def set_queue(self, name: str) -> None:
        """Give a queue random rules."""
        pick = self.random.choice
        setup = QueueSetup(
            name=name,
            mode=pick([QueueMode.PUSH, QueueMode.PUSH, QueueMode.OFFER, QueueMode.PULL]),
            skills=self.some("legal", odds=0.2),
            priority=pick([0, 0, 1]),
            target_seconds=pick([30.0, 60.0]),
            ageing_seconds=pick([5.0, 20.0]),
        )
        rules = Queue(id=name, setup=setup), pick(self.policies), pick(list(DISCIPLINES.values()))
        self.router.set_queue(*rules)
        self.reference.rules[name] = rules

    def new_seat(self, agent_id: AgentId) -> Seat:
        """The agent's seat with random facts, load and counters kept."""
        tags = (*map(queue_tag, QUEUES), *map(language_tag, LANGUAGES), *SKILLS)
        skills = frozenset(self.some(*tags, odds=0.7))
        old = self.reference.seats.get(agent_id)
        capacity = self.random.choice([1, 2, 3])
        if old is not None:
            return evolve(old, skills=skills, capacity=capacity)
        return Seat(agent_id, skills, capacity, turn=self.random.randrange(self.count + 1))

    def come(self, agent_id: AgentId) -> None:
        """An agent comes, with no chats."""
        seat = self.new_seat(agent_id)
        self.reference.come_back(seat)
        self.router.come_back(evolve(seat))

    def change(self, agent_id: AgentId) -> None:
        """An agent's facts change."""
        seat = self.new_seat(agent_id)
        self.router.seat(evolve(seat))
        self.reference.seat(seat)

    def go(self, agent_id: AgentId) -> None:
        """An agent goes; whatever he holds is forgotten."""
        self.router.unseat(agent_id)
        del self.reference.seats[agent_id]
        self.held = [other for other in self.held if other != agent_id]
        self.offered = [other for other in self.offered if other != agent_id]

    def request(self) -> None:
        """A visitor comes to a line."""
        self.count += 1
        agents = [f"a{number}" for number in range(self.agents)]
        chat = make_chat(
            f"c{self.count}",
            self.random.choice(QUEUES),
            self.now - self.random.choice([0.0, 0.0, 4.0]),
            queued_at=self.now,
            line=self.random.randrange(3),
            priority=self.random.randrange(3),
            language=self.random.choice([None, "en", "fr-CA"]),
            skills=self.some(*SKILLS, odds=0.15),
            preferred_agent=self.random.choice([None, None, *agents]),
        )
        self.put(chat)

    def put(self, chat: Chat) -> None:
        """A chat is new in line or changed."""
        self.reference.chats[chat.id] = chat
        self.router.enqueue(chat)

    def drop(self, chat_id: ChatId) -> None:
        """A chat waits no more."""
        del self.reference.chats[chat_id]
        self.router.dequeue(chat_id)

    def release(self, agent_id: AgentId, held: list[AgentId]) -> None:
        """A slot is given back."""
        held.remove(agent_id)
        self.reference.shift(agent_id, -1)
        self.router.release(agent_id)

    def confirm(self, agent_id: AgentId) -> None:
        """An offer is accepted."""
        self.offered.remove(agent_id)
        self.held.append(agent_id)
        self.reference.receive(agent_id, 0, self.now)
        self.router.confirm(agent_id, self.now)

    def change_chat(self, chat: Chat) -> None:
        """A waiting chat changes its queue, priority, or those who declined it."""
        there = sorted(self.reference.seats)
        changes: list[dict[str, Any]] = [
            {"priority": self.random.randrange(4)},
            {"queue": self.random.choice(QUEUES)},
            {"declined_by": (*chat.declined_by, *self.some(*there, odds=0.3))},
        ]
        self.put(replace(chat, epoch=chat.epoch + 1, **self.random.choice(changes)))

    def step(self) -> None:
        """One random thing happens."""
        random = self.random
        agent_id = f"a{random.randrange(self.agents)}"
        chats = sorted(self.reference.chats)
        dice = random.random()
        if dice < 0.35:
            self.request()
        elif dice < 0.60 and self.held:
            self.release(random.choice(self.held), self.held)
        elif dice < 0.68 and self.offered:
            self.release(random.choice(self.offered), self.offered)
        elif dice < 0.75 and self.offered:
            self.confirm(random.choice(self.offered))
        elif dice < 0.80 and chats:
            self.change_chat(self.reference.chats[random.choice(chats)])
        elif dice < 0.84 and chats:
            self.drop(random.choice(chats))
        elif dice < 0.90:
            there = agent_id in self.reference.seats
            (random.choice([self.go, self.change]) if there else self.come)(agent_id)
        elif dice < 0.91:
            self.set_queue(random.choice(QUEUES))
        else:
            self.now += random.choice([0.25, 1.0, 3.0])

    def match(self) -> None:
        """Match until at rest, each match as brute force says."""
        while True:
            expected = self.reference.next_match(self.now)
            found = self.router.next_match(self.now)
            assert found == expected
            if found is None:
                return
            self.take(found.chat_id, found.agent_id)

    def take(self, chat_id: ChatId, agent_id: AgentId) -> None:
        """Do what a match says."""
        queue = self.reference.rules[self.reference.chats[chat_id].queue][0]
        self.drop(chat_id)
        self.matches += 1
        if queue.setup.mode is QueueMode.OFFER:
            self.offered.append(agent_id)
            self.reference.shift(agent_id, 1)
            self.router.reserve(agent_id)
        else:
            self.held.append(agent_id)
            self.reference.receive(agent_id, 1, self.now)
            self.router.assign(agent_id, self.now)

    def compare(self) -> None:
        """All that can be asked is as brute force says."""
        router, reference = self.router, self.reference
        assert (router.place, router.turn) == (reference.place, reference.turn)
        for name in QUEUES:
            line = [chat.id for chat in reference.line(name)]
            assert list(router.line(name)) == line
            assert router.waiting(name) == len(line)
            assert [router.position(chat_id) for chat_id in line] == list(range(1, len(line) + 1))
            since = min((chat.waiting_since for chat in reference.line(name)), default=None)
            assert router.longest_waiting_since(name) == since
        for agent_id, seat in reference.seats.items():
            seated = router.staff.get(agent_id)
            assert seated is not None
            assert attrs.asdict(seat) == attrs.asdict(seated)
            for queue_id in (None, *QUEUES):
                found = router.next_for(agent_id, queue_id, self.now)
                assert found == reference.next_for(agent_id, queue_id)

    def rebuild(self) -> None:
        """Go on with a router restored from records in any order."""
        router = Router()
        router.place, router.turn = self.reference.place, self.reference.turn
        for rules in self.shuffled(list(self.reference.rules.values())):
            router.set_queue(*rules)
        parts = [lambda: self.restore_seats(router), lambda: self.restore_chats(router)]
        for part in self.shuffled(parts):
            part()
        self.router = router

    def restore_seats(self, router: Router) -> None:
        """Seat everybody with the facts of before."""
        for seat in self.shuffled(list(self.reference.seats.values())):
            router.seat(evolve(seat))

    def restore_chats(self, router: Router) -> None:
        """Put everybody back in line."""
        for chat in self.shuffled(list(self.reference.chats.values())):
            router.enqueue(chat)

    def shuffled(self, things: list[Any]) -> list[Any]:
        """The things in a random order."""
        return self.random.sample(things, len(things))


def live(drive: Drive, steps: int) -> None:
    """Let random things happen, with matches after each or after several."""
    drive.start()
    for _ in range(steps):
        drive.step()
        if drive.random.random() < 0.7:
            drive.match()
            drive.router.check(drive.now)
        if drive.random.random() < 0.05:
            drive.router.check()
            drive.compare()
        if drive.random.random() < 0.02:
            drive.rebuild()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: repr(policy)[:40])
def test_each_policy_matches_as_brute_force_does(policy: AssignmentPolicy) -> None:
    """C22: at every step the router gives the match that a look at everything gives."""
    drive = Drive(Random(repr(policy)), [policy])
    live(drive, 1200)
    assert drive.matches > 50


@pytest.mark.parametrize("seed", range(6))
def test_mixed_policies_match_as_brute_force_does(seed: int) -> None:
    """C22: queues with different policies, disciplines and modes share agents without a miss."""
    drive = Drive(Random(seed), POLICIES, agents=[3, 8, 40][seed % 3])
    live(drive, 1000)
    assert drive.matches > 50
