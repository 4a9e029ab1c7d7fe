"""Results as a picture: the figures of each policy with their intervals (extra `plot`)."""

from collections.abc import Mapping
from pathlib import Path

from chatdesk._extras import require_extra
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.experiment import Result

FORMATS = (".svg", ".png")
SHOWN = ("p_wait", "mean_wait", "p95_wait", "p_abandon", "utilisation", "jain")


def check_plot(path: Path) -> None:
    """Raise `InvalidParameter` or `MissingExtra` before any work is done in vain."""
    if path.suffix.lower() not in FORMATS:
        raise InvalidParameter(f"{path} ends neither in .svg nor in .png: give one of them")
    if not path.absolute().parent.is_dir():
        raise InvalidParameter(f"there is no folder {path.absolute().parent}: make it first")
    require_extra("plot", "matplotlib")


def plot(results: Mapping[str, Result], path: Path) -> None:
    """Write a panel for each figure, a mark with its 95 % interval for each policy."""
    check_plot(path)
    from matplotlib.figure import Figure  # noqa: PLC0415  # a package of an extra

    figure = Figure(figsize=(11, 2.5 + 0.5 * len(results)), layout="constrained")
    panels = figure.subplots(2, len(SHOWN) // 2, sharey=True).flat
    names = list(results)
    for panel, name in zip(panels, SHOWN, strict=True):
        found = [results[policy].figures[name] for policy in names]
        halves = [estimate.half_width or 0.0 for estimate in found]
        places = range(len(names))
        panel.errorbar([e.value for e in found], places, xerr=halves, fmt="o", capsize=4)
        panel.set_yticks(places, names)
        panel.set_title(name)
        panel.margins(y=0.3)
        panel.grid(visible=True, axis="x", alpha=0.3)
    figure.savefig(path)
