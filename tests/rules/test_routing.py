"""The router against brute force, and the properties it is there for."""

from random import Random
from typing import Any

import attrs
import pytest
from attrs import evolve
from msgspec.structs import replace

from chatdesk.model.errors import ConfigurationError
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
from chatdesk.rules.roster import Staff
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
            {"agents": self.some(*there, odds=0.3)},
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


SALES = queue_tag("sales")


def sales_router(
    *seats: Seat, policy: AssignmentPolicy | None = None, mode: QueueMode = QueueMode.PUSH
) -> Router:
    """A router with one queue."""
    router = Router()
    queue = Queue(id="sales", setup=QueueSetup(name="Sales", mode=mode))
    router.set_queue(queue, policy or LeastBusy(), DISCIPLINES["first_come"])
    for seat in seats:
        router.come_back(seat)
    return router


def agent(agent_id: AgentId, capacity: int = 1, **facts: Any) -> Seat:
    """A seat of the queue "sales"."""
    return Seat(agent_id, frozenset({SALES}), capacity, **facts)


def match_all(router: Router, now: float = 0.0) -> list[tuple[ChatId, AgentId]]:
    """Match and assign until at rest."""
    pairs = []
    while (match := router.next_match(now)) is not None:
        router.dequeue(match.chat_id)
        router.assign(match.agent_id, now)
        pairs.append((match.chat_id, match.agent_id))
    return pairs


def test_chats_are_spread_evenly() -> None:
    """C16: agents who are there alike have equal numbers, whoever finishes when."""
    random = Random(16)
    router = sales_router(*(agent(f"a{n}", 3) for n in range(7)))
    held: list[AgentId] = []
    for number in range(2100):
        router.enqueue(make_chat(f"c{number}"))
        held += [agent_id for _, agent_id in match_all(router)]
        if len(held) == 7:
            held.sort()
            router.release(held.pop(0))
            random.shuffle(held)
            while held:
                router.release(held.pop())
    received = [seat.received for n in range(7) if (seat := router.staff.get(f"a{n}"))]
    assert sum(received) == 2100
    assert max(received) - min(received) <= 1


def test_who_comes_back_is_not_flooded() -> None:
    """C16: an agent who was away shares from now on and does not get all he missed."""
    router = sales_router(agent("a"), agent("b"))
    for number in range(100):
        router.enqueue(make_chat(f"c{number}"))
        for _, agent_id in match_all(router):
            router.release(agent_id)
    back = router.come_back(agent("back", received=3, turn=3))
    assert 3 < back.turn <= 50
    for number in range(30):
        router.enqueue(make_chat(f"d{number}"))
        for _, agent_id in match_all(router):
            router.release(agent_id)
    received = [seat.received for name in ("a", "b", "back") if (seat := router.staff.get(name))]
    assert received == [60, 60, 13]


def test_who_has_rare_skills_is_raised_to_his_fellows_only() -> None:
    """C16: coming back to a quiet team, an agent is not put behind all its next chats."""
    router = sales_router(agent("busy", turn=1000), policy=LeastBusy())
    router.turn = 1000
    rare = frozenset({SALES, "rare"})
    router.seat(Seat("fellow", rare, 1, turn=10))
    assert router.come_back(Seat("back", rare, 1, turn=2)).turn == 10
    assert router.come_back(Seat("alone", frozenset({SALES, "other"}), 1, turn=2)).turn == 1000
    assert router.come_back(Seat("ahead", rare, 1, turn=77)).turn == 77


def test_nobody_gets_more_than_his_maximum() -> None:
    """C11, C12: at the maximum an agent gets nothing, and one slot back gets him one chat."""
    router = sales_router(agent("a", 2))
    for number in range(5):
        router.enqueue(make_chat(f"c{number}", line=number))
    assert match_all(router) == [("c0", "a"), ("c1", "a")]
    router.release("a")
    assert match_all(router) == [("c2", "a")]
    router.seat(evolve(router.staff.get("a") or agent("a"), capacity=3))
    assert match_all(router) == [("c3", "a")]
    router.seat(evolve(router.staff.get("a") or agent("a"), capacity=1))
    router.release("a")
    router.release("a")
    assert match_all(router) == []
    router.release("a")
    assert match_all(router) == [("c4", "a")]
    router.check(0.0)


def test_matches_are_pushed_without_a_choice() -> None:
    """C13: chats of a pull queue are taken, those of the others are matched."""
    router = sales_router(agent("a"), mode=QueueMode.PULL)
    router.enqueue(make_chat("c"))
    assert router.next_match(0.0) is None
    queue = Queue(id="sales", setup=QueueSetup(name="Sales", mode=QueueMode.OFFER))
    router.set_queue(queue, LeastBusy(), DISCIPLINES["first_come"])
    assert match_all(router) == [("c", "a")]


def test_two_who_take_a_chat_get_two_visitors() -> None:
    """A12: whoever takes a chat gets the head of the line, and the next one the next."""
    router = sales_router(agent("a", 0), agent("b", 0), mode=QueueMode.PULL)
    for number in range(2):
        router.enqueue(make_chat(f"c{number}", line=number))
    taken = []
    for name in ("a", "b"):
        chat_id = router.next_for(name, None, 0.0)
        assert chat_id is not None
        router.dequeue(chat_id)
        router.assign(name, 0.0)
        taken.append(chat_id)
    assert taken == ["c0", "c1"]
    assert router.next_for("a", "sales", 0.0) is None
    assert router.next_for("a", "nowhere", 0.0) is None


def test_an_offer_that_lapses_leaves_the_turn_alone() -> None:
    """C16: an offer holds a slot, and counts as received only when it is accepted."""
    router = sales_router(agent("a", 2))
    assert (router.reserve("a").load, router.reserve("a").load) == (1, 2)
    assert (router.release("a").load, router.confirm("a", 5.0).load) == (1, 1)
    seat = router.staff.get("a")
    assert seat is not None
    assert (seat.received, seat.turn, seat.last_assigned_at) == (1, 1, 5.0)


def test_a_rest_stays_a_rest() -> None:
    """C22: asked again without a change, the router has nothing, and a match is repeated."""
    router = sales_router(agent("a"))
    router.enqueue(make_chat("c"))
    first = router.next_match(0.0)
    assert first is not None
    assert router.next_match(0.0) == first
    match_all(router)
    assert router.next_match(0.0) is None


def test_the_same_facts_again_change_nothing() -> None:
    """C22: renewing an agent's presence costs no place and asks nobody."""
    router = sales_router(agent("a"), policy=SoftCap(cap=0))
    router.enqueue(make_chat("c"))
    assert router.next_match(0.0) is None
    seat = router.staff.get("a")
    assert seat is not None
    router.seat(evolve(seat))
    assert router.staff.get("a") is seat
    router.check(0.0)


@pytest.mark.parametrize("name", ["stranger", "full"])
def test_a_policy_cannot_break_the_maximum(name: AgentId) -> None:
    """C11: a policy that names somebody without room is refused, whatever it thinks."""
    policy = Stubborn(name)
    router = sales_router(agent("full", 0), agent("free"), policy=policy)
    router.enqueue(make_chat("c"))
    with pytest.raises(ConfigurationError, match="Stubborn chose agent"):
        router.next_match(0.0)


@attrs.frozen
class Stubborn(AssignmentPolicy):
    """A policy in error."""

    name: AgentId

    def choose(self, chat: Chat, staff: Staff, now: float) -> AgentId | None:  # noqa: ARG002
        """Always the same."""
        return self.name


def test_who_could_get_a_chat_is_told() -> None:
    """B07: why nobody gets a chat: who covers it, who has room, who declined."""
    router = sales_router(agent("b", 0), agent("a"), agent("c"))
    router.come_back(Seat("stranger", frozenset(), 1))
    chat = make_chat("x", declined_by=("c", "gone"))
    told = router.eligible_seats(chat)
    assert (told.covering, told.with_room) == (("a", "b", "c"), ("a", "c"))
    assert told.declined == ("c",)
    assert router.choice(chat, 0.0) == "a"
    assert router.covers(frozenset({SALES}))
    assert not router.covers(frozenset({SALES, "law"}))
    router.unseat("a")
    router.unseat("a")
    assert router.choice(chat, 0.0) is None


def test_a_queue_that_is_dropped_is_served_no_more() -> None:
    """B54: its chats keep their line until they go elsewhere, and a new queue takes them up."""
    router = sales_router()
    router.enqueue(make_chat("c"))
    router.drop_queue("sales")
    router.come_back(agent("a"))
    assert match_all(router) == []
    assert (router.waiting("sales"), router.waiting("nowhere")) == (1, 0)
    queue = Queue(id="sales", setup=QueueSetup(name="Sales"))
    router.set_queue(queue, LeastBusy(), DISCIPLINES["first_come"])
    assert match_all(router) == [("c", "a")]


def test_time_alone_can_make_a_match() -> None:
    """C21: `next_look` says when to ask again, and then there is a match."""
    router = sales_router(agent("a"), policy=Skilled())
    router.enqueue(make_chat("c", language="fr"))
    assert router.next_match(0.0) is None
    assert router.next_look() == 30.0
    assert router.next_match(29.9) is None
    assert match_all(router, 30.0) == [("c", "a")]
    assert router.next_match(31.0) is None


def test_disorder_is_found() -> None:
    """C22: a place that nobody gave fails the check."""
    router = sales_router(agent("a"))
    router.place = 0
    with pytest.raises(AssertionError, match="no place is above the router's"):
        router.check()
