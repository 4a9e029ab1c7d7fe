"""The options of `chatdesk simulate`; each is described by the sentence below it."""

from pathlib import Path

import attrs
from cyclopts import Parameter

from chatdesk.cli_output import TABLES, Output, names, numbers
from chatdesk.cli_simulate import Question, length_of, run_simulation


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Options:
    """What the command line says."""

    agents: int = 10
    """How many agents."""
    capacity: int = 1
    """Most chats an agent has at once; with --agent-rates, as many as that gives."""
    arrival_rate: float | None = None
    """Customers who come per unit of time."""
    service_rate: float = 1.0
    """Chats that an agent with one chat finishes per unit of time."""
    patience_rate: float | None = None
    """1 / the mean time until a waiting customer gives up; without it nobody does."""
    patience: float | None = None
    """A patience that is the same for all, instead of --patience-rate."""
    agent_rates: str | None = None
    """Total rate of an agent with 0, 1, 2, … chats, such as 0,1,1.6,1.9."""
    priorities: str | None = None
    """Shares of customers by priority, the most urgent first, such as 1,4."""
    policy: str | None = None
    """A policy's name, such as least-busy, or module:Class for your own."""
    discipline: str | None = None
    """first-come, priority, earliest-due or ageing, or module:Class."""
    scenario: Path | None = None
    """A JSON or TOML file that says who comes and who is there."""
    customers: int = 200_000
    """Customers who count, in each replication."""
    warm_up: int | None = None
    """Customers before them who do not count; a twentieth unless said."""
    replications: int = 1
    """Independent runs; intervals of a single one come from batch means."""
    seed: int = 1
    """Another number gives other customers."""
    compare: str | None = None
    """Policies to compare on the same customers, such as least-busy,random."""


DEFAULTS = Options()


def simulate(options: Options = DEFAULTS, output: Output = TABLES) -> None:
    """Simulate a desk with the rules that run it, and say how sure each figure is.

    Rates are per unit of time, whichever you choose; times are in that unit. Two policies with
    the same seed meet the same customers.
    """
    run_simulation(
        question_of(options),
        length_of(options.customers, options.warm_up, options.replications),
        seed=options.seed,
        compared=names(options.compare),
        output=output,
    )


def question_of(options: Options) -> Question:
    """What is asked, with the lists of numbers read."""
    return Question(
        agents=options.agents,
        capacity=options.capacity,
        arrival_rate=options.arrival_rate,
        service_rate=options.service_rate,
        patience_rate=options.patience_rate,
        patience=options.patience,
        agent_rates=numbers("--agent-rates", options.agent_rates),
        priorities=numbers("--priorities", options.priorities),
        policy=options.policy,
        discipline=options.discipline,
        scenario=options.scenario,
    )
