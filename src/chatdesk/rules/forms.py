"""Declared forms: what is wrong with the answers, and the answers as they are kept."""

import re
from collections.abc import Mapping

from chatdesk.model.errors import FieldProblem, InvalidInput
from chatdesk.model.values import AnswerValue, AnswerValues, Form, FormQuestion, QuestionKind

EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\".]+(?:\.[^\s@<>,;\".]+)+")
SCALE_MIN, SCALE_MAX = 2, 100
PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{3,29}")


def check_answers(form: Form, values: Mapping[str, AnswerValue]) -> AnswerValues:
    """The answers cleaned: texts stripped, empty ones left out.

    Raises `InvalidInput` with a problem for every field that is missing, unknown or invalid.
    """
    questions = {question.key: question for question in form.questions}
    found = [
        FieldProblem(key, "unknown", "the form has no such question")
        for key in values
        if key not in questions
    ]
    clean: AnswerValues = {}
    for question in form.questions:
        value = _clean(values.get(question.key))
        problem = _problem(question, value)
        if problem is not None:
            found.append(problem)
        elif value is not None:
            clean[question.key] = value
    found += _open_groups(form, clean)
    if found:
        raise InvalidInput(found)
    return clean


def closed_answers(form: Form, values: Mapping[str, AnswerValue]) -> dict[str, tuple[str, ...]]:
    """The answers of closed questions, as statistics count them; open texts are left out."""
    closed: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        value = values.get(question.key)
        match question.kind, value:
            case ((QuestionKind.CHOICE | QuestionKind.SCALE), (str() | int())):
                closed[question.key] = (str(value),)
            case QuestionKind.CHOICES, tuple():
                closed[question.key] = value
    return closed


def requires_answers(form: Form) -> bool:
    """Whether any question or group must be answered."""
    return bool(form.any_of) or any(question.required for question in form.questions)


def form_problems(form: Form, field: str) -> list[FieldProblem]:
    """What is wrong with the declaration of a form, for a typed error."""
    keys = [question.key for question in form.questions]
    found = [
        FieldProblem(f"{field}.{key}", "invalid", "two questions have this key")
        for key in sorted({key for key in keys if keys.count(key) > 1})
    ]
    found += [
        FieldProblem(f"{field}.any_of", "unknown", f"no question {key!r}")
        for group in form.any_of
        for key in group
        if key not in keys
    ]
    if not all(form.any_of):
        found.append(FieldProblem(f"{field}.any_of", "missing", "a group names a question"))
    for question in form.questions:
        text = _wrong_question(question)
        if text is not None:
            found.append(FieldProblem(f"{field}.{question.key}", "invalid", text))
    return found


def _wrong_question(question: FormQuestion) -> str | None:
    """What is wrong with the declaration of one question."""
    values = [choice.value for choice in question.choices]
    if not question.key.strip():
        return "a question needs a key"
    if question.max_length < 1:
        return "max_length is at least 1"
    if question.kind in {QuestionKind.CHOICE, QuestionKind.CHOICES} and not values:
        return "a closed question needs choices"
    if len(set(values)) < len(values) or not all(values):
        return "each choice has a value of its own"
    if question.kind is QuestionKind.SCALE and not SCALE_MIN <= question.scale <= SCALE_MAX:
        return f"a scale goes to {SCALE_MIN} at least and {SCALE_MAX} at most"
    return None


def _clean(value: AnswerValue | None) -> AnswerValue | None:
    if isinstance(value, str):
        value = value.strip()
    return None if value in ("", ()) else value


def _open_groups(form: Form, clean: AnswerValues) -> list[FieldProblem]:
    return [
        FieldProblem(key, "missing", f"one of {' or '.join(group)} must be answered")
        for group in form.any_of
        if not any(key in clean for key in group)
        for key in group
    ]


def _problem(question: FormQuestion, value: AnswerValue | None) -> FieldProblem | None:
    key = question.key
    if value is None:
        return FieldProblem(key, "missing", "must be answered") if question.required else None
    if isinstance(value, str) and len(value) > question.max_length:
        return FieldProblem(key, "too_long", f"at most {question.max_length} characters")
    text = _invalid(question, value)
    return None if text is None else FieldProblem(key, "invalid", text)


def _invalid(question: FormQuestion, value: AnswerValue) -> str | None:
    """What is wrong with an answer that is there."""
    choices = [choice.value for choice in question.choices]
    match question.kind:
        case QuestionKind.SCALE:
            good = type(value) is int and 1 <= value <= question.scale
            wanted = f"a whole number from 1 to {question.scale}"
        case QuestionKind.CHOICE:
            good, wanted = value in choices, f"one of {', '.join(choices)}"
        case QuestionKind.CHOICES:
            good = isinstance(value, tuple) and len(set(value) & set(choices)) == len(value)
            wanted = f"any of {', '.join(choices)}, each once"
        case QuestionKind.EMAIL:
            good = isinstance(value, str) and EMAIL.fullmatch(value) is not None
            wanted = "an e-mail address such as ana@example.com"
        case QuestionKind.PHONE:
            good = isinstance(value, str) and PHONE.fullmatch(value) is not None
            wanted = "a phone number such as +33 1 23 45 67 89"
        case QuestionKind.TEXT:
            good, wanted = isinstance(value, str), "a text"
    return None if good else wanted
