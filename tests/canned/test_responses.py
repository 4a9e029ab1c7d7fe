"""What a canned response is."""

import pytest
from msgspec.structs import replace

from chatdesk.canned.responses import (
    by_category,
    checked,
    duplicate_problems,
    paths_above,
    problems,
    valid_at,
    within,
)
from chatdesk.model.errors import InvalidInput
from tests.canned.builders import response


def test_a_good_response_has_no_problems() -> None:
    """A response with a title, a body, a shortcut and a category may be kept (A21)."""
    good = response("hours")
    assert problems(good) == ()
    assert checked(good) is good


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("body", "x" * 20_001),
        ("body", "a\0b"),
        ("body", "half \ud800"),
        ("shortcuts", ()),
        ("shortcuts", ("hours",)),
        ("shortcuts", ("#two words",)),
        ("shortcuts", ("#a", "#A")),
        ("categories", ()),
        ("categories", ("orders//returns",)),
        ("categories", ("two\nlines",)),
        ("attachments", (" ",)),
        ("keywords", ("x" * 501,)),
        ("keywords", ("two\nlines",)),
        ("keywords", ("k",) * 101),
        ("language", ""),
        ("promise_seconds", 0.0),
    ],
)
def test_each_problem_is_found(field: str, value: object) -> None:
    """A wrong value is named by its field, and checking it raises (A21)."""
    wrong = replace(response("hours"), **{field: value})
    assert field in {problem.field for problem in problems(wrong)}
    with pytest.raises(InvalidInput):
        checked(wrong)


def test_validity_must_not_end_before_it_begins() -> None:
    """The end of validity lies after its beginning."""
    wrong = response("hours", valid_from=10.0, valid_until=10.0)
    assert [problem.field for problem in problems(wrong)] == ["valid_until"]


def test_validity() -> None:
    """A response is offered from its beginning until before its end, and never when retired."""
    limited = response("hours", valid_from=10.0, valid_until=20.0)
    assert [valid_at(limited, now) for now in (9.0, 10.0, 19.0, 20.0)] == [False, True, True, False]
    assert not valid_at(response("hours", retired=True), 0.0)


def test_one_shortcut_for_two_responses_that_meet() -> None:
    """A shortcut may be had twice only where no agent sees both (B28)."""
    other = response("b", shortcuts=("#Hours",))
    assert duplicate_problems(response("a", shortcuts=("#hours",)), [other])
    ann = response("a", shortcuts=("#hours",), owner="ann")
    assert not duplicate_problems(ann, [replace(other, owner="bob")])
    assert not duplicate_problems(replace(ann, id="b"), [other])
    assert duplicate_problems(ann, [other])


def test_an_agents_own_is_not_named_to_others() -> None:
    """A21: whoever takes its shortcut hears that it is taken, and not by what."""
    own = response("b", title="Secret", shortcuts=("#a",), owner="ann")
    (told,) = duplicate_problems(response("a", shortcuts=("#a",)), [own])
    assert "Secret" not in told.message
    (told,) = duplicate_problems(response("a", shortcuts=("#a",), owner="ann"), [own])
    assert "Secret" in told.message


def test_category_paths() -> None:
    """A path lies in each of its beginnings, and in nothing that only looks alike (A21)."""
    assert paths_above("orders/returns") == ("orders", "orders/returns")
    assert within("orders/returns", "orders")
    assert not within("orders-old", "orders")


def test_grouped_by_category() -> None:
    """Each category lists its responses by title; a response in two stands in both (A18)."""
    both = response("a", title="Zebra", categories=("x/y", "x"))
    one = response("b", title="apple", categories=("x",))
    assert [
        (group.path, [r.id for r in group.responses]) for group in by_category([both, one])
    ] == [
        ("x", ["b", "a"]),
        ("x/y", ["a"]),
    ]
