"""Measuring the search on labelled questions: is the right reply found, how soon, at what cost.

Two texts hold a set. The ``.jsonl`` has a line for each reply (``"type": "document"``) and each
question (``"type": "query"``, with the ids of the ``relevant`` replies, none if out of scope). The
``.work.json`` holds workloads: ``visitor`` and ``typo`` are asked as questions, ``agent…`` are
typed, ``keys`` and ``short`` letter by letter. Nothing here reads a file or a clock: both are
given.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from zlib import crc32

import msgspec
from msgspec import Struct

from chatdesk.canned.search import CannedSearch, Query, Use
from chatdesk.model.errors import FieldProblem, InvalidInput
from chatdesk.model.records import CannedResponse

RANKS = 10
SOON = 5
LEARNED = 5
"""Questions each reply has learned in the learned measure."""

DRAWS = 8
"""Draws of the questions that are learned. Means of single draws are .013 apart (standard
deviation, 48 replies and 421 questions)."""

ASKED = 500
"""Questions asked in a draw, at most."""

COVERAGE = 0.3
"""Share of the questions that the suggestions' precision is about: the surest."""


class Document(Struct, frozen=True, tag="document", tag_field="type"):
    """A reply of a set; all but the first three may be missing or null."""

    id: str
    title: str
    body: str
    lang: str | None = None
    keywords: tuple[str, ...] | None = None
    category: str | None = None
    shortcut: str | None = None

    def response(self) -> CannedResponse:
        """The canned response this describes."""
        return CannedResponse(
            id=self.id,
            title=self.title,
            body=self.body,
            shortcuts=(f"#{(self.shortcut or self.id).removeprefix('#')}",),
            categories=(self.category or "all",),
            keywords=self.keywords or (),
            language=self.lang,
        )


class Question(Struct, frozen=True, tag="query", tag_field="type"):
    """A question of a set and the replies that answer it."""

    text: str
    relevant: tuple[str, ...]


Labelled = tuple[str, tuple[str, ...]]
Typed = tuple[tuple[str, ...], tuple[str, ...]]


class Work(Struct, frozen=True):
    """The workloads of a set; one that is missing is empty."""

    visitor: tuple[Labelled, ...] = ()
    typo: tuple[Labelled, ...] = ()
    agent: tuple[Labelled, ...] = ()
    agent_infl: tuple[Labelled, ...] = ()
    agent_typo: tuple[Labelled, ...] = ()
    keys: tuple[Typed, ...] = ()
    short: tuple[Typed, ...] = ()


class WorkloadReport(Struct, frozen=True):
    """One workload: mean reciprocal rank within ten, share at rank 1 and within 5, CPU a search.

    `letters` is how many letters it takes, on average, until the reply is in the first five; None
    where nothing is typed letter by letter.
    """

    name: str
    searches: int
    mrr: float
    recall_1: float
    recall_5: float
    cpu_p50_ms: float
    cpu_p99_ms: float
    letters: float | None = None


class Report(Struct, frozen=True):
    """Everything measured on one set. A figure that the set cannot give is None.

    `learned_mrr` is on questions not learned, each reply having learned `LEARNED` others.
    `suggestion_precision` counts the first reply on the surest `COVERAGE` of the questions,
    `suggestion_precision_3` the first three. `out_of_scope_auc` is the chance that a question in
    scope is more surely answerable than one out of scope.
    """

    responses: int
    build_cpu_seconds: float
    workloads: tuple[WorkloadReport, ...]
    learned_mrr: float | None
    suggestion_precision: float | None
    suggestion_precision_3: float | None
    out_of_scope_auc: float | None
    memory_bytes: int | None = None


def read_set(lines: Iterable[str]) -> tuple[tuple[CannedResponse, ...], tuple[Question, ...]]:
    """The replies and questions of a ``.jsonl`` text.

    Raises:
        InvalidInput: with every line that is neither, or a reply whose id another one has.
    """
    responses: dict[str, CannedResponse] = {}
    questions, found = [], []
    decoder = msgspec.json.Decoder(Document | Question)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            found.append(FieldProblem(f"line {number}", "invalid", str(error)))
            continue
        if isinstance(item, Question):
            questions.append(item)
        elif item.id in responses:
            found.append(FieldProblem(f"line {number}", "invalid", f"{item.id!r} is there twice"))
        else:
            responses[item.id] = item.response()
    if found:
        raise InvalidInput(found, mend="Correct the named lines.")
    return tuple(responses.values()), tuple(questions)


def read_work(text: str | bytes) -> Work:
    """The workloads of a ``.work.json`` text.

    Raises:
        InvalidInput: if it is not such a text.
    """
    try:
        return msgspec.json.decode(text, type=Work)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInput.field("work", "invalid", str(error)) from error


def default_work(questions: Sequence[Question]) -> Work:
    """The visitor's workload alone, for a set without workloads."""
    return Work(visitor=tuple((q.text, q.relevant) for q in questions if q.relevant))


def evaluate(
    documents: Sequence[CannedResponse],
    questions: Sequence[Question],
    work: Work,
    clock: Callable[[], float],
    memory: Callable[[], int] | None = None,
) -> Report:
    """Measure the search on one set.

    `clock` gives CPU seconds of the calling thread, `memory` bytes in use by the process.
    """
    before = memory() if memory else 0
    start = clock()
    search = built(documents)
    seconds = clock() - start
    grown = memory() - before if memory else None
    first, three = _precisions(search, work.visitor)
    return Report(
        responses=len(search),
        build_cpu_seconds=seconds,
        workloads=tuple(_workloads(search, work, clock)),
        learned_mrr=_learned_mrr(documents, questions),
        suggestion_precision=first,
        suggestion_precision_3=three,
        out_of_scope_auc=_out_of_scope(search, questions),
        memory_bytes=grown,
    )


def built(
    documents: Iterable[CannedResponse], learned: "dict[str, list[str]] | None" = None
) -> CannedSearch:
    """A search over the documents, with the questions that each has learned."""
    search = CannedSearch()
    search.add_all((each, tuple((learned or {}).get(each.id, ()))) for each in documents)
    return search


def _workloads(
    search: CannedSearch, work: Work, clock: Callable[[], float]
) -> Iterator[WorkloadReport]:
    asked: tuple[tuple[str, tuple[Labelled, ...], Use], ...] = (
        ("visitor", work.visitor, "question"),
        ("typo", work.typo, "question"),
        ("agent", work.agent, "typing"),
        ("agent_infl", work.agent_infl, "typing"),
        ("agent_typo", work.agent_typo, "typing"),
    )
    for name, queries, use in asked:
        typed = [((text,), relevant) for text, relevant in queries]
        if typed:
            yield _measured(name, search, typed, use, clock)
    for name, letters, use in (("keys", work.keys, "typing"), ("short", work.short, "shortcut")):
        if letters:
            yield _measured(name, search, letters, use, clock)


def _measured(
    name: str,
    search: CannedSearch,
    queries: Sequence[Typed],
    use: Use,
    clock: Callable[[], float],
) -> WorkloadReport:
    ranks, costs, means, letters = [], [], [], []
    for texts, relevant in queries:
        own = []
        for text in texts:
            start = clock()
            hits = search.search(Query(text=text, now=0.0, use=use, limit=RANKS))
            costs.append(clock() - start)
            own.append(rank([hit.response.id for hit in hits], relevant))
        ranks.extend(own)
        means.append(_mean([1 / r if r else 0.0 for r in own]))
        letters.append(_first_soon(own))
    return WorkloadReport(
        name=name,
        searches=len(ranks),
        mrr=_mean(means),
        recall_1=_mean([float(r == 1) for r in ranks]),
        recall_5=_mean([float(r is not None and r <= SOON) for r in ranks]),
        cpu_p50_ms=1_000 * quantile(costs, 0.5),
        cpu_p99_ms=1_000 * quantile(costs, 0.99),
        letters=_mean(letters) if name == "keys" else None,
    )


def rank(ids: Sequence[str], relevant: Iterable[str]) -> int | None:
    """The place of the first relevant id, from 1; None if there is none."""
    wanted = frozenset(relevant)
    return next((place for place, id_ in enumerate(ids, 1) if id_ in wanted), None)


def _first_soon(ranks: Sequence[int | None]) -> float:
    soon = (n for n, r in enumerate(ranks, 1) if r is not None and r <= SOON)
    return float(next(soon, len(ranks) + 1))


def _learned_mrr(
    documents: Sequence[CannedResponse], questions: Sequence[Question]
) -> float | None:
    """The mean over `DRAWS` draws of which questions are learned; one alone says little."""
    asked = [question for question in questions if question.relevant]
    found = []
    for draw in range(DRAWS):
        learned, rest = _drawn(asked, draw)
        search = built(documents, learned)
        places = (_rank_of(search, question.text, question.relevant) for question in rest[:ASKED])
        found += [1 / place if place else 0.0 for place in places]
    return _mean(found) if found else None


def _drawn(questions: Iterable[Question], draw: int) -> tuple[dict[str, list[str]], list[Question]]:
    """What each reply learns, and the questions that are left.

    A checksum of the text draws them, so they are the same on every machine.
    """
    learned: dict[str, list[str]] = {}
    rest = []
    for question in sorted(
        questions, key=lambda q: crc32(f"{draw} {q.text}".encode("utf-8", "replace"))
    ):
        own = learned.setdefault(question.relevant[0], [])
        if len(own) < LEARNED:
            own.append(question.text)
        else:
            rest.append(question)
    return learned, rest


def _rank_of(search: CannedSearch, text: str, relevant: Iterable[str]) -> int | None:
    hits = search.search(Query(text=text, now=0.0, limit=RANKS))
    return rank([hit.response.id for hit in hits], relevant)


def _precisions(
    search: CannedSearch, queries: Sequence[Labelled]
) -> tuple[float | None, float | None]:
    answers = []
    for text, relevant in queries:
        answer = search.answer(Query(text=text, now=0.0, limit=3))
        place = rank([hit.response.id for hit in answer.hits], relevant)
        answers.append((answer.confidence, place))
    answers.sort(key=lambda item: -item[0])
    surest = answers[: int(COVERAGE * len(answers))]
    if not surest:
        return None, None
    first = _mean([float(place == 1) for _, place in surest])
    return first, _mean([float(place is not None) for _, place in surest])


def _out_of_scope(search: CannedSearch, questions: Sequence[Question]) -> float | None:
    inside: list[float] = []
    outside: list[float] = []
    for question in questions:
        sure = search.answer(Query(text=question.text, now=0.0, limit=1)).answerable
        (inside if question.relevant else outside).append(sure)
    return area_under_curve(inside, outside) if inside and outside else None


def area_under_curve(higher: Sequence[float], lower: Sequence[float]) -> float:
    """The chance that a value of `higher` exceeds one of `lower`, ties counting half.

    The Mann-Whitney statistic over the number of pairs. O(n log n).
    """
    both = sorted([(value, True) for value in higher] + [(value, False) for value in lower])
    wins, below, start = 0.0, 0, 0
    while start < len(both):
        end = start
        while end < len(both) and both[end][0] == both[start][0]:
            end += 1
        level = both[start:end]
        mine = sum(1 for _, is_higher in level if is_higher)
        wins += mine * (below + (len(level) - mine) / 2)
        below += len(level) - mine
        start = end
    return wins / (len(higher) * len(lower))


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values are at most; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
