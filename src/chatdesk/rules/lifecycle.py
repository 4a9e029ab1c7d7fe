"""The lives of chats, offers and tickets: one table each, readable without running it.

A table maps (state, trigger) to the next state; what is not in it is refused. `diagram` draws a
table for the docs.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from chatdesk.model.errors import WrongState
from chatdesk.model.records import (
    Agent,
    CannedResponse,
    CannedUse,
    Chat,
    Counters,
    DeskRecord,
    Learned,
    Offer,
    Queue,
    Record,
    Suggesting,
    Ticket,
    Visitor,
)
from chatdesk.model.values import ChatState, OfferState, TicketState


class ChatTrigger(StrEnum):
    """What moves a chat on."""

    ASSIGN = "assign"
    OFFER = "offer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    """The offer was declined, expired or withdrawn."""
    LEAVE = "leave"
    """The visitor left before an agent came."""
    MISS = "miss"
    """The desk could not serve it."""
    HAND_OVER = "hand_over"
    """To another agent."""
    RETURN = "return"
    """To the line, with its place in time."""
    END = "end"
    CLOSE = "close"


class OfferTrigger(StrEnum):
    """What settles an offer."""

    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"


class TicketTrigger(StrEnum):
    """What moves a ticket on."""

    ASK = "ask"
    """The customer is asked for more (B45)."""
    ANSWER = "answer"
    """The customer answers."""
    SOLVE = "solve"
    """B46."""
    REOPEN = "reopen"
    MARK_SPAM = "mark_spam"
    """B47."""
    EXPIRE = "expire"
    """The customer did not answer in time."""


CHAT: Mapping[tuple[ChatState, ChatTrigger], ChatState] = {
    (ChatState.WAITING, ChatTrigger.ASSIGN): ChatState.ACTIVE,
    (ChatState.WAITING, ChatTrigger.OFFER): ChatState.OFFERED,
    (ChatState.WAITING, ChatTrigger.LEAVE): ChatState.ABANDONED,
    (ChatState.WAITING, ChatTrigger.MISS): ChatState.MISSED,
    (ChatState.OFFERED, ChatTrigger.ACCEPT): ChatState.ACTIVE,
    (ChatState.OFFERED, ChatTrigger.REFUSE): ChatState.WAITING,
    (ChatState.OFFERED, ChatTrigger.LEAVE): ChatState.ABANDONED,
    (ChatState.OFFERED, ChatTrigger.MISS): ChatState.MISSED,
    (ChatState.ACTIVE, ChatTrigger.HAND_OVER): ChatState.ACTIVE,
    (ChatState.ACTIVE, ChatTrigger.RETURN): ChatState.WAITING,
    (ChatState.ACTIVE, ChatTrigger.END): ChatState.WRAP_UP,
    (ChatState.WRAP_UP, ChatTrigger.CLOSE): ChatState.CLOSED,
}

OFFER: Mapping[tuple[OfferState, OfferTrigger], OfferState] = {
    (OfferState.PENDING, OfferTrigger.ACCEPT): OfferState.ACCEPTED,
    (OfferState.PENDING, OfferTrigger.DECLINE): OfferState.DECLINED,
    (OfferState.PENDING, OfferTrigger.EXPIRE): OfferState.EXPIRED,
    (OfferState.PENDING, OfferTrigger.WITHDRAW): OfferState.WITHDRAWN,
}

TICKET: Mapping[tuple[TicketState, TicketTrigger], TicketState] = {
    (TicketState.OPEN, TicketTrigger.ASK): TicketState.PENDING,
    (TicketState.OPEN, TicketTrigger.ANSWER): TicketState.OPEN,
    (TicketState.OPEN, TicketTrigger.SOLVE): TicketState.SOLVED,
    (TicketState.OPEN, TicketTrigger.REOPEN): TicketState.OPEN,
    (TicketState.OPEN, TicketTrigger.MARK_SPAM): TicketState.SPAM,
    (TicketState.PENDING, TicketTrigger.ASK): TicketState.PENDING,
    (TicketState.PENDING, TicketTrigger.ANSWER): TicketState.OPEN,
    (TicketState.PENDING, TicketTrigger.SOLVE): TicketState.SOLVED,
    (TicketState.PENDING, TicketTrigger.REOPEN): TicketState.OPEN,
    (TicketState.PENDING, TicketTrigger.MARK_SPAM): TicketState.SPAM,
    (TicketState.PENDING, TicketTrigger.EXPIRE): TicketState.SOLVED,
    (TicketState.SOLVED, TicketTrigger.ANSWER): TicketState.OPEN,
    (TicketState.SOLVED, TicketTrigger.ASK): TicketState.PENDING,
    (TicketState.SOLVED, TicketTrigger.SOLVE): TicketState.SOLVED,
    (TicketState.SOLVED, TicketTrigger.REOPEN): TicketState.OPEN,
    (TicketState.SOLVED, TicketTrigger.MARK_SPAM): TicketState.SPAM,
    (TicketState.SPAM, TicketTrigger.ANSWER): TicketState.SPAM,
    (TicketState.SPAM, TicketTrigger.REOPEN): TicketState.OPEN,
    (TicketState.SPAM, TicketTrigger.MARK_SPAM): TicketState.SPAM,
}

SET_TICKET: Mapping[TicketState, TicketTrigger] = {
    TicketState.OPEN: TicketTrigger.REOPEN,
    TicketState.PENDING: TicketTrigger.ASK,
    TicketState.SOLVED: TicketTrigger.SOLVE,
    TicketState.SPAM: TicketTrigger.MARK_SPAM,
}
"""The trigger that stands for choosing a state from the list (B39)."""

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)

LIVE_CHAT = frozenset({ChatState.WAITING, ChatState.OFFERED, ChatState.ACTIVE, ChatState.WRAP_UP})
IN_LINE = frozenset({ChatState.WAITING, ChatState.OFFERED})
LIVE_TICKET = frozenset({TicketState.OPEN, TicketState.PENDING})


def follow(table: Mapping[tuple[S, T], S], state: S, trigger: T, what: str) -> S:
    """The next state; raises `WrongState`, naming `what` and the states the trigger is for."""
    after = table.get((state, trigger))
    if after is None:
        allowed = sorted({before for before, t in table if t == trigger})
        raise WrongState(
            f"{what} is {state.replace('_', '-')}; {trigger.replace('_', ' ')} is for"
            f" {', '.join(allowed).replace('_', '-')}"
        )
    return after


def diagram(table: Mapping[tuple[S, T], S]) -> str:
    """The table as a Mermaid state diagram."""
    lines = [f"    {before} --> {after}: {t}" for (before, t), after in table.items()]
    return "\n".join(["stateDiagram-v2", *lines])


LIVE: Mapping[type[Record], Callable[[Any], bool]] = {
    DeskRecord: lambda _: True,
    Counters: lambda _: True,
    Queue: lambda _: True,
    Agent: lambda _: True,
    Visitor: lambda visitor: visitor.chat is not None or visitor.here_until is not None,
    Chat: lambda chat: chat.state in LIVE_CHAT,
    Offer: lambda offer: offer.state is OfferState.PENDING,
    Ticket: lambda ticket: ticket.state in LIVE_TICKET,
    CannedResponse: lambda _: True,
    CannedUse: lambda _: True,
    Learned: lambda learned: not learned.removed,
    Suggesting: lambda _: True,
}
"""Which records of a kind every replica holds in memory; of other kinds, none."""


def is_live(record: Record) -> bool:
    """Whether every replica holds the record in memory."""
    live = LIVE.get(type(record))
    return live is not None and live(record)
