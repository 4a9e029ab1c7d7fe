"""Estimates of the wait."""

import pytest

from chatdesk.rules.waits import HANDLING_WEIGHT, average, expected_wait


@pytest.mark.parametrize(
    ("position", "slots", "handling", "expected"),
    [
        (1, 1, 300.0, 300.0),
        (4, 2, 300.0, 600.0),
        (1, 10, 300.0, 30.0),
        (1, 0, 300.0, None),
        (1, 5, None, None),
    ],
)
def test_the_expected_wait(
    position: int, slots: int, handling: float | None, expected: float | None
) -> None:
    """E08: it grows with the place in line and shrinks with the slots; unknown is None."""
    assert expected_wait(position, slots, handling) == expected


def test_the_average_follows_what_happens() -> None:
    """E08: it begins with the first and moves towards the latest."""
    assert average(None, 100.0) == 100.0
    assert average(100.0, 200.0) == 100.0 + 100.0 * HANDLING_WEIGHT
    value: float | None = None
    for seconds in [50.0] * 10 + [400.0] * 300:
        value = average(value, seconds)
    assert value == pytest.approx(400.0, abs=0.01)
