"""The command line's search."""

from pathlib import Path

import msgspec
import pytest

from chatdesk.canned.evaluate import Report
from chatdesk.cli_search import evaluate_file, search

FILE = Path(__file__).parent.parent / "data" / "canned" / "fr_covidfaq.jsonl"


def test_search_prints_what_it_finds(capsys: pytest.CaptureFixture[str]) -> None:
    """The best replies are printed with score, shortcut and title (A22)."""
    hits = search(FILE, "dois-je payer la garderie", limit=2)
    printed = capsys.readouterr().out.splitlines()
    assert len(hits) == len(printed) == 2
    assert hits[0].response.title in printed[0]


def test_nothing_fits(capsys: pytest.CaptureFixture[str]) -> None:
    """A query nothing fits says so."""
    assert search(FILE, "zzzzzzzz") == ()
    assert capsys.readouterr().out == "Nothing fits.\n"


def test_evaluation_as_json_and_as_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The evaluation prints a table, or JSON that reads back as the report."""
    evaluate_file(FILE, FILE.with_suffix(".work.json"), json=True)
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    evaluate_file(FILE)
    assert "visitor" in capsys.readouterr().out
    assert {workload.name for workload in report.workloads} > {"visitor", "keys", "short"}
