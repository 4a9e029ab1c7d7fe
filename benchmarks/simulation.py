"""How many customers a second does the fast path simulate, with the production router?

M/M/n+M at load 1 with 50 and with 500 agents, patience twice the work, policy least busy. The
reference is a plain loop around `heapq` that does this one model and nothing else; Ciw and SimPy
are measured too when they are installed (extra `bench`).

With Ciw goes the memory of a customer, by `tracemalloc`: what is kept when the run is over and what
happened to each of them can still be asked, and the most that was in use during the run.
"""

import gc
import sys
import tracemalloc
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from importlib.util import find_spec
from random import Random

from _pairs import Report, alternate, arguments, cpu_us, show

from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.fast import run_fast
from chatdesk.simulation.laws import Exponential
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import root

CUSTOMERS = 200_000
PEER_CUSTOMERS = 20_000
PATIENCE_RATE = 0.5
SEED = 1


class Plain:
    """The reference: who has had fewest customers is least busy, and waits are kept."""

    def __init__(self, agents: int, arrival_rate: float, seed: int) -> None:
        self.draw = Random(seed).expovariate
        self.arrival_rate = arrival_rate
        self.idle = [(0, agent) for agent in range(agents)]
        self.line: deque[int] = deque()

    def run(self, customers: int) -> tuple[list[float], int]:
        """The waits, and how many gave up."""
        draw, rate, idle, line = self.draw, self.arrival_rate, self.idle, self.line
        received = [0] * len(idle)
        came, waits, gone = [0.0] * customers, [0.0] * customers, 0
        waiting: set[int] = set()
        heap = [(draw(rate), 0, 0)]
        while heap:
            now, what, who = heappop(heap)
            if what == 0:
                came[who] = now
                if who + 1 < customers:
                    heappush(heap, (now + draw(rate), 0, who + 1))
                if idle:
                    _, agent = heappop(idle)
                    received[agent] += 1
                    heappush(heap, (now + draw(1.0), 1, agent))
                else:
                    line.append(who)
                    waiting.add(who)
                    heappush(heap, (now + draw(PATIENCE_RATE), 2, who))
            elif what == 1:
                while line and line[0] not in waiting:
                    line.popleft()
                if line:
                    first = line.popleft()
                    waiting.discard(first)
                    waits[first] = now - came[first]
                    received[who] += 1
                    heappush(heap, (now + draw(1.0), 1, who))
                else:
                    heappush(idle, (received[who], who))
            elif who in waiting:
                waiting.discard(who)
                waits[who] = now - came[who]
                gone += 1
        return waits, gone


def plain(agents: int) -> float:
    """Microseconds of CPU a customer of the plain loop."""
    loop = Plain(agents, float(agents), SEED)
    return cpu_us(lambda: loop.run(CUSTOMERS), CUSTOMERS)


def scenario_of(agents: int) -> Scenario:
    """The model as the fast path wants it."""
    return Scenario(
        kinds=(
            Kind(
                arrivals=Poisson(float(agents)),
                work=Exponential(1.0),
                patience=Exponential(PATIENCE_RATE),
            ),
        ),
        crews=(Crew(agents=agents),),
    )


def ours(agents: int, customers: int = CUSTOMERS) -> float:
    """Microseconds of CPU a customer of the fast path."""
    scenario = scenario_of(agents)
    return cpu_us(lambda: run_fast(scenario, root(SEED), customers), customers)


def ciw_of(agents: int) -> Callable[[], object]:
    """A run of Ciw, which gives all that it keeps."""
    import ciw  # noqa: PLC0415  # an optional peer

    exponential = ciw.dists.Exponential
    network = ciw.create_network(
        arrival_distributions=[exponential(rate=float(agents))],
        service_distributions=[exponential(rate=1.0)],
        reneging_time_distributions=[exponential(rate=PATIENCE_RATE)],
        number_of_servers=[agents],
    )
    ciw.seed(SEED)
    simulation = ciw.Simulation(network)

    def run() -> object:
        simulation.simulate_until_max_customers(PEER_CUSTOMERS, method="Arrive")
        return simulation

    return run


def with_ciw(agents: int) -> float:
    """Microseconds of CPU a customer of Ciw."""
    return cpu_us(ciw_of(agents), PEER_CUSTOMERS)


def memory(run: Callable[[], object]) -> tuple[float, float]:
    """Bytes a customer that are kept, and the most in use, beyond those before."""
    gc.collect()
    tracemalloc.start()
    kept = run()
    gc.collect()
    after, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return after / PEER_CUSTOMERS, most / PEER_CUSTOMERS


def memory_figures(agents: int) -> dict[str, float]:
    """Our memory beside Ciw's."""
    scenario = scenario_of(agents)
    kept, most = memory(lambda: run_fast(scenario, root(SEED), PEER_CUSTOMERS))
    ciw_kept, ciw_most = memory(ciw_of(agents))
    return {
        f"{agents} agents, bytes kept a customer, Ciw": ciw_kept,
        f"{agents} agents, bytes kept a customer, fast path": kept,
        f"{agents} agents, bytes kept beside Ciw (≤ 0.75)": kept / ciw_kept,
        f"{agents} agents, most bytes in use beside Ciw": most / ciw_most,
    }


def with_simpy(agents: int) -> float:
    """Microseconds of CPU a customer of SimPy."""
    import simpy  # noqa: PLC0415  # an optional peer

    draw = Random(SEED).expovariate
    environment = simpy.Environment()
    desk = simpy.Resource(environment, capacity=agents)
    waits: list[float] = []

    def customer() -> object:
        came = environment.now
        with desk.request() as turn:
            answered = yield turn | environment.timeout(draw(PATIENCE_RATE))
            waits.append(environment.now - came)
            if turn in answered:
                yield environment.timeout(draw(1.0))

    def door() -> object:
        for _ in range(PEER_CUSTOMERS):
            yield environment.timeout(draw(float(agents)))
            environment.process(customer())

    environment.process(door())
    return cpu_us(environment.run, PEER_CUSTOMERS)


PEERS: tuple[tuple[str, Callable[[int], float], dict[int, float]], ...] = (
    ("ciw", with_ciw, {50: 6.0, 500: 20.0}),
    ("simpy", with_simpy, {50: 4.0, 500: 4.0}),
)


def main() -> None:
    """Compare."""
    options = arguments(__doc__ or "")
    rows = []
    for agents in (50, 500):

        def subject(agents: int = agents) -> float:
            return ours(agents)

        def reference(agents: int = agents) -> float:
            return plain(agents)

        rows.append(
            alternate(
                f"{agents} agents, heapq",
                ("a loop around heapq", reference),
                ("fast path", subject),
                pairs=options.pairs,
                goal=0.45,
            )
        )
        for name, peer, goals in PEERS:
            if find_spec(name) is None:
                print(f"{name} is not installed, so it is left out", file=sys.stderr)
                continue

            def other(agents: int = agents, peer: Callable[[int], float] = peer) -> float:
                return peer(agents)

            rows.append(
                alternate(
                    f"{agents} agents, {name}",
                    (name, other),
                    ("fast path", subject),
                    pairs=options.pairs,
                    goal=goals[agents],
                )
            )
    figures: dict[str, float] = {}
    if find_spec("ciw") is not None:
        for agents in (50, 500):
            figures |= memory_figures(agents)
    show(Report("CPU a simulated customer", tuple(rows), figures), options.json)


if __name__ == "__main__":
    main()
