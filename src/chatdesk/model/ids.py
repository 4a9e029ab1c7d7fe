"""Names for the plain strings and numbers that identify things.

They are aliases, not types of their own: a shop's own keys may be used as they are.
"""

from typing import TypeAlias

DeskId: TypeAlias = str
QueueId: TypeAlias = str
AgentId: TypeAlias = str
CustomerId: TypeAlias = str
VisitorId: TypeAlias = str
ChatId: TypeAlias = str
MessageId: TypeAlias = str
OfferId: TypeAlias = str
TicketId: TypeAlias = str
DeviceId: TypeAlias = str
CommandId: TypeAlias = str
ReplyId: TypeAlias = str

Revision: TypeAlias = int
"""The number of a commit: 1, 2, 3 … without gaps; 0 is a desk that holds nothing yet."""

Seconds: TypeAlias = float
"""A length of time."""

Instant: TypeAlias = float
"""Seconds since the epoch, in steps of a microsecond (see `chatdesk.rules.instants`)."""


def message_id(chat: ChatId, seq: int) -> MessageId:
    """The id of a chat's message by its number."""
    return f"{chat}.{seq:06d}"
