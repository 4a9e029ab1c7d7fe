"""Messages of a chat: what people say, and what the desk itself says."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from chatdesk.canned.filling import name_uses
from chatdesk.desk.step import Step, talk_audience
from chatdesk.model.events import MessageAdded, ReplyGiven
from chatdesk.model.ids import Instant, message_id
from chatdesk.model.records import Chat, Message
from chatdesk.model.values import CLOCK, Actor, ActorKind, Audience, ChatState, MessageKind
from chatdesk.rules.instants import after, between


def add_message(
    step: Step,
    chat: Chat,
    kind: MessageKind,
    audience: Audience,
    author: Actor,
    **content: Any,  # text, or code and details
) -> Chat:
    """Writes a message; the chat with its new count, which the caller puts."""
    seq = chat.messages + 1
    message = Message(
        id=message_id(chat.id, seq),
        chat=chat.id,
        seq=seq,
        at=step.now,
        author=author,
        kind=kind,
        audience=audience,
        **content,
    )
    step.state.put(message)
    step.state.emit(
        MessageAdded(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=audience,
            chat=chat.id,
            queue=chat.queue,
            seq=seq,
            author=author,
            kind=kind,
            length=len(message.text),
        )
    )
    return replace(chat, messages=seq)


def say(step: Step, chat: Chat, code: str, **details: str) -> Chat:
    """The desk says something to both sides; the page has the words for `code`."""
    audience = talk_audience(chat)
    kind = MessageKind.SYSTEM
    return add_message(step, chat, kind, audience, CLOCK, code=code, details=details)


def visitor_says(step: Step, chat: Chat, author: Actor, text: str) -> Chat:
    """The visitor's message waits for an answer and for the agent's eyes (A25, C17)."""
    audience = talk_audience(chat)
    chat = add_message(step, chat, MessageKind.TEXT, audience, author, text=text)
    chat = replace(chat, visitor_seq=chat.messages, attention=chat.agent is not None)
    if chat.unanswered_since is None:
        chat = replace(chat, unanswered_since=step.now)
        if chat.state is ChatState.ACTIVE:
            chat = expect_reply(step, chat)
    return chat


LOOKED_BACK = 5
"""Messages, up to the visitor's last, among which his unanswered ones are looked for."""


def asked_in(chat: Chat) -> tuple[str, ...]:
    """Ids of the messages in which the visitor may have asked what nobody has answered yet."""
    last = chat.visitor_seq
    return tuple(
        message_id(chat.id, seq) for seq in range(max(1, last - LOOKED_BACK + 1), last + 1)
    )


def asked_text(chat: Chat, messages: Iterable[Message | None]) -> str:
    """What the visitor said in them, in order, since he was last answered.

    People ask in several lines. Empty when nothing waits for an answer.
    """
    said: list[str] = []
    for message in messages:
        if message is None or message.kind is not MessageKind.TEXT:
            continue
        if message.author.kind is ActorKind.VISITOR:
            said.append(message.text)
        else:
            said.clear()
    return " ".join(said) if chat.unanswered_since is not None else ""


def agent_says(
    step: Step,
    chat: Chat,
    author: Actor,
    text: str,
    *,
    canned: str | None = None,
    attachments: tuple[str, ...] = (),
) -> Chat:
    """The agent's message answers what the visitor asked, and shows that he has read it."""
    audience = talk_audience(chat)
    content = {"text": text, "canned": canned, "attachments": attachments}
    chat = add_message(step, chat, MessageKind.TEXT, audience, author, **content)
    if author.kind is not ActorKind.AGENT:
        return chat
    promise = {"promised_until": _promised(step, canned), "promise_late": False}
    named = chat.name_uses + name_uses(text, chat.customer_name)
    chat = replace(chat, read_to=chat.messages, attention=False, name_uses=named, **promise)
    if chat.unanswered_since is None:
        return chat
    start = max(chat.unanswered_since, chat.assigned_at or chat.unanswered_since)
    step.state.emit(
        ReplyGiven(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=Audience(staff=True),
            chat=chat.id,
            queue=chat.queue,
            agent=author.id,
            seconds=between(start, step.now),
            first=chat.first_reply_at is None,
        )
    )
    first = step.now if chat.first_reply_at is None else chat.first_reply_at
    return replace(chat, unanswered_since=None, reply_due_at=None, first_reply_at=first)


def _promised(step: Step, canned: str | None) -> Instant | None:
    """Until when the reply promises another one, if it was made from one that does (D04)."""
    response = None if canned is None else step.state.shelf.responses.get(canned)
    seconds = None if response is None else response.promise_seconds
    return None if seconds is None else after(step.now, seconds)


def expect_reply(step: Step, chat: Chat) -> Chat:
    """Sets when the visitor's unanswered message is overdue, from now on (C19, C20)."""
    setup = step.setup
    seconds = setup.first_reply_seconds if chat.first_reply_at is None else setup.reply_seconds
    return replace(chat, reply_due_at=after(step.now, seconds))
