"""Canned responses as agents find, check and count them, through a desk's front door."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from chatdesk.canned.exchange import export_csv, import_csv
from chatdesk.canned.placeholders import Rendered
from chatdesk.canned.spans import Span
from chatdesk.model import commands as c
from chatdesk.model import queries as q
from chatdesk.model.errors import InvalidInput, NotAllowed, NotFound, WrongState
from chatdesk.model.records import AgentSetup, CannedResponse
from chatdesk.model.values import Actor, Page, agent, visitor
from chatdesk.runtime import engine
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.storage.memory import MemoryStore
from chatdesk.testing.factories import a_response
from tests.runtime.shop import ANA, BO, EVE, NOON, SHOP, ZOE, ManualClock, ask, open_shop

RESPONSES = (
    a_response(
        "hello",
        title="Welcome",
        body="Hello {{ customer.first_name | there }}, I am {{ agent.name }}.",
        categories=("opening",),
    ),
    a_response(
        "hours",
        title="Opening hours",
        body="We are open from nine to six, and on Saturday until noon.",
        categories=("shop/visit",),
        keywords=("when are you open",),
    ),
    a_response(
        "parcel",
        title="Where a parcel is",
        body="Parcel {{ order.number }} has left our house.",
        categories=("orders", "delivery"),
        keywords=("delivery", "where is my parcel"),
    ),
    a_response(
        "retours",
        title="Retour d’un article",
        body="Vous avez trente jours pour nous renvoyer l’article.",
        shortcuts=("#retour", "#renvoi"),
        categories=("orders/returns",),
        language="fr",
    ),
    a_response("bye", title="Goodbye", body="Good day to you!", categories=("closing",)),
    a_response("own", title="Ana’s own", body="As I always say.", owner="ana"),
    a_response("team", title="Of the team", body="For the night team.", team="night"),
    a_response("old", title="Winter sale", body="Winter sale!", valid_until=NOON - 1),
)


@pytest.fixture
def stocked(desk: ChatDesk) -> ChatDesk:
    """A desk with canned responses, where Ana takes every chat."""
    setup = AgentSetup(name="Ana", queues=("sales",), capacity=50)
    desk.execute(c.SaveAgent(agent="ana", setup=setup), by=SHOP)
    desk.execute(c.Disconnect(device="desktop"), by=BO)
    desk.execute(c.ImportCanned(responses=RESPONSES), by=SHOP)
    return desk


def found(desk: ChatDesk, text: str, by: Actor = ANA, **about: Any) -> list[str]:
    """Ids of what a search gives."""
    hits = desk.ask(q.SearchCanned(text=text, **about), by=by).hits
    return [hit.response.id for hit in hits]


def listed(desk: ChatDesk, by: Actor, **about: Any) -> dict[str, list[str]]:
    """Ids of all responses by category."""
    view = desk.ask(q.AskCanned(**about), by=by)
    return {each.category: [hit.response.id for hit in each.responses] for each in view.categories}


def chat_of_ana(desk: ChatDesk, question: str, name: str = "zoe", **fields: Any) -> str:
    """A chat that Ana has, whoever else might."""
    chat = ask(desk, visitor(name), question=question, **fields).chat
    card = desk.ask(q.AskTranscript(chat=chat), by=SHOP).chat
    if card.chat.agent != "ana":
        transfer = c.TransferChat(chat=chat, epoch=card.chat.epoch, agent="ana", consent=True)
        desk.execute(transfer, by=agent(card.chat.agent or ""))
    return chat


def send(desk: ChatDesk, chat: str, text: str, **about: Any) -> int:
    """Ana replies."""
    epoch = desk.ask(q.AskTranscript(chat=chat), by=SHOP).chat.chat.epoch
    return desk.execute(c.PostMessage(chat=chat, text=text, epoch=epoch, **about), by=ANA).seq


# -- finding -------------------------------------------------------------------------------------


def test_a_question_finds_its_response(stocked: ChatDesk) -> None:
    """A22: the visitor's own words find it, with how sure that is and where it matched."""
    view = stocked.ask(q.SearchCanned(text="At what hours are you open?", use="question"), by=BO)
    best = view.hits[0]
    assert best.response.id == "hours"
    assert view.confidence is not None
    assert 0 < view.confidence <= 1
    start, end = best.title_spans[0]
    assert best.response.title[start:end].lower() in ("opening", "hours")


def test_typing_and_shortcuts_find_it_too(stocked: ChatDesk) -> None:
    """B28: a few letters, or `#` and the beginning of a shortcut."""
    assert found(stocked, "retou")[0] == "retours"
    assert found(stocked, "#renv", use="shortcut")[0] == "retours"
    assert found(stocked, "#par", use="shortcut")[0] == "parcel"
    assert found(stocked, "winter") == []


def test_an_empty_text_lists_by_usage(stocked: ChatDesk) -> None:
    """B28: what is sent most comes first, before anything is typed."""
    chat = chat_of_ana(stocked, "How is the weather with you?")
    send(stocked, chat, "Good day to you!", canned="bye")
    assert found(stocked, "")[0] == "bye"


def test_usage_is_told(stocked: ChatDesk, clock: ManualClock) -> None:
    """A21: for all and for the asker; every agent's to who leads; half of it after 14 days."""

    def told(by: Actor) -> list[tuple[str | None, float]]:
        usage = stocked.ask(q.AskCannedDetail(canned="hours"), by=by).usage
        return [(each.agent, round(each.count, 6)) for each in usage]

    assert told(ANA) == []
    for name in ("v1", "v2"):
        send(stocked, chat_of_ana(stocked, "When?", name), RESPONSES[1].body, canned="hours")
    assert told(ANA) == told(EVE) == told(SHOP) == [(None, 2.0), ("ana", 2.0)]
    assert told(BO) == [(None, 2.0)]
    clock.pass_seconds(14 * 86_400.0)
    assert told(ANA) == [(None, 1.0), ("ana", 1.0)]


def test_search_can_be_narrowed(stocked: ChatDesk) -> None:
    """A21: by category, with all that lies in it, and by language."""
    assert set(found(stocked, "", category="orders")) == {"parcel", "retours"}
    assert "hours" not in found(stocked, "article open", category="orders/returns")
    assert "retours" not in found(stocked, "", language="en")


def test_an_unknown_use_is_refused(stocked: ChatDesk) -> None:
    """A misspelt use is told, not guessed."""
    with pytest.raises(InvalidInput, match="question, shortcut, typing"):
        found(stocked, "open", use="guess")


def test_others_own_responses_are_not_shown(stocked: ChatDesk) -> None:
    """A21: everybody's, his team's and his own; never those of another agent."""
    assert "own" in found(stocked, "")
    assert "own" not in found(stocked, "", by=BO)
    assert "own" not in found(stocked, "", by=EVE)
    assert "team" not in found(stocked, "", by=BO)
    assert found(stocked, "night team", by=EVE)[0] == "team"  # who leads sees every team's
    setup = AgentSetup(name="Bo", queues=("sales",), teams=("night",))
    stocked.execute(c.SaveAgent(agent="bo", setup=setup), by=SHOP)
    assert "team" in found(stocked, "", by=BO)
    with pytest.raises(NotFound):
        stocked.ask(q.AskCannedDetail(canned="own"), by=BO)


def test_an_edit_shows_in_the_next_search(stocked: ChatDesk) -> None:
    """A22, B29: added, changed, retired, brought back: at once, with its usage."""
    assert found(stocked, "umbrella") == []
    saved = c.SaveCanned(response=a_response("rain", title="Umbrella", body="It rains."))
    stocked.execute(saved, by=SHOP)
    assert found(stocked, "umbrella") == ["rain"]
    send(stocked, chat_of_ana(stocked, "Will it rain?"), "It rains.", canned="rain")
    stocked.execute(c.RetireCanned(canned="rain"), by=SHOP)
    assert found(stocked, "umbrella") == []
    again = a_response("rain", title="Parasol", body="It shines.", version=2)
    stocked.execute(c.SaveCanned(response=again), by=SHOP)
    assert found(stocked, "parasol")[0] == "rain"
    assert found(stocked, "")[0] == "rain"


def test_another_process_sees_it(store: MemoryStore, clock: ManualClock) -> None:
    """A22: what one process saves and counts, the other finds; and so does one started later."""
    with ChatDesk(store, clock=clock) as one, ChatDesk(store, clock=clock) as other:
        open_shop(one)
        assert found(other, "parcel") == []
        one.execute(c.ImportCanned(responses=RESPONSES), by=SHOP)
        assert found(other, "parcel")[0] == "parcel"
        send(one, chat_of_ana(one, "And what about the night train?"), "Good day!", canned="bye")
        assert found(other, "")[0] == "bye"
    with ChatDesk(store, clock=clock) as later:
        assert found(later, "")[0] == "bye"


def test_the_index_follows_a_replica_that_is_loaded_anew(
    stocked: ChatDesk, store: MemoryStore, clock: ManualClock
) -> None:
    """After a doubt the index is of the desk as it was loaded, like everything else."""
    assert found(stocked, "parcel")[0] == "parcel"
    send(stocked, chat_of_ana(stocked, "How is the weather with you?"), "Good day!", canned="bye")
    with stocked.engine.replica.lock:
        stocked.engine.replica.drop()
    with ChatDesk(store, clock=clock) as other:
        other.execute(c.RetireCanned(canned="parcel"), by=SHOP)
        other.execute(c.SaveCanned(response=a_response("rain", title="Umbrella")), by=SHOP)
        edited = msgspec.structs.replace(RESPONSES[1], title="Lunch break")
        other.execute(c.SaveCanned(response=edited), by=SHOP)
    assert "parcel" not in found(stocked, "parcel")
    assert found(stocked, "umbrella")[0] == "rain"
    assert found(stocked, "lunch")[0] == "hours"
    assert found(stocked, "")[0] == "bye"


# -- rendering -----------------------------------------------------------------------------------


def test_placeholders_are_filled_in_for_the_chat(stocked: ChatDesk) -> None:
    """B25, D01, D04: the visitor's first name and the agent's; what has no value stays visible."""
    page = Page(url="https://shop.example/lantern", title="Lantern")
    chat = chat_of_ana(stocked, "Where is my parcel?", page=page)
    first, *_ = stocked.ask(q.SearchCanned(text="#hello", use="shortcut", chat=chat), by=ANA).hits
    assert (first.text, first.unfilled) == ("Hello Zoe, I am Ana.", ())
    first, *_ = stocked.ask(q.SearchCanned(text="#hello", use="shortcut"), by=BO).hits
    assert first.text == "Hello there, I am Bo."
    first, *_ = stocked.ask(q.SearchCanned(text="#parcel", use="shortcut", chat=chat), by=ANA).hits
    assert first.unfilled == ("order.number",)


def test_another_agents_chat_fills_nothing_in(stocked: ChatDesk) -> None:
    """B25: a search is no way to read a colleague's visitor."""
    chat = chat_of_ana(stocked, "Where is my parcel?")
    for query in (
        q.SearchCanned(text="hello", chat=chat),
        q.AskCanned(chat=chat),
        q.AskSuggestions(chat=chat),
        q.CheckDraft(chat=chat, text="hello"),
    ):
        with pytest.raises(NotAllowed):
            stocked.ask(query, by=BO)
    with pytest.raises(NotFound):
        found(stocked, "hello", chat="c-none")


def test_all_responses_by_category(stocked: ChatDesk) -> None:
    """A18, A21, D13, D15: opening and closing are categories like others; each in all of its."""
    seen = listed(stocked, ANA)
    assert seen == {
        "closing": ["bye"],
        "delivery": ["parcel"],
        "general": ["own"],
        "opening": ["hello"],
        "orders": ["parcel"],
        "orders/returns": ["retours"],
        "shop/visit": ["hours"],
    }
    assert listed(stocked, EVE)["general"] == ["team"]
    assert "old" in listed(stocked, EVE, all_times=True)["general"]
    assert set(listed(stocked, SHOP, all_times=True)["general"]) == {"own", "team", "old"}


# -- the index is ready before it is asked -------------------------------------------------------


def indexed(desk: ChatDesk) -> int:
    """How many responses are in the index when the thread that builds it, if any, has finished."""
    for thread in threading.enumerate():
        if thread.name == "chatdesk-index":
            thread.join()
    return len(desk.engine.answering.canned._search)


def test_warming_up_builds_the_index(stocked: ChatDesk) -> None:
    """All that is kept is in the index without a search, and a second call builds nothing."""
    assert indexed(stocked) == 0
    stocked.warm_up()
    assert indexed(stocked) == len(RESPONSES)
    stocked.warm_up()
    assert found(stocked, "#renv", use="shortcut") == ["retours"]


def test_an_agents_console_warms_up(stocked: ChatDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are many responses, the first agent who subscribes has the index built."""
    with stocked.subscribe(by=ANA):
        assert indexed(stocked) == 0
    monkeypatch.setattr(engine, "MANY_CANNED", len(RESPONSES))
    with stocked.subscribe(by=ZOE):
        assert indexed(stocked) == 0
    with stocked.subscribe(by=ANA):
        assert indexed(stocked) == len(RESPONSES)


def test_commands_do_not_wait_for_the_index(stocked: ChatDesk) -> None:
    """While the index is being built commands are done; a search waits, and finds what they did."""
    answers: list[list[str]] = []
    new = a_response("gift", title="Gift vouchers", body="Vouchers are valid for two years.")
    searching = threading.Thread(target=lambda: answers.append(found(stocked, "gift voucher")))
    with stocked.engine.answering.canned._lock:
        stocked.warm_up()
        searching.start()
        stocked.execute(c.SaveCanned(response=new), by=SHOP)
        assert answers == []
    searching.join()
    assert answers[0][0] == "gift"
    assert indexed(stocked) == len(RESPONSES) + 1


# -- suggesting and learning ---------------------------------------------------------------------


def test_suggestions_answer_the_last_message(stocked: ChatDesk) -> None:
    """A22: for a question that fits they are shown; for one that does not they are not."""
    chat = chat_of_ana(stocked, "Where is my parcel, and when is the delivery?")
    view = stocked.ask(q.AskSuggestions(chat=chat), by=ANA)
    assert view.hits[0].response.id == "parcel"
    assert view.suggested
    stocked.execute(c.PostMessage(chat=chat, text="Do elephants sing in tune?"), by=ZOE)
    view = stocked.ask(q.AskSuggestions(chat=chat), by=ANA)
    assert not view.suggested


def test_a_question_in_several_lines(stocked: ChatDesk) -> None:
    """A22: what was asked before the last line counts as long as nobody has answered."""
    chat = chat_of_ana(stocked, "Where is my parcel, and when is the delivery?")
    stocked.execute(c.PostMessage(chat=chat, text="Greetings from Genoa"), by=ZOE)
    view = stocked.ask(q.AskSuggestions(chat=chat), by=ANA)
    assert (view.suggested, view.hits[0].response.id) == (True, "parcel")
    send(stocked, chat, view.hits[0].text, canned="parcel")
    (lesson,) = stocked.ask(q.AskCannedDetail(canned="parcel"), by=ANA).learned
    said = "Where is my parcel, and when is the delivery? Greetings from Genoa"
    assert lesson.question == said
    stocked.execute(c.PostMessage(chat=chat, text="How kind you are!"), by=ZOE)
    assert not stocked.ask(q.AskSuggestions(chat=chat), by=ANA).suggested


def test_an_answered_question_brings_no_suggestion(stocked: ChatDesk) -> None:
    """A22: once he has replied the suggestions are gone, and no page shows them again."""
    chat = chat_of_ana(stocked, "Where is my parcel, and when is the delivery?")
    send(stocked, chat, "One moment.")
    assert not stocked.ask(q.AskSuggestions(chat=chat), by=ANA).suggested


def test_an_answer_sent_as_it_is_teaches(stocked: ChatDesk) -> None:
    """A22: the next visitor who asks alike gets it at once; no name or number is kept."""
    strange = "Zoe here, call 0123456: has the little box gone astray?"
    chat = chat_of_ana(stocked, strange)
    before = stocked.ask(q.AskSuggestions(chat=chat), by=ANA).confidence or 0.0
    assert before < 0.3
    send(stocked, chat, "Parcel {{ order.number }} has left our house.", canned="parcel")
    again = stocked.ask(q.SearchCanned(text="the little box gone astray", use="question"), by=BO)
    assert again.hits[0].response.id == "parcel"
    assert again.confidence is not None
    assert again.confidence > before
    learned = stocked.ask(q.AskCannedDetail(canned="parcel"), by=BO).learned
    assert [each.question for each in learned] == ["here, call has the little box gone astray?"]


def test_what_was_learned_can_be_forgotten(stocked: ChatDesk) -> None:
    """A22: an agent takes a wrong lesson back, and erasing a customer takes his."""
    for name, question in (("zoe", "has the little box gone"), ("max", "my wee crate is lost")):
        chat = chat_of_ana(stocked, question, name)
        send(stocked, chat, RESPONSES[2].body, canned="parcel")
    first, second = stocked.ask(q.AskCannedDetail(canned="parcel"), by=ANA).learned
    stocked.execute(c.ForgetLearned(learned=first.id), by=ANA)
    stocked.erase(second.customer, by=SHOP)
    assert stocked.ask(q.AskCannedDetail(canned="parcel"), by=ANA).learned == ()
    assert "parcel" not in found(stocked, "wee crate", use="question")


def test_feedback_moves_what_is_sure_enough(stocked: ChatDesk) -> None:
    """A22: suggestions that nobody takes are no longer made."""
    for number in range(12):
        chat = chat_of_ana(stocked, "Where is my parcel, and when is the delivery?", f"v{number}")
        view = stocked.ask(q.AskSuggestions(chat=chat), by=ANA)
        ids = tuple(hit.response.id for hit in view.hits)
        send(stocked, chat, "I cannot say.", suggested=ids, confidence=view.confidence)
    assert not view.suggested


def test_feedback_counts_once_a_question(stocked: ChatDesk) -> None:
    """A22: a second reply to the same question says nothing more about the suggestion."""
    chat = chat_of_ana(stocked, "Where is my parcel?")
    send(stocked, chat, "Wait,", confidence=0.5)
    send(stocked, chat, "please.", confidence=0.5)
    kept = stocked.engine.replica.desk().state.shelf.suggesting
    assert kept is not None
    assert sum(kept.ignored) == 1.0


# -- before sending ------------------------------------------------------------------------------


def codes(desk: ChatDesk, chat: str, text: str, canned: str | None = None) -> dict[str, bool]:
    """What a look before sending finds, and whether it blocks."""
    view = desk.ask(q.CheckDraft(chat=chat, text=text, canned=canned), by=ANA)
    return {finding.code: finding.blocks for finding in view.findings}


def test_a_draft_is_looked_at(stocked: ChatDesk) -> None:
    """D06, D10: unfilled placeholders stop it; unchanged texts and capitals are advised against."""
    chat = chat_of_ana(stocked, "Where is my parcel?")
    assert codes(stocked, chat, "Zoe, it is on its way.", "parcel") == {}
    assert codes(stocked, chat, RESPONSES[2].body, "parcel") == {
        "unfilled_placeholder": True,
        "canned_unchanged": False,
    }
    assert codes(stocked, chat, RESPONSES[1].body, "hours") == {"canned_unchanged": False}
    assert codes(stocked, chat, "Hello Zoe, I am Ana.", "hello") == {}
    assert codes(stocked, chat, "PLEASE READ OUR CONDITIONS") == {"shouting": False}
    with pytest.raises(NotFound):
        codes(stocked, chat, "hm", "no-such")


def test_spelling_and_meaning_are_hooks(store: MemoryStore, clock: ManualClock) -> None:
    """A22, D10: a shop may bring a spell checker and a model of meaning."""

    def misspelt(text: str) -> Iterator[Span]:
        at = text.find("recieve")
        if at >= 0:
            yield Span(at, at + 7)

    class Opposite:
        """Finds the last response nearest."""

        def similarities(self, text: str, responses: Sequence[CannedResponse]) -> list[float]:
            """One number a response."""
            assert text
            return [1.0 if each.id == "retours" else 0.0 for each in responses]

    with ChatDesk(store, clock=clock, spelling=misspelt, embedder=Opposite()) as desk:
        open_shop(desk)
        desk.execute(c.ImportCanned(responses=RESPONSES), by=SHOP)
        chat = chat_of_ana(desk, "Where?")
        view = desk.ask(q.CheckDraft(chat=chat, text="You recieve it soon"), by=ANA)
        assert [(one.code, one.span) for one in view.findings] == [("spelling", (4, 11))]
        assert found(desk, "article open nine six", use="question")[0] == "retours"


class Failing:
    """Plugs that fail, each in its own way."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def similarities(self, *_: object) -> Any:
        """Not what was asked for."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def render(self, body: str, _: object) -> Any:
        """The same in capitals, or a fault."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return Rendered(body.upper())

    def __call__(self, text: str) -> Any:
        """Places outside the text, or a fault."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return [Span(0, len(text) + 1)]


@pytest.mark.parametrize(
    "answer", [RuntimeError("gone"), [float("nan")] * len(RESPONSES), [1.0]], ids=str
)
def test_what_a_shop_plugs_in_may_fail(
    store: MemoryStore,
    clock: ManualClock,
    answer: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A22, D10: search, filling in and the look before sending go on, and the log tells."""
    plug = Failing(answer)
    with ChatDesk(store, clock=clock, embedder=plug, spelling=plug, renderer=plug) as desk:
        open_shop(desk)
        desk.execute(c.ImportCanned(responses=RESPONSES), by=SHOP)
        chat = chat_of_ana(desk, "When are you open?")
        (first, *_) = desk.ask(q.AskSuggestions(chat=chat), by=ANA).hits
        assert first.response.id == "hours"
        assert (first.text == first.response.body) == isinstance(answer, Exception)
        assert desk.ask(q.CheckDraft(chat=chat, text="At nine."), by=ANA).findings == ()
    assert "the embedder failed" in caplog.text
    assert "the spell checker failed" in caplog.text


# -- keeping -------------------------------------------------------------------------------------


def test_what_is_exported_comes_in_again(stocked: ChatDesk) -> None:
    """A21, B29: the whole list as CSV, out and into a new desk, without a difference."""
    view = stocked.ask(q.AskCanned(all_times=True), by=SHOP)
    kept = {hit.response.id: hit.response for each in view.categories for hit in each.responses}
    text = export_csv(kept[id_] for id_ in sorted(kept))
    with ChatDesk(MemoryStore()) as new:
        open_shop(new)
        result = new.execute(c.ImportCanned(responses=import_csv(text)), by=SHOP)
        assert (result.added, result.changed) == (len(RESPONSES), 0)
        assert listed(new, SHOP, all_times=True) == listed(stocked, SHOP, all_times=True)


def test_what_is_out_of_use_is_exported_and_brought_back(stocked: ChatDesk) -> None:
    """A21: retired, it is found by who asks for such, with what it has learned, and comes back."""
    stocked.execute(c.RetireCanned(canned="hours"), by=EVE)
    assert "hours" not in str(listed(stocked, EVE, all_times=True))
    assert listed(stocked, EVE, retired=True)["shop/visit"] == ["hours"]
    view = stocked.ask(q.AskCanned(all_times=True, retired=True), by=SHOP)
    all_of_them = {
        hit.response.id: hit.response for each in view.categories for hit in each.responses
    }
    assert set(all_of_them) == {response.id for response in RESPONSES}
    assert import_csv(export_csv(all_of_them.values())) == tuple(all_of_them.values())
    response = stocked.ask(q.AskCannedDetail(canned="hours"), by=EVE).response
    assert response.retired
    stocked.execute(c.SaveCanned(response=replace(response, retired=False)), by=EVE)
    assert listed(stocked, ANA)["shop/visit"] == ["hours"]


def test_an_edit_of_an_old_version_is_refused(stocked: ChatDesk) -> None:
    """B29: two agents edit one response; nobody's edit is lost unseen."""
    response = stocked.ask(q.AskCannedDetail(canned="hours"), by=EVE).response
    stocked.execute(c.SaveCanned(response=response), by=EVE)
    with pytest.raises(WrongState):
        stocked.execute(c.SaveCanned(response=response), by=EVE)


# -- gaps ----------------------------------------------------------------------------------------


def test_gaps_are_reported(stocked: ChatDesk) -> None:
    """B29, D07: what is sent too often, what nothing answers, what is written again and again."""
    for number in range(4):
        chat = chat_of_ana(stocked, "At what hours are you open on Saturday?", f"v{number}")
        send(stocked, chat, RESPONSES[1].body, canned="hours")
        who = visitor(f"v{number}")
        unknown = "Can elephants borrow bicycles overnight?"
        stocked.execute(c.PostMessage(chat=chat, text=unknown), by=who)
        send(stocked, chat, "Our bicycles are lent to any animal over three.")
    view = stocked.ask(q.AskCannedGaps(), by=EVE)
    assert (view.chats, view.with_canned) == (4, 1.0)
    assert [(gap.canned, gap.chats, gap.share) for gap in view.overused] == [("hours", 4, 1.0)]
    assert view.overused[0].title == RESPONSES[1].title
    assert view.overused[0].examples == ("At what hours are you open on Saturday?",)
    assert [gap.question for gap in view.unanswered] == [unknown]
    assert view.proposals[0].examples == ("Our bicycles are lent to any animal over three.",)
    assert stocked.ask(q.AskCannedGaps(chats=1), by=EVE).chats == 1
