"""Declared forms: what is wrong with the answers, and the answers as they are kept."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from chatdesk.model.errors import FieldProblem, InvalidInput
from chatdesk.model.values import AnswerValue, AnswerValues, Form, FormQuestion, Label, QuestionKind

ONE_OF = frozenset({QuestionKind.CHOICE, QuestionKind.SCALE})
EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\".]+(?:\.[^\s@<>,;\".]+)+")
SCALE_MIN, SCALE_MAX = 2, 100
PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{3,29}")


def check_answers(form: Form, values: Mapping[str, AnswerValue]) -> AnswerValues:
    """The answers cleaned: texts stripped, empty ones left out.

    Raises `InvalidInput` with a problem for every field that is missing, unknown or invalid.
    """
    found: list[FieldProblem] = []
    clean: AnswerValues = {}
    known = 0
    for question in form.questions:
        key = question.key
        known += key in values
        value = _clean(values.get(key))
        problem = _problem(question, value)
        if problem is not None:
            found.append(problem)
        elif value is not None:
            clean[key] = value
    if known < len(values):
        found = _unknown(form, values) + found
    if form.any_of:
        given = clean.keys() | {problem.field for problem in found}
        found += _open_groups(form, given)
    if found:
        raise InvalidInput(found)
    return clean


def _unknown(form: Form, values: Mapping[str, AnswerValue]) -> list[FieldProblem]:
    keys = {question.key for question in form.questions}
    return [
        FieldProblem(key, "unknown", "the form has no such question")
        for key in values
        if key not in keys
    ]


def closed_answers(form: Form, values: Mapping[str, AnswerValue]) -> dict[str, tuple[str, ...]]:
    """The answers of closed questions, as statistics count them; open texts are left out."""
    closed: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        value = values.get(question.key)
        if value is None:
            continue
        if question.kind in ONE_OF and not isinstance(value, tuple):
            closed[question.key] = (str(value),)
        elif question.kind is QuestionKind.CHOICES and isinstance(value, tuple):
            closed[question.key] = value
    return closed


def answer_lines(form: Form, values: Mapping[str, AnswerValue], language: str | None) -> list[str]:
    """The answers as lines to read, "label: answer", in the order of the form's questions.

    Labels are in the language, or in the first one they have.
    """
    return [
        f"{_text_of(question.label, question.key, language)}: "
        + ", ".join(_answer_texts(question, values[question.key], language))
        for question in form.questions
        if question.key in values
    ]


def _answer_texts(question: FormQuestion, value: AnswerValue, language: str | None) -> list[str]:
    given = value if isinstance(value, tuple) else (str(value),)
    labels = {choice.value: choice.label for choice in question.choices}
    return [_text_of(labels.get(each, {}), each, language) for each in given]


def _text_of(label: Label, fallback: str, language: str | None) -> str:
    wanted = label.get(language) if language is not None else None
    return wanted or next(iter(label.values()), fallback)


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


def _open_groups(form: Form, given: AbstractSet[str]) -> list[FieldProblem]:
    """Groups of which nothing was given; what was given wrongly is told once, as that."""
    return [
        FieldProblem(key, "missing", f"one of {' or '.join(group)} must be answered")
        for group in form.any_of
        if given.isdisjoint(group)
        for key in group
    ]


def _problem(question: FormQuestion, value: AnswerValue | None) -> FieldProblem | None:
    key = question.key
    if value is None:
        return FieldProblem(key, "missing", "must be answered") if question.required else None
    if isinstance(value, str) and len(value) > question.max_length:
        return FieldProblem(key, "too_long", f"at most {question.max_length} characters")
    wanted = _invalid(question, value)
    return None if wanted is None else FieldProblem(key, "invalid", wanted)


def _invalid(question: FormQuestion, value: AnswerValue) -> str | None:
    """What is wrong with an answer that is there: what is wanted instead."""
    kind = question.kind
    if kind is QuestionKind.TEXT:
        return None if isinstance(value, str) else "must be a text"
    return None if _GOOD[kind](question, value) else _wanted(question)


def _is_on_scale(question: FormQuestion, value: AnswerValue) -> bool:
    return type(value) is int and 1 <= value <= question.scale


def _is_choice(question: FormQuestion, value: AnswerValue) -> bool:
    return any(value == choice.value for choice in question.choices)


def _are_choices(question: FormQuestion, value: AnswerValue) -> bool:
    choices = {choice.value for choice in question.choices}
    return isinstance(value, tuple) and len(set(value) & choices) == len(value)


def _is_email(_: FormQuestion, value: AnswerValue) -> bool:
    return isinstance(value, str) and EMAIL.fullmatch(value) is not None


def _is_phone(_: FormQuestion, value: AnswerValue) -> bool:
    return isinstance(value, str) and PHONE.fullmatch(value) is not None


_GOOD: Mapping[QuestionKind, Callable[[FormQuestion, AnswerValue], bool]] = {
    QuestionKind.SCALE: _is_on_scale,
    QuestionKind.CHOICE: _is_choice,
    QuestionKind.CHOICES: _are_choices,
    QuestionKind.EMAIL: _is_email,
    QuestionKind.PHONE: _is_phone,
}


def _wanted(question: FormQuestion) -> str:
    choices = ", ".join(choice.value for choice in question.choices)
    return {
        QuestionKind.SCALE: f"must be a whole number from 1 to {question.scale}",
        QuestionKind.CHOICE: f"must be one of {choices}",
        QuestionKind.CHOICES: f"must be any of {choices}, each once",
        QuestionKind.EMAIL: "must be an e-mail address such as ana@example.com",
        QuestionKind.PHONE: "must be a phone number such as +33 1 23 45 67 89",
        QuestionKind.TEXT: "must be a text",
    }[question.kind]
