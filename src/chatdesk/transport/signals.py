"""The Signals port: what processes tell each other in passing, and the adapter within one.

A signal may be lost, repeated or come out of order: the truth is in the store, and whoever listens
also looks there now and then. So signals make things fast, never right.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import attrs
from msgspec import Struct

from chatdesk.model.ids import ChatId, Revision
from chatdesk.model.values import Actor
from chatdesk.transport.frames import SignalKind


class Nudge(Struct, frozen=True, tag_field="type", tag="nudge"):
    """The desk has come to this revision."""

    revision: Revision


class Writing(Struct, frozen=True, kw_only=True, tag_field="type", tag="writing"):
    """Somebody writes in a chat, or no longer does; `text` is a preview's."""

    kind: SignalKind
    chat: ChatId
    by: Actor
    on: bool
    text: str = ""


Told: TypeAlias = Nudge | Writing
"""What processes tell each other."""
Listener: TypeAlias = Callable[[Told], None]
"""Hears a signal, in any thread. It must be quick, and not raise."""


class Signals(ABC):
    """Carries signals between the processes that serve one desk. Safe to use from several threads.

    A process hears what it publishes itself too.
    """

    @abstractmethod
    def publish(self, signal: Told) -> None:
        """Tells every listener, sooner or later or never; does not wait and does not raise."""

    @abstractmethod
    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with each signal from now on, until the function returned is called.

        Calling that function again does nothing. A signal under way may still be heard after it.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives connections back; listeners hear no more."""


@attrs.define(eq=False)
class LocalSignals(Signals):
    """Signals within one process: listeners are called by the thread that publishes."""

    _listeners: tuple[tuple[object, Listener], ...] = attrs.field(factory=tuple, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def publish(self, signal: Told) -> None:
        """Calls every listener. The tuple is never changed in place, so no lock is held."""
        for _, listener in self._listeners:
            listener(signal)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """See `Signals.subscribe`; the same listener may be added twice."""
        key = object()
        with self._lock:
            self._listeners = (*self._listeners, (key, listener))
        return lambda: self._forget(key)

    def _forget(self, key: object) -> None:
        """Takes one listener out."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each[0] is not key)

    def close(self) -> None:
        """Forgets all listeners."""
        with self._lock:
            self._listeners = ()
