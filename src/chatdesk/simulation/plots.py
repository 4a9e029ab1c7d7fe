"""Results and plans as pictures (extra `plot`)."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from chatdesk._extras import require_extra
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.experiment import Result
from chatdesk.simulation.planning import LimitChoice, Staffing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".svg", ".png")
SHOWN = ("p_wait", "mean_wait", "p95_wait", "p_abandon", "utilisation", "jain")


def check_plot(path: Path) -> None:
    """Raise `InvalidParameter` or `MissingExtra` before any work is done in vain."""
    if path.suffix.lower() not in FORMATS:
        raise InvalidParameter(f"{path} ends neither in .svg nor in .png: give one of them")
    if not path.absolute().parent.is_dir():
        raise InvalidParameter(f"there is no folder {path.absolute().parent}: make it first")
    if path.is_dir():
        raise InvalidParameter(f"{path} is a folder: give the name of a file")
    require_extra("plot", "matplotlib")


def save(figure: "Figure", path: Path) -> None:
    """Write a figure; raises `InvalidParameter` where the system does not allow it."""
    try:
        figure.savefig(path)
    except OSError as error:
        raise InvalidParameter(f"cannot write {path}: {error.strerror or error}") from error


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
    save(figure, path)


# -- plans ---------------------------------------------------------------------------------------


def plot_hours(plan: Sequence[Staffing], title: str, path: Path) -> None:
    """Write agents by hour as steps, and chats an hour as a line through the middle of each."""
    figure, panel = _panel(path)
    hours = range(len(plan))
    agents = [hour.agents for hour in plan]
    panel.stairs(agents, range(len(plan) + 1), fill=True, alpha=0.3, label="agents")
    panel.set(title=title, xlabel="hour", ylabel="agents", xlim=(0, len(plan)))
    panel.set_ylim(0, 1.15 * max(1, *agents))
    panel.locator_params(axis="both", integer=True)
    chats = panel.twinx()
    load = [hour.demand.chats_per_hour for hour in plan]
    chats.plot([hour + 0.5 for hour in hours], load, "o-", color="C1", label="chats")
    chats.set_ylabel("chats an hour")
    chats.set_ylim(0, 1.15 * max(1, *load))
    figure.legend(loc="outside lower center", ncols=2)
    save(figure, path)


def plot_drain(
    curve: Mapping[float, float], stops: Mapping[float, float], title: str, path: Path
) -> None:
    """Write the chance that all chats have ended, by minutes since the last was taken.

    `curve` gives the chance for minutes; `stops` are the points that were asked for.
    """
    figure, panel = _panel(path)
    panel.plot(list(curve), list(curve.values()))
    panel.plot(list(stops), list(stops.values()), "o", color="C1")
    for minutes, chance in stops.items():
        panel.annotate(
            f"{chance:.3g}: {ceil(minutes)} min",
            (minutes, chance),
            xytext=(6, -12),
            textcoords="offset points",
        )
    panel.set(title=title, xlabel="minutes", ylabel="chance that all have ended")
    panel.set_ylim(0, 1.05)
    panel.set_xlim(left=0)
    save(figure, path)


def plot_limit(choice: LimitChoice, title: str, path: Path) -> None:
    """Write the burden an hour by the limit of chats at once, the best one marked."""
    figure, panel = _panel(path)
    limits = [option.limit for option in choice.options]
    panel.plot(limits, [option.burden_per_hour for option in choice.options], "o-")
    best = choice.best
    panel.plot([best.limit], [best.burden_per_hour], "o", color="C1", markersize=12, label="best")
    panel.set(title=title, xlabel="limit of chats at once", ylabel="burden an hour")
    panel.set_xticks(limits)
    panel.set_ylim(bottom=0)
    panel.legend()
    save(figure, path)


def _panel(path: Path) -> "tuple[Figure, Axes]":
    check_plot(path)
    from matplotlib.figure import Figure  # noqa: PLC0415  # a package of an extra

    figure = Figure(figsize=(9, 4.5), layout="constrained")
    panel = figure.subplots()
    panel.grid(visible=True, alpha=0.3)
    return figure, panel
