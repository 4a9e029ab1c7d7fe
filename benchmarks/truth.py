"""Does the simulator agree with queueing theory?

Every metric of every point of a file of exact results (by default the one of the tests), over 30
replications of 200,000 customers each. A metric that is 4 standard errors off, or more, is marked,
and the program ends with 1. All points take about an hour; `--only` picks some.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import msgspec

from chatdesk.simulation.truth import Check, Effort, Points, checks

POINTS = Path(__file__).parents[1] / "tests/data/queueing/points.json"
FAR = 4.0


class Report(msgspec.Struct, frozen=True):
    """All checks, and with how much effort."""

    customers: int
    warm_up: int
    replications: int
    seed: int
    checks: list[Check]


def options_of(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=Path, default=POINTS)
    parser.add_argument("--only", default="", help="points whose id begins so")
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--warm-up", type=int, default=20_000)
    parser.add_argument("--replications", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--many", type=int, default=10_000, help="for infinitely many agents")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(given)


def show(check: Check) -> None:
    """A row of the table."""
    mark = " FAR" if abs(check.z) >= FAR else ""
    print(
        f"{check.point:45} {check.metric:30} {check.exact:12.7g} {check.simulated:12.7g} "
        f"{check.standard_error:10.2g} {check.z:7.2f}{mark}",
        flush=True,
    )


def main() -> int:
    """Simulate and compare."""
    options = options_of(None)
    points = msgspec.json.decode(options.points.read_bytes(), type=Points).points
    effort = Effort(
        customers=options.customers,
        warm_up=options.warm_up,
        replications=options.replications,
        seed=options.seed,
        many=options.many,
    )
    print(f"{'point':45} {'metric':30} {'exact':>12} {'simulated':>12} {'s.e.':>10} {'z':>7}")
    found: list[Check] = []
    for point in points:
        if point.id.startswith(options.only):
            began = process_time()
            for check in checks(point, effort):
                show(check)
                found.append(check)
            print(f"# {point.id}: {process_time() - began:.0f} s of CPU", file=sys.stderr)
    far = sum(abs(check.z) >= FAR for check in found)
    print(f"{len(found)} metrics, {far} off by {FAR:g} standard errors or more")
    if options.json:
        report = Report(effort.customers, effort.warm_up, effort.replications, effort.seed, found)
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 1 if far or not found else 0


if __name__ == "__main__":
    sys.exit(main())
