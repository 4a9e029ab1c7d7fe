"""Conditions on which a pipeline fails."""

import pytest

from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import Estimate
from chatdesk.simulation.gate import parse_gate
from chatdesk.simulation.replay import REPLAY_FIGURES, ReplayResult

RAN = ReplayResult("ran", dict.fromkeys(REPLAY_FIGURES, Estimate(100.0)))
NEW = ReplayResult("new", dict.fromkeys(REPLAY_FIGURES, Estimate(120.0)))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("p95_wait>119", True),
        ("p95_wait > 120", False),
        ("p95_wait>=120", True),
        ("jain<120", False),
        ("jain<=120", True),
        ("mean_wait>ran", True),
        ("mean_wait>1.2*ran", False),
        ("mean_wait>1.1 * ran", True),
        ("p_abandon<12100%", True),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    """A figure is compared with a number, a percentage, or a multiple of what ran."""
    assert parse_gate(text).holds(NEW, RAN) is holds


@pytest.mark.parametrize(
    "text", ["", "p95_wait", "p95_wait=3", "p95_wait>", "wait>3", "jain>5%*ran", "jain>-1"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    """A misspelt condition must not let a pipeline pass."""
    with pytest.raises(InvalidParameter, match=r"condition|known are"):
        parse_gate(text)
