"""Tickets: made from a chat or a note, answered, commented, moved on (B34–B47)."""

from msgspec.structs import replace

from chatdesk.desk import tickets as moves
from chatdesk.desk.checks import check_request_texts, check_text
from chatdesk.desk.customers import CLAIMED, identify, keep_visitor
from chatdesk.desk.handlers.chats import acting_visitor
from chatdesk.desk.step import Step
from chatdesk.desk.talk import say
from chatdesk.model.commands import (
    AnswerTicket,
    AssignTicket,
    CommentOnTicket,
    LeaveNote,
    OpenTicket,
    ReplyToTicket,
    RetitleTicket,
    SetTicketState,
)
from chatdesk.model.errors import InvalidInput, NotAllowed, NotFound, WrongState
from chatdesk.model.ids import CustomerId
from chatdesk.model.records import Chat, Ticket
from chatdesk.model.results import TicketSaved
from chatdesk.model.values import (
    ActorKind,
    ChatState,
    EntryKind,
    TicketSource,
    TicketState,
    visitor,
)
from chatdesk.rules.access import Scope
from chatdesk.rules.forms import answer_lines, check_answers
from chatdesk.rules.lifecycle import SET_TICKET, TicketTrigger

TITLE_LENGTH = 200


def leave_note(step: Step, command: LeaveNote) -> TicketSaved:
    """A visitor leaves a note, which is an open ticket at once (B10, B35, B44)."""
    text = check_text(step, command.text)
    answers = check_answers(step.setup.prechat, command.answers)
    visitor_id = acting_visitor(step, command.visitor)
    if step.by.kind is ActorKind.VISITOR and command.customer_number is not None:
        raise NotAllowed("customer_number is for the shop's code", mend="Claim it in answers.")
    if command.queue is not None:
        step.state.queue(command.queue)
    check_request_texts(command)
    who = identify(step, visitor_id, answers, command.customer_number, command.language)
    known = step.state.visitors.get(visitor_id)
    chat = None if known is None else known.chat
    keep_visitor(step, visitor_id, who.customer.id, page=command.page, chat=chat)
    ticket = moves.make_ticket(
        step,
        title=moves.title_of(text),
        source=TicketSource.NOTE,
        customer=who.customer.id,
        visitor=visitor_id,
        queue=command.queue,
    )
    author = visitor(visitor_id)
    ticket = moves.add_entry(step, ticket, EntryKind.NOTE, text, author=author)
    more = {key: value for key, value in answers.items() if key not in CLAIMED}
    if more:  # no profile has a place for them, and nobody shall have to ask again (D02)
        lines = answer_lines(step.setup.prechat, more, command.language)
        ticket = moves.add_entry(step, ticket, EntryKind.NOTE, "\n".join(lines), author=author)
    return _saved(moves.give_out(step, ticket))


def open_ticket(step: Step, command: OpenTicket) -> TicketSaved:
    """An agent makes a ticket: from a chat, whose transcript belongs to it, or for a customer."""
    title = _title(command.title)
    text = check_text(step, command.text) if command.text.strip() else None
    chat = None if command.chat is None else _had_chat(step, command.chat)
    customer_id = _customer_of(step, command, chat)
    if command.queue is not None:
        step.state.queue(command.queue)
    ticket = moves.make_ticket(
        step,
        title=title,
        source=TicketSource.CHAT if chat is not None else TicketSource.AGENT,
        customer=customer_id,
        visitor=None if chat is None else chat.visitor,
        chat=command.chat,
        queue=command.queue or (chat.queue if chat is not None else None),
    )
    if text is not None:
        ticket = moves.add_entry(step, ticket, EntryKind.COMMENT, text)
    ticket = moves.give_out(step, ticket)
    if chat is not None:
        _tell_chat(step, step.state.chat(chat.id), ticket)
    return _saved(ticket)


def _customer_of(step: Step, command: OpenTicket, chat: Chat | None) -> CustomerId:
    if chat is not None:
        if command.customer not in {None, chat.customer}:
            raise InvalidInput.field("customer", "invalid", "the chat is of another customer")
        return chat.customer
    if command.customer is None:
        raise InvalidInput.field("customer", "missing", "name a chat or a customer")
    customer = step.customer(command.customer)
    if customer is None:
        raise NotFound("customer", command.customer)
    return customer.id


def _had_chat(step: Step, chat_id: str) -> Chat:
    """A chat that the agent has or had."""
    chat = step.state.chat(chat_id)
    mine = step.by.kind is ActorKind.AGENT and step.by.id in chat.agents
    if step.scope is Scope.OWN and not mine:
        raise NotAllowed(f"chat {chat_id!r} was never yours")
    return chat


def _tell_chat(step: Step, chat: Chat, ticket: Ticket) -> None:
    """The chat knows its ticket, and in a running chat the customer is told (B33)."""
    chat = replace(chat, tickets=(*chat.tickets, ticket.id))
    if chat.state is ChatState.ACTIVE:
        chat = say(step, chat, "ticket_opened", number=str(ticket.number))
    step.state.put(chat)


def answer_ticket(step: Step, command: AnswerTicket) -> TicketSaved:
    """The customer answers: pending opens again, solved reopens (B45)."""
    ticket = step.state.ticket(command.ticket)
    if step.scope is Scope.OWN and ticket.visitor != step.by.id:
        raise NotFound("ticket", command.ticket)
    text = check_text(step, command.text)
    author = step.by if ticket.visitor is None else visitor(ticket.visitor)
    ticket = moves.add_entry(step, ticket, EntryKind.ANSWER, text, author=author)
    return _saved(moves.trigger(step, ticket, TicketTrigger.ANSWER))


def reply_to_ticket(step: Step, command: ReplyToTicket) -> TicketSaved:
    """An agent writes to the customer, and may set the state with it (B41, B45, B46)."""
    ticket = step.state.ticket(command.ticket)
    text = check_text(step, command.text)
    if ticket.state is TicketState.SPAM:
        raise WrongState(f"ticket {ticket.number} is spam", mend="Set it to open first.")
    if command.state is TicketState.SPAM:
        raise InvalidInput.field("state", "invalid", "open, pending or solved")
    ticket = moves.add_entry(step, ticket, EntryKind.REPLY, text)
    if command.state is not None:
        ticket = moves.trigger(step, ticket, SET_TICKET[command.state])
    return _saved(ticket)


def comment_on_ticket(step: Step, command: CommentOnTicket) -> TicketSaved:
    """A comment that only colleagues see (B43)."""
    ticket = step.state.ticket(command.ticket)
    text = check_text(step, command.text)
    return _saved(moves.add_entry(step, ticket, EntryKind.COMMENT, text))


def set_ticket_state(step: Step, command: SetTicketState) -> TicketSaved:
    """Sets the state from the list (B39)."""
    ticket = step.state.ticket(command.ticket)
    return _saved(moves.trigger(step, ticket, SET_TICKET[command.state]))


def retitle_ticket(step: Step, command: RetitleTicket) -> TicketSaved:
    """Edits the title (B42)."""
    ticket = step.state.ticket(command.ticket)
    title = _title(command.title)
    if title != ticket.title:
        ticket = moves.add_entry(step, ticket, EntryKind.TITLE, before=ticket.title, after=title)
        ticket = replace(ticket, title=title)
        step.state.put(ticket)
    return _saved(ticket)


def assign_ticket(step: Step, command: AssignTicket) -> TicketSaved:
    """Assigns to the named agent, or to the one the desk's ticket policy chooses."""
    ticket = step.state.ticket(command.ticket)
    if command.agent is not None:
        chosen: str | None = step.state.agent(command.agent).id
    else:
        chosen = moves.choose_assignee(step, ticket)
    return _saved(moves.assign_ticket(step, ticket, chosen))


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise InvalidInput.field("title", "missing", "must not be empty")
    if len(title) > TITLE_LENGTH:
        raise InvalidInput.field("title", "too_long", f"at most {TITLE_LENGTH} characters")
    return title


def _saved(ticket: Ticket) -> TicketSaved:
    return TicketSaved(ticket=ticket.id, number=ticket.number, state=ticket.state)
