"""How records are named, looked up and put in order, alike in every store."""

from typing import TypeAlias

from chatdesk.model.records import RECORD_TYPES, Record
from chatdesk.storage.port import FINDABLE, LOOKUPS, Find

RecordKey: TypeAlias = tuple[str, str]
"""Kind and id."""

Scalar: TypeAlias = float | str | None

KIND_TYPES: dict[str, type[Record]] = {str(t.__struct_config__.tag): t for t in RECORD_TYPES}
KINDS: tuple[str, ...] = tuple(KIND_TYPES)
_KIND_OF = {record_type: kind for kind, record_type in KIND_TYPES.items()}


def kind_of(record: Record) -> str:
    """The tag of a record's type."""
    return _KIND_OF[type(record)]


def key_of(record: Record) -> RecordKey:
    """What names a record among all of a desk."""
    return _KIND_OF[type(record)], record.id


def check_lookup(kind: str, field: str) -> None:
    """Raises `ValueError` for a `Need` that no store can look up."""
    if kind not in KIND_TYPES:
        raise ValueError(f"there are no records of kind {kind!r}; kinds: {', '.join(KINDS)}")
    if field not in LOOKUPS.get(kind, ("id",)):
        raise ValueError(f"a {kind} cannot be looked up by {field!r}")


def check_find(search: Find) -> None:
    """Raises `ValueError` for a search that names an unknown kind or field."""
    fields = FINDABLE.get(search.kind)
    if fields is None:
        raise ValueError(f"cannot search {search.kind!r}; kinds: {', '.join(FINDABLE)}")
    for field in (*(field for field, _ in search.where), search.order):
        if field not in fields:
            raise ValueError(f"cannot search a {search.kind} by {field!r}; fields: {fields}")


def scalar(record: Record, field: str) -> Scalar:
    """A field's value as it is searched and ordered by."""
    value: Scalar = getattr(record, field)
    return str(value) if isinstance(value, str) else value


def is_time(field: str) -> bool:
    """Whether a findable field is an instant."""
    return field == "at" or field.endswith("_at")


def is_count(field: str) -> bool:
    """Whether a findable field is a whole number."""
    return field in {"seq", "number"}


def typed(field: str, value: str) -> float | str:
    """A `where` value as the field holds it; raises `ValueError` when it is no number."""
    if is_count(field):
        return int(value)
    return float(value) if is_time(field) else value
