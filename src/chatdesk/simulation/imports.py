"""Logs of other desks: a documented CSV, and the archives of LiveChat and Chatwoot.

An archive tells when somebody asked, who answered and when it ended. It does not tell who was there
or how many chats an agent could hold: agents are taken to be there from their first chat to their
last, without the pauses of more than half an hour in between, and to hold as many chats at once as
they ever had.
"""

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chatdesk.model.ids import AgentId, Instant, Seconds
from chatdesk.model.records import QueueSetup
from chatdesk.simulation.errors import InvalidParameter
from chatdesk.simulation.history import Asked, History, Presence, Stint

T = TypeVar("T")

PAUSE_SECONDS: Seconds = 1_800.0
"""An agent without a chat for longer is taken to be away."""
MOST_BYTES = 1_000_000_000
QUEUE = "desk"
GUESSED = "who was there, and for how many chats, is guessed from the chats themselves"
FIRST_REPLY = "the archive tells first replies, not assignments: waits include the time to answer"

COLUMNS = (
    "chat",
    "at",
    "agent",
    "answered_at",
    "ended_at",
    "left_at",
    "queue",
    "customer",
    "language",
    "skills",
    "priority",
    "preferred_agent",
)
"""Of the CSV. Only `chat` and `at` must be there; times are seconds since the epoch or ISO 8601.

A row has `agent`, `answered_at` and perhaps `ended_at` when the chat was answered, `left_at` when
the visitor left the line before. `skills` are words with spaces between them.
"""


class Row(Struct, frozen=True, kw_only=True):
    """A chat as an archive tells it."""

    chat: str
    at: Instant
    agent: AgentId | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    left_at: Instant | None = None
    queue: str = QUEUE
    customer: str | None = None
    language: str | None = None
    skills: tuple[str, ...] = ()
    priority: int = 0
    preferred_agent: AgentId | None = None


def read_archive(path: Path, form: str | None = None) -> History:
    """A log from a file; without a form it is told from the name (.csv) or the content.

    Raises `InvalidParameter` with the place of what is wrong.
    """
    if form is not None and form not in FORMATS:
        raise InvalidParameter(f"there is no form {form!r}: give one of {', '.join(FORMATS)}")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidParameter(f"{path} is larger than {MOST_BYTES} bytes: split it")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidParameter(f"{path} cannot be read: {error}") from error
    read = FORMATS[form or _form_of(path, text)]
    try:
        return read(text)
    except InvalidParameter as error:
        raise InvalidParameter(f"{path}: {error}") from error


def _form_of(path: Path, text: str) -> str:
    if path.suffix.lower() == ".csv":
        return "csv"
    if '"thread"' in text or '"threads"' in text:
        return "livechat"
    if '"first_reply_created_at"' in text:
        return "chatwoot"
    raise InvalidParameter(f"{path} is of no form known: say which, of {', '.join(FORMATS)}")


# -- the CSV -------------------------------------------------------------------------------------


def read_csv(text: str) -> History:
    """A log of the columns `COLUMNS`."""
    reader = csv.DictReader(text.splitlines())
    found = set(reader.fieldnames or ())
    if missing := {"chat", "at"} - found:
        raise InvalidParameter(f"the column {min(missing)!r} is missing")
    if unknown := found - set(COLUMNS):
        raise InvalidParameter(f"the column {min(unknown)!r} is unknown: use {', '.join(COLUMNS)}")
    return history_of_rows(_csv_row(number, row) for number, row in enumerate(reader, 2))


def _csv_row(number: int, row: Mapping[str, str | None]) -> Row:
    given = {name: text.strip() for name, text in row.items() if text and text.strip()}
    try:
        return Row(
            chat=given["chat"],
            at=_instant(given["at"]),
            agent=given.get("agent"),
            answered_at=_time(given.get("answered_at")),
            ended_at=_time(given.get("ended_at")),
            left_at=_time(given.get("left_at")),
            queue=given.get("queue", QUEUE),
            customer=given.get("customer"),
            language=given.get("language"),
            skills=tuple(given.get("skills", "").split()),
            priority=int(given.get("priority", "0")),
            preferred_agent=given.get("preferred_agent"),
        )
    except (KeyError, ValueError) as error:
        raise InvalidParameter(f"line {number}: {error}") from error


def _time(text: str | None) -> Instant | None:
    return None if text is None else _instant(text)


def _instant(text: str) -> Instant:
    """Seconds since the epoch, or ISO 8601; without a zone it is UTC."""
    try:
        at = float(text)
    except ValueError:
        when = datetime.fromisoformat(text)
        at = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(at) or at < 0:
        raise InvalidParameter(f"{text!r} is no time: give seconds since the epoch or ISO 8601")
    return at


# -- LiveChat ------------------------------------------------------------------------------------


class LiveChatUser(Struct, frozen=True):
    """Who took part; `type` is agent or customer."""

    id: str
    type: str


class LiveChatEvent(Struct, frozen=True):
    """Something said or done."""

    created_at: str
    type: str = ""
    author_id: str | None = None


class LiveChatAccess(Struct, frozen=True):
    """Which groups a chat belongs to."""

    group_ids: tuple[int, ...] = ()


class LiveChatThread(Struct, frozen=True):
    """One conversation of a chat."""

    id: str
    created_at: str
    events: tuple[LiveChatEvent, ...] = ()
    access: LiveChatAccess = LiveChatAccess()


class LiveChatChat(Struct, frozen=True):
    """One element of `chats` in the answer of *List Archives*."""

    id: str
    users: tuple[LiveChatUser, ...] = ()
    thread: LiveChatThread | None = None
    threads: tuple[LiveChatThread, ...] = ()


class LiveChatArchive(Struct, frozen=True):
    """The answer of *List Archives*, of the Agent Chat API from version 3.1."""

    chats: tuple[LiveChatChat, ...]


def read_livechat(text: str) -> History:
    """LiveChat: answers of *List Archives*, one object, a list of them, or one a line.

    A thread is a chat; who writes first of its agents has answered it, and its last event ends it.
    """
    pages = _objects(text, LiveChatArchive)
    rows = [
        row
        for page in pages
        for chat in page.chats
        for thread in (*chat.threads, *filter(None, (chat.thread,)))
        if (row := _livechat_row(chat, thread)) is not None
    ]
    return history_of_rows(rows, notes=(FIRST_REPLY,))


def _livechat_row(chat: LiveChatChat, thread: LiveChatThread) -> Row | None:
    agents = {user.id for user in chat.users if user.type == "agent"}
    customer = next((user.id for user in chat.users if user.type == "customer"), None)
    said = [event for event in thread.events if event.type != "system_message"]
    times = [_instant(event.created_at) for event in thread.events]
    answer = next((event for event in said if event.author_id in agents), None)
    if all(event.author_id != customer for event in said):
        return None  # nobody asked: a greeting that nobody answered
    at, end = _instant(thread.created_at), max(times, default=None)
    groups = thread.access.group_ids
    row = Row(
        chat=f"{chat.id}/{thread.id}",
        at=at,
        customer=customer,
        queue=str(groups[0]) if groups else QUEUE,
    )
    if answer is None:
        return replace(row, left_at=end)
    return replace(
        row, agent=answer.author_id, answered_at=_instant(answer.created_at), ended_at=end
    )


# -- Chatwoot ------------------------------------------------------------------------------------


class ChatwootPerson(Struct, frozen=True):
    """A contact or an agent."""

    id: int


class ChatwootMeta(Struct, frozen=True):
    """Who takes part."""

    sender: ChatwootPerson | None = None
    assignee: ChatwootPerson | None = None


class ChatwootConversation(Struct, frozen=True):
    """One element of `payload` in the answer of *Conversations List*; 0 stands for no time."""

    id: int
    created_at: float
    meta: ChatwootMeta = ChatwootMeta()
    inbox_id: int = 0
    status: str = ""
    labels: tuple[str, ...] = ()
    first_reply_created_at: float = 0.0
    last_activity_at: float = 0.0


class ChatwootPayload(Struct, frozen=True):
    """The inner object of the answer."""

    payload: tuple[ChatwootConversation, ...]


class ChatwootPage(Struct, frozen=True):
    """The answer of *Conversations List* (`/api/v1/accounts/{id}/conversations`)."""

    data: ChatwootPayload


def read_chatwoot(text: str) -> History:
    """Chatwoot: answers of *Conversations List*, one object, a list of them, or one a line.

    The first reply is the answer, the last activity of a resolved conversation its end.
    """
    pages = _objects(text, ChatwootPage)
    rows = (_chatwoot_row(one) for page in pages for one in page.data.payload)
    return history_of_rows(rows, notes=(FIRST_REPLY,))


def _chatwoot_row(one: ChatwootConversation) -> Row:
    over = one.last_activity_at if one.status == "resolved" and one.last_activity_at else None
    sender, agent = one.meta.sender, one.meta.assignee
    row = Row(
        chat=str(one.id),
        at=one.created_at,
        queue=str(one.inbox_id),
        customer=None if sender is None else str(sender.id),
    )
    if agent is None or not one.first_reply_created_at:
        return replace(row, left_at=over)
    answered_at = one.first_reply_created_at
    return replace(row, agent=str(agent.id), answered_at=answered_at, ended_at=over)


def _objects(text: str, kind: type[T]) -> list[T]:
    """One object, a list of objects, or one object a line."""
    decoder = msgspec.json.Decoder(kind)
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=list[kind])  # type: ignore[valid-type]  # a variable
        try:
            return [decoder.decode(text)]
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return decoder.decode_lines(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidParameter(str(error)) from error


FORMATS: Mapping[str, Callable[[str], History]] = MappingProxyType(
    {"csv": read_csv, "livechat": read_livechat, "chatwoot": read_chatwoot}
)
"""The forms of archives, by the names that the command line knows."""


# -- from rows to a history ----------------------------------------------------------------------


def history_of_rows(rows: Iterable[Row], notes: Sequence[str] = ()) -> History:
    """The history that rows tell, in any order; raises `InvalidParameter`."""
    ordered = sorted(rows, key=lambda row: (row.at, row.chat))
    if not ordered:
        raise InvalidParameter("it holds no chat: there is nothing to replay")
    for row in ordered:
        _check(row)
    asked = [_asked(number, row) for number, row in enumerate(ordered)]
    presences = _presences(ordered)
    queues = {row.queue: QueueSetup(name=row.queue) for row in ordered}
    return History(asked=tuple(asked), presences=presences, queues=queues, notes=(*notes, GUESSED))


def _check(row: Row) -> None:
    if (row.agent is None) != (row.answered_at is None):
        raise InvalidParameter(f"chat {row.chat!r} has an agent or an answer, but not both")
    if row.agent is None and row.ended_at is not None:
        raise InvalidParameter(f"chat {row.chat!r} ended without an agent: give left_at instead")
    times = [row.at, row.answered_at, row.ended_at, row.left_at]
    known = [at for at in times if at is not None]
    if known != sorted(known) or (row.agent is not None and row.left_at is not None):
        raise InvalidParameter(
            f"chat {row.chat!r}: give at, then answered_at and ended_at, or left_at, in order"
        )


ENDS, COMES, ASKS, LEAVES, GOES = range(5)
"""What comes first of what happens at one instant."""


def _order(number: int, what: int) -> int:
    return what << 40 | number


def _asked(number: int, row: Row) -> Asked:
    stints: tuple[Stint, ...] = ()
    if row.agent is not None and row.answered_at is not None:
        end, order = row.ended_at, _order(number, ENDS)
        one = Stint(agent=row.agent, queue=row.queue, begin=row.answered_at, end=end, order=order)
        stints = (one,)
    return Asked(
        chat=row.chat,
        at=row.at,
        order=_order(number, ASKS),
        queue=row.queue,
        customer=row.customer or row.chat,
        language=row.language,
        skills=row.skills,
        priority=row.priority,
        preferred_agent=row.preferred_agent,
        stints=stints,
        left_at=row.left_at,
        left_order=_order(number, LEAVES),
        gave_up=row.left_at is not None,
    )


def _presences(rows: Sequence[Row]) -> tuple[Presence, ...]:
    by_agent: dict[AgentId, list[Row]] = defaultdict(list)
    for row in rows:
        if row.agent is not None:
            by_agent[row.agent].append(row)
    last = max(row.ended_at or row.answered_at or row.at for row in rows)
    found = [one for agent, own in sorted(by_agent.items()) for one in _stretches(agent, own, last)]
    return tuple(sorted(found, key=lambda one: (one.at, one.order)))


def _stretches(agent: AgentId, rows: Sequence[Row], last: Instant) -> Iterable[Presence]:
    """When an agent came and went; he comes as the first visitor does whom he answers."""
    facts = Presence(
        agent=agent,
        at=0.0,
        order=0,
        there=True,
        capacity=_most_at_once(rows),
        queues=tuple(sorted({row.queue for row in rows})),
        skills=tuple(sorted({skill for row in rows for skill in row.skills})),
        languages=tuple(sorted({row.language for row in rows if row.language is not None})),
    )
    begin, until = rows[0].at, rows[0].at
    for number, row in enumerate([*rows, None]):
        if row is None or row.at > until + PAUSE_SECONDS:
            yield replace(facts, at=begin, order=_order(number, COMES))
            yield replace(facts, at=until, order=_order(number, GOES), there=False)
            begin = until if row is None else row.at
        if row is not None:
            until = max(until, last if row.ended_at is None else row.ended_at)


def _most_at_once(rows: Sequence[Row]) -> int:
    """The most chats he had at once."""
    changes = sorted(
        change
        for row in rows
        if row.answered_at is not None
        for change in ((row.answered_at, 1), (row.ended_at or math.inf, -1))
    )
    held = most = 0
    for _, step in changes:
        held += step
        most = max(most, held)
    return max(1, most)
