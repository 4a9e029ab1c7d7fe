"""Random desks: any command by any actor, mostly sensible, some not, while time passes.

`run(seed, commands)` is the same on every store, desk and process: use it to compare them.
"""

# ruff: noqa: S311  # seeded randomness is wanted, not cryptography

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, TypeVar

import attrs
import msgspec

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import records as r
from chatdesk.model import values as v
from chatdesk.model.commits import Batch, Need
from chatdesk.model.errors import Refused
from chatdesk.model.ids import Instant
from chatdesk.model.results import ChatRequested, InteractionSaved, TicketSaved
from chatdesk.rules.instants import after
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Store, Turn
from chatdesk.testing.check import Ledger, check_desk
from chatdesk.testing.clock import NOON
from chatdesk.testing.worlds import AGENTS, QUEUES, VISITORS, a_desk_setup, opening_commands

T = TypeVar("T", bound=r.Record)
R = TypeVar("R")
Order = tuple[c.Command[Any], v.Actor]

NOWHERE = "nowhere"
CHECK_EVERY = 25
"""Commands between two looks at all invariants, which cost far more than a command."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def fetch(desk: Desk, turn: Turn, command: c.Command[Any], by: v.Actor) -> None:
    """Provide the desk with what a command needs, asking until nothing new is named."""
    known: set[Need] = set()
    while new := [need for need in desk.needs(command, by) if need not in known]:
        known.update(new)
        desk.provide(turn.fetch(new))


@attrs.define
class Driver:
    """Drives one desk on one store; what it does next depends on its seed and the desk alone."""

    seed: int
    desk: Desk = attrs.field(factory=Desk.new)
    store: Store = attrs.field(factory=MemoryStore)
    now: Instant = NOON
    check_every: int | None = CHECK_EVERY
    """`None`: never look at the invariants."""
    policy: str | None = None
    """The one policy that all queues use; `None`: any of those the desk knows."""
    done: int = 0
    refused: dict[str, int] = attrs.field(factory=dict)
    """How often which refusal was answered, by its code."""
    chats: list[str] = attrs.field(factory=list)
    tickets: list[str] = attrs.field(factory=list)
    customers: dict[str, None] = attrs.field(factory=dict)
    interactions: list[tuple[str, str]] = attrs.field(factory=list)
    ledger: Ledger = attrs.field(factory=Ledger)
    last: Batch | None = None
    """What the last command or tick wrote."""
    random: Random = attrs.field(init=False)
    _hash: Any = attrs.field(init=False)
    _given: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)
        self._hash = blake2b(digest_size=16)

    # -- running ---------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Give the commands that make a desk of this seed."""
        for command in opening_commands(self.random):
            if isinstance(command, c.SaveQueue) and self.policy is not None:
                setup = msgspec.structs.replace(command.setup, policy=self.policy)
                command = msgspec.structs.replace(command, setup=setup)  # noqa: PLW2901
            self.give(command, v.service())

    def steps(self, commands: int) -> None:
        """Give so many commands, time passing between them."""
        for _ in range(commands):
            self.pass_time()
            self.give(*self.draw())
        self.check()

    def give(self, command: c.Command[R], by: v.Actor) -> R | Refused:
        """One turn at the store for one command; gives its result or its refusal."""
        self._given += 1
        if not command.id and self.random.random() < 0.9:  # noqa: PLR2004
            command = msgspec.structs.replace(command, id=f"k{self._given}")
        with self.store.turn(self.desk.revision, timeout=10.0) as turn:
            self.desk.apply(turn.changes)
            fetch(self.desk, turn, command, by)
            self.desk.advance(self.now)
            answer = self._handle(command, by)
            revision = self._write(turn)
        self._committed(revision)
        if self.check_every is not None and self._given % self.check_every == 0:
            self.check()
        return answer

    def tick(self) -> None:
        """One turn for what fell due."""
        with self.store.turn(self.desk.revision, timeout=10.0) as turn:
            self.desk.apply(turn.changes)
            self.desk.advance(self.now)
            revision = self._write(turn)
        self._committed(revision)

    def pass_time(self) -> None:
        """Let no time pass, or some, or up to the next deadline; sometimes tick."""
        lots = self.random.random()
        due = self.desk.next_deadline()
        if lots < 0.35:  # noqa: PLR2004
            return
        if lots < 0.45 and due is not None:  # noqa: PLR2004
            self.now = max(self.now, due)
        else:
            mean = 3.0 if lots < 0.97 else 300.0  # noqa: PLR2004
            self.now = after(self.now, self.random.expovariate(1 / mean))
        if self.random.random() < 0.2:  # noqa: PLR2004
            self.tick()

    def check(self) -> None:
        """Raise `AssertionError` unless all invariants hold at this time."""
        if self.check_every is not None:
            self.tick()
            check_desk(self.desk)

    def digest(self) -> str:
        """A hash of all that was written and answered so far."""
        return f"{self._hash.copy().hexdigest()}-{self.desk.state.digest()}"

    def _handle(self, command: c.Command[R], by: v.Actor) -> R | Refused:
        fresh = f"{self._given:06d}"
        try:
            result = self.desk.handle(command, by=by, now=self.now, fresh=fresh)
        except Refused as refusal:
            self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
            self._hash.update(_encode(refusal.refusal()))
            return refusal
        self.done += 1
        self._hash.update(_encode(result))
        self._learn(result)
        return result

    def _learn(self, result: object) -> None:
        match result:
            case ChatRequested(chat=chat):
                self.chats.append(chat)
            case TicketSaved(ticket=ticket) if ticket not in self.tickets:
                self.tickets.append(ticket)
            case InteractionSaved(interaction=entry):
                self.interactions.append((next(reversed(self.customers)), entry))
            case _:
                pass

    def _write(self, turn: Turn) -> int | None:
        self.last = batch = self.desk.collect()
        if batch is None:
            return None
        self._hash.update(_encode(batch))
        if self.check_every is not None:
            self.ledger.see(batch, self.desk)
        for record in batch.records:
            if isinstance(record, r.Customer):
                self.customers.pop(record.id, None)
                self.customers[record.id] = None
        return turn.write(batch)

    def _committed(self, revision: int | None) -> None:
        self.desk.committed(self.desk.revision if revision is None else revision)

    # -- drawing ---------------------------------------------------------------------------------

    def draw(self) -> Order:
        """The next command and who gives it."""
        makers, weights = zip(*MAKERS.items(), strict=True)
        maker: Callable[[Driver], Order] = self.random.choices(makers, weights)[0]
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


def _configure(d: Driver) -> Order:
    return c.ConfigureDesk(setup=a_desk_setup(d.random)), v.service()


def _save_queue(d: Driver) -> Order:
    name = d.random.choice(QUEUES)
    setup = _varied_queue(d, name)
    return c.SaveQueue(queue=name, setup=setup), v.service()


def _varied_queue(d: Driver, name: str) -> r.QueueSetup:
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


def _retire_queue(d: Driver) -> Order:
    return c.RetireQueue(queue=d.random.choice(QUEUES)), v.service()


def _save_agent(d: Driver) -> Order:
    name = d.agent()
    known = d.desk.state.agents.get(name)
    setup = r.AgentSetup(name=name) if known is None else known.setup
    used = [q.id for q in d.desk.state.queues.values() if not q.retired]
    change: dict[str, Any] = d.random.choice(
        [
            {"capacity": d.random.randrange(5)},
            {"queues": tuple(q for q in used if d.random.random() < 0.8)},  # noqa: PLR2004
            {"skills": d.random.choice([(), ("fr",), ("fr", "vip")])},
            {"languages": d.random.choice([(), ("fr", "en")])},
        ]
    )
    return c.SaveAgent(agent=name, setup=msgspec.structs.replace(setup, **change)), v.service()


def _retire_agent(d: Driver) -> Order:
    return c.RetireAgent(agent=d.agent()), v.service()


def _connect(d: Driver) -> Order:
    return c.Connect(device=d.random.choice(["web", "web", "phone"])), v.agent(d.agent())


def _disconnect(d: Driver) -> Order:
    return c.Disconnect(device=d.random.choice(["web", "phone"])), v.agent(d.agent())


def _intent(d: Driver) -> Order:
    kind = d.random.choice(list(v.IntentKind))
    reason = d.random.choice([None, "lunch"]) if kind is v.IntentKind.NOT_ACCEPTING else None
    by = d.agent()
    return c.SetIntent(intent=v.Intent(kind, reason), agent=d.random.choice([None, by])), v.agent(
        by
    )


# -- the line ------------------------------------------------------------------------------------


def _take(d: Driver) -> Order:
    return c.TakeChat(queue=d.random.choice([None, *QUEUES])), v.agent(d.agent())


def _offer(d: Driver) -> tuple[str, int, v.Actor]:
    offer = d.one(d.desk.state.offers.values())
    if offer is None or d.random.random() < 0.05:  # noqa: PLR2004
        chat_id, chat = d.chat_id(*v.ChatState)
        return chat_id, d.epoch(chat), v.agent(d.agent())
    return offer.chat, offer.epoch, v.agent(offer.agent)


def _accept(d: Driver) -> Order:
    chat, epoch, by = _offer(d)
    return c.AcceptOffer(chat=chat, epoch=epoch), by


def _decline(d: Driver) -> Order:
    chat, epoch, by = _offer(d)
    return c.DeclineOffer(chat=chat, epoch=epoch), by


def _answers(d: Driver) -> v.AnswerValues:
    person = d.random.randrange(8)
    answers: v.AnswerValues = {"name": f"Person {person}"}
    ways = d.random.choice([("email",), ("customer_number",), ("email", "customer_number")])
    if "email" in ways:
        answers["email"] = f"Person{person}@Example.org"
    if "customer_number" in ways:
        answers["customer_number"] = f"N{d.random.randrange(8)}"
    return answers if d.random.random() > 0.03 else {"name": ""}  # noqa: PLR2004


def _request(d: Driver) -> Order:
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


def _renew(d: Driver) -> Order:
    page = d.random.choice([None, v.Page(url="https://shop.example/", title="Shop")])
    return c.RenewVisit(page=page), v.visitor(d.random.choice(VISITORS))


# -- chats ---------------------------------------------------------------------------------------

ACTIVE, WRAP_UP = v.ChatState.ACTIVE, v.ChatState.WRAP_UP
IN_LINE = (v.ChatState.WAITING, v.ChatState.OFFERED)


def _visitor_posts(d: Driver) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, ACTIVE, *IN_LINE)
    who = VISITORS[0] if chat is None else chat.visitor
    return c.PostMessage(chat=chat_id, text=d.text()), v.visitor(who)


def _agent_posts(d: Driver) -> Order:
    chat_id, chat = d.chat_id(ACTIVE)
    epoch = d.random.choice([None, d.epoch(chat)])
    return c.PostMessage(chat=chat_id, text=d.text(), epoch=epoch), d.owner(chat)


def _shop_posts(d: Driver) -> Order:
    chat_id, _ = d.chat_id(ACTIVE, *IN_LINE)
    return c.PostMessage(chat=chat_id, text=d.text()), v.service()


def _note(d: Driver) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, WRAP_UP, *IN_LINE)
    by = d.random.choice([d.owner(chat), v.agent("lead"), v.service()])
    return c.PostNote(chat=chat_id, text=d.text()), by


def _read(d: Driver) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, WRAP_UP)
    last = 0 if chat is None else chat.messages
    return c.ReadChat(chat=chat_id, seq=d.random.choice([last, last, last - 1, 0])), d.owner(chat)


def _transfer(d: Driver) -> Order:
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


def _end(d: Driver) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, ACTIVE, *IN_LINE)
    visitor = v.visitor("nobody" if chat is None else chat.visitor)
    by = d.random.choice([d.owner(chat), d.owner(chat), visitor, v.service(), v.agent("lead")])
    return c.EndChat(chat=chat_id, epoch=d.random.choice([None, d.epoch(chat)])), by


def _qualify(d: Driver) -> Order:
    chat_id, chat = d.chat_id(ACTIVE, WRAP_UP, WRAP_UP)
    outcome = d.random.choice(["answered", "sale", "unanswered", "elephant"])
    return c.QualifyChat(chat=chat_id, answers={"outcome": outcome}), d.owner(chat)


def _close(d: Driver) -> Order:
    chat_id, chat = d.chat_id(WRAP_UP)
    return c.CloseChat(chat=chat_id), d.random.choice([d.owner(chat), v.agent("lead")])


def _rate(d: Driver) -> Order:
    chat_id, chat = d.chat_id(WRAP_UP)
    who = VISITORS[0] if chat is None else chat.visitor
    answers: v.AnswerValues = {"satisfaction": d.random.randrange(7), "comment": d.text()}
    return c.RateChat(chat=chat_id, answers=answers), v.visitor(who)


# -- customers and tickets -----------------------------------------------------------------------


def _customer_id(d: Driver) -> str:
    return d.random.choice([*list(d.customers)[-8:], "nobody"])


def _save_customer(d: Driver) -> Order:
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


def _history(d: Driver) -> Order:
    customer, entry = d.random.choice([*d.interactions[-9:], (_customer_id(d), None)])
    by = v.agent(d.agent())
    if entry is not None and d.random.random() < 0.3:  # noqa: PLR2004
        return c.RemoveInteraction(customer=customer, interaction=entry), by
    chosen = d.random.choice([None, entry])
    who = customer if chosen is not None else _customer_id(d)
    return c.SaveInteraction(customer=who, text=d.text(), interaction=chosen), by


def _leave_note(d: Driver) -> Order:
    queue = d.random.choice([None, *QUEUES])
    by = v.visitor(d.random.choice(VISITORS))
    return c.LeaveNote(text=d.text(), answers=_answers(d), queue=queue), by


def _open_ticket(d: Driver) -> Order:
    chat_id, chat = d.chat_id(*v.ChatState)
    customer = d.random.choice([None, _customer_id(d)])
    command = c.OpenTicket(
        title=d.random.choice(["Parcel", " a  title ", ""]),
        text=d.text(),
        chat=chat_id if customer is None else None,
        customer=customer,
    )
    return command, d.owner(chat)


def _ticket_id(d: Driver) -> str:
    return d.random.choice([*d.tickets[-12:], NOWHERE])


def _answer_ticket(d: Driver) -> Order:
    ticket = d.desk.state.tickets.get(_ticket_id(d))
    who = None if ticket is None else ticket.visitor
    id_ = NOWHERE if ticket is None else ticket.id
    return c.AnswerTicket(ticket=id_, text=d.text()), v.service() if who is None else v.visitor(who)


def _reply_ticket(d: Driver) -> Order:
    state = d.random.choice([None, *v.TicketState])
    command = c.ReplyToTicket(ticket=_ticket_id(d), text=d.text(), state=state)
    return command, v.agent(d.agent())


def _comment_ticket(d: Driver) -> Order:
    return c.CommentOnTicket(ticket=_ticket_id(d), text=d.text()), v.agent(d.agent())


def _ticket_state(d: Driver) -> Order:
    state = d.random.choice(list(v.TicketState))
    return c.SetTicketState(ticket=_ticket_id(d), state=state), v.agent(d.agent())


def _retitle(d: Driver) -> Order:
    return c.RetitleTicket(ticket=_ticket_id(d), title=d.text()), v.agent(d.agent())


def _assign_ticket(d: Driver) -> Order:
    agent = d.random.choice([None, d.agent()])
    return c.AssignTicket(ticket=_ticket_id(d), agent=agent), v.agent(d.agent())


MAKERS: dict[Callable[[Driver], Order], int] = {
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
}
"""How often each command is given: out of about 350."""


def run(
    seed: int,
    commands: int,
    desk: Desk | None = None,
    store: Store | None = None,
    *,
    check_every: int | None = CHECK_EVERY,
) -> Driver:
    """Set a desk up and give it so many commands; the driver's `digest()` tells what happened.

    `desk` and `store` are new ones; without them, the built-in policies and a store in memory.
    Raises `AssertionError` when an invariant is broken.
    """
    driver = Driver(seed, desk or Desk.new(), store or MemoryStore(), check_every=check_every)
    driver.set_up()
    driver.steps(commands)
    return driver


def digests(seeds: Sequence[int], commands: int) -> list[str]:
    """The digests of several runs."""
    return [run(seed, commands).digest() for seed in seeds]
