"""Random setups of desks for the driver: small, and with every rule in them."""

from collections.abc import Iterator
from random import Random
from typing import Any

from chatdesk.model import commands as c
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import (
    Form,
    Hours,
    IntentKind,
    OpeningInterval,
    QueueMode,
    Role,
)
from chatdesk.rules.disciplines import DISCIPLINES
from chatdesk.rules.policies import POLICIES

QUEUES = ("sales", "help", "desk3")
AGENTS = ("ada", "ben", "cyd", "dan", "lead", "root")
VISITORS = tuple(f"v{number}" for number in range(14))

BROKEN_HOURS = Hours(
    timezone="Europe/Paris",
    week=(
        OpeningInterval(weekday=1, opens=0, closes=1400),
        OpeningInterval(weekday=1, opens=1403, closes=1440),
        OpeningInterval(weekday=2, opens=2, closes=4),
        OpeningInterval(weekday=2, opens=6, closes=1440),
    ),
    closed_on=("2023-11-16",),
)
"""With pauses in the minutes after a clock's start, which is on a Tuesday at 23:13:20."""


def a_desk_setup(random: Random) -> DeskSetup:
    """Any setup of a desk."""
    fields: dict[str, Any] = {
        "login_intent": random.choice(list(IntentKind)[:1] * 4 + list(IntentKind)),
        "wrap_up_seconds": random.choice([None, 20.0, 120.0]),
        "wrap_up_holds_slot": random.choice([True, True, False]),
        "presence_lease_seconds": random.choice([30.0, 600.0, 600.0]),
        "rescue_seconds": random.choice([None, 15.0, 120.0]),
        "visitor_lease_seconds": random.choice([20.0, 60.0, 600.0]),
        "visit_lease_seconds": random.choice([None, 40.0, 150.0, 150.0]),
        "transfer_consent_required": random.choice([True, False, False]),
        "ticket_policy": random.choice([None, "least_busy", "round_robin", "random"]),
        "ticket_pending_seconds": random.choice([None, 60.0]),
    }
    if random.random() < 0.3:  # noqa: PLR2004
        fields["qualification"] = Form()
    return DeskSetup(name="Shop", **fields)


def a_queue_setup(random: Random, name: str) -> QueueSetup:
    """Any setup of a queue."""
    limit = random.choice([None, None, 3, 6])
    return QueueSetup(
        name=name,
        mode=random.choice(list(QueueMode)),
        policy=random.choice(sorted(POLICIES)),
        discipline=random.choice(sorted(DISCIPLINES)),
        skills=random.choice([(), (), ("fr",)]),
        priority=random.randrange(2),
        offer_seconds=random.choice([5.0, 20.0]),
        wait_limit_seconds=random.choice([None, 30.0, 300.0]),
        length_limit=limit,
        reopen_at=None if limit is None else random.choice([None, 0, limit - 1]),
        hours=random.choice([None, None, None, BROKEN_HOURS]),
    )


def an_agent_setup(random: Random, name: str) -> AgentSetup:
    """Any setup of an agent; `lead` and `root` have the roles their names say."""
    return AgentSetup(
        name=name.title(),
        role={"lead": Role.SUPERVISOR, "root": Role.ADMIN}.get(name, Role.AGENT),
        queues=tuple(queue for queue in QUEUES if random.random() < 0.8),  # noqa: PLR2004
        skills=random.choice([(), ("fr",), ("fr", "vip")]),
        languages=random.choice([(), ("fr",), ("en", "fr")]),
        capacity=random.choice([0, 1, 2, 3]) if name == "root" else random.choice([1, 2, 3]),
        hours=random.choice([None, None, None, BROKEN_HOURS]),
        login_intent=random.choice([None, None, None, IntentKind.NOT_ACCEPTING]),
    )


def opening_commands(random: Random) -> Iterator[c.Command[Any]]:
    """What sets a desk up."""
    yield c.ConfigureDesk(setup=a_desk_setup(random))
    for queue in QUEUES:
        yield c.SaveQueue(queue=queue, setup=a_queue_setup(random, queue))
    for agent in AGENTS:
        yield c.SaveAgent(agent=agent, setup=an_agent_setup(random, agent))
