"""The inverted index, and the proof that changing it equals building it afresh."""

import random

import pytest

from chatdesk.canned.index import Index
from chatdesk.canned.search import CannedSearch, Query
from chatdesk.model.records import CannedResponse
from tests.canned.builders import response

WORDS = (
    "order parcel refund card invoice where is my the late lost broken stolen return exchange "
    "commande colis remboursement carte facture où est ma retard perdue volée échange œuf l'été"
).split()


def test_rarity() -> None:
    """A term in every response is worth next to nothing, an unknown one the most."""
    index = Index()
    for number in range(8):
        index.add(response(str(number)))
    index.add(response("card", title="Lost card"))
    assert index.rarity("opening") < index.rarity("lost") < index.rarity("unheard")


def test_champions_follow_changes() -> None:
    """The best postings kept for a frequent term are renewed when one of them changes."""
    index = Index()
    index.add(response("long", title="refund of a very long way to the money"))
    index.add(response("short", title="refund"))
    ids = [index.entry(p >> 8).response.id for p in index.champions("<r")]
    assert ids[0] == "short"
    index.discard("short")
    assert [index.entry(p >> 8).response.id for p in index.champions("<r")] == ["long"]


def random_response(rng: random.Random, number: int) -> CannedResponse:
    """A response of random words in one of two languages, or none."""

    def some(most: int) -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, most)))

    return CannedResponse(
        id=f"r{number}",
        title=some(6),
        body=some(20),
        shortcuts=(f"#{rng.choice(WORDS)}-{number}",),
        categories=(rng.choice(("orders", "orders/returns", "card")),),
        keywords=tuple(some(5) for _ in range(rng.randint(0, 3))),
        language=rng.choice(("en", "fr", None)),
    )


def afresh(search: CannedSearch, rng: random.Random) -> CannedSearch:
    """A search over the same responses, added in another order."""
    other = CannedSearch()
    responses = list(search.responses())
    rng.shuffle(responses)
    for one in responses:
        other.add(one, search.learned(one.id))
    return other


def together(search: CannedSearch, rng: random.Random) -> CannedSearch:
    """A search over the same responses, all added at once."""
    other = CannedSearch()
    responses = [(one, search.learned(one.id)) for one in search.responses()]
    rng.shuffle(responses)
    other.add_all(responses)
    return other


def edit_and_compare(seed: int, edits: int, compare_every: int, ids: int) -> None:
    """Change an index at random; now and then it must equal one built afresh in all it finds."""
    rng = random.Random(seed)
    search = CannedSearch()
    for step in range(1, edits + 1):
        number = rng.randrange(ids)
        if rng.random() < 0.3:
            search.remove(f"r{number}")
        else:
            learned = (" ".join(rng.choices(WORDS, k=4)),) if rng.random() < 0.3 else ()
            search.add(random_response(rng, number), learned)
        if step % compare_every == 0:
            other = rng.choice((afresh, together))(search, rng)
            assert search._index.contents() == other._index.contents()
            assert search._index.stops() == other._index.stops()
            assert list(search._shortcuts) == list(other._shortcuts)
            for use in ("question", "typing", "shortcut"):
                text = " ".join(rng.choices(WORDS, k=rng.randint(1, 5)))[: rng.randint(1, 30)]
                text = f"#{text}" if use == "shortcut" else text
                query = Query(text=text, now=0.0, use=use)
                assert search.search(query) == other.search(query), (seed, step, text)


def test_changed_equals_afresh() -> None:
    """After random changes the index and its answers equal those of a fresh one (A23)."""
    edit_and_compare(seed=1, edits=1_500, compare_every=50, ids=60)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", range(10))
def test_changed_equals_afresh_a_million_times(seed: int) -> None:
    """The same over a million edits in ten runs."""
    edit_and_compare(seed=seed, edits=100_000, compare_every=200, ids=80)
