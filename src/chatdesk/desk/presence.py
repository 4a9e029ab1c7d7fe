"""Presence, intent and shift of an agent: what he and his devices say, and what the clock says."""

from msgspec.structs import replace

from chatdesk.desk.chats import pass_offer_on
from chatdesk.desk.staffing import change_agent
from chatdesk.desk.step import Step
from chatdesk.model.ids import DeviceId
from chatdesk.model.records import Agent
from chatdesk.model.values import Intent, Lease, OfferState
from chatdesk.rules.availability import can_receive
from chatdesk.rules.hours import opening
from chatdesk.rules.instants import after


def renew_lease(step: Step, agent: Agent, device: DeviceId) -> None:
    """The device is there; the agent's first one sets the login intent (B01, B02).

    Who was away for no longer than a lease lasts has not logged in anew: a page loaded again or a
    lost connection leaves a manual "not accepting" as it was.
    """
    until = after(step.now, step.setup.presence_lease_seconds)
    others = tuple(lease for lease in agent.leases if lease.device != device)
    came = replace(agent, leases=(*others, Lease(device, until)), left_at=None)
    if not agent.leases and not _just_left(step, agent):
        kind = agent.setup.login_intent or step.setup.login_intent
        came = replace(came, intent=Intent(kind), intent_at=step.now)
    change_agent(step, agent, came)


def end_lease(step: Step, agent: Agent, device: DeviceId) -> None:
    """The device leaves; with the last the agent is offline (B08)."""
    rest = tuple(lease for lease in agent.leases if lease.device != device)
    _set_leases(step, agent, rest)


def drop_leases(step: Step, agent: Agent) -> None:
    """Devices whose leases have run out are gone."""
    rest = tuple(lease for lease in agent.leases if lease.until > step.now)
    _set_leases(step, agent, rest)


def set_intent(step: Step, agent: Agent, intent: Intent) -> None:
    """The agent wants chats or none; running chats go on either way (B04)."""
    if intent != agent.intent:
        change_agent(step, agent, replace(agent, intent=intent, intent_at=step.now))
        withdraw_offers(step, step.state.agents[agent.id])


def refresh_shift(step: Step, agent: Agent) -> None:
    """What the agent's hours say now, and until when."""
    shift = opening(agent.setup.hours, step.now)
    if (agent.on_shift, agent.shift_until) != (shift.open, shift.until):
        changed = replace(agent, on_shift=shift.open, shift_until=shift.until)
        change_agent(step, agent, changed)


def withdraw_offers(step: Step, agent: Agent) -> None:
    """Offers that the agent may not accept any more go on to the next one.

    All of them when he gets no chats, the latest when his maximum was lowered below his load.
    """
    offers = [step.state.offers[offer] for offer in step.state.offers_to_agent.get(agent.id, ())]
    surplus = agent.load - agent.setup.capacity if can_receive(agent) else len(offers)
    latest_first = sorted(offers, key=lambda offer: (offer.made_at, offer.id), reverse=True)
    for offer in latest_first[: max(surplus, 0)]:
        pass_offer_on(step, offer, OfferState.WITHDRAWN)


def _just_left(step: Step, agent: Agent) -> bool:
    lease = step.setup.presence_lease_seconds
    return agent.left_at is not None and step.now <= after(agent.left_at, lease)


def _set_leases(step: Step, agent: Agent, leases: tuple[Lease, ...]) -> None:
    if len(leases) == len(agent.leases):
        return
    left_at = None if leases else step.now
    change_agent(step, agent, replace(agent, leases=leases, left_at=left_at))
    withdraw_offers(step, step.state.agents[agent.id])
