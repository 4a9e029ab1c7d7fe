"""Four facts, one shown status."""

from itertools import product

from chatdesk.model.records import AgentSetup
from chatdesk.model.values import Intent, IntentKind, Lease, Status
from chatdesk.rules.availability import can_receive, status
from chatdesk.testing.factories import an_agent

FLAGS = (False, True)


def test_every_combination_of_facts() -> None:
    """A16, B04, C12: the first fact that stands against it is shown; load alone never hides."""
    for there, accepts, on_shift, full, retired in product(FLAGS, repeat=5):
        kind = IntentKind.ACCEPTING if accepts else IntentKind.NOT_ACCEPTING
        agent = an_agent(
            setup=AgentSetup(name="Ada", capacity=2),
            leases=(Lease("web", 1.0),) if there else (),
            intent=Intent(kind),
            on_shift=on_shift,
            load=2 if full else 1,
            retired=retired,
        )
        if retired:
            shown = Status.RETIRED
        elif not there:
            shown = Status.OFFLINE
        elif not accepts:
            shown = Status.NOT_ACCEPTING
        elif not on_shift:
            shown = Status.OFF_SHIFT
        else:
            shown = Status.UNAVAILABLE if full else Status.AVAILABLE
        assert status(agent) is shown
        assert can_receive(agent) is (shown in {Status.AVAILABLE, Status.UNAVAILABLE})


def test_a_maximum_of_none_gets_nothing() -> None:
    """C11: who may hold no chat is not there for visitors."""
    setup = AgentSetup(name="Ada", capacity=0)
    intent = Intent(IntentKind.ACCEPTING)
    agent = an_agent(setup=setup, leases=(Lease("web", 1.0),), intent=intent)
    assert not can_receive(agent)
    assert status(agent) is Status.UNAVAILABLE
