"""Learning from what agents send.

A reply sent as it is, or nearly, in answer to a visitor's question makes that question one more
way to find the reply: of all that was tried, what raises the search most. Personal data is taken
out before anything is kept, and what is left is tied to the customer, so that it goes when the
customer goes: the desk keeps it as `chatdesk.model.records.Learned`.

Hand-written replies that come again and again are proposed as new responses (B29).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs
from msgspec import Struct

from chatdesk.canned import text
from chatdesk.canned.likeness import pairs_likeness, word_pairs

MOST_LEARNED = 50
"""Questions one response keeps; the oldest goes first."""

NEARLY = 0.8
"""Likeness of what was sent to the canned text from which the question is learned."""

QUESTION_CHARS = 500
FEWEST_WORDS = 2
FREQUENT = 3
ALIKE = 0.7
"""Likeness from which two hand-written replies count as one."""

COMPARED_GROUPS = 20
"""Groups that share most with a reply, which it is compared with."""

_CAPITALISED = r"(?:[^\W\d_a-zß-öø-ÿ][\w'’-]{0,40}\s?){1,4}"
_PERSONAL = re.compile(
    r"[^\s@]{0,100} ?@ ?[^\s@]{1,100}"  # an address for mail, or somebody's handle
    r"|\S{1,100} ?[(\[]\s?(?i:at|arobase|chez)\s?[)\]] ?\S{1,100}"
    r"|https?://\S{1,2000}"
    r"|www\.\S{1,2000}|[^\s/]{1,100}\.[a-z]{2,10}/\S{1,2000}"
    r"|[^\s-]{0,40}\d\S{0,40}"  # whatever holds a digit: phones, orders, accounts, dates
    rf"|\b(?i:appelle|nom est|nom de|name is|name['’]s|name of)\s{_CAPITALISED}"
    rf"|\b(?i:mr?|mrs|ms|dr|mme|mlle|madame|monsieur|mademoiselle)\b\.? ?{_CAPITALISED}"
)


def without_personal_data(original: str, names: Iterable[str] = ()) -> str:
    """The text without mail and web addresses, without words that hold a digit, without the names.

    A name that is not among `names` is known by what stands before it, "my name is" or "Mme", in
    English and French, and by its capitals. Linear in the text.
    """
    hidden = {part for name in names for part in text.words(name)}
    kept = _PERSONAL.sub(" ", original[: 4 * QUESTION_CHARS])
    parts = (part for part in kept.split() if not hidden.intersection(text.words(part)))
    return " ".join(parts)[:QUESTION_CHARS].strip()


def worth_learning(asked: str, names: Iterable[str] = ()) -> str | None:
    """What to keep of a question that a reply answered; None if too little of it may be kept.

    `names` are those of the people in the chat. Learn only from a reply sent nearly as it is, see
    `NEARLY`.
    """
    question = without_personal_data(asked, names)
    return question if len(text.words(question)) >= FEWEST_WORDS else None


class Proposal(Struct, frozen=True):
    """A hand-written reply that comes again: its commonest wording, without names and numbers."""

    text: str
    times: int
    examples: tuple[str, ...]


@attrs.define
class _Group:
    """Replies that are alike, by the pairs of the first."""

    pairs: Counter[tuple[str, str]]
    texts: Counter[str] = attrs.field(factory=Counter)


def frequent_replies(
    replies: Iterable[str],
    canned: Sequence[str] = (),
    *,
    names: Iterable[str] = (),
    at_least: int = FREQUENT,
) -> tuple[Proposal, ...]:
    """Replies that were written by hand at least so often, the most frequent first.

    Those like a text of `canned` are left out. About linear in the replies: each is compared with
    the few groups that share most pairs of words with it.
    """
    hidden = tuple(names)
    groups = grouped(without_personal_data(reply, hidden) for reply in replies)
    known = [word_pairs(body) for body in canned]
    found = [
        Proposal(_commonest(group.texts), group.texts.total(), tuple(sorted(group.texts))[:3])
        for group in groups
        if group.texts.total() >= at_least
        and not any(pairs_likeness(group.pairs, pairs) >= ALIKE for pairs in known)
    ]
    return tuple(sorted(found, key=lambda proposal: (-proposal.times, proposal.text)))


def grouped(texts: Iterable[str]) -> list[_Group]:
    """Texts that are alike, together, in order of the first of each group."""
    groups: list[_Group] = []
    holders: dict[tuple[str, str], list[int]] = {}
    for one in texts:
        pairs = word_pairs(one)
        if pairs.total() <= FEWEST_WORDS:
            continue
        group = _most_alike(pairs, groups, holders)
        if group is None:
            for pair in pairs:
                holders.setdefault(pair, []).append(len(groups))
            group = _Group(pairs)
            groups.append(group)
        group.texts[one] += 1
    return groups


def _most_alike(
    pairs: Counter[tuple[str, str]],
    groups: Sequence[_Group],
    holders: dict[tuple[str, str], list[int]],
) -> _Group | None:
    shared = Counter(place for pair in pairs for place in holders.get(pair, ()))
    nearest = [groups[place] for place, _ in shared.most_common(COMPARED_GROUPS)]
    best = max(nearest, key=lambda group: pairs_likeness(pairs, group.pairs), default=None)
    return best if best is not None and pairs_likeness(pairs, best.pairs) >= ALIKE else None


def _commonest(texts: Counter[str]) -> str:
    return min(texts, key=lambda one: (-texts[one], one))
