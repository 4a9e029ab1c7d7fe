"""The fast path: the production router and one heap of events."""

import attrs
import pytest

from chatdesk.model.errors import ConfigurationError
from chatdesk.model.ids import AgentId
from chatdesk.model.records import Chat
from chatdesk.rules.disciplines import DISCIPLINES
from chatdesk.rules.policies import AssignmentPolicy, LeastBusy, LongestIdle, PowerOfTwo, RoundRobin
from chatdesk.rules.roster import Staff
from chatdesk.simulation import fast
from chatdesk.simulation.arrivals import Poisson, Recorded
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.fast import EVERY, run_fast
from chatdesk.simulation.laws import Exponential, Fixed, Law, Never, Sample
from chatdesk.simulation.scenario import Crew, Kind, Scenario
from chatdesk.simulation.streams import root
from chatdesk.simulation.visits import Stint, Visits


class Picky(AssignmentPolicy):
    """Lets every third chat wait for one unit of time, whoever is free."""

    def choose(self, chat: Chat, staff: Staff, now: float) -> AgentId | None:
        """The least busy agent, or nobody yet."""
        if chat.line % 3 == 2 and now < chat.queued_at + 1.0:
            return None
        return staff.least_busy(chat)

    def look_again_at(self, chat: Chat, now: float) -> float | None:
        """After one unit of time."""
        at = chat.queued_at + 1.0
        return at if at > now else None


class Nobody(AssignmentPolicy):
    """Has nobody for some of the customers, ever."""

    def choose(self, chat: Chat, staff: Staff, now: float) -> AgentId | None:  # noqa: ARG002
        """Nobody for numbers that end in 5."""
        return None if chat.line % 10 == 5 else staff.longest_idle(chat)


class Always(AssignmentPolicy):
    """Names one agent whether he has room or not."""

    def choose(self, chat: Chat, staff: Staff, now: float) -> AgentId | None:  # noqa: ARG002
        """The first."""
        return "agent-1"


def _recorded(instants: tuple[float, ...], work: Law, patience: Law) -> Kind:
    return Kind(arrivals=Recorded(instants), work=work, patience=patience)


def _columns(visits: Visits) -> tuple[object, ...]:
    return (
        visits.arrived,
        visits.waited,
        visits.ended,
        visits.agents,
        visits.kinds,
        visits.unfinished,
        visits.moved,
    )


# -- by hand -------------------------------------------------------------------------------------


def test_two_agents_and_four_customers_by_hand() -> None:
    """The third gives up before an agent is free, and the fourth is next for the first agent."""
    kind = _recorded((0.0, 1.0, 2.0, 3.0), Fixed(5.0), Fixed(2.5))
    visits = run_fast(Scenario(kinds=(kind,), crews=(Crew(agents=2),)), root(1), 9)
    assert list(visits.arrived) == [0.0, 1.0, 2.0, 3.0]
    assert visits.agents == ["agent-1", "agent-2", None, "agent-1"]
    assert list(visits.waited) == [0.0, 0.0, 2.5, 2.0]
    assert list(visits.ended) == [5.0, 6.0, 4.5, 10.0]


def test_a_chat_that_ends_when_patience_does_is_in_time() -> None:
    """At one instant who came first is first: his chat ends, and the next one still waits."""
    kind = _recorded((0.0, 1.0), Fixed(3.0), Fixed(2.0))
    visits = run_fast(Scenario(kinds=(kind,), crews=(Crew(),)), root(1), 2)
    assert visits.agents == ["agent-1", "agent-1"]
    assert list(visits.waited) == [0.0, 2.0]


def test_speed_shortens_chats() -> None:
    """Half as long with an agent who is twice as fast."""
    kind = _recorded((0.0,), Fixed(5.0), Never())
    visits = run_fast(Scenario(kinds=(kind,), crews=(Crew(speed=2.0),)), root(1), 1)
    assert list(visits.ended) == [2.5]


def test_open_chats_keep_agents_busy_and_are_counted_nowhere() -> None:
    """Who comes first waits until a chat of the start is over."""
    kind = _recorded((1.0,), Fixed(4.0), Never())
    crew = Crew(agents=2, open_chats=1)
    visits = run_fast(Scenario(kinds=(kind,), crews=(crew,)), root(1), 1)
    assert visits.others == [Stint("agent-1", 0.0, 4.0), Stint("agent-2", 0.0, 4.0)]
    assert (list(visits.waited), list(visits.ended)) == ([3.0], [8.0])


def test_customers_who_slow_each_other_down_by_hand() -> None:
    """Two chats of one agent go at three quarters of the speed each, as long as both are open."""
    kind = _recorded((0.0, 1.0), Fixed(2.0), Never())
    crew = Crew(capacity=2, rates=(0.0, 1.0, 1.5))
    visits = run_fast(Scenario(kinds=(kind,), crews=(crew,)), root(1), 2)
    assert list(visits.ended) == pytest.approx([7 / 3, 10 / 3])


# -- the line that is held ----------------------------------------------------------------------

SOME_KINDS = (
    Kind(name="plain", arrivals=Poisson(5.0), work=Exponential(1.0), patience=Exponential(0.5)),
    Kind(
        name="dear",
        arrivals=Poisson(3.0),
        work=Exponential(0.8),
        patience=Exponential(1.0),
        priority=2,
    ),
)
WHOLE_NUMBERS = (
    Kind(
        name="plain",
        arrivals=Recorded(tuple(float(n // 3) for n in range(400))),
        work=Sample((1.0, 2.0, 3.0)),
        patience=Sample((0.0, 1.0, 2.0, 4.0, 9.0)),
    ),
    Kind(
        name="dear",
        arrivals=Recorded(tuple(float(n // 2) for n in range(200))),
        work=Sample((0.0, 1.0, 2.0)),
        patience=Sample((0.0, 1.0, 3.0)),
        priority=1,
    ),
)


@pytest.mark.parametrize("discipline", DISCIPLINES)
@pytest.mark.parametrize(
    "policy", [LeastBusy(), LongestIdle(), RoundRobin(), PowerOfTwo(), Picky()], ids=repr
)
@pytest.mark.parametrize("kinds", [SOME_KINDS, WHOLE_NUMBERS], ids=["chance", "many at once"])
def test_holding_the_line_changes_nothing(
    kinds: tuple[Kind, ...],
    policy: AssignmentPolicy,
    discipline: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Short cuts give what the router gives that keeps the line and hears of who gives up.

    To the last bit, even where many things happen at one instant.
    """
    scenario = Scenario(
        kinds=kinds,
        crews=(Crew(name="a", agents=4), Crew(name="b", agents=2, capacity=2, open_chats=1)),
        policy=policy,
        discipline=DISCIPLINES[discipline],
    )
    held = run_fast(scenario, root(5), 500)
    with monkeypatch.context() as patched:
        patched.setattr(fast, "all_alike", lambda _: False)
        routed = run_fast(scenario, root(5), 500)
    assert _columns(held) == _columns(routed)
    assert held.agents.count(None) > 10


def test_who_is_never_served_is_seen_off_at_the_end() -> None:
    """A customer without patience for whom the policy has nobody leaves with the last event."""
    kind = Kind(arrivals=Poisson(2.0), work=Exponential(1.0))
    scenario = Scenario(kinds=(kind,), crews=(Crew(agents=3),), policy=Nobody())
    visits = run_fast(scenario, root(1), 40)
    gone = [number for number, agent in enumerate(visits.agents) if agent is None]
    assert gone == [5, 15, 25, 35]
    assert {visits.ended[number] for number in gone} == {max(visits.ended)}
    for number in gone:
        assert visits.waited[number] == visits.ended[number] - visits.arrived[number]


# -- what is refused, and what is told -----------------------------------------------------------


def test_an_agent_without_room_is_refused() -> None:
    """A policy that names a full agent is told so, rather than believed."""
    kind = _recorded((0.0, 1.0), Fixed(5.0), Never())
    scenario = Scenario(kinds=(kind,), crews=(Crew(agents=2),), policy=Always())
    with pytest.raises(ConfigurationError, match="'agent-1', who has no room"):
        run_fast(scenario, root(1), 2)


def test_what_only_a_whole_desk_has_is_refused() -> None:
    """Offers are not simulated on the fast path."""
    kind = _recorded((0.0,), Fixed(1.0), Never())
    with pytest.raises(InvalidParameter, match="whole desk"):
        run_fast(Scenario(kinds=(kind,), crews=(Crew(),), offer_seconds=5.0), root(1), 1)


def test_fewer_customers_than_asked_for_leave_no_empty_columns() -> None:
    """A log of three arrivals gives three customers."""
    kind = _recorded((0.0, 1.0, 2.0), Fixed(1.0), Never())
    scenario = Scenario(kinds=(kind,), crews=(Crew(),))
    visits = run_fast(scenario, root(1), 100)
    assert [len(visits), len(visits.agents), len(visits.kinds)] == [3, 3, 3]
    slowing = attrs.evolve(scenario, crews=(Crew(capacity=2, rates=(0.0, 1.0, 1.5)),))
    assert len(run_fast(slowing, root(1), 100)) == 3


def test_progress_is_told_now_and_then() -> None:
    """Once for so many customers, with how many have come."""
    kind = Kind(arrivals=Poisson(1.0), work=Fixed(0.5))
    told: list[int] = []
    run_fast(Scenario(kinds=(kind,), crews=(Crew(),)), root(1), 2 * EVERY + 1, told.append)
    assert told == [0, EVERY, 2 * EVERY]
