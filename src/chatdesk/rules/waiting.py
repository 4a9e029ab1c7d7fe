"""The waiting chats of a desk, in line.

The chats of a queue that need the same skills stand in one line. Who serves several queues looks at
the heads of those lines which he may serve, so chats that ask for other skills are never stepped
over one by one.
"""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import TypeAlias

import attrs
from sortedcontainers import SortedList

from chatdesk.model.ids import ChatId, Instant, QueueId
from chatdesk.model.records import Chat, Queue
from chatdesk.model.values import QueueMode
from chatdesk.rules.disciplines import Discipline, FirstCome
from chatdesk.rules.invariants import must
from chatdesk.rules.policies import AssignmentPolicy
from chatdesk.rules.staff import need_of

LineKey: TypeAlias = tuple[int, int, float, int, ChatId]
"""Minus the queue's priority, the discipline's key, the chat's place in line, its id."""

SPARE_LINES = 64
"""Empty lines kept for reuse, beyond twice those in use."""


@attrs.define(eq=False)
class Line:
    """The chats of one queue that need the same, in order."""

    need: frozenset[str]
    keys: SortedList[LineKey] = attrs.field(factory=SortedList, init=False)

    def first(self) -> LineKey | None:
        """The key of the first chat."""
        keys = self.keys
        return keys[0] if keys else None

    def first_behind(self, key: LineKey) -> LineKey | None:
        """The key of the first chat behind a key, O(log n)."""
        keys = self.keys
        at = keys.bisect_right(key)
        return keys[at] if at < len(keys) else None

    def remove(self, key: LineKey) -> None:
        """Take a chat out, O(log n) and cheapest for the first."""
        keys = self.keys
        if keys[0] is key:
            keys.pop(0)
        else:
            keys.remove(key)


@attrs.define(eq=False)
class Lane:
    """A queue with its rules and its lines."""

    queue: Queue
    policy: AssignmentPolicy
    discipline: Discipline
    lines: dict[tuple[str, ...], Line] = attrs.field(factory=dict, init=False)
    waiting: int = attrs.field(default=0, init=False)
    served: bool = attrs.field(init=False)
    """Whether its chats are matched with agents, rather than taken by them."""
    dropped: bool = attrs.field(default=False, init=False)
    """No queue any more; it stays until its last chat has left."""

    watched: bool = attrs.field(init=False)
    """Whether its policy may answer otherwise by time alone, or when somebody goes."""

    def __attrs_post_init__(self) -> None:
        self.served = self.queue.setup.mode is not QueueMode.PULL
        rule, base = type(self.policy), AssignmentPolicy
        self.watched = (
            rule.look_again_at is not base.look_again_at or rule.waits_for is not base.waits_for
        )

    def foremost(self, line: Line) -> Iterable[LineKey]:
        """Those of a line among whom is the one that waits longest."""
        return line.keys[:1] if isinstance(self.discipline, FirstCome) else line.keys

    def key(self, chat: Chat) -> LineKey:
        """Where the chat stands."""
        setup = self.queue.setup
        first, second = self.discipline.key(chat, setup)
        return -setup.priority, first, second, chat.line, chat.id


@attrs.define(eq=False)
class Waiting:
    """A chat in line."""

    chat: Chat
    lane: Lane
    line: Line
    key: LineKey
    look_at: Instant | None = None
    """When its policy wants to be asked again."""


@attrs.define(eq=False)
class WaitingRoom:
    """All lanes and the chats in their lines."""

    lanes: dict[QueueId, Lane] = attrs.field(factory=dict, init=False)
    chats: dict[ChatId, Waiting] = attrs.field(factory=dict, init=False)
    served: int = attrs.field(default=0, init=False)
    """How many chats stand in lanes that are served."""
    # the lines that agents with given skills serve; emptied when lines go
    _lines_for: dict[frozenset[str], list[Line]] = attrs.field(factory=dict, init=False)

    def add(self, chat: Chat) -> Waiting:
        """Put a chat in line, O(log n); raises `KeyError` when its queue is unknown."""
        lane = self.lanes[chat.queue]
        line = lane.lines.get(chat.skills)
        if line is None:
            line = self._open(lane, chat)
        waiting = self.chats[chat.id] = Waiting(chat, lane, line, lane.key(chat))
        line.keys.add(waiting.key)
        lane.waiting += 1
        if lane.served:
            self.served += 1
        return waiting

    def remove(self, chat_id: ChatId) -> Waiting:
        """Take a chat out of line, O(log n); raises `KeyError` when it is not there."""
        waiting = self.chats.pop(chat_id)
        waiting.line.remove(waiting.key)
        lane = waiting.lane
        lane.waiting -= 1
        if lane.served:
            self.served -= 1
        elif lane.dropped and not lane.waiting:
            del self.lanes[lane.queue.id]
        return waiting

    def drop(self, queue_id: QueueId) -> None:
        """Serve a queue no more; its lane goes with its last chat."""
        lane = self.lanes.get(queue_id)
        if lane is None or lane.dropped:
            return
        if lane.served:
            self.served -= lane.waiting
        lane.dropped, lane.served = True, False
        self._lines_for.clear()
        if not lane.waiting:
            del self.lanes[queue_id]

    def lines_for(self, skills: frozenset[str]) -> list[Line]:
        """The lines of served lanes that an agent with these skills may get chats of."""
        lines = self._lines_for.get(skills)
        if lines is None:
            lines = self._lines_for[skills] = [
                line
                for lane in self.lanes.values()
                if lane.served
                for line in lane.lines.values()
                if line.need <= skills
            ]
        return lines

    def position(self, chat_id: ChatId) -> int:
        """From 1, within its queue; O(log n) for each line of the queue."""
        waiting = self.chats[chat_id]
        lines = waiting.lane.lines.values()
        return 1 + sum(line.keys.bisect_left(waiting.key) for line in lines)

    def in_line(self, queue_id: QueueId) -> Iterator[ChatId]:
        """The chats of a queue, in order."""
        lane = self.lanes.get(queue_id)
        lines: Iterable[Line] = () if lane is None else lane.lines.values()
        return (key[-1] for key in merge(*(line.keys for line in lines)))

    def longest_waiting_since(self, queue_id: QueueId) -> Instant | None:
        """The lowest `waiting_since` of a queue's chats; O(chats) unless it is first come."""
        lane = self.lanes.get(queue_id)
        if lane is None:
            return None
        keys = (key for line in lane.lines.values() for key in lane.foremost(line))
        return min((self.chats[key[-1]].chat.waiting_since for key in keys), default=None)

    def check(self) -> None:
        """Raise `AssertionError` when anything is not in order."""
        lanes = self.lanes.values()
        keys = [key for lane in lanes for line in lane.lines.values() for key in line.keys]
        must(len(keys) == len(self.chats), "each chat stands in one line")
        must(all(self.chats[key[-1]].key == key for key in keys), "lines hold the chats' keys")
        served = sum(lane.waiting for lane in lanes if lane.served)
        must(self.served == served, "`served` counts the chats in served lanes")
        for waiting in self.chats.values():
            lane = waiting.lane
            must(self.lanes[waiting.chat.queue] is lane, "a chat stands in its queue")
            must(waiting.key == lane.key(waiting.chat), "a key does not change in line")
            must(waiting.key in waiting.line.keys, "a chat is found in its line")
            must(waiting.line.need == need_of(waiting.chat, lane.queue), "a line is of one need")
        for lane in lanes:
            in_lines = sum(len(line.keys) for line in lane.lines.values())
            must(lane.waiting == in_lines, "`waiting` counts the chats of a lane")

    def _open(self, lane: Lane, chat: Chat) -> Line:
        if len(lane.lines) >= SPARE_LINES + 2 * lane.waiting:
            lane.lines = {skills: line for skills, line in lane.lines.items() if line.keys}
            self._lines_for.clear()
        line = lane.lines[chat.skills] = Line(need_of(chat, lane.queue))
        if lane.served:
            for skills, lines in self._lines_for.items():
                if line.need <= skills:
                    lines.append(line)
        return line
