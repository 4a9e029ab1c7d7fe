"""Who comes: the same customers for the same seed."""

from itertools import islice, pairwise

import attrs

from chatdesk.model.values import ChatState
from chatdesk.simulation.arrivals import Poisson, Recorded
from chatdesk.simulation.customers import chat_id_of, chat_of, customers
from chatdesk.simulation.laws import Exponential, Fixed
from chatdesk.simulation.scenario import QUEUE, Kind
from chatdesk.simulation.streams import root

PLAIN = Kind(name="plain", arrivals=Poisson(2.0), work=Exponential(1.0), patience=Exponential(0.5))
DEAR = attrs.evolve(PLAIN, name="dear", arrivals=Poisson(1.0), work=Fixed(3.0))


def test_kinds_come_in_the_order_of_their_arrivals() -> None:
    """All kinds in one stream, each customer with the place of his kind."""
    both = list(customers((PLAIN, DEAR), root(1), 300))
    assert all(one[0] <= other[0] for one, other in pairwise(both))
    assert all((work == 3.0) == (kind == 1) for _, _, work, kind in both)
    assert 150 < sum(kind == 0 for *_, kind in both) < 250


def test_a_kind_meets_the_same_luck_beside_others() -> None:
    """Customers of a kind do not change when another kind comes too."""
    alone = list(islice(customers((PLAIN,), root(1), 50), 50))
    beside = [c for c in customers((PLAIN, DEAR), root(1), 300) if c[3] == 0]
    assert beside[:50] == alone


def test_no_more_come_than_there_are() -> None:
    """A log ends the stream, however many are asked for; and none come beyond those."""
    log = attrs.evolve(PLAIN, arrivals=Recorded((1.0, 2.0)))
    assert [at for at, *_ in customers((log,), root(1), 9)] == [1.0, 2.0]
    assert [at for at, *_ in customers((log,), root(1), 1)] == [1.0]


def test_policies_see_a_customer_as_a_chat_that_waits() -> None:
    """With all that his kind says, since when he came, and in line by his number."""
    kind = attrs.evolve(DEAR, skills=("x",), priority=3, language="fr")
    chat = chat_of(12, 4.5, kind)
    assert (chat.id, chat.line) == (chat_id_of(12), 12)
    assert (chat.state, chat.queue) == (ChatState.WAITING, QUEUE)
    assert (chat.skills, chat.priority, chat.language) == (("x",), 3, "fr")
    assert chat.requested_at == chat.waiting_since == chat.queued_at == 4.5
