"""What one process runs for one desk: signals, and how its parts are joined."""

import msgspec
import pytest

from chatdesk.model import commands as c
from chatdesk.model.errors import NotAllowed, NotFound, OpenChatExists, Refused
from chatdesk.model.queries import AskOverview, AskTranscript
from chatdesk.model.records import DeskSetup, QueueSetup
from chatdesk.model.values import Actor, ChatState, QueueMode, agent, visitor
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.memory import MemoryStore
from chatdesk.transport.frames import Preview, Signal, SignalKind, Typing
from chatdesk.transport.signals import LocalSignals, Nudge, Writing
from tests.runtime.shop import ANA, BO, EVE, SHOP, ZOE, ask, open_shop, rows


@pytest.fixture
def talk(desk: ChatDesk) -> tuple[str, Actor]:
    """A running chat of Zoe's, and the agent who has it."""
    chat = ask(desk).chat
    name = desk.engine.replica.desk().state.chats[chat].agent
    assert name is not None
    return chat, agent(name)


def test_the_visitor_is_told_that_the_agent_writes(desk: ChatDesk, talk: tuple[str, Actor]) -> None:
    """B17: the visitor of the chat is told, and nobody else."""
    chat, mine = talk
    with (
        desk.subscribe(by=ZOE) as zoe,
        desk.subscribe(by=visitor("v2")) as other,
        desk.subscribe(by=EVE) as eve,
    ):
        desk.signal(Typing(chat=chat, on=True), by=mine)
        assert next(zoe) == Signal(kind=SignalKind.TYPING, chat=chat, on=True, agent=mine.id)
        assert [*other.at_hand(), *eve.at_hand()] == []


def test_the_agent_is_told_that_the_visitor_writes(desk: ChatDesk, talk: tuple[str, Actor]) -> None:
    """B17: and the other way round, without a name."""
    chat, mine = talk
    with desk.subscribe(by=mine) as frames:
        desk.signal(Typing(chat=chat, on=False), by=ZOE)
        assert next(frames) == Signal(kind=SignalKind.TYPING, chat=chat, on=False)


def test_a_preview_is_shown_and_kept_nowhere(
    desk: ChatDesk, store: MemoryStore, talk: tuple[str, Actor]
) -> None:
    """B18: where the desk allows it the agent sees what is being typed; no revision holds it."""
    chat, mine = talk
    desk.execute(c.ConfigureDesk(setup=DeskSetup(name="Shop", preview_enabled=True)), by=SHOP)
    head = store.head()
    with desk.subscribe(by=mine) as frames:
        desk.signal(Preview(chat=chat, text="My card number is"), by=ZOE)
        frame = next(frames)
    assert isinstance(frame, Signal)
    assert (frame.kind, frame.text) == (SignalKind.PREVIEW, "My card number is")
    desk.tick()
    assert store.head() == head


def test_no_preview_unless_the_desk_allows_it(desk: ChatDesk, talk: tuple[str, Actor]) -> None:
    """B18: by default what a visitor types is his own until he sends it."""
    chat, mine = talk
    with desk.subscribe(by=mine) as frames:
        with pytest.raises(NotAllowed, match="does not show what visitors type"):
            desk.signal(Preview(chat=chat, text="My card number is"), by=ZOE)
        assert list(frames.at_hand()) == []


@pytest.mark.parametrize("who", [visitor("v2"), EVE, SHOP], ids=lambda who: who.id)
def test_only_those_in_the_chat_may_signal(
    desk: ChatDesk, talk: tuple[str, Actor], who: Actor
) -> None:
    """Somebody else's chat cannot even be told from none."""
    chat, _ = talk
    for name in (chat, "none"):
        with pytest.raises(Refused) as refusal:
            desk.signal(Typing(chat=name, on=True), by=who)
        assert type(refusal.value) is NotFound


def test_an_ended_chat_hears_no_signals(desk: ChatDesk, talk: tuple[str, Actor]) -> None:
    """There is nobody to write to any more."""
    chat, mine = talk
    desk.execute(c.EndChat(chat=chat), by=ZOE)
    with pytest.raises(NotFound):
        desk.signal(Typing(chat=chat, on=True), by=mine)


def test_signals_reach_other_processes(store: MemoryStore) -> None:
    """The visitor may listen in another process than the one his agent is connected to."""
    signals = LocalSignals()
    with ChatDesk(store, signals=signals) as one, ChatDesk(store, signals=signals) as other:
        open_shop(one)
        chat = ask(one).chat
        mine = agent(one.engine.replica.desk().state.chats[chat].agent or "")
        with other.subscribe(by=ZOE) as frames:
            one.signal(Typing(chat=chat, on=True), by=mine)
            assert isinstance(next(frames), Signal)


def test_a_forged_signal_is_not_passed_on(store: MemoryStore) -> None:
    """Each process decides itself who is told: one that does not know the chat tells nobody."""
    signals = LocalSignals()
    with ChatDesk(store, signals=signals) as desk:
        open_shop(desk)
        chat = ask(desk).chat
        with desk.subscribe(by=ZOE) as frames:
            for by in (BO, ANA, visitor("v2")):
                if by.id != desk.engine.replica.desk().state.chats[chat].agent:
                    signals.publish(Writing(kind=SignalKind.TYPING, chat=chat, by=by, on=True))
            signals.publish(Writing(kind=SignalKind.TYPING, chat="none", by=ANA, on=True))
            assert list(frames.at_hand()) == []


def test_a_stopped_desk_listens_no_more(store: MemoryStore) -> None:
    """After the stop nothing of the desk hangs on the signals it was given."""
    signals = LocalSignals()
    desk = open_shop(ChatDesk(store, signals=signals))
    assert signals._listeners
    desk.stop()
    signals.publish(Nudge(10**6))
    assert not signals._listeners


# -- erasing a person ----------------------------------------------------------------------------


def test_an_erased_person_is_told_to_nobody(desk: ChatDesk, store: MemoryStore) -> None:
    """What he wrote is in no answer, in no update for who comes back, and not in the store."""
    canary = "the canary sings"
    start = desk.revision
    with desk.subscribe(by=SHOP):  # somebody listens, so that the latest is kept in memory
        chat = ask(desk, question=canary).chat
        customer = desk.ask(AskTranscript(chat=chat), by=SHOP).chat.chat.customer
        assert desk.erase(customer, by=SHOP) == store.head()
        view = desk.ask(AskTranscript(chat=chat), by=SHOP)
        with desk.subscribe(by=SHOP, after=start) as frames:
            told = [parcel.data for parcel in iter(lambda: frames.receive(0), None)]
    assert told
    shown = msgspec.json.encode(view) + b"".join(told)
    kept = msgspec.json.encode([rows(store, kind) for kind in ("chat", "message", "customer")])
    assert canary.encode() not in shown + kept


def test_erasing_a_person_ends_his_open_chat(desk: ChatDesk) -> None:
    """A01: the agent sees an ended chat; what the page still sends is refused; one chat at most."""
    chat = ask(desk).chat
    customer = desk.ask(AskTranscript(chat=chat), by=SHOP).chat.chat.customer
    desk.erase(customer, by=SHOP)
    after = desk.ask(AskTranscript(chat=chat), by=SHOP).chat.chat
    assert (after.state, after.question) == (ChatState.WRAP_UP, "")
    for late in (
        c.PostMessage(chat=chat, text="Hello?"),
        c.RateChat(chat=chat, answers={"satisfaction": 5}),
    ):
        with pytest.raises(NotFound):
            desk.execute(late, by=ZOE)
    again = ask(desk).chat
    with pytest.raises(OpenChatExists):
        ask(desk)
    assert desk.ask(AskTranscript(chat=again), by=SHOP).chat.chat.customer != customer


def test_erasing_a_person_ends_his_wait(desk: ChatDesk) -> None:
    """B54: nobody who is gone stands in line."""
    pull = QueueSetup(name="Sales", mode=QueueMode.PULL)
    desk.execute(c.SaveQueue(queue="sales", setup=pull), by=SHOP)
    chat = ask(desk).chat
    assert desk.ask(AskOverview(), by=EVE).waiting == 1
    customer = desk.ask(AskTranscript(chat=chat), by=SHOP).chat.chat.customer
    desk.erase(customer, by=SHOP)
    assert desk.ask(AskOverview(), by=EVE).waiting == 0


def test_only_those_in_charge_may_erase(desk: ChatDesk) -> None:
    """Agents, supervisors and visitors may not."""
    chat = ask(desk).chat
    customer = desk.ask(AskTranscript(chat=chat), by=SHOP).chat.chat.customer
    for by in (ANA, EVE, ZOE):
        with pytest.raises(NotAllowed, match="may erase a person"):
            desk.erase(customer, by=by)
    with pytest.raises(NotFound):
        desk.erase("none", by=SHOP)
