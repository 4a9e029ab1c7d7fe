"""A canned response: a text kept ready for questions that come again (A21).

Opening, holding and closing texts (D04, D13, D15) are ordinary responses in the categories
`OPENING`, `HOLDING` and `CLOSING`, so one list, one search and one editor serve all of them.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from chatdesk.model.errors import FieldProblem, InvalidInput
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import CannedResponse

OPENING = "opening"
HOLDING = "holding"
CLOSING = "closing"

MAX_TITLE = 200
MAX_BODY = 20_000
MAX_SHORTCUT = 64
MAX_KEYWORD = 500
MAX_LISTED = 100

_SHORTCUT = re.compile(r"#[^\s#]+")


def valid_at(response: CannedResponse, now: Instant) -> bool:
    """Whether the response may be offered at `now`."""
    begun = response.valid_from is None or response.valid_from <= now
    ended = response.valid_until is not None and response.valid_until <= now
    return begun and not ended and not response.retired


def within(path: str, category: str) -> bool:
    """Whether a category path is the category or lies in it."""
    return path == category or path.startswith(f"{category}/")


def paths_above(path: str) -> tuple[str, ...]:
    """A category path and all it lies in: ``a/b/c`` → ``a``, ``a/b``, ``a/b/c``."""
    parts = path.split("/")
    return tuple("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))


class CategoryGroup(Struct, frozen=True):
    """A category and the responses that lie in it itself, in order of title."""

    path: str
    responses: tuple[CannedResponse, ...]


def by_category(responses: Iterable[CannedResponse]) -> tuple[CategoryGroup, ...]:
    """Responses grouped by category, in order of path (A18); one in several stands in each."""
    groups: dict[str, list[CannedResponse]] = {}
    for response in responses:
        for path in dict.fromkeys(response.categories):
            groups.setdefault(path, []).append(response)
    return tuple(
        CategoryGroup(path, tuple(sorted(groups[path], key=lambda r: (r.title.casefold(), r.id))))
        for path in sorted(groups)
    )


def problems(response: CannedResponse) -> tuple[FieldProblem, ...]:
    """Everything that is wrong with one response taken alone; none if it may be kept."""
    found = [
        *_text_problems(response),
        *_shortcut_problems(response),
        *_category_problems(response),
    ]
    found.extend(_limit_problems(response))
    return tuple(found)


def duplicate_problems(
    response: CannedResponse, others: Iterable[CannedResponse]
) -> tuple[FieldProblem, ...]:
    """Shortcuts of `response` that another response, which one agent may see with it, has too."""
    mine = {shortcut.casefold() for shortcut in response.shortcuts}
    return tuple(
        FieldProblem("shortcuts", "invalid", f"{shortcut!r} already belongs to {whose}")
        for other in others
        if other.id != response.id and _meet(response, other)
        for whose in (_named(other, response.owner),)
        for shortcut in other.shortcuts
        if shortcut.casefold() in mine
    )


def checked(response: CannedResponse, others: Iterable[CannedResponse] = ()) -> CannedResponse:
    """The response itself.

    Raises:
        InvalidInput: with every problem it has, alone or beside the others.
    """
    found = (*problems(response), *duplicate_problems(response, others))
    if found:
        raise InvalidInput(found)
    return response


def _named(response: CannedResponse, asker: AgentId | None) -> str:
    """What a response may be called: an agent's own is nobody else's business."""
    mine = response.owner is None or response.owner == asker
    return repr(response.title) if mine else "a response of an agent's own"


def _meet(one: CannedResponse, other: CannedResponse) -> bool:
    """Whether some agent may see both."""
    if one.retired or other.retired:
        return False
    owners_meet = None in (one.owner, other.owner) or one.owner == other.owner
    teams_meet = None in (one.team, other.team) or one.team == other.team
    return owners_meet and teams_meet


def _text_problems(response: CannedResponse) -> Iterable[FieldProblem]:
    for field, text, limit in (
        ("id", response.id, MAX_TITLE),
        ("title", response.title, MAX_TITLE),
        ("body", response.body, MAX_BODY),
    ):
        if not text.strip():
            yield FieldProblem(field, "missing", "is empty; give it a text")
        if len(text) > limit:
            yield FieldProblem(
                field, "too_long", f"has {len(text)} characters, {limit} are allowed"
            )
        if "\0" in text or (not text.isascii() and _has_surrogate(text)):
            yield FieldProblem(field, "invalid", "holds a NUL or half a character; remove it")


def _shortcut_problems(response: CannedResponse) -> Iterable[FieldProblem]:
    if not response.shortcuts:
        yield FieldProblem("shortcuts", "missing", "none given; give at least one, such as #hours")
    for shortcut in response.shortcuts:
        if not _SHORTCUT.fullmatch(shortcut) or len(shortcut) > MAX_SHORTCUT:
            yield FieldProblem(
                "shortcuts", "invalid", f"{shortcut!r} must be # and letters without spaces"
            )
    folded = [shortcut.casefold() for shortcut in response.shortcuts]
    if len(set(folded)) < len(folded):
        yield FieldProblem("shortcuts", "invalid", "one is listed twice")


def _category_problems(response: CannedResponse) -> Iterable[FieldProblem]:
    if not response.categories:
        yield FieldProblem("categories", "missing", "none given; a response lies in at least one")
    for path in response.categories:
        if not all(part.strip() for part in path.split("/")):
            yield FieldProblem("categories", "invalid", f"{path!r} has an empty part")


def _limit_problems(response: CannedResponse) -> Iterable[FieldProblem]:
    for field in ("shortcuts", "categories", "keywords", "attachments"):
        listed = getattr(response, field)
        if len(listed) > MAX_LISTED:
            yield FieldProblem(field, "too_long", f"{MAX_LISTED} are allowed")
        if any(not entry.strip() or entry.splitlines() != [entry] for entry in listed):
            yield FieldProblem(field, "invalid", "an entry of a list is one line, and not empty")
    for field in ("language", "team", "owner"):
        if getattr(response, field) == "":
            yield FieldProblem(field, "invalid", "is empty; leave it out")
    if any(len(keyword) > MAX_KEYWORD for keyword in response.keywords):
        yield FieldProblem(
            "keywords", "too_long", f"a keyword has {MAX_KEYWORD} characters at most"
        )
    start, end = response.valid_from, response.valid_until
    if start is not None and end is not None and end <= start:
        yield FieldProblem("valid_until", "invalid", "ends before it begins")
    if response.promise_seconds is not None and response.promise_seconds <= 0:
        yield FieldProblem("promise_seconds", "invalid", "must be more than 0 seconds")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)
