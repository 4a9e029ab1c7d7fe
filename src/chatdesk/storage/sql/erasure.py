"""Erasing a person from the tables."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, or_, select

from chatdesk.model.errors import NotFound
from chatdesk.model.ids import CustomerId, DeskId
from chatdesk.model.records import Chat, Record, Ticket
from chatdesk.storage.erasing import blanked_chat, blanked_ticket, replies_prefix
from chatdesk.storage.sql.reading import decoded
from chatdesk.storage.sql.tables import TABLES


def erase_rows(connection: Connection, desk: DeskId, customer: CustomerId) -> tuple[Record, ...]:
    """Deletes a person's rows and gives the blanked records that are to be written.

    Raises `NotFound`. O(the person's rows, and all replies).
    """
    if connection.execute(_owned("customer", "id", desk, customer)).first() is None:
        raise NotFound("customer", customer)
    blanked = tuple(_blanked(connection, desk, customer))
    _delete_replies(connection, desk, customer)
    chats, tickets = _ids("chat", desk, customer), _ids("ticket", desk, customer)
    answers = TABLES["answers"].c
    _delete(connection, desk, "message", TABLES["message"].c.chat.in_(chats))
    _delete(connection, desk, "answers", or_(answers.customer == customer, answers.chat.in_(chats)))
    _delete(connection, desk, "interaction", TABLES["interaction"].c.customer == customer)
    _delete(connection, desk, "learned", TABLES["learned"].c.customer == customer)
    _delete(connection, desk, "ticket_entry", TABLES["ticket_entry"].c.ticket.in_(tickets))
    _delete(connection, desk, "visitor", TABLES["visitor"].c.customer == customer)
    _delete(connection, desk, "customer", TABLES["customer"].c.id == customer)
    return blanked


def _blanked(connection: Connection, desk: DeskId, customer: CustomerId) -> Iterator[Record]:
    for kind in ("chat", "ticket"):
        for text in connection.scalars(_owned(kind, "customer", desk, customer)).all():
            match decoded(text):
                case Chat() as chat:
                    yield blanked_chat(chat)
                case Ticket() as ticket:
                    yield blanked_ticket(ticket)


def _owned(kind: str, field: str, desk: DeskId, customer: CustomerId) -> Select[Any]:
    table = TABLES[kind]
    return select(table.c.record).where(table.c.desk == desk, table.c[field] == customer)


def _ids(kind: str, desk: DeskId, customer: CustomerId) -> Select[Any]:
    table = TABLES[kind]
    return select(table.c.id).where(table.c.desk == desk, table.c.customer == customer)


def _delete(
    connection: Connection, desk: DeskId, kind: str, condition: ColumnElement[bool]
) -> None:
    table = TABLES[kind]
    connection.execute(delete(table).where(table.c.desk == desk, condition))


def _delete_replies(connection: Connection, desk: DeskId, customer: CustomerId) -> None:
    replies = TABLES["reply"].c.id
    for visitor in connection.scalars(_ids("visitor", desk, customer)).all():
        prefix = replies.startswith(replies_prefix(visitor), autoescape=True)
        _delete(connection, desk, "reply", prefix)
