"""The simulator against queueing theory: a short version of `benchmarks/truth.py`."""

from pathlib import Path

import attrs
import msgspec
import pytest

from chatdesk.simulation.truth import CASES, Check, Effort, Point, Points, cases, checks

POINTS = msgspec.json.decode(
    (Path(__file__).parents[1] / "data/queueing/points.json").read_bytes(), type=Points
).points
BY_ID = {point.id: point for point in POINTS}
FAR = 4.0

SHORT = Effort(customers=800, warm_up=400, replications=20, many=100, seed=7)
SLOW_TO_SETTLE = {"erlang_c-9": 6_000, "erlang_c-1": 1_500}
"""Customers before and after the warm-up's end where the desk forgets slowly."""


def effort_for(point: Point) -> Effort:
    """Short, but longer than the desk's memory."""
    customers = SLOW_TO_SETTLE.get(point.id)
    if customers is None:
        return SHORT
    return attrs.evolve(SHORT, customers=customers, warm_up=customers)


def far(found: list[Check]) -> list[str]:
    """What is not near enough."""
    return [
        f"{c.metric}: {c.simulated:.6g}, not {c.exact:.6g} (z {c.z:.1f})"
        for c in found
        if not abs(c.z) < FAR
    ]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.id)
def test_every_metric_of_a_point_is_met(point: Point) -> None:
    """All metrics are within 4 standard errors of the exact figures, none is left out."""
    found = list(checks(point, effort_for(point)))
    assert {check.metric for check in found} == point.metrics.keys()
    assert far(found) == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.id)
def test_every_metric_of_a_point_is_met_by_six_million_customers(point: Point) -> None:
    """All metrics are within 4 standard errors over 30 replications of 200,000 customers."""
    assert far(list(checks(point, Effort()))) == []


def test_longest_idle_has_the_steady_state_of_random() -> None:
    """Longest idle has the steady state of random (Doroudi and Gopalakrishnan 2013)."""
    random = BY_ID["heterogeneous_servers-1"]
    point = msgspec.structs.replace(random, params={**random.params, "policy": "longest_idle"})
    assert far(list(checks(point, SHORT))) == []


@pytest.mark.parametrize("policy", ["least_busy", "random", "most_busy", "longest_idle"])
def test_without_slowdown_every_policy_has_the_line_of_erlang_a(policy: str) -> None:
    """Chats that do not slow each other wait as in Erlang A, whoever gets them."""
    linear = BY_ID["chat_linear_equals_erlang_a-1"]
    same = ("p_wait", "mean_wait", "p_abandon", "mean_queue", "throughput")
    point = Point(
        linear.id,
        linear.model,
        {**linear.params, "policy": policy},
        {name: linear.metrics[name] for name in same},
    )
    assert far(list(checks(point, SHORT))) == []


def test_a_wrong_figure_is_found() -> None:
    """The check is no formality: a point with a mean wait of half as much again is far off."""
    point = BY_ID["erlang_a-1"]
    wrong = msgspec.structs.replace(point, metrics={"mean_wait": 1.5 * point.metrics["mean_wait"]})
    assert far(list(checks(wrong, SHORT))) != []


def test_every_model_has_a_scenario() -> None:
    """No model of the reference file is left out, and none is kept in vain."""
    assert {point.model for point in POINTS} == {*CASES, "dispatch_meanfield"}
    assert all(next(cases(point, 200)).metrics for point in POINTS)
