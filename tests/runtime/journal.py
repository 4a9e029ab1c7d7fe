"""An independent checker: reads a desk's journal and says which promises it breaks.

It knows nothing of the desk's code but the events: agents who are all there with a capacity, one
queue, first come first served.
"""

from collections.abc import Iterator

import attrs

from chatdesk.model.commits import Change
from chatdesk.model.events import (
    ChatAssigned,
    ChatClosed,
    ChatEnded,
    ChatOpened,
    Event,
    SlotReleased,
)
from chatdesk.storage.port import Store


@attrs.define
class Ledger:
    """Who holds which chat, and who waits, after each event."""

    capacity: int
    agents: int
    waiting: dict[str, None] = attrs.field(factory=dict)
    held: dict[str, str] = attrs.field(factory=dict)
    epochs: dict[str, int] = attrs.field(factory=dict)
    opened: dict[str, str] = attrs.field(factory=dict)
    """The chat of each command."""

    def broken_by(self, event: Event) -> Iterator[str]:
        """Takes one event; a sentence for each promise that it breaks."""
        match event:
            case ChatOpened():
                if event.command in self.opened or event.chat in self.epochs:
                    yield f"chat {event.chat} was opened twice by {event.command}"
                self.opened[event.command or ""] = event.chat
                self.epochs[event.chat] = 0
                self.waiting[event.chat] = None
            case ChatAssigned():
                yield from self._assigned(event)
            case ChatEnded():
                if not event.served:
                    self.waiting.pop(event.chat, None)
                    if event.reason != "visitor":
                        yield f"chat {event.chat} was turned away: {event.reason}"
            case SlotReleased() | ChatClosed():
                self.held.pop(event.chat, None)

    def _assigned(self, event: ChatAssigned) -> Iterator[str]:
        if event.chat in self.held:
            yield f"chat {event.chat} was assigned twice"
        first = next(iter(self.waiting), None)
        if event.chat != first:
            yield f"chat {event.chat} was served before {first}"
        self.waiting.pop(event.chat, None)
        self.held[event.chat] = event.agent
        load = sum(agent == event.agent for agent in self.held.values())
        if load > self.capacity or load != event.load:
            yield f"agent {event.agent} holds {load} of {self.capacity}, told are {event.load}"
        if event.epoch != self.epochs.get(event.chat, 0) + 1:
            yield f"chat {event.chat} jumps to epoch {event.epoch}"
        self.epochs[event.chat] = event.epoch

    def broken_at_rest(self) -> Iterator[str]:
        """After a commit nobody waits while an agent has room."""
        if self.waiting and len(self.held) < self.agents * self.capacity:
            yield f"{len(self.waiting)} wait although only {len(self.held)} slots are held"


def all_changes(store: Store) -> Iterator[Change]:
    """The whole journal."""
    after = 0
    while page := store.changes(after):
        yield from page
        after = page[-1].revision


def audit(store: Store, ledger: Ledger) -> list[str]:
    """Every promise the journal breaks, as sentences."""
    broken: list[str] = []
    expected, at = 1, 0.0
    for change in all_changes(store):
        if change.revision != expected or change.at < at:
            broken.append(f"revision {change.revision} at {change.at} comes after {expected - 1}")
        expected, at = change.revision + 1, change.at
        for event in change.events:
            broken.extend(ledger.broken_by(event))
        broken.extend(ledger.broken_at_rest())
    return broken
