"""Journals to replay: days of a real desk in virtual time, with visitors who come and leave."""

from collections.abc import Callable, Iterator, Mapping
from heapq import heappop, heappush
from random import Random
from typing import Any

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model.ids import Instant
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import Actor, ChatState, Form, Intent, IntentKind, service, visitor
from chatdesk.model.values import agent as an_agent
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.storage.memory import MemoryStore
from chatdesk.storage.port import Store
from chatdesk.testing.driver import fetch

BEGIN = 1_700_000_000.0
SETUP = DeskSetup(
    name="Shop",
    prechat=Form(),
    qualification=Form(),
    visitor_lease_seconds=1e6,
    presence_lease_seconds=1e7,
    wrap_up_holds_slot=False,
)


@attrs.define(eq=False)
class Shop:
    """A desk on a store, driven by a heap of what is to come."""

    seed: int = 1
    policies: Mapping[str, AssignmentPolicy] | None = None
    store: Store = attrs.field(factory=MemoryStore)
    desk: Desk = attrs.field(init=False)
    now: Instant = BEGIN
    given: int = 0
    speeds: Mapping[str, float] = attrs.field(factory=dict)
    random: Random = attrs.field(init=False)
    due: list[tuple[float, int, str, str]] = attrs.field(factory=list)
    begun: set[str] = attrs.field(factory=set)
    after_each: Callable[[], object] | None = None
    """Called after each command."""

    def __attrs_post_init__(self) -> None:
        self.desk = Desk.new(self.policies)
        self.random = Random(self.seed)

    def do(self, command: c.Command[Any], by: Actor) -> Any:
        """One turn for one command."""
        self.given += 1
        with self.store.turn(self.desk.revision, timeout=10.0) as turn:
            fetch(self.desk, turn, command, by)
            fresh = f"{self.given:06}"
            result = self.desk.handle(command, by=by, now=round(self.now, 6), fresh=fresh)
            batch = self.desk.collect()
            revision = turn.revision if batch is None else turn.write(batch)
        self.desk.committed(revision)
        if self.after_each is not None:
            self.after_each()
        return result

    def open(self, agents: Mapping[str, AgentSetup], queues: Mapping[str, QueueSetup]) -> None:
        """Set up, and everybody comes."""
        self.do(c.ConfigureDesk(setup=SETUP), service())
        for name, setup in queues.items():
            self.do(c.SaveQueue(queue=name, setup=setup), service())
        for name, staff in agents.items():
            self.do(c.SaveAgent(agent=name, setup=staff), service())
            self.do(c.Connect(device="web"), an_agent(name))

    def plan(self, seconds: float, what: str, whom: str) -> None:
        """Something is to happen in so many seconds."""
        heappush(self.due, (self.now + seconds, self.random.getrandbits(60), what, whom))

    def day(
        self, visitors: int, *, every: float, work: float, patience: float, queue: str = "sales"
    ) -> None:
        """So many visitors come, are served or leave."""
        for number, gap in enumerate(self.gaps(visitors, every)):
            heappush(self.due, (self.now + gap, number, "ask", f"{queue}/{self.given}-{number}"))
        while self.due:
            self.now, _, what, whom = heappop(self.due)
            if what == "ask":
                self.ask(whom, patience)
            elif what == "leave":
                self.leave(whom)
            elif what == "end":
                self.do(c.EndChat(chat=whom), service())
            else:
                kind = IntentKind.ACCEPTING if what == "back" else IntentKind.NOT_ACCEPTING
                self.do(c.SetIntent(intent=Intent(kind)), an_agent(whom))
            self.watch(work)

    def gaps(self, visitors: int, every: float) -> Iterator[float]:
        """When they come."""
        at = 0.0
        for _ in range(visitors):
            at += self.random.expovariate(1 / every)
            yield at

    def ask(self, whom: str, patience: float) -> None:
        """A visitor asks, and will leave some time if he still waits then."""
        queue, _, name = whom.partition("/")
        request = c.RequestChat(queue=queue, question="Is it blue?", answers={})
        chat = self.do(request, visitor(name)).chat
        self.plan(self.random.expovariate(1 / patience), "leave", f"{name}/{chat}")

    def leave(self, whom: str) -> None:
        """A visitor's patience is over."""
        name, _, chat_id = whom.partition("/")
        chat = self.desk.state.chats.get(chat_id)
        if chat is not None and chat.state is ChatState.WAITING:
            self.do(c.EndChat(chat=chat_id), visitor(name))

    def watch(self, work: float) -> None:
        """Whoever has got an agent since will be served for some time."""
        for chat in list(self.desk.state.chats.values()):
            if chat.state is ChatState.ACTIVE and chat.id not in self.begun:
                self.begun.add(chat.id)
                speed = self.speeds.get(chat.agent or "", 1.0)
                self.plan(self.random.lognormvariate(0, 0.5) * work / speed, "end", chat.id)


def small_shop(
    visitors: int = 150, *, policy: str = "least_busy", seed: int = 1, store: Store | None = None
) -> Shop:
    """Three agents, one with a lunch break and one twice as fast, and some overload."""
    shop = Shop(seed=seed, store=store or MemoryStore(), speeds={"bo": 2.0})
    agents = {
        name: AgentSetup(name=name.title(), queues=("sales",), capacity=2)
        for name in ("ana", "bo", "cy")
    }
    shop.open(agents, {"sales": QueueSetup(name="Sales", policy=policy)})
    shop.plan(2_000.0, "away", "ana")
    shop.plan(4_000.0, "back", "ana")
    shop.day(visitors, every=40.0, work=220.0, patience=120.0)
    return shop
