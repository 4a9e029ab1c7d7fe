"""A candidate policy beside the live one."""

# ruff: noqa: ARG002  # a rule is handed all that any rule of its kind may want

from collections.abc import Iterator

import attrs
import pytest

from chatdesk.model import commands as c
from chatdesk.model.errors import StoreUnavailable
from chatdesk.model.records import AgentSetup, Chat, QueueSetup
from chatdesk.model.values import QueueMode, visitor
from chatdesk.rules.policies import POLICIES, AssignmentPolicy, LeastBusy, LongestIdle
from chatdesk.rules.roster import Staff
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.shadow import Shadow
from chatdesk.storage.memory import MemoryStore
from chatdesk.testing.driver import Driver
from tests.runtime.shop import ANA, BO, SHOP, FaultyStore, ManualClock, ask, open_shop
from tests.simulation.journals import Shop


@attrs.frozen
class Nobody(AssignmentPolicy):
    """Lets everybody wait."""

    def choose(self, chat: Chat, staff: Staff, now: float) -> str | None:
        """Nobody."""
        return None


@attrs.frozen
class Broken(AssignmentPolicy):
    """Raises, or names a stranger."""

    stranger: bool = False

    def choose(self, chat: Chat, staff: Staff, now: float) -> str | None:
        """Raises."""
        if self.stranger:
            return "stranger"
        raise ZeroDivisionError("no agents")


def a_day(policy: str, candidate: AssignmentPolicy, *, each: bool) -> Shadow:
    """A day of a desk, followed command by command or read afterwards."""
    shop = Shop(seed=2)
    shadow = Shadow(shop.store, candidate)
    shadow.catch_up()
    agents = {
        name: AgentSetup(name=name, queues=("sales",), capacity=2, languages=("fr",))
        for name in ("ana", "bo", "cy")
    }
    shop.open(agents, {"sales": QueueSetup(name="Sales", policy=policy)})
    shop.plan(500.0, "away", "ana")
    shop.plan(1_500.0, "back", "ana")
    if each:
        shop.after_each = shadow.catch_up
    shop.day(80, every=40.0, work=220.0, patience=120.0)
    shadow.catch_up()
    return shadow


@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_live_policy_agrees_with_itself(name: str, *, each: bool) -> None:
    """Its own shadow decides alike, close behind and far behind, for every built-in policy."""
    tally = a_day(name, POLICIES[name](), each=each).tally
    assert tally.decisions > 60
    assert (tally.same, tally.errors) == (tally.decisions, 0)


def test_differences_are_counted_and_explained() -> None:
    """Another policy decides otherwise here and there, and each time the facts are kept."""
    shadow = a_day("least_busy", LongestIdle(), each=True)
    tally = shadow.tally
    assert tally.other_agent == len(shadow.differences) > 0
    assert tally.same + tally.other_agent == tally.decisions
    assert tally.share_same == tally.same / tally.decisions
    last = shadow.differences[-1]
    assert last.live is not None
    assert last.candidate is not None
    assert last.candidate.place < last.live.place
    assert "the candidate prefers" in last.why
    assert "idle for longer" in last.why


def test_a_policy_that_waits_and_one_that_does_not() -> None:
    """Who would let wait what was assigned is told apart from who would assign what waits."""
    waits = a_day("least_busy", Nobody(), each=False)
    assert waits.tally.would_wait == waits.tally.decisions > 0
    assert "lets it wait" in waits.differences[0].why


def test_what_was_let_wait_would_be_assigned(store: MemoryStore, clock: ManualClock) -> None:
    """A live policy that holds chats back differs from a candidate that gives them out."""
    with ChatDesk(store, clock=clock, policies={"nobody": Nobody()}) as desk:
        open_shop(desk)
        setup = QueueSetup(name="Sales", policy="nobody")
        desk.execute(c.SaveQueue(queue="sales", setup=setup), by=SHOP)
        shadow = Shadow(store, LeastBusy())
        shadow.catch_up()
        ask(desk)
        tally = shadow.catch_up()
    assert (tally.would_assign, tally.decisions) == (1, 1)
    assert "was let wait" in shadow.differences[0].why


@pytest.mark.parametrize("stranger", [True, False])
def test_a_broken_candidate_harms_nobody(*, stranger: bool) -> None:
    """Its errors are counted and the last one kept; the live desk has served everybody."""
    tally = a_day("least_busy", Broken(stranger=stranger), each=True).tally
    assert (tally.decisions, tally.same) == (0, 0)
    assert tally.errors > 60
    assert tally.last_error is not None
    assert ("stranger" if stranger else "ZeroDivisionError") in tally.last_error


def test_offers_are_decisions_too(store: MemoryStore, clock: ManualClock) -> None:
    """A13: in an offer queue the offer is compared, and who declined is no candidate again."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, mode=QueueMode.OFFER)
        shadow = Shadow(store, LeastBusy())
        shadow.catch_up()
        chat = ask(desk).chat
        offered = store.load().records
        first = next(
            one for one in offered if getattr(one, "chat", None) == chat and one.id == f"{chat}.1"
        )
        who = ANA if getattr(first, "agent", None) == ANA.id else BO
        desk.execute(c.DeclineOffer(chat=chat, epoch=1), by=who)
        other = BO if who == ANA else ANA
        desk.execute(c.AcceptOffer(chat=chat, epoch=2), by=other)
        tally = shadow.catch_up()
    assert (tally.decisions, tally.same) == (2, 2)


@pytest.fixture
def beside(desk: ChatDesk) -> Iterator[Shadow]:
    """A shadow in its own thread beside an open shop."""
    with Shadow.beside(desk, LongestIdle(), every=0.01) as shadow:
        yield shadow


def test_a_thread_follows_a_running_desk(desk: ChatDesk, beside: Shadow) -> None:
    """Beside a desk a shadow needs nothing but a start and a stop, and misses nothing."""
    for number in range(4):
        ask(desk, visitor(f"v{number}"))
    tally = beside.stop()
    assert beside.revision == desk.revision
    assert tally.decisions + tally.errors <= 4
    assert beside.stop() == tally


def test_a_store_that_cannot_be_read_is_tried_again() -> None:
    """A shadow outlives a database's bad moment."""
    shop = Shop()
    store = FaultyStore(shop.store)
    shadow = Shadow(store, LeastBusy())
    shadow.catch_up()
    store.on_read.append(StoreUnavailable("gone"))
    with pytest.raises(StoreUnavailable):
        shadow.catch_up()
    store.on_read.append(StoreUnavailable("gone"))
    shadow.start(0.01)
    shop.open({"ana": AgentSetup(name="Ana")}, {})
    shadow.stop()
    assert shadow.revision == shop.store.head()


@pytest.mark.parametrize("seed", range(3))
def test_wild_desks_are_followed(seed: int) -> None:
    """Whatever happens on a desk, a shadow follows it to its end without an error."""
    driver = Driver(seed, check_every=None)
    driver.set_up()
    shadow = Shadow(driver.store, LeastBusy())
    for _ in range(40):
        driver.steps(10)
        shadow.catch_up()
    assert shadow.revision == driver.store.head()
    assert shadow.tally.errors == 0
    assert shadow.tally.decisions > 0
