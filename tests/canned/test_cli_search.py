"""The command line's search."""

from pathlib import Path

import msgspec
import pytest

from chatdesk.canned.evaluate import Report
from chatdesk.cli_search import Found, evaluate_file, search
from chatdesk.model.errors import ConfigurationError, InvalidInput

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


def test_hits_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """What is found can be read by a program."""
    hits = search(FILE, "dois-je payer la garderie", limit=2, json=True)
    found = msgspec.json.decode(capsys.readouterr().out, type=list[Found])
    assert [one.id for one in found] == [hit.response.id for hit in hits]
    search(FILE, "zzzzzzzz", json=True)
    assert capsys.readouterr().out == "[]\n"


UNSEEN = """{"type": "document", "id": "a", "title": "Opening hours", "body": "Nine to five."}\r
\r
{"type": "document", "id": "b", "title": "Returns", "body": "Within a month.",\
 "lang": null, "keywords": null, "category": null, "shortcut": "back"}\r
{"type": "query", "text": "when are you open?", "relevant": ["a", "gone"]}\r
"""


@pytest.mark.parametrize("lines", [0, 1, 3, 4], ids=["none", "one reply", "replies", "all"])
def test_a_file_never_seen(tmp_path: Path, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A22: fields, questions and workloads may be missing, and the file even empty."""
    file = tmp_path / "unseen.jsonl"
    file.write_text("\ufeff" + "".join(UNSEEN.splitlines(keepends=True)[:lines]), "utf-8")
    report = evaluate_file(file, json=True)
    assert msgspec.json.decode(capsys.readouterr().out, type=Report) == report
    assert report.responses == min(lines, 1) + (lines > 2)
    assert [each.name for each in report.workloads] == (["visitor"] if lines == 4 else [])
    found = [hit.response.id for hit in search(file, "#bac")]
    assert found == (["b"] if lines > 2 else [])


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    """Lines that are broken or have the id of another, and the file that cannot be read."""
    file, none = tmp_path / "wrong.jsonl", tmp_path / "none.json"
    line = UNSEEN.splitlines()[0]
    file.write_text(f'{line}\n{{"type": "document", "id":\n{line}\n', "utf-8")
    with pytest.raises(InvalidInput, match=r"line 2: .*; line 3: 'a' is there twice"):
        evaluate_file(file)
    file.write_text(line, "utf-8")
    with pytest.raises(ConfigurationError, match=f"cannot read {none}"):
        evaluate_file(file, none)
    none.write_bytes(b"\xff{")
    with pytest.raises(ConfigurationError, match=f"cannot read {none}"):
        evaluate_file(file, none)


def test_evaluation_as_json_and_as_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The evaluation prints a table, or JSON that reads back as the report."""
    evaluate_file(FILE, FILE.with_suffix(".work.json"), json=True)
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    evaluate_file(FILE)
    shown = capsys.readouterr().out
    assert all(each in shown for each in ("visitor", "s of CPU", "MB of memory", "R@5", "p99 ms"))
    assert {workload.name for workload in report.workloads} > {"visitor", "keys", "short"}
