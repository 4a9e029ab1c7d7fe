"""What agents do about themselves and the line."""

from chatdesk.desk.chats import accept, assign, pass_offer_on
from chatdesk.desk.checks import WORD_LENGTH, check_id, check_length
from chatdesk.desk.presence import end_lease, renew_lease, set_intent
from chatdesk.desk.step import Step
from chatdesk.model.commands import (
    AcceptOffer,
    Connect,
    DeclineOffer,
    Disconnect,
    SetIntent,
    TakeChat,
)
from chatdesk.model.errors import (
    NoRoom,
    NotAllowed,
    NothingWaiting,
    StaleEpoch,
    Unavailable,
    WrongState,
)
from chatdesk.model.ids import ChatId
from chatdesk.model.records import Agent, Chat, Offer
from chatdesk.model.results import ChatTaken, Done
from chatdesk.model.values import OfferState, QueueMode
from chatdesk.rules.access import Scope
from chatdesk.rules.availability import can_receive, status

DEVICES = 16


def connect(step: Step, command: Connect) -> Done:
    """A device is there, or still there (B01, B08)."""
    agent = step.state.agent(step.me())
    check_id(command.device, "device")
    known = any(lease.device == command.device for lease in agent.leases)
    if not known and len(agent.leases) >= DEVICES:
        raise WrongState(f"{DEVICES} devices are connected", mend="Disconnect one first.")
    renew_lease(step, agent, command.device)
    return Done()


def disconnect(step: Step, command: Disconnect) -> Done:
    """A device leaves; one that is not connected has left already."""
    end_lease(step, step.state.agent(step.me()), command.device)
    return Done()


def change_intent(step: Step, command: SetIntent) -> Done:
    """The agent, or a supervisor for him, sets what he wants (B02–B04)."""
    agent_id = command.agent or step.me()
    if step.scope is Scope.OWN and agent_id != step.by.id:
        raise NotAllowed("only a supervisor sets another agent's status")
    check_length(command.intent.reason, "intent.reason", WORD_LENGTH)
    set_intent(step, step.state.agent(agent_id), command.intent)
    return Done()


def take_chat(step: Step, command: TakeChat) -> ChatTaken:
    """Gives the agent the head of the line (A12): two asking at once get different visitors."""
    agent = step.state.agent(step.me())
    if command.queue is not None:
        step.state.queue(command.queue)
    check_can_receive(agent)
    chat_id = step.state.router.next_for(agent.id, command.queue, step.now)
    if chat_id is None:
        raise NothingWaiting("nobody is waiting whom you may serve")
    chat = assign(step, step.state.chats[chat_id], agent.id, QueueMode.PULL)
    return ChatTaken(chat=chat.id, epoch=chat.epoch)


def accept_offer(step: Step, command: AcceptOffer) -> ChatTaken:
    """The chat becomes the agent's."""
    chat, offer = _offer(step, command.chat, command.epoch)
    chat = accept(step, chat, offer)
    return ChatTaken(chat=chat.id, epoch=chat.epoch)


def decline_offer(step: Step, command: DeclineOffer) -> Done:
    """The chat goes to the next agent."""
    _, offer = _offer(step, command.chat, command.epoch)
    pass_offer_on(step, offer, OfferState.DECLINED)
    return Done()


def check_can_receive(agent: Agent) -> None:
    """Raises `Unavailable` or `NoRoom` unless the agent can get one more chat."""
    if not can_receive(agent):
        shown = status(agent).replace("_", " ")
        raise Unavailable(f"agent {agent.id!r} is {shown}")
    if agent.load >= agent.setup.capacity:
        raise NoRoom(f"agent {agent.id!r} has {agent.load} chats of at most {agent.setup.capacity}")


def _offer(step: Step, chat_id: ChatId, epoch: int) -> tuple[Chat, Offer]:
    """The chat and its pending offer to the agent; raises what is wrong otherwise."""
    step.state.agent(step.me())
    chat = step.state.chat(chat_id)
    offer = step.state.offer_of(chat)
    if offer is not None and offer.agent == step.by.id and offer.epoch == epoch:
        return chat, offer
    if epoch != chat.epoch:
        raise StaleEpoch(f"offer {epoch} of chat {chat_id!r} is over")
    raise WrongState(f"chat {chat_id!r} is not offered to you")
