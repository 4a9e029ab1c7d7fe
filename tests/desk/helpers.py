"""A small shop for tests of the machine: commands go in as a turn at a store does it."""

from typing import Any, TypeVar

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model.commits import Batch
from chatdesk.model.events import ChatEvent, Event
from chatdesk.model.ids import Instant
from chatdesk.model.records import AgentSetup, Chat, Customer, DeskSetup, QueueSetup, Record, Ticket
from chatdesk.model.results import ChatRequested
from chatdesk.model.values import (
    Actor,
    AnswerValues,
    ChatState,
    Intent,
    IntentKind,
    agent,
    service,
    visitor,
)
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Find
from chatdesk.testing.check import Ledger, check_desk
from chatdesk.testing.clock import NOON, ManualClock
from chatdesk.testing.driver import fetch

R = TypeVar("R")
T = TypeVar("T", bound=Record)
E = TypeVar("E", bound=Event)

SHOP = service()
ADA, BEN, CYD = agent("ada"), agent("ben"), agent("cyd")
LEAD, ROOT = agent("lead"), agent("root")
ANA, BOB, EVE = visitor("ana"), visitor("bob"), visitor("eve")
QUALIFIED: AnswerValues = {"outcome": "answered"}
LONG = 1e6
NOT_ACCEPTING = Intent(IntentKind.NOT_ACCEPTING)


@attrs.define
class Shop:
    """A desk with a store and a clock; `told` are the events of the last command or wait."""

    desk: Desk = attrs.field(factory=Desk.new)
    store: MemoryStore = attrs.field(factory=MemoryStore)
    clock: ManualClock = attrs.field(factory=ManualClock)
    told: list[Event] = attrs.field(factory=list)
    batches: list[Batch] = attrs.field(factory=list)
    ledger: Ledger = attrs.field(factory=Ledger)
    _fresh: int = 0

    def do(self, command: c.Command[R], by: Actor = SHOP) -> R:
        """One turn for one command; raises its refusal, after writing what fell due before."""
        self._fresh += 1
        with self.store.turn(self.desk.revision, timeout=1.0) as turn:
            self.desk.apply(turn.changes)
            fetch(self.desk, turn, command, by)
            try:
                return self.desk.handle(
                    command, by=by, now=self.clock.now, fresh=f"{self._fresh:04d}"
                )
            finally:
                self._collect(turn)

    def wait(self, seconds: float) -> list[Event]:
        """Let time pass; gives what it brought."""
        self.clock.advance(seconds)
        with self.store.turn(self.desk.revision, timeout=1.0) as turn:
            self.desk.advance(self.clock.now)
            self._collect(turn)
        check_desk(self.desk)
        return self.told

    def _collect(self, turn: Any) -> None:
        batch = self.desk.collect()
        self.told = [] if batch is None else list(batch.events)
        if batch is not None:
            self.ledger.see(batch, self.desk)
            self.batches.append(batch)
            self.desk.committed(turn.write(batch))
        self.desk.committed(self.desk.revision)

    # -- looking ---------------------------------------------------------------------------------

    def heard(self, kind: type[E]) -> list[E]:
        """Events of one type among those told last."""
        return [event for event in self.told if isinstance(event, kind)]

    def ever(self, kind: type[E]) -> list[E]:
        """Events of one type since the beginning."""
        return [e for batch in self.batches for e in batch.events if isinstance(e, kind)]

    def of_chat(self, chat: str) -> list[ChatEvent]:
        """Everything that happened to a chat."""
        return [event for event in self.ever(ChatEvent) if event.chat == chat]

    def all(self, kind: str, type_: type[T], **where: str) -> list[T]:
        """Records in the store."""
        found = self.store.find(Find(kind, tuple((k, (v,)) for k, v in where.items()), limit=10**6))
        return [record for record in found if isinstance(record, type_)]

    def chat(self, chat: str) -> Chat:
        """A chat, live or over."""
        return self.desk.state.chats.get(chat) or self.all("chat", Chat, id=chat)[0]

    def ticket(self, ticket: str) -> Ticket:
        """A ticket, live or over."""
        return self.desk.state.tickets.get(ticket) or self.all("ticket", Ticket, id=ticket)[0]

    def customer_of(self, chat: str) -> Customer:
        """The profile of a chat."""
        return self.all("customer", Customer, id=self.chat(chat).customer)[0]

    def agent(self, name: str) -> Any:
        """An agent's record."""
        return self.desk.state.agents[name]

    # -- doing -----------------------------------------------------------------------------------

    def configure(self, **setup: Any) -> None:
        """Set the desk up, with leases so long that no test need renew them."""
        leases = {"presence_lease_seconds": LONG, "visitor_lease_seconds": LONG}
        self.do(c.ConfigureDesk(setup=DeskSetup(**{"name": "Shop", **leases, **setup})))

    def queue(self, name: str = "sales", **setup: Any) -> None:
        """Add a queue or change it."""
        self.do(c.SaveQueue(queue=name, setup=QueueSetup(**{"name": name, **setup})))

    def hire(self, *names: str, online: bool = True, **setup: Any) -> None:
        """Add agents of the queue "sales", and connect them."""
        for name in names:
            fields = {"name": name.title(), "queues": ("sales",), **setup}
            self.do(c.SaveAgent(agent=name, setup=AgentSetup(**fields)))
            if online:
                self.do(c.Connect(device="web"), agent(name))

    def request(self, by: Actor = ANA, question: str = "Where is it?", **f: Any) -> ChatRequested:
        """A visitor asks in "sales"."""
        answers = {"name": by.id.title(), "email": f"{by.id}@example.org"}
        fields = {"queue": "sales", "question": question, "answers": answers, **f}
        return self.do(c.RequestChat(**fields), by)

    def ask(self, by: Actor = ANA, question: str = "Where is it?", **fields: Any) -> str:
        """A visitor asks in "sales"; gives the chat's id."""
        return self.request(by, question, **fields).chat

    def say(self, chat: str, text: str, by: Actor) -> int:
        """Post a message; gives its number."""
        return self.do(c.PostMessage(chat=chat, text=text), by).seq

    def end(self, chat: str, by: Actor | None = None) -> None:
        """End the conversation."""
        self.do(c.EndChat(chat=chat), by or self.agent_of(chat))

    def finish(self, chat: str) -> None:
        """End, qualify and close by the chat's agent."""
        by = self.agent_of(chat)
        if self.chat(chat).state is ChatState.ACTIVE:
            self.end(chat, by)
        self.do(c.QualifyChat(chat=chat, answers=QUALIFIED), by)
        self.do(c.CloseChat(chat=chat), by)

    def agent_of(self, chat: str) -> Actor:
        """The chat's agent as an actor."""
        return agent(self.chat(chat).agent or "nobody")


def a_shop(*agents: str, queue: dict[str, Any] | None = None, **setup: Any) -> Shop:
    """A shop with one queue "sales" and these agents, connected and accepting."""
    shop = Shop()
    shop.configure(**setup)
    shop.queue(**(queue or {}))
    shop.hire(*agents)
    return shop


def since(shop: Shop) -> Instant:
    """Seconds since the shop opened."""
    return shop.clock.now - NOON


def transfer(shop: Shop, chat: str, **fields: object) -> None:
    """The chat's agent gives it on."""
    command = c.TransferChat(chat=chat, epoch=shop.chat(chat).epoch, **fields)  # type: ignore[arg-type]  # fields of the command
    shop.do(command, shop.agent_of(chat))
