"""Finds in transcripts what was asked and what was answered, for the report of gaps (D07, B29)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from chatdesk.canned.gaps import AskedQuestion, SentResponse, gap_report
from chatdesk.canned.learning import Proposal, without_personal_data
from chatdesk.model import queries as q
from chatdesk.model.records import Chat, Message
from chatdesk.model.values import ActorKind, MessageKind

MOST_QUESTIONS = 2000
"""Most questions that a report searches responses for."""


class Talk(Struct, frozen=True):
    """A chat with its messages, in order."""

    chat: Chat
    messages: tuple[Message, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The customer's name, which a report leaves out."""
        return () if self.chat.customer_name is None else (self.chat.customer_name,)


class Exchange(Struct, frozen=True):
    """What a visitor asked, without personal data, and what agents replied before he went on."""

    question: str
    replies: tuple[Message, ...]


def exchanges(talk: Talk) -> Iterator[Exchange]:
    """The exchanges of a chat; the question of the first is empty if an agent began."""
    asked: list[str] = []
    replies: list[Message] = []
    for message in talk.messages:
        if message.kind is not MessageKind.TEXT:
            continue
        if message.author.kind is ActorKind.AGENT:
            replies.append(message)
        elif message.author.kind is ActorKind.VISITOR:
            if replies:
                yield _exchange(asked, replies, talk)
                asked, replies = [], []
            asked.append(message.text)
    yield _exchange(asked, replies, talk)


def _exchange(asked: Sequence[str], replies: Iterable[Message], talk: Talk) -> Exchange:
    return Exchange(without_personal_data(" ".join(asked), talk.names), tuple(replies))


def questions_in(
    talks: Iterable[Talk], answerable: Callable[[str], float]
) -> tuple[AskedQuestion, ...]:
    """The questions of chats, with how sure it is that any response answers each."""
    asked = (
        (talk.chat.id, each.question) for talk in talks for each in exchanges(talk) if each.question
    )
    counted = zip(range(MOST_QUESTIONS), asked, strict=False)
    return tuple(AskedQuestion(chat, text, answerable(text)) for _, (chat, text) in counted)


def written_by_hand(talks: Iterable[Talk]) -> Iterator[str]:
    """What agents wrote themselves."""
    for talk in talks:
        for exchange in exchanges(talk):
            yield from (reply.text for reply in exchange.replies if reply.canned is None)


def names_in(talks: Iterable[Talk]) -> tuple[str, ...]:
    """The names of customers."""
    return tuple(dict.fromkeys(name for talk in talks for name in talk.names))


def report(
    talks: Sequence[Talk],
    asked: Iterable[AskedQuestion],
    proposals: Iterable[Proposal],
    *,
    share: float,
    titles: Mapping[str, str],
) -> q.CannedGaps:
    """The report as it is shown; `titles` of responses are by their ids."""
    found = gap_report(len(talks), _sent(talks), asked, share=share)
    return q.CannedGaps(
        chats=found.chats,
        with_canned=found.with_canned,
        overused=tuple(
            q.CannedGap(
                chats=one.chats,
                canned=one.response_id,
                title=titles.get(one.response_id),
                share=one.share,
                examples=one.questions,
            )
            for one in found.overused
        ),
        unanswered=tuple(
            q.CannedGap(chats=one.chats, question=one.question, examples=one.examples)
            for one in found.unanswered
        ),
        proposals=tuple(_proposal(one) for one in proposals),
    )


def _sent(talks: Iterable[Talk]) -> Iterator[SentResponse]:
    for talk in talks:
        for exchange in exchanges(talk):
            for reply in exchange.replies:
                if reply.canned is not None:
                    yield SentResponse(talk.chat.id, reply.canned, exchange.question or None)


def _proposal(one: Proposal) -> q.CannedGap:
    """The commonest wording first."""
    others = (text for text in one.examples if text != one.text)
    return q.CannedGap(chats=one.times, examples=(one.text, *others))
