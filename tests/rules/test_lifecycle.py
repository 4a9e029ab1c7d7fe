"""The tables of lives: complete, and drawn in the documentation as they are."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from chatdesk.model.errors import WrongState
from chatdesk.model.records import (
    RECORD_TYPES,
    Answers,
    Customer,
    Interaction,
    Message,
    Record,
    Reply,
    TicketEntry,
)
from chatdesk.model.values import ChatState, OfferState, TicketState
from chatdesk.rules.lifecycle import (
    CHAT,
    IN_LINE,
    LIVE,
    LIVE_CHAT,
    LIVE_TICKET,
    OFFER,
    SET_TICKET,
    TICKET,
    ChatTrigger,
    OfferTrigger,
    TicketTrigger,
    diagram,
    follow,
    is_live,
)
from chatdesk.testing.factories import (
    a_chat,
    a_message,
    a_ticket,
    a_visitor,
    an_offer,
    one_of_each,
)

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "lifecycles.md"
TABLES: dict[str, tuple[Mapping[Any, Any], type[StrEnum], type[StrEnum]]] = {
    "chat": (CHAT, ChatState, ChatTrigger),
    "offer": (OFFER, OfferState, OfferTrigger),
    "ticket": (TICKET, TicketState, TicketTrigger),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_pair_is_followed_or_refused(name: str) -> None:
    """A26, B39: each state × trigger gives what the table says, or a refusal that names both."""
    table, states, triggers = TABLES[name]
    for state in states:
        for trigger in triggers:
            after = table.get((state, trigger))
            if after is not None:
                assert follow(table, state, trigger, "it") is after
            else:
                with pytest.raises(WrongState, match=r"it is .*; .* is for"):
                    follow(table, state, trigger, "it")


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_reached_and_every_trigger_used(name: str) -> None:
    """B39: nothing in the vocabulary is dead."""
    table, states, triggers = TABLES[name]
    first = next(iter(states))
    assert {trigger for _, trigger in table} == set(triggers)
    assert {*table.values(), first} == set(states)


def test_the_ends_of_lives() -> None:
    """A26, B46: what is over stays over; a case may always be opened again."""
    ends = {state for state in ChatState if all(before is not state for before, _ in CHAT)}
    assert ends == {ChatState.CLOSED, ChatState.ABANDONED, ChatState.MISSED}
    assert ends == set(ChatState) - LIVE_CHAT
    assert IN_LINE < LIVE_CHAT
    assert all(TICKET[state, TicketTrigger.REOPEN] is TicketState.OPEN for state in TicketState)


def test_a_closed_chat_was_wrapped_up() -> None:
    """A26, A28: the only way to closed is from wrap-up."""
    ways = [key for key, after in CHAT.items() if after is ChatState.CLOSED]
    assert ways == [(ChatState.WRAP_UP, ChatTrigger.CLOSE)]


def test_the_list_sets_each_state() -> None:
    """B39: choosing a state from the list leads there, wherever it is allowed."""
    assert set(SET_TICKET) == set(TicketState)
    for wanted, trigger in SET_TICKET.items():
        reached = {after for (_, t), after in TICKET.items() if t is trigger}
        assert reached == {wanted}


def test_an_answer_never_leaves_a_case_pending() -> None:
    """B45, B47: open again, except for spam."""
    after = {state: TICKET[state, TicketTrigger.ANSWER] for state in TicketState}
    assert after == dict.fromkeys(TicketState, TicketState.OPEN) | {
        TicketState.SPAM: TicketState.SPAM
    }


@pytest.mark.parametrize(
    ("record", "live"),
    [
        *((a_chat(state=state), state in LIVE_CHAT) for state in ChatState),
        *((a_ticket(state=state), state in LIVE_TICKET) for state in TicketState),
        *((an_offer(state=state), state is OfferState.PENDING) for state in OfferState),
        (a_visitor(chat="chat"), True),
        (a_visitor(), False),
        (a_message(), False),
    ],
)
def test_what_replicas_hold(record: Record, live: bool) -> None:
    """A04: what still goes on is live."""
    assert is_live(record) is live


def test_every_kind_of_record_is_decided() -> None:
    """A36: of kinds that are not in the table none is live."""
    never = {type(record) for record in one_of_each() if type(record) not in LIVE}
    assert never >= {Customer, Message, Answers, Interaction, TicketEntry, Reply}
    assert set(LIVE) <= set(RECORD_TYPES)


@pytest.mark.parametrize("name", TABLES)
def test_the_page_shows_the_table(name: str) -> None:
    """B39: the diagrams of the documentation are made from the tables."""
    drawn = diagram(TABLES[name][0])
    assert f"```text\n{drawn}\n```" in PAGE.read_text("utf-8")
