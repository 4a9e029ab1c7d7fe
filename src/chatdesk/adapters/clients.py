"""One client of the socket server, whatever carries his bytes: a session, and our patience."""

from abc import ABC, abstractmethod
from typing import Protocol

import attrs

from chatdesk.adapters.connections import Connection, Connections
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.transport.frames import ByeCode
from chatdesk.transport.session import Limits, Session
from chatdesk.transport.tokens import Tokens

READ_BYTES = 65_536
WRITE_BYTES = 65_536
"""What waits is written when it is so much, before more is put in line."""
BYE_SECONDS = 1.0
"""How long a farewell may take."""


class Host(Protocol):
    """What a client needs of the server he is connected to. Lengths are in seconds."""

    desk: AsyncChatDesk
    tokens: Tokens
    limits: Limits
    connections: Connections
    hello_seconds: float
    idle_seconds: float
    write_seconds: float
    clients: set["Client"]


@attrs.define(eq=False)
class Client(ABC):
    """One connection. Whoever owns it makes `connection`, and says how it ends."""

    host: Host
    connection: Connection = attrs.field(init=False)
    session: Session = attrs.field(init=False)
    _silent_seconds: float = attrs.field(default=0.0, init=False)
    _unread_seconds: float = attrs.field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self.session = Session(self.host.tokens.read, self.host.limits)

    @property
    @abstractmethod
    def is_full(self) -> bool:
        """Whether writing waits until the client reads."""

    def grow_older(self, seconds: float) -> None:
        """Notes that time has passed, and ends what was silent or unread too long."""
        self._silent_seconds += seconds
        patience = self.host.idle_seconds
        if self.session.claims is None:
            patience = self.host.hello_seconds
        if self._silent_seconds > patience:
            self.connection.end_soon(ByeCode.IDLE)
        if self.is_full:
            self._unread_seconds += seconds
            if self._unread_seconds > self.host.write_seconds:
                self.connection.end_soon(ByeCode.SLOW)
