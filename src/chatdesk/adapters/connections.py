"""The connections and streams that are open: how many there may be, and how each is ended."""

from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from typing import Any

import attrs

from chatdesk.model.errors import StoreUnavailable
from chatdesk.model.values import Actor
from chatdesk.runtime.loops import Post, running_loop
from chatdesk.transport.frames import ByeCode


@attrs.define(eq=False)
class Connection:
    """One open connection or stream; make it in the event loop that serves it.

    `_break_off` is called once, there, when it is to end: mostly the cancelling of the scope it is
    served in. From then on `code` says what farewell the client is owed.
    """

    _break_off: Callable[[], object]
    actor: Actor | None = None
    """Who it is; `None` until he has said so."""
    code: ByeCode | None = attrs.field(default=None, init=False)
    """Why we end it; `None` while it is open, or when the client has gone by himself."""
    ended: bool = attrs.field(default=False, init=False)
    """Whether it is to end, or has ended."""
    _post: Post | None = attrs.field(factory=running_loop, init=False)

    def end(self, code: ByeCode | None = None) -> None:
        """Has it end; the first reason counts. Call it in its own event loop."""
        if not self.ended:
            self.ended, self.code = True, code
            self._break_off()

    def end_soon(self, code: ByeCode) -> None:
        """Has it end, from any thread."""
        self.post(self.end, code)

    def post(self, call: Callable[..., object], *arguments: object) -> None:
        """Has its event loop call something soon; from any thread."""
        if self._post is not None:
            with suppress(RuntimeError):  # its event loop has ended, and the connection with it
                self._post(call, *arguments)


@attrs.define(eq=False)
class Connections:
    """All connections of one adapter. Safe to use from several threads.

    `total` is the most there may be. An actor may have `per_actor` at once (tabs, devices); when
    he opens another, his oldest ends with `replaced`.
    """

    total: int = 10_000
    per_actor: int = 20
    _open: dict[Connection, None] = attrs.field(factory=dict, init=False)
    _by_actor: dict[Actor, list[Connection]] = attrs.field(factory=dict, init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _lock: Any = attrs.field(factory=RLock, init=False)
    """Reentrant, because `stop` may be called by a signal handler in the midst of `add`."""

    def add(self, connection: Connection) -> None:
        """Counts a connection in; raises `StoreUnavailable` when there are too many, or no more."""
        with self._lock:
            if self._stopping:
                raise StoreUnavailable("the server stops: connect again")
            if len(self._open) >= self.total:
                raise StoreUnavailable(f"{self.total} connections are open: try again later")
            self._open[connection] = None
            replaced = self._enlist(connection)
        if replaced is not None:
            replaced.end_soon(ByeCode.REPLACED)

    def identify(self, connection: Connection, actor: Actor) -> None:
        """An open connection has said whose it is."""
        with self._lock:
            connection.actor = actor
            replaced = self._enlist(connection)
        if replaced is not None:
            replaced.end_soon(ByeCode.REPLACED)

    def _enlist(self, connection: Connection) -> Connection | None:
        """Notes whose it is; gives the oldest of his when he has too many."""
        if connection.actor is None:
            return None
        his = self._by_actor.setdefault(connection.actor, [])
        his.append(connection)
        return his.pop(0) if len(his) > self.per_actor else None

    def remove(self, connection: Connection) -> None:
        """Counts a connection out; may be called again."""
        with self._lock:
            self._open.pop(connection, None)
            if connection.actor is None:
                return
            his = self._by_actor.get(connection.actor, [])
            if connection in his:
                his.remove(connection)
            if not his:
                self._by_actor.pop(connection.actor, None)

    def stop(self) -> None:
        """Ends all connections with `stopping`, and lets no new one in."""
        with self._lock:
            self._stopping = True
            leaving = list(self._open)
        for connection in leaving:
            connection.end_soon(ByeCode.STOPPING)

    def __len__(self) -> int:
        return len(self._open)
