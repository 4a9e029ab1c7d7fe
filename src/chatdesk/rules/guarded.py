"""A policy of one's own that fails does not stop the desk: least busy decides in its place.

What it raised is noted, for the desk to tell its staff and the runtime to log. The built-in
policies need no guard, and simulations want none: who tests a policy is to see it fail.
"""

from collections.abc import Iterator

import attrs

from chatdesk.model.errors import ConfigurationError
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import Chat
from chatdesk.rules.orders import Rank
from chatdesk.rules.policies import AssignmentPolicy, LeastBusy, RankedPolicy
from chatdesk.rules.roster import Staff
from chatdesk.rules.staff import Seat

FALLBACK = LeastBusy()


@attrs.define(eq=False)
class Failures:
    """What policies raised, by the names that queues have for them: the first error of each."""

    first: dict[str, Exception] = attrs.field(factory=dict, init=False)
    _untold: dict[str, None] = attrs.field(factory=dict, init=False)
    _unlogged: dict[str, None] = attrs.field(factory=dict, init=False)

    def note(self, policy: str, error: Exception) -> None:
        """A policy raised an error."""
        if policy not in self.first:
            self.first[policy] = error
            self._untold[policy] = self._unlogged[policy] = None

    def to_tell(self) -> Iterator[tuple[str, Exception]]:
        """The errors that the staff was not told of yet."""
        while self._untold:
            policy, _ = self._untold.popitem()
            yield policy, self.first[policy]

    def to_log(self) -> Iterator[tuple[str, Exception]]:
        """The errors that were not logged yet."""
        while self._unlogged:
            policy, _ = self._unlogged.popitem()
            yield policy, self.first[policy]


def guarded(name: str, policy: AssignmentPolicy, failures: Failures) -> AssignmentPolicy:
    """The policy, with its failures noted under the name and another one to decide for it then."""
    if isinstance(policy, RankedPolicy) and type(policy).choose is RankedPolicy.choose:
        return _GuardedRank(name, policy, failures)
    return _Guarded(name, policy, failures)


@attrs.frozen
class _Guarded(AssignmentPolicy):
    """A policy that chooses."""

    name: str
    policy: AssignmentPolicy
    failures: Failures = attrs.field(eq=False)

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Whom the policy chooses; the least busy agent when it fails or must not choose so."""
        try:
            agent_id = self.policy.choose(chat, staff, now)
            self._check_choice(agent_id, chat, staff)
        except Exception as error:  # noqa: BLE001 - whatever a shop's own code raises
            self.failures.note(self.name, error)
            return FALLBACK.choose(chat, staff, now)
        return agent_id

    def look_again_at(self, chat: Chat, now: Instant) -> Instant | None:
        """When the policy says, if it is a later time."""
        try:
            at = self.policy.look_again_at(chat, now)
            self._check_time(at, now)
        except Exception as error:  # noqa: BLE001 - as above
            self.failures.note(self.name, error)
            return None
        return at

    def waits_for(self, chat: Chat) -> AgentId | None:
        """Whomever the policy waits for."""
        try:
            return self.policy.waits_for(chat)
        except Exception as error:  # noqa: BLE001 - as above
            self.failures.note(self.name, error)
            return None

    def _check_choice(self, agent_id: AgentId | None, chat: Chat, staff: Staff) -> None:
        if agent_id is not None and not _may_have(agent_id, chat, staff):
            raise ConfigurationError(
                f"the policy {self.name!r} chose agent {agent_id!r}, who is not there, has no room "
                "or declined the chat; choose among what `Staff` offers"
            )

    def _check_time(self, at: Instant | None, now: Instant) -> None:
        if at is not None and at <= now:
            raise ConfigurationError(
                f"the policy {self.name!r} would look again at {at}, not later than {now}"
            )


@attrs.frozen
class _GuardedRank(RankedPolicy):
    """A policy that ranks; once it has failed, its order is worth nothing and is asked no more."""

    name: str
    policy: RankedPolicy
    failures: Failures = attrs.field(eq=False)
    _failed: list[bool] = attrs.field(factory=list, eq=False, init=False)

    def rank(self, seat: Seat) -> Rank:
        """The policy's rank."""
        try:
            return self.policy.rank(seat)
        except Exception as error:  # noqa: BLE001 - as above
            self.failures.note(self.name, error)
            self._failed.append(True)
            return ()

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """The agent of the lowest rank; the least busy one after a failure."""
        if not self._failed:
            try:
                agent_id = staff.ranked(self, chat)
            except TypeError as error:  # ranks that cannot be compared
                self.failures.note(self.name, error)
                self._failed.append(True)
        return FALLBACK.choose(chat, staff, now) if self._failed else agent_id


def _may_have(agent_id: AgentId, chat: Chat, staff: Staff) -> bool:
    return (
        staff.get(agent_id) is not None
        and staff.has_room(agent_id)
        and agent_id not in chat.declined_by
    )
