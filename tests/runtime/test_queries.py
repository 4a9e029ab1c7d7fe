"""What can be asked, by whom, and what is answered."""

import itertools
from typing import Any

import pytest

from chatdesk.model import commands as c
from chatdesk.model import queries as q
from chatdesk.model.errors import NotAllowed, NotFound
from chatdesk.model.records import AgentSetup, QueueSetup
from chatdesk.model.values import (
    Actor,
    ChatState,
    QueueMode,
    Role,
    Status,
    TicketState,
    agent,
    visitor,
)
from chatdesk.rules.access import QUERIES
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.runtime.queries import ANSWERS, RECENT_SECONDS
from chatdesk.testing.factories import a_response
from tests.runtime.shop import ANA, BO, EVE, SHOP, ZOE, ManualClock, ask, open_shop

ADMIN = agent("root")
ACTORS = {"visitor": ZOE, "agent": ANA, "supervisor": EVE, "admin": ADMIN, "service": SHOP}
MAY_ASK: dict[type[q.Query[Any]], str] = {
    q.AskConversation: "visitor",
    q.AskAvailability: "visitor agent supervisor admin service",
    q.AskOverview: "agent supervisor admin service",
    q.AskMyChats: "agent supervisor admin",
    q.AskWaiting: "agent supervisor admin service",
    q.AskRunningChats: "supervisor admin service",
    q.AskVisitors: "agent supervisor admin service",
    q.AskTranscript: "agent supervisor admin service",
    q.AskCustomer: "agent supervisor admin service",
    q.AskLastQuestions: "agent supervisor admin service",
    q.AskTickets: "agent supervisor admin service",
    q.AskTicket: "agent supervisor admin service",
    q.AskExplain: "agent supervisor admin service",
    q.AskWhyNot: "agent supervisor admin service",
    q.AskSettings: "admin service",
    q.SearchCanned: "agent supervisor admin service",
    q.AskSuggestions: "agent supervisor admin service",
    q.AskCanned: "agent supervisor admin service",
    q.AskCannedDetail: "agent supervisor admin service",
    q.CheckDraft: "agent supervisor admin service",
    q.AskCannedGaps: "supervisor admin service",
}


def owner(desk: ChatDesk, chat: str) -> Actor:
    """The agent who has a chat."""
    name = desk.engine.replica.desk().state.chats[chat].agent
    assert name is not None
    return agent(name)


def colleague(of: Actor) -> Actor:
    """The other agent."""
    return BO if of == ANA else ANA


@pytest.fixture
def full(desk: ChatDesk) -> ChatDesk:
    """A desk with an administrator, a chat, a ticket and a canned response."""
    desk.execute(c.SaveAgent(agent="root", setup=AgentSetup(name="Root", role=Role.ADMIN)), by=SHOP)
    chat = ask(desk).chat
    desk.execute(c.OpenTicket(title="Wrong size", text="See chat", chat=chat), by=SHOP)
    desk.execute(c.SaveCanned(response=a_response("hours")), by=SHOP)
    return desk


def filled(desk: ChatDesk, kind: type[q.Query[Any]]) -> q.Query[Any]:
    """A query of the kind about what is there."""
    state = desk.engine.replica.desk().state
    chat = next(iter(state.chats.values()))
    about = {
        "queue": "sales",
        "chat": chat.id,
        "customer": chat.customer,
        "ticket": next(iter(state.tickets)),
        "agent": ANA.id,
        "canned": "hours",
    }
    fields = (name for name in kind.__struct_fields__ if name in about)
    if kind is q.AskTickets:
        return kind()
    if kind is q.CheckDraft:
        return q.CheckDraft(chat=chat.id, text="Hello", canned="hours")
    return kind(**{name: about[name] for name in fields})


@pytest.mark.parametrize(
    ("kind", "who"),
    list(itertools.product(MAY_ASK, ACTORS)),
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_who_may_ask_what(full: ChatDesk, kind: type[q.Query[Any]], who: str) -> None:
    """A table written by itself says for each actor and query whether it is answered."""
    query, by = filled(full, kind), ACTORS[who]
    if who == "agent" and hasattr(query, "chat"):
        by = owner(full, query.chat)
        assert full.ask(query, by=by) is not None
    elif who in MAY_ASK[kind].split():
        assert full.ask(query, by=by) is not None
    else:
        with pytest.raises(NotAllowed):
            full.ask(query, by=by)


def test_every_query_is_answered() -> None:
    """No query of the model lacks an answer or a row in the table of access."""
    assert set(ANSWERS) == set(QUERIES) == set(MAY_ASK) == set(q.AnyQuery.__args__)


def test_strangers_and_retired_agents_may_ask_nothing(full: ChatDesk) -> None:
    """Who is nobody on the desk is told so."""
    with pytest.raises(NotAllowed):
        full.ask(q.AskOverview(), by=agent("nobody"))


# -- visitors ------------------------------------------------------------------------------------


def test_a_visitor_sees_his_own_chat(desk: ChatDesk) -> None:
    """A34, B19: his history, both sides, without notes, and the agent's name."""
    chat = ask(desk).chat
    mine = owner(desk, chat)
    desk.execute(c.PostMessage(chat=chat, text="It is.", epoch=1), by=mine)
    desk.execute(c.PostNote(chat=chat, text="a difficult one"), by=mine)
    view = desk.ask(q.AskConversation(), by=ZOE)
    assert view.chat is not None
    assert view.chat.agent == mine.id.title()
    assert [(m.text, m.mine, m.author) for m in view.messages if m.text] == [
        ("Is it blue?", True, None),
        ("It is.", False, mine.id.title()),
    ]
    assert desk.ask(q.AskConversation(), by=visitor("other")).chat is None


def test_a_visitor_sees_where_he_stands_in_line(store: Any, clock: ManualClock) -> None:
    """E08: his position, and an expected wait once the desk has seen how long chats take."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, capacity=1, visitor_lease_seconds=1e6, presence_lease_seconds=1e6)
        for name in ("v1", "v2", "v3", "v4"):
            ask(desk, visitor(name))
        places = [desk.ask(q.AskConversation(), by=visitor(f"v{n}")).chat for n in range(1, 5)]
        assert [place and place.position for place in places] == [None, None, 1, 2]
        assert places[2] is not None
        assert places[2].expected_wait is None
        clock.pass_seconds(100.0)
        chat = desk.engine.replica.desk().state.visitors["v1"].chat
        desk.execute(c.EndChat(chat=chat or ""), by=visitor("v1"))
        desk.execute(c.QualifyChat(chat=chat or "", answers={"outcome": "answered"}), by=SHOP)
        desk.execute(c.CloseChat(chat=chat or ""), by=SHOP)
        place = desk.ask(q.AskConversation(), by=visitor("v4")).chat
    assert place is not None
    assert place.position == 1
    assert place.expected_wait == 100.0 / 2  # two agents, one slot each


def test_an_ended_chat_is_shown_for_a_while(desk: ChatDesk, clock: ManualClock) -> None:
    """A30, A33, D09: after the end he may read and rate it, a day later the page starts afresh."""
    chat = ask(desk).chat
    desk.execute(c.EndChat(chat=chat), by=ZOE)
    view = desk.ask(q.AskConversation(), by=ZOE)
    assert view.chat is not None
    assert view.chat.rating is not None
    desk.execute(c.RateChat(chat=chat, answers={"satisfaction": 5}), by=ZOE)
    rated = desk.ask(q.AskConversation(), by=ZOE).chat
    assert rated is not None
    assert rated.rating is None
    desk.execute(c.QualifyChat(chat=chat, answers={"outcome": "answered"}), by=SHOP)
    desk.execute(c.CloseChat(chat=chat), by=SHOP)
    assert desk.ask(q.AskConversation(), by=ZOE).chat is not None
    clock.pass_seconds(RECENT_SECONDS + 1)
    assert desk.ask(q.AskConversation(), by=ZOE).chat is None


def test_availability_says_why_not(desk: ChatDesk) -> None:
    """B10, E02: open while somebody accepts chats, else nobody."""
    assert desk.ask(q.AskAvailability(queue="sales"), by=ZOE).open
    for who in (ANA, BO):
        desk.execute(c.Disconnect(device="desktop"), by=who)
    shown = desk.ask(q.AskAvailability(queue="sales"), by=ZOE)
    assert (shown.open, shown.reason) == (False, "nobody")
    with pytest.raises(NotFound):
        desk.ask(q.AskAvailability(queue="none"), by=ZOE)


def test_a_full_line_is_open_while_somebody_is_free(desk: ChatDesk) -> None:
    """B54: what is shown agrees with what a request is answered."""
    limited = QueueSetup(name="Sales", length_limit=1)
    desk.execute(c.SaveQueue(queue="sales", setup=limited), by=SHOP)
    cyd = AgentSetup(name="Cyd", queues=("sales",), skills=("glue",), capacity=1)
    desk.execute(c.SaveAgent(agent="cyd", setup=cyd), by=SHOP)
    desk.execute(c.Connect(device="desktop"), by=agent("cyd"))
    for number in range(2):
        ask(desk, visitor(f"glue{number}"), skills=("glue",))
    assert desk.ask(q.AskAvailability(queue="sales"), by=ZOE).open
    for number in range(6):
        assert ask(desk, visitor(f"v{number}")).state is ChatState.ACTIVE
    shown = desk.ask(q.AskAvailability(queue="sales"), by=ZOE)
    assert (shown.open, shown.reason) == (False, "full")
    assert ask(desk, ZOE).reason == "full"


def test_a_visitor_sees_his_tickets_without_comments(desk: ChatDesk, clock: ManualClock) -> None:
    """B35, B41, B43: his note and the reply, never what colleagues say, nor when."""
    note = desk.execute(
        c.LeaveNote(text="Where is it?", answers={"name": "Zoe", "email": "z@e.org"}), by=ZOE
    )
    desk.execute(c.CommentOnTicket(ticket=note.ticket, text="lost by us"), by=ANA)
    desk.execute(c.ReplyToTicket(ticket=note.ticket, text="On its way."), by=ANA)
    replied_at = clock()
    clock.pass_seconds(60.0)
    desk.execute(c.CommentOnTicket(ticket=note.ticket, text="found after all"), by=ANA)
    (ticket,) = desk.ask(q.AskConversation(), by=ZOE).tickets
    assert ticket.updated_at == replied_at
    assert [(entry.text, entry.mine) for entry in ticket.entries] == [
        ("Where is it?", True),
        ("On its way.", False),
    ]
    assert desk.ask(q.AskConversation(), by=visitor("v2")).tickets == ()


# -- agents --------------------------------------------------------------------------------------


def test_the_overview_counts(store: Any, clock: ManualClock) -> None:
    """A13, A14, A15, A16: waiting, online, open, and one's own status."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, capacity=1)
        for name in ("v1", "v2", "v3"):
            ask(desk, visitor(name))
        view = desk.ask(q.AskOverview(), by=ANA)
        boss = desk.ask(q.AskOverview(), by=SHOP)
    assert (view.waiting, view.agents_online, view.chats_open) == (1, 2, 2)
    assert view.status is Status.UNAVAILABLE
    assert boss.status is None
    assert [(card.agent, card.load) for card in view.agents] == [("ana", 1), ("bo", 1), ("eve", 0)]
    assert view.queues[0].waiting == 1


def test_my_chats_stand_in_order_of_need(desk: ChatDesk, clock: ManualClock) -> None:
    """A17, C17, C18: who waits for an answer comes first, the longest first; ended ones last."""
    desk.execute(c.Disconnect(device="desktop"), by=BO)
    chats = []
    for number in range(3):
        clock.pass_seconds(1.0)
        chats.append(ask(desk, visitor(f"v{number}")).chat)
    clock.pass_seconds(1.0)
    desk.execute(c.PostMessage(chat=chats[0], text="Yes.", epoch=1), by=ANA)
    desk.execute(c.EndChat(chat=chats[1]), by=visitor("v1"))
    mine = desk.ask(q.AskMyChats(), by=ANA)
    assert [card.chat.id for card in mine.chats] == [chats[2], chats[0], chats[1]]


def test_an_offer_is_among_my_chats(store: Any, clock: ManualClock) -> None:
    """An agent sees what is offered to him before everything else."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, mode=QueueMode.OFFER)
        chat = ask(desk).chat
        offers = {
            who.id: [card.chat.id for card in desk.ask(q.AskMyChats(), by=who).chats]
            for who in (ANA, BO)
        }
    assert sorted(offers.values()) == [[], [chat]]


def test_waiting_is_listed_as_it_will_be_taken(store: Any, clock: ManualClock) -> None:
    """A04, A12: the list and "Take a chat" agree, and only what the agent may serve is listed."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, mode=QueueMode.PULL)
        hard = c.SaveQueue(
            queue="repairs",
            setup=QueueSetup(name="Repairs", mode=QueueMode.PULL, skills=("solder",)),
        )
        desk.execute(hard, by=SHOP)
        for number in range(4):
            ask(desk, visitor(f"v{number}"))
            clock.pass_seconds(1.0)
        listed = [card.chat.id for card in desk.ask(q.AskWaiting(), by=ANA).chats]
        taken = [desk.execute(c.TakeChat(), by=who).chat for who in (ANA, BO, ANA, BO)]
    assert len(listed) == 4
    assert listed == taken


def test_a_supervisor_sees_every_running_chat(desk: ChatDesk) -> None:
    """C07, C09: all chats that are not closed."""
    chats = [ask(desk, visitor(f"v{number}")).chat for number in range(3)]
    running = desk.ask(q.AskRunningChats(), by=EVE)
    assert [card.chat.id for card in running.chats] == chats


def test_a_transcript_is_for_those_concerned(desk: ChatDesk) -> None:
    """B15, B20: the chat's agent reads it, a colleague only when it is over or handed to him."""
    chat = ask(desk).chat
    mine = owner(desk, chat)
    other = colleague(mine)
    assert desk.ask(q.AskTranscript(chat=chat), by=mine).messages[0].text == "Is it blue?"
    with pytest.raises(NotAllowed, match="with another agent"):
        desk.ask(q.AskTranscript(chat=chat), by=other)
    desk.execute(c.TransferChat(chat=chat, epoch=1, agent=other.id, note="knows blue"), by=mine)
    whole = desk.ask(q.AskTranscript(chat=chat), by=other)
    assert {"Is it blue?", "knows blue"} <= {message.text for message in whole.messages}
    assert desk.ask(q.AskTranscript(chat=chat), by=mine).messages == whole.messages


def test_nobody_has_to_say_it_again(desk: ChatDesk, clock: ManualClock) -> None:
    """D02, A36: before his first word the agent has the answers of the form and earlier chats."""
    first = ask(desk, question="Is it blue?").chat
    desk.execute(c.EndChat(chat=first), by=ZOE)
    clock.pass_seconds(1.0)
    chat = ask(desk, question="And green?").chat
    mine = owner(desk, chat)
    view = desk.ask(q.AskTranscript(chat=chat), by=mine)
    assert view.chat.returning
    (filled,) = view.answers
    assert filled.values == {"name": "Zoe", "email": "zoe@example.org"}
    profile = desk.ask(q.AskCustomer(customer=view.chat.chat.customer), by=mine)
    assert {each.id for each in profile.chats} == {first, chat}
    earlier = desk.ask(q.AskTranscript(chat=first), by=mine)
    assert earlier.messages[0].text == "Is it blue?"


def test_an_offer_shows_until_when(store: Any, clock: ManualClock) -> None:
    """C13: whoever opens the console during an offer sees how long it still stands."""
    with ChatDesk(store, clock=clock) as desk:
        open_shop(desk, mode=QueueMode.OFFER)
        ask(desk)
        cards = [x for who in (ANA, BO) for x in desk.ask(q.AskMyChats(), by=who).chats]
        assert [card.offered_until for card in cards] == [clock.now + 20.0]
        by = ANA if desk.ask(q.AskMyChats(), by=ANA).chats else BO
        desk.execute(c.AcceptOffer(chat=cards[0].chat.id, epoch=1), by=by)
        (card,) = desk.ask(q.AskMyChats(), by=by).chats
        assert card.offered_until is None


def test_a_transcript_may_begin_later(desk: ChatDesk) -> None:
    """Who has the messages up to a number asks for those after it."""
    chat = ask(desk).chat
    for number in range(3):
        desk.execute(c.PostMessage(chat=chat, text=f"and {number}"), by=ZOE)
    later = desk.ask(q.AskTranscript(chat=chat, after=2), by=EVE)
    assert [message.text for message in later.messages] == ["and 0", "and 1", "and 2"]


def test_a_returning_customer_is_recognised(desk: ChatDesk, clock: ManualClock) -> None:
    """A06, D03: who was here before is marked, who is new is not."""
    chat = ask(desk).chat
    assert not desk.ask(q.AskTranscript(chat=chat), by=EVE).chat.returning
    desk.execute(c.EndChat(chat=chat), by=ZOE)
    clock.pass_seconds(86_400.0)
    again = ask(desk).chat
    assert desk.ask(q.AskTranscript(chat=again), by=EVE).chat.returning


def test_a_customer_with_his_history(desk: ChatDesk) -> None:
    """A09, A20, B20: the profile, earlier chats, entries that were not removed, tickets."""
    chat = ask(desk).chat
    customer = desk.ask(q.AskTranscript(chat=chat), by=EVE).chat.chat.customer
    kept = c.SaveInteraction(customer=customer, text="called", channel="phone")
    desk.execute(kept, by=ANA)
    gone = desk.execute(c.SaveInteraction(customer=customer, text="by mistake"), by=ANA)
    removal = c.RemoveInteraction(customer=customer, interaction=gone.interaction)
    desk.execute(removal, by=ANA)
    desk.execute(c.OpenTicket(title="Blue", chat=chat), by=SHOP)
    card = desk.ask(q.AskCustomer(customer=customer), by=ANA)
    assert card.customer.name == "Zoe"
    assert [each.id for each in card.chats] == [chat]
    assert [each.text for each in card.interactions] == ["called"]
    assert [each.title for each in card.tickets] == ["Blue"]
    with pytest.raises(NotFound):
        desk.ask(q.AskCustomer(customer="none"), by=ANA)


def test_the_last_questions_look_like_mail(desk: ChatDesk, clock: ManualClock) -> None:
    """A19: from, subject and body, the newest first."""
    ask(desk, visitor("v1"), question="Is it blue?\nOr green?")
    clock.pass_seconds(1.0)
    ask(desk, visitor("v2"), question="Hello?", topic="price")
    newest, oldest = desk.ask(q.AskLastQuestions(), by=ANA).questions
    assert (newest.sender, newest.subject, newest.body) == ("V2", "price", "Hello?")
    assert (oldest.email, oldest.subject) == ("v1@example.org", "Is it blue?")
    assert len(desk.ask(q.AskLastQuestions(limit=1), by=ANA).questions) == 1


# -- tickets -------------------------------------------------------------------------------------


def test_tickets_come_in_pages_without_spam(desk: ChatDesk, clock: ManualClock) -> None:
    """B39, B47: the latest changed first, page by page; spam only when asked for."""
    whose = desk.ask(q.AskTranscript(chat=ask(desk).chat), by=EVE).chat.chat.customer
    made = []
    for number in range(5):
        clock.pass_seconds(1.0)
        ticket = c.OpenTicket(title=f"T{number}", customer=whose)
        made.append(desk.execute(ticket, by=ANA).ticket)
    desk.execute(c.SetTicketState(ticket=made[1], state=TicketState.SPAM), by=ANA)
    seen: list[str] = []
    after = None
    for _ in range(4):
        page = desk.ask(q.AskTickets(limit=2, after=after), by=ANA)
        seen.extend(ticket.title for ticket in page.tickets)
        after = page.after
        if after is None:
            break
    assert seen == ["T4", "T3", "T2", "T0"]
    spam = desk.ask(q.AskTickets(states=(TicketState.SPAM,)), by=ANA)
    assert [ticket.title for ticket in spam.tickets] == ["T1"]


def test_a_ticket_from_a_chat_has_the_transcript(desk: ChatDesk) -> None:
    """B34, B37, B40: entries, customer and what was said in the chat, also when solved."""
    chat = ask(desk).chat
    made = desk.execute(c.OpenTicket(title="Blue", text="to check", chat=chat), by=SHOP)
    desk.execute(c.SetTicketState(ticket=made.ticket, state=TicketState.SOLVED), by=ANA)
    detail = desk.ask(q.AskTicket(ticket=made.ticket), by=BO)
    assert detail.ticket.state is TicketState.SOLVED
    assert "Is it blue?" in [message.text for message in detail.transcript]
    assert detail.customer is not None
    assert detail.names.get(ANA.id) == "Ana"
    with pytest.raises(NotFound):
        desk.ask(q.AskTicket(ticket="none"), by=ANA)


# -- why -----------------------------------------------------------------------------------------


def test_an_agent_asks_why_he_gets_no_chat(desk: ChatDesk) -> None:
    """B07: first the status; only supervisors ask about others."""
    desk.execute(c.Disconnect(device="desktop"), by=ANA)
    reasons = desk.ask(q.AskWhyNot(), by=ANA).reasons
    assert reasons[0].code == Status.OFFLINE
    assert desk.ask(q.AskWhyNot(agent=ANA.id), by=EVE).reasons == reasons
    with pytest.raises(NotAllowed):
        desk.ask(q.AskWhyNot(agent=BO.id), by=ANA)


def test_a_chat_is_explained(desk: ChatDesk) -> None:
    """Why it is where it is, while it runs and when it is over."""
    chat = ask(desk).chat
    assert desk.ask(q.AskExplain(chat=chat), by=ANA).reasons[0].code == ChatState.ACTIVE
    desk.execute(c.EndChat(chat=chat), by=ZOE)
    desk.execute(c.QualifyChat(chat=chat, answers={"outcome": "answered"}), by=SHOP)
    desk.execute(c.CloseChat(chat=chat), by=SHOP)
    assert desk.ask(q.AskExplain(chat=chat), by=ANA).reasons[0].code == ChatState.CLOSED
    with pytest.raises(NotFound):
        desk.ask(q.AskExplain(chat="none"), by=ANA)


def test_settings_are_for_administrators(full: ChatDesk) -> None:
    """Queues and agents as they are set up."""
    view = full.ask(q.AskSettings(), by=ADMIN)
    assert [queue.id for queue in view.queues] == ["sales"]
    assert [each.id for each in view.agents] == ["ana", "bo", "eve", "root"]
