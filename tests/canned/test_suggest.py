"""Suggesting replies, and learning when to keep quiet."""

from chatdesk.canned.search import Query
from chatdesk.canned.suggest import (
    BUCKETS,
    FIRST_THRESHOLD,
    NO_FEEDBACK,
    SUGGESTED,
    Calibration,
    after_feedback,
    suggest,
    threshold,
)
from tests.canned.builders import response, searching

SEARCH = searching(
    *(
        response(f"r{n}", title=f"Refund of a {thing}")
        for n, thing in enumerate("coat hat".split())
    ),
    response("hours", title="Opening hours on Sunday"),
    response("card", title="Report a stolen card"),
)


def fed(
    confidence: float, times: int, *, accepted: bool, start: Calibration = NO_FEEDBACK
) -> float:
    """The threshold after the same feedback so many times."""
    calibration = start
    for _ in range(times):
        calibration = after_feedback(calibration, confidence, accepted=accepted)
    return threshold(calibration)


def test_sure_questions_get_up_to_three() -> None:
    """A question that fits gets the reply, at most three in all (A22)."""
    found = suggest(SEARCH, Query(text="I want to report a stolen card", now=0.0), NO_FEEDBACK)
    assert found.hits[0].response.id == "card"
    assert len(found.hits) <= SUGGESTED


def test_unsure_questions_get_nothing() -> None:
    """A question about something else gets no suggestion, but its confidence for feedback."""
    found = suggest(SEARCH, Query(text="tell me a joke about coats", now=0.0), NO_FEEDBACK)
    assert found.hits == ()
    assert 0 <= found.confidence < FIRST_THRESHOLD


def test_first_threshold() -> None:
    """Without feedback the first threshold holds, to a step."""
    assert abs(threshold(NO_FEEDBACK) - FIRST_THRESHOLD) <= 1 / BUCKETS


def test_ignored_suggestions_raise_the_threshold() -> None:
    """What agents ignore is suggested less."""
    assert fed(0.4, 30, accepted=False) > 0.4
    assert fed(0.999, 500, accepted=False) > 1


def test_accepted_replies_lower_it() -> None:
    """Replies taken without having been suggested lower the threshold again."""
    assert fed(0.3, 30, accepted=True) <= 0.3


def test_feedback_fades() -> None:
    """An old habit is outweighed by a newer one of the same length."""
    calibration = NO_FEEDBACK
    for accepted in [False] * 400 + [True] * 400:
        calibration = after_feedback(calibration, 0.5, accepted=accepted)
    assert threshold(calibration) <= 0.5
