"""Measuring the search."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from chatdesk.canned.evaluate import (
    Report,
    Work,
    area_under_curve,
    default_work,
    evaluate,
    quantile,
    rank,
    read_set,
    read_work,
)
from chatdesk.model.errors import InvalidInput

DATA = Path(__file__).parent.parent / "data" / "canned"
SETS = ("fr_covidfaq", "fr_cdtn", "en_banking77", "en_clinc150", "en_covidfaq")


def ticking() -> Callable[[], float]:
    """A clock that is a millisecond later at each look."""
    ticks: Iterator[int] = count()
    return lambda: next(ticks) / 1_000


def measured(name: str) -> Report:
    """The report on an excerpt."""
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    documents, questions = read_set(lines)
    work = read_work((DATA / f"{name}.work.json").read_bytes())
    return evaluate(documents, questions, work, ticking())


@pytest.mark.parametrize("name", SETS)
def test_excerpts_are_found(name: str) -> None:
    """On each excerpt most questions find their reply among 24, in any dress (A22)."""
    report = measured(name)
    assert report.responses == 24
    figures = {workload.name: workload for workload in report.workloads}
    assert figures["visitor"].mrr > 0.75
    assert figures["typo"].mrr > 0.7
    for typed in ("agent", "agent_infl", "agent_typo"):
        if typed in figures:
            assert figures[typed].mrr > 0.95
    assert report.suggestion_precision is not None
    assert report.suggestion_precision > 0.8


def test_out_of_scope_is_told_apart() -> None:
    """Questions no reply answers are less sure than those that one does (A22)."""
    area = measured("en_clinc150").out_of_scope_auc
    assert area is not None
    assert area > 0.8


def test_costs_come_from_the_clock() -> None:
    """Times are what the given clock says, so a report is the same each time."""
    report = measured("fr_cdtn")
    assert report.workloads[0].cpu_p50_ms == pytest.approx(1.0)
    assert report == measured("fr_cdtn")


def test_lines_that_are_neither() -> None:
    """Each line that is no document and no query is named."""
    with pytest.raises(InvalidInput, match=r"line 2.*line 4"):
        read_set(['{"type": "query", "text": "a", "relevant": []}', "{", "", '{"type": "x"}'])
    with pytest.raises(InvalidInput, match="work"):
        read_work("[")


def test_default_work() -> None:
    """Without workloads the answerable questions are asked."""
    _, questions = read_set(
        [
            '{"type": "query", "text": "a", "relevant": ["x"]}',
            '{"type": "query", "text": "b", "relevant": []}',
        ]
    )
    assert default_work(questions) == Work(visitor=(("a", ("x",)),))


def test_measures() -> None:
    """Rank, quantile and area under the curve, on values worked out by hand."""
    assert rank(["a", "b"], ["b", "c"]) == 2
    assert rank(["a"], ["b"]) is None
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([], 0.5) == 0.0
    assert area_under_curve([3.0, 2.0], [1.0, 2.0]) == pytest.approx(0.875)
