"""Policies of one's own that fail, on a desk that goes on."""

import attrs
import pytest

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model.errors import ConfigurationError
from chatdesk.model.events import Event, PolicyFailed
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import AgentSetup, Chat, DeskSetup, QueueSetup
from chatdesk.model.values import AnswerValues, ChatState, agent, service, visitor
from chatdesk.rules.guarded import Failures, guarded
from chatdesk.rules.orders import Rank
from chatdesk.rules.policies import AssignmentPolicy, PreferredAgent, RankedPolicy
from chatdesk.rules.roster import Staff
from chatdesk.rules.staff import Seat
from chatdesk.testing.check import check_desk
from chatdesk.testing.clock import NOON


@attrs.frozen
class Raising(AssignmentPolicy):
    """Raises for every chat."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Fails as a shop's own code may."""
        raise KeyError(chat.id, staff, now)


@attrs.frozen
class Naming(AssignmentPolicy):
    """Names one agent, whoever is there."""

    name: str

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:  # noqa: ARG002
        """The one."""
        return self.name


@attrs.frozen
class Restless(AssignmentPolicy):
    """Chooses nobody, and wants to look again at a time that has passed."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:  # noqa: ARG002
        """Nobody."""
        return None

    def look_again_at(self, chat: Chat, now: Instant) -> Instant | None:  # noqa: ARG002
        """At once, for ever."""
        return now

    def waits_for(self, chat: Chat) -> AgentId | None:
        """Fails, too."""
        raise ValueError(chat.id)


@attrs.frozen
class Dividing(RankedPolicy):
    """Cannot rank who has no chat."""

    def rank(self, seat: Seat) -> Rank:
        """Room by load."""
        return (seat.capacity / seat.load,)


@attrs.frozen
class Mixing(RankedPolicy):
    """Ranks that cannot be compared."""

    def rank(self, seat: Seat) -> Rank:
        """A number for one, a word for another."""
        return (1,) if seat.id == "ada" else ("one",)


@attrs.define
class Life:
    """A desk of two agents, and what it tells."""

    policy: AssignmentPolicy
    guard: bool = True
    desk: Desk = attrs.field(init=False)
    told: list[Event] = attrs.field(factory=list, init=False)
    given: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.desk = Desk.new({"own": self.policy}, guard=self.guard)
        self.do(c.ConfigureDesk(setup=DeskSetup(name="Shop")))
        self.do(c.SaveQueue(queue="sales", setup=QueueSetup(name="Sales", policy="own")))
        for name in ("ada", "ben"):
            setup = AgentSetup(name=name, queues=("sales",), capacity=2)
            self.do(c.SaveAgent(agent=name, setup=setup))
            self.do(c.Connect(device="web"), name)

    def do(self, command: c.Command[object], who: str | None = None) -> None:
        """One turn; all invariants hold after it."""
        self.given += 1
        by = service() if who is None else agent(who)
        self.desk.handle(command, by=by, now=NOON, fresh=str(self.given))
        self.collect()

    def ask(self, who: str) -> Chat:
        """A visitor asks."""
        answers: AnswerValues = {"name": who, "email": f"{who}@example.org"}
        command = c.RequestChat(queue="sales", question="Where is it?", answers=answers)
        got = self.desk.handle(command, by=visitor(who), now=NOON, fresh=who)
        self.collect()
        return self.desk.state.chats[got.chat]

    def collect(self) -> None:
        """The end of the turn."""
        batch = self.desk.collect()
        self.told += () if batch is None else batch.events
        self.desk.committed(self.desk.revision + 1)
        check_desk(self.desk)


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        (Raising(), "KeyError"),
        (Naming("nobody"), "ConfigurationError"),
        (Dividing(), "ZeroDivisionError"),
        (Mixing(), "TypeError"),
    ],
)
def test_the_least_busy_agent_is_chosen_instead(policy: AssignmentPolicy, error: str) -> None:
    """C15: chats go on as if the queue had the default rule, and the staff is told once."""
    life = Life(policy)
    chats = [life.ask(who) for who in ("ann", "bob", "cat")]
    assert [chat.state for chat in chats] == [ChatState.ACTIVE] * 3
    assert sorted(chat.agent or "" for chat in chats[:2]) == ["ada", "ben"]
    told = [event for event in life.told if isinstance(event, PolicyFailed)]
    assert [(event.policy, event.error) for event in told] == [("own", error)]
    assert [name for name, _ in life.desk.policy_failures()] == ["own"]
    assert list(life.desk.policy_failures()) == []


def test_a_time_that_does_not_pass_is_not_waited_for() -> None:
    """A policy that would look again at once does not keep the desk from going on."""
    life = Life(Restless())
    assert life.ask("ann").state is ChatState.WAITING
    life.desk.advance(NOON + 5)
    assert [e.error for e in life.told if isinstance(e, PolicyFailed)] == ["ConfigurationError"]


def test_without_a_guard_the_error_is_raised() -> None:
    """Who tests or simulates a policy sees it fail."""
    life = Life(Raising(), guard=False)
    with pytest.raises(KeyError):
        life.ask("ann")


def test_a_guarded_policy_decides_as_it_is() -> None:
    """Where nothing fails the guard changes nothing, and equal policies stay equal."""
    failures = Failures()
    first, second = (guarded("own", PreferredAgent(), failures) for _ in range(2))
    assert first == second
    assert first != guarded("own", PreferredAgent(grace_seconds=1.0), failures)
    life = Life(Naming("ben"))
    assert [life.ask(who).agent for who in ("ann", "bob")] == ["ben", "ben"]
    assert life.ask("cat").agent == "ada"  # Ben has no room: named in vain
    assert list(failures.first) == []
    assert isinstance(life.desk.state.failures.first["own"], ConfigurationError)
