"""The port: what a desk asks of a store. A store keeps and orders; it never decides."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from chatdesk.model.commits import Batch, Change, Need, Snapshot
from chatdesk.model.ids import CustomerId, Instant, Revision
from chatdesk.model.records import Record
from chatdesk.model.values import Actor


class Durability(StrEnum):
    """What an acknowledged commit survives."""

    NONE = "none"
    """Nothing: it is gone with the process."""
    PROCESS = "process"
    """The death of the process (kill -9)."""
    POWER = "power"
    """A power cut too."""


class Find(Struct, frozen=True):
    """A search among records of one kind, live or not.

    `where` are (field, values) pairs that must all hold, each field being one of any of its values.
    Rows come in order of `order`, then id, `descending` turning both round; text is ordered by code
    points, and a field that is absent comes before every value. `after` is the `(order value, id)`
    of the last row of the page before. The fields a kind can be searched and ordered by are in
    `FINDABLE`.
    """

    kind: str
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    order: str = "id"
    descending: bool = False
    limit: int = 100
    after: tuple[float | str | None, str] | None = None


FINDABLE: dict[str, tuple[str, ...]] = {
    "queue": ("id",),
    "agent": ("id",),
    "customer": ("id", "email", "customer_number", "updated_at"),
    "visitor": ("id", "customer", "last_seen_at"),
    "chat": ("id", "state", "queue", "visitor", "customer", "agent", "requested_at", "ended_at"),
    "offer": ("id", "chat", "agent", "state", "made_at"),
    "message": ("id", "chat", "seq", "kind", "at"),
    "answers": ("id", "chat", "customer", "form", "at"),
    "interaction": ("id", "customer", "at"),
    "ticket": (
        "id",
        "number",
        "state",
        "customer",
        "visitor",
        "chat",
        "assignee",
        "created_at",
        "updated_at",
    ),
    "ticket_entry": ("id", "ticket", "seq", "at"),
    "canned": ("id",),
}
"""The fields of each kind that `Find` may name, which a SQL store keeps as columns."""

FIXED: dict[str, tuple[str, ...]] = {
    "chat": ("visitor", "customer", "requested_at"),
    "offer": ("chat",),
    "message": ("chat", "seq"),
    "answers": ("chat", "customer"),
    "ticket_entry": ("ticket", "seq"),
}
"""The fields that no later version of a record changes, so that a store need not index it anew."""

LOOKUPS: dict[str, tuple[str, ...]] = {"customer": ("id", "email", "customer_number")}
"""The fields that a `Need` of a kind may name, beside `id`, which every kind has."""


class Turn(Protocol):
    """A desk's head, locked: whoever holds it is the only one who changes the desk."""

    @property
    def revision(self) -> Revision:
        """The head revision when the turn began."""

    @property
    def changes(self) -> Sequence[Change]:
        """What was committed after `since`, in order; live kinds of records at least."""

    def fetch(self, needs: Iterable[Need]) -> list[Record]:
        """The records that are asked for and exist, replies among them, each once.

        What `write` was given in the same turn may or may not be among them. Raises `ValueError`
        for a field that cannot be looked up.
        """

    def write(self, batch: Batch) -> Revision:
        """Writes the batch as the next revision; it is committed when the turn's context ends.

        May be called once in a turn. Raises `TurnLost` when another writer was in between, and
        `StorageError` when the turn has written or ended already.
        """


class Store(ABC):
    """Durable home of one desk's records. Safe to use from several threads and after `fork`."""

    durability: Durability

    @abstractmethod
    def load(self) -> Snapshot:
        """Every live record and the revision they are at; nothing and 0 for a new desk."""

    @abstractmethod
    def turn(self, since: Revision, *, timeout: float) -> AbstractContextManager[Turn]:
        """Locks the desk's head until the context ends, which commits; an exception rolls back.

        `since` is the revision the caller has applied. Raises `TurnTimeout` when the lock did not
        come in `timeout` seconds, `OutcomeUnknown` when nobody knows whether it committed, and
        `StoreCorrupt` when the store is behind `since`, as after a restored backup.
        """

    @abstractmethod
    def changes(self, since: Revision, *, limit: int = 1000) -> Sequence[Change]:
        """Up to `limit` commits after `since`, in order, with all kinds of records but replies.

        An erased record is in no change; the event `CustomerErased` says what to drop. Never skips
        a commit: a revision that is not there yet has not been committed.
        """

    @abstractmethod
    def head(self) -> Revision:
        """The newest revision."""

    @abstractmethod
    def find(self, search: Find) -> list[Record]:
        """Records of one kind, live or not; raises `ValueError` for a field not in `FINDABLE`."""

    @abstractmethod
    def erase(self, customer: CustomerId, *, by: Actor, at: Instant) -> Revision:
        """Erases a person: a commit of its own, with the event `CustomerErased`.

        Deletes his `Customer`, `Visitor`, `Message`, `Answers`, `Interaction`, `Learned` and
        `TicketEntry` records and the replies of his visitors; blanks the title of his tickets and
        the page, question and customer name of his chats. What statistics count stays. Raises
        `NotFound`.
        """

    @abstractmethod
    def forget_replies(self, before: Instant) -> int:
        """Deletes what commands were answered before an instant; gives how many.

        Takes no turn and no revision.
        """

    @abstractmethod
    def forget_visitors(self, before: Instant) -> int:
        """Deletes visitors who are gone, are no customer and were last seen before an instant.

        Gives how many; takes no turn and no revision. Nobody who ever asked anything is among them.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives connections back; the store may be used again, which opens them anew."""
