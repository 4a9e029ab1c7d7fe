"""How records are named, looked up and put in order."""

import pytest

from chatdesk.storage.keys import check_find, key_of, kind_of, scalar, typed
from chatdesk.storage.port import FINDABLE, Find
from chatdesk.testing.factories import a_chat, one_of_each


def test_each_record_has_a_kind_and_a_key() -> None:
    """The kind is the record's tag."""
    for record in one_of_each():
        assert kind_of(record) == record.__struct_config__.tag
        assert key_of(record) == (kind_of(record), record.id)


def test_findable_fields_exist() -> None:
    """Every field that can be searched is a field of its kind."""
    by_kind = {kind_of(record): record for record in one_of_each()}
    for kind, fields in FINDABLE.items():
        for field in fields:
            assert hasattr(by_kind[kind], field)
            check_find(Find(kind, ((field, ()),), order=field))


def test_values_are_compared_as_what_they_are() -> None:
    """Text as text, counts as whole numbers, instants as seconds; states as their plain text."""
    assert typed("number", "7") == 7
    assert typed("seq", "12") == 12
    assert typed("requested_at", "1.5") == 1.5
    assert typed("email", "7") == "7"
    assert type(scalar(a_chat(), "state")) is str
    with pytest.raises(ValueError, match="invalid literal"):
        typed("number", "seven")
