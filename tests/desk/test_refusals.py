"""What may not be done is refused by type, and nothing whatever has changed."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from chatdesk.desk.handlers import HANDLERS
from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import errors as x
from chatdesk.model.commands import COMMAND_TYPES
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import (
    CLOCK,
    Actor,
    ActorKind,
    AnswerValues,
    ChatState,
    Choice,
    Form,
    FormQuestion,
    Hours,
    Intent,
    IntentKind,
    OpeningInterval,
    Page,
    QuestionKind,
    TicketState,
    agent,
    visitor,
)
from tests.desk.helpers import ADA, BEN, LEAD, QUALIFIED, ROOT, SHOP
from tests.desk.worlds import CANNED, World, a_world, who_has

S, T = ChatState, TicketState
ACTIVE = S.ACTIVE
OWN_VISITOR, OTHER_VISITOR, GHOST = who_has(ACTIVE), visitor("stranger"), agent("ghost")
FORM: AnswerValues = {"name": "Al", "email": "al@example.org"}


@cache
def world() -> World:
    """One world for all tests of this module, which only ever work on copies."""
    return a_world()


def fingerprint(desk: Desk) -> tuple[Any, ...]:
    """Everything that could have changed."""
    state = desk.state
    lines = [tuple(state.router.line(queue)) for queue in state.queues]
    chosen = [state.router.choice(chat, desk.now) for chat in state.chats.values()]
    counters = (state.router.place, state.router.turn)
    batch = (tuple(state.changed), tuple(state.events), tuple(desk._replies))
    return state.digest(), batch, lines, chosen, counters, desk.next_deadline(), state.all_timers()


def refuse(command: c.Command[Any], by: Actor, kind: type[x.Refused] = x.Refused) -> x.Refused:
    """The refusal of the command, which has changed nothing."""
    desk = world().desk((command, by))
    before = fingerprint(desk)
    with pytest.raises(kind) as refused:
        world().handle(desk, command, by)
    assert fingerprint(desk) == before
    assert desk.collect() is None
    assert refused.value.refusal().message
    assert refused.value.refusal().mend
    return refused.value


# -- every actor × command ------------------------------------------------------------------------


def valid(w: World) -> list[c.Command[Any]]:
    """One command of each type that the right actor may give on the running chat."""
    chat, ticket = w.chats[ACTIVE], w.tickets[T.OPEN]
    offered = w.chats[S.OFFERED]
    return [
        c.ConfigureDesk(setup=DeskSetup(name="New")),
        c.SaveQueue(queue="new", setup=QueueSetup(name="New")),
        c.RetireQueue(queue="empty"),
        c.SaveAgent(agent="new", setup=AgentSetup(name="New")),
        c.RetireAgent(agent="lead"),
        c.Connect(device="web"),
        c.Disconnect(device="web"),
        c.SetIntent(intent=Intent(IntentKind.NOT_ACCEPTING), agent="ada"),
        c.TakeChat(queue="pulled"),
        c.AcceptOffer(chat=offered, epoch=1),
        c.DeclineOffer(chat=offered, epoch=1),
        c.RequestChat(queue="sales", question="?", answers=FORM, visitor="stranger"),
        c.RenewVisit(),
        c.PostMessage(chat=chat, text="hi"),
        c.PushPage(chat=chat, url="/lanterns", notice="Have a look:"),
        c.PostNote(chat=chat, text="hi"),
        c.ReadChat(chat=chat, seq=1),
        c.TransferChat(chat=chat, epoch=1, agent="ben"),
        c.EndChat(chat=chat),
        c.QualifyChat(chat=chat, answers=QUALIFIED),
        c.CloseChat(chat=w.chats[S.WRAP_UP]),
        c.RateChat(chat=w.chats[S.WRAP_UP], answers={"satisfaction": 5}),
        c.SaveCustomer(customer=w.customer, change=c.CustomerChange(name="New")),
        c.SaveInteraction(customer=w.customer, text="hi"),
        c.RemoveInteraction(customer=w.customer, interaction=w.interaction),
        c.LeaveNote(text="hi", answers=FORM, visitor="stranger"),
        c.OpenTicket(title="hi", chat=chat),
        c.AnswerTicket(ticket=ticket, text="hi"),
        c.ReplyToTicket(ticket=ticket, text="hi"),
        c.CommentOnTicket(ticket=ticket, text="hi"),
        c.SetTicketState(ticket=ticket, state=T.PENDING),
        c.RetitleTicket(ticket=ticket, title="hi"),
        c.AssignTicket(ticket=ticket, agent="ben"),
        c.SaveCanned(response=replace(CANNED, id="r9", title="Other", shortcuts=("#o",))),
        c.RetireCanned(canned="r1"),
        c.ImportCanned(responses=(replace(CANNED, id="r8", title="New", shortcuts=("#n",)),)),
        c.ForgetLearned(learned=w.learned),
    ]


ACTORS: dict[str, Actor] = {
    "own visitor": OWN_VISITOR,
    "wrapped visitor": who_has(S.WRAP_UP),
    "stranger": OTHER_VISITOR,
    "own agent": ADA,
    "other agent": BEN,
    "supervisor": LEAD,
    "admin": ROOT,
    "shop": SHOP,
    "clock": CLOCK,
    "ghost": GHOST,
}
AGENTS = {"own agent", "other agent", "supervisor", "admin"}
LEADERS = {"supervisor", "admin", "shop"}
OWNER = {"own agent", *LEADERS}
STAFF = {*AGENTS, "shop"}
# Who may give the commands above: written down by hand from what each capability says.
MAY: dict[type[c.Command[Any]], set[str]] = {
    c.ConfigureDesk: {"admin", "shop"},
    c.SaveQueue: {"admin", "shop"},
    c.RetireQueue: {"admin", "shop"},
    c.SaveAgent: {"admin", "shop"},
    c.RetireAgent: {"admin", "shop"},
    c.Connect: AGENTS,
    c.Disconnect: AGENTS,
    c.SetIntent: OWNER,
    c.TakeChat: {"other agent"},
    c.AcceptOffer: {"other agent"},
    c.DeclineOffer: {"other agent"},
    c.RequestChat: {"stranger", "shop"},
    c.RenewVisit: {"own visitor", "wrapped visitor", "stranger"},
    c.PostMessage: {"own visitor", "own agent", "shop"},
    c.PushPage: {"own agent"},
    c.PostNote: OWNER,
    c.ReadChat: {"own agent"},
    c.TransferChat: OWNER,
    c.EndChat: {"own visitor", *OWNER},
    c.QualifyChat: OWNER,
    c.CloseChat: set(),  # not qualified yet: tried apart
    c.RateChat: {"wrapped visitor"},
    c.SaveCustomer: STAFF,
    c.SaveInteraction: STAFF,
    c.RemoveInteraction: STAFF,
    c.LeaveNote: {"stranger", "shop"},
    c.OpenTicket: OWNER,
    c.AnswerTicket: {"own visitor", "shop"},
    c.ReplyToTicket: STAFF,
    c.CommentOnTicket: STAFF,
    c.SetTicketState: STAFF,
    c.RetitleTicket: STAFF,
    c.AssignTicket: STAFF,
    c.SaveCanned: LEADERS,
    c.RetireCanned: LEADERS,
    c.ImportCanned: LEADERS,
    c.ForgetLearned: STAFF,
}


def test_every_command_is_tried() -> None:
    """A08: the lists here, the handlers and the commands are the same."""
    kinds = {type(command) for command in valid(world())}
    assert kinds == set(COMMAND_TYPES) == set(HANDLERS) == set(MAY)


def prepared(command: c.Command[Any], by: Actor) -> Desk:
    """A desk with what a valid command stands on beside the world."""
    desk = world().desk((command, by))
    if isinstance(command, c.RetireQueue):
        world().handle(desk, c.SaveQueue(queue="empty", setup=QueueSetup(name="E")), SHOP, "e")
    return desk


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("kind", [t for t in COMMAND_TYPES if t is not c.CloseChat])
def test_who_may_do_what(kind: type[c.Command[Any]], who: str) -> None:
    """A39, C08: every actor × command, against a table written independently of the rules."""
    command = next(command for command in valid(world()) if type(command) is kind)
    by = ACTORS[who]
    desk = prepared(command, by)
    before = fingerprint(desk)
    if who in MAY[kind]:
        assert world().handle(desk, command, by) is not None
        return
    with pytest.raises(x.Refused) as refused:
        world().handle(desk, command, by)
    assert type(refused.value) in {
        x.NotAllowed,
        x.NotFound,
        x.NoRoom,
        x.NothingWaiting,
        x.WrongState,
    }
    assert fingerprint(desk) == before


@pytest.mark.parametrize("who", ACTORS)
def test_who_may_close(who: str) -> None:
    """A26: the chat's agent or a leader, once it is qualified."""
    w, by = world(), ACTORS[who]
    chat = w.chats[S.WRAP_UP]
    close = c.CloseChat(chat=chat)
    desk = w.desk()
    w.handle(desk, c.QualifyChat(chat=chat, answers=QUALIFIED), ADA)
    if who in OWNER:
        w.handle(desk, close, by)
        assert chat not in desk.state.chats
    else:
        with pytest.raises((x.NotAllowed, x.NotFound)):
            w.handle(desk, close, by)


# -- every state × command ------------------------------------------------------------------------

IN_LINE = {S.WAITING, S.OFFERED}
TALK = {*IN_LINE, ACTIVE}
OVER = {S.CLOSED, S.ABANDONED, S.MISSED}
ON_CHATS: dict[str, tuple[Callable[[str], c.Command[Any]], set[ChatState]]] = {
    "visitor posts": (lambda chat: c.PostMessage(chat=chat, text="hi"), TALK),
    "agent posts": (lambda chat: c.PostMessage(chat=chat, text="hi"), {ACTIVE}),
    "shop posts": (lambda chat: c.PostMessage(chat=chat, text="hi"), TALK),
    "leader notes": (lambda chat: c.PostNote(chat=chat, text="hi"), {*TALK, S.WRAP_UP}),
    "agent reads": (lambda chat: c.ReadChat(chat=chat, seq=1), {ACTIVE, S.WRAP_UP, S.CLOSED}),
    "leader hands over": (lambda chat: c.TransferChat(chat=chat, epoch=1, agent="ben"), {ACTIVE}),
    "visitor ends": (lambda chat: c.EndChat(chat=chat), TALK),
    "leader ends": (lambda chat: c.EndChat(chat=chat), TALK),
    "leader qualifies": (
        lambda chat: c.QualifyChat(chat=chat, answers=QUALIFIED),
        {ACTIVE, S.WRAP_UP},
    ),
    "leader closes": (lambda chat: c.CloseChat(chat=chat), set()),
    "visitor rates": (
        lambda chat: c.RateChat(chat=chat, answers={"satisfaction": 5}),
        {S.WRAP_UP, S.CLOSED},
    ),
    "other accepts": (lambda chat: c.AcceptOffer(chat=chat, epoch=1), {S.OFFERED}),
    "other declines": (lambda chat: c.DeclineOffer(chat=chat, epoch=1), {S.OFFERED}),
    "leader opens a ticket": (lambda chat: c.OpenTicket(title="hi", chat=chat), set(S)),
}


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("what", ON_CHATS)
def test_what_may_be_done_in_which_state(what: str, state: ChatState) -> None:
    """A26, A33: every state of a chat × everything that is done to one."""
    make, allowed = ON_CHATS[what]
    command = make(world().chats[state])
    actors = {"visitor": who_has(state), "agent": ADA, "shop": SHOP, "leader": LEAD, "other": BEN}
    by = actors[what.split(maxsplit=1)[0]]
    if state in allowed:
        desk = world().desk((command, by))
        assert world().handle(desk, command, by) is not None
    else:
        kinds = (x.WrongState, x.NotAllowed, x.StaleEpoch)
        assert isinstance(refuse(command, by), kinds)


ON_TICKETS: dict[str, tuple[Callable[[str], c.Command[Any]], set[TicketState]]] = {
    "answer": (lambda ticket: c.AnswerTicket(ticket=ticket, text="hi"), set(T)),
    "reply": (
        lambda ticket: c.ReplyToTicket(ticket=ticket, text="hi"),
        {T.OPEN, T.PENDING, T.SOLVED},
    ),
    "ask": (
        lambda ticket: c.ReplyToTicket(ticket=ticket, text="hi", state=T.PENDING),
        {T.OPEN, T.PENDING, T.SOLVED},
    ),
    "reply with spam": (lambda t: c.ReplyToTicket(ticket=t, text="hi", state=T.SPAM), set()),
    "comment": (lambda ticket: c.CommentOnTicket(ticket=ticket, text="hi"), set(T)),
    "open": (lambda ticket: c.SetTicketState(ticket=ticket, state=T.OPEN), set(T)),
    "pend": (
        lambda ticket: c.SetTicketState(ticket=ticket, state=T.PENDING),
        {T.OPEN, T.PENDING, T.SOLVED},
    ),
    "solve": (
        lambda ticket: c.SetTicketState(ticket=ticket, state=T.SOLVED),
        {T.OPEN, T.PENDING, T.SOLVED},
    ),
    "spam": (lambda ticket: c.SetTicketState(ticket=ticket, state=T.SPAM), set(T)),
    "retitle": (lambda ticket: c.RetitleTicket(ticket=ticket, title="hi"), set(T)),
    "assign": (lambda ticket: c.AssignTicket(ticket=ticket, agent="ben"), set(T)),
}


@pytest.mark.parametrize("state", list(T))
@pytest.mark.parametrize("what", ON_TICKETS)
def test_what_may_be_done_to_a_ticket(what: str, state: TicketState) -> None:
    """B39, B45, B46, B47: every state of a ticket × everything that is done to one."""
    make, allowed = ON_TICKETS[what]
    command = make(world().tickets[state])
    if state in allowed:
        desk = world().desk((command, SHOP))
        assert world().handle(desk, command, SHOP) is not None
    else:
        refuse(command, SHOP, (x.WrongState, x.InvalidInput))  # type: ignore[arg-type]  # pytest takes both


# -- unknown ids, texts, epochs -------------------------------------------------------------------


def swapped(command: c.Command[Any], field: str, value: object) -> c.Command[Any]:
    """The command with another value in one field."""
    values = {name: getattr(command, name) for name in command.__struct_fields__}
    return type(command)(**{**values, field: value})


ID_FIELDS = (
    "canned",
    "learned",
    "chat",
    "ticket",
    "customer",
    "interaction",
    "queue",
    "agent",
    "preferred_agent",
)
MADE = {(c.SaveQueue, "queue"), (c.SaveAgent, "agent")}


def able(command: c.Command[Any]) -> Actor:
    """Somebody who may give the command."""
    names = MAY[type(command)] or {"shop"}
    return ACTORS["shop" if "shop" in names else min(names)]


@pytest.mark.parametrize("field", ID_FIELDS)
@pytest.mark.parametrize("kind", COMMAND_TYPES)
def test_an_unknown_id_is_not_found(kind: type[c.Command[Any]], field: str) -> None:
    """A12, A26, B12: whatever a command names must exist."""
    command = next(command for command in valid(world()) if type(command) is kind)
    if field not in kind.__struct_fields__ or (kind, field) in MADE:
        return
    if kind is c.TransferChat and field == "queue":
        command = swapped(command, "agent", None)
    if kind is c.OpenTicket and field == "customer":
        command = swapped(command, "chat", None)
    refuse(swapped(command, field, "nowhere"), able(command), x.NotFound)


TEXTS = [
    (kind, field)
    for kind in COMMAND_TYPES
    for field in ("text", "question", "title", "note")
    if field in kind.__struct_fields__ and (kind, field) != (c.OpenTicket, "text")
]


@pytest.mark.parametrize("text", ["", " \n\t", "x" * 8001])
@pytest.mark.parametrize(("kind", "field"), TEXTS)
def test_blank_and_over_long_texts(kind: type[c.Command[Any]], field: str, text: str) -> None:
    """A01, B42: a text is there and of bounded length; the refusal names its field."""
    command = next(command for command in valid(world()) if type(command) is kind)
    refused = refuse(swapped(command, field, text), able(command), x.InvalidInput)
    assert [problem.field for problem in refused.problems] == [field]
    assert refused.problems[0].code == ("too_long" if text.startswith("x") else "missing")


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (c.RequestChat, "topic", "x" * 129),
        (c.RequestChat, "language", "x" * 36),
        (c.RequestChat, "skills", ("x" * 129,)),
        (c.RequestChat, "skills", ("x",) * 17),
        (c.RequestChat, "page", Page(url="x" * 2049)),
        (c.RequestChat, "customer_number", " "),
        (c.RequestChat, "customer_number", "x" * 65),
        (c.RequestChat, "visitor", " "),
        (c.RequestChat, "visitor", "x" * 129),
        (c.LeaveNote, "page", Page(url="/", referrer="x" * 2049)),
        (c.LeaveNote, "visitor", None),
        (c.RetitleTicket, "title", "x" * 201),
        (c.SaveInteraction, "channel", " "),
        (c.SaveInteraction, "channel", "x" * 129),
        (c.ReadChat, "seq", -1),
        (c.ReadChat, "seq", 10**6),
        (c.TransferChat, "queue", "sales"),
        (c.TransferChat, "agent", None),
        (c.TransferChat, "agent", "ada"),
        (c.OpenTicket, "chat", None),
        (c.SaveCustomer, "change", c.CustomerChange(email="nonsense")),
        (c.SaveCustomer, "change", c.CustomerChange(name="x" * 121)),
        (c.SaveCustomer, "change", c.CustomerChange(attributes={"k": "x" * 501})),
        (c.SaveCustomer, "change", c.CustomerChange(attributes={str(n): "x" for n in range(51)})),
        (c.QualifyChat, "answers", {"outcome": "elephant"}),
        (c.QualifyChat, "answers", {"unknown": "x"}),
        (c.RateChat, "answers", {"satisfaction": 6}),
        (c.RateChat, "answers", {"satisfaction": True}),
        (c.Connect, "device", ""),
        (c.SetIntent, "intent", Intent(IntentKind.NOT_ACCEPTING, "x" * 129)),
    ],
)
def test_wrong_values(kind: type[c.Command[Any]], field: str, value: object) -> None:
    """A05, A27, A31: each wrong value is refused as invalid input."""
    command = next(command for command in valid(world()) if type(command) is kind)
    refuse(swapped(command, field, value), able(command), x.InvalidInput)


TWICE = Form(questions=(FormQuestion(key="a", label={}), FormQuestion(key="a", label={})))
NO_CHOICE = Form(questions=(FormQuestion(key="a", label={}, kind=QuestionKind.CHOICE),))
SCALE = Form(questions=(FormQuestion(key="a", label={}, kind=QuestionKind.SCALE, scale=1),))
NOWHERE_GROUP = Form(any_of=(("a",),))
SAME = FormQuestion(
    key="a",
    label={},
    kind=QuestionKind.CHOICE,
    choices=(Choice(value="x", label={}), Choice(value="x", label={})),
)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": " "},
        {"prechat": TWICE},
        {"qualification": NO_CHOICE},
        {"rating": SCALE},
        {"prechat": NOWHERE_GROUP},
        {"prechat": Form(any_of=((),))},
        {"rating": Form(questions=(SAME,))},
        {"rating": Form(questions=(FormQuestion(key=" ", label={}),))},
        {"wrap_up_seconds": 0.0},
        {"presence_lease_seconds": -1.0},
        {"visitor_lease_seconds": float("inf")},
        {"reply_seconds": float("nan")},
        {"max_wait_seconds": 30.0},
        {"message_max_length": 0},
        {"phone": "1" * 129},
        {"ticket_policy": "unknown"},
    ],
)
def test_a_desk_set_up_wrongly(fields: dict[str, Any]) -> None:
    """A27, C11: a setup that cannot work is refused before it does harm."""
    refuse(c.ConfigureDesk(setup=DeskSetup(**{"name": "S", **fields})), SHOP, x.InvalidInput)


def interval(weekday: int, opens: int, closes: int) -> Hours:
    """One interval a week."""
    week = (OpeningInterval(weekday=weekday, opens=opens, closes=closes),)
    return Hours(timezone="UTC", week=week)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"policy": "unknown"},
        {"discipline": "unknown"},
        {"length_limit": 0},
        {"length_limit": 2, "reopen_at": 2},
        {"reopen_at": 0},
        {"offer_seconds": 0.0},
        {"wait_limit_seconds": -5.0},
        {"ageing_seconds": float("nan")},
        {"hours": Hours(timezone="Mars/Olympus", week=())},
        {"hours": interval(7, 0, 10)},
        {"hours": interval(0, 10, 10)},
        {"hours": interval(0, 0, 1441)},
        {"hours": Hours(timezone="UTC", week=(), closed_on=("2026-02-30",))},
    ],
)
def test_a_queue_set_up_wrongly(fields: dict[str, Any]) -> None:
    """B54: a queue that cannot work is refused."""
    setup = QueueSetup(**{"name": "S", **fields})
    refuse(c.SaveQueue(queue="sales", setup=setup), SHOP, x.InvalidInput)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"queues": ("unknown",)},
        {"capacity": -1},
        {"hours": Hours(timezone="nonsense", week=())},
    ],
)
def test_an_agent_set_up_wrongly(fields: dict[str, Any]) -> None:
    """C11: an agent that cannot work is refused."""
    setup = AgentSetup(**{"name": "S", **fields})
    refuse(c.SaveAgent(agent="ada", setup=setup), SHOP, x.InvalidInput)


@pytest.mark.parametrize("id_", ["", " ", "x" * 129])
def test_ids_given_to_queues_and_agents(id_: str) -> None:
    """C11: an id has 1 to 128 characters."""
    refuse(c.SaveQueue(queue=id_, setup=QueueSetup(name="S")), SHOP, x.InvalidInput)
    refuse(c.SaveAgent(agent=id_, setup=AgentSetup(name="S")), SHOP, x.InvalidInput)


@pytest.mark.parametrize("epoch", [0, 2, -1])
def test_a_stale_epoch(epoch: int) -> None:
    """C12: who knows an older assignment is told so, whatever he wants."""
    w = world()
    for command, by in (
        (c.PostMessage(chat=w.chats[ACTIVE], text="hi", epoch=epoch), ADA),
        (c.TransferChat(chat=w.chats[ACTIVE], agent="ben", epoch=epoch), ADA),
        (c.EndChat(chat=w.chats[ACTIVE], epoch=epoch), ADA),
        (c.AcceptOffer(chat=w.chats[S.OFFERED], epoch=epoch), BEN),
        (c.DeclineOffer(chat=w.chats[S.OFFERED], epoch=epoch), BEN),
    ):
        refuse(command, by, x.StaleEpoch)


def test_what_is_in_use_is_not_retired() -> None:
    """C11: neither a queue nor an agent with open chats."""
    refuse(c.RetireQueue(queue="sales"), SHOP, x.WrongState)
    refuse(c.RetireAgent(agent="ada"), SHOP, x.WrongState)
    refuse(c.RetireAgent(agent="ben"), SHOP, x.WrongState)


def test_an_edit_of_an_old_version_is_refused() -> None:
    """A10: so that no edit is lost."""
    change = c.CustomerChange(name="New")
    refuse(c.SaveCustomer(customer=world().customer, change=change, version=7), ADA, x.WrongState)


# -- command ids ----------------------------------------------------------------------------------


def test_a_repeated_command_is_answered_alike_and_does_nothing() -> None:
    """A39: in the same turn and in a later one."""
    w = world()
    command = c.PostMessage(id="k", chat=w.chats[ACTIVE], text="hi")
    desk = w.desk((command, ADA))
    first = w.handle(desk, command, ADA)
    before = fingerprint(desk)
    assert w.handle(desk, command, ADA, "again") == first
    assert fingerprint(desk) == before


def test_an_id_of_another_command_is_refused() -> None:
    """A39: a reused id is no repeat."""
    w = world()
    command = c.PostMessage(id="k", chat=w.chats[ACTIVE], text="hi")
    desk = w.desk((command, ADA))
    w.handle(desk, command, ADA)
    before = fingerprint(desk)
    with pytest.raises(x.CommandIdReused):
        w.handle(desk, c.PostNote(id="k", chat=w.chats[ACTIVE], text="hi"), ADA, "again")
    assert fingerprint(desk) == before


def test_ids_of_commands_are_each_actors_own() -> None:
    """A39: another actor's reply is never given, however ids are spelled."""
    w = world()
    one, other = Actor(ActorKind.SERVICE, "a:b"), Actor(ActorKind.SERVICE, "a")
    first = c.PostMessage(id="c", chat=w.chats[ACTIVE], text="one")
    second = c.PostMessage(id="b:c", chat=w.chats[ACTIVE], text="two")
    desk = w.desk((first, one), (second, other))
    seqs = [w.handle(desk, first, one).seq, w.handle(desk, second, other, "x").seq]
    assert seqs[0] + 1 == seqs[1]


def test_a_command_id_is_bounded() -> None:
    """A39: at most 128 characters."""
    command = c.RenewVisit(id="x" * 129)
    refuse(command, OWN_VISITOR, x.InvalidInput)


def test_a_desk_that_is_not_set_up_refuses() -> None:
    """A01: nothing works before ConfigureDesk, by a refusal that says so."""
    desk = Desk.new()
    with pytest.raises(x.WrongState, match="not been set up"):
        desk.handle(c.SaveQueue(queue="q", setup=QueueSetup(name="Q")), by=SHOP, now=1.0, fresh="f")
    assert desk.collect() is None
