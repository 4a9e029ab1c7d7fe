"""The one place that takes turns, and what it does when they fail."""

from threading import Barrier, Event, Thread

import attrs
import pytest

from chatdesk.model import commands as c
from chatdesk.model.errors import (
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    StoreUnavailable,
    TurnLost,
    TurnTimeout,
)
from chatdesk.model.events import ChatOpened, PolicyFailed
from chatdesk.model.ids import AgentId, Instant
from chatdesk.model.records import Chat, QueueSetup
from chatdesk.model.values import ChatState, visitor
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.roster import Staff
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.committer import Timing
from chatdesk.storage.memory import MemoryStore
from tests.runtime.shop import (
    ANA,
    QUICK,
    SHOP,
    ZOE,
    FaultyStore,
    ManualClock,
    ask,
    asking,
    open_shop,
    rows,
)


def opened(store: MemoryStore) -> int:
    """How many chats the journal says were opened."""
    events = (event for change in store.changes(0, limit=10**6) for event in change.events)
    return sum(isinstance(event, ChatOpened) for event in events)


# -- group commit --------------------------------------------------------------------------------


def test_one_turn_serves_all_who_wait(desk: ChatDesk, store: MemoryStore) -> None:
    """Fifty callers who wait while another holds the turn are served by one commit."""
    before = store.head()
    with store.turn(before, timeout=1):
        threads = [Thread(target=ask, args=(desk, visitor(f"v{n}"))) for n in range(50)]
        for thread in threads:
            thread.start()
        until_queued(desk, 50)
    for thread in threads:
        thread.join()
    assert opened(store) == 50
    assert store.head() == before + 1


def until_queued(desk: ChatDesk, number: int) -> None:
    """Returns when so many jobs wait."""
    committer, tick = desk.engine.committer, Event()
    while committer._queue.qsize() + len(committer._waiting) < number:
        tick.wait(0.001)


def test_a_refusal_reaches_only_its_caller(desk: ChatDesk, store: MemoryStore) -> None:
    """In one batch a refused command changes nothing and the others are applied."""
    outcomes: dict[str, object] = {}

    def give(name: str, command: c.Command[object]) -> None:
        try:
            outcomes[name] = desk.execute(command, by=SHOP)
        except NotFound as refusal:
            outcomes[name] = refusal

    good = c.SaveQueue(queue="service", setup=QueueSetup(name="Service"))
    with store.turn(store.head(), timeout=1):
        threads = [
            Thread(target=give, args=("good", good)),
            Thread(target=give, args=("bad", c.CloseChat(chat="none"))),
        ]
        for thread in threads:
            thread.start()
        until_queued(desk, 2)
    for thread in threads:
        thread.join()
    assert isinstance(outcomes["bad"], NotFound)
    assert {queue.id for queue in rows(store, "queue")} == {"sales", "service"}


def test_a_refusal_writes_nothing(desk: ChatDesk, store: MemoryStore) -> None:
    """A turn in which everything was refused makes no commit."""
    before = store.head()
    with pytest.raises(NotFound):
        desk.execute(c.CloseChat(chat="none"), by=SHOP)
    assert store.head() == before


# -- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TurnTimeout, StoreUnavailable])
def test_a_turn_that_does_not_come(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore, kind: type[Exception]
) -> None:
    """When the turn does not come the callers hear why, nothing was done, and it goes on."""
    faulty.before_turn.append(kind("not now"))
    with pytest.raises(kind, match="not now"):
        ask(shaky)
    assert opened(store) == 0
    ask(shaky)
    assert opened(store) == 1


@pytest.mark.parametrize("kind", [TurnLost, StoreUnavailable])
def test_a_turn_that_is_undone(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore, kind: type[Exception]
) -> None:
    """A fault before the commit undoes all, in the store and in memory."""
    faulty.before_commit.append(kind("the disk is full"))
    with pytest.raises(kind, match="disk is full"):
        ask(shaky)
    assert opened(store) == 0
    ask(shaky)
    replica = shaky.engine.replica.desk().state.digest()
    with ChatDesk(store, clock=ManualClock()) as fresh:
        fresh.role(ANA)
        assert fresh.engine.replica.desk().state.digest() == replica


def test_a_lost_answer_is_asked_for_again(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore
) -> None:
    """The commit was made and its answer lost: the caller gets the first result, one effect."""
    faulty.after_commit.append(OutcomeUnknown("the connection broke"))
    requested = ask(shaky)
    assert opened(store) == 1
    assert [chat.id for chat in rows(store, "chat")] == [requested.chat]


def test_a_lost_answer_of_a_commit_that_was_not_made(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore
) -> None:
    """When in truth nothing was committed, the second try does it."""
    faulty.before_commit.append(OutcomeUnknown("the connection broke"))
    ask(shaky)
    assert opened(store) == 1


def test_in_doubt_it_waits_until_the_store_is_back(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore
) -> None:
    """While the store is away a command in doubt is neither given up nor done twice."""
    faulty.after_commit.append(OutcomeUnknown("the connection broke"))
    requested = ask_with_outage(shaky, faulty)
    assert [chat.id for chat in rows(store, "chat")] == [requested]
    assert opened(store) == 1


def ask_with_outage(desk: ChatDesk, faulty: FaultyStore) -> str:
    """Asks; after the lost answer the store is away for three turns."""
    take = faulty.turn
    faulty.turns = 0

    def outage(since: int, *, timeout: float) -> object:
        if faulty.turns == 1:
            faulty.before_turn.extend([StoreUnavailable("away")] * 3)
        return take(since, timeout=timeout)

    faulty.turn = outage  # type: ignore[method-assign,assignment]
    chat = ask(desk).chat
    assert faulty.turns == 5
    return chat


def test_who_will_not_wait_hears_that_nobody_knows(
    shaky: ChatDesk, faulty: FaultyStore, store: MemoryStore
) -> None:
    """A caller out of patience hears `OutcomeUnknown`, sends it again, and it was done once."""
    command = c.RequestChat(
        id="mine", queue="sales", question="Is it blue?", answers={"name": "Z", "email": "z@e.org"}
    )
    faulty.after_commit.append(OutcomeUnknown("the connection broke"))
    gone = faulty.turn

    def away(since: int, *, timeout: float) -> object:
        if faulty.turns > 8:
            raise StoreUnavailable("away")
        return gone(since, timeout=timeout)

    faulty.turns = 8
    faulty.turn = away  # type: ignore[method-assign,assignment]
    with pytest.raises(OutcomeUnknown, match="again with its id"):
        shaky.execute(command, by=ZOE, timeout=0.1)
    faulty.turn = gone  # type: ignore[method-assign]
    again = shaky.execute(command, by=ZOE)
    assert opened(store) == 1
    assert [chat.id for chat in rows(store, "chat")] == [again.chat]


def test_a_defect_hits_only_the_one_who_caused_it(
    desk: ChatDesk, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that breaks the machine is found out; those beside it are done."""
    machine = desk.engine.replica.desk()
    handle = type(machine).handle

    def breaking(self: object, command: c.Command[object], **how: object) -> object:
        if command.id == "poison":
            raise ZeroDivisionError("a defect")
        return handle(self, command, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(type(machine), "handle", breaking)
    outcomes: list[str] = []

    def give(id_: str) -> None:
        try:
            ask(desk, visitor(f"v{id_}"), id=id_)
            outcomes.append("done")
        except ZeroDivisionError:
            outcomes.append("broken")

    with store.turn(store.head(), timeout=1):
        threads = [Thread(target=give, args=(id_,)) for id_ in ("1", "poison", "2", "3")]
        for thread in threads:
            thread.start()
        until_queued(desk, 4)
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["broken", "done", "done", "done"]
    assert opened(store) == 3


def test_a_desk_cannot_be_given_a_policy_it_does_not_know(desk: ChatDesk) -> None:
    """A wrong setting reaches its caller, and the desk goes on."""
    odd = QueueSetup(name="Odd", policy="tallest_first")
    with pytest.raises(InvalidInput, match="tallest_first"):
        desk.execute(c.SaveQueue(queue="odd", setup=odd), by=SHOP)
    assert ask(desk).chat


# -- the clock -----------------------------------------------------------------------------------


def test_what_falls_due_fires_by_itself(store: MemoryStore) -> None:
    """C21: nobody ticks, yet a chat passes its threshold when the time has come."""
    clock = ManualClock()
    with ChatDesk(store, clock=clock, timing=QUICK) as desk:
        open_shop(desk, capacity=1, visitor_lease_seconds=1000.0)
        for name in ("v1", "v2", "v3"):
            ask(desk, visitor(name))
        with desk.subscribe(by=SHOP) as frames:
            clock.pass_seconds(10.0)
            desk.tick()
            assert list(frames.at_hand()) == []
            clock.pass_seconds(20.0)
            frame = next(frames)
    told = [notice.event for notice in getattr(frame, "notices", ())]
    assert told
    assert all(event.at == clock.now for event in told)


def test_a_second_tick_finds_nothing_due(desk: ChatDesk, store: MemoryStore) -> None:
    """Ticking twice at one instant makes one commit at most."""
    desk.tick()
    before = store.head()
    desk.tick()
    assert store.head() == before


def test_time_never_goes_back(desk: ChatDesk, clock: ManualClock, store: MemoryStore) -> None:
    """When the clock is set back the desk stands still until it has caught up."""
    ask(desk, visitor("v1"))
    clock.pass_seconds(-3600.0)
    ask(desk, visitor("v2"))
    at = [change.at for change in store.changes(0)]
    assert at == sorted(at)


# -- callers who give up -------------------------------------------------------------------------


def test_who_gives_up_in_time_is_not_served(desk: ChatDesk, store: MemoryStore) -> None:
    """A caller whose patience ends while another holds the turn: nothing was done, ever."""
    with store.turn(store.head(), timeout=1), pytest.raises(TurnTimeout, match="nothing was done"):
        desk.execute(c.RenewVisit(), by=ZOE, timeout=0.02)
    desk.tick()
    assert rows(store, "visitor") == []


def test_many_threads_at_once(desk: ChatDesk, store: MemoryStore) -> None:
    """A hundred threads hold a chat each; every one is done, and once."""
    start = Barrier(100)

    def hold(name: str) -> None:
        me = visitor(name)
        start.wait()
        chat = ask(desk, me).chat
        desk.execute(c.EndChat(chat=chat), by=me)

    threads = [Thread(target=hold, args=(f"v{n}",)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened(store) == 100
    assert len(rows(store, "chat")) == 100


def test_old_replies_are_forgotten(store: MemoryStore, clock: ManualClock) -> None:
    """What a command was answered is kept for a time, then deleted without anybody asking."""
    timing = Timing(poll=0.01, sweep=0.01, keep_replies=3600.0)
    with ChatDesk(store, clock=clock, timing=timing) as desk:
        open_shop(desk)
        first = desk.execute(asking("zoe", id="mine"), by=ZOE)
        assert desk.execute(asking("zoe", id="mine"), by=ZOE) == first
        clock.pass_seconds(7200.0)
        tick = Event()
        while replies(store):
            tick.wait(0.001)
    assert replies(store) == 0


def test_who_was_there_long_ago_and_asked_nothing_is_forgotten(
    store: MemoryStore, clock: ManualClock
) -> None:
    """B51: a month of passers-by does not fill the store; who asked anything stays."""
    timing = Timing(poll=0.01, sweep=0.01, keep_visitors=3600.0)
    with ChatDesk(store, clock=clock, timing=timing) as desk:
        open_shop(desk)
        ask(desk, ZOE)
        desk.execute(c.RenewVisit(), by=visitor("passer-by"))
        clock.pass_seconds(600.0)
        desk.tick()
        assert len(rows(store, "visitor")) == 2
        clock.pass_seconds(7200.0)
        tick = Event()
        while len(rows(store, "visitor")) > 1:
            tick.wait(0.001)
    assert [record.id for record in rows(store, "visitor")] == [ZOE.id]


def replies(store: MemoryStore) -> int:
    """How many commands' answers the store still has."""
    return len(store._shelves.by_kind["reply"])


# -- policies that fail --------------------------------------------------------------------------


@attrs.frozen
class Raising(AssignmentPolicy):
    """A shop's own policy with a fault."""

    def choose(self, chat: Chat, staff: Staff, now: Instant) -> AgentId | None:
        """Fails."""
        raise KeyError(chat.id, staff, now)


def test_a_policy_that_fails_is_logged_and_the_desk_goes_on(
    store: MemoryStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The visitor gets his agent, the log the traceback, the journal the event; each once."""
    with ChatDesk(store, clock=clock, policies={"own": Raising()}) as desk:
        open_shop(desk)
        setup = QueueSetup(name="Sales", policy="own")
        desk.execute(c.SaveQueue(queue="sales", setup=setup), by=SHOP)
        assert ask(desk, ZOE).state is ChatState.ACTIVE
        assert ask(desk, visitor("bob")).state is ChatState.ACTIVE
    (logged,) = [record for record in caplog.records if "policy 'own' failed" in record.message]
    assert logged.exc_info is not None
    assert logged.exc_info[0] is KeyError
    told = [e for change in store.changes(0) for e in change.events if isinstance(e, PolicyFailed)]
    assert [(event.policy, event.error) for event in told] == [("own", "KeyError")]
