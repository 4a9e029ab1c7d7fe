"""Finding canned responses: by the visitor's question, while the agent types, by ``#shortcut``.

One index serves the three. Whatever is added, changed or removed shows in the next search.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

import attrs
from msgspec import Struct
from msgspec.structs import replace
from sortedcontainers import SortedDict

from chatdesk.canned import ranking, text
from chatdesk.canned.index import Index
from chatdesk.canned.ranking import DEFAULT_WEIGHTS, Choice, Weights
from chatdesk.canned.responses import valid_at, within
from chatdesk.canned.spans import Span, spans
from chatdesk.canned.usage import Usage
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import CannedResponse

Use = Literal["question", "typing", "shortcut"]

USAGE_WHILE_TYPING = 0.2
USAGE_FOR_QUESTIONS = 0.05
TYPING_EFFORT = 0.4
"""A keystroke's share of a question's posting budget: it must be answered before the next one."""

KEPT_WHILE_TYPING = 75
"""Candidates of a keystroke that frequent terms score again: twice as many find nothing better."""

FAVOURITES = 50
MOST_RESULTS = 100


class Query(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is looked for, by whom, and among which responses.

    `category` includes what lies in it; `language` leaves responses that name no language in;
    `agent` and `teams` open personal and team responses. A text that begins with ``#`` asks for a
    shortcut whatever `use` says. `highlight` also gives the places that matched.
    """

    text: str
    now: Instant
    use: Use = "question"
    agent: AgentId | None = None
    teams: tuple[str, ...] = ()
    category: str | None = None
    language: str | None = None
    limit: int = 10
    highlight: bool = False


class Hit(Struct, frozen=True):
    """One response found: its score, comparable within one search, and the places that matched."""

    response: CannedResponse
    score: float
    title_spans: tuple[Span, ...] = ()
    body_spans: tuple[Span, ...] = ()


class Answer(Struct, frozen=True):
    """What answers a question, best first, and two estimates: 0 not at all sure, 1 wholly.

    `confidence` says how sure it is that the first is the one, `answerable` how sure that any is: a
    question on which two responses are as good is answerable, but which of them is not sure.
    """

    hits: tuple[Hit, ...]
    confidence: float
    answerable: float


class Embedder(Protocol):
    """A model of meaning, if a shop has one: how near each response is to a text, higher is nearer.

    It is asked once a question, for every response that the words found; it must not raise.
    """

    def similarities(self, text: str, responses: Sequence[CannedResponse]) -> Sequence[float]:
        """One number a response, in the same order."""
        ...


@attrs.define
class CannedSearch:
    """A searchable collection of canned responses. One thread at a time may change or ask it."""

    usage: Usage = attrs.field(factory=Usage)
    embedder: Embedder | None = None
    weights: Weights = DEFAULT_WEIGHTS
    _index: Index = attrs.field(factory=Index, init=False)
    _shortcuts: SortedDict[tuple[str, str], None] = attrs.field(factory=SortedDict, init=False)

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, response_id: object) -> bool:
        return response_id in self._index

    def add(self, response: CannedResponse, learned: tuple[str, ...] = ()) -> None:
        """Put a response in, or in the place of the one with its id. O(words · log n).

        `learned` are questions that this response has answered (see `chatdesk.canned.learning`).
        """
        self._forget_shortcuts(response.id)
        self._index.add(response, learned)
        for shortcut in response.shortcuts:
            self._shortcuts[shortcut.casefold(), response.id] = None

    def add_all(self, responses: Iterable[tuple[CannedResponse, tuple[str, ...]]]) -> None:
        """Put many responses in with what they have learned, as by `add` one by one.

        Takes less time than that for thousands of responses that are not yet here.
        """
        found = tuple(responses)
        for response, _ in found:
            self._forget_shortcuts(response.id)
        self._index.add_all(found)
        self._shortcuts.update(
            ((shortcut.casefold(), response.id), None)
            for response, _ in found
            for shortcut in response.shortcuts
        )

    def remove(self, response_id: str) -> None:
        """Take a response out with its usage; nothing happens if there is none."""
        self._forget_shortcuts(response_id)
        self._index.discard(response_id)
        self.usage.forget(response_id)

    def _forget_shortcuts(self, response_id: str) -> None:
        known = self.get(response_id)
        for shortcut in known.shortcuts if known else ():
            self._shortcuts.pop((shortcut.casefold(), response_id), None)

    def get(self, response_id: str) -> CannedResponse | None:
        """The response of an id, None if there is none."""
        slot = self._index.slot(response_id)
        return None if slot is None else self._index.entry(slot).response

    def learned(self, response_id: str) -> tuple[str, ...]:
        """The learned questions a response was added with."""
        slot = self._index.slot(response_id)
        return () if slot is None else self._index.entry(slot).learned

    def responses(self) -> Iterator[CannedResponse]:
        """Every response in order of id."""
        for response_id in self._index.ids():
            response = self.get(response_id)
            if response is not None:
                yield response

    def search(self, query: Query) -> tuple[Hit, ...]:
        """The responses that fit best, best first, ties by id. Never raises for any text."""
        asked = query.text[: text.MAX_QUERY_CHARS].strip()
        words = text.words(asked)
        if asked.startswith("#"):
            scored = self._by_shortcut(asked, words, query)
        elif not words:
            scored = self._by_usage(query)
        elif query.use == "question":
            scored = self._by_question(asked, words, query)
        else:
            scored = self._by_typing(asked, words, query)
        return self._hits(scored, query, words)

    def answer(self, query: Query) -> Answer:
        """What answers a visitor's question, and how sure that is. Costs what `search` costs."""
        asked = query.text[: text.MAX_QUERY_CHARS]
        words = text.words(asked)
        terms = ranking.question_terms(words, self._index, self._weighing())
        scored = self._compared(terms, query)
        sure = ranking.confidence(self._index, words, terms, scored.values())
        known = ranking.answerable(self._index, words, terms, scored.values())
        mixed = self._with_usage(self._with_meaning(scored, asked), query, USAGE_FOR_QUESTIONS)
        return Answer(self._hits(mixed, query, words), sure, known)

    def _by_question(self, asked: str, words: Sequence[str], query: Query) -> dict[int, float]:
        terms = ranking.question_terms(words, self._index, self._weighing())
        found = self._with_meaning(self._compared(terms, query), asked)
        return self._with_usage(found, query, USAGE_FOR_QUESTIONS)

    def _compared(self, terms: Mapping[str, float], query: Query) -> dict[int, float]:
        found = ranking.candidates(self._index, terms, self._choice(query))
        return ranking.compare_passages(self._index, found, terms, self._weighing())

    def _weighing(self) -> ranking.Weighing:
        return ranking.weighing(self._index, self.weights)

    def _by_typing(self, asked: str, words: Sequence[str], query: Query) -> dict[int, float]:
        terms = ranking.typing_terms(words, self._index, self._weighing())
        choice = replace(self._choice(query), effort=TYPING_EFFORT, kept=KEPT_WHILE_TYPING)
        found = ranking.candidates(self._index, terms, choice)
        favourites = (self._index.slot(i) for i in self.usage.most(query.agent, FAVOURITES))
        more = {s: 0.0 for s in favourites if s is not None and s not in found}
        ranking.score_again(more, self._index, terms, terms)
        found.update((s, score) for s, score in more.items() if score and self._fits(s, query))
        found = ranking.favour_rare_completions(self._index, found, words, self.weights)
        return self._with_usage(self._with_meaning(found, asked), query, USAGE_WHILE_TYPING)

    def _by_shortcut(self, asked: str, words: Sequence[str], query: Query) -> dict[int, float]:
        """Shortcuts that begin so, the shortest first; then what typing the same would find."""
        asked = asked.casefold()
        found: dict[int, float] = {}
        for shortcut, response_id in self._shortcuts.irange(
            (asked, ""), (f"{asked}\U0010ffff", "")
        ):
            slot = self._index.slot(response_id)
            if slot is None or not self._fits(slot, query):
                continue
            exact = 1.0 if shortcut == asked else 0.0
            found[slot] = max(found.get(slot, 0.0), exact + 1 / len(shortcut))
            if len(found) >= ranking.SCORED_AGAIN:
                break
        found = self._with_usage(found, query, USAGE_WHILE_TYPING)
        if len(found) < query.limit and words:
            typed = self._by_typing(asked, words, query)
            found = {slot: 1 + score for slot, score in found.items()}
            found = typed | found
        return found

    def _by_usage(self, query: Query) -> dict[int, float]:
        """The most used responses; then the first by id."""
        found: dict[int, float] = {}
        for response_id in self.usage.most(query.agent, MOST_RESULTS):
            slot = self._index.slot(response_id)
            if slot is not None and self._fits(slot, query):
                found[slot] = self.usage.share(response_id, query.agent, query.now)
        for response_id in self._index.ids():
            if len(found) >= query.limit:
                break
            slot = self._index.slot(response_id)
            if slot is not None and slot not in found and self._fits(slot, query):
                found[slot] = 0.0
        return found

    def _with_usage(
        self, scores: Mapping[int, float], query: Query, share: float
    ) -> dict[int, float]:
        """Scores from 0 to 1, mixed with how much the responses are used."""
        top = max(scores.values(), default=0.0) or 1.0
        if not self.usage:
            return {slot: score / top for slot, score in scores.items()}
        used = {s: self.usage.share(self._id(s), query.agent, query.now) for s in scores}
        most = max(used.values(), default=0.0) or 1.0
        return {s: (1 - share) * scores[s] / top + share * used[s] / most for s in scores}

    def _with_meaning(self, scores: dict[int, float], asked: str) -> dict[int, float]:
        """Half the words' scores and half the embedder's, each brought to 0 to 1."""
        if self.embedder is None or not scores:
            return scores
        slots = list(scores)
        responses = [self._index.entry(slot).response for slot in slots]
        near = _normalised(self.embedder.similarities(asked, responses))
        words = _normalised([scores[slot] for slot in slots])
        return {s: 0.5 * w + 0.5 * n for s, w, n in zip(slots, words, near, strict=True)}

    def _choice(self, query: Query) -> Choice:
        allowed = self._index.allowed(query.category, query.language)
        if query.category is not None or query.language is not None:
            return Choice(lambda slot: self._fits(slot, query), allowed)
        limited = self._index.limited
        return Choice(lambda slot: not limited(slot) or self._fits(slot, query), allowed)

    def _fits(self, slot: int, query: Query) -> bool:
        """Whether the response may be shown for the query."""
        if query.category is None and query.language is None and not self._index.limited(slot):
            return True
        response = self._index.entry(slot).response
        if response.owner not in {None, query.agent}:
            return False
        if response.team is not None and response.team not in query.teams:
            return False
        if query.language and response.language and not _same(response.language, query.language):
            return False
        if query.category and not any(within(p, query.category) for p in response.categories):
            return False
        return valid_at(response, query.now)

    def _id(self, slot: int) -> str:
        return self._index.entry(slot).response.id

    def _hits(
        self, scored: Mapping[int, float], query: Query, words: Sequence[str]
    ) -> tuple[Hit, ...]:
        limit = max(0, min(query.limit, MOST_RESULTS))
        if not limit:
            return ()
        best = ranking.best_of(self._index, scored, limit)
        found = sorted(best, key=lambda item: (-item[1], self._id(item[0])))
        return tuple(self._hit(slot, score, query, words) for slot, score in found)

    def _hit(self, slot: int, score: float, query: Query, words: Sequence[str]) -> Hit:
        response = self._index.entry(slot).response
        if not query.highlight or not words:
            return Hit(response, score)
        stops, begun = self._index.stops(), query.use != "question"
        return Hit(
            response,
            score,
            spans(response.title, words, stops, begun=begun),
            spans(response.body, words, stops, begun=begun),
        )


def _same(one: str, other: str) -> bool:
    return one[:2].lower() == other[:2].lower()


def _normalised(scores: Sequence[float]) -> list[float]:
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]
