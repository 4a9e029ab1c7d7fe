"""The full path: a whole desk in virtual time, with all that its commands bring about.

Customers and agents do what people do: ask, give up, take an offer or let it expire, write to and
fro, transfer, end and close chats, come, go and take breaks. Every one of these is a command to the
production `Desk`, so offers, leases, wrap-up and shifts are those of the real thing.

It costs some hundred times what the fast path does, and agrees with it where both apply.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import chain
from math import inf
from random import Random
from typing import Any

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.model.commands import (
    AcceptOffer,
    CloseChat,
    Command,
    ConfigureDesk,
    Connect,
    Disconnect,
    EndChat,
    PostMessage,
    RequestChat,
    SaveAgent,
    SaveQueue,
    SetIntent,
    TransferChat,
)
from chatdesk.model.errors import Unavailable
from chatdesk.model.ids import AgentId, ChatId
from chatdesk.model.records import AgentSetup, Chat, DeskSetup, Offer, Record
from chatdesk.model.values import (
    Actor,
    ChatState,
    Form,
    Intent,
    IntentKind,
    OfferState,
    agent,
    service,
    visitor,
)
from chatdesk.rules.instants import instant
from chatdesk.simulation.customers import Customer, chat_id_of, customers
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.fast import THE_END, Progress, watched, workloads
from chatdesk.simulation.laws import Exponential, draws
from chatdesk.simulation.scenario import QUEUE, Crew, Scenario
from chatdesk.simulation.streams import Seed, stream
from chatdesk.simulation.visits import Stint, Visits
from chatdesk.simulation.workload import Workload

AGES = 1e9
"""Longer than any simulation: leases of simulated people do not run out."""
DEVICE = "desk"
RULE = "simulated"
"""The name under which the desk knows the scenario's policy and discipline."""
QUESTION = "?"


@attrs.define(eq=False)
class Served:
    """A customer who is not through yet."""

    number: int
    kind: int
    work: float
    transfer: bool
    epoch: int = 0
    agent: AgentId | None = None
    turns: int = 0
    """Messages still to come."""
    since: float = 0.0
    """When he came to the line, or to his agent."""
    waited: float = 0.0
    finished: bool = True

    @property
    def chat(self) -> ChatId:
        """The id of his chat."""
        return chat_id_of(self.number)


def run_full(
    scenario: Scenario, seed: Seed, count: int, progress: Progress | None = None
) -> Visits:
    """Simulate the first `count` customers until the last of them has left.

    Raises `InvalidParameter` when a crew begins with chats: nobody asked the desk for those.
    """
    if any(crew.open_chats for crew in scenario.crews):
        raise InvalidParameter("open_chats is for the fast path: leave it out for a whole desk")
    visits = Visits.of(count)
    stage = _Stage.of(scenario, seed, visits)
    visits.cut(stage.run(watched(customers(scenario.kinds, seed, count), progress)))
    return visits


@attrs.define(eq=False)
class _Stage:
    """The desk, the people around it, and what they will do next."""

    scenario: Scenario
    visits: Visits
    desk: Desk
    loads: list[Workload]
    places: dict[AgentId, int]
    crews: list[Crew]
    answers: Random
    transfers: Random
    again: Random
    stays: Iterator[float]
    heap: list[tuple[float, int, Any]] = attrs.field(factory=list)
    """When, a number that keeps the order, and what to call."""
    there: dict[ChatId, Served] = attrs.field(factory=dict)
    by_number: dict[int, Served] = attrs.field(factory=dict)
    now: float = 0.0
    order: int = 0

    @classmethod
    def of(cls, scenario: Scenario, seed: Seed, visits: Visits) -> "_Stage":
        """At the start: everybody whose shift has begun is there."""
        desk = Desk.new({RULE: scenario.policy}, {RULE: scenario.discipline})
        stage = cls(
            scenario,
            visits,
            desk,
            [load for crew in scenario.crews for load in workloads(crew)],
            {agent_id: place for place, agent_id in enumerate(scenario.agents)},
            [crew for _, crew in scenario.seats],
            stream(seed, "answers"),
            stream(seed, "transfers"),
            stream(seed, "work again"),
            draws(Exponential(1.0), stream(seed, "leaving")),
        )
        stage.set_up()
        return stage

    # -- time --------------------------------------------------------------------------------------

    def run(self, come: Iterator[Customer]) -> int:
        """Let customers come and go; give how many came."""
        came = 0
        for customer in chain(come, (THE_END,)):
            self.pass_until(customer[0])
            if customer[0] < inf:
                self.now = customer[0]
                self.arrive(came, customer)
                came += 1
        for served in list(self.there.values()):
            self.leave(served)
        return came

    def pass_until(self, at: float) -> None:
        """Let everything happen that happens before, in order."""
        while True:
            due = self.desk.next_deadline()
            mine = self.heap[0][0] if self.heap else inf
            if due is not None and due < AGES and due <= min(mine, at):
                self.now = max(self.now, due)
                self.desk.advance(due)
                self.notice()
            elif mine <= at and self.heap and (mine < inf) and (self.there or at < inf):
                self.now, _, what = heappop(self.heap)
                what()
            else:
                return

    def later(self, at: float, what: Any) -> None:
        """Do it then; of what is due at the same instant, the first told is done first."""
        self.order += 1
        heappush(self.heap, (at, self.order, what))

    def do(self, by: Actor, command: Command[Any], fresh: str = "") -> None:
        """A command to the desk, and a look at what came of it."""
        self.order += 1
        now = instant(self.now)
        self.desk.handle(command, by=by, now=now, fresh=fresh or f"s{self.order}")
        self.notice()

    def notice(self) -> None:
        """See who was assigned, and who was offered a chat."""
        batch = self.desk.collect()
        if batch is not None:
            self.desk.committed(self.desk.revision + 1)
            for record in batch.records:
                self.see(record)

    def see(self, record: Record) -> None:
        """One changed record."""
        if isinstance(record, Offer) and record.state is OfferState.PENDING:
            self.offered(record)
        elif isinstance(record, Chat) and record.id in self.there:
            served = self.there[record.id]
            if record.state is ChatState.ACTIVE and record.epoch != served.epoch:
                self.begin(served, record)
            elif record.state in {ChatState.ABANDONED, ChatState.MISSED}:
                self.leave(served)

    # -- customers ---------------------------------------------------------------------------------

    def arrive(self, number: int, customer: Customer) -> None:
        """A customer asks for a chat."""
        at, patience, work, place = customer
        kind = self.scenario.kinds[place]
        self.visits.arrived[number], self.visits.kinds[number] = at, place
        transfer = self.transfers.random() < kind.transfer_share
        served = Served(number, place, work, transfer, turns=kind.turns, since=at)
        self.there[served.chat] = self.by_number[number] = served
        request = RequestChat(
            queue=QUEUE,
            question=QUESTION,
            visitor=f"v{number}",
            language=kind.language,
            skills=kind.skills,
            priority=kind.priority,
        )
        self.do(service(), request, fresh=str(number))
        if patience < inf and served.chat in self.there and served.agent is None:
            self.later(at + patience, lambda: self.give_up(served))

    def give_up(self, served: Served) -> None:
        """His patience is over, if nobody has answered him."""
        if served.epoch == 0 and served.agent is None and served.chat in self.there:
            self.do(visitor(f"v{served.number}"), EndChat(chat=served.chat))

    def leave(self, served: Served) -> None:
        """He is gone."""
        del self.there[served.chat], self.by_number[served.number]
        number, visits = served.number, self.visits
        if served.agent is None:
            served.waited += self.now - served.since
        elif not served.finished:
            visits.unfinished.add(number)
        visits.waited[number], visits.ended[number] = served.waited, self.now
        visits.agents[number] = served.agent
        if number in visits.moved and served.agent is not None:
            visits.others.append(Stint(served.agent, served.since, self.now))

    # -- chats -------------------------------------------------------------------------------------

    def offered(self, offer: Offer) -> None:
        """An agent accepts at once, or does not answer."""
        crew = self.crews[self.places[offer.agent]]
        if self.answers.random() >= crew.no_answer_share:
            accept = AcceptOffer(chat=offer.chat, epoch=offer.epoch)
            self.later(self.now, lambda: self.accept(offer, accept))

    def accept(self, offer: Offer, accept: AcceptOffer) -> None:
        """An agent takes the offer, unless the customer left meanwhile."""
        if offer.chat in self.there:
            self.do(agent(offer.agent), accept)

    def begin(self, served: Served, chat: Chat) -> None:
        """An agent begins a chat."""
        served.epoch, served.agent = chat.epoch, chat.agent
        served.waited += self.now - served.since
        served.since = self.now
        self.work_on(served)

    def work_on(self, served: Served) -> None:
        """The agent works until the next message, or the end."""
        place = self.places[served.agent or ""]
        load = self.loads[place]
        parts = self.scenario.kinds[served.kind].turns + 1
        stay = next(self.stays) if load.leaving else 0.0
        load.take(served.number, served.work / parts, stay, self.now)
        self.plan(place)

    def plan(self, place: int) -> None:
        """Note when something ends next at the agent."""
        load = self.loads[place]
        if load.open:
            version = load.version
            self.later(load.next_end()[0], lambda: self.reach(place, version))

    def reach(self, place: int, version: int) -> None:
        """A chat is at its next message, or its end, unless the agent's chats have changed."""
        load = self.loads[place]
        if load.version != version:
            return
        _, number, finished = load.next_end()
        served = self.by_number[number]
        load.give(number, self.now)
        if finished and served.turns:
            self.say(served)
            self.work_on(served)
            return
        self.plan(place)
        if finished and served.transfer and self.transfer(served):
            return
        self.end(served, finished=finished)

    def say(self, served: Served) -> None:
        """The agent and the customer write in turn, the agent first: the question is asked."""
        served.turns -= 1
        kind = self.scenario.kinds[served.kind]
        own = (kind.turns - served.turns) % 2 == 1
        by = agent(served.agent or "") if own else visitor(f"v{served.number}")
        self.do(by, PostMessage(chat=served.chat, text=QUESTION))

    def transfer(self, served: Served) -> bool:
        """Give the chat back to the line for somebody else; not if nobody else is there."""
        served.transfer = False
        giver, began = served.agent, served.since
        served.agent, served.since = None, self.now
        served.turns = self.scenario.kinds[served.kind].turns
        command = TransferChat(chat=served.chat, epoch=served.epoch, queue=QUEUE)
        try:
            self.do(agent(giver or ""), command)
        except Unavailable:
            served.agent, served.since = giver, began
            return False
        self.visits.moved.add(served.number)
        self.visits.others.append(Stint(giver or "", began, self.now))
        return True

    def end(self, served: Served, *, finished: bool) -> None:
        """The conversation ends, and the agent closes it at once."""
        by = agent(served.agent or "")
        served.finished = finished
        ender = by if finished else visitor(f"v{served.number}")
        self.leave(served)
        self.do(ender, EndChat(chat=served.chat))
        self.do(by, CloseChat(chat=served.chat))

    # -- agents ------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """The desk, its queue and its agents."""
        empty = Form(questions=())
        setup = DeskSetup(
            name=QUEUE,
            prechat=empty,
            qualification=empty,
            rating=empty,
            wrap_up_seconds=None,
            presence_lease_seconds=2 * AGES,
            visitor_lease_seconds=2 * AGES,
            rescue_seconds=None,
            long_wait_seconds=2 * AGES,
            max_wait_seconds=3 * AGES,
            first_reply_seconds=2 * AGES,
            reply_seconds=2 * AGES,
        )
        self.do(service(), ConfigureDesk(setup=setup))
        self.do(service(), SaveQueue(queue=QUEUE, setup=self.scenario.queue_for_desk(RULE)))
        for agent_id, crew in self.scenario.seats:
            self.do(service(), SaveAgent(agent=agent_id, setup=_agent_setup(agent_id, crew)))
        for agent_id, crew in self.scenario.seats:
            self.roster(agent_id, crew)

    def roster(self, agent_id: AgentId, crew: Crew) -> None:
        """When the agent comes and goes; those who begin at 0 are there before the first comes."""
        if not crew.shifts:
            self.do(agent(agent_id), Connect(device=DEVICE))
        for shift in crew.shifts:
            self.at(shift.begin, agent_id, Connect(device=DEVICE))
            self.at(shift.end, agent_id, Disconnect(device=DEVICE))
        for pause in crew.breaks:
            away = Intent(IntentKind.NOT_ACCEPTING, "break")
            self.at(pause.begin, agent_id, SetIntent(intent=away))
            self.at(pause.end, agent_id, SetIntent(intent=Intent(IntentKind.ACCEPTING)))

    def at(self, when: float, agent_id: AgentId, command: Command[Any]) -> None:
        """The agent gives a command at that time."""
        self.later(when, lambda: self.do(agent(agent_id), command))


def _agent_setup(agent_id: AgentId, crew: Crew) -> AgentSetup:
    return AgentSetup(
        name=agent_id,
        queues=(QUEUE,),
        skills=crew.skills,
        languages=crew.languages,
        capacity=crew.capacity,
    )
