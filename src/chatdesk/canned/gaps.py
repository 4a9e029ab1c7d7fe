"""What the site leaves out: replies sent in most chats, questions nothing answers (D07)."""

from collections.abc import Iterable

from msgspec import Struct

from chatdesk.canned.learning import grouped
from chatdesk.model.ids import ChatId

TOO_OFTEN = 0.2
"""Share of the chats from which a reply says that something is missing on the site."""

GOOD = 0.3
"""How surely answerable a question is that counts as having a good reply."""

EXAMPLES = 3


class SentResponse(Struct, frozen=True):
    """A canned response sent in a chat, with the question it answered where that is known."""

    chat: ChatId
    response_id: str
    question: str | None = None


class AskedQuestion(Struct, frozen=True):
    """A visitor's question and how sure it is that any reply answers it, from 0 to 1."""

    chat: ChatId
    question: str
    answerable: float


class Overused(Struct, frozen=True):
    """A response sent in so many chats; `questions` are examples of what it answered."""

    response_id: str
    chats: int
    share: float
    questions: tuple[str, ...]


class Unanswered(Struct, frozen=True):
    """Questions alike that no response answers well, in so many chats."""

    question: str
    chats: int
    examples: tuple[str, ...]


class GapReport(Struct, frozen=True):
    """What to put on the site and what to write a response for, the most pressing first."""

    chats: int
    with_canned: float
    overused: tuple[Overused, ...]
    unanswered: tuple[Unanswered, ...]


def gap_report(
    chats: int,
    sent: Iterable[SentResponse],
    asked: Iterable[AskedQuestion],
    *,
    share: float = TOO_OFTEN,
    at_least: int = 2,
) -> GapReport:
    """The gaps seen in so many chats. About linear in what was sent and asked."""
    sent = tuple(sent)
    with_canned = len({one.chat for one in sent}) / chats if chats else 0.0
    return GapReport(
        chats, with_canned, overused(chats, sent, share), unanswered(asked, at_least=at_least)
    )


def overused(
    chats: int, sent: Iterable[SentResponse], share: float = TOO_OFTEN
) -> tuple[Overused, ...]:
    """Responses sent in more than `share` of the chats, the most sent first."""
    if not chats:
        return ()
    seen: dict[str, set[ChatId]] = {}
    questions: dict[str, dict[str, None]] = {}
    for one in sent:
        seen.setdefault(one.response_id, set()).add(one.chat)
        if one.question:
            questions.setdefault(one.response_id, {})[one.question] = None
    found = [
        Overused(id_, len(own), len(own) / chats, tuple(questions.get(id_, ()))[:EXAMPLES])
        for id_, own in seen.items()
        if len(own) > share * chats
    ]
    return tuple(sorted(found, key=lambda one: (-one.chats, one.response_id)))


def unanswered(
    asked: Iterable[AskedQuestion], *, good: float = GOOD, at_least: int = 2
) -> tuple[Unanswered, ...]:
    """Questions without a good reply, those alike together, the most frequent first."""
    chats: dict[str, set[ChatId]] = {}
    for one in asked:
        if one.answerable < good:
            chats.setdefault(one.question, set()).add(one.chat)
    found = []
    for group in grouped(chats):
        texts = sorted(group.texts, key=lambda one: (-len(chats[one]), one))
        seen = frozenset[ChatId]().union(*(chats[one] for one in texts))
        if len(seen) >= at_least:
            found.append(Unanswered(texts[0], len(seen), tuple(texts[:EXAMPLES])))
    return tuple(sorted(found, key=lambda one: (-one.chats, one.question)))
