"""What a look before sending finds: a pipeline of checks, each a pure function (D06, D08, D10)."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct

from chatdesk.canned.likeness import likeness
from chatdesk.canned.placeholders import placeholder_places
from chatdesk.canned.spans import Span

UNFILLED_PLACEHOLDER = "unfilled_placeholder"
UNCHANGED = "canned_unchanged"
PUSH_WITHOUT_NOTICE = "push_without_notice"
SHOUTING = "shouting"
SPELLING = "spelling"

SAME = 0.98
"""Likeness from which a reply counts as the canned text itself."""

SHOUTED_LETTERS = 12
"""Capitals in a row of words from which they are shouting and not an abbreviation."""

_CAPITALS = re.compile(r"[^\W\d_a-zà-öø-ÿ]{2,40}(?:[ \t,!?'’-]{1,4}[^\W\d_a-zà-öø-ÿ]{2,40}){0,60}")


class Draft(Struct, frozen=True, kw_only=True):
    """A reply about to be sent.

    `canned` is the body of the response it was made from, if any, as it stood when inserted.
    `pushed_url` is a page that goes with it, `push_noticed` whether the visitor was told before.
    """

    text: str
    canned: str | None = None
    personalised: bool = False
    pushed_url: str | None = None
    push_noticed: bool = False


class Finding(Struct, frozen=True):
    """Something to look at again: a code for machines, a sentence, and where in the text.

    `blocks` says that the reply must not be sent as it is; else it is advice.
    """

    code: str
    message: str
    span: Span | None = None
    blocks: bool = False


Check: TypeAlias = Callable[[Draft], Iterable[Finding]]

SpellChecker: TypeAlias = Callable[[str], Iterable[Span]]
"""Gives the places of words it holds misspelt."""


def unfilled_placeholders(draft: Draft) -> Iterator[Finding]:
    """A placeholder that is still one."""
    for start, end in placeholder_places(draft.text):
        what = draft.text[start:end]
        yield Finding(
            UNFILLED_PLACEHOLDER,
            f"{what} has not been filled in; write what belongs there",
            Span(start, end),
            blocks=True,
        )


def canned_unchanged(draft: Draft) -> Iterator[Finding]:
    """A canned text sent as it is, without even the visitor's name."""
    if draft.canned is None or draft.personalised:
        return
    if likeness(draft.text, draft.canned) >= SAME:
        yield Finding(UNCHANGED, "this is the canned text as it stands; make it this visitor's")


def push_without_notice(draft: Draft) -> Iterator[Finding]:
    """A page shown to a visitor who was not told."""
    if draft.pushed_url is not None and not draft.push_noticed:
        yield Finding(
            PUSH_WITHOUT_NOTICE,
            "tell the visitor that you are going to show a page, then show it",
            blocks=True,
        )


def shouting(draft: Draft) -> Iterator[Finding]:
    """Words in capitals, one after another."""
    for match in _CAPITALS.finditer(draft.text):
        if sum(1 for letter in match.group() if letter.isupper()) >= SHOUTED_LETTERS:
            yield Finding(SHOUTING, "capitals read as shouting", Span(*match.span()))


def spelling(checker: SpellChecker) -> Check:
    """The check that asks a spell checker."""

    def check(draft: Draft) -> Iterator[Finding]:
        for span in checker(draft.text):
            word = draft.text[span.start : span.end]
            yield Finding(SPELLING, f"{word!r} may be misspelt", span)

    return check


DEFAULT_CHECKS: tuple[Check, ...] = (
    unfilled_placeholders,
    canned_unchanged,
    push_without_notice,
    shouting,
)


def check(draft: Draft, checks: Iterable[Check] = DEFAULT_CHECKS) -> tuple[Finding, ...]:
    """Everything the checks find, in their order. Linear in the text."""
    return tuple(finding for one in checks for finding in one(draft))
