"""What a client is told when something was refused or failed: never more than he may know."""

import msgspec

from chatdesk.model.errors import (
    OutcomeUnknown,
    ProtocolError,
    Refusal,
    Refused,
    Stopped,
    StorageError,
)
from chatdesk.transport.frames import RefusedFrame

UNAVAILABLE_NOW = Refusal(
    "unavailable_now",
    "the desk cannot be reached at the moment; nothing was done",
    "Send it again in a few seconds.",
)
OUTCOME_UNKNOWN = Refusal(
    "outcome_unknown",
    "nobody knows whether it was done",
    "Send the same command again with the same id: it is done once.",
)
FAILED = Refusal(
    "failed",
    "the desk failed at this; its log says why",
    "Tell whoever runs the desk.",
)


def refusal_of(error: Exception) -> Refusal:
    """What is said of an error; sentences about storage and defects stay in the log."""
    if isinstance(error, Refused | ProtocolError):
        return error.refusal()
    if isinstance(error, OutcomeUnknown):
        return OUTCOME_UNKNOWN
    if isinstance(error, StorageError | Stopped):
        return UNAVAILABLE_NOW
    return FAILED


def refused(error: Exception, id_: str = "") -> RefusedFrame:
    """The frame that tells a client what became of the frame `id_`."""
    return RefusedFrame(refusal=refusal_of(error), id=id_)


HTTP_STATUS = {
    "malformed": 400,
    "too_deep": 400,
    "protocol_error": 400,
    "invalid_input": 400,
    "unauthenticated": 401,
    "not_allowed": 403,
    "not_found": 404,
    "too_large": 413,
    "failed": 500,
    "unavailable_now": 503,
    "outcome_unknown": 503,
}
"""The HTTP status of each refusal's code; every other code is a conflict, 409."""


def http_status(frame: msgspec.Struct) -> int:
    """The HTTP status a server frame is sent with."""
    if isinstance(frame, RefusedFrame):
        return HTTP_STATUS.get(frame.refusal.code, 409)
    return 200
