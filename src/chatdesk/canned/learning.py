"""Learning from what agents send.

A reply sent as it is, or nearly, in answer to a visitor's question makes that question one more
way to find the reply: of all that was tried, what raises the search most. Personal data is taken
out before anything is kept, and what is left is tied to the customer, so that it goes when the
customer goes.

Hand-written replies that come again and again are proposed as new responses (B29).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import attrs
from msgspec import Struct
from sortedcontainers import SortedKeyList

from chatdesk.canned import text
from chatdesk.canned.likeness import likeness, pairs_likeness, word_pairs
from chatdesk.model.ids import CustomerId, Instant, MessageId

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

_PERSONAL = re.compile(
    r"[^\s@]{1,100}@[^\s@]{1,100}"  # an address for mail
    r"|https?://\S{1,2000}"
    r"|[^\s-]{0,40}\d\S{0,40}"  # whatever holds a digit: phones, orders, accounts, dates
)


class LearnedQuestion(Struct, frozen=True):
    """A question a response has answered. `message` is the reply it was learned from."""

    response_id: str
    question: str
    customer: CustomerId | None
    message: MessageId
    at: Instant


class SentAnswer(Struct, frozen=True, kw_only=True):
    """A reply sent in answer to a question, and the canned text it was made from.

    `canned` is that text with its placeholders filled in; `names` are those of the people in the
    chat, which are not to be kept.
    """

    response_id: str
    canned: str
    sent: str
    question: str
    customer: CustomerId | None
    message: MessageId
    at: Instant
    names: tuple[str, ...] = ()


def without_personal_data(original: str, names: Iterable[str] = ()) -> str:
    """The text without mail and web addresses, without words that hold a digit, without the names.

    Linear in the text.
    """
    hidden = {part for name in names for part in text.words(name)}
    kept = _PERSONAL.sub(" ", original[: 4 * QUESTION_CHARS])
    parts = (part for part in kept.split() if not hidden.intersection(text.words(part)))
    return " ".join(parts)[:QUESTION_CHARS].strip()


def _age(learned: LearnedQuestion) -> tuple[Instant, MessageId]:
    return learned.at, learned.message


@attrs.define
class LearnedQuestions:
    """The questions every response has learned, newest kept.

    Methods that change something return the ids of the responses to be indexed anew.
    """

    _by_response: dict[str, SortedKeyList[LearnedQuestion, tuple[Instant, MessageId]]] = (
        attrs.field(factory=dict, init=False)
    )
    _by_customer: dict[CustomerId, set[LearnedQuestion]] = attrs.field(factory=dict, init=False)
    _by_message: dict[MessageId, LearnedQuestion] = attrs.field(factory=dict, init=False)

    def of(self, response_id: str) -> tuple[str, ...]:
        """The questions of one response, oldest first, each once."""
        learned = self._by_response.get(response_id, ())
        return tuple(dict.fromkeys(item.question for item in learned))

    def all(self) -> Iterator[LearnedQuestion]:
        """Everything learned, for keeping."""
        for learned in self._by_response.values():
            yield from learned

    def learn(self, answer: SentAnswer) -> LearnedQuestion | None:
        """Learn the question if the reply was sent nearly as it is; None if nothing is learned."""
        if likeness(answer.canned, answer.sent) < NEARLY:
            return None
        question = without_personal_data(answer.question, answer.names)
        if len(text.words(question)) < FEWEST_WORDS:
            return None
        learned = LearnedQuestion(
            answer.response_id, question, answer.customer, answer.message, answer.at
        )
        self.restore((learned,))
        return learned

    def restore(self, learned: Iterable[LearnedQuestion]) -> None:
        """Take over what was kept."""
        for item in learned:
            self._drop(self._by_message.get(item.message))
            own = self._by_response.setdefault(item.response_id, SortedKeyList(key=_age))
            own.add(item)
            self._by_message[item.message] = item
            if item.customer is not None:
                self._by_customer.setdefault(item.customer, set()).add(item)
            if len(own) > MOST_LEARNED:
                self._drop(own[0])

    def edited(self, message: MessageId, canned: str, now_sent: str) -> frozenset[str]:
        """The agent has edited a sent reply: unlearn if it is no longer nearly the canned text."""
        learned = self._by_message.get(message)
        if learned is None or likeness(canned, now_sent) >= NEARLY:
            return frozenset()
        return self._drop(learned)

    def forget_customer(self, customer: CustomerId) -> frozenset[str]:
        """Drop everything that a customer asked."""
        return self._drop_all(tuple(self._by_customer.get(customer, ())))

    def forget_response(self, response_id: str) -> frozenset[str]:
        """Drop everything that a response has learned."""
        return self._drop_all(tuple(self._by_response.get(response_id, ())))

    def _drop_all(self, learned: Iterable[LearnedQuestion]) -> frozenset[str]:
        return frozenset[str]().union(*(self._drop(item) for item in learned))

    def _drop(self, learned: LearnedQuestion | None) -> frozenset[str]:
        if learned is None:
            return frozenset()
        own = self._by_response[learned.response_id]
        own.remove(learned)
        if not own:
            del self._by_response[learned.response_id]
        del self._by_message[learned.message]
        if learned.customer is not None:
            theirs = self._by_customer[learned.customer]
            theirs.remove(learned)
            if not theirs:
                del self._by_customer[learned.customer]
        return frozenset({learned.response_id})


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
