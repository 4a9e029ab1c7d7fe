"""Presence, intent, shifts, offers and taking chats."""

import pytest

from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import (
    InvalidInput,
    NoRoom,
    NotAllowed,
    NothingWaiting,
    StaleEpoch,
    Unavailable,
    WrongState,
)
from chatdesk.model.records import Message
from chatdesk.model.values import (
    ChatState,
    Hours,
    Intent,
    IntentKind,
    OfferState,
    OpeningInterval,
    QueueMode,
    Role,
    Source,
    Status,
    visitor,
)
from chatdesk.rules.availability import status
from tests.desk.helpers import ADA, ANA, BEN, BOB, EVE, LEAD, LONG, Shop, a_shop

ACCEPTING = Intent(IntentKind.ACCEPTING)
LUNCH = Intent(IntentKind.NOT_ACCEPTING, "lunch")


@pytest.mark.parametrize("kind", list(IntentKind))
def test_the_login_status_is_the_configured_one(kind: IntentKind) -> None:
    """B01: after login an agent accepts or not as the desk says."""
    shop = a_shop("ada", login_intent=kind)
    assert shop.agent("ada").intent == Intent(kind)


def test_an_agents_own_login_status_goes_before_the_desks() -> None:
    """B01: an agent's setup overrides the desk's login status."""
    shop = a_shop()
    shop.hire("ada", login_intent=IntentKind.NOT_ACCEPTING)
    assert shop.agent("ada").intent.kind is IntentKind.NOT_ACCEPTING


def test_who_accepts_gets_chats_from_that_instant() -> None:
    """B02: the waiting chat is the agent's as soon as he accepts."""
    shop = a_shop("ada", login_intent=IntentKind.NOT_ACCEPTING)
    shop.hire("ben")
    shop.do(c.SetIntent(intent=ACCEPTING), BEN)
    shop.do(c.SetIntent(intent=LUNCH), BEN)
    assert shop.request().state is ChatState.MISSED
    shop.do(c.SetIntent(intent=ACCEPTING), ADA)
    chat = shop.ask(BOB)
    assert shop.chat(chat).agent == "ada"


def test_a_chat_in_line_goes_to_who_starts_to_accept() -> None:
    """B03, A04: an agent who accepts receives the chat that waits."""
    shop = a_shop("ada", queue={"mode": QueueMode.PUSH})
    shop.hire("ben", login_intent=IntentKind.NOT_ACCEPTING)
    for who in (ANA, BOB, EVE):
        shop.ask(who)
    waiting = shop.ask(FAY)
    assert shop.chat(waiting).state is ChatState.WAITING
    shop.do(c.SetIntent(intent=ACCEPTING), BEN)
    assert shop.chat(waiting).agent == "ben"


FAY = visitor("fay")


def test_who_does_not_accept_keeps_his_chats_and_gets_no_new_one() -> None:
    """B04: existing chats continue, no new one comes."""
    shop = a_shop("ada", "ben")
    chat = shop.ask()
    owner = shop.agent_of(chat)
    shop.do(c.SetIntent(intent=LUNCH), owner)
    assert shop.say(chat, "still here", owner) > 1
    others = [shop.chat(shop.ask(who)).agent for who in (BOB, EVE)]
    assert owner.id not in others


def test_draining_ends_with_no_chat() -> None:
    """B05: not accepting, then finishing the last chat, leaves zero and none was started."""
    shop = a_shop("ada")
    chats = [shop.ask(who) for who in (ANA, BOB)]
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    assert shop.request(EVE).state is ChatState.MISSED
    for chat in chats:
        shop.finish(chat)
    assert shop.agent("ada").load == 0
    assert shop.agent("ada").received == 2


def test_the_status_event_tells_all_four_facts() -> None:
    """A16, B06: the agent's own status is known, with the shop's own reason."""
    shop = a_shop("ada")
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    (event,) = shop.heard(e.AgentStatusChanged)
    facts = (event.status, event.reason, event.present, event.on_shift, event.load)
    assert facts == (Status.NOT_ACCEPTING, "lunch", True, True, 0)


def test_the_maximum_makes_unavailable_and_the_end_available_again() -> None:
    """C11, C12: at the maximum unavailable, below it available, each told once."""
    shop = a_shop()
    shop.hire("ada", capacity=1)
    chat = shop.ask()
    assert [s.status for s in shop.heard(e.AgentStatusChanged)] == [Status.UNAVAILABLE]
    assert status(shop.agent("ada")) is Status.UNAVAILABLE
    shop.finish(chat)
    assert [s.status for s in shop.heard(e.AgentStatusChanged)] == [Status.AVAILABLE]


def test_the_maximum_does_not_overwrite_not_accepting() -> None:
    """C12: a manual "not accepting" survives the maximum and its end."""
    shop = a_shop()
    shop.hire("ada", capacity=1)
    chat = shop.ask()
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    shop.finish(chat)
    assert shop.agent("ada").intent == LUNCH
    assert status(shop.agent("ada")) is Status.NOT_ACCEPTING


def test_closing_one_device_leaves_the_agent_there() -> None:
    """B08: with two devices, one may go; with the last he is offline."""
    shop = a_shop("ada")
    shop.do(c.Connect(device="phone"), ADA)
    shop.do(c.Disconnect(device="web"), ADA)
    assert status(shop.agent("ada")) is Status.AVAILABLE
    shop.do(c.Disconnect(device="phone"), ADA)
    assert status(shop.agent("ada")) is Status.OFFLINE
    assert shop.agent("ada").left_at == shop.clock.now


def test_a_renewed_lease_leaves_the_order_of_idleness() -> None:
    """C15, C16: still being there is not coming back."""
    shop = a_shop("ada", "ben")
    before = shop.agent("ada")
    shop.wait(20.0)
    shop.do(c.Connect(device="web"), ADA)
    after = shop.agent("ada")
    assert (after.place, after.available_since) == (before.place, before.available_since)
    assert shop.heard(e.AgentStatusChanged) == []
    assert shop.chat(shop.ask()).agent == "ada"


def test_a_second_device_does_not_set_the_status_anew() -> None:
    """B04, B08: the login status is for the first device only."""
    shop = a_shop("ada")
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    shop.do(c.Connect(device="phone"), ADA)
    assert shop.agent("ada").intent == LUNCH


@pytest.mark.parametrize(("away", "intent"), [(30.0, LUNCH), (30.5, ACCEPTING)])
def test_a_page_loaded_again_is_no_login(away: float, intent: Intent) -> None:
    """B01, C12: who was away no longer than a lease lasts keeps his status."""
    shop = a_shop("ada", presence_lease_seconds=30.0)
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    shop.do(c.Disconnect(device="web"), ADA)
    shop.wait(away)
    shop.do(c.Connect(device="web"), ADA)
    assert shop.agent("ada").intent == intent


def test_a_silent_device_is_gone_when_its_lease_ends() -> None:
    """B08: leases end at their own instant, each device's apart."""
    shop = a_shop("ada", presence_lease_seconds=30.0)
    shop.wait(20.0)
    shop.do(c.Connect(device="phone"), ADA)
    shop.wait(10.0)
    assert [lease.device for lease in shop.agent("ada").leases] == ["phone"]
    (event,) = [x for x in shop.wait(100.0) if isinstance(x, e.AgentStatusChanged)]
    assert (event.status, event.at) == (Status.OFFLINE, shop.clock.now - 80.0)


def test_no_more_devices_than_a_bound() -> None:
    """B08: a seventeenth device is refused."""
    shop = a_shop("ada")
    for number in range(15):
        shop.do(c.Connect(device=f"d{number}"), ADA)
    with pytest.raises(WrongState, match="16 devices"):
        shop.do(c.Connect(device="one more"), ADA)
    shop.do(c.Connect(device="d3"), ADA)


def test_a_supervisor_sets_anothers_status_and_an_agent_does_not() -> None:
    """B06: one's own status, or anybody's for a supervisor."""
    shop = a_shop("ada", "ben")
    shop.hire("lead", role=Role.SUPERVISOR)
    shop.do(c.SetIntent(intent=LUNCH, agent="ada"), LEAD)
    assert shop.agent("ada").intent == LUNCH
    with pytest.raises(NotAllowed):
        shop.do(c.SetIntent(intent=LUNCH, agent="ada"), BEN)


def test_outside_his_hours_an_agent_gets_nothing() -> None:
    """B07: the shift begins and ends at its instants."""
    week = (OpeningInterval(weekday=1, opens=22 * 60 + 14, closes=22 * 60 + 15),)  # 22:13:20 now
    shop = a_shop()
    shop.hire("ada", hours=Hours(timezone="UTC", week=week))
    assert status(shop.agent("ada")) is Status.OFF_SHIFT
    assert [x.at for x in shop.wait(40.0)] == [shop.clock.now]
    assert status(shop.agent("ada")) is Status.AVAILABLE
    shop.wait(60.0)
    assert status(shop.agent("ada")) is Status.OFF_SHIFT


# -- taking --------------------------------------------------------------------------------------


def test_taking_gives_the_head_of_the_line() -> None:
    """A12: two agents who take get two different visitors, first come first."""
    shop = a_shop("ada", "ben", queue={"mode": QueueMode.PULL})
    first, second = shop.ask(ANA), shop.ask(BOB)
    assert shop.do(c.TakeChat(), BEN).chat == first
    assert shop.do(c.TakeChat(), ADA).chat == second
    assert shop.chat(first).agent == "ben"
    with pytest.raises(NothingWaiting):
        shop.do(c.TakeChat(), ADA)


def test_pull_chats_wait_until_taken() -> None:
    """A04: a request is in line at once, and nobody gets it unasked."""
    shop = a_shop("ada", queue={"mode": QueueMode.PULL})
    answer = shop.request()
    assert (answer.state, answer.position) == (ChatState.WAITING, 1)
    shop.wait(1000.0)
    assert shop.chat(answer.chat).state is ChatState.WAITING


def test_taking_needs_room_and_availability() -> None:
    """A12, C11: no room, or not accepting, refuses by type."""
    shop = a_shop(queue={"mode": QueueMode.PULL})
    shop.hire("ada", capacity=1)
    for who in (ANA, BOB):
        shop.ask(who)
    shop.do(c.TakeChat(), ADA)
    with pytest.raises(NoRoom):
        shop.do(c.TakeChat(), ADA)
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    with pytest.raises(Unavailable):
        shop.do(c.TakeChat(), ADA)


def test_several_chats_at_once() -> None:
    """A24: one agent holds several chats in parallel, up to his maximum."""
    shop = a_shop("ada")
    chats = [shop.chat(shop.ask(who)) for who in (ANA, BOB, EVE)]
    assert [chat.agent for chat in chats] == ["ada"] * 3
    assert shop.agent("ada").load == 3


def test_chats_of_several_channels_at_once() -> None:
    """A24, C06: one agent talks with customers who came by different ways, each apart."""
    shop = a_shop()
    shop.queue("orders", mode=QueueMode.PULL)
    shop.hire("ada", queues=("sales", "orders"), capacity=4)
    ways = (Source.CHAT_BUTTON, Source.CONTACT_FORM, Source.SOCIAL_PAGE)
    chats = [shop.ask(visitor(f"by-{way}"), source=way) for way in ways]
    chats.append(shop.ask(EVE, source=Source.OTHER, queue="orders"))
    shop.do(c.TakeChat(), ADA)
    for number, chat in enumerate(chats):
        shop.say(chat, f"answer {number}", ADA)
    held = [shop.chat(chat) for chat in chats]
    assert [(x.agent, x.source) for x in held] == [("ada", w) for w in (*ways, Source.OTHER)]
    said = [[m.text for m in shop.all("message", Message, chat=chat)] for chat in chats]
    assert [texts[-1] for texts in said] == [f"answer {n}" for n in range(4)]


# -- offers --------------------------------------------------------------------------------------


def offering(*agents: str, **setup: float) -> Shop:
    """A shop whose queue offers chats."""
    return a_shop(*agents, queue={"mode": QueueMode.OFFER, "offer_seconds": 20.0, **setup})


def test_an_accepted_offer_assigns() -> None:
    """C13, C15: the offer holds a slot; accepted, the chat is the agent's."""
    shop = offering("ada")
    chat = shop.ask()
    (offer,) = shop.heard(e.OfferMade)
    assert (offer.agent, offer.until) == ("ada", shop.clock.now + 20.0)
    assert (shop.chat(chat).state, shop.agent("ada").load) == (ChatState.OFFERED, 1)
    taken = shop.do(c.AcceptOffer(chat=chat, epoch=offer.epoch), ADA)
    assert (taken.epoch, shop.chat(chat).agent) == (offer.epoch, "ada")
    assert (shop.agent("ada").load, shop.agent("ada").received) == (1, 1)


def test_a_declined_offer_goes_to_the_next_agent_and_never_back() -> None:
    """C15: everybody is asked once."""
    shop = offering("ada", "ben")
    chat = shop.ask()
    first, second = ADA, BEN
    shop.do(c.DeclineOffer(chat=chat, epoch=1), first)
    assert [(offer.agent, offer.epoch) for offer in shop.heard(e.OfferMade)] == [(second.id, 2)]
    shop.do(c.DeclineOffer(chat=chat, epoch=2), second)
    assert shop.chat(chat).state is ChatState.WAITING
    shop.wait(500.0)
    assert len(shop.ever(e.OfferMade)) == 2
    assert (shop.agent("ada").load, shop.agent("ben").load) == (0, 0)


def test_who_declined_an_offer_may_still_take_the_chat() -> None:
    """A12: a chat that everybody declined is not lost, for taking it is a choice of one's own."""
    shop = offering("ada", "ben")
    chat = shop.ask()
    shop.do(c.DeclineOffer(chat=chat, epoch=1), ADA)
    shop.do(c.DeclineOffer(chat=chat, epoch=2), BEN)
    assert shop.do(c.TakeChat(), ADA).chat == chat
    assert shop.chat(chat).agent == "ada"


def test_an_offer_expires_at_its_instant() -> None:
    """C21: an offer nobody answers goes on to the next agent when its time is over."""
    shop = offering("ada", "ben")
    chat = shop.ask()
    shop.wait(27.0)
    (settled,) = shop.ever(e.OfferSettled)
    assert (settled.state, settled.at) == (OfferState.EXPIRED, shop.clock.now - 7.0)
    with pytest.raises(StaleEpoch):
        shop.do(c.AcceptOffer(chat=chat, epoch=1), ADA)
    with pytest.raises(WrongState):
        shop.do(c.AcceptOffer(chat=chat, epoch=2), ADA)
    shop.do(c.AcceptOffer(chat=chat, epoch=2), BEN)


def test_an_offer_to_who_leaves_is_withdrawn_and_may_come_again() -> None:
    """B04: an offer leaves somebody who gets no chats, and does not count against him."""
    shop = offering("ada")
    chat = shop.ask()
    shop.do(c.SetIntent(intent=LUNCH), ADA)
    assert [x.state for x in shop.heard(e.OfferSettled)] == [OfferState.WITHDRAWN]
    assert shop.chat(chat).declined_by == ()
    shop.do(c.SetIntent(intent=ACCEPTING), ADA)
    assert [x.agent for x in shop.heard(e.OfferMade)] == ["ada"]


def test_a_lower_maximum_withdraws_the_latest_offers() -> None:
    """C11: nobody gets over his maximum by accepting what was offered before."""
    shop = offering("ada")
    chats = [shop.ask(who) for who in (ANA, BOB, EVE)]
    shop.hire("ada", online=False, capacity=1)
    assert [settled.chat for settled in shop.heard(e.OfferSettled)] == [chats[2], chats[1]]
    assert [shop.chat(chat).state for chat in chats] == [
        ChatState.OFFERED,
        ChatState.WAITING,
        ChatState.WAITING,
    ]
    assert shop.agent("ada").load == 1


def test_a_visitor_who_leaves_ends_the_offer() -> None:
    """A33: the slot that the offer held is free again."""
    shop = offering("ada")
    chat = shop.ask()
    shop.end(chat, ANA)
    assert shop.agent("ada").load == 0
    assert shop.desk.state.offers == {}


# -- being lost ----------------------------------------------------------------------------------


def test_chats_of_a_lost_agent_go_back_to_the_head_of_the_line() -> None:
    """B54: after the rescue time another agent gets them, in their old order."""
    shop = a_shop("ada", rescue_seconds=60.0)
    chats = [shop.ask(who) for who in (ANA, BOB)]
    shop.do(c.Disconnect(device="web"), ADA)
    shop.wait(59.0)
    assert [shop.chat(chat).agent for chat in chats] == ["ada", "ada"]
    shop.wait(1.0)
    assert [shop.chat(chat).state for chat in chats] == [ChatState.WAITING] * 2
    shop.hire("ben", capacity=1)
    assert shop.chat(chats[0]).agent == "ben"
    assert [x.reason for x in shop.ever(e.ChatReturned)] == ["agent_lost"] * 2


def test_an_agent_who_comes_back_in_time_keeps_his_chats() -> None:
    """B08: a short absence loses nothing."""
    shop = a_shop("ada", rescue_seconds=60.0)
    chat = shop.ask()
    shop.do(c.Disconnect(device="web"), ADA)
    shop.wait(30.0)
    shop.do(c.Connect(device="web"), ADA)
    shop.wait(LONG / 2)
    assert shop.chat(chat).agent == "ada"


@pytest.mark.parametrize("device", ["", " ", "x" * 129])
def test_a_device_has_an_id(device: str) -> None:
    """B08: blank and over-long ids are refused."""
    shop = a_shop("ada")
    with pytest.raises(InvalidInput):
        shop.do(c.Connect(device=device), ADA)


def test_a_status_reason_is_short() -> None:
    """A16: the shop's own word is at most 128 characters."""
    shop = a_shop("ada")
    with pytest.raises(InvalidInput, match="reason"):
        shop.do(c.SetIntent(intent=Intent(IntentKind.NOT_ACCEPTING, "x" * 129)), ADA)
