"""One client's connection, without input or output: bytes in, frames out, and back.

Whoever owns the connection (`chatdesk.adapters.sockets` does) works it so::

    session.receive_data(data)            # what came from the client
    for frame in session.requests():      # until it gives nothing more: answer each …
        session.deliver([…])              # … with what the desk says, or what happened there
    send(session.data_to_send())          # what goes to the client

A line of bytes is a frame. What the client may send in each state, and what the state is then,
stands in `NEXT`. Input that is not there is refused and changes nothing.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import attrs
from msgspec import Struct

from chatdesk.model.errors import (
    FrameTooLarge,
    MalformedFrame,
    ProtocolError,
    Refused,
    Unauthenticated,
)
from chatdesk.transport.codec import decode, encode, id_of
from chatdesk.transport.frames import (
    MAX_FRAME_BYTES,
    Bye,
    ByeCode,
    ClientFrame,
    Hello,
    Ping,
    Pong,
    ServerFrame,
)
from chatdesk.transport.refusals import refused
from chatdesk.transport.tokens import Claims


class SessionState(StrEnum):
    """Where a session is in its life."""

    AWAITING_HELLO = "awaiting_hello"
    OPEN = "open"
    CLOSED = "closed"


class Input(StrEnum):
    """What can happen to a session from outside."""

    HELLO = "hello"
    """A hello with a good token."""
    REQUEST = "request"
    """A command, a query, or a word that somebody writes."""
    PING = "ping"
    END = "end"
    """The client has gone."""
    BYE = "bye"
    """We end it."""


NEXT: Mapping[SessionState, Mapping[Input, SessionState]] = MappingProxyType(
    {
        SessionState.AWAITING_HELLO: {
            Input.HELLO: SessionState.OPEN,
            Input.PING: SessionState.AWAITING_HELLO,
            Input.END: SessionState.CLOSED,
            Input.BYE: SessionState.CLOSED,
        },
        SessionState.OPEN: {
            Input.REQUEST: SessionState.OPEN,
            Input.PING: SessionState.OPEN,
            Input.END: SessionState.CLOSED,
            Input.BYE: SessionState.CLOSED,
        },
        SessionState.CLOSED: {
            Input.END: SessionState.CLOSED,
            Input.BYE: SessionState.CLOSED,
        },
    }
)
"""The life of a session: state, input, next state. Nothing else is possible."""
_STAY = frozenset(state for state in SessionState if NEXT[state].get(Input.REQUEST) is state)
"""Where a request changes nothing, which is looked up for most frames."""


class Limits(Struct, frozen=True, kw_only=True):
    """How much a session bears."""

    pipelined: int = 64
    """Most requests that `requests` gives at once; the others wait in line."""
    unsent_bytes: int = 1_048_576
    """Most bytes that wait for a client who does not read; then he is dropped.

    A single frame may be longer: it says nothing about him.
    """
    faults: int = 20
    """Most frames that are none until the client is given up."""


_INPUTS: dict[type[Struct], Input] = {Hello: Input.HELLO, Ping: Input.PING}


@attrs.define(eq=False)
class Session:
    """One connection. Not safe to use from several threads or tasks at once.

    `authenticate` gives what a token claims, or raises `Unauthenticated`.
    """

    _authenticate: Callable[[str], Claims]
    _limits: Limits = attrs.field(factory=Limits)
    state: SessionState = attrs.field(default=SessionState.AWAITING_HELLO, init=False)
    claims: Claims | None = attrs.field(default=None, init=False)
    """Who it is, once the session is open."""
    _lines: deque[bytes] = attrs.field(factory=deque, init=False)
    _rest: bytearray = attrs.field(factory=bytearray, init=False)
    """The beginning of a line whose end has not come."""
    _unsent: list[bytes] = attrs.field(factory=list, init=False)
    _unsent_bytes: int = attrs.field(default=0, init=False)
    _faults: int = attrs.field(default=0, init=False)

    # -- what comes from the client ------------------------------------------------------------

    def receive_data(self, data: bytes) -> None:
        """Takes bytes in; then call `requests` until it gives nothing. Ignored once closed."""
        if self.state is SessionState.CLOSED:
            return
        head, end, tail = data.rpartition(b"\n")
        if end:
            if self._rest:
                head, self._rest = bytes(self._rest + head), bytearray()
            self._lines.extend(head.split(b"\n"))
        if tail:
            self._rest += tail
        if len(self._rest) > MAX_FRAME_BYTES:
            self._give_up(FrameTooLarge(f"more than {MAX_FRAME_BYTES} bytes without a line end"))

    def receive_end(self) -> None:
        """The client has gone: half a frame that stands there is forgotten."""
        self._become(Input.END)

    def requests(self) -> list[ClientFrame]:
        """The next frames the caller has to answer, in order; empty when more bytes are needed.

        An accepted `Hello` is among them: answer it with a `Welcome` and, where one stands there,
        go on from its revision. Everything that is refused or needs no answer from the desk is
        dealt with here. After any call there may be `data_to_send`.
        """
        found: list[ClientFrame] = []
        while self._lines and len(found) < self._limits.pipelined:
            line = self._lines.popleft().strip()
            frame = self._read(line) if line else None
            if frame is not None:
                found.append(frame)
        return found

    def _read(self, line: bytes) -> ClientFrame | None:
        """Decodes one frame and moves on, or refuses it."""
        try:
            frame = decode(line)
            return self._accept(frame)
        except ProtocolError as error:
            self._fault(error, id_of(line))
        except Refused as error:
            self.deliver([refused(error, id_of(line))])
        return None

    def _accept(self, frame: ClientFrame) -> ClientFrame | None:
        """Moves on by a frame; gives it when the desk has to answer it."""
        input_ = _INPUTS.get(type(frame), Input.REQUEST)
        if input_ is Input.REQUEST and self.state in _STAY:
            return frame
        if NEXT[self.state].get(input_) is None:
            raise self._out_of_place()
        if isinstance(frame, Hello):
            self.claims = self._authenticate(frame.token)
        self._become(input_)
        if isinstance(frame, Ping):
            self.deliver([Pong(id=frame.id)])
            return None
        return frame

    def _out_of_place(self) -> Refused | ProtocolError:
        """Why an input is not possible now."""
        if self.state is SessionState.AWAITING_HELLO:
            return Unauthenticated("say hello with a token first")
        return MalformedFrame("hello was said already")

    def _become(self, input_: Input) -> None:
        """Moves on by the table."""
        self.state = NEXT[self.state][input_]
        if self.state is SessionState.CLOSED:
            self._lines.clear()
            self._rest.clear()

    def _fault(self, error: ProtocolError, id_: str = "") -> None:
        """Refuses what is no frame; gives a client up who sends too many."""
        self._faults += 1
        if self._faults > self._limits.faults:
            self._give_up(error)
        else:
            self.deliver([refused(error, id_)])

    def _give_up(self, error: ProtocolError) -> None:
        """Says why, and ends it: what follows cannot be read."""
        self.deliver([refused(error)])
        self.bye(ByeCode.REFUSED)

    # -- what goes to the client ---------------------------------------------------------------

    def deliver(self, frames: Iterable[ServerFrame]) -> None:
        """Puts frames in line for the client; ignored once closed.

        When more waits than a session bears, the client does not read: what waits is thrown away,
        and he is told so. What he has been sent stays whole, so his last revision stays good.
        """
        self.deliver_encoded(map(encode, frames))

    def deliver_encoded(self, frames: Iterable[bytes]) -> None:
        """As `deliver`, for frames that `encode` has made, perhaps for many clients at once."""
        for frame in frames:
            if self.state is SessionState.CLOSED:
                return
            before, self._unsent_bytes = self._unsent_bytes, self._unsent_bytes + len(frame) + 1
            if before and self._unsent_bytes > self._limits.unsent_bytes:
                self._unsent.clear()
                self.bye(ByeCode.SLOW)
            else:
                self._unsent += (frame, b"\n")

    def bye(self, code: ByeCode) -> None:
        """Ends the session with a last frame; does nothing when it has ended."""
        if self.state is not SessionState.CLOSED:
            self._unsent.append(encode(Bye(code=code)) + b"\n")
            self._become(Input.BYE)

    def data_to_send(self) -> bytes:
        """What has to be sent now, in one piece; close the connection after it once `closed`."""
        data = b"".join(self._unsent)
        self._unsent.clear()
        self._unsent_bytes = 0
        return data

    @property
    def is_read(self) -> bool:
        """Whether `requests` has given all that has come."""
        return not self._lines

    @property
    def unsent_bytes(self) -> int:
        """How much `data_to_send` would give, a last `bye` not counted."""
        return self._unsent_bytes

    @property
    def closed(self) -> bool:
        """Whether the session has ended: nothing more is received, and nothing put in line."""
        return self.state is SessionState.CLOSED
