"""A desk with a chat and a ticket in every state, to try every command on."""

from typing import Any

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model.records import CannedResponse
from chatdesk.model.values import Actor, ChatState, QueueMode, Role, TicketState, visitor
from chatdesk.storage.memory import MemoryStore
from chatdesk.testing.driver import fetch
from tests.desk.helpers import ADA, Shop, a_shop

S = ChatState
CANNED = CannedResponse(
    id="r1",
    title="Delivery",
    body="It takes two days.",
    shortcuts=("#delivery",),
    categories=("orders",),
)


@attrs.define
class World:
    """What there is: ids by state, and a store to begin from again and again."""

    store: MemoryStore
    now: float
    chats: dict[ChatState, str]
    tickets: dict[TicketState, str]
    customer: str
    interaction: str
    learned: str

    def desk(self, *commands: tuple[c.Command[Any], Any]) -> Desk:
        """A desk of its own, which has been provided with what the commands need."""
        desk = Desk.new()
        desk.restore(self.store.load())
        desk.advance(self.now)
        with self.store.turn(desk.revision, timeout=1.0) as turn:
            for command, by in commands:
                fetch(desk, turn, command, by)
        return desk

    def handle(self, desk: Desk, command: c.Command[Any], by: Any, fresh: str = "new") -> Any:
        """Give it a command now."""
        return desk.handle(command, by=by, now=self.now, fresh=fresh)


def a_world(**setup: Any) -> World:
    """Visitors are named by the state of their chats; `ada` serves "sales", `ben` the offers."""
    shop = a_shop(**setup)
    shop.hire("ada", capacity=5)
    shop.queue("offered", mode=QueueMode.OFFER, offer_seconds=1e6)
    shop.queue("pulled", mode=QueueMode.PULL)
    shop.hire("ben", queues=("offered", "pulled"))
    shop.hire("lead", role=Role.SUPERVISOR, queues=())
    shop.hire("root", role=Role.ADMIN, queues=())
    chats = {state: _chat(shop, state) for state in ChatState}
    customer = shop.chat(chats[ChatState.ACTIVE]).customer
    entry = shop.do(c.SaveInteraction(customer=customer, text="called"), ADA)
    tickets = {state: _ticket(shop, state, chats) for state in TicketState}
    learned = _learned(shop, chats[S.ACTIVE])
    return World(shop.store, shop.clock.now, chats, tickets, customer, entry.interaction, learned)


def _learned(shop: Shop, chat: str) -> str:
    """A question that a canned response has learned."""
    shop.do(c.SaveCanned(response=CANNED))
    shop.say(chat, "How long does the delivery of a red teapot take?", who_has(S.ACTIVE))
    shop.do(c.PostMessage(chat=chat, text=CANNED.body, canned="r1"), ADA)
    return next(iter(shop.desk.state.shelf.learned))


def who_has(state: ChatState) -> Actor:
    """The visitor of the chat in that state."""
    return visitor(state.value)


def _chat(shop: Shop, state: ChatState) -> str:
    queues = {
        ChatState.WAITING: "pulled",
        ChatState.OFFERED: "offered",
        ChatState.ABANDONED: "pulled",
    }
    who = who_has(state)
    if state is ChatState.MISSED:
        shop.do(c.Disconnect(device="web"), ADA)
        chat = shop.ask(who)
        shop.do(c.Connect(device="web"), ADA)
        return chat
    chat = shop.ask(who, queue=queues.get(state, "sales"))
    if state is ChatState.ABANDONED:
        shop.end(chat, who)
    elif state is ChatState.CLOSED:
        shop.finish(chat)
    elif state is ChatState.WRAP_UP:
        shop.end(chat)
    assert shop.chat(chat).state is state
    return chat


def _ticket(shop: Shop, state: TicketState, chats: dict[ChatState, str]) -> str:
    command = c.OpenTicket(title=f"Case {state}", chat=chats[ChatState.ACTIVE])
    ticket = shop.do(command, ADA).ticket
    shop.do(c.SetTicketState(ticket=ticket, state=state), ADA)
    return ticket
