"""`chatdesk replay`: a desk's own log with another policy, as a table, JSON or CSV."""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import attrs

from chatdesk.cli_output import Output, print_csv, print_json
from chatdesk.simulation.choosing import policy_named
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import Estimate
from chatdesk.simulation.gate import Gate, parse_gate
from chatdesk.simulation.history import History, read_journal
from chatdesk.simulation.imports import read_archive
from chatdesk.simulation.replay import (
    REPLAY_FIGURES,
    Replay,
    ReplayResult,
    ReplaySettings,
    replay,
)

FAILED = 1
PASSED = 0
MOST_AGENTS = 12
"""Whose speeds a table tells; JSON tells all."""


@attrs.frozen(kw_only=True)
class Source:
    """What to read: the URL of a store, or a file of a form."""

    name: str
    desk: str = "default"
    form: str | None = None

    def read(self) -> History:
        """Raises `InvalidParameter` and `StorageError`."""
        if "://" in self.name:
            return self.journal(self.name)
        path = Path(self.name)
        if not path.is_file():
            raise InvalidParameter(f"there is no file {path}: give a file or a database's URL")
        if self.form is None and path.suffix.lower() in {".db", ".sqlite", ".sqlite3"}:
            return self.journal(f"sqlite:///{path}")
        return read_archive(path, self.form)

    def journal(self, url: str) -> History:
        """The journal of a store's desk."""
        from chatdesk.storage.open import open_store

        path = url.removeprefix("sqlite:///")
        if path != url and not Path(path).is_file():
            raise InvalidParameter(f"there is no file {path}, so no journal to replay")
        store = open_store(url, self.desk)
        try:
            return read_journal(store)
        finally:
            store.close()


def run_replay(
    source: Source,
    settings: ReplaySettings,
    *,
    ran: str | None,
    compared: Sequence[str],
    fail_if: Sequence[str],
    output: Output,
) -> int:
    """Replay and print; 1 when a condition holds. Raises `ModelError`, `StorageError`."""
    gates = [parse_gate(text) for text in fail_if]
    output.check()
    candidates = {name: policy_named(name) for name in compared}
    before = None if ran is None else policy_named(ran)
    found = replay(source.read(), candidates, ran=before, settings=settings)
    failures = [text for gate in gates for text in broken(gate, found)]
    answer(found, failures, output)
    if output.plot is not None:
        plot(found, output.plot)
    return FAILED if failures else PASSED


def broken(gate: Gate, found: Replay) -> list[str]:
    """What is to be said of each policy for which a condition holds: of candidates, if any."""
    ran, *others = found.results
    return [
        f"{result.policy}: {gate.figure} is {result.figures[gate.figure].value:.6g}, and it is to"
        f" fail if {gate.text}"
        for result in others or [ran]
        if gate.holds(result, ran)
    ]


# -- answers -------------------------------------------------------------------------------------


def answer(found: Replay, failures: Sequence[str], output: Output) -> None:
    """Print what was found in the form asked for; failures go to the error stream."""
    if output.json:
        print_json(as_json(found, failures))
    elif output.csv:
        _print_csv(found)
    else:
        _print_tables(found)
    for text in failures:
        print(f"chatdesk: {text}", file=sys.stderr)


def as_json(found: Replay, failures: Sequence[str]) -> dict[str, object]:
    """The whole answer as an object; a figure that is not a number is null."""
    return {
        "chats": found.chats,
        "turned_away": found.turned_away,
        "replications": found.replications,
        "agreement": found.agreement,
        "results": [_flat_result(result) for result in found.results],
        "speeds": found.speeds,
        "notes": found.notes,
        "failures": failures,
    }


def _flat_result(result: ReplayResult) -> dict[str, object]:
    flat: dict[str, object] = {"policy": result.policy}
    for name, estimate in result.figures.items():
        flat[name], flat[f"{name}_ci"] = _plain(estimate)
    for name, estimate in (result.differences or {}).items():
        flat[f"{name}_change"], flat[f"{name}_change_ci"] = _plain(estimate)
    return flat


def _plain(estimate: Estimate) -> tuple[float | None, tuple[float, float] | None]:
    if math.isnan(estimate.value):
        return None, None
    if estimate.low is None or estimate.high is None:
        return estimate.value, None
    return estimate.value, (estimate.low, estimate.high)


def _print_csv(found: Replay) -> None:
    rows = [
        (result.policy, against, figures)
        for result in found.results
        for against, figures in (("", result.figures), ("ran", result.differences or {}))
    ]
    print_csv(
        ("policy", "against", "figure", "value", "low", "high"),
        (
            (policy, against, name, one.value, one.low, one.high)
            for policy, against, figures in rows
            for name, one in figures.items()
        ),
    )


def _print_tables(found: Replay) -> None:
    agreement = found.agreement
    print(
        f"{found.chats:,} chats, {found.turned_away:,} more were turned away; what the log leaves "
        f"open is drawn {found.replications} times"
    )
    for note in found.notes:
        print(f"note: {note}")
    print(
        f"\nThe replay of what ran gives {agreement.same_agent:.1%} the same agent and "
        f"{agreement.same_wait:.1%} the same wait; waits are off by "
        f"{agreement.mean_gap_seconds:.3g} s"
    )
    print(f"{'':>12} {'recorded':>12} {'replayed':>12}")
    for name in REPLAY_FIGURES:
        print(f"{name:>12} {agreement.recorded[name]:>12.6g} {agreement.replayed[name]:>12.6g}")
    fastest = sorted(found.speeds.items(), key=lambda pair: -pair[1])
    shown = ", ".join(f"{agent} {speed:.2f}" for agent, speed in fastest[:MOST_AGENTS])
    print(f"\nagents' speeds, 1 being usual: {shown}{' …' if len(fastest) > MOST_AGENTS else ''}")
    for result in found.results:
        _print_result(result)


def _print_result(result: ReplayResult) -> None:
    changes = result.differences or {}
    heading = f"{'change':>12} {'95 % interval':>27}" if changes else ""
    print(f"\n{result.policy}\n{'':>12} {'estimate':>12} {'95 % interval':>27} {heading}".rstrip())
    for name, one in result.figures.items():
        row = f"{name:>12} {_row(one)} {_row(changes[name]) if changes else ''}"
        print(row.rstrip())


def _row(estimate: Estimate) -> str:
    interval = "" if estimate.low is None else f"{estimate.low:>12.6g} … {estimate.high:>12.6g}"
    return f"{estimate.value:>12.6g} {interval:>27}"


def plot(found: Replay, path: Path) -> None:
    """A panel for each figure, a mark with its interval for each policy (extra `plot`)."""
    from chatdesk.simulation.plots import check_plot, save

    check_plot(path)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 2.5 + 0.5 * len(found.results)), layout="constrained")
    panels = figure.subplots(2, len(REPLAY_FIGURES) // 2, sharey=True).flat
    policies = [result.policy for result in found.results]
    places = range(len(policies))
    for panel, name in zip(panels, REPLAY_FIGURES, strict=True):
        estimates = [result.figures[name] for result in found.results]
        halves = [estimate.half_width or 0.0 for estimate in estimates]
        panel.errorbar([e.value for e in estimates], places, xerr=halves, fmt="o", capsize=4)
        panel.axvline(found.agreement.recorded[name], linestyle=":", color="grey")
        panel.set_yticks(places, policies)
        panel.set_title(name)
        panel.margins(y=0.3)
        panel.grid(visible=True, axis="x", alpha=0.3)
    save(figure, path)
