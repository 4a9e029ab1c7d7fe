"""What waits to be read by one subscriber, with a bound."""

from threading import Lock

import attrs
import msgspec

from chatdesk.runtime.jobs import Bell, Loops
from chatdesk.transport.frames import Bye, ByeCode, DownFrame, Update

MAX_WAITING = 2_000
"""Most notices and signals that wait for one subscriber before he is let go as too slow."""

_encode = msgspec.json.Encoder().encode


@attrs.define(eq=False)
class Parcel:
    """A frame for one or many subscribers, and its bytes, made once for all of them."""

    frame: DownFrame
    _data: bytes | None = attrs.field(default=None, init=False)

    @property
    def data(self) -> bytes:
        """The frame as JSON."""
        if self._data is None:
            self._data = _encode(self.frame)
        return self._data

    @property
    def weight(self) -> int:
        """What it counts against the bound."""
        return len(self.frame.notices) if isinstance(self.frame, Update) else 1


@attrs.define(eq=False)
class Mailbox:
    """Parcels in order. One who does not read loses them and his place here, not his cursor."""

    _limit: int = MAX_WAITING
    _guard: Lock = attrs.field(factory=Lock, init=False)
    _parcels: list[Parcel] = attrs.field(factory=list, init=False)
    """Few, mostly none: an empty deque would take ten times as much of ten thousand mailboxes."""
    _weight: int = attrs.field(default=0, init=False)
    _shut: bool = attrs.field(default=False, init=False)
    _bell: Bell | None = attrs.field(default=None, init=False)

    def put(self, parcel: Parcel, loops: Loops) -> bool:
        """Adds a parcel, or a farewell when there are too many; false when that was the last."""
        with self._guard:
            if self._shut:
                return False
            self._weight += parcel.weight
            if self._weight > self._limit:
                self._farewell(ByeCode.SLOW)
            else:
                self._parcels.append(parcel)
            bell, self._bell = self._bell, None
            shut = self._shut
        if bell is not None:
            bell.ring(loops)
        return not shut

    def shut(self, code: ByeCode | None, loops: Loops) -> None:
        """Nothing more comes: with a code a last `Bye` is left, without one nothing at all."""
        with self._guard:
            if self._shut:
                return
            self._shut = True
            if code is None:
                self._parcels.clear()
            else:
                self._parcels.append(Parcel(Bye(code=code)))
            bell, self._bell = self._bell, None
        if bell is not None:
            bell.ring(loops)

    def take(self) -> Parcel | None:
        """The next parcel, if one waits."""
        with self._guard:
            if not self._parcels:
                return None
            parcel = self._parcels.pop(0)
            self._weight -= parcel.weight
            return parcel

    def take_all(self, bell: Bell) -> list[Parcel]:
        """Everything that waits; the bell rings when more comes."""
        with self._guard:
            parcels, self._parcels = self._parcels, []
            self._weight = 0
            self._bell = bell
            return parcels

    def announce(self, bell: Bell) -> bool:
        """Rings the bell when something comes; false when something is there already."""
        with self._guard:
            if self._parcels or self._shut:
                return False
            self._bell = bell
            return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._parcels

    @property
    def is_shut(self) -> bool:
        """Whether nothing more is put in."""
        return self._shut

    @property
    def is_over(self) -> bool:
        """Whether nothing waits and nothing more comes."""
        return self._shut and not self._parcels

    def _farewell(self, code: ByeCode) -> None:
        self._parcels.clear()
        self._parcels.append(Parcel(Bye(code=code)))
        self._shut = True
