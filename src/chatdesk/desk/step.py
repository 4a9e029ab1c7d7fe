"""One step of the machine: a command or a deadline being handled, with who, when and on what."""

from attrs import define

from chatdesk.desk.state import State
from chatdesk.model.errors import NotAllowed, NotFound
from chatdesk.model.ids import AgentId, ChatId, CommandId, CustomerId, Instant
from chatdesk.model.records import Chat, Customer, DeskSetup, Ticket
from chatdesk.model.values import Actor, ActorKind, Audience
from chatdesk.rules.access import Scope

STAFF = Audience(staff=True)


@define(eq=False)
class Step:
    """What every handler gets: the state, and the circumstances that events record."""

    state: State
    by: Actor
    now: Instant
    command: CommandId | None = None
    fresh: str = ""
    """A new unique id; ids of what the step makes come from it."""
    scope: Scope = Scope.ANY
    """What the access table allows the actor: only his own, or any."""

    @property
    def setup(self) -> DeskSetup:
        """How the desk is set up."""
        return self.state.setup

    def me(self) -> AgentId:
        """The agent who acts; raises `NotAllowed` for anybody else."""
        if self.by.kind is not ActorKind.AGENT:
            raise NotAllowed("only an agent can do this")
        return self.by.id

    def own_chat(self, chat_id: ChatId) -> Chat:
        """A chat the actor may act on: his own, or any where his standing allows it.

        Raises `NotFound`, to a visitor also for chats of others, and `NotAllowed` to an agent.
        """
        chat = self.state.chat(chat_id)
        if self.scope is Scope.OWN:
            check_own(self.by, chat)
        return chat

    def customer(self, customer_id: CustomerId) -> Customer | None:
        """A customer that the turn fetched or wrote."""
        return self.state.guests.get(Customer, customer_id)


def check_own(by: Actor, chat: Chat) -> None:
    """Raises unless the chat is the actor's own."""
    if by.kind is ActorKind.VISITOR and chat.visitor != by.id:
        raise NotFound("chat", chat.id)
    if by.kind is ActorKind.AGENT and chat.agent != by.id:
        raise NotAllowed(f"chat {chat.id!r} is not yours")


def chat_audience(chat: Chat) -> Audience:
    """Its visitor and all staff: for facts about a chat."""
    return Audience(visitor=chat.visitor, staff=True)


def talk_audience(chat: Chat) -> Audience:
    """Its visitor and its agent: for what is said. In line, all staff may read it (A04)."""
    if chat.agent is None:
        return Audience(visitor=chat.visitor, staff=True)
    return Audience(visitor=chat.visitor, agents=(chat.agent,))


def agent_audience(chat: Chat) -> Audience:
    """Its agent alone, and supervisors: for notes and whispers."""
    return Audience(agents=() if chat.agent is None else (chat.agent,), staff=chat.agent is None)


def ticket_audience(ticket: Ticket) -> Audience:
    """Its visitor and all staff: for what the customer may see of a ticket."""
    return Audience(visitor=ticket.visitor, staff=True)
