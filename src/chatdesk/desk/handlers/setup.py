"""Setting up the desk, its queues and its agents."""

from collections.abc import Callable

from msgspec.structs import replace

from chatdesk.desk.checks import WORD_LENGTH, check_id
from chatdesk.desk.presence import refresh_shift, withdraw_offers
from chatdesk.desk.staffing import change_agent
from chatdesk.desk.step import STAFF, Step
from chatdesk.desk.tickets import pass_tickets_on
from chatdesk.model.commands import (
    ConfigureDesk,
    RetireAgent,
    RetireQueue,
    SaveAgent,
    SaveQueue,
)
from chatdesk.model.errors import ConfigurationError, FieldProblem, InvalidInput, WrongState
from chatdesk.model.events import AgentSaved, DeskConfigured, QueueSaved
from chatdesk.model.records import Agent, AgentSetup, DeskRecord, DeskSetup, Queue, QueueSetup
from chatdesk.model.results import Done
from chatdesk.rules.forms import form_problems
from chatdesk.rules.hours import opening, problems

DESK = "desk"
SECONDS_FIELDS = (
    "presence_lease_seconds",
    "visitor_lease_seconds",
    "visit_lease_seconds",
    "long_wait_seconds",
    "max_wait_seconds",
    "first_reply_seconds",
    "reply_seconds",
    "wrap_up_seconds",
    "rescue_seconds",
    "ticket_pending_seconds",
)
QUEUE_SECONDS = ("offer_seconds", "target_seconds", "ageing_seconds", "wait_limit_seconds")


def configure_desk(step: Step, command: ConfigureDesk) -> Done:
    """Sets the desk up, or anew."""
    _check_desk(step, command.setup)
    before = step.state.desk
    if before is None:
        desk = DeskRecord(id=DESK, setup=command.setup, created_at=step.now)
    else:
        desk = replace(before, setup=command.setup)
    step.state.put(desk)
    step.state.emit(DeskConfigured(at=step.now, by=step.by, command=step.command, audience=STAFF))
    return Done()


def save_queue(step: Step, command: SaveQueue) -> Done:
    """Adds a queue, or sets it up anew; its waiting chats are put in the new order."""
    check_id(command.queue, "queue")
    _check_queue(step, command.setup)
    step.state.require_setup()
    now_open = opening(command.setup.hours, step.now)
    before = step.state.queues.get(command.queue)
    queue = before or Queue(id=command.queue, setup=command.setup)
    queue = replace(
        queue,
        setup=command.setup,
        open=now_open.open,
        open_until=now_open.until,
        retired=False,
    )
    step.state.put(queue)
    step.state.touched_queues[queue.id] = None
    _queue_saved(step, queue)
    return Done()


def retire_queue(step: Step, command: RetireQueue) -> Done:
    """Takes a queue that has no open chats out of use."""
    queue = step.state.queue(command.queue)
    if any(chat.queue == queue.id for chat in step.state.chats.values()):
        raise WrongState(f"queue {queue.id!r} has open chats", mend="Close or transfer them first.")
    queue = replace(queue, retired=True)
    step.state.put(queue)
    _queue_saved(step, queue)
    return Done()


def save_agent(step: Step, command: SaveAgent) -> Done:
    """Adds an agent, or sets him up anew; chats he has go on."""
    check_id(command.agent, "agent")
    _check_agent(step, command.setup)
    step.state.require_setup()
    before = step.state.agents.get(command.agent)
    agent = before or Agent(id=command.agent, setup=command.setup, intent_at=step.now)
    change_agent(step, before, replace(agent, setup=command.setup, retired=False))
    refresh_shift(step, step.state.agents[command.agent])
    withdraw_offers(step, step.state.agents[command.agent])
    _agent_saved(step, step.state.agents[command.agent])
    return Done()


def retire_agent(step: Step, command: RetireAgent) -> Done:
    """Takes an agent out of use who has no chat and no offer; his open tickets go to others."""
    agent = step.state.agent(command.agent)
    if step.state.chats_of_agent.get(agent.id) or agent.load:
        raise WrongState(
            f"agent {agent.id!r} still has chats", mend="Close or transfer them first."
        )
    change_agent(step, agent, replace(agent, retired=True, leases=(), left_at=None))
    pass_tickets_on(step, agent.id)
    _agent_saved(step, step.state.agents[agent.id])
    return Done()


def _check_desk(step: Step, setup: DeskSetup) -> None:
    found = [
        problem
        for name in ("prechat", "qualification", "rating")
        for problem in form_problems(getattr(setup, name), f"setup.{name}")
    ]
    found += _seconds(setup, SECONDS_FIELDS)
    if not setup.name.strip():
        found.append(FieldProblem("setup.name", "missing", "must not be empty"))
    found += [
        FieldProblem(f"setup.{field}", "too_long", f"at most {WORD_LENGTH} characters")
        for field in ("phone", "hours_text")
        if len(getattr(setup, field) or "") > WORD_LENGTH
    ]
    if setup.message_max_length < 1:
        found.append(FieldProblem("setup.message_max_length", "invalid", "at least 1"))
    if setup.max_wait_seconds < setup.long_wait_seconds:
        text = "must not be shorter than long_wait_seconds"
        found.append(FieldProblem("setup.max_wait_seconds", "invalid", text))
    if setup.ticket_policy is not None:
        found += _known(lambda: step.state.policy(setup.ticket_policy or ""), "ticket_policy")
    _refuse(found)


def _check_queue(step: Step, setup: QueueSetup) -> None:
    found = problems(setup.hours, "setup.hours") + _seconds(setup, QUEUE_SECONDS)
    found += _known(lambda: step.state.policy(setup.policy), "policy")
    found += _known(lambda: step.state.discipline(setup.discipline), "discipline")
    limit, reopen = setup.length_limit, setup.reopen_at
    if limit is not None and limit < 1:
        found.append(FieldProblem("setup.length_limit", "invalid", "at least 1, or none"))
    if reopen is not None and (limit is None or not 0 <= reopen < limit):
        text = "at least 0 and below length_limit"
        found.append(FieldProblem("setup.reopen_at", "invalid", text))
    if not setup.name.strip():
        found.append(FieldProblem("setup.name", "missing", "must not be empty"))
    _refuse(found)


def _check_agent(step: Step, setup: AgentSetup) -> None:
    found = problems(setup.hours, "setup.hours")
    found += [
        FieldProblem("setup.queues", "unknown", f"no queue {queue!r}")
        for queue in setup.queues
        if queue not in step.state.queues or step.state.queues[queue].retired
    ]
    if setup.capacity < 0:
        found.append(FieldProblem("setup.capacity", "invalid", "0 chats or more"))
    if not setup.name.strip():
        found.append(FieldProblem("setup.name", "missing", "must not be empty"))
    _refuse(found)


def _seconds(setup: object, names: tuple[str, ...]) -> list[FieldProblem]:
    found = []
    for name in names:
        value = getattr(setup, name)
        if value is not None and not 0 < value < float("inf"):
            found.append(FieldProblem(f"setup.{name}", "invalid", "a positive number of seconds"))
    return found


def _known(look_up: Callable[[], object], name: str) -> list[FieldProblem]:
    try:
        look_up()
    except ConfigurationError as error:
        return [FieldProblem(f"setup.{name}", "unknown", str(error))]
    return []


def _refuse(found: list[FieldProblem]) -> None:
    if found:
        raise InvalidInput(found)


def _queue_saved(step: Step, queue: Queue) -> None:
    step.state.emit(
        QueueSaved(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            queue=queue.id,
            mode=queue.setup.mode,
            retired=queue.retired,
        )
    )


def _agent_saved(step: Step, agent: Agent) -> None:
    step.state.emit(
        AgentSaved(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            agent=agent.id,
            capacity=agent.setup.capacity,
            queues=agent.setup.queues,
            skills=agent.setup.skills,
            retired=agent.retired,
        )
    )
