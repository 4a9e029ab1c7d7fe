"""The staffing tables of the command line."""

import pytest

from chatdesk.cli_staff import drain, limit, staff
from chatdesk.simulation.errors import InvalidTarget


def test_staff_prints_a_row_an_hour_and_the_cost(capsys: pytest.CaptureFixture[str]) -> None:
    """Each hour has its row, an empty one with no agents, and the cost follows when asked for."""
    staff([0, 60, 120], handle_seconds=300, patience_seconds=120, agent_hour=20)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[1].split()[:3] == ["0", "0", "0"]
    assert lines[4].startswith("cost ")


def test_staff_marks_hours_that_are_not_exact(capsys: pytest.CaptureFixture[str]) -> None:
    """A floor too large for its exact chain is marked, and the mark explained."""
    staff([1500], handle_seconds=300, patience_seconds=120, speeds=(1.0, 1.6, 1.9))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("~")
    assert lines[2].startswith("~ ")


def test_staff_refuses_an_unreadable_target() -> None:
    """A wrong target is refused before anything is printed."""
    with pytest.raises(InvalidTarget):
        staff([60], handle_seconds=300, target="soon")


def test_drain_prints_longer_times_for_more_certainty(capsys: pytest.CaptureFixture[str]) -> None:
    """B05: the surer one wants to be, the earlier one stops."""
    drain([3, 2], handle_seconds=300, speeds=(1.0, 1.6, 1.9))
    rows = capsys.readouterr().out.splitlines()[1:]
    minutes = [int(row.split()[1]) for row in rows]
    assert len(minutes) == 4
    assert minutes == sorted(minutes)


def test_limit_marks_one_best(capsys: pytest.CaptureFixture[str]) -> None:
    """C14: every limit has a row and exactly one is best."""
    speeds = (1.0, 1.6, 1.9)
    limit(60, 4, handle_seconds=300, speeds=speeds, patience_seconds=120, lost_chat=600)
    rows = capsys.readouterr().out.splitlines()[1:]
    assert len(rows) == 3
    assert sum(row.endswith(" best") for row in rows) == 1
