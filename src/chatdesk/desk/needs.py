"""What a command needs besides what is live, so that a turn can fetch it before handling."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chatdesk.desk.customers import normal_email
from chatdesk.desk.state import State
from chatdesk.desk.talk import asked_in
from chatdesk.model import commands as c
from chatdesk.model.commits import Need
from chatdesk.model.ids import VisitorId
from chatdesk.model.values import Actor, ActorKind, AnswerValues

Finder = Callable[[State, Any, Actor], Iterator[Need]]


def reply_id(by: Actor, command_id: str) -> str:
    """The id of the record that keeps what a command was answered: its actor's and its own."""
    id_ = by.id
    if "%" in id_ or ":" in id_:  # so that no two pairs give one id
        id_ = id_.replace("%", "%25").replace(":", "%3A")
    return by.kind + ":" + id_ + ":" + command_id


def needs(state: State, command: c.Command[Any], by: Actor) -> list[Need]:
    """The records to fetch before the command is handled, but for what it was answered before."""
    finder = FINDERS.get(type(command))
    return [] if finder is None else list(finder(state, command, by))


ASKING = (c.RequestChat, c.LeaveNote)
"""The commands that say who asks."""


def second_needs(state: State, command: c.Command[Any], by: Actor) -> list[Need]:
    """What only the first fetch can tell: the customer a visitor was known as."""
    if isinstance(command, ASKING):
        visitor = state.visitor(_visitor_id(command, by))
        if visitor is not None and visitor.customer is not None:
            return [Need("customer", visitor.customer)]
    return []


def _visitor_id(command: c.RequestChat | c.LeaveNote, by: Actor) -> VisitorId:
    return by.id if by.kind is ActorKind.VISITOR else command.visitor or ""


def _identity(state: State, command: c.RequestChat | c.LeaveNote, by: Actor) -> Iterator[Need]:
    visitor = _visitor_id(command, by)
    if visitor not in state.visitors:
        yield Need("visitor", visitor)
    yield from _claims(command.answers)
    if command.customer_number is not None:
        yield Need("customer", command.customer_number.strip(), "customer_number")


def _claims(answers: AnswerValues) -> Iterator[Need]:
    email, number = answers.get("email"), answers.get("customer_number")
    if isinstance(email, str) and email.strip():
        yield Need("customer", normal_email(email), "email")
    if isinstance(number, str) and number.strip():
        yield Need("customer", number.strip(), "customer_number")


def _visit(state: State, _: c.RenewVisit, by: Actor) -> Iterator[Need]:
    if by.id not in state.visitors:
        yield Need("visitor", by.id)


def _chat(state: State, command: Any, _: Actor) -> Iterator[Need]:
    if command.chat is not None and command.chat not in state.chats:
        yield Need("chat", command.chat)


def _post(state: State, command: c.PostMessage, by: Actor) -> Iterator[Need]:
    yield from _chat(state, command, by)
    chat = state.chats.get(command.chat)
    made_of = command.canned is not None or command.discarded
    if made_of and chat is not None and chat.visitor_seq:
        yield from (Need("message", id_) for id_ in asked_in(chat))


def _ticket(state: State, command: Any, _: Actor) -> Iterator[Need]:
    if command.ticket not in state.tickets:
        yield Need("ticket", command.ticket)


def _customer(_: State, command: c.SaveCustomer, __: Actor) -> Iterator[Need]:
    yield Need("customer", command.customer)
    if command.change.email:
        yield Need("customer", normal_email(command.change.email), "email")
    if command.change.customer_number:
        yield Need("customer", command.change.customer_number.strip(), "customer_number")


def _history(
    state: State, command: c.SaveInteraction | c.RemoveInteraction, by: Actor
) -> Iterator[Need]:
    yield Need("customer", command.customer)
    if command.interaction is not None:
        yield Need("interaction", command.interaction)
    if isinstance(command, c.SaveInteraction):
        yield from _chat(state, command, by)


def _new_ticket(state: State, command: c.OpenTicket, by: Actor) -> Iterator[Need]:
    yield from _chat(state, command, by)
    if command.customer is not None:
        yield Need("customer", command.customer)


FINDERS: Mapping[type[c.Command[Any]], Finder] = {
    c.RequestChat: _identity,
    c.LeaveNote: _identity,
    c.RenewVisit: _visit,
    c.PostMessage: _post,
    c.PostNote: _chat,
    c.ReadChat: _chat,
    c.TransferChat: _chat,
    c.EndChat: _chat,
    c.QualifyChat: _chat,
    c.CloseChat: _chat,
    c.RateChat: _chat,
    c.AcceptOffer: _chat,
    c.DeclineOffer: _chat,
    c.SaveCustomer: _customer,
    c.SaveInteraction: _history,
    c.RemoveInteraction: _history,
    c.OpenTicket: _new_ticket,
    c.AnswerTicket: _ticket,
    c.ReplyToTicket: _ticket,
    c.CommentOnTicket: _ticket,
    c.SetTicketState: _ticket,
    c.RetitleTicket: _ticket,
    c.AssignTicket: _ticket,
}
