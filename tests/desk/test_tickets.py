"""Tickets: from chats and notes, through their states, to their end."""

import pytest
from msgspec.structs import replace

from chatdesk.desk.tickets import title_of
from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.defaults import PRECHAT
from chatdesk.model.errors import InvalidInput, NotAllowed, NotFound, WrongState
from chatdesk.model.records import AgentSetup, Message, Ticket, TicketEntry
from chatdesk.model.values import (
    CLOCK,
    AnswerValues,
    EndReason,
    EntryKind,
    FormQuestion,
    TicketSource,
    TicketState,
    agent,
    visitor,
)
from tests.desk.helpers import ADA, ANA, BEN, BOB, SHOP, Shop, a_shop

FORM: AnswerValues = {"name": "Ana", "email": "ana@example.org"}


def note(shop: Shop, text: str = "Please call me") -> str:
    """A note that Ana leaves."""
    return shop.do(c.LeaveNote(text=text, answers=FORM, queue="sales"), ANA).ticket


def entries(shop: Shop, ticket: str) -> list[TicketEntry]:
    """All lines of a ticket."""
    return sorted(shop.all("ticket_entry", TicketEntry, ticket=ticket), key=lambda x: x.seq)


def test_what_a_note_answers_is_kept_with_it() -> None:
    """B35, D02: answers that no profile has a place for stand in the ticket, for both sides."""
    shop = a_shop("ada")
    order = FormQuestion(key="order", label={"en": "Order", "fr": "Commande"}, required=True)
    prechat = replace(PRECHAT, questions=(*PRECHAT.questions, order))
    shop.do(c.ConfigureDesk(setup=replace(shop.desk.state.setup, prechat=prechat)), SHOP)
    answers: AnswerValues = {**FORM, "order": "4711"}
    left = shop.do(c.LeaveNote(text="Late", answers=answers, language="fr"), ANA)
    notes = [each for each in entries(shop, left.ticket) if each.kind is EntryKind.NOTE]
    assert [each.text for each in notes] == ["Late", "Commande: 4711"]
    assert {(each.author, each.audience) for each in notes} == {(ANA, notes[0].audience)}
    assert shop.ticket(left.ticket).title == "Late"


def test_a_ticket_made_by_hand_from_a_chat() -> None:
    """B34, B37, B44: open, numbered, tied to the chat, its customer and visitor; both are told."""
    shop = a_shop("ada")
    chat = shop.ask()
    saved = shop.do(c.OpenTicket(title="  Lost\n parcel ", text="look", chat=chat), ADA)
    ticket = shop.ticket(saved.ticket)
    assert (saved.number, saved.state, ticket.title) == (1, TicketState.OPEN, "Lost parcel")
    assert (ticket.source, ticket.chat, ticket.visitor) == (TicketSource.CHAT, chat, "ana")
    assert ticket.customer == shop.chat(chat).customer
    assert shop.chat(chat).tickets == (ticket.id,)
    told = [m for m in shop.all("message", Message, chat=chat) if m.code == "ticket_opened"]
    assert told[0].details == {"number": "1"}


def test_a_ticket_of_a_chat_that_is_over_keeps_its_transcript_at_hand() -> None:
    """B40: the ticket names the chat, whose messages stay."""
    shop = a_shop("ada")
    chat = shop.ask()
    shop.finish(chat)
    ticket = shop.do(c.OpenTicket(title="Again", chat=chat), ADA).ticket
    assert shop.chat(chat).tickets == (ticket,)
    assert shop.all("message", Message, chat=chat)[0].text == "Where is it?"


def test_a_ticket_is_of_a_chat_one_had() -> None:
    """B34: an agent makes tickets from his own chats, or for a customer."""
    shop = a_shop("ada")
    shop.hire("ben", queues=())
    chat = shop.ask()
    with pytest.raises(NotAllowed):
        shop.do(c.OpenTicket(title="Case", chat=chat), BEN)
    customer = shop.chat(chat).customer
    saved = shop.do(c.OpenTicket(title="Case", customer=customer), BEN)
    assert shop.ticket(saved.ticket).source is TicketSource.AGENT
    with pytest.raises(InvalidInput, match="another customer"):
        shop.do(c.OpenTicket(title="Case", chat=chat, customer="other"), SHOP)


def test_a_note_becomes_an_open_ticket() -> None:
    """B10, B35, B44: nobody there, so the visitor leaves a note."""
    shop = a_shop()
    assert shop.request().reason is EndReason.NOBODY
    ticket = shop.ticket(note(shop, "Please call\nme back"))
    assert (ticket.state, ticket.title) == (TicketState.OPEN, "Please call")
    assert (ticket.source, ticket.visitor) == (TicketSource.NOTE, "ana")
    first = entries(shop, ticket.id)[-1]
    assert (first.kind, first.text, first.author) == (EntryKind.NOTE, "Please call\nme back", ANA)


def test_the_desk_gives_a_note_to_somebody_after_it_was_left() -> None:
    """B35, B37, B40: first the note, by its visitor; then the assignee, chosen by the desk."""
    shop = a_shop("ada")
    told = entries(shop, note(shop))
    assert [(x.kind, x.author) for x in told] == [
        (EntryKind.NOTE, ANA),
        (EntryKind.ASSIGNEE, CLOCK),
    ]
    ticket = shop.do(c.OpenTicket(title="Case", text="rings twice", chat=shop.ask()), ADA).ticket
    told = entries(shop, ticket)
    assert [(x.kind, x.author) for x in told] == [
        (EntryKind.COMMENT, ADA),
        (EntryKind.ASSIGNEE, CLOCK),
    ]


def test_tickets_go_to_who_has_fewest() -> None:
    """B37: by the desk's policy, to agents of the queue, whether they are there or not."""
    shop = a_shop()
    shop.hire("ada", "ben", online=False)
    owners = [shop.ticket(note(shop)).assignee for _ in range(4)]
    assert sorted(str(owner) for owner in owners) == ["ada", "ada", "ben", "ben"]
    assert (shop.agent("ada").tickets, shop.agent("ben").tickets) == (2, 2)


def test_tickets_may_be_dealt_by_hand() -> None:
    """B37: without a policy a ticket waits for somebody to assign it."""
    shop = a_shop("ada", ticket_policy=None)
    ticket = note(shop)
    assert shop.ticket(ticket).assignee is None
    shop.do(c.AssignTicket(ticket=ticket, agent="ada"), ADA)
    assert shop.agent("ada").tickets == 1
    shop.do(c.AssignTicket(ticket=ticket), ADA)
    assert (shop.ticket(ticket).assignee, shop.agent("ada").tickets) == (None, 0)


def test_tickets_of_who_is_retired_go_to_others() -> None:
    """B37: no open ticket stays with somebody who is gone, nor reopens at him."""
    shop = a_shop("ada")
    ticket, solved = note(shop), note(shop)
    shop.do(c.SetTicketState(ticket=solved, state=TicketState.SOLVED), ADA)
    shop.hire("ben")
    shop.do(c.RetireAgent(agent="ada"))
    assert shop.ticket(ticket).assignee == "ben"
    shop.do(c.AnswerTicket(ticket=solved, text="still broken"), ANA)
    assert shop.ticket(solved).assignee == "ben"
    assert (shop.agent("ada").tickets, shop.agent("ben").tickets) == (0, 2)
    shop.do(c.SaveAgent(agent="ada", setup=AgentSetup(name="Ada")))
    assert not shop.agent("ada").retired


def test_asking_makes_pending_and_the_answer_open() -> None:
    """B41, B45: the customer's answer opens the case again."""
    shop = a_shop("ada")
    ticket = note(shop)
    asked = c.ReplyToTicket(ticket=ticket, text="Which size?", state=TicketState.PENDING)
    assert shop.do(asked, ADA).state is TicketState.PENDING
    assert shop.do(c.AnswerTicket(ticket=ticket, text="Nine"), ANA).state is TicketState.OPEN
    kinds = [entry.kind for entry in entries(shop, ticket)]
    assert kinds[-4:] == [EntryKind.REPLY, EntryKind.STATE, EntryKind.ANSWER, EntryKind.STATE]
    with pytest.raises(NotFound):
        shop.do(c.AnswerTicket(ticket=ticket, text="me too"), BOB)


def test_solving_closes_and_tells_the_customer() -> None:
    """B46: solved leaves the live tickets; the customer sees the change."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.do(c.SetTicketState(ticket=ticket, state=TicketState.SOLVED), ADA)
    (changed,) = shop.heard(e.TicketStateChanged)
    assert (changed.after, changed.audience.visitor) == (TicketState.SOLVED, "ana")
    assert ticket not in shop.desk.state.tickets
    assert shop.ticket(ticket).solved_at == shop.clock.now
    assert shop.agent("ada").tickets == 0


def test_an_answer_reopens_a_solved_case() -> None:
    """B45: and it counts again for its assignee."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.do(c.SetTicketState(ticket=ticket, state=TicketState.SOLVED), ADA)
    shop.do(c.AnswerTicket(ticket=ticket, text="not yet"), ANA)
    again = shop.ticket(ticket)
    assert (again.state, again.reopened, again.solved_at) == (TicketState.OPEN, 1, None)
    assert shop.agent("ada").tickets == 1


def test_spam_is_out_of_sight() -> None:
    """B47: the visitor hears nothing of it, an answer leaves it spam, it counts for nobody."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.do(c.SetTicketState(ticket=ticket, state=TicketState.SPAM), ADA)
    assert all(x.audience.visitor is None for x in shop.heard(e.TicketStateChanged))
    assert entries(shop, ticket)[-1].audience.visitor is None
    assert shop.agent("ada").tickets == 0
    saved = shop.do(c.AnswerTicket(ticket=ticket, text="buy now"), ANA)
    assert saved.state is TicketState.SPAM
    with pytest.raises(WrongState):
        shop.do(c.ReplyToTicket(ticket=ticket, text="no"), ADA)
    assert shop.do(c.SetTicketState(ticket=ticket, state=TicketState.OPEN), ADA).number == 1


def test_a_state_chosen_twice_changes_nothing() -> None:
    """B39: the list's present state is no change."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.do(c.SetTicketState(ticket=ticket, state=TicketState.OPEN), ADA)
    assert shop.told == []


def test_a_pending_case_without_an_answer_is_solved() -> None:
    """B45, B46, C21: at its instant, where the desk says how long."""
    shop = a_shop("ada", ticket_pending_seconds=600.0)
    ticket = note(shop)
    shop.do(c.SetTicketState(ticket=ticket, state=TicketState.PENDING), ADA)
    shop.wait(599.0)
    assert shop.ticket(ticket).state is TicketState.PENDING
    shop.wait(100.0)
    assert shop.ticket(ticket).solved_at == shop.clock.now - 99.0


def test_comments_are_for_colleagues() -> None:
    """B43: never addressed to the customer, in the record and in the event."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.do(c.CommentOnTicket(ticket=ticket, text="difficult person"), ADA)
    assert entries(shop, ticket)[-1].audience.visitor is None
    assert [x.audience.visitor for x in shop.heard(e.TicketEntryAdded)] == [None]
    shop.do(c.ReplyToTicket(ticket=ticket, text="We are on it"), ADA)
    assert entries(shop, ticket)[-1].audience.visitor == "ana"


def test_the_title_is_edited_and_the_change_is_kept() -> None:
    """B40, B42: every change is time-stamped; the same title again is none."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.wait(5.0)
    shop.do(c.RetitleTicket(ticket=ticket, title="Call back"), ADA)
    last = entries(shop, ticket)[-1]
    assert (last.before, last.after, last.at) == ("Please call me", "Call back", shop.clock.now)
    assert shop.ticket(ticket).updated_at == shop.clock.now
    shop.do(c.RetitleTicket(ticket=ticket, title="Call back "), ADA)
    assert shop.told == []


def test_numbers_are_never_given_twice() -> None:
    """B37: numbers count up, whatever becomes of the tickets."""
    shop = a_shop("ada")
    numbers = []
    for _ in range(3):
        ticket = note(shop)
        numbers.append(shop.ticket(ticket).number)
        shop.do(c.SetTicketState(ticket=ticket, state=TicketState.SPAM), ADA)
    assert numbers == [1, 2, 3]
    assert len(shop.all("ticket", Ticket)) == 3


def test_a_title_is_the_first_line() -> None:
    """B35: of at most 80 characters."""
    assert title_of("  one\ntwo") == "one"
    assert title_of("x" * 81) == "x" * 79 + "…"
    assert title_of("x" * 80) == "x" * 80


def test_the_shop_answers_for_a_customer() -> None:
    """B45: an answer that came by mail is the customer's."""
    shop = a_shop("ada")
    ticket = note(shop)
    shop.do(c.AnswerTicket(ticket=ticket, text="by mail"), SHOP)
    assert entries(shop, ticket)[-1].author == visitor("ana")
    assert shop.ticket(ticket).assignee == agent("ada").id
