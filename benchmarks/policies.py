"""What does each built-in policy make of a dozen desks?

Every policy meets the same customers. The figures are what they met: waits, who gave up, how long
chats took from coming to leaving, how evenly the agents were given chats (Jain's index), and how
much of the agents' time an answered chat cost.

`--page FILE` writes the page of results, with its pictures beside it, for the documentation.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean

import msgspec
from _policy_page import write_page
from _policy_scenarios import Desk, desks

from chatdesk.rules.advanced import MostGain
from chatdesk.rules.policies import POLICIES, AssignmentPolicy
from chatdesk.simulation.estimates import Estimate, paired, replicated
from chatdesk.simulation.measures import busy_between, measure, quantile, span
from chatdesk.simulation.visits import Visits

WARM_UP = 20  # a twentieth of the customers do not count
AGAINST = ("least_busy", "longest_idle")
TOLD = "most_gain, told"
ABOUT = "most_gain, about"
OFF = 1.25
GRAINS = (0.0, 0.1, 0.3, 0.6, 1.0, 2.0, 4.0)
FRONTIERS = ("unequal agents", "unequal, slowing", "skills and speeds")
FIGURES = ("mean_wait", "p95_wait", "p_abandon", "mean_sojourn", "jain", "busy_per_chat", "kept")


class Row(msgspec.Struct, frozen=True):
    """A policy on a desk."""

    desk: str
    policy: str
    figures: Mapping[str, Estimate]
    waits: tuple[float, ...]
    """Of hundred customers, in order: every hundredth of the distribution."""
    changes: Mapping[str, Mapping[str, Estimate]] = {}
    """Against each of the two usual policies, on the same customers."""


class Results(msgspec.Struct, frozen=True):
    """All that was found."""

    customers: int
    replications: int
    desks: Mapping[str, str]
    rows: tuple[Row, ...]
    frontier: tuple[Row, ...]


def policies_for(desk: Desk) -> dict[str, AssignmentPolicy]:
    """The built-in ones, and `MostGain` with what is known of the desk."""
    found = {name: make() for name, make in POLICIES.items()}
    return {**found, TOLD: told(desk), ABOUT: about(desk)}


def told(desk: Desk, grain: float = 0.1) -> MostGain:
    """`MostGain` that knows speeds and rates; where nothing slows down, that too."""
    return MostGain(speeds=desk.speeds, rates=desk.rates or (0.0, 1.0, 2.0), grain=grain)


def about(desk: Desk) -> MostGain:
    """`MostGain` that believes each agent a quarter faster or slower than he is, and no rates."""
    wrong = (OFF, 1 / OFF)
    seats = enumerate(desk.scenario.seats)
    return MostGain(speeds={agent: crew.speed * wrong[n % 2] for n, (agent, crew) in seats})


Once = tuple[dict[str, float], list[float]]


def once(desk: Desk, policy: AssignmentPolicy, number: int, count: int) -> Once:
    """One replication: its figures and its waits."""
    visits = desk.run(policy, number, count)
    at = span(visits, count // WARM_UP, len(visits))
    busy = busy_between(visits, desk.scenario, [at])[0]
    figures = msgspec.structs.asdict(measure(visits, desk.scenario, at, busy))
    answered = (at.last - at.first) * (1 - figures["p_abandon"])
    spent = busy.share * len(desk.scenario.agents) * at.length
    figures["busy_per_chat"] = spent / answered if answered else math.nan
    figures["kept"] = kept(visits, desk.wishes(number, count))
    return figures, list(visits.waited[at.first : at.last])


def kept(visits: Visits, wishes: Sequence[str | None]) -> float:
    """The share of those answered who wished for an agent and got him."""
    pairs = zip(wishes, visits.agents, strict=False)
    answers = [wish == agent for wish, agent in pairs if wish is not None and agent is not None]
    return fmean(answers) if answers else math.nan


def run_desk(task: tuple[str, int, int]) -> tuple[list[Row], list[Row]]:
    """All policies on one desk, and where it is asked for, the frontier."""
    name, count, replications = task
    desk = next(one for one in desks() if one.name == name)
    runs = {
        policy_name: [once(desk, policy, number, count) for number in range(replications)]
        for policy_name, policy in policies_for(desk).items()
    }
    rows = [row(desk.name, policy, runs) for policy in runs]
    if name not in FRONTIERS:
        return rows, []
    grains = {
        f"{grain:g}": [once(desk, told(desk, grain), n, count) for n in range(replications)]
        for grain in GRAINS
    }
    return rows, [row(desk.name, grain, grains) for grain in grains]


def row(desk: str, policy: str, runs: Mapping[str, Sequence[Once]]) -> Row:
    """What one policy's replications come to, alone and against the usual ones."""
    ours = runs[policy]
    changes = {
        other: {name: _change(ours, runs[other], name) for name in FIGURES}
        for other in AGAINST
        if other in runs and other != policy
    }
    waits = [wait for _, waits in ours for wait in waits]
    return Row(
        desk=desk,
        policy=policy,
        figures={name: replicated([found[name] for found, _ in ours]) for name in FIGURES},
        waits=tuple(quantile(waits, share / 100) for share in range(1, 101)),
        changes=changes,
    )


def _change(ours: Sequence[Once], theirs: Sequence[Once], name: str) -> Estimate:
    return paired([one[name] for one, _ in ours], [one[name] for one, _ in theirs])


def run_all(count: int, replications: int, processes: int, only: Sequence[str]) -> Results:
    """Every policy on every desk."""
    chosen = [desk for desk in desks() if not only or desk.name in only]
    tasks = [(desk.name, count, replications) for desk in chosen]
    if processes == 1:
        found = list(map(run_desk, tasks))
    else:
        with Pool(processes) as pool:
            found = pool.map(run_desk, tasks, chunksize=1)
    return Results(
        customers=count,
        replications=replications,
        desks={desk.name: desk.story for desk in chosen},
        rows=tuple(one for rows, _ in found for one in rows),
        frontier=tuple(one for _, rows in found for one in rows),
    )


def show(results: Results) -> None:
    """The table."""
    for desk, story in results.desks.items():
        print(f"\n{desk}: {story}")
        print(f"{'':>18}{'wait':>8}{'95 %':>8}{'gave up':>9}{'stay':>7}{'Jain':>7}{'busy':>7}")
        for one in (one for one in results.rows if one.desk == desk):
            f = {name: estimate.value for name, estimate in one.figures.items()}
            print(
                f"{one.policy:>18}{f['mean_wait']:>8.2f}{f['p95_wait']:>8.1f}"
                f"{f['p_abandon']:>9.2%}{f['mean_sojourn']:>7.0f}{f['jain']:>7.3f}"
                f"{f['busy_per_chat']:>7.0f}"
            )


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=8_000, help="in each replication")
    parser.add_argument("--replications", type=int, default=8)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="desks, by name")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path, help="a .md file")
    options = parser.parse_args()
    if options.replications < 2 or options.customers < 100:
        parser.error("give at least 2 replications of 100 customers")
    results = run_all(options.customers, options.replications, options.processes, options.only)
    show(results)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    if options.page:
        write_page(results, options.page)


if __name__ == "__main__":
    main()
