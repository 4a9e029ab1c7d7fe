"""`PolicyConformance`: what every assignment policy must do, as tests to inherit.

::

    class TestMyPolicy(PolicyConformance):
        def make_policy(self) -> AssignmentPolicy:
            return MyPolicy()

Needs pytest.
"""
# ruff: noqa: S101, S311, PLR2004 - a suite of tests: asserts, seeded randomness, plain numbers

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import attrs
import pytest

from chatdesk.desk.machine import Desk
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import Chat, QueueSetup
from chatdesk.model.values import ChatState
from chatdesk.rules.disciplines import FirstCome
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.routing import Router
from chatdesk.rules.staff import Seat, queue_tag
from chatdesk.testing.check import check_desk
from chatdesk.testing.clock import NOON
from chatdesk.testing.driver import Driver
from chatdesk.testing.factories import a_chat, a_queue

NAME = "under_test"
SKILLS = ("fr", "vip", "lang:fr", "lang:en")


class PolicyConformance:
    """Inherit it and say how the policy is made; pytest runs all that a policy must do."""

    waits_without_end = False
    """Whether the policy may let a chat wait for ever although somebody eligible has room."""

    def make_policy(self) -> AssignmentPolicy:
        """The policy under test, made anew; two of them must decide alike."""
        raise NotImplementedError

    @pytest.fixture
    def policy(self) -> AssignmentPolicy:
        """The policy under test."""
        return self.make_policy()

    # -- one choice ------------------------------------------------------------------------------

    def test_it_names_only_eligible_agents_with_room(self, policy: AssignmentPolicy) -> None:
        """Whoever is named is there, covers the need, has room and did not decline the chat."""
        for random in seeds():
            seats = random_seats(random)
            router = router_of(policy, seats)
            for chat in random_chats(random, seats):
                chosen = policy.choose(chat, router.staff, NOON)
                assert chosen is None or chosen in eligible(seats, chat), (
                    f"{chosen!r} must not get a chat that needs {chat.skills} and was declined by"
                    f" {chat.declined_by}; choose among what `Staff` offers"
                )

    def test_it_answers_none_when_nobody_has_room(self, policy: AssignmentPolicy) -> None:
        """With all agents at their maximum, or none at all, the chat waits."""
        for random in seeds():
            seats = [full(seat) for seat in random_seats(random)]
            for some in (seats, []):
                router = router_of(policy, some)
                for chat in random_chats(random, some):
                    assert policy.choose(chat, router.staff, NOON) is None

    def test_it_names_somebody_in_the_end(self, policy: AssignmentPolicy) -> None:
        """A chat for which somebody has room is answered at once or after `look_again_at`."""
        if self.waits_without_end:
            pytest.skip("this policy says that it may wait without end")
        for random in seeds():
            seats = random_seats(random)
            router = router_of(policy, seats)
            for chat in random_chats(random, seats):
                if eligible(seats, chat):
                    assert asked_in_time(policy, router, chat) is not None, (
                        "an eligible agent has room, but the policy never names one; let"
                        " look_again_at say when it may"
                    )

    def test_looking_again_lies_ahead(self, policy: AssignmentPolicy) -> None:
        """`look_again_at` is later than now, or `None`."""
        for random in seeds():
            for chat in random_chats(random, random_seats(random)):
                for now in (NOON, NOON + random.uniform(0, 100)):
                    at = policy.look_again_at(chat, now)
                    assert at is None or at > now

    def test_nothing_changes_before_it_looks_again(self, policy: AssignmentPolicy) -> None:
        """Between now and `look_again_at` time alone never changes the answer `None`."""
        for random in seeds():
            seats = random_seats(random)
            router = router_of(policy, seats)
            for chat in random_chats(random, seats):
                until = policy.look_again_at(chat, NOON)
                if policy.choose(chat, router.staff, NOON) is None:
                    later = NOON + 1e6 if until is None else random.uniform(NOON, until - 1e-6)
                    assert policy.choose(chat, router.staff, later) is None

    # -- a rule, not a service -------------------------------------------------------------------

    def test_it_keeps_nothing(self, policy: AssignmentPolicy) -> None:
        """Asked again, or made anew, it answers the same."""
        for random in seeds():
            seats = random_seats(random)
            router = router_of(policy, seats)
            chats = list(random_chats(random, seats))
            first = [policy.choose(chat, router.staff, NOON) for chat in chats]
            again = [policy.choose(chat, router.staff, NOON) for chat in reversed(chats)]
            assert again[::-1] == first, "the answer must depend on nothing but the arguments"
            other = self.make_policy()
            anew = [other.choose(chat, router_of(other, seats).staff, NOON) for chat in chats]
            assert anew == first, "two policies made alike must answer alike"

    def test_the_order_in_which_agents_came_does_not_matter(self, policy: AssignmentPolicy) -> None:
        """Every process fills its memory in another order and must decide the same."""
        for random in seeds():
            seats = random_seats(random)
            routers = [router_of(policy, seats)]
            for _ in range(3):
                random.shuffle(seats)
                routers.append(router_of(policy, seats))
            for chat in random_chats(random, seats):
                answers = {policy.choose(chat, router.staff, NOON) for router in routers}
                assert len(answers) == 1, f"replicas disagree: {answers}"

    def test_it_reads_only(self, policy: AssignmentPolicy) -> None:
        """Asking changes no fact of any agent."""
        for random in seeds():
            seats = random_seats(random)
            router = router_of(policy, seats)
            chats = list(random_chats(random, seats))
            before = facts_of(router, seats)
            for chat in chats:
                policy.choose(chat, router.staff, NOON)
                policy.look_again_at(chat, NOON)
                policy.waits_for(chat)
            assert facts_of(router, seats) == before, "a policy reads; only the desk writes"
            router.check()

    def test_two_made_alike_are_equal(self, policy: AssignmentPolicy) -> None:
        """Policies are values: with the same settings they compare equal (use `attrs.frozen`)."""
        assert policy == self.make_policy()
        assert hash(policy) == hash(self.make_policy())

    # -- on a desk -------------------------------------------------------------------------------

    def test_a_desk_under_it_stays_sound(self, policy: AssignmentPolicy) -> None:
        """Random desks where every queue uses it: all invariants hold, nobody is over capacity."""
        for seed in range(3):
            driver = a_driver(seed, policy)
            driver.steps(80)

    def test_two_desks_under_it_agree(self, policy: AssignmentPolicy) -> None:
        """The same commands give the same digest, also when a replica takes over midway."""
        one, two = a_driver(3, policy), a_driver(3, self.make_policy())
        for number in range(80):
            for driver in (one, two):
                driver.pass_time()
                driver.give(*driver.draw())
            if number % 10 == 0:
                fresh = Desk.new({NAME: self.make_policy()})
                fresh.restore(two.store.load())
                two.desk = fresh
        assert one.desk.state.digest() == two.desk.state.digest()

    def test_at_rest_nobody_waits_for_nothing(self, policy: AssignmentPolicy) -> None:
        """After every command no waiting chat has an agent whom the policy would name."""
        driver = a_driver(9, policy)
        for _ in range(40):
            driver.pass_time()
            driver.give(*driver.draw())
            driver.tick()
            check_desk(driver.desk)


# -- scenes --------------------------------------------------------------------------------------


def seeds() -> Iterator[Random]:
    """Some sources of chance, always the same."""
    return (Random(seed) for seed in range(12))


def random_seats(random: Random) -> list[Seat]:
    """A few agents of all kinds; places are all different, as a desk gives them."""
    places = random.sample(range(1, 100), 12)
    return [
        Seat(
            id=f"a{number}",
            skills=frozenset(
                (queue_tag("sales"), *(s for s in SKILLS if random.random() < 0.5)),
            ),
            capacity=random.choice([1, 2, 3, 8]),
            load=random.randrange(4),
            received=random.randrange(9),
            turn=random.randrange(9),
            place=places[number],
            last_assigned_at=random.choice([None, NOON - random.uniform(0, 900)]),
            last_assigned_place=random.choice([0, places[number]]),
            available_since=NOON - random.uniform(0, 900),
            available_seconds=random.uniform(0, 9000),
        )
        for number in range(random.randrange(1, 12))
    ]


def full(seat: Seat) -> Seat:
    """The agent at his maximum."""
    seat.load = seat.capacity
    return seat


def random_chats(random: Random, seats: list[Seat]) -> Iterator[Chat]:
    """Chats of one queue that ask for different things."""
    ids = [seat.id for seat in seats]
    for number in range(6):
        fields: dict[str, Any] = {
            "state": ChatState.WAITING,
            "skills": random.choice([(), ("fr",), ("fr", "vip"), ("absent",)]),
            "language": random.choice([None, "fr", "en-GB", "de"]),
            "priority": random.randrange(3),
            "preferred_agent": random.choice([None, *ids]),
            "agents": tuple(random.sample(ids, min(len(ids), random.randrange(3)))),
            "declined_by": tuple(random.sample(ids, min(len(ids), random.randrange(3)))),
            "queued_at": NOON - random.choice([0.0, 10.0, 40.0]),
        }
        yield a_chat(f"chat{number}", line=number + 1, **fields)


def router_of(policy: AssignmentPolicy, seats: list[Seat]) -> Router:
    """A router that has seated them, each a copy."""
    router = Router()
    router.set_queue(a_queue(setup=QueueSetup(name="sales")), policy, FirstCome())
    router.place = 100
    for seat in seats:
        router.seat(attrs.evolve(seat))
    return router


def eligible(seats: list[Seat], chat: Chat) -> set[AgentId]:
    """Who may get the chat, written down once more."""
    need = {queue_tag(chat.queue), *chat.skills}
    return {
        seat.id
        for seat in seats
        if need <= seat.skills and seat.load < seat.capacity and seat.id not in chat.declined_by
    }


def asked_in_time(policy: AssignmentPolicy, router: Router, chat: Chat) -> AgentId | None:
    """The answer for a chat that is asked about whenever the policy wants it."""
    now: Instant | None = NOON
    for _ in range(50):
        if now is None:
            return None
        chosen = policy.choose(chat, router.staff, now)
        if chosen is not None:
            return chosen
        now = policy.look_again_at(chat, now)
    return None


def facts_of(router: Router, seats: list[Seat]) -> Counter[str]:
    """All facts of all seats."""
    return Counter(repr(router.staff.get(seat.id)) for seat in seats)


def a_driver(seed: int, policy: AssignmentPolicy) -> Driver:
    """A random desk whose queues all use the policy."""
    driver = Driver(seed, Desk.new({NAME: policy}), check_every=10, policy=NAME)
    driver.set_up()
    return driver
