"""Tells subscribers what was committed: without gaps, without doubles, in order."""

import logging
from collections import deque
from collections.abc import Iterable, Sequence

import attrs

from chatdesk.desk.state import State
from chatdesk.model.commits import Change
from chatdesk.model.errors import NotAllowed, StorageError
from chatdesk.model.events import AgentSaved, CustomerErased
from chatdesk.model.ids import Revision
from chatdesk.model.values import Actor, ActorKind
from chatdesk.rules.access import Standing, Viewer
from chatdesk.runtime.archive import Archive
from chatdesk.runtime.editions import Edition
from chatdesk.runtime.jobs import Loops, ring_loops
from chatdesk.runtime.mailbox import Mailbox, Parcel
from chatdesk.runtime.replica import Replica
from chatdesk.transport.frames import ByeCode, Reset, Signal

log = logging.getLogger("chatdesk.runtime")

RING_EVENTS = 5_000
"""So many of the latest events are kept in memory for those who reconnect."""
MAX_BEHIND = 20_000
"""Who is further behind asks anew instead of hearing everything."""
PAGE = 200
"""Commits read from the store at a time for one who is behind."""


@attrs.define(eq=False)
class Subscriber:
    """One who listens: who he is, and where his parcels are put."""

    by: Actor
    mailbox: Mailbox = attrs.field(factory=Mailbox)


@attrs.define(eq=False)
class Publisher:
    """Turns commits into updates for those who listen in this process.

    Everything but `pass_on` and `leave_soon` is to be called with the replica's lock held, so that
    editions come in order and nobody joins in between.
    """

    _replica: Replica
    _archive: Archive
    told: Revision = attrs.field(default=0, init=False)
    """The last revision that all subscribers have been told of."""
    _leaving: deque[Subscriber] = attrs.field(factory=deque, init=False)
    _staff: dict[int, Subscriber] = attrs.field(factory=dict, init=False)
    _agents: dict[str, list[Subscriber]] | None = attrs.field(default=None, init=False)
    """The agents who hear only what is addressed to them or to all, by id; the rest under "".

    Made when first needed, until somebody comes, goes, or is set up anew.
    """
    _visitors: dict[str, list[Subscriber]] = attrs.field(factory=dict, init=False)
    _viewers: dict[Actor, Viewer | None] = attrs.field(factory=dict, init=False)
    """How those who listen stand, until an agent is set up anew."""
    _ring: deque[Edition] = attrs.field(factory=deque, init=False)
    _ring_events: int = attrs.field(default=0, init=False)

    # -- going forward -------------------------------------------------------------------------

    def follow(self, own: Change | None) -> None:
        """Tells everything up to where the replica is now; `own` is this process's last commit.

        What cannot be read from the store now is told later.
        """
        self._let_go()
        if not (self._staff or self._visitors):
            self._begin_here()
            return
        if self.told >= self._replica.revision:
            return
        loops: Loops = {}
        try:
            for change in self._untold(own):
                self._tell(self._edition(change), loops)
        except StorageError as error:
            log.warning("cannot read what to tell, trying again: %s", error)
        except Exception:  # a defect in telling must not keep commands from being answered
            log.exception("a commit could not be told: everybody asks anew")
            self._start_anew(loops)
        finally:
            ring_loops(loops)

    def _untold(self, own: Change | None) -> Iterable[Change]:
        """The commits after the last that was told, as far as the replica has come."""
        until = self._replica.revision
        while self.told < until:
            if own is not None and self.told + 1 == own.revision:
                yield own
                continue
            for change in self._replica.store.changes(self.told, limit=PAGE):
                if change.revision > until or (own and change.revision == own.revision):
                    break
                yield change

    def _begin_here(self) -> None:
        self.told = self._replica.revision
        self._forget_ring()
        self._viewers.clear()
        self._agents = None

    def _start_anew(self, loops: Loops) -> None:
        self._begin_here()
        for subscriber in self._everybody():
            subscriber.mailbox.put(self.reset(), loops)

    def _tell(self, edition: Edition, loops: Loops) -> None:
        if any(isinstance(event, AgentSaved) for event in edition.change.events):
            self._viewers.clear()
            self._agents = None
        for subscriber in self._concerned(edition):
            viewer = self._known_viewer(subscriber.by)
            parcel = None if viewer is None else edition.parcel_for(viewer)
            if parcel is not None and not subscriber.mailbox.put(parcel, loops):
                self._leave(subscriber)
        self._remember(edition)
        self.told = edition.change.revision

    def _remember(self, edition: Edition) -> None:
        if any(isinstance(event, CustomerErased) for event in edition.change.events):
            self._forget_ring()  # it may hold what the person wrote
        self._ring.append(edition)
        self._ring_events += _weight(edition)
        while self._ring_events > RING_EVENTS:
            self._ring_events -= _weight(self._ring.popleft())

    def _forget_ring(self) -> None:
        self._ring.clear()
        self._ring_events = 0

    def _concerned(self, edition: Edition) -> list[Subscriber]:
        """The staff it may concern, and the visitors to whom something is addressed."""
        if edition.agents is None:
            concerned = list(self._staff.values())
        else:
            agents = self._agents = self._agents or self._grouped()
            concerned = list(agents.get("", ()))
            for agent in edition.agents:
                concerned += agents.get(agent, ())
        for visitor in edition.visitors:
            concerned += self._visitors.get(visitor, ())
        return concerned

    def _grouped(self) -> dict[str, list[Subscriber]]:
        groups: dict[str, list[Subscriber]] = {}
        for subscriber in self._staff.values():
            viewer = self._known_viewer(subscriber.by)
            plain = viewer is not None and viewer.standing is Standing.AGENT
            groups.setdefault(subscriber.by.id if plain else "", []).append(subscriber)
        return groups

    def _edition(self, change: Change) -> Edition:
        return Edition(change, self._state, self._archive)

    def _state(self) -> State:
        return self._replica.desk().state

    def viewer(self, by: Actor) -> Viewer | None:
        """An actor as he stands on the desk now; `None` when he has no standing."""
        try:
            return self._replica.desk().viewer(by)
        except NotAllowed:
            return None

    def _known_viewer(self, by: Actor) -> Viewer | None:
        try:
            return self._viewers[by]
        except KeyError:
            viewer = self._viewers[by] = self.viewer(by)
            return viewer

    # -- coming and going ----------------------------------------------------------------------

    def join(self, subscriber: Subscriber) -> Revision:
        """Adds a subscriber, who hears everything after the revision that is returned."""
        self._let_go()
        if not (self._staff or self._visitors):
            self._begin_here()
        if subscriber.by.kind is ActorKind.VISITOR:
            self._visitors.setdefault(subscriber.by.id, []).append(subscriber)
        else:
            self._staff[id(subscriber)] = subscriber
            self._agents = None
        return self.told

    def leave_soon(self, subscriber: Subscriber) -> None:
        """Has a subscriber removed by and by. Needs no lock, so that nobody waits in leaving."""
        self._leaving.append(subscriber)

    def _leave(self, subscriber: Subscriber) -> None:
        if self._staff.pop(id(subscriber), None) is not None:
            self._agents = None
        self._viewers.pop(subscriber.by, None)
        group = self._visitors.get(subscriber.by.id, [])
        if subscriber in group:
            group.remove(subscriber)
            if not group:
                del self._visitors[subscriber.by.id]

    def _let_go(self) -> None:
        while self._leaving:
            self._leave(self._leaving.popleft())

    def stop(self) -> None:
        """Bids everybody farewell."""
        loops: Loops = {}
        for subscriber in self._everybody():
            subscriber.mailbox.shut(ByeCode.STOPPING, loops)
        self._staff.clear()
        self._agents = None
        self._visitors.clear()
        ring_loops(loops)

    def _everybody(self) -> list[Subscriber]:
        return [
            *self._staff.values(),
            *(each for group in self._visitors.values() for each in group),
        ]

    # -- for those who were away ---------------------------------------------------------------

    def remembered(self, after: Revision, until: Revision, by: Actor) -> list[Parcel] | None:
        """What the ring has for an actor of the commits after one; `None` when it has not all."""
        if after == until:
            return []
        if not self._ring or self._ring[0].change.revision > after + 1:
            return None
        return self._parcels([e for e in self._ring if after < e.change.revision <= until], by)

    def retell(self, changes: Sequence[Change], by: Actor) -> list[Parcel]:
        """What an actor may see of commits that were told before."""
        return self._parcels([self._edition(change) for change in changes], by)

    def _parcels(self, editions: Iterable[Edition], by: Actor) -> list[Parcel]:
        viewer = self.viewer(by)
        if viewer is None:
            return []
        parcels = (edition.parcel_for(viewer) for edition in editions)
        return [parcel for parcel in parcels if parcel is not None]

    def reset(self) -> Parcel:
        """For one whose cursor leads nowhere."""
        return Parcel(Reset(revision=self.told))

    # -- signals -------------------------------------------------------------------------------

    def pass_on(self, signal: Signal, to: Actor) -> None:
        """Gives a signal to one actor, wherever he listens in this process. Needs no lock."""
        parcel, loops = Parcel(signal), Loops()
        if to.kind is ActorKind.VISITOR:
            listeners = list(self._visitors.get(to.id, ()))
        else:
            listeners = [each for each in list(self._staff.values()) if each.by == to]
        for subscriber in listeners:
            subscriber.mailbox.put(parcel, loops)
        ring_loops(loops)


def _weight(edition: Edition) -> int:
    """What it counts in the ring: commits that tell nothing, as renewed leases, take room too."""
    return max(1, len(edition.change.events))
