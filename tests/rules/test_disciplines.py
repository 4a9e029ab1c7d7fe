"""The orders in which chats of a queue are served."""

import pytest

from chatdesk.model.records import QueueSetup
from chatdesk.rules.disciplines import DISCIPLINES
from tests.rules.reference import make_chat

SETUP = QueueSetup(name="Sales", target_seconds=30.0, ageing_seconds=10.0)
CHATS = (
    make_chat("early", at=100.0),
    make_chat("urgent", at=115.0, priority=2),
    make_chat("late", at=119.0),
    make_chat("raised", at=121.0, priority=1),
)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("first_come", "early urgent late raised"),
        ("priority", "urgent raised early late"),
        ("earliest_due", "early urgent late raised"),
        ("ageing", "urgent early raised late"),
    ],
)
def test_each_discipline_has_its_order(name: str, order: str) -> None:
    """C22: chats are served in the order that the queue's discipline says."""
    discipline = DISCIPLINES[name]
    chats = sorted(CHATS, key=lambda chat: discipline.key(chat, SETUP))
    # "ageing": urgent counts as come at 95, early at 100, raised at 111
    assert [chat.id for chat in chats] == order.split()


def test_due_dates_compare_across_queues() -> None:
    """C22: with targets of its own each queue's chats are due at different times."""
    earliest_due = DISCIPLINES["earliest_due"]
    quick = earliest_due.key(make_chat("q", at=10.0), QueueSetup(name="Q", target_seconds=5.0))
    slow = earliest_due.key(make_chat("s", at=0.0), QueueSetup(name="S", target_seconds=60.0))
    assert quick < slow
