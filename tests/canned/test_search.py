"""Finding canned responses, the three ways."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from chatdesk.canned.responses import CLOSING, HOLDING
from chatdesk.canned.search import CannedSearch, Query
from chatdesk.canned.usage import Usage
from chatdesk.model.records import CannedResponse
from tests.canned.builders import found, response, searching

LOST = response(
    "lost",
    title="Carte perdue ou volée",
    body="Appelez-nous pour bloquer votre carte, {{ customer.first_name }}.",
    keywords=("on m'a volé ma carte",),
    categories=("cartes/urgences",),
    language="fr",
)
REFUND = response(
    "refund",
    title="Refund not received",
    body="Refunds take five working days.",
    shortcuts=("#refund", "#money-back"),
    categories=("orders", "payments/refunds"),
    language="en",
)
HOURS = response("hours", title="Opening hours", categories=("general",), language="en")


@pytest.fixture
def search() -> CannedSearch:
    """A search over three responses."""
    return searching(LOST, REFUND, HOURS)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Bonjour, j'ai perdu ma carte", "lost"),
        ("cartes perdues", "lost"),
        ("CARTE PERDUE", "lost"),
        ("volee carte", "lost"),
        ("where is my refnud?", "refund"),
        ("received no refunds", "refund"),
        ("what are your hours", "hours"),
    ],
)
def test_question(search: CannedSearch, question: str, expected: str) -> None:
    """Accents, plurals, errors and order do not matter to a visitor's question (A22)."""
    assert found(search, question)[0] == expected


@pytest.mark.parametrize("typed", ["r", "re", "refu", "refund n", "received ref"])
def test_typing(search: CannedSearch, typed: str) -> None:
    """Each keystroke finds, whatever the order of the words (A22)."""
    assert found(search, typed, use="typing")[0] == "refund"


@pytest.mark.parametrize("typed", ["#r", "#refund", "#MONEY", "#money-back"])
def test_shortcut(search: CannedSearch, typed: str) -> None:
    """A shortcut is found by its beginning, each of several, in any case (B28)."""
    assert found(search, typed)[0] == "refund"


def test_exact_shortcut_first() -> None:
    """The shortcut typed in full comes before longer ones, and typing fills the rest (B28)."""
    search = searching(
        response("a", shortcuts=("#hello-again",)),
        response("b", shortcuts=("#hello",)),
        response("c", title="Hello in the evening", shortcuts=("#evening",)),
    )
    assert found(search, "#hello") == ["b", "a", "c"]


def test_filters(search: CannedSearch) -> None:
    """Category with what lies in it, language, and validity limit what is found (A21)."""
    assert found(search, "carte refund hours", category="cartes") == ["lost"]
    assert found(search, "carte refund hours", category="payments/refunds") == ["refund"]
    assert found(search, "carte refund hours", category="payments/none") == []
    assert set(found(search, "carte refund hours", language="en-GB")) == {"refund", "hours"}
    search.add(replace(HOURS, valid_until=100.0))
    assert found(search, "hours", now=99.0) == ["hours"]
    assert found(search, "hours", now=100.0) == []


def test_personal_and_team_responses(search: CannedSearch) -> None:
    """A personal response is its owner's, a team's its members' (A21)."""
    search.add(response("mine", title="Secret sauce", owner="ann"))
    search.add(response("ours", title="Secret recipe", team="kitchen"))
    assert found(search, "secret") == []
    assert found(search, "secret", agent="ann") == ["mine"]
    assert set(found(search, "secret", agent="ann", teams=("kitchen",))) == {"mine", "ours"}
    assert "mine" not in found(search, "#mine", agent="bob")
    assert "mine" not in found(search, "", agent="bob")


def test_filter_that_leaves_little() -> None:
    """A single fitting response is found among hundreds that match better (A21)."""
    others = [response(f"r{n}", title="refund", owner="bob") for n in range(600)]
    search = searching(*others, response("one", title="A word about refund and other things"))
    assert found(search, "refund", agent="ann") == ["one"]
    assert found(search, "r", use="typing", agent="ann") == ["one"]


def test_holding_and_closing_are_one_step_away() -> None:
    """Holding and closing replies are listed by category without typing (D04, D13, D15)."""
    search = searching(
        HOURS,
        response("bye", title="Goodbye", categories=(CLOSING,), shortcuts=("#bye",)),
        response("wait", title="One moment", categories=(HOLDING,), promise_seconds=120.0),
    )
    assert found(search, "", category=CLOSING) == ["bye"]
    assert found(search, "", category=HOLDING) == ["wait"]


def test_empty_query_lists_by_usage(search: CannedSearch) -> None:
    """Nothing typed lists what is used most, then the rest by id."""
    search.usage.sent("refund", "ann", 0.0)
    assert found(search, "  ") == ["refund", "hours", "lost"]
    assert found(search, "", limit=1) == ["refund"]


def test_usage_tips_the_scales() -> None:
    """Of two that fit as well, the more used comes first; usage alone finds nothing."""
    twins = (response("a", title="Parcel late"), response("b", title="Parcel lost"))
    search = searching(*twins, HOURS)
    assert found(search, "parcel", use="typing")[0] == "a"
    search.usage.sent("b", "ann", 0.0)
    search.usage.sent("hours", "ann", 0.0)
    assert found(search, "parcel", use="typing", agent="ann")[0] == "b"
    assert "hours" not in found(search, "parcel", use="typing", agent="ann")


def test_favourite_outside_the_budget_is_found() -> None:
    """One letter among many responses still brings the agent's favourite."""
    search = searching(*(response(f"r{n:04}", title="parcel") for n in range(3_000)))
    assert "r2999" not in found(search, "p", use="typing")
    search.usage.sent("r2999", "ann", 0.0)
    assert found(search, "p", use="typing", agent="ann")[0] == "r2999"


def test_change_and_removal_show_at_once(search: CannedSearch) -> None:
    """The next search sees what was added, changed and removed."""
    search.add(replace(REFUND, title="Gift vouchers", shortcuts=("#gift",), body="For all."))
    assert found(search, "gift voucher")[0] == "refund"
    assert "refund" not in found(search, "received")
    assert found(search, "#money-b") == []
    search.remove("refund")
    assert "refund" not in search
    assert found(search, "gift voucher") == []
    assert len(search) == 2


def test_removing_and_adding_keeps_the_ranking(search: CannedSearch) -> None:
    """The same responses give the same ranking and scores, however they came there."""
    query = Query(text="my card refund hours", now=0.0)
    before = search.search(query)
    for one in (REFUND, LOST):
        search.remove(one.id)
        search.add(one)
    assert search.search(query) == before


def test_ties_go_by_id() -> None:
    """Responses that fit exactly as well are in order of id."""
    search = searching(*(response(letter, shortcuts=("#x",)) for letter in "cab"))
    assert found(search, "opening hours") == ["a", "b", "c"]


def test_learned_question_finds(search: CannedSearch) -> None:
    """A question that a response has answered finds it again."""
    assert found(search, "dude, where did my cash go") == []
    search.add(REFUND, ("dude where did my cash go",))
    assert found(search, "where did the cash go")[0] == "refund"
    assert search.learned("refund") == ("dude where did my cash go",)


def test_highlight(search: CannedSearch) -> None:
    """What matched is given by its places in the original texts (A22)."""
    (hit, *_) = search.search(Query(text="volee", now=0.0, highlight=True))
    assert [hit.response.title[s.start : s.end] for s in hit.title_spans] == ["volée"]
    (hit, *_) = search.search(Query(text="bloquer la carte", now=0.0, highlight=True))
    assert [LOST.body[s.start : s.end] for s in hit.body_spans] == ["bloquer", "carte"]


class Contrary:
    """An embedder that holds the last response the nearest."""

    def similarities(self, text: str, responses: Sequence[CannedResponse]) -> list[float]:
        """The later by id, the nearer."""
        del text
        order = sorted(response.id for response in responses)
        return [float(order.index(response.id)) for response in responses]


def test_embedder_is_half_the_score() -> None:
    """An embedder's view is mixed half and half; without one only the words count (A22)."""
    search = searching(response("a", title="Parcel late"), response("b", title="Parcel"))
    with_words = found(search, "parcel late")
    search.embedder = Contrary()
    scores = {
        hit.response.id: hit.score for hit in search.search(Query(text="parcel late", now=0.0))
    }
    assert with_words == ["a", "b"]
    assert scores["a"] == pytest.approx(scores["b"])


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        "#",
        "##",
        "(",
        "*",
        '"',
        "%",
        "_",
        "{{",
        "{{" * 5_000,
        "a" * 10_240,
        "a " * 5_120,
        "refund " * 1_500,
        "'" * 10_240,
        "e\u0301" * 5_000,
        "🙂👩‍👩‍👧‍👦" * 500,
        "\u202e\u0645\u0631\u062d\u0628\u0627\u202c",
        "返品したい",
        "\0refund\0",
        "\ud800\udfff",
        "#\ud800",
        "refund' OR 1=1 --",
        "https://" * 1_000,
    ],
)
@pytest.mark.parametrize("use", ["question", "typing", "shortcut"])
def test_hostile_queries(search: CannedSearch, hostile: str, use: str) -> None:
    """No text fails, and none costs more than a bounded number of look-ups (A22)."""
    ids = found(search, hostile, use=use, highlight=True)
    assert len(ids) <= 3


def test_limits_are_bounded(search: CannedSearch) -> None:
    """A limit below zero or beyond all measure is brought within bounds."""
    assert found(search, "refund", limit=-1) == []
    assert len(found(search, "", limit=10**9)) == 3


def test_answer_knows_how_sure_it_is(search: CannedSearch) -> None:
    """A question answered by a title is surer than one about something else (A22)."""
    sure = search.answer(Query(text="refund not received", now=0.0))
    unsure = search.answer(Query(text="do you like jazz", now=0.0))
    assert sure.hits[0].response == REFUND
    assert sure.confidence > 2 * unsure.confidence


def test_usage_may_be_shared() -> None:
    """A search can be given counts that were kept."""
    usage = Usage()
    usage.sent("b", "ann", 5.0)
    search = CannedSearch(usage=usage)
    for letter in "ab":
        search.add(response(letter))
    assert found(search, "") == ["b", "a"]
