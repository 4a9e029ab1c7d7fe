"""What all benchmarks share: reference and subject in turns, medians, a table and JSON.

Machines have moods, so a figure by itself says little. `alternate` runs the reference and the
subject one after the other, each pair in the other order, and takes the median of the pairs'
ratios.
"""

import argparse
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import process_time

import msgspec

LEAST_PAIRS = 7


class Pairs(msgspec.Struct, frozen=True):
    """What one comparison gave: medians in microseconds, and the median of the pairs' ratios."""

    name: str
    reference: str
    subject: str
    pairs: int
    reference_us: float
    subject_us: float
    speed: float
    """How fast the subject is beside the reference: the reference's time by the subject's."""
    goal: float | None = None
    """The lowest `speed` wanted."""


class Report(msgspec.Struct, frozen=True):
    """All comparisons of one benchmark."""

    question: str
    comparisons: tuple[Pairs, ...]
    figures: dict[str, float] = {}
    """What is worked out from several comparisons."""


def cpu_us(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU that each of `times` operations takes that `work` does."""
    gc.collect()
    began = process_time()
    work()
    return 1e6 * (process_time() - began) / times


def alternate(
    name: str,
    reference: tuple[str, Callable[[], float]],
    subject: tuple[str, Callable[[], float]],
    *,
    pairs: int,
    goal: float | None = None,
) -> Pairs:
    """Compare two callables that give the time of one operation, after one warming call each."""
    (reference_name, run_reference), (subject_name, run_subject) = reference, subject
    run_reference()
    run_subject()
    times: list[tuple[float, float]] = []
    for number in range(pairs):
        if number % 2 == 0:
            times.append((run_reference(), run_subject()))
        else:
            second = run_subject()
            times.append((run_reference(), second))
    return Pairs(
        name=name,
        reference=reference_name,
        subject=subject_name,
        pairs=pairs,
        reference_us=median(r for r, _ in times),
        subject_us=median(s for _, s in times),
        speed=median(r / s for r, s in times),
        goal=goal,
    )


def arguments(question: str, given: Sequence[str] | None = None) -> argparse.Namespace:
    """`--pairs` and `--json`, as every benchmark has them."""
    parser = argparse.ArgumentParser(description=question)
    parser.add_argument("--pairs", type=int, default=21, help=f"at least {LEAST_PAIRS}")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(given)
    if options.pairs < LEAST_PAIRS:
        parser.error(f"--pairs must be at least {LEAST_PAIRS}")
    return options


def show(report: Report, json: Path | None) -> None:
    """Print the table, and write JSON when asked."""
    print(report.question)
    width = max(len(row.name) for row in report.comparisons)
    print(f"{'':{width}}  {'reference':>9}  {'subject':>9}  speed (goal)")
    for row in report.comparisons:
        goal = "" if row.goal is None else f" (≥ {row.goal:g})"
        times = f"{row.reference_us:6.2f} µs  {row.subject_us:6.2f} µs"
        print(f"{row.name:{width}}  {times}  {row.speed:5.2f}{goal}")
    for name, value in report.figures.items():
        print(f"{name}: {value:.2f}")
    if json:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
