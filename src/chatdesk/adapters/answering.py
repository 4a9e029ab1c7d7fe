"""A client's frame to the desk, and its answer back: what every adapter does alike."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby, zip_longest
from typing import Any, assert_never

from msgspec.structs import replace

from chatdesk.model.commands import AnyCommand, Command, LeaveNote, RequestChat
from chatdesk.model.errors import MalformedFrame, NotAllowed, ProtocolError, Refused, Stopped
from chatdesk.model.ids import Revision
from chatdesk.model.queries import Query
from chatdesk.model.results import Done
from chatdesk.model.values import Actor, ActorKind, service
from chatdesk.runtime.aio import AsyncChatDesk, Pending
from chatdesk.runtime.jobs import Bell, Job
from chatdesk.transport.frames import (
    Answered,
    ClientFrame,
    Hello,
    Ping,
    Pong,
    Preview,
    RefusedFrame,
    Replied,
    ServerFrame,
    Typing,
    Welcome,
)
from chatdesk.transport.refusals import FAILED, refusal_of, refused
from chatdesk.transport.tokens import Claims

log = logging.getLogger("chatdesk.adapters")


async def welcome(desk: AsyncChatDesk, actor: Actor, revision: Revision, id_: str = "") -> Welcome:
    """What a client is greeted with; raises `NotAllowed` for an agent the desk does not have."""
    role = await desk.role(actor)
    if role is None and actor.kind is ActorKind.AGENT:
        raise NotAllowed(f"the desk has no agent {actor.id!r}", mend="Ask an administrator.")
    return Welcome(actor=actor, role=role, revision=revision, id=id_)


async def answer(
    desk: AsyncChatDesk, frame: ClientFrame, claims: Claims, given: Pending[Any] | None = None
) -> ServerFrame:
    """What the desk answers a frame; never raises but for cancellation.

    `given` is the command, if it has been given already.
    """
    try:
        return await _answer(desk, frame, claims, given)
    except Exception as error:  # noqa: BLE001 - the log says what failed
        return _failed(frame, error)


def _failed(frame: ClientFrame, error: Exception) -> RefusedFrame:
    """What is said of a frame that was refused or failed; the log says why it failed."""
    if not isinstance(error, Refused | ProtocolError):
        kind = type(frame).__name__
        if refusal_of(error) is FAILED:
            log.error("a frame of type %s failed", kind, exc_info=error)
        else:
            log.warning("a frame of type %s failed: %s", kind, error)
    return refused(error, "" if isinstance(frame, Typing | Preview) else frame.id)


async def answer_all(
    desk: AsyncChatDesk, frames: Iterable[ClientFrame], claims: Claims
) -> list[ServerFrame]:
    """The answers, in order. Commands in a row wait for the desk's turn together."""
    replies: list[ServerFrame] = []
    for _, run in groupby(frames, key=lambda frame: isinstance(frame, Command)):
        row = list(run)
        given: list[Pending[Any]] = []
        with suppress(Stopped):  # raised again where the rest are answered
            given.extend(_begin(desk, frame, claims) for frame in row if isinstance(frame, Command))
        try:
            for frame, pending in zip_longest(row, given):
                replies.append(await answer(desk, frame, claims, pending))
        finally:
            for pending in given:
                pending.give_up()
    return replies


async def _answer(
    desk: AsyncChatDesk, frame: ClientFrame, claims: Claims, given: Pending[Any] | None
) -> ServerFrame:
    match frame:
        case Command():
            result: Any = await (given or _begin(desk, frame, claims)).outcome()
            return Replied(id=frame.id, revision=desk.revision, result=result)
        case Query():
            # read before: who resumes from it may hear something twice, but misses nothing
            revision = desk.revision
            view: Any = await desk.ask(frame, by=claims.actor)
            return Answered(id=frame.id, revision=revision, view=view)
        case Typing() | Preview():
            await desk.signal(frame, by=claims.actor)
            return Replied(revision=desk.revision, result=Done())
        case Ping():
            return Pong(id=frame.id)
        case Hello():
            raise MalformedFrame("hello opens a socket; elsewhere the token goes with the request")
        case _:
            assert_never(frame)


# -- one command, without a task that waits ------------------------------------------------------


def job_of(desk: AsyncChatDesk, command: AnyCommand, claims: Claims, bell: Bell) -> Job[Any]:
    """A client's command, to be given; the bell rings when `reply` has something to tell."""
    known, by = _signed(command, claims)
    return desk.job(known, bell, by=by)


def reply(desk: AsyncChatDesk, command: AnyCommand, job: Job[Any]) -> Replied | RefusedFrame:
    """What the client hears of a command; of one that is not settled, that he waited too long."""
    try:
        result = job.outcome()
    except Exception as error:  # noqa: BLE001 - the log says what failed
        return _failed(command, error)
    return Replied(id=command.id, revision=desk.revision, result=result)


# -- in whose name -------------------------------------------------------------------------------


def _begin(desk: AsyncChatDesk, command: Command[Any], claims: Claims) -> Pending[Any]:
    """Gives a command in the name of the client."""
    known, by = _signed(command, claims)
    return desk.begin(known, by=by)


def _signed(command: Command[Any], claims: Claims) -> tuple[Command[Any], Actor]:
    """The command with the customer number that the client's token proves, and who gives it."""
    proved, actor = claims.customer_number, claims.actor
    if (
        proved is None
        or not isinstance(command, RequestChat | LeaveNote)
        or command.customer_number is not None
        or command.visitor not in {None, actor.id}
        or (isinstance(command, RequestChat) and command.priority)
    ):
        return command, actor
    known = replace(command, visitor=actor.id, customer_number=proved)
    # ids of commands are told apart by who gives them: one name for each visitor
    return known, service(f"shop for {actor.id}")
