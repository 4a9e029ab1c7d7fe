"""What is read from a journal."""

import pytest
from msgspec.structs import replace

from chatdesk.model import commands as c
from chatdesk.model.records import AgentSetup, QueueSetup
from chatdesk.model.values import agent as an_agent
from chatdesk.model.values import service, visitor
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.history import Onward, history_of, read_journal
from chatdesk.storage.memory import MemoryStore
from tests.simulation.journals import SETUP, Shop, small_shop


def two_agents() -> Shop:
    """A shop with two queues, whom Ana and Bo both serve."""
    shop = Shop()
    agents = {
        name: AgentSetup(name=name, queues=("sales", "help"), capacity=2, languages=("fr",))
        for name in ("ana", "bo")
    }
    shop.open(agents, {name: QueueSetup(name=name) for name in ("sales", "help")})
    return shop


def ask(shop: Shop, name: str, after: float = 1.0) -> str:
    """A visitor asks some time later; gives his chat."""
    shop.now += after
    request = c.RequestChat(queue="sales", question="Is it blue?", answers={}, language="fr")
    chat: str = shop.do(request, visitor(name)).chat
    return chat


def test_every_request_has_its_outcome() -> None:
    """Waits, agents and givers-up of the journal are those of the chats' records."""
    shop = small_shop(80)
    history = read_journal(shop.store)
    assert len(history.asked) == 80
    left = [asked for asked in history.asked if asked.left_at is not None]
    assert left
    assert all(asked.gave_up and not asked.stints for asked in left)
    served = [asked for asked in history.asked if asked.stints]
    assert len(left) + len(served) == 80
    assert all(asked.stints[0].end is not None for asked in served)
    assert history.agents == ("ana", "bo", "cy")
    assert history.queues["sales"].policy == "least_busy"


def test_a_break_is_a_stretch_of_absence() -> None:
    """Ana's lunch break begins and ends in the log where it did."""
    history = read_journal(small_shop(80).store)
    ana = [one.there for one in history.presences if one.agent == "ana"]
    assert ana[-3:] == [True, False, True]
    assert all(one.languages == () for one in history.presences)


def test_a_transfer_to_a_colleague_is_two_stints() -> None:
    """B12: the first agent's slot ends where the second's begins."""
    shop = two_agents()
    chat = ask(shop, "zoe")
    shop.now += 30
    shop.do(c.TransferChat(chat=chat, epoch=1, agent="bo"), an_agent("ana"))
    shop.now += 60
    shop.do(c.EndChat(chat=chat), service())
    first, second = read_journal(shop.store).asked[0].stints
    assert (first.agent, first.onward, second.agent) == ("ana", Onward.HANDED_OVER, "bo")
    assert first.end == second.begin
    assert second.end == second.begin + 60
    assert second.onward is Onward.ENDED


def test_a_transfer_to_a_queue_goes_back_to_a_line() -> None:
    """B16: the giver declined it, and the next stint is of the other queue."""
    shop = two_agents()
    chat = ask(shop, "zoe")
    shop.now += 30
    shop.do(c.TransferChat(chat=chat, epoch=1, queue="help"), an_agent("ana"))
    first, second = read_journal(shop.store).asked[0].stints
    assert (first.onward, first.declined) == (Onward.RETURNED, True)
    assert (second.queue, second.agent, second.end) == ("help", "bo", None)


def test_a_wrap_up_holds_its_slot() -> None:
    """A29: where wrap-up holds the slot, a stint lasts until it is released, not to the end."""
    shop = two_agents()
    setup = replace(SETUP, wrap_up_seconds=50.0, wrap_up_holds_slot=True)
    shop.do(c.ConfigureDesk(setup=setup), service())
    chat = ask(shop, "zoe")
    begun = shop.now
    shop.now += 30
    shop.do(c.EndChat(chat=chat), an_agent("ana"))
    shop.now += 100
    ask(shop, "yan")
    stint = read_journal(shop.store).asked[0].stints[0]
    assert stint.end == begun + 80


def test_who_meets_a_closed_door_takes_no_part() -> None:
    """B10: a visitor whom nobody could serve is counted, not replayed."""
    shop = two_agents()
    ask(shop, "zoe")
    for name in ("ana", "bo"):
        shop.do(c.Disconnect(device="web"), an_agent(name))
    ask(shop, "yan")
    history = read_journal(shop.store)
    assert (len(history.asked), history.turned_away) == (1, 1)


def test_what_cannot_be_followed_is_noted() -> None:
    """A replay says where it does otherwise than the desk did."""
    shop = two_agents()
    ask(shop, "zoe")
    setup = QueueSetup(name="sales", policy="longest_idle")
    shop.do(c.SaveQueue(queue="sales", setup=setup), service())
    ask(shop, "yan")
    notes = " ".join(read_journal(shop.store).notes)
    assert "sales had the policies least_busy, longest_idle" in notes


def test_an_empty_journal_is_refused() -> None:
    """Nothing can be replayed of a desk that nobody ever asked."""
    with pytest.raises(InvalidParameter, match="nothing to replay"):
        read_journal(MemoryStore())


def test_changes_at_hand_are_read_alike() -> None:
    """A journal in hand gives the same history as the store it stands in."""
    shop = small_shop(40)
    assert history_of(shop.store.changes(0, limit=100_000)) == read_journal(shop.store)
