"""Many responses read together say the same as one by one."""

import pytest

from chatdesk.canned import bulk, index
from chatdesk.canned.bulk import Batch
from chatdesk.canned.index import Index
from chatdesk.canned.reading import impacts, passages_of, read
from chatdesk.model.records import CannedResponse
from tests.canned.builders import response

RESPONSES = (
    response("a", title="Cancel a cancelled order", body="cancel, cancels, cancelling " * 3),
    response("b", title="On orders", body="A l'ordre du on", language="fr"),
    response("c", title="On and on", body="on the cancelling of orders", keywords=("on order",)),
)


def test_batch_equals_one_by_one() -> None:
    """Words that share grams, and one that is a stop word in one language only, add up alike."""
    batch, expected = Batch(0), dict[str, dict[int, int]]()
    found = dict[str, dict[int, int]]()
    for slot, one in enumerate(RESPONSES):
        reading = read(one, passages_of(one, ()))
        for term, impact in impacts(reading).items():
            expected.setdefault(term, {})[slot] = impact
        for term, impact in batch.take(reading).items():
            found.setdefault(term, {})[slot] = impact
    for term, postings in batch.postings():
        found[term] = {posting >> 8: posting & 255 for posting in postings}
    assert found == expected


def test_changed_and_new_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of responses added at once, the last of an id counts, and earlier ones of the index go."""
    monkeypatch.setattr(index, "WORTH_A_BATCH", 1)
    together, alone = Index(), Index()
    together.add(response("b"))
    again: list[CannedResponse] = [*RESPONSES, response("a", title="Another title")]
    together.add_all((one, ("a question",)) for one in again)
    for one in (*RESPONSES[1:], again[-1]):
        alone.add(one, ("a question",))
    assert together.contents() == alone.contents()
    assert list(together.ids()) == ["a", "b", "c"]


def test_batches_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """More responses, or words, than one batch holds are the same as in one batch."""
    monkeypatch.setattr(index, "WORTH_A_BATCH", 1)
    whole, parts, small = Index(), Index(), Index()
    whole.add_all((one, ()) for one in RESPONSES)
    monkeypatch.setattr(bulk, "MOST_HELD", 1)
    parts.add_all((one, ()) for one in RESPONSES)
    monkeypatch.setattr(bulk, "MOST_HELD", 1_000)
    monkeypatch.setattr(bulk, "MOST_WORDS", 1)
    small.add_all((one, ()) for one in RESPONSES)
    assert whole.contents() == parts.contents() == small.contents()
