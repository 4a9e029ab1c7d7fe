"""The solver of level chains, against direct elimination."""

import math
from collections.abc import Iterator

import pytest

from chatdesk.simulation.errors import TooManyStates
from chatdesk.simulation.formulas.chain import LevelChain
from chatdesk.simulation.formulas.concurrency import Dispatch, Floor, _Moves

State = tuple[int, int]


def _eliminated(chain: LevelChain[tuple[int, ...]]) -> list[float]:
    """Solve a chain by state reduction, which never subtracts (Grassmann, Taksar, Heyman 1985)."""
    size = len(chain.states)
    rates = [[0.0] * size for _ in range(size)]
    for target, sources in enumerate(chain.incoming):
        for source, rate in sources:
            rates[source][target] += rate
    for last in range(size - 1, 0, -1):
        leaving = math.fsum(rates[last][:last])
        for source in range(last):
            rates[source][last] /= leaving
            for target in range(last):
                if target != source:
                    rates[source][target] += rates[source][last] * rates[last][target]
    weights = [1.0]
    for state in range(1, size):
        weights.append(math.fsum(weights[source] * rates[source][state] for source in range(state)))
    whole = math.fsum(weights)
    return [weight / whole for weight in weights]


@pytest.mark.parametrize("dispatch", [Dispatch.LEAST_BUSY, Dispatch.RANDOM, Dispatch.MOST_BUSY])
@pytest.mark.parametrize("arrival_rate", [0.5, 4.0, 9.0])
def test_every_chance_agrees_with_elimination(dispatch: Dispatch, arrival_rate: float) -> None:
    """Even states less likely than 1e-12 have the chance that elimination gives them."""
    floor = Floor(
        agents=5, arrival_rate=arrival_rate, rate_by_level=(0.0, 1.0, 1.6, 1.9), dispatch=dispatch
    )
    moves = _Moves(floor, floor.rate_by_level)
    start: tuple[int, ...] = (5, 0, 0, 0)
    chain = LevelChain.explore(start, moves.climb, moves.fall)
    chain.solve()
    expected = _eliminated(chain)
    assert min(expected) < 1e-3
    assert all(
        math.isclose(chance, right, rel_tol=1e-10)
        for chance, right in zip(chain.chances, expected, strict=True)
    )


def _climb(state: State) -> Iterator[tuple[State, float]]:
    if sum(state) < 20:
        yield (state[0] + 1, state[1]), 1.0
        yield (state[0], state[1] + 1), 1.0


def _fall(state: State) -> Iterator[tuple[State, float]]:
    for place in (0, 1):
        if state[place]:
            lower = (state[0] - 1, state[1]) if place == 0 else (state[0], state[1] - 1)
            yield lower, float(state[place])


def test_states_are_in_the_order_of_their_levels() -> None:
    """Levels are ranges of states with the same number of chats."""
    chain = LevelChain.explore((0, 0), _climb, _fall)
    assert [len(level) for level in chain.levels] == list(range(1, 22))
    assert all(
        sum(chain.states[i]) == level for level, members in enumerate(chain.levels) for i in members
    )


def test_independent_lines_have_independent_chances() -> None:
    """Two endless desks with a common bound have a truncated product of Poisson chances."""
    chain = LevelChain.explore((0, 0), _climb, _fall)
    chain.solve()
    chances = dict(zip(chain.states, chain.chances, strict=True))
    empty = chances[0, 0]
    assert math.isclose(sum(chain.chances), 1.0, rel_tol=1e-12)
    assert math.isclose(chances[3, 2], empty / 12, rel_tol=1e-10)
    assert math.isclose(chances[20, 0], empty / math.factorial(20), rel_tol=1e-10)


def test_more_states_than_allowed_are_refused() -> None:
    """Exploring stops at the bound."""
    with pytest.raises(TooManyStates):
        LevelChain.explore((0, 0), _climb, _fall, most=50)
