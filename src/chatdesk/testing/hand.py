"""What comes next on a random desk: any command by any actor, mostly sensible, some not."""

# ruff: noqa: S311  # seeded randomness is wanted, not cryptography

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, TypeVar

import attrs
import msgspec

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import records as r
from chatdesk.model import values as v
from chatdesk.testing.worlds import AGENTS, QUEUES, VISITORS, a_desk_setup

T = TypeVar("T", bound=r.Record)
Order = tuple[c.Command[Any], v.Actor]

NOWHERE = "nowhere"


@attrs.define
class Hand:
    """Draws commands; which ones depends on its seed and the desk alone."""

    seed: int
    desk: Desk = attrs.field(factory=Desk.new)
    policy: str | None = None
    """The one policy that all queues use; `None`: any of those the desk knows."""
    chats: list[str] = attrs.field(factory=list)
    """Every chat there ever was, and likewise below."""
    tickets: list[str] = attrs.field(factory=list)
    customers: dict[str, None] = attrs.field(factory=dict)
    interactions: list[tuple[str, str]] = attrs.field(factory=list)
    random: Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)

    def draw(self) -> Order:
        """The next command and who gives it."""
        makers, weights = zip(*MAKERS.items(), strict=True)
        maker: Callable[[Hand], Order] = self.random.choices(makers, weights)[0]
        command, by = maker(self)
        if getattr(command, "chat", None) == NOWHERE and self.random.random() < 0.9:  # noqa: PLR2004
            command, by = self.random.choice((_request, _connect))(self)
        if self.random.random() < 0.04:  # noqa: PLR2004
            by = self.anybody()
        return command, by

    def one(self, things: Iterable[T]) -> T | None:
        """Any one of some records, whose order must not depend on the replica."""
        listed = sorted(things, key=lambda record: record.id)
        return self.random.choice(listed) if listed else None

    def anybody(self) -> v.Actor:
        """Any actor, some of whom are nobody here."""
        kind = self.random.choice(list(v.ActorKind))
        return v.Actor(kind, self.random.choice([*AGENTS, *VISITORS, "nobody"]))

    def agent(self) -> str:
        """Any agent."""
        return self.random.choice(AGENTS)

    def chat(self, *states: v.ChatState) -> r.Chat | None:
        """Any live chat in one of the states."""
        return self.one(chat for chat in self.desk.state.chats.values() if chat.state in states)

    def chat_id(self, *states: v.ChatState) -> tuple[str, r.Chat | None]:
        """A chat in one of the states, or rarely any that ever was, or none."""
        if self.random.random() < 0.06:  # noqa: PLR2004
            chat_id = self.random.choice([*self.chats[-30:], NOWHERE])
            return chat_id, self.desk.state.chats.get(chat_id)
        chat = self.chat(*states)
        return (NOWHERE if chat is None else chat.id), chat

    def owner(self, chat: r.Chat | None) -> v.Actor:
        """The chat's agent."""
        known = None if chat is None else chat.agent
        return v.agent(known or self.agent())

    def epoch(self, chat: r.Chat | None) -> int:
        """The chat's epoch, or rarely another one."""
        right = 0 if chat is None else chat.epoch
        return right if self.random.random() > 0.05 else self.random.randrange(4)  # noqa: PLR2004

    def text(self) -> str:
        """Something to say; rarely nothing."""
        return self.random.choice(TEXTS)


TEXTS = (
    "Where is my parcel?",
    "One moment, I am going to find out.",
    "👩‍🚀 :-) é\u0301 ñ",
    "line one\nline two",
    "  around  ",
    "It is on its way: https://shop.example/track/17",
    "",
)


# -- the desk and its agents ---------------------------------------------------------------------


def _configure(d: Hand) -> Order:
    return c.ConfigureDesk(setup=a_desk_setup(d.random)), v.service()


def _save_queue(d: Hand) -> Order:
    name = d.random.choice(QUEUES)
    setup = _varied_queue(d, name)
    return c.SaveQueue(queue=name, setup=setup), v.service()


def _varied_queue(d: Hand, name: str) -> r.QueueSetup:
    known = d.desk.state.queues.get(name)
    setup = r.QueueSetup(name=name) if known is None else known.setup
    change: dict[str, Any] = d.random.choice(
        [
            {"mode": d.random.choice(list(v.QueueMode))},
            {"policy": d.policy or d.random.choice(sorted(d.desk.state.policies))},
            {"discipline": d.random.choice(sorted(d.desk.state.disciplines))},
            {"length_limit": d.random.choice([None, 2, 5]), "reopen_at": None},
            {"wait_limit_seconds": d.random.choice([None, 40.0, 200.0])},
            {"priority": d.random.randrange(3)},
            {"skills": d.random.choice([(), ("fr",)])},
        ]
    )
    return msgspec.structs.replace(setup, **change)


def _retire_queue(d: Hand) -> Order:
    return c.RetireQueue(queue=d.random.choice(QUEUES)), v.service()


def _save_agent(d: Hand) -> Order:
    name = d.agent()
    known = d.desk.state.agents.get(name)
    setup = r.AgentSetup(name=name) if known is None else known.setup
    used = sorted(q.id for q in d.desk.state.queues.values() if not q.retired)
    change: dict[str, Any] = d.random.choice(
        [
            {"capacity": d.random.randrange(5)},
            {"queues": tuple(q for q in used if d.random.random() < 0.8)},  # noqa: PLR2004
            {"skills": d.random.choice([(), ("fr",), ("fr", "vip")])},
            {"languages": d.random.choice([(), ("fr", "en")])},
        ]
    )
    return c.SaveAgent(agent=name, setup=msgspec.structs.replace(setup, **change)), v.service()


def _retire_agent(d: Hand) -> Order:
    return c.RetireAgent(agent=d.agent()), v.service()


def _connect(d: Hand) -> Order:
    return c.Connect(device=d.random.choice(["web", "web", "phone"])), v.agent(d.agent())


def _disconnect(d: Hand) -> Order:
    return c.Disconnect(device=d.random.choice(["web", "phone"])), v.agent(d.agent())


def _intent(d: Hand) -> Order:
    kind = d.random.choice(list(v.IntentKind))
    reason = d.random.choice([None, "lunch"]) if kind is v.IntentKind.NOT_ACCEPTING else None
    by = d.agent()
    return c.SetIntent(intent=v.Intent(kind, reason), agent=d.random.choice([None, by])), v.agent(
        by
    )


# -- the line ------------------------------------------------------------------------------------


def _take(d: Hand) -> Order:
    return c.TakeChat(queue=d.random.choice([None, *QUEUES])), v.agent(d.agent())


def _offer(d: Hand) -> tuple[str, int, v.Actor]:
    offer = d.one(d.desk.state.offers.values())
    if offer is None or d.random.random() < 0.05:  # noqa: PLR2004
        chat_id, chat = d.chat_id(*v.ChatState)
        return chat_id, d.epoch(chat), v.agent(d.agent())
    return offer.chat, offer.epoch, v.agent(offer.agent)


def _accept(d: Hand) -> Order:
    chat, epoch, by = _offer(d)
    return c.AcceptOffer(chat=chat, epoch=epoch), by


def _decline(d: Hand) -> Order:
    chat, epoch, by = _offer(d)
    return c.DeclineOffer(chat=chat, epoch=epoch), by


def _answers(d: Hand) -> v.AnswerValues:
    person = d.random.randrange(8)
    answers: v.AnswerValues = {"name": f"Person {person}"}
    ways = d.random.choice([("email",), ("customer_number",), ("email", "customer_number")])
    if "email" in ways:
        answers["email"] = f"Person{person}@Example.org"
    if "customer_number" in ways:
        answers["customer_number"] = f"N{d.random.randrange(8)}"
    return answers if d.random.random() > 0.03 else {"name": ""}  # noqa: PLR2004


PAGES = (
    v.Page(url="https://shop.example/", title="Shop"),
    v.Page(url="https://shop.example/cart", referrer="https://find.example"),
)


def _request(d: Hand) -> Order:
    who = d.random.choice(VISITORS)
    shop = d.random.random() < 0.2  # noqa: PLR2004
    command = c.RequestChat(
        queue=d.random.choice(QUEUES),
        question=d.text(),
        answers=_answers(d),
        source=d.random.choice(list(v.Source)),
        language=d.random.choice([None, "fr", "en-GB"]),
        skills=d.random.choice([(), (), ("vip",)]),
        priority=d.random.randrange(3) if shop else 0,
        preferred_agent=d.random.choice([None, None, d.agent()]),
        page=d.random.choice([None, v.Page(url="https://shop.example/cart")]),
        visitor=who if shop else None,
        customer_number=d.random.choice([None, "N1"]) if shop else None,
    )
    return command, v.service() if shop else v.visitor(who)


def _renew(d: Hand) -> Order:
    command = c.RenewVisit(
        page=d.random.choice([None, *PAGES]),
        language=d.random.choice([None, "fr"]),
        timezone=d.random.choice([None, "Europe/Paris", "x" * 200]),
        leaving=d.random.random() < 0.2,  # noqa: PLR2004
    )
    return command, v.visitor(d.random.choice(VISITORS))


# -- chats ---------------------------------------------------------------------------------------

ACTIVE, WRAP_UP = v.ChatState.ACTIVE, v.ChatState.WRAP_UP
IN_LINE = (v.ChatState.WAITING, v.ChatState.OFFERED)


def _visitor_posts(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, ACTIVE, *IN_LINE)
    who = VISITORS[0] if chat is None else chat.visitor
    return c.PostMessage(chat=chat_id, text=d.text()), v.visitor(who)


def _agent_posts(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE)
    epoch = d.random.choice([None, d.epoch(chat)])
    return c.PostMessage(chat=chat_id, text=d.text(), epoch=epoch), d.owner(chat)


def _shop_posts(d: Hand) -> Order:
    chat_id, _ = d.chat_id(ACTIVE, *IN_LINE)
    return c.PostMessage(chat=chat_id, text=d.text()), v.service()


def _pushes_page(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE)
    command = c.PushPage(
        chat=chat_id,
        url=d.random.choice(["/cart", "https://shop.example/lamp", "javascript:alert(1)"]),
        notice=d.random.choice([None, "Have a look at this:", d.text()]),
        title=d.random.choice([None, "The lamp"]),
        epoch=d.random.choice([None, d.epoch(chat)]),
    )
    return command, d.owner(chat)


def _note(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, WRAP_UP, *IN_LINE)
    by = d.random.choice([d.owner(chat), v.agent("lead"), v.service()])
    return c.PostNote(chat=chat_id, text=d.text()), by


def _read(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, WRAP_UP)
    last = 0 if chat is None else chat.messages
    return c.ReadChat(chat=chat_id, seq=d.random.choice([last, last, last - 1, 0])), d.owner(chat)


def _transfer(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE)
    to_agent = d.random.random() < 0.6  # noqa: PLR2004
    command = c.TransferChat(
        chat=chat_id,
        epoch=d.epoch(chat),
        agent=d.agent() if to_agent else None,
        queue=None if to_agent else d.random.choice(QUEUES),
        consent=d.random.random() < 0.7,  # noqa: PLR2004
        note=d.random.choice([None, "please take over"]),
    )
    return command, d.owner(chat)


def _end(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, ACTIVE, *IN_LINE)
    visitor = v.visitor("nobody" if chat is None else chat.visitor)
    by = d.random.choice([d.owner(chat), d.owner(chat), visitor, v.service(), v.agent("lead")])
    return c.EndChat(chat=chat_id, epoch=d.random.choice([None, d.epoch(chat)])), by


def _qualify(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, WRAP_UP, WRAP_UP)
    outcome = d.random.choice(["answered", "sale", "unanswered", "elephant"])
    return c.QualifyChat(chat=chat_id, answers={"outcome": outcome}), d.owner(chat)


def _close(d: Hand) -> Order:
    chat_id, chat = d.chat_id(WRAP_UP)
    return c.CloseChat(chat=chat_id), d.random.choice([d.owner(chat), v.agent("lead")])


def _rate(d: Hand) -> Order:
    chat_id, chat = d.chat_id(WRAP_UP)
    who = VISITORS[0] if chat is None else chat.visitor
    answers: v.AnswerValues = {"satisfaction": d.random.randrange(7), "comment": d.text()}
    return c.RateChat(chat=chat_id, answers=answers), v.visitor(who)


# -- customers and tickets -----------------------------------------------------------------------


def _customer_id(d: Hand) -> str:
    return d.random.choice([*list(d.customers)[-8:], "nobody"])


def _save_customer(d: Hand) -> Order:
    change = d.random.choice(
        [
            c.CustomerChange(name=d.random.choice(["Grace", ""])),
            c.CustomerChange(email=f"person{d.random.randrange(8)}@example.org"),
            c.CustomerChange(customer_number=d.random.choice(["", "N2", " N3 "])),
            c.CustomerChange(attributes={"tier": d.random.choice(["gold", ""])}),
        ]
    )
    version = d.random.choice([None, 1])
    command = c.SaveCustomer(customer=_customer_id(d), change=change, version=version)
    return command, v.agent(d.agent())


def _history(d: Hand) -> Order:
    customer, entry = d.random.choice([*d.interactions[-9:], (_customer_id(d), None)])
    by = v.agent(d.agent())
    if entry is not None and d.random.random() < 0.3:  # noqa: PLR2004
        return c.RemoveInteraction(customer=customer, interaction=entry), by
    chosen = d.random.choice([None, entry])
    who = customer if chosen is not None else _customer_id(d)
    return c.SaveInteraction(customer=who, text=d.text(), interaction=chosen), by


def _leave_note(d: Hand) -> Order:
    queue = d.random.choice([None, *QUEUES])
    by = v.visitor(d.random.choice(VISITORS))
    return c.LeaveNote(text=d.text(), answers=_answers(d), queue=queue), by


def _open_ticket(d: Hand) -> Order:
    chat_id, chat = d.chat_id(*v.ChatState)
    customer = d.random.choice([None, _customer_id(d)])
    command = c.OpenTicket(
        title=d.random.choice(["Parcel", " a  title ", ""]),
        text=d.text(),
        chat=chat_id if customer is None else None,
        customer=customer,
    )
    return command, d.owner(chat)


def _ticket_id(d: Hand) -> str:
    return d.random.choice([*d.tickets[-12:], NOWHERE])


def _answer_ticket(d: Hand) -> Order:
    ticket = d.desk.state.tickets.get(_ticket_id(d))
    who = None if ticket is None else ticket.visitor
    id_ = NOWHERE if ticket is None else ticket.id
    return c.AnswerTicket(ticket=id_, text=d.text()), v.service() if who is None else v.visitor(who)


def _reply_ticket(d: Hand) -> Order:
    state = d.random.choice([None, *v.TicketState])
    command = c.ReplyToTicket(ticket=_ticket_id(d), text=d.text(), state=state)
    return command, v.agent(d.agent())


def _comment_ticket(d: Hand) -> Order:
    return c.CommentOnTicket(ticket=_ticket_id(d), text=d.text()), v.agent(d.agent())


def _ticket_state(d: Hand) -> Order:
    state = d.random.choice(list(v.TicketState))
    return c.SetTicketState(ticket=_ticket_id(d), state=state), v.agent(d.agent())


def _retitle(d: Hand) -> Order:
    return c.RetitleTicket(ticket=_ticket_id(d), title=d.text()), v.agent(d.agent())


def _assign_ticket(d: Hand) -> Order:
    agent = d.random.choice([None, d.agent()])
    return c.AssignTicket(ticket=_ticket_id(d), agent=agent), v.agent(d.agent())


# -- canned responses ----------------------------------------------------------------------------


def _canned(d: Hand) -> r.CannedResponse:
    number = d.random.randrange(5)
    known = d.desk.state.shelf.responses.get(f"r{number}")
    return r.CannedResponse(
        id=f"r{number}",
        title=d.random.choice([f"Answer {number}", ""]),
        body=d.random.choice(["It takes two days.", "Hello {{customer.first_name}}", " "]),
        shortcuts=(f"#s{d.random.choice([number, 0])}",),
        categories=("orders",),
        owner=d.random.choice([None, None, d.agent()]),
        promise_seconds=d.random.choice([None, None, 30.0]),
        version=1 if known is None else known.version,
    )


def _save_canned(d: Hand) -> Order:
    by = d.random.choice([v.service(), v.agent("lead"), v.agent(d.agent())])
    return c.SaveCanned(response=_canned(d)), by


def _retire_canned(d: Hand) -> Order:
    return c.RetireCanned(canned=f"r{d.random.randrange(5)}"), v.agent("lead")


def _import_canned(d: Hand) -> Order:
    return c.ImportCanned(responses=(_canned(d), _canned(d))), v.service()


def _forget_learned(d: Hand) -> Order:
    learned = d.one(d.desk.state.shelf.learned.values())
    return c.ForgetLearned(learned=NOWHERE if learned is None else learned.id), v.agent(d.agent())


def _sends_canned(d: Hand) -> Order:
    chat_id, chat = d.chat_id(ACTIVE)
    command = c.PostMessage(
        chat=chat_id,
        text="It takes two days.",
        canned=f"r{d.random.randrange(5)}",
        confidence=d.random.choice([None, 0.2, 0.9]),
    )
    return command, d.owner(chat)


MAKERS: dict[Callable[[Hand], Order], int] = {
    _configure: 1,
    _save_queue: 3,
    _retire_queue: 1,
    _save_agent: 3,
    _retire_agent: 1,
    _connect: 40,
    _disconnect: 4,
    _intent: 8,
    _take: 10,
    _accept: 12,
    _decline: 5,
    _request: 45,
    _renew: 15,
    _visitor_posts: 25,
    _agent_posts: 30,
    _shop_posts: 2,
    _pushes_page: 4,
    _note: 5,
    _read: 10,
    _transfer: 8,
    _end: 22,
    _qualify: 22,
    _close: 18,
    _rate: 8,
    _save_customer: 6,
    _history: 6,
    _leave_note: 4,
    _open_ticket: 6,
    _answer_ticket: 5,
    _reply_ticket: 5,
    _comment_ticket: 3,
    _ticket_state: 5,
    _retitle: 3,
    _assign_ticket: 3,
    _save_canned: 4,
    _retire_canned: 1,
    _import_canned: 1,
    _forget_learned: 1,
    _sends_canned: 5,
}
"""How often each command is given: out of about 350."""
