"""The desk: a deterministic state machine.

It does no I/O, reads no clock and draws no lots. A runtime takes a turn at the store and then::

    desk.apply(turn.changes)                      # what others wrote
    desk.provide(turn.fetch(desk.needs(command, by)))
    desk.advance(now)                             # what fell due
    result = desk.handle(command, by=by, now=now, fresh=new_id())
    batch = desk.collect()                        # to be written and committed
    desk.committed(revision)

The same commands at the same instants give the same records on every store and in every process.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec
from attrs import define, field

from chatdesk.desk import explaining
from chatdesk.desk.deadlines import fire
from chatdesk.desk.handlers import HANDLERS
from chatdesk.desk.needs import needs, reply_id, second_needs
from chatdesk.desk.routing import route
from chatdesk.desk.state import State, new_state
from chatdesk.desk.step import Step
from chatdesk.model.commands import Command, RenewVisit
from chatdesk.model.commits import Batch, Change, Need, Snapshot
from chatdesk.model.errors import CommandIdReused, InvalidInput, NotAllowed
from chatdesk.model.events import CustomerErased
from chatdesk.model.ids import AgentId, ChatId, Instant, Revision
from chatdesk.model.queries import Reason
from chatdesk.model.records import Record, Reply
from chatdesk.model.results import AnyResult
from chatdesk.model.values import CLOCK, Actor, ActorKind, Role
from chatdesk.rules.access import Standing, Viewer, command_scope, standing
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import AssignmentPolicy

R = TypeVar("R")

COMMAND_ID_LENGTH = 128
HARMLESS_TWICE = frozenset({RenewVisit})
"""Commands to which no answer is kept: given again, they say again what is true anyway."""

TAGS = {type_: str(type_.__struct_config__.tag) for type_ in HANDLERS}
"""What each kind of command is called."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyResult).decode


@define(eq=False)
class Desk:
    """One shop's live-chat desk."""

    state: State
    revision: Revision = 0
    now: Instant = 0.0
    """The instant the desk has come to; it never goes back."""
    _replies: list[Reply] = field(factory=list)

    @classmethod
    def new(
        cls,
        policies: Mapping[str, AssignmentPolicy] | None = None,
        disciplines: Mapping[str, Discipline] | None = None,
        *,
        guard: bool = False,
    ) -> "Desk":
        """A desk that holds nothing yet; `policies` and `disciplines` add to the built-in ones.

        With `guard` an error of such a policy is noted, and the least busy agent chosen, where else
        it is raised to whoever gave the command.
        """
        return cls(new_state(policies, disciplines, guard=guard))

    # -- what is there already -------------------------------------------------------------------

    def restore(self, snapshot: Snapshot) -> None:
        """Takes what a store holds; the desk must be new."""
        self.state.replay(snapshot.records)
        self.revision, self.now = snapshot.revision, snapshot.at
        self._settle()

    def apply(self, changes: Sequence[Change]) -> None:
        """Takes what other processes have committed since `revision`, in order."""
        for change in changes:
            for event in change.events:
                if isinstance(event, CustomerErased):
                    self.state.forget_customer(event.customer)
            self.state.replay(change.records)
            self.revision, self.now = change.revision, change.at
        if changes:
            self._settle()

    def needs(self, command: Command[Any], by: Actor) -> list[Need]:
        """What to fetch before `handle`. Ask again after `provide` until nothing new is named."""
        first = needs(self.state, command, by) + second_needs(self.state, command, by)
        return [Need("reply", reply_id(by, command.id)), *first] if command.id else first

    def further_needs(self, command: Command[Any], by: Actor) -> list[Need]:
        """The part of `needs` that only the records already provided can tell."""
        return second_needs(self.state, command, by)

    def provide(self, records: Iterable[Record]) -> None:
        """Takes what was fetched, for this turn only."""
        for record in records:
            self.state.guests.offer(record)

    # -- what happens ----------------------------------------------------------------------------

    def advance(self, now: Instant) -> None:
        """Handles every deadline up to `now`, in order, each at its own instant.

        So the outcome does not depend on when or how often anybody ticks.
        """
        state = self.state
        while (entry := state.first_timer()) is not None and entry[0] <= now:
            self.now = max(self.now, entry[0])
            step = Step(state, CLOCK, self.now)
            fire(step, entry[1], entry[2])
            route(step)
            if state.first_timer() == entry:
                raise AssertionError(f"deadline {entry} does not pass")
        self.now = max(self.now, now)

    def handle(self, command: Command[R], *, by: Actor, now: Instant, fresh: str) -> R:
        """Does what the command says and all that follows from it.

        `fresh` is a new unique id. Raises a kind of `Refused`, and then nothing has changed. A
        command whose id its actor has used before is answered as it was then and does nothing.
        """
        reply = None if not command.id else self._reply_id(command, by)
        if reply is not None:
            earlier = self._earlier(command, reply)
            if earlier is not None:
                return cast("R", _decode(earlier.result))
        self.advance(now)
        kind = type(command)
        scope = command_scope(kind, self._standing(by))
        if scope is None:
            raise NotAllowed(f"{_who(by)} may not {_verb(command)}")
        step = Step(self.state, by, self.now, command.id or None, fresh, scope)
        result = HANDLERS[kind](step, command)
        route(step)
        if reply is not None and kind not in HARMLESS_TWICE:
            self._keep_reply(reply, command, result)
        return cast("R", result)

    def collect(self) -> Batch | None:
        """What has changed since the last time; `None` when nothing has."""
        state = self.state
        if not state.changed and not state.events and not self._replies:
            return None
        batch = Batch(
            self.now, tuple(state.changed.values()), tuple(state.events), tuple(self._replies)
        )
        state.changed.clear()
        state.events.clear()
        self._replies.clear()
        return batch

    def committed(self, revision: Revision) -> None:
        """The collected batch is durable as that revision; what was fetched for it is dropped."""
        self.revision = revision
        self.state.guests.clear()

    def next_deadline(self) -> Instant | None:
        """When `advance` next has something to do, if nothing else happens before."""
        first = self.state.first_timer()
        return None if first is None else first[0]

    def policy_failures(self) -> Iterator[tuple[str, Exception]]:
        """The first error of each policy of the shop's own that has failed, once, for a log."""
        return self.state.failures.to_log()

    # -- looking ---------------------------------------------------------------------------------

    def explain(self, chat: ChatId) -> tuple[Reason, ...]:
        """Why a chat is where it is; raises `NotFound`."""
        return explaining.explain(self.state, self.state.chat(chat), self.now)

    def why_not(self, agent: AgentId) -> tuple[Reason, ...]:
        """Why an agent receives no chat, the first reason first (B07); raises `NotFound`."""
        return explaining.why_not(self.state, self.state.agent(agent))

    def viewer(self, actor: Actor) -> Viewer:
        """The actor with his standing here; raises `NotAllowed` for one who has none."""
        own = self._standing(actor)
        if own is None:
            raise NotAllowed(f"{_who(actor)} is nobody on this desk")
        return Viewer(actor, own)

    # -- parts -----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """At rest there is nothing to route: what others committed had been routed by them."""
        self.state.touched_queues.clear()
        self.state.newly_waiting.clear()
        self.state.guests.clear()

    def _standing(self, actor: Actor) -> Standing | None:
        role: Role | None = None
        if actor.kind is ActorKind.AGENT:
            agent = self.state.agents.get(actor.id)
            role = None if agent is None or agent.retired else agent.setup.role
        return standing(actor, role)

    def _reply_id(self, command: Command[Any], by: Actor) -> str:
        if len(command.id) > COMMAND_ID_LENGTH:
            limit = f"at most {COMMAND_ID_LENGTH} characters"
            raise InvalidInput.field("id", "too_long", limit)
        return reply_id(by, command.id)

    def _earlier(self, command: Command[Any], reply: str) -> Reply | None:
        found = self.state.guests.get(Reply, reply)
        if found is not None and found.command != TAGS[type(command)]:
            raise CommandIdReused(f"id {command.id!r} was given to {found.command!r} before")
        return found

    def _keep_reply(self, reply: str, command: Command[Any], result: object) -> None:
        kept = Reply(id=reply, at=self.now, command=TAGS[type(command)], result=_encode(result))
        self._replies.append(kept)
        self.state.guests.put(kept)


def _verb(command: Command[Any]) -> str:
    return TAGS[type(command)].replace("_", " ")


def _who(actor: Actor) -> str:
    return f"{actor.kind} {actor.id!r}"
