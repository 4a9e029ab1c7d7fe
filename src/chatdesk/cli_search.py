"""``chatdesk search``: look something up in a file of canned responses, or measure the search."""

import resource
import sys
import time
from pathlib import Path

import msgspec

from chatdesk.canned.evaluate import Report, built, default_work, evaluate, read_set, read_work
from chatdesk.canned.search import Hit, Query, Use
from chatdesk.model.errors import ConfigurationError


class Found(msgspec.Struct, frozen=True):
    """A response that fits, as it is printed."""

    id: str
    title: str
    shortcut: str
    score: float


def search(
    file: Path, query: str, *, use: Use = "question", limit: int = 5, json: bool = False
) -> tuple[Hit, ...]:
    """Print the responses of a ``.jsonl`` file that fit the query best, and return them.

    Raises:
        InvalidInput: with the lines of the file that are none.
        ConfigurationError: if the file cannot be read.
    """
    documents, _ = read_set(_lines(file))
    asked = Query(text=query, now=time.time(), use=use, limit=limit)
    hits = built(documents).search(asked)
    found = [_found(hit) for hit in hits]
    if json:
        print(msgspec.json.encode(found).decode())
        return hits
    for one in found:
        print(f"{one.score:.2f}  {one.shortcut:<24}  {one.title}")
    if not hits:
        print("Nothing fits.")
    return hits


def _found(hit: Hit) -> Found:
    response = hit.response
    return Found(response.id, response.title, response.shortcuts[0], hit.score)


def evaluate_file(file: Path, work: Path | None = None, *, json: bool = False) -> Report:
    """Measure the search on a ``.jsonl`` file and print the figures, as a table or as JSON.

    Raises:
        InvalidInput: with what is wrong in one of the files.
        ConfigurationError: if a file cannot be read.
    """
    documents, questions = read_set(_lines(file))
    workloads = default_work(questions) if work is None else read_work(_text(work))
    report = evaluate(documents, questions, workloads, time.thread_time, _memory)
    print(msgspec.json.encode(report).decode() if json else table(report))
    return report


def table(report: Report) -> str:
    """The report for people."""
    grown = (report.memory_bytes or 0) / 1e6
    built_in = f"built in {report.build_cpu_seconds:.2f} s of CPU, {grown:.0f} MB of memory"
    lines = [f"{report.responses} replies, {built_in}"]
    lines.append(
        f"{'':12}{'searches':>9}{'MRR@10':>8}{'R@1':>7}{'R@5':>7}{'p50 ms':>8}{'p99 ms':>8}"
    )
    lines.extend(
        f"{w.name:12}{w.searches:9}{w.mrr:8.3f}{w.recall_1:7.3f}{w.recall_5:7.3f}"
        f"{w.cpu_p50_ms:8.2f}{w.cpu_p99_ms:8.2f}"
        + (f"  {w.letters:.2f} letters until in the first five" if w.letters is not None else "")
        for w in report.workloads
    )
    for name, value in (
        ("MRR@10 after five learned questions a reply", report.learned_mrr),
        ("precision of the surest 30 %, first reply", report.suggestion_precision),
        ("precision of the surest 30 %, first three", report.suggestion_precision_3),
        ("telling what is out of scope, AUC", report.out_of_scope_auc),
    ):
        if value is not None:
            lines.append(f"{name}: {value:.3f}")
    return "\n".join(lines)


def _lines(file: Path) -> list[str]:
    return _text(file).split("\n")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read {file}: {error}") from error


def _memory() -> int:
    """Bytes of memory in use by this process, at their highest so far."""
    unit = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
