"""What commands return. A result holds only what its sender may know."""

from typing import TypeAlias

from msgspec import Struct

from chatdesk.model.ids import ChatId, CustomerId, TicketId, VisitorId
from chatdesk.model.values import ChatState, EndReason, TicketState


class Result(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True, gc=False):
    """The base of every result."""


class Done(Result, frozen=True, kw_only=True, tag="done"):
    """It is done, and there is nothing more to say."""


class ChatRequested(Result, frozen=True, kw_only=True, tag="chat_requested"):
    """The chat exists; `position` counts from 1 while it waits."""

    chat: ChatId
    visitor: VisitorId
    state: ChatState
    position: int | None = None
    reason: EndReason | None = None
    """Why nobody can serve it now, when the state is `missed`: offer to leave a note (B10)."""


class ChatTaken(Result, frozen=True, kw_only=True, tag="chat_taken"):
    """The chat is the agent's, under this epoch."""

    chat: ChatId
    epoch: int


class MessagePosted(Result, frozen=True, kw_only=True, tag="message_posted"):
    """The message is the chat's `seq`-th."""

    chat: ChatId
    seq: int


class CustomerSaved(Result, frozen=True, kw_only=True, tag="customer_saved"):
    """The profile is now at this version."""

    customer: CustomerId
    version: int


class InteractionSaved(Result, frozen=True, kw_only=True, tag="interaction_saved"):
    """The entry's id."""

    interaction: str


class TicketSaved(Result, frozen=True, kw_only=True, tag="ticket_saved"):
    """The ticket as it is now."""

    ticket: TicketId
    number: int
    state: TicketState


class CannedSaved(Result, frozen=True, kw_only=True, tag="canned_saved"):
    """The canned response is now at this version."""

    canned: str
    version: int


class CannedImported(Result, frozen=True, kw_only=True, tag="canned_imported"):
    """How many canned responses were added, and how many were changed."""

    added: int
    changed: int


AnyResult: TypeAlias = (
    Done
    | ChatRequested
    | ChatTaken
    | MessagePosted
    | CustomerSaved
    | InteractionSaved
    | TicketSaved
    | CannedSaved
    | CannedImported
)
"""The union of all results, for decoding."""
