"""Pictures of results and plans."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.planning import (
    Burden,
    Demand,
    agents_needed,
    best_limit,
    parse_target,
)
from chatdesk.simulation.plots import check_plot, plot_drain, plot_hours, plot_limit

TARGET = parse_target("80% in 20s")
BUSY = Demand(chats_per_hour=60, handle_seconds=300, speed_by_level=(0.0, 1.0, 1.6))


def width_of_svg(path: Path) -> str | None:
    """Of a file that must be well-formed XML and an SVG."""
    found = ET.parse(path).getroot()  # noqa: S314  # a file of our own
    assert found.tag == "{http://www.w3.org/2000/svg}svg"
    return found.get("width")


def test_a_single_empty_hour_is_drawn(tmp_path: Path) -> None:
    """Nothing to divide by, and no height, is no reason to fail or to warn."""
    nobody = Demand(chats_per_hour=0, handle_seconds=300)
    plot_hours([agents_needed(nobody, TARGET)], "none", tmp_path / "none.svg")
    assert width_of_svg(tmp_path / "none.svg")


def test_a_day_is_drawn(tmp_path: Path) -> None:
    """Agents and chats of 24 hours."""
    hours = [Demand(chats_per_hour=4 * hour, handle_seconds=300) for hour in range(24)]
    plot_hours([agents_needed(hour, TARGET) for hour in hours], "a day", tmp_path / "day.svg")
    assert width_of_svg(tmp_path / "day.svg")


def test_one_limit_and_one_moment_are_drawn(tmp_path: Path) -> None:
    """A single point has neither width nor height."""
    alone = Demand(chats_per_hour=60, handle_seconds=300, patience_seconds=60)
    plot_limit(best_limit(alone, 4, Burden(lost_chat=1)), "one", tmp_path / "one.svg")
    plot_drain({0.0: 0.0, 5.0: 0.6}, {4.0: 0.5}, "one", tmp_path / "drain.svg")
    assert width_of_svg(tmp_path / "one.svg") == width_of_svg(tmp_path / "drain.svg")


def test_what_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """The message says what to give instead."""
    for path, told in (
        (tmp_path / "x.pdf", "give one of them"),
        (tmp_path / "no" / "x.svg", "make it first"),
    ):
        with pytest.raises(InvalidParameter, match=told):
            check_plot(path)
    (tmp_path / "x.svg").mkdir()
    with pytest.raises(InvalidParameter, match="give the name of a file"):
        check_plot(tmp_path / "x.svg")
