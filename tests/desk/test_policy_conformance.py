"""Every built-in policy passes what a user's policy must pass; broken ones are caught."""

# ruff: noqa: ARG002  # a rule is handed all that any rule of its kind may want

from collections.abc import Callable

import attrs
import pytest

from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import Chat
from chatdesk.rules.orders import Rank
from chatdesk.rules.policies import (
    AssignmentPolicy,
    LeastBusy,
    LongestIdle,
    MostRoom,
    PowerOfTwo,
    PreferredAgent,
    RankedPolicy,
    Ring,
    RoundRobin,
    SeededRandom,
    Skilled,
)
from chatdesk.rules.roster import Staff
from chatdesk.rules.staff import Seat
from chatdesk.testing.policy import PolicyConformance


@attrs.frozen
class FewestReceived(RankedPolicy):
    """A user's own rank."""

    def rank(self, seat: Seat) -> Rank:
        """By chats received."""
        return (seat.received,)


def conformance(make: Callable[[], AssignmentPolicy], *, waits: bool = False) -> type:
    """A class of tests for one policy."""

    class Conformance(PolicyConformance):
        waits_without_end = waits

        def make_policy(self) -> AssignmentPolicy:
            return make()

    return Conformance


TestLeastBusy = conformance(LeastBusy)
TestLongestIdle = conformance(LongestIdle)
TestRoundRobin = conformance(RoundRobin)
TestMostRoom = conformance(MostRoom)
TestSkilled = conformance(Skilled)
TestOnlyTheLanguage = conformance(lambda: Skilled(rings=(Ring(0.0),)), waits=True)
TestPreferredAgent = conformance(PreferredAgent)
TestPreferredThenSkilled = conformance(lambda: PreferredAgent(otherwise=Skilled()))
TestSeededRandom = conformance(lambda: SeededRandom(seed=4))
TestPowerOfTwo = conformance(PowerOfTwo)
TestFewestReceived = conformance(FewestReceived)


# -- broken on purpose ----------------------------------------------------------------------------


@attrs.frozen
class Scanning(AssignmentPolicy):
    """A sound base for faults: the first eligible agent by id."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The first."""
        return next((seat.id for seat in staff.eligible(chat)), None)


class Anybody(Scanning):
    """Names an agent whether or not he may get the chat."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Always the same."""
        return "a0"


class Preferred(Scanning):
    """Ignores the maximum."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The preferred agent, with room or without."""
        return chat.preferred_agent or super().choose(chat, staff, now)


class Nobody(Scanning):
    """Lets everybody wait for ever."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Nobody."""
        return None


@attrs.define(eq=False)
class Rotating(AssignmentPolicy):
    """Keeps a cursor beside the data."""

    cursor: int = 0

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Each time the next."""
        self.cursor += 1
        seats = list(staff.eligible(chat))
        return seats[self.cursor % len(seats)].id if seats else None


class Writing(Scanning):
    """Changes what it may only read."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The first, whose count it raises."""
        chosen = super().choose(chat, staff, now)
        seat = None if chosen is None else staff.get(chosen)
        if seat is not None:
            seat.received += 1
        return chosen


class Seating(Scanning):
    """Goes by the order in which agents came."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The first of the first group."""
        for group in staff.cover(chat).groups:
            for seat in group.with_room():
                if seat.id not in chat.declined_by:
                    return seat.id
        return None


class Sleepy(Scanning):
    """Answers at an instant that it does not tell."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Nobody in the first minute."""
        return super().choose(chat, staff, now) if now > chat.queued_at + 60.0 else None


class Behind(Scanning):
    """Wants to be looked at in the past."""

    def look_again_at(self, chat: Chat, now: Instant) -> Instant | None:
        """At once."""
        return now


P = PolicyConformance
BROKEN: list[tuple[type[AssignmentPolicy], str]] = [
    (Anybody, P.test_it_names_only_eligible_agents_with_room.__name__),
    (Anybody, P.test_it_answers_none_when_nobody_has_room.__name__),
    (Preferred, P.test_it_names_only_eligible_agents_with_room.__name__),
    (Nobody, P.test_it_names_somebody_in_the_end.__name__),
    (Rotating, P.test_it_keeps_nothing.__name__),
    (Rotating, P.test_two_made_alike_are_equal.__name__),
    (Rotating, P.test_two_desks_under_it_agree.__name__),
    (Writing, P.test_it_reads_only.__name__),
    (Seating, P.test_the_order_in_which_agents_came_does_not_matter.__name__),
    (Sleepy, P.test_nothing_changes_before_it_looks_again.__name__),
    (Sleepy, P.test_it_names_somebody_in_the_end.__name__),
    (Behind, P.test_looking_again_lies_ahead.__name__),
]


@pytest.mark.parametrize(("policy", "test"), BROKEN)
def test_broken_policies_are_caught(policy: type[AssignmentPolicy], test: str) -> None:
    """C22: each fault fails the test that is about it."""
    suite = conformance(policy)()
    with pytest.raises(AssertionError):
        getattr(suite, test)(policy())
