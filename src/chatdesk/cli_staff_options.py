"""The options of `chatdesk staff`; each is described by the sentence below it."""

import attrs
from cyclopts import App, Parameter

from chatdesk.cli_output import TABLES, Flag, Output, numbers
from chatdesk.cli_staff import Check, Handling, run_drain, run_hours, run_limit
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.plan_check import CUSTOMERS
from chatdesk.simulation.planning import Burden, CostModel, parse_target

FREE = CostModel(agent_hour=0.0)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Chats:
    """How chats are worked off."""

    handle_seconds: float
    """Mean time a chat takes an agent who has no other."""
    agent_rates: str = "0,1"
    """Total rate of an agent with 0, 1, 2, … chats against one alone, such as 0,1,1.6,1.9; its
    length says how many an agent may have at once."""

    def handling(self, patience_seconds: float | None = None) -> Handling:
        """The same with the list read; raises `InvalidParameter`."""
        rates = numbers("--agent-rates", self.agent_rates)
        return Handling(
            seconds=self.handle_seconds, rates=rates or (), patience_seconds=patience_seconds
        )


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Costs:
    """What a desk pays, in one currency."""

    agent_hour: float | None = None
    """What an agent is paid an hour; with it the cost of each hour and of the whole is told."""
    paid_share_at_desk: float = 1.0
    """The part of paid time spent at the desk; the rest is breaks and training."""
    overhead_per_chat: float = 0.0
    """What a finished chat costs besides: software, telephone."""
    lost_chat: float = 0.0
    """What is lost with a customer who gives up."""

    def model(self) -> CostModel | None:
        """The same for the formulas; raises `InvalidParameter` when there is half of it."""
        found = CostModel(
            agent_hour=self.agent_hour or 0.0,
            paid_share_at_desk=self.paid_share_at_desk,
            overhead_per_chat=self.overhead_per_chat,
            lost_chat=self.lost_chat,
        )
        if self.agent_hour is not None:
            return found
        if found != FREE:
            raise InvalidParameter("costs are told with --agent-hour only: give it too, or 0")
        return None


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Verify:
    """Whether to hold the plan against a simulation."""

    check: Flag = False
    """Simulate each hour with the production routing code, and tell where that does not agree."""
    customers: int = CUSTOMERS
    """With --check, simulated customers who count in each hour."""
    seed: int = 1
    """With --check, another number gives other customers."""

    def wanted(self) -> Check | None:
        """How to check, if at all."""
        return Check(customers=self.customers, seed=self.seed) if self.check else None


NO_COSTS = Costs()
UNCHECKED = Verify()


def hours(
    chats_per_hour: tuple[float, ...] = (),
    *,
    chats: Chats,
    target: str = "80% in 20s",
    patience_seconds: float | None = None,
    costs: Costs = NO_COSTS,
    verify: Verify = UNCHECKED,
    output: Output = TABLES,
) -> None:
    """Print the fewest agents for each hour that meet the target.

    Parameters
    ----------
    chats_per_hour
        How many chats come in each hour, such as 60 120 90.
    target
        What each hour must reach: '80% in 20s' of all customers answered, 'ASA<=30s' the mean wait
        of the answered, or 'abandon<=3%'.
    patience_seconds
        Mean time after which a waiting customer gives up; without it nobody does.
    """
    run_hours(
        chats_per_hour,
        chats.handling(patience_seconds),
        parse_target(target),
        costs=costs.model(),
        check=verify.wanted(),
        output=output,
    )


def drain(
    open_chats: tuple[int, ...] = (),
    *,
    chats: Chats,
    probabilities: str = "0.5,0.9,0.95,0.99",
    output: Output = TABLES,
) -> None:
    """Print how long before the end of a shift to stop taking chats.

    Parameters
    ----------
    open_chats
        How many chats each agent has when they stop, such as 3 2 3.
    probabilities
        How sure to be that all chats have ended by then.
    """
    wanted = numbers("--probabilities", probabilities)
    run_drain(open_chats, chats.handling(), wanted or (), output=output)


def limit(  # noqa: PLR0913  # one parameter for each option
    chats_per_hour: float,
    agents: int,
    *,
    chats: Chats,
    patience_seconds: float | None = None,
    lost_chat: float,
    served_second: float = 0.0,
    most_slowdown: float | None = None,
    output: Output = TABLES,
) -> None:
    """Print what each limit of chats at once leads to, and mark the best.

    Parameters
    ----------
    chats_per_hour
        How many chats come in an hour.
    agents
        How many agents there are.
    patience_seconds
        Mean time after which a waiting customer gives up; without it nobody does.
    lost_chat
        How many seconds of waiting a customer who gives up counts as much as.
    served_second
        What a second of being served counts against a second of waiting: the weight of slow
        replies.
    most_slowdown
        Leave out limits at which a full agent's chat takes more than this many times as long.
    """
    burden = Burden(lost_chat=lost_chat, waited_second=1.0, served_second=served_second)
    run_limit(
        chats_per_hour,
        agents,
        chats.handling(patience_seconds),
        burden,
        most_slowdown=most_slowdown,
        output=output,
    )


app = App(
    name="staff",
    help="Plan how many agents are needed, from exact queueing formulas.\n\n"
    "Without a command it does what `hours` does.",
    default_parameter=Parameter(consume_multiple=True, negative=()),
)
app.default(hours)
app.command(hours, name="hours")
app.command(drain)
app.command(limit)
