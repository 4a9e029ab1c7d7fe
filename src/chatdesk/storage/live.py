"""Which records a store gives a starting replica."""

from chatdesk.model.records import (
    Agent,
    Chat,
    Counters,
    DeskRecord,
    Offer,
    Queue,
    Record,
    Ticket,
    Visitor,
)
from chatdesk.model.values import ChatState, OfferState, TicketState

_ALWAYS = (DeskRecord, Counters, Queue, Agent)
_CHATS_AT_REST = frozenset({ChatState.CLOSED, ChatState.ABANDONED, ChatState.MISSED})
_TICKETS_AT_WORK = frozenset({TicketState.OPEN, TicketState.PENDING})


def is_live(record: Record) -> bool:
    """Whether every replica holds the record in memory."""
    match record:
        case Chat():
            return record.state not in _CHATS_AT_REST
        case Offer():
            return record.state is OfferState.PENDING
        case Ticket():
            return record.state in _TICKETS_AT_WORK
        case Visitor():
            return record.chat is not None
        case _:
            return isinstance(record, _ALWAYS)
