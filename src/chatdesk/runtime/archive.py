"""Records that are not live, read from the store."""

from collections.abc import Iterable
from typing import TypeVar

import attrs
import msgspec

from chatdesk.model.ids import ChatId, CustomerId, Instant, TicketId, VisitorId, message_id
from chatdesk.model.records import (
    Answers,
    Chat,
    Customer,
    Interaction,
    Message,
    Record,
    Ticket,
    TicketEntry,
)
from chatdesk.storage.port import Find, Store

R = TypeVar("R", bound=Record)

PAGE = 500
"""Rows read at a time."""
MAX_KNOWN = 50_000
"""Most customers whose first day is remembered."""


@attrs.define(eq=False)
class Archive:
    """Typed look-ups in a store; safe to use from several threads."""

    _store: Store
    _known_since: dict[CustomerId, Instant] = attrs.field(factory=dict, init=False)

    def chat(self, chat_id: ChatId) -> Chat | None:
        """A chat, live or not."""
        return self._one(Chat, "chat", chat_id)

    def ticket(self, ticket_id: TicketId) -> Ticket | None:
        """A ticket, live or not."""
        return self._one(Ticket, "ticket", ticket_id)

    def customer(self, customer_id: CustomerId) -> Customer | None:
        """A customer's profile."""
        return self._one(Customer, "customer", customer_id)

    def messages(self, chat_id: ChatId, after: int = 0) -> list[Message]:
        """A chat's messages after the one numbered `after`, in order."""
        rows = self._all(Message, Find("message", (("chat", (chat_id,)),), "seq"))
        return [message for message in rows if message.seq > after]

    def message(self, chat_id: ChatId, seq: int) -> Message | None:
        """One message of a chat by its number."""
        return self.message_by_id(message_id(chat_id, seq))

    def message_by_id(self, id_: str) -> Message | None:
        """One message."""
        return self._one(Message, "message", id_)

    def messages_of(self, chat_ids: Iterable[ChatId]) -> dict[ChatId, list[Message]]:
        """The messages of several chats, each in order."""
        wanted = tuple(dict.fromkeys(chat_ids))
        found: dict[ChatId, list[Message]] = {}
        for start in range(0, len(wanted), PAGE):
            where = (("chat", wanted[start : start + PAGE]),)
            for message in self._all(Message, Find("message", where, "seq")):
                found.setdefault(message.chat, []).append(message)
        return found

    def entries(self, ticket_id: TicketId) -> list[TicketEntry]:
        """A ticket's entries, in order."""
        return self._all(TicketEntry, Find("ticket_entry", (("ticket", (ticket_id,)),), "seq"))

    def answers(self, chat_id: ChatId) -> list[Answers]:
        """The forms filled in a chat."""
        return self._all(Answers, Find("answers", (("chat", (chat_id,)),), "at"))

    def interactions(self, customer_id: CustomerId) -> list[Interaction]:
        """A customer's history, the newest first."""
        where = (("customer", (customer_id,)),)
        return self._all(Interaction, Find("interaction", where, "at", descending=True))

    def chats_of(self, customer_id: CustomerId, limit: int) -> list[Chat]:
        """A customer's chats, the newest first."""
        where = (("customer", (customer_id,)),)
        return self._some(Chat, Find("chat", where, "requested_at", descending=True, limit=limit))

    def last_chat(self, visitor_id: VisitorId) -> Chat | None:
        """A visitor's latest chat."""
        where = (("visitor", (visitor_id,)),)
        found = self._some(Chat, Find("chat", where, "requested_at", descending=True, limit=1))
        return found[0] if found else None

    def tickets(self, find: Find) -> list[Ticket]:
        """Tickets of a search."""
        return self._some(Ticket, find)

    def chats(self, find: Find) -> list[Chat]:
        """Chats of a search."""
        return self._some(Chat, find)

    def customers(self, ids: Iterable[CustomerId]) -> dict[CustomerId, Customer]:
        """Customers by id."""
        wanted = tuple(dict.fromkeys(ids))
        found: dict[CustomerId, Customer] = {}
        for start in range(0, len(wanted), PAGE):
            page = wanted[start : start + PAGE]
            rows = self._some(Customer, Find("customer", (("id", page),), limit=PAGE))
            found.update((customer.id, customer) for customer in rows)
        return found

    def returning(self, chats: Iterable[Chat]) -> frozenset[ChatId]:
        """Those of the chats whose customers were known before they asked (D03)."""
        listed = tuple(chats)
        unknown = {chat.customer for chat in listed} - self._known_since.keys()
        if len(self._known_since) + len(unknown) > MAX_KNOWN:
            self._known_since.clear()
            unknown = {chat.customer for chat in listed}
        for customer in self.customers(unknown).values():
            self._known_since[customer.id] = customer.created_at
        return frozenset(
            chat.id
            for chat in listed
            if self._known_since.get(chat.customer, chat.requested_at) < chat.requested_at
        )

    def _one(self, type_: type[R], kind: str, id_: str) -> R | None:
        found = self._some(type_, Find(kind, (("id", (id_,)),), limit=1))
        return found[0] if found else None

    def _some(self, type_: type[R], find: Find) -> list[R]:
        return [record for record in self._store.find(find) if isinstance(record, type_)]

    def _all(self, type_: type[R], find: Find) -> list[R]:
        """All pages of a search."""
        rows: list[R] = []
        page = msgspec.structs.replace(find, limit=PAGE)
        while found := self._some(type_, page):
            rows.extend(found)
            if len(found) < PAGE:
                break
            last = found[-1]
            page = msgspec.structs.replace(page, after=(getattr(last, find.order), last.id))
        return rows
