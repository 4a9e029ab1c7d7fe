"""Lists of postings, changed in place."""

from array import array

from chatdesk.canned.postings import Postings


def test_postings_of_one_and_of_many() -> None:
    """A list shrinks back to one and to none, in order of slot whatever the order of coming."""
    postings = Postings()
    for slot in (5, 2, 9):
        postings.add(slot, {"a": slot})
    assert [p >> 8 for p in postings.get("a")] == [2, 5, 9]
    postings.remove(5, ["a"])
    postings.remove(9, ["a"])
    assert list(postings.get("a")) == [2 << 8 | 2]
    postings.remove(2, ["a"])
    assert (postings.count("a"), len(postings)) == (0, 0)


def test_appending_equals_adding() -> None:
    """Postings of ever higher slots are the same whichever way they come in."""
    appended, added = Postings(), Postings()
    for slot, terms in enumerate(({"a": 3}, {"a": 1, "b": 9}, {"a": 7, "b": 2, "c": 255})):
        appended.append(slot, terms)
        added.add(slot, terms)
    assert [list(appended.get(t)) for t in "abc"] == [list(added.get(t)) for t in "abc"]


def test_changed_postings() -> None:
    """A change touches the terms that differ: those gone, those new and those of other impact."""
    postings = Postings()
    before = {"kept": 5, "gone": 6, "moved": 7, "alone": 8}
    after = {"kept": 5, "moved": 9, "alone": 1, "new": 2}
    postings.append(0, {"kept": 1, "gone": 1, "moved": 1})
    postings.append(1, before)
    postings.append(2, {"moved": 3})
    assert postings.change(1, before, after) == {"gone", "moved", "alone", "new"}
    assert list(postings.get("moved")) == [1, 1 << 8 | 9, 2 << 8 | 3]
    assert [list(postings.get(t)) for t in ("gone", "alone", "new")] == [
        [1],
        [1 << 8 | 1],
        [1 << 8 | 2],
    ]


def test_extending_equals_appending() -> None:
    """Many postings of a term at once are the same as one after another."""
    appended, extended = Postings(), Postings()
    for found in ({1: 3}, {2: 1}, {3: 9, 4: 8}, {7: 2}):
        for slot, impact in found.items():
            appended.append(slot, {"a": impact})
        postings = [slot << 8 | impact for slot, impact in found.items()]
        extended.extend("a", array("I", postings))
        assert list(extended.get("a")) == list(appended.get("a"))
