"""One commit as it is told: every notice made once for the staff, once for a visitor."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import attrs

from chatdesk.desk.state import State
from chatdesk.model.commits import Change
from chatdesk.model.events import (
    AgentSaved,
    AgentStatusChanged,
    ChatEvent,
    ChatOpened,
    Event,
    MessageAdded,
    TicketEntryAdded,
    TicketEvent,
)
from chatdesk.model.ids import AgentId, TicketId, VisitorId
from chatdesk.model.queries import ChatCard, VisitorChat, VisitorTicket
from chatdesk.model.records import Chat, Message, Record, Ticket, TicketEntry
from chatdesk.model.values import Audience
from chatdesk.rules.access import Standing, Viewer, visible
from chatdesk.runtime.archive import Archive
from chatdesk.runtime.mailbox import Parcel
from chatdesk.runtime.views import (
    agent_card,
    chat_card,
    visitor_chat,
    visitor_message,
    visitor_ticket,
)
from chatdesk.transport.frames import Notice, Update, told, told_visitor

R = TypeVar("R", bound=Record)


@attrs.define(eq=False)
class Edition:
    """The updates that one commit gives its viewers, equal ones being the same parcel.

    What an event is about is told as it is when the edition is made, which may be later than the
    commit. To be used only while the replica's lock is held.
    """

    change: Change
    _now: Callable[[], State]
    """The state as it is when something is told."""
    _archive: Archive
    _messages: dict[tuple[str, int], Message] = attrs.field(init=False)
    _entries: dict[tuple[str, int], TicketEntry] = attrs.field(init=False)
    _notices: dict[tuple[int, VisitorId | None], Notice] = attrs.field(factory=dict, init=False)
    _parcels: dict[tuple[object, ...], Parcel] = attrs.field(factory=dict, init=False)
    _by_audience: dict[Audience, list[int]] = attrs.field(factory=dict, init=False)
    _by_visitor: dict[VisitorId, list[Audience]] = attrs.field(factory=dict, init=False)
    _by_agent: dict[AgentId, list[Audience]] = attrs.field(factory=dict, init=False)
    """The audiences that name one: for him it matters who he is, for others how they stand."""
    _to_staff: list[Audience] = attrs.field(factory=list, init=False)
    _for_kinds: dict[tuple[Standing, str | None], Parcel | None] = attrs.field(
        factory=dict, init=False
    )

    def __attrs_post_init__(self) -> None:
        records = self.change.records
        self._messages = {(r.chat, r.seq): r for r in records if isinstance(r, Message)}
        self._entries = {(r.ticket, r.seq): r for r in records if isinstance(r, TicketEntry)}
        for index, event in enumerate(self.change.events):
            self._by_audience.setdefault(event.audience, []).append(index)
        for audience in self._by_audience:
            self._index(audience)

    def _index(self, audience: Audience) -> None:
        if audience.visitor is not None:
            self._by_visitor.setdefault(audience.visitor, []).append(audience)
        if audience.staff:
            self._to_staff.append(audience)
        else:
            for agent in dict.fromkeys(audience.agents):
                self._by_agent.setdefault(agent, []).append(audience)

    @property
    def visitors(self) -> Iterable[VisitorId]:
        """The visitors to whom anything is addressed."""
        return self._by_visitor

    @property
    def agents(self) -> Iterable[AgentId] | None:
        """The agents to whom anything is addressed by name; `None` when something is to all."""
        return None if self._to_staff else self._by_agent

    def parcel_for(self, viewer: Viewer) -> Parcel | None:
        """What a viewer may see of the commit, or nothing."""
        id_ = viewer.actor.id
        named = id_ in self._by_agent or id_ in self._by_visitor
        kind = (viewer.standing, id_ if named else None)
        try:
            return self._for_kinds[kind]
        except KeyError:
            parcel = self._for_kinds[kind] = self._made_for(viewer)
            return parcel

    def _made_for(self, viewer: Viewer) -> Parcel | None:
        seen = sorted(
            index
            for audience in self._perhaps_for(viewer)
            if visible(audience, viewer)
            for index in self._by_audience[audience]
        )
        if not seen:
            return None
        visitor = viewer.actor.id if viewer.standing is Standing.VISITOR else None
        key = (visitor, *seen)
        parcel = self._parcels.get(key)
        if parcel is None:
            notices = tuple(self._notice(index, visitor) for index in seen)
            update = Update(revision=self.change.revision, at=self.change.at, notices=notices)
            parcel = self._parcels[key] = Parcel(update)
        return parcel

    def _perhaps_for(self, viewer: Viewer) -> Iterable[Audience]:
        """The audiences that he may belong to: in a large commit most are of other people."""
        match viewer.standing:
            case Standing.VISITOR:
                return self._by_visitor.get(viewer.actor.id, ())
            case Standing.AGENT:
                return (*self._to_staff, *self._by_agent.get(viewer.actor.id, ()))
            case _:
                return self._by_audience

    def _notice(self, index: int, visitor: VisitorId | None) -> Notice:
        notice = self._notices.get((index, visitor))
        if notice is None:
            event = self.change.events[index]
            notice = self._for_staff(event) if visitor is None else self._for(event, visitor)
            self._notices[index, visitor] = notice
        return notice

    # -- what each side is told ------------------------------------------------------------------

    def _for_staff(self, event: Event) -> Notice:
        about: dict[str, Any] = {}
        if isinstance(event, ChatEvent):
            about["chat"] = self._chat_card(event)
        if isinstance(event, MessageAdded):
            about["message"] = self._message(event)
        if isinstance(event, AgentSaved | AgentStatusChanged):
            agent = self._now().agents.get(event.agent)
            about["agent"] = None if agent is None else agent_card(agent)
        if isinstance(event, TicketEvent):
            about["ticket"] = self._ticket(event.ticket)
        if isinstance(event, TicketEntryAdded):
            about["entry"] = self._entry(event)
        return Notice(event=told(event), **about)

    def _for(self, event: Event, visitor: VisitorId) -> Notice:
        about: dict[str, Any] = {}
        if isinstance(event, ChatEvent):
            about["chat"] = self._visitor_chat(event, visitor)
        if isinstance(event, MessageAdded) and (message := self._message(event)):
            about["message"] = visitor_message(self._now(), message, visitor)
        if isinstance(event, TicketEvent):
            about["ticket"] = self._visitor_ticket(event.ticket, visitor)
        return Notice(event=told_visitor(event), **about)

    def _chat_card(self, event: ChatEvent) -> ChatCard | None:
        chat = self._chat(event.chat)
        if chat is None:
            return None
        returning = isinstance(event, ChatOpened) and not event.new_customer
        return chat_card(self._now(), chat, returning=returning)

    def _visitor_chat(self, event: ChatEvent, visitor: VisitorId) -> VisitorChat | None:
        chat = self._chat(event.chat)
        return None if chat is None or chat.visitor != visitor else visitor_chat(self._now(), chat)

    def _visitor_ticket(self, ticket_id: TicketId, visitor: VisitorId) -> VisitorTicket | None:
        ticket = self._ticket(ticket_id)
        if ticket is None or ticket.visitor != visitor:
            return None
        return visitor_ticket(self._now(), ticket, self._archive.entries(ticket_id), visitor)

    # -- the records -----------------------------------------------------------------------------

    def _chat(self, chat_id: str) -> Chat | None:
        return (
            self._now().chats.get(chat_id)
            or _written(self.change.records, Chat, chat_id)
            or self._archive.chat(chat_id)
        )

    def _ticket(self, ticket_id: str) -> Ticket | None:
        return (
            self._now().tickets.get(ticket_id)
            or _written(self.change.records, Ticket, ticket_id)
            or self._archive.ticket(ticket_id)
        )

    def _message(self, event: MessageAdded) -> Message | None:
        return self._messages.get((event.chat, event.seq))

    def _entry(self, event: TicketEntryAdded) -> TicketEntry | None:
        return self._entries.get((event.ticket, event.seq))


def _written(records: Sequence[Record], type_: type[R], id_: str) -> R | None:
    """The version of a record that a commit wrote."""
    return next((r for r in records if isinstance(r, type_) and r.id == id_), None)
