"""Networks without a closed form, against Ciw, an independent simulator (extra `bench`)."""

import math
from statistics import fmean, stdev
from typing import Any

import pytest

from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.experiment import Length, simulate
from chatdesk.simulation.laws import Exponential, Fixed, Law, LogNormal
from chatdesk.simulation.scenario import Crew, Kind, Scenario

ciw = pytest.importorskip("ciw", reason="Ciw is not installed: pip install 'chatdesk[bench]'")

CUSTOMERS = 3_000
WARM_UP = 300
RUNS = 10
FAR = 4.0


def theirs(work: Any, patience: Any, agents: int, rate: float) -> list[tuple[float, float]]:
    """Mean wait and share of those who give up, of each run."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=rate)],
        service_distributions=[work],
        reneging_time_distributions=[patience],
        number_of_servers=[agents],
    )
    return [one_of_theirs(network, seed) for seed in range(RUNS)]


def one_of_theirs(network: Any, seed: int) -> tuple[float, float]:
    """One run, by order of arrival, without the warm-up."""
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(WARM_UP + CUSTOMERS + 200, method="Arrive")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    counted = records[WARM_UP : WARM_UP + CUSTOMERS]
    gone = sum(record.record_type == "renege" for record in counted)
    return fmean(record.waiting_time for record in counted), gone / len(counted)


@pytest.mark.parametrize(
    ("work", "their_work", "patience", "their_patience"),
    [
        (
            LogNormal(1.0, 1.2),
            lambda: ciw.dists.Lognormal(-math.log1p(1.44) / 2, math.sqrt(math.log1p(1.44))),
            Exponential(0.5),
            lambda: ciw.dists.Exponential(rate=0.5),
        ),
        (
            Fixed(1.0),
            lambda: ciw.dists.Deterministic(value=1.0),
            Exponential(0.5),
            lambda: ciw.dists.Exponential(rate=0.5),
        ),
    ],
    ids=["log-normal work", "fixed work"],
)
def test_waits_are_those_of_an_independent_simulator(
    work: Law, their_work: Any, patience: Law, their_patience: Any
) -> None:
    """Mean waits and shares of those who give up differ by less than 4 standard errors."""
    agents, rate = 6, 6.0
    kind = Kind(arrivals=Poisson(rate), work=work, patience=patience)
    ours = simulate(
        Scenario(kinds=(kind,), crews=(Crew(agents=agents),)),
        Length(customers=CUSTOMERS, warm_up=WARM_UP, replications=RUNS),
    )
    runs = theirs(their_work(), their_patience(), agents, rate)
    for place, name in enumerate(("mean_wait", "p_abandon")):
        values = [run[place] for run in runs]
        found = ours.figures[name]
        assert found.half_width is not None
        error = math.hypot(found.half_width / 2.262, stdev(values) / math.sqrt(RUNS))
        assert abs(found.value - fmean(values)) < FAR * error
        assert error < 0.1 * found.value
