"""A client's frame to the desk, and its answer back: what every adapter does alike."""

import logging
from typing import Any, assert_never

from msgspec.structs import replace

from chatdesk.model.commands import Command, LeaveNote, RequestChat
from chatdesk.model.errors import MalformedFrame, NotAllowed, ProtocolError, Refused
from chatdesk.model.ids import Revision
from chatdesk.model.queries import Query
from chatdesk.model.results import Done
from chatdesk.model.values import Actor, ActorKind, service
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.transport.frames import (
    Answered,
    ClientFrame,
    Hello,
    Ping,
    Pong,
    Preview,
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


async def answer(desk: AsyncChatDesk, frame: ClientFrame, claims: Claims) -> ServerFrame:
    """What the desk answers a frame; never raises but for cancellation."""
    id_ = "" if isinstance(frame, Typing | Preview) else frame.id
    try:
        return await _answer(desk, frame, claims)
    except (Refused, ProtocolError) as error:
        return refused(error, id_)
    except Exception as error:
        if refusal_of(error) is FAILED:
            log.exception("a frame of type %s failed", type(frame).__name__)
        else:
            log.warning("a frame of type %s failed: %s", type(frame).__name__, error)
        return refused(error, id_)


async def _answer(desk: AsyncChatDesk, frame: ClientFrame, claims: Claims) -> ServerFrame:
    match frame:
        case Command():
            result: Any = await _execute(desk, frame, claims)
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


async def _execute(desk: AsyncChatDesk, command: Command[Any], claims: Claims) -> Any:
    """Gives a command in the name of the client, with the customer number his token proves."""
    proved, actor = claims.customer_number, claims.actor
    if (
        proved is None
        or not isinstance(command, RequestChat | LeaveNote)
        or command.customer_number is not None
        or command.visitor not in {None, actor.id}
        or (isinstance(command, RequestChat) and command.priority)
    ):
        return await desk.execute(command, by=actor)
    known = replace(command, visitor=actor.id, customer_number=proved)
    # ids of commands are told apart by who gives them: one name for each visitor
    return await desk.execute(known, by=service(f"shop for {actor.id}"))
