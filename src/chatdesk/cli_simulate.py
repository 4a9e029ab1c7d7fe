"""`chatdesk simulate`: plain arguments in, a table, JSON or CSV out."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from chatdesk.cli_output import Output, end_progress, print_csv, print_json, progress
from chatdesk.rules.disciplines import Priority
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.choosing import discipline_named, policy_named
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.estimates import Estimate
from chatdesk.simulation.experiment import Difference, Length, Result, compare, simulate
from chatdesk.simulation.formulas.checks import count, positive
from chatdesk.simulation.laws import Exponential, Fixed, Law, Never
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.scenario_file import read_scenario

COMPARED_REPLICATIONS = 10


@attrs.frozen(kw_only=True)
class Question:
    """What the command line says; `None` is what it leaves open."""

    agents: int = 10
    capacity: int = 1
    arrival_rate: float | None = None
    service_rate: float = 1.0
    patience_rate: float | None = None
    patience: float | None = None
    """A fixed patience, instead of a rate."""
    agent_rates: tuple[float, ...] | None = None
    """Total rate of an agent with 0, 1, 2, … chats."""
    priorities: tuple[float, ...] | None = None
    """Shares of the arrivals, the most urgent first."""
    policy: str | None = None
    discipline: str | None = None
    scenario: Path | None = None


def run_simulation(
    question: Question, length: Length, *, seed: int, compared: Sequence[str], output: Output
) -> None:
    """Simulate and print. Raises `ModelError`, `ConfigurationError` and `MissingExtra`."""
    output.check()
    scenario = scenario_of(question)
    if compared:
        policies = {name: policy_named(name) for name in compared}
        if length.replications == 1:
            length = attrs.evolve(length, replications=COMPARED_REPLICATIONS)
        total = length.replications * len(policies)
        results, differences = compare(
            scenario, policies, length, seed=seed, progress=progress(sys.stderr, total)
        )
    else:
        shown = question.policy or type(scenario.policy).__name__
        found = simulate(
            scenario, length, seed=seed, progress=progress(sys.stderr, length.replications)
        )
        results, differences = {shown: found}, ()
    answer(results, differences, output)
    if output.plot is not None:
        from chatdesk.simulation.plots import plot

        plot(results, output.plot)


def scenario_of(question: Question) -> Scenario:
    """The scenario in question; raises `ModelError`."""
    if question.scenario is not None:
        scenario = read_scenario(question.scenario)
    elif question.arrival_rate is None:
        raise InvalidParameter("give --arrival-rate, or a scenario file with --scenario")
    else:
        scenario = _plain(question, question.arrival_rate)
    if question.policy is not None:
        scenario = attrs.evolve(scenario, policy=policy_named(question.policy))
    if question.discipline is not None:
        scenario = attrs.evolve(scenario, discipline=discipline_named(question.discipline))
    return scenario


def _plain(question: Question, arrival_rate: float) -> Scenario:
    rates = question.agent_rates
    capacity = question.capacity
    if rates is not None and capacity == 1:
        capacity = max(1, len(rates) - 1)
    crew = Crew(agents=question.agents, capacity=capacity, rates=rates)
    kinds = _kinds(question, arrival_rate)
    if question.priorities is None:
        return Scenario(kinds=kinds, crews=(crew,))
    return Scenario(kinds=kinds, crews=(crew,), discipline=Priority())


def _kinds(question: Question, arrival_rate: float) -> tuple[Kind, ...]:
    work = Exponential(positive("--service-rate", question.service_rate))
    patience = _patience(question)
    positive("--arrival-rate", arrival_rate)
    if question.priorities is None:
        return (Kind(arrivals=Poisson(arrival_rate), work=work, patience=patience),)
    most = len(question.priorities)
    whole = sum(question.priorities)
    return tuple(
        Kind(
            name=f"class{place}",
            arrivals=Poisson(arrival_rate * part / whole if whole else 0.0),
            work=work,
            patience=patience,
            priority=most - place,
        )
        for place, part in enumerate(question.priorities, 1)
    )


def _patience(question: Question) -> Law:
    if question.patience is not None:
        if question.patience_rate is not None:
            raise InvalidParameter("give --patience or --patience-rate, not both")
        return Fixed(question.patience)
    if question.patience_rate is None or question.patience_rate == 0:
        return Never()
    return Exponential(positive("--patience-rate", question.patience_rate))


def length_of(customers: int, warm_up: int | None, replications: int) -> Length:
    """How long to run; raises `InvalidParameter`."""
    return Length(
        customers=count("customers", customers), warm_up=warm_up, replications=replications
    )


# -- answers -------------------------------------------------------------------------------------


def answer(
    results: Mapping[str, Result], differences: Sequence[Difference], output: Output
) -> None:
    """Print the results in the form asked for."""
    end_progress(sys.stderr)
    if output.json:
        print_json(as_json(results, differences))
    elif output.csv:
        _print_csv(results, differences)
    else:
        _print_tables(results, differences)


def as_json(results: Mapping[str, Result], differences: Sequence[Difference]) -> dict[str, object]:
    """One result as a flat object, or several of them and their differences."""
    flat = {name: _flat_result(result) for name, result in results.items()}
    if len(results) == 1:
        name, found = next(iter(flat.items()))
        return {"policy": name, **found}
    return {
        "results": [{"policy": name, **found} for name, found in flat.items()],
        "differences": [
            {"policy": d.policy, "against": d.against, **_flat(d.figures)} for d in differences
        ],
    }


def _flat(figures: Mapping[str, Estimate]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, estimate in figures.items():
        found[name] = estimate.value
        found[f"{name}_ci"] = None if estimate.low is None else [estimate.low, estimate.high]
    return found


def _flat_result(result: Result) -> dict[str, object]:
    return {
        "customers": result.customers,
        "warm_up": result.warm_up,
        "replications": result.replications,
        "method": result.method,
        "customers_per_second": result.customers_per_second,
        **_flat(result.figures),
        "kinds": result.kinds,
        "agents": result.agents,
    }


def _print_csv(results: Mapping[str, Result], differences: Sequence[Difference]) -> None:
    rows = [(name, "", result.figures) for name, result in results.items()]
    rows += [(each.policy, each.against, each.figures) for each in differences]
    print_csv(
        ("policy", "against", "figure", "value", "low", "high"),
        (
            (policy, against, name, one.value, one.low, one.high)
            for policy, against, figures in rows
            for name, one in figures.items()
        ),
    )


def _print_tables(results: Mapping[str, Result], differences: Sequence[Difference]) -> None:
    for name, result in results.items():
        _print_result(name, result)
    for difference in differences:
        print(f"\n{difference.policy} minus {difference.against}, same customers")
        _print_figures(difference.figures)


def _print_result(name: str, result: Result) -> None:
    again = f", {result.replications} times" if result.replications > 1 else ""
    print(
        f"{name}: {result.customers:,} customers after {result.warm_up:,} that do not count{again} "
        f"({result.customers_per_second:,.0f} a second)"
    )
    print(f"{'':>22} {'estimate':>12} {'95 % interval':>27}   by {result.method}")
    _print_figures(result.figures)
    if len(result.kinds) > 1:
        print(f"{'kind':>22} {'customers':>12} {'waits':>8} {'mean wait':>10} {'give up':>8}")
        for kind in result.kinds:
            print(
                f"{kind.name:>22} {kind.customers:>12,} {kind.p_wait:>8.2%} "
                f"{kind.mean_wait:>10.4g} {kind.p_abandon:>8.2%}"
            )


def _print_figures(figures: Mapping[str, Estimate]) -> None:
    for name, found in figures.items():
        interval = "" if found.low is None else f"{found.low:>12.6g} … {found.high:>12.6g}"
        print(f"{name:>22} {found.value:>12.6g} {interval}")
