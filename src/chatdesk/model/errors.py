"""The one tree of errors.

::

    ChatdeskError
    ├── Refused                 you may not: nothing was changed
    │   ├── InvalidInput        a value is missing or wrong; `problems` says which and why
    │   ├── NotFound            there is no such thing, or none that you may see
    │   ├── NotAllowed          this actor may not do this
    │   ├── WrongState          not while it is in this state
    │   │   ├── NotQualified    a required criterion is open (A26)
    │   │   └── OpenChatExists  one open chat a visitor
    │   ├── StaleEpoch          the chat has been assigned or offered anew since
    │   ├── NothingWaiting      no chat in line that this agent may take
    │   ├── NoRoom              the agent is at the maximum
    │   ├── Unavailable         the agent gets no chats at the moment
    │   ├── ConsentRequired     the customer has not agreed to the transfer (B13)
    │   ├── NoticeRequired      the visitor was not told that a page is coming (D08)
    │   └── CommandIdReused     another command was given under this id
    ├── ProtocolError           they sent nonsense: a frame that is none
    │   ├── MalformedFrame
    │   ├── FrameTooLarge
    │   ├── FrameTooDeep
    │   └── Unauthenticated     no token, or one that is false or expired
    ├── ConfigurationError      the desk, a queue or the program is set up wrongly
    ├── StorageError            it failed
    │   ├── StoreUnavailable    the database cannot be reached or opened
    │   ├── StoreCorrupt        the file or a row is not what it should be
    │   ├── SchemaMismatch      the tables are of another version of chatdesk
    │   ├── TurnTimeout         the desk's turn did not come in time; nothing was done
    │   ├── TurnLost            another writer was in between; nothing was done
    │   └── OutcomeUnknown      the commit's answer was lost; send the command again with its id
    └── Stopped                 the desk's runtime has been stopped
        └── WrongContext        a blocking call inside a running event loop

Every `Refused` has a `code` for machines, a message that says what is wrong, and `mend`, which says
what to do about it. `refusal()` gives them as one value for the wire.
"""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct


class FieldProblem(Struct, frozen=True):
    """What is wrong with one field: `code` is `missing`, `unknown`, `invalid` or `too_long`."""

    field: str
    code: str
    message: str


class Refusal(Struct, frozen=True, omit_defaults=True):
    """A refusal as it goes over the wire."""

    code: str
    message: str
    mend: str
    problems: tuple[FieldProblem, ...] = ()


class ChatdeskError(Exception):
    """The base of every error of chatdesk."""


class Refused(ChatdeskError):
    """You may not. Nothing was changed."""

    code: ClassVar[str] = "refused"
    mend: str = "Look at the message; nothing was changed."
    problems: tuple[FieldProblem, ...] = ()

    def __init__(self, message: str, *, mend: str | None = None) -> None:
        super().__init__(message)
        if mend is not None:
            self.mend = mend

    def refusal(self) -> Refusal:
        """This refusal as one value for the wire."""
        return Refusal(self.code, str(self), self.mend, self.problems)


class InvalidInput(Refused):
    """A value is missing or wrong; `problems` says which and why."""

    code = "invalid_input"
    mend = "Correct the named fields and send the command again."

    def __init__(self, problems: Sequence[FieldProblem], *, mend: str | None = None) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems), mend=mend)
        self.problems = tuple(problems)

    @classmethod
    def field(cls, field: str, code: str, message: str) -> "InvalidInput":
        """One field's problem."""
        return cls([FieldProblem(field, code, message)])


class NotFound(Refused):
    """There is no such thing, or none that you may see."""

    code = "not_found"
    mend = "Check the id; it may belong to another desk or be gone."

    def __init__(self, kind: str, id_: str) -> None:
        super().__init__(f"no {kind} {id_!r}")


class NotAllowed(Refused):
    """This actor may not do this."""

    code = "not_allowed"
    mend = "Ask somebody whose role allows it."


class WrongState(Refused):
    """Not while it is in this state."""

    code = "wrong_state"
    mend = "Read its present state and decide again."


class NotQualified(WrongState):
    """A chat cannot be closed until its required criteria are answered (A26)."""

    code = "not_qualified"
    mend = "Qualify the chat (QualifyChat), then close it."


class OpenChatExists(WrongState):
    """A visitor has one open chat at a time."""

    code = "open_chat_exists"
    mend = "Go on in the open chat, or end it first."


class StaleEpoch(Refused):
    """The chat has been assigned or offered anew since the actor looked."""

    code = "stale_epoch"
    mend = "Read the chat again; if it is still yours, use its present epoch."


class NothingWaiting(Refused):
    """No chat in line that this agent may take."""

    code = "nothing_waiting"
    mend = "Wait for the next visitor."


class NoRoom(Refused):
    """The agent is at the maximum number of chats."""

    code = "no_room"
    mend = "Finish a chat first, or choose another agent."


class Unavailable(Refused):
    """The agent gets no chats at the moment."""

    code = "unavailable"
    mend = "Connect and set the status to accepting, or choose another agent."


class ConsentRequired(Refused):
    """The desk asks for the customer's consent to a transfer, and it was not given (B13)."""

    code = "consent_required"
    mend = "Ask the customer, then transfer with consent=True."


class NoticeRequired(Refused):
    """A page is suggested without telling the visitor before (D08)."""

    code = "notice_required"
    mend = "Say in `notice` what the page is and why; it is posted before the page."


class CommandIdReused(Refused):
    """Another command was given under this id before."""

    code = "command_id_reused"
    mend = "Give every new command an id of its own; reuse one only to repeat the same command."


class ProtocolError(ChatdeskError):
    """They sent nonsense."""

    code: ClassVar[str] = "protocol_error"
    mend: str = "Send frames as the published JSON Schema says."

    def refusal(self) -> Refusal:
        """This error as one value for the wire."""
        return Refusal(self.code, str(self), self.mend)


class MalformedFrame(ProtocolError):
    """Not JSON, not UTF-8, or not a frame of the protocol."""

    code = "malformed"


class FrameTooLarge(ProtocolError):
    """More bytes than a frame may have."""

    code = "too_large"
    mend = "Send less in one frame."


class FrameTooDeep(ProtocolError):
    """Arrays or objects nested too deeply."""

    code = "too_deep"


class Unauthenticated(ProtocolError):
    """No token, or one that is false or expired."""

    code = "unauthenticated"
    mend = "Get a new token from the shop's backend and connect again."


class ConfigurationError(ChatdeskError):
    """The desk, a queue or the program is set up wrongly."""


class StorageError(ChatdeskError):
    """It failed; the message says whether anything was done."""


class StoreUnavailable(StorageError):
    """The database cannot be reached or opened."""


class StoreCorrupt(StorageError):
    """The file or a row is not what it should be."""


class SchemaMismatch(StorageError):
    """The tables are of another version of chatdesk."""


class TurnTimeout(StorageError):
    """The desk's turn did not come in time; nothing was done."""


class TurnLost(StorageError):
    """Another writer was in between; nothing was done."""


class OutcomeUnknown(StorageError):
    """The commit's answer was lost: sending the command again with its id gives the outcome."""


class Stopped(ChatdeskError):
    """The desk's runtime has been stopped."""


class WrongContext(Stopped):
    """A blocking call inside a running event loop."""
