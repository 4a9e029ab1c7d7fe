"""Declared forms and what may be answered."""

from typing import Any

import pytest

from chatdesk.model.defaults import PRECHAT, QUALIFICATION, RATING
from chatdesk.model.errors import InvalidInput
from chatdesk.model.values import AnswerValue, Choice, Form, FormQuestion, QuestionKind
from chatdesk.rules.forms import (
    answer_lines,
    check_answers,
    closed_answers,
    form_problems,
    requires_answers,
)

CHOICES = (Choice(value="a", label={}), Choice(value="b", label={}))


def form(kind: QuestionKind, **fields: Any) -> Form:
    """A form of one question "q"."""
    return Form(questions=(FormQuestion(key="q", label={}, kind=kind, choices=CHOICES, **fields),))


GOOD: list[tuple[QuestionKind, AnswerValue]] = [
    (QuestionKind.TEXT, "anything 👍"),
    (QuestionKind.EMAIL, "o'neil+x@mail.example.co"),
    (QuestionKind.PHONE, "+33 (0)1 23-45.67/89"),
    (QuestionKind.CHOICE, "a"),
    (QuestionKind.CHOICES, ("b", "a")),
    (QuestionKind.SCALE, 1),
    (QuestionKind.SCALE, 5),
]
BAD: list[tuple[QuestionKind, AnswerValue]] = [
    (QuestionKind.TEXT, 3),
    (QuestionKind.TEXT, ("a",)),
    (QuestionKind.EMAIL, "nobody"),
    (QuestionKind.EMAIL, "a@b"),
    (QuestionKind.EMAIL, "a@b.c, d@e.f"),
    (QuestionKind.EMAIL, "a@b.c\nBcc: x@y.z"),
    (QuestionKind.PHONE, "call me"),
    (QuestionKind.CHOICE, "c"),
    (QuestionKind.CHOICE, ("a",)),
    (QuestionKind.CHOICES, "a"),
    (QuestionKind.CHOICES, ("a", "a")),
    (QuestionKind.CHOICES, ("a", "c")),
    (QuestionKind.SCALE, 0),
    (QuestionKind.SCALE, 6),
    (QuestionKind.SCALE, "3"),
    (QuestionKind.SCALE, True),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_good_answers_are_kept(kind: QuestionKind, value: AnswerValue) -> None:
    """A05, A27, A31: each kind of question takes its kind of answer."""
    assert check_answers(form(kind), {"q": value}) == {"q": value}


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_bad_answers_are_refused(kind: QuestionKind, value: AnswerValue) -> None:
    """A05, A27, A31: the problem names the field and what is wanted."""
    with pytest.raises(InvalidInput) as refused:
        check_answers(form(kind), {"q": value})
    assert [(p.field, p.code) for p in refused.value.problems] == [("q", "invalid")]


@pytest.mark.parametrize("blank", ["", "  ", ()])
def test_a_blank_answer_is_none(blank: AnswerValue) -> None:
    """A05: blank is left out, and is missing where it is required."""
    assert check_answers(form(QuestionKind.TEXT), {"q": blank}) == {}
    with pytest.raises(InvalidInput, match="must be answered"):
        check_answers(form(QuestionKind.TEXT, required=True), {"q": blank})


def test_texts_are_stripped_and_bounded() -> None:
    """A05: without blanks around them, at most so long."""
    short = form(QuestionKind.TEXT, max_length=3)
    assert check_answers(short, {"q": " abc "}) == {"q": "abc"}
    with pytest.raises(InvalidInput) as refused:
        check_answers(short, {"q": "abcd"})
    assert refused.value.problems[0].code == "too_long"


def test_one_of_a_group_is_enough() -> None:
    """A05: an e-mail address or a customer number; both are named when neither is there."""
    assert check_answers(PRECHAT, {"name": "Al", "customer_number": "7"})
    with pytest.raises(InvalidInput) as refused:
        check_answers(PRECHAT, {"name": "Al"})
    assert [p.field for p in refused.value.problems] == ["email", "customer_number"]
    with pytest.raises(InvalidInput) as refused:  # what is wrong is told, not that it is missing
        check_answers(PRECHAT, {"name": "Al", "email": "al.example"})
    assert [(p.field, p.code) for p in refused.value.problems] == [("email", "invalid")]


def test_closed_answers_are_what_is_counted() -> None:
    """A29, A32: choices and scales, as texts; open answers are personal and left out."""
    kinds = {"one": QuestionKind.CHOICE, "more": QuestionKind.CHOICES, "mark": QuestionKind.SCALE}
    asked = [FormQuestion(key=k, label={}, kind=v, choices=CHOICES) for k, v in kinds.items()]
    whole = Form(questions=(*asked, FormQuestion(key="open", label={})))
    values: dict[str, AnswerValue] = {"one": "a", "more": ("a", "b"), "mark": 4, "open": "secret"}
    assert closed_answers(whole, values) == {"one": ("a",), "more": ("a", "b"), "mark": ("4",)}
    assert closed_answers(whole, {}) == {}


def test_answers_are_read_as_lines() -> None:
    """B22, D02: in the order of the form and in a language, else in whatever there is."""
    label = {"en": "Colour", "fr": "Couleur"}
    choices = (Choice(value="r", label={"fr": "Rouge"}), Choice(value="b", label={}))
    asked = FormQuestion(key="c", label=label, kind=QuestionKind.CHOICES, choices=choices)
    whole = Form(questions=(FormQuestion(key="order", label={}), asked))
    answers: dict[str, AnswerValue] = {"c": ("r", "b"), "order": "4711"}
    assert answer_lines(whole, answers, "fr") == ["order: 4711", "Couleur: Rouge, b"]
    assert answer_lines(whole, {"c": ("b",)}, None) == ["Colour: b"]


def test_whether_anything_must_be_answered() -> None:
    """A26, A27: required questions or groups."""
    assert requires_answers(QUALIFICATION)
    assert requires_answers(PRECHAT)
    assert requires_answers(Form(any_of=(("a",),)))
    assert not requires_answers(Form())
    assert not requires_answers(form(QuestionKind.TEXT))


@pytest.mark.parametrize("built_in", [PRECHAT, QUALIFICATION, RATING])
def test_the_built_in_forms_are_sound(built_in: Form) -> None:
    """A05, A27, A31: what a desk has that declares nothing."""
    assert form_problems(built_in, "f") == []
