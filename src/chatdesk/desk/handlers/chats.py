"""Asking for a chat and everything that is done in one."""

from msgspec.structs import replace

from chatdesk.desk import chats as moves
from chatdesk.desk.checks import check_id, check_request_texts, check_text
from chatdesk.desk.customers import Identity, identify, keep_visitor
from chatdesk.desk.handlers.agents import check_can_receive
from chatdesk.desk.handlers.canned import canned_sent, check_canned
from chatdesk.desk.pages import check_attachments
from chatdesk.desk.routing import route
from chatdesk.desk.step import STAFF, Step, agent_audience, chat_audience
from chatdesk.desk.talk import add_message, agent_says, visitor_says
from chatdesk.model.commands import (
    CloseChat,
    EndChat,
    PostMessage,
    PostNote,
    QualifyChat,
    RateChat,
    ReadChat,
    RequestChat,
    TransferChat,
)
from chatdesk.model.errors import (
    ConsentRequired,
    InvalidInput,
    NotAllowed,
    NotQualified,
    OpenChatExists,
    StaleEpoch,
    Unavailable,
    WrongState,
)
from chatdesk.model.events import (
    ChatOpened,
    ChatRead,
    ChatTransferred,
    FormFilled,
)
from chatdesk.model.ids import VisitorId
from chatdesk.model.records import Answers, Chat, Queue
from chatdesk.model.results import ChatRequested, Done, MessagePosted
from chatdesk.model.values import (
    Actor,
    ActorKind,
    AnswerValues,
    ChatState,
    EndReason,
    Form,
    FormKind,
    MessageKind,
    QueueMode,
    visitor,
)
from chatdesk.rules.forms import check_answers, closed_answers
from chatdesk.rules.instants import after
from chatdesk.rules.lifecycle import IN_LINE, LIVE_CHAT

QUESTION_LENGTH = 300
TALKING = frozenset({ChatState.WAITING, ChatState.OFFERED, ChatState.ACTIVE})


# -- asking --------------------------------------------------------------------------------------


def request_chat(step: Step, command: RequestChat) -> ChatRequested:
    """A visitor asks (A01–A08); what nobody can serve is kept as a missed chat (B09, B10)."""
    queue = step.state.queue(command.queue)
    question = check_text(step, command.question, "question")
    answers = check_answers(step.setup.prechat, command.answers)
    visitor_id = acting_visitor(step, command.visitor)
    _check_request(step, command, visitor_id)
    check_request_texts(command)
    who = identify(step, visitor_id, answers, command.customer_number, command.language)
    chat = _new_chat(step, command, who, question)
    keep_visitor(step, visitor_id, who.customer.id, page=command.page, chat=chat.id)
    _opened(step, chat, who)
    keep_answers(step, chat, FormKind.PRECHAT, step.setup.prechat, answers)
    chat = visitor_says(step, chat, visitor(visitor_id), question)
    step.state.put(chat)
    reason = _why_missed(step, queue, chat)
    if reason is not None:
        chat = moves.end(step, chat, reason)
        return ChatRequested(chat=chat.id, visitor=visitor_id, state=chat.state, reason=reason)
    route(step)
    return _requested(step, chat.id, visitor_id)


def acting_visitor(step: Step, named: VisitorId | None) -> VisitorId:
    """The visitor who acts, or for whom the shop's code does."""
    if step.by.kind is ActorKind.VISITOR:
        if named not in {None, step.by.id}:
            raise NotAllowed("a visitor acts for himself only")
        return step.by.id
    if named is None:
        raise InvalidInput.field("visitor", "missing", "say which visitor it is for")
    return check_id(named, "visitor")


def _check_request(step: Step, command: RequestChat, visitor_id: VisitorId) -> None:
    known = step.state.visitors.get(visitor_id)
    if known is not None and known.chat is not None:
        raise OpenChatExists(f"visitor {visitor_id!r} has chat {known.chat!r} open")
    if command.preferred_agent is not None:
        step.state.agent(command.preferred_agent)
    if step.by.kind is ActorKind.VISITOR and (command.priority or command.customer_number):
        raise NotAllowed(
            "priority and customer_number are for the shop's code",
            mend="Leave them out; claim a customer number in answers.",
        )


def _new_chat(step: Step, command: RequestChat, who: Identity, question: str) -> Chat:
    counters = replace(step.state.counters, line=step.state.counters.line + 1)
    step.state.put(counters)
    return Chat(
        id=f"c-{step.fresh}",
        state=ChatState.WAITING,
        queue=command.queue,
        visitor=who.visitor,
        customer=who.customer.id,
        source=command.source,
        topic=command.topic,
        page=command.page,
        language=command.language,
        skills=command.skills,
        priority=command.priority,
        preferred_agent=command.preferred_agent,
        question=question[:QUESTION_LENGTH],
        customer_name=who.customer.name,
        requested_at=step.now,
        waiting_since=step.now,
        queued_at=step.now,
        line=counters.line,
        visitor_until=after(step.now, step.setup.visitor_lease_seconds),
    )


def _why_missed(step: Step, queue: Queue, chat: Chat) -> EndReason | None:
    if not queue.open:
        return EndReason.CLOSED
    if not moves.is_staffed(step, chat):
        return EndReason.NOBODY
    if queue.full and not _is_served_at_once(step, queue, chat):
        return EndReason.FULL
    return None


def _is_served_at_once(step: Step, queue: Queue, chat: Chat) -> bool:
    """Whether somebody is free for the chat, so that it needs no place in the full line."""
    if queue.setup.mode is QueueMode.PULL:
        return False
    return step.state.router.choice(chat, step.now) is not None


def _opened(step: Step, chat: Chat, who: Identity) -> None:
    step.state.emit(
        ChatOpened(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(chat),
            chat=chat.id,
            queue=chat.queue,
            visitor=chat.visitor,
            customer=chat.customer,
            source=chat.source,
            new_customer=who.new,
            topic=chat.topic,
            language=chat.language,
            skills=chat.skills,
            priority=chat.priority,
            preferred_agent=chat.preferred_agent,
        )
    )


def _requested(step: Step, chat_id: str, visitor_id: VisitorId) -> ChatRequested:
    chat = step.state.chats[chat_id]
    position = None
    if chat.state is ChatState.WAITING:
        position = step.state.router.position(chat_id)
    return ChatRequested(chat=chat_id, visitor=visitor_id, state=chat.state, position=position)


# -- talking -------------------------------------------------------------------------------------


def post_message(step: Step, command: PostMessage) -> MessagePosted:
    """Says something to the other side."""
    chat = step.own_chat(command.chat)
    text = check_text(step, command.text)
    files = check_attachments(command.attachments)
    if chat.state not in TALKING:
        raise WrongState(
            f"chat {chat.id!r} is {chat.state.replace('_', '-')}; nothing more can be said in it",
            mend="Ask for a new chat, or write a ticket.",
        )
    if step.by.kind is ActorKind.VISITOR:
        if files:
            raise InvalidInput.field("attachments", "invalid", "are sent by agents only")
        chat = visitor_says(step, chat, step.by, text)
        if chat.state in IN_LINE:
            until = after(step.now, step.setup.visitor_lease_seconds)
            chat = replace(chat, visitor_until=until)
    else:
        check_epoch(chat, command.epoch)
        if step.by.kind is ActorKind.AGENT and chat.state is not ChatState.ACTIVE:
            raise WrongState(f"chat {chat.id!r} is {chat.state}", mend="Take or accept it first.")
        response = check_canned(step, command)
        if step.by.kind is ActorKind.AGENT:
            canned_sent(step, chat, command, response)
        chat = agent_says(step, chat, step.by, text, canned=command.canned, attachments=files)
    step.state.put(chat)
    return MessagePosted(chat=chat.id, seq=chat.messages)


def post_note(step: Step, command: PostNote) -> MessagePosted:
    """A line for colleagues; from anybody but the chat's agent it is a whisper (C08)."""
    chat = step.own_chat(command.chat)
    text = check_text(step, command.text)
    _check_live(chat)
    own = step.by.kind is ActorKind.AGENT and step.by.id == chat.agent
    kind = MessageKind.NOTE if own else MessageKind.WHISPER
    audience = agent_audience(chat)
    chat = add_message(step, chat, kind, audience, step.by, text=text)
    step.state.put(chat)
    return MessagePosted(chat=chat.id, seq=chat.messages)


def read_chat(step: Step, command: ReadChat) -> Done:
    """The agent has read up to a message; a later one keeps the attention mark (A25)."""
    chat = step.own_chat(command.chat)
    if not 0 <= command.seq <= chat.messages:
        raise InvalidInput.field("seq", "invalid", f"from 0 to {chat.messages}")
    if command.seq > chat.read_to and chat.state in LIVE_CHAT:
        attention = chat.visitor_seq > command.seq
        step.state.put(replace(chat, read_to=command.seq, attention=attention))
        step.state.emit(
            ChatRead(
                at=step.now,
                by=step.by,
                command=step.command,
                audience=agent_audience(chat),
                chat=chat.id,
                queue=chat.queue,
                agent=step.by.id,
                seq=command.seq,
            )
        )
    return Done()


def check_epoch(chat: Chat, epoch: int | None) -> None:
    """Raises `StaleEpoch` when the actor knows an older assignment."""
    if epoch is not None and epoch != chat.epoch:
        raise StaleEpoch(f"chat {chat.id!r} is at epoch {chat.epoch}, not {epoch}")


# -- transfer ------------------------------------------------------------------------------------


def transfer_chat(step: Step, command: TransferChat) -> Done:
    """Gives the chat on; the visitor and the next agent are told (B12–B16)."""
    chat = step.own_chat(command.chat)
    check_epoch(chat, command.epoch)
    if chat.state is not ChatState.ACTIVE or chat.agent is None:
        raise WrongState(f"chat {chat.id!r} is {chat.state}; only a running chat is transferred")
    _check_target(step, command, chat)
    note = None if command.note is None else check_text(step, command.note, "note")
    if step.setup.transfer_consent_required and not command.consent:
        raise ConsentRequired(f"the customer of chat {chat.id!r} has not agreed to a transfer")
    _transferred(step, command, chat, chat.agent)
    giver, chat = chat.agent, replace(chat, transfers=chat.transfers + 1)
    if command.agent is not None:
        chat = moves.hand_over(step, chat, command.agent)
    else:
        chat = _to_queue(step, chat, command.queue or chat.queue, giver)
    if note is not None:
        audience = agent_audience(chat)
        chat = add_message(step, chat, MessageKind.NOTE, audience, step.by, text=note)
        step.state.put(chat)
    return Done()


def _check_target(step: Step, command: TransferChat, chat: Chat) -> None:
    if (command.agent is None) == (command.queue is None):
        raise InvalidInput.field("agent", "invalid", "name an agent or a queue, not both")
    if command.agent is not None:
        if command.agent == chat.agent:
            raise InvalidInput.field("agent", "invalid", "the chat is already this agent's")
        check_can_receive(step.state.agent(command.agent))
    if command.queue is not None:
        queue = step.state.queue(command.queue)
        declined = (*chat.declined_by, chat.agent or "")
        moved = replace(chat, queue=queue.id, declined_by=declined)
        if not queue.open or not moves.is_staffed(step, moved):
            raise Unavailable(f"nobody else serves queue {queue.id!r} now", mend="Choose another.")


def _to_queue(step: Step, chat: Chat, queue_id: str, giver: str) -> Chat:
    """Back to a line, but not to the agent who gave it away."""
    chat = replace(chat, queue=queue_id, declined_by=(*chat.declined_by, giver))
    return moves.return_to_line(step, chat, "transferred")


def _transferred(step: Step, command: TransferChat, chat: Chat, giver: str) -> None:
    step.state.emit(
        ChatTransferred(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=chat_audience(chat),
            chat=chat.id,
            queue=chat.queue,
            from_agent=giver,
            to_agent=command.agent,
            to_queue=command.queue,
            consent=command.consent,
        )
    )


# -- the end -------------------------------------------------------------------------------------


def end_chat(step: Step, command: EndChat) -> Done:
    """Ends the conversation, or the wait (A28, A33, B23, D13)."""
    chat = step.own_chat(command.chat)
    check_epoch(chat, command.epoch)
    if chat.state not in TALKING:
        raise WrongState(f"chat {chat.id!r} is {chat.state.replace('_', '-')}; it has ended")
    moves.end(step, chat, END_REASON[step.by.kind])
    return Done()


END_REASON = {
    ActorKind.VISITOR: EndReason.VISITOR,
    ActorKind.AGENT: EndReason.AGENT,
    ActorKind.SERVICE: EndReason.SERVICE,
}


def qualify_chat(step: Step, command: QualifyChat) -> Done:
    """Fills the qualification form, during the chat or after it (A27)."""
    chat = step.own_chat(command.chat)
    if chat.state not in {ChatState.ACTIVE, ChatState.WRAP_UP}:
        raise WrongState(f"chat {chat.id!r} is {chat.state}; it is qualified until it is closed")
    form = step.setup.qualification
    answers = check_answers(form, command.answers)
    step.state.put(replace(chat, qualified_at=step.now))
    keep_answers(step, chat, FormKind.QUALIFICATION, form, answers)
    return Done()


def close_chat(step: Step, command: CloseChat) -> Done:
    """Closes the ended chat, once it is qualified (A26)."""
    chat = step.own_chat(command.chat)
    if chat.state is not ChatState.WRAP_UP:
        raise WrongState(f"chat {chat.id!r} is {chat.state}; end it first, then close it")
    if not moves.is_qualified(step, chat):
        raise NotQualified(f"chat {chat.id!r} is not qualified yet")
    moves.close(step, chat)
    return Done()


def rate_chat(step: Step, command: RateChat) -> Done:
    """The visitor's opinion, once, after the conversation (A30–A33)."""
    chat = step.own_chat(command.chat)
    if chat.state not in {ChatState.WRAP_UP, ChatState.CLOSED}:
        raise WrongState(f"chat {chat.id!r} is {chat.state}; it is rated after its end")
    if chat.rated_at is not None:
        raise WrongState(f"chat {chat.id!r} is rated already", mend="There is nothing to do.")
    form = step.setup.rating
    answers = check_answers(form, command.answers)
    step.state.put(replace(chat, rated_at=step.now))
    keep_answers(step, chat, FormKind.RATING, form, answers)
    return Done()


def keep_answers(step: Step, chat: Chat, kind: FormKind, form: Form, answers: AnswerValues) -> None:
    """Writes a filled form."""
    by: Actor = step.by
    step.state.put(
        Answers(
            id=f"{chat.id}.{kind}",
            chat=chat.id,
            customer=chat.customer,
            form=kind,
            values=answers,
            at=step.now,
            by=by,
        )
    )
    step.state.emit(
        FormFilled(
            at=step.now,
            by=by,
            command=step.command,
            audience=chat_audience(chat) if kind is not FormKind.QUALIFICATION else STAFF,
            chat=chat.id,
            queue=chat.queue,
            form=kind,
            closed=closed_answers(form, answers),
        )
    )


def _check_live(chat: Chat) -> None:
    if chat.state not in TALKING and chat.state is not ChatState.WRAP_UP:
        raise WrongState(f"chat {chat.id!r} is {chat.state}; it is over")
