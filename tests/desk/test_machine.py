"""The machine as a Hypothesis state machine, and the check itself."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model.commits import Snapshot
from chatdesk.model.errors import NotAllowed, NotFound, Refused
from chatdesk.model.records import Agent, Record
from chatdesk.model.values import (
    Actor,
    ActorKind,
    ChatState,
    Intent,
    IntentKind,
    Page,
    QueueMode,
    visitor,
)
from chatdesk.rules.access import Standing
from chatdesk.storage.memory import MemoryStore
from chatdesk.testing.check import Ledger, check_desk
from tests.desk.helpers import ADA, ANA, BEN, CYD, QUALIFIED, SHOP, Shop, a_shop

AGENTS = st.sampled_from([ADA, BEN, CYD])
VISITORS = st.sampled_from([visitor(f"v{n}") for n in range(6)])
NUMBERS = st.integers(0, 5)


class DeskMachine(RuleBasedStateMachine):
    """Hypothesis chooses the commands, and shrinks what breaks an invariant."""

    @initialize(
        mode=st.sampled_from(list(QueueMode)),
        policy=st.sampled_from(["least_busy", "round_robin", "skilled", "preferred_agent"]),
        limit=st.sampled_from([None, 2]),
        capacity=st.integers(0, 2),
    )
    def open_shop(self, mode: QueueMode, policy: str, limit: int | None, capacity: int) -> None:
        """A queue and three agents."""
        queue = {"mode": mode, "policy": policy, "length_limit": limit}
        self.shop = a_shop(queue=queue, wrap_up_seconds=40.0, visitor_lease_seconds=90.0)
        self.shop.hire("ada", capacity=capacity)
        self.shop.hire("ben", "cyd", capacity=2)

    def give(self, command: c.Command[Any], by: Actor) -> None:
        """A refusal is an outcome like any other."""
        with suppress(Refused):
            self.shop.do(command, by)

    def chat(self, number: int) -> str:
        """One of the live chats."""
        chats = sorted(self.shop.desk.state.chats)
        return chats[number % len(chats)] if chats else "nowhere"

    @rule(by=VISITORS, agent=st.sampled_from([None, "ada", "ben"]))
    def request(self, by: Actor, agent: str | None) -> None:
        """A visitor asks."""
        answers = {"name": by.id, "email": f"{by.id}@example.org"}
        command = c.RequestChat(
            queue="sales", question="?", answers={**answers}, preferred_agent=agent
        )
        self.give(command, by)

    @rule(by=AGENTS, connected=st.booleans())
    def come_or_go(self, by: Actor, *, connected: bool) -> None:
        """An agent connects or disconnects."""
        self.give(c.Connect(device="web") if connected else c.Disconnect(device="web"), by)

    @rule(by=AGENTS, kind=st.sampled_from(list(IntentKind)))
    def intend(self, by: Actor, kind: IntentKind) -> None:
        """An agent sets his status."""
        self.give(c.SetIntent(intent=Intent(kind)), by)

    @rule(by=AGENTS)
    def take(self, by: Actor) -> None:
        """An agent takes a chat."""
        self.give(c.TakeChat(), by)

    @rule(number=NUMBERS, accepted=st.booleans())
    def settle(self, number: int, *, accepted: bool) -> None:
        """An offer is accepted or declined."""
        offers = sorted(self.shop.desk.state.offers.values(), key=lambda offer: offer.id)
        for offer in offers[number : number + 1]:
            kind = c.AcceptOffer if accepted else c.DeclineOffer
            by = Actor(ActorKind.AGENT, offer.agent)
            self.give(kind(chat=offer.chat, epoch=offer.epoch), by)

    @rule(number=NUMBERS, ours=st.booleans())
    def talk(self, number: int, *, ours: bool) -> None:
        """Somebody says something."""
        chat = self.shop.desk.state.chats.get(self.chat(number))
        if chat is not None:
            by = Actor(ActorKind.AGENT, chat.agent or "ada") if ours else visitor(chat.visitor)
            self.give(c.PostMessage(chat=chat.id, text="hi"), by)

    @rule(by=VISITORS, page=st.sampled_from(["/", "/lamp"]), leaving=st.booleans())
    def browse(self, by: Actor, page: str, *, leaving: bool) -> None:
        """A visitor's page says that he is there, or that he leaves it."""
        self.give(c.RenewVisit(page=Page(url=page), leaving=leaving), by)

    @rule(number=NUMBERS, notice=st.sampled_from([None, "Look:"]))
    def suggest(self, number: int, notice: str | None) -> None:
        """An agent suggests a page, with notice or without."""
        chat = self.shop.desk.state.chats.get(self.chat(number))
        if chat is not None:
            by = Actor(ActorKind.AGENT, chat.agent or "ada")
            self.give(c.PushPage(chat=chat.id, url="/lamp", notice=notice), by)

    @rule(number=NUMBERS, agent=st.sampled_from([None, "ada", "ben", "cyd"]))
    def transfer(self, number: int, agent: str | None) -> None:
        """The shop transfers a chat."""
        chat = self.shop.desk.state.chats.get(self.chat(number))
        queue = "sales" if agent is None else None
        if chat is not None:
            command = c.TransferChat(chat=chat.id, epoch=chat.epoch, agent=agent, queue=queue)
            self.give(command, SHOP)

    @rule(number=NUMBERS)
    def end(self, number: int) -> None:
        """A chat ends."""
        self.give(c.EndChat(chat=self.chat(number)), SHOP)

    @rule(number=NUMBERS)
    def close(self, number: int) -> None:
        """A chat is qualified and closed."""
        self.give(c.QualifyChat(chat=self.chat(number), answers=QUALIFIED), SHOP)
        self.give(c.CloseChat(chat=self.chat(number)), SHOP)

    @rule(seconds=st.sampled_from([1.0, 20.0, 30.0, 90.0, 400.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.shop.wait(seconds)

    @invariant()
    def all_holds(self) -> None:
        """A12, C11, C12, C15: after every command."""
        if hasattr(self, "shop"):
            check_desk(self.shop.desk)


TestDeskMachine = DeskMachine.TestCase
TestDeskMachine.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


# -- the parts of the machine itself -----------------------------------------------------------


def test_what_is_collected_is_the_last_version_of_each_record() -> None:
    """A36: a batch has one version of a record and all events in order."""
    shop = a_shop("ada")
    chat = shop.ask()
    opened = shop.batches[-1]
    keys = [(type(record), record.id) for record in opened.records]
    assert len(keys) == len(set(keys))
    assert shop.desk.collect() is None
    assert shop.chat(chat).customer == shop.customer_of(chat).id


def test_time_never_goes_back() -> None:
    """C21: a clock that is behind does not move the desk back."""
    shop = a_shop("ada")
    shop.wait(100.0)
    then = shop.desk.now
    shop.clock.now -= 50.0
    shop.ask()
    assert shop.desk.now == then
    assert shop.told[-1].at == then


def test_an_erased_person_is_no_longer_live() -> None:
    """A36: a replica drops an erased visitor when it hears of it."""
    shop = a_shop("ada")
    chat = shop.ask()
    customer = shop.chat(chat).customer
    shop.end(chat, ANA)
    shop.store.erase(customer, by=SHOP, at=shop.clock.now)
    shop.wait(1.0)
    shop.desk.apply(shop.store.changes(shop.desk.revision))
    assert shop.chat(chat).customer_name is None
    assert shop.desk.state.visitors == {}


def test_a_viewer_has_the_standing_the_desk_knows() -> None:
    """C07: an agent's role is looked up, a stranger has none."""
    shop = a_shop("ada")
    assert shop.desk.viewer(ADA).standing is Standing.AGENT
    with pytest.raises(NotAllowed):
        shop.desk.viewer(Actor(ActorKind.AGENT, "ghost"))
    with pytest.raises(NotFound):
        shop.desk.explain("nowhere")


# -- the check finds what is wrong --------------------------------------------------------------


def busy_shop() -> Shop:
    """A shop with a chat in each live state and a ticket."""
    shop = a_shop(queue={"mode": QueueMode.PULL})
    shop.hire("ada", capacity=2)
    shop.queue("offered", mode=QueueMode.OFFER)
    shop.hire("ben", queues=("offered",))
    running = shop.ask(ANA)
    shop.do(c.TakeChat(), ADA)
    shop.ask(visitor("w1"))
    shop.ask(visitor("w2"), queue="offered")
    ended = shop.ask(visitor("w3"))
    shop.do(c.EndChat(chat=shop.do(c.TakeChat(), ADA).chat), ADA)
    shop.do(c.OpenTicket(title="Case", chat=running), ADA)
    assert shop.chat(ended).state is ChatState.WAITING
    check_desk(shop.desk)
    return shop


def tampered(shop: Shop, record: Record, **fields: Any) -> Desk:
    """A replica that was handed a record which is not true."""
    records = [r for r in shop.desk.state.live_records() if r.id != record.id]
    other = Desk.new()
    false = replace(record, **fields)
    other.restore(Snapshot(shop.desk.revision, shop.desk.now, (*records, false)))
    return other


WRONG_CHATS: list[tuple[ChatState, dict[str, Any]]] = [
    (ChatState.ACTIVE, {"holds_slot": False}),
    (ChatState.ACTIVE, {"agent": "ben"}),
    (ChatState.ACTIVE, {"agents": ()}),
    (ChatState.ACTIVE, {"attention": False}),
    (ChatState.ACTIVE, {"epoch": 0}),
    (ChatState.ACTIVE, {"ended_at": 1.0}),
    (ChatState.ACTIVE, {"visitor_seq": 0}),
    (ChatState.ACTIVE, {"read_to": 99}),
    (ChatState.ACTIVE, {"visitor": "somebody"}),
    (ChatState.ACTIVE, {"unanswered_since": None}),
    (ChatState.ACTIVE, {"assigned_at": None}),
    (ChatState.WRAP_UP, {"ended_at": None}),
    (ChatState.WRAP_UP, {"closed_at": 1.0}),
    (ChatState.WAITING, {"visitor_until": None}),
    (ChatState.WAITING, {"line": 99}),
    (ChatState.WAITING, {"look_again_at": 2e9}),
    (ChatState.WAITING, {"waiting_since": 1.0}),
    (ChatState.WAITING, {"holds_slot": True}),
    (ChatState.OFFERED, {"state": ChatState.WAITING}),
    (ChatState.OFFERED, {"epoch": 7}),
    (ChatState.OFFERED, {"declined_by": ("ben",)}),
]


@pytest.mark.parametrize(("state", "fields"), WRONG_CHATS)
def test_the_check_finds_a_wrong_chat(state: ChatState, fields: dict[str, Any]) -> None:
    """A25, C11: each false fact breaks an invariant that says so."""
    shop = busy_shop()
    chat = next(chat for chat in shop.desk.state.chats.values() if chat.state is state)
    with pytest.raises(AssertionError, match=r"\w+ \w+"):
        check_desk(tampered(shop, chat, **fields))


WRONG_AGENTS: list[dict[str, Any]] = [
    {"load": 0},
    {"load": 3},
    {"tickets": 0},
    {"place": 999},
    {"available_since": None},
    {"left_at": 1.0},
    {"on_shift": False},
    {"retired": True},
    {"leases": ()},
]


@pytest.mark.parametrize("fields", WRONG_AGENTS)
def test_the_check_finds_a_wrong_agent(fields: dict[str, Any]) -> None:
    """C12: the load is what is held, the facts agree."""
    shop = busy_shop()
    ada: Agent = shop.agent("ada")
    assert (ada.load, ada.tickets) == (2, 1)
    with pytest.raises(AssertionError, match=r"\w+ \w+"):
        check_desk(tampered(shop, ada, **fields))


def test_the_check_finds_a_missing_visitor_and_a_wrong_counter() -> None:
    """A08: who has an open chat is known, and no number is given twice."""
    shop = busy_shop()
    state = shop.desk.state
    with pytest.raises(AssertionError, match="open chat"):
        check_desk(tampered(shop, state.visitors["ana"], chat="elsewhere"))
    with pytest.raises(AssertionError, match="counter"):
        check_desk(tampered(shop, state.counters, ticket=0))


def test_the_check_finds_stale_indexes_and_timers() -> None:
    """C21: what is kept beside the records is what a rebuild gives."""
    shop = busy_shop()
    shop.desk.state.chats_of_agent["ada"].clear()
    with pytest.raises(AssertionError, match="chats_of_agent"):
        check_desk(shop.desk)
    shop = busy_shop()
    _, kind, id_ = shop.desk.state.all_timers()[-1]
    shop.desk.state.timers.set(kind, id_, None)
    with pytest.raises(AssertionError, match="timers"):
        check_desk(shop.desk)


def test_the_check_finds_somebody_who_waits_for_nothing() -> None:
    """C15, C22: at rest nobody waits whom somebody could serve."""
    shop = a_shop()
    shop.hire("ada", capacity=1)
    shop.ask(ANA)
    shop.ask(visitor("w1"))
    setup = replace(shop.agent("ada").setup, capacity=2)
    with pytest.raises(AssertionError, match="waits"):
        check_desk(tampered(shop, shop.agent("ada"), setup=setup))


def test_the_ledger_finds_a_gap_and_a_leak() -> None:
    """C08, B43: a lost message, or a whisper that reaches the visitor, is found."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.do(c.PostNote(chat=chat, text="quiet"), ADA)
    with pytest.raises(AssertionError, match="follows"):
        Ledger().see(shop.batches[-1], shop.desk)
    (event,) = shop.told
    loud = replace(event, audience=replace(event.audience, visitor="ana"))
    ledger = Ledger(messages={chat: shop.chat(chat).messages - 1})
    with pytest.raises(AssertionError, match="whisper"):
        ledger.see(replace(shop.batches[-1], events=(loud,)), shop.desk)


def test_a_store_that_is_shared_keeps_two_desks_alike() -> None:
    """A12: two desks on one store that take turns never give one chat to two agents."""
    store = MemoryStore()
    one = Shop(store=store)
    one.configure()
    one.queue(mode=QueueMode.PULL)
    one.hire("ada", "ben")
    for number in range(4):
        one.ask(visitor(f"w{number}"))
    two = Shop(store=store, clock=one.clock, ledger=one.ledger)
    taken = [shop.do(c.TakeChat(), by).chat for shop, by in ((two, ADA), (one, BEN), (two, BEN))]
    assert len(set(taken)) == 3
    assert two.desk.state.agents["ben"].load == 2
