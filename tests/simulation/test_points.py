"""Every metric of every reference point, against the formulas.

`tests/data/queueing/points.json` holds exact results to 12 digits, made independently of this code.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatdesk.simulation.formulas.concurrency import (
    ConcurrentQueue,
    Dispatch,
    Floor,
    concurrent,
)
from chatdesk.simulation.formulas.dispatch import (
    power_of_choices_sojourn,
    random_dispatch_sojourn,
    shortest_of,
    shortest_queue_limit_sojourn,
)
from chatdesk.simulation.formulas.erlang import (
    erlang_a,
    erlang_b,
    erlang_c,
    erlang_c_wait_beyond,
)
from chatdesk.simulation.formulas.patience import fixed_patience
from chatdesk.simulation.formulas.priority import nonpreemptive_priority
from chatdesk.simulation.formulas.sharing import limited_sharing
from chatdesk.simulation.formulas.skills import Pool, skilled
from chatdesk.simulation.formulas.unequal import Preference, unequal

RELATIVE = 1e-9
"""What the formulas promise. Printed digits add up to 5e-12 relative."""


class Point(msgspec.Struct, frozen=True):
    """One reference point."""

    id: str
    model: str
    params: dict[str, Any]
    metrics: dict[str, float]


class Points(msgspec.Struct, frozen=True):
    """The reference file."""

    points: list[Point]


POINTS = msgspec.json.decode(
    (Path(__file__).parents[1] / "data/queueing/points.json").read_bytes(), type=Points
).points


def _fields(result: msgspec.Struct) -> dict[str, float]:
    return msgspec.structs.asdict(result)


def _erlang_c(p: dict[str, Any]) -> dict[str, float]:
    model = p["n"], p["lam"], p["mu"]
    tails = {
        f"p_wait_gt_{name}": erlang_c_wait_beyond(*model, after)
        for name, after in (("1", 1.0), ("0_2", 0.2))
    }
    return _fields(erlang_c(*model)) | tails


def _priority(p: dict[str, Any]) -> dict[str, float]:
    result = nonpreemptive_priority(p["n"], p["lam"], p["mu"])
    waits = enumerate(result.mean_wait_by_class, 1)
    return (
        {f"mean_wait_class{k}": wait for k, wait in waits}
        | {"mean_wait_all": result.mean_wait}
        | {"p_wait": result.p_wait}
    )


def _floor(p: dict[str, Any]) -> Floor:
    leaving = p.get("nu_per_chat_by_level")
    return Floor(
        agents=p["n"],
        arrival_rate=p["lam"],
        rate_by_level=tuple(p["agent_rate_by_level"]),
        abandonment_rate=p["theta"],
        leaving_rate_by_level=None if leaving is None else tuple(leaving),
        dispatch=Dispatch(p["policy"]),
    )


def _concurrency(p: dict[str, Any]) -> dict[str, float]:
    result: ConcurrentQueue = concurrent(_floor(p))
    levels = {f"p_agent_level{k}": share for k, share in enumerate(result.level_shares)}
    named = {"mean_sojourn_admitted_service": result.mean_sojourn_in_service}
    return _fields(result) | levels | named


def _meanfield(p: dict[str, Any]) -> dict[str, float]:
    choices = {
        f"mean_sojourn_po{d}": power_of_choices_sojourn(p["rho"], p["mu"], d) for d in (2, 3, 5)
    }
    return choices | {
        "mean_sojourn_random": random_dispatch_sojourn(p["rho"], p["mu"]),
        "mean_sojourn_jsq_limit": shortest_queue_limit_sojourn(p["mu"]),
    }


def _shortest(p: dict[str, Any]) -> dict[str, float]:
    result = shortest_of(p["n"], p["rho"], p["mu"], p["d"])
    return _fields(result) | {"p_some_server_idle": result.p_some_agent_idle}


def _skills(p: dict[str, Any]) -> dict[str, float]:
    pools = [Pool(name, frozenset(p["skills"][name]), rate) for name, rate in p["mu"].items()]
    result = skilled(p["lam"], pools)
    named = {
        f"{metric}_{name}": value
        for metric in ("p_wait", "mean_wait", "utilisation")
        for name, value in getattr(result, metric).items()
    }
    return named | {"p_all_busy": result.p_all_busy}


def _unequal(p: dict[str, Any]) -> dict[str, float]:
    result = unequal(p["mu"], p["lam"], p["theta"], Preference(p["policy"]))
    agents = {
        f"{metric}_s{i}": value
        for metric in ("utilisation", "share")
        for i, value in enumerate(getattr(result, metric), 1)
    }
    return _fields(result) | agents


MODELS: dict[str, Callable[[dict[str, Any]], dict[str, float]]] = {
    "erlang_b": lambda p: _fields(erlang_b(p["n"], p["lam"], p["mu"])),
    "erlang_c": _erlang_c,
    "erlang_a": lambda p: _fields(erlang_a(p["n"], p["lam"], p["mu"], p["theta"])),
    "mmn_plus_d": lambda p: _fields(fixed_patience(p["n"], p["lam"], p["mu"], p["patience"])),
    "priority_nonpreemptive": _priority,
    "lps_1agent": lambda p: _fields(limited_sharing(p["lam"], p["mu"], p["K"])),
    "chat_concurrency": _concurrency,
    "chat_linear_equals_erlang_a": _concurrency,
    "chat_concurrency_with_service_abandonment": _concurrency,
    "dispatch_meanfield": _meanfield,
    "jsq_exact": _shortest,
    "skills_fcfs_alis": _skills,
    "heterogeneous_servers": _unequal,
}


def _off(point: Point) -> Iterator[str]:
    computed = MODELS[point.model](point.params)
    for name, expected in point.metrics.items():
        if not math.isclose(computed[name], expected, rel_tol=RELATIVE, abs_tol=1e-14):
            yield f"{name}: {computed[name]!r}, not {expected!r}"


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.id)
def test_every_metric_of_a_reference_point_is_reproduced(point: Point) -> None:
    """The formulas give each metric of the point to 1e-9 relative."""
    assert list(_off(point)) == []


def test_every_model_of_the_reference_is_covered() -> None:
    """No model of the reference file is left out, and none is tested in vain."""
    assert {point.model for point in POINTS} == MODELS.keys()
