"""Suggesting replies to a visitor's question: up to three when sure enough, else nothing (A22).

How sure is sure enough is learned: every question whose reply the agent took from the suggestion,
or did not, moves the threshold. All that is remembered is the frozen `Calibration`, which the
caller keeps and gives back.
"""

from msgspec import Struct

from chatdesk.canned.search import Answer, CannedSearch, Hit, Query

SUGGESTED = 3

BUCKETS = 40
"""Steps in which confidence, 0 to 1, is remembered."""

FIRST_THRESHOLD = 0.3
"""Confidence from which a desk without feedback suggests."""

NOTHING_KNOWN = 0.3
"""`Answer.answerable` below which no response counts as answering a question: none is suggested."""

PRIOR = 3.0
"""Feedback in one bucket that outweighs what was assumed at first."""

MEMORY = 200.0
"""Feedback in one bucket after which older feedback fades."""


class Calibration(Struct, frozen=True, omit_defaults=True):
    """What agents did with suggestions, by confidence.

    `wanted` is the part of suggestions that should be accepted; `accepted` and `ignored` count what
    happened in each of `BUCKETS` steps of confidence.
    """

    wanted: float = 0.6
    accepted: tuple[float, ...] = (0.0,) * BUCKETS
    ignored: tuple[float, ...] = (0.0,) * BUCKETS


class Suggestion(Struct, frozen=True):
    """Replies to offer to the agent, none if not sure enough; `confidence` is for the feedback."""

    hits: tuple[Hit, ...]
    confidence: float


NO_FEEDBACK = Calibration()


def suggest(search: CannedSearch, query: Query, calibration: Calibration) -> Suggestion:
    """Up to `SUGGESTED` replies to the visitor's question in `query.text`."""
    answer = search.answer(query)
    sure = sure_enough(answer, calibration)
    return Suggestion(answer.hits[:SUGGESTED] if sure else (), answer.confidence)


def sure_enough(answer: Answer, calibration: Calibration) -> bool:
    """Whether to suggest an answer: some response answers the question, and the first is likely it.

    Only the second is learned. What is never suggested because nothing is known teaches nothing.
    """
    known = bool(answer.hits) and answer.answerable >= NOTHING_KNOWN
    return known and answer.confidence >= threshold(calibration)


def after_feedback(calibration: Calibration, confidence: float, *, accepted: bool) -> Calibration:
    """The calibration after one question was answered.

    `accepted` is whether the reply sent was one of the best three. Give questions without a
    suggestion too: only so a threshold that has become too high can fall again.
    """
    bucket = _bucket(confidence)
    fade = 1 - 1 / MEMORY
    seen = calibration.accepted[bucket] + calibration.ignored[bucket]
    keep = fade if seen >= MEMORY else 1.0
    yes = calibration.accepted[bucket] * keep + (1.0 if accepted else 0.0)
    no = calibration.ignored[bucket] * keep + (0.0 if accepted else 1.0)
    return Calibration(
        calibration.wanted,
        _with(calibration.accepted, bucket, yes),
        _with(calibration.ignored, bucket, no),
    )


def threshold(calibration: Calibration) -> float:
    """The lowest confidence at which, and above which, enough suggestions are accepted.

    Goes down from certainty to the last step at which at least `wanted` of everything so far was
    accepted, and stops before one that is mostly ignored. More than 1, so that nothing is
    suggested, if there is no such step.
    """
    lowest, yes, no = BUCKETS, 0.0, 0.0
    for bucket in reversed(range(BUCKETS)):
        assumed = _assumed_rate(bucket, calibration.wanted)
        yes += calibration.accepted[bucket] + PRIOR * assumed
        no += calibration.ignored[bucket] + PRIOR * (1 - assumed)
        here = calibration.accepted[bucket] + calibration.ignored[bucket]
        if here >= PRIOR and calibration.accepted[bucket] < LOWEST_SHARE * here:
            break
        if yes + ROUNDING >= calibration.wanted * (yes + no):
            lowest = bucket
    return lowest / BUCKETS if lowest < BUCKETS else 2.0


ROUNDING = 1e-6

LOWEST_SHARE = 0.35
"""Acceptance below which one bucket is not suggested, however good those above it are."""


def _assumed_rate(bucket: int, wanted: float) -> float:
    """Before there is feedback: what is wanted from `FIRST_THRESHOLD` on, next to nothing below."""
    return wanted if bucket >= _bucket(FIRST_THRESHOLD) else 0.1


def _bucket(confidence: float) -> int:
    return max(0, min(BUCKETS - 1, int(confidence * BUCKETS)))


def _with(counts: tuple[float, ...], bucket: int, value: float) -> tuple[float, ...]:
    return (*counts[:bucket], value, *counts[bucket + 1 :])
