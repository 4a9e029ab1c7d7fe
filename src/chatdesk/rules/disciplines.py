"""Queue disciplines: the order in which chats of one queue are served.

A key may depend only on what does not change while the chat waits. Chats of several queues stand in
one order for an agent who serves them all: by the queue's priority, then by their keys, then by
their place in line.
"""

# ruff: noqa: ARG002  # a rule is handed all that any rule of its kind may want

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from chatdesk.model.records import Chat, QueueSetup


class Discipline(ABC):
    """Puts the waiting chats of a queue in order."""

    @abstractmethod
    def key(self, chat: Chat, setup: QueueSetup) -> tuple[int, float]:
        """Lower is served first; static as long as the chat waits and the setup stays."""


@attrs.frozen
class FirstCome(Discipline):
    """Who waits longest is first."""

    def key(self, chat: Chat, setup: QueueSetup) -> tuple[int, float]:
        """By the instant since when it waits."""
        return 0, chat.waiting_since


@attrs.frozen
class Priority(Discipline):
    """The highest priority is first, and among equals who waits longest."""

    def key(self, chat: Chat, setup: QueueSetup) -> tuple[int, float]:
        """By priority, then by the instant since when it waits."""
        return -chat.priority, chat.waiting_since


@attrs.frozen
class EarliestDue(Discipline):
    """Whose target comes first: for one queue as first come, across queues by their targets."""

    def key(self, chat: Chat, setup: QueueSetup) -> tuple[int, float]:
        """By the instant at which `target_seconds` of wait are over."""
        return 0, chat.waiting_since + setup.target_seconds


@attrs.frozen
class Ageing(Discipline):
    """Priority that wears off: each step of it is worth `ageing_seconds` of wait.

    Waiting adds to all chats alike, so the order of two chats never changes: the accumulating
    priority of Kleinrock (1964) with one rate for all.
    """

    def key(self, chat: Chat, setup: QueueSetup) -> tuple[int, float]:
        """By the instant since when it waits, as if it had come earlier by its priority."""
        return 0, chat.waiting_since - chat.priority * setup.ageing_seconds


DISCIPLINES: Mapping[str, Discipline] = MappingProxyType(
    {
        "first_come": FirstCome(),
        "priority": Priority(),
        "earliest_due": EarliestDue(),
        "ageing": Ageing(),
    }
)
"""The built-in disciplines by the names that a queue's setup gives."""
