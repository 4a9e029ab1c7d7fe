"""The checker that the races rely on sees each broken promise."""

from typing import Any

import pytest

from chatdesk.model.events import ChatAssigned, ChatEnded, ChatOpened, Event
from chatdesk.model.values import Audience, EndReason, QueueMode, Source
from tests.runtime.journal import Ledger
from tests.runtime.shop import NOON, ZOE

COMMON: dict[str, Any] = {"at": NOON, "by": ZOE, "audience": Audience(), "queue": "sales"}


def opened(chat: str, command: str | None = None) -> Event:
    """A chat is opened."""
    return ChatOpened(
        chat=chat,
        command=command or chat,
        visitor=chat,
        customer=chat,
        source=Source.CART,
        **COMMON,
    )


def assigned(chat: str, agent: str = "ana", *, load: int = 1, epoch: int = 1) -> Event:
    """A chat is assigned."""
    return ChatAssigned(
        chat=chat, agent=agent, load=load, epoch=epoch, waited=0.0, mode=QueueMode.PUSH, **COMMON
    )


def missed(chat: str) -> Event:
    """A chat is turned away."""
    return ChatEnded(chat=chat, reason=EndReason.NOBODY, served=False, **COMMON)


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([opened("a"), opened("a", "other")], "opened twice"),
        ([opened("a", "same"), opened("b", "same")], "opened twice"),
        ([opened("a"), assigned("a"), assigned("a", "bo", epoch=2)], "assigned twice"),
        ([opened("a"), opened("b"), assigned("b")], "served before a"),
        ([opened("a"), assigned("a"), opened("b"), assigned("b", load=2)], "holds 2 of 1"),
        ([opened("a"), assigned("a", load=2)], "told are 2"),
        ([opened("a"), assigned("a", epoch=2)], "jumps to epoch 2"),
        ([opened("a"), missed("a")], "turned away: nobody"),
    ],
)
def test_each_broken_promise_is_seen(events: list[Event], complaint: str) -> None:
    """A journal that breaks one promise is told which."""
    ledger = Ledger(capacity=1, agents=2)
    assert any(complaint in said for event in events for said in ledger.broken_by(event))


def test_nobody_may_wait_while_there_is_room() -> None:
    """A chat in line at rest, and an agent with room."""
    ledger = Ledger(capacity=1, agents=2)
    assert list(ledger.broken_by(opened("a"))) == []
    assert list(ledger.broken_at_rest()) == ["1 wait although only 0 slots are held"]


def test_a_journal_in_order_passes() -> None:
    """Opened and assigned in order, within the capacity."""
    ledger = Ledger(capacity=1, agents=2)
    events = [opened("a"), assigned("a"), opened("b"), assigned("b", "bo"), opened("c")]
    assert [said for event in events for said in ledger.broken_by(event)] == []
    assert list(ledger.broken_at_rest()) == []
