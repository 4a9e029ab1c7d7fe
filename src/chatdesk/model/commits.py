"""What passes between a desk and its store: needs, batches and changes."""

from msgspec import Struct

from chatdesk.model.events import Event
from chatdesk.model.ids import Instant, Revision
from chatdesk.model.records import Record, Reply


class Need(Struct, frozen=True, gc=False):
    """A record that a command needs although it may not be live.

    `kind` is a record's tag. `field` is `id`, or another field the store can look up: `email` and
    `customer_number` of a customer.
    """

    kind: str
    value: str
    field: str = "id"


class Batch(Struct, frozen=True, gc=False):
    """What one commit writes: the last version of each changed record, and the events in order."""

    at: Instant
    """The instant the desk has come to."""
    records: tuple[Record, ...]
    events: tuple[Event, ...]
    replies: tuple[Reply, ...] = ()


class Change(Struct, frozen=True, gc=False):
    """What one commit wrote.

    A record that a later commit wrote again may be missing from the earlier change: applying all
    changes in order gives the present state. `events` are complete, in order.
    """

    revision: Revision
    at: Instant
    records: tuple[Record, ...]
    events: tuple[Event, ...]


class Snapshot(Struct, frozen=True):
    """Every live record of a desk, and the revision and instant they are at."""

    revision: Revision
    at: Instant
    records: tuple[Record, ...]
