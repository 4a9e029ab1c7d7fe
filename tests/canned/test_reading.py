"""What a response's text says about its terms."""

from msgspec.structs import replace

from chatdesk.canned.reading import TOP, impacts, passages_of, read
from tests.canned.builders import response


def test_impacts_stay_within_a_byte() -> None:
    """Repeating a word a thousand times keeps its impact within 1 to 255, and raises it."""
    once = response("a", title="refund", body="word " * 50)
    often = replace(once, body="refund " * 3_000)
    low, high = (impacts(read(r, passages_of(r, ()))) for r in (once, often))
    assert all(1 <= impact <= TOP for impact in (*low.values(), *high.values()))
    short = replace(once, body="refund")
    assert impacts(read(short, passages_of(once, ())))["refund"] > low["refund"]


def test_title_outweighs_body() -> None:
    """A word in the title says more than the same word in the body."""
    titled = response("a", title="refund policy", body="money comes back")
    bodied = response("b", title="policy money", body="refund comes back")
    assert (
        impacts(read(titled, passages_of(titled, ())))["refund"]
        > impacts(read(bodied, passages_of(bodied, ())))["refund"]
    )


def test_order_of_keywords_does_not_matter() -> None:
    """However a response's keywords are ordered, the beginnings of its words weigh the same."""
    one = response("a", title="card", keywords=("card lost", "lose a card", "stolen"))
    other = replace(one, keywords=one.keywords[::-1])
    found = [impacts(read(r, passages_of(r, ()))) for r in (one, other)]
    begun = [{t: i for t, i in each.items() if t[0] == "<"} for each in found]
    assert begun[0] == begun[1]
