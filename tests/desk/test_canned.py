"""Canned responses in the machine: kept, counted, learned from, and never half imported."""

import pytest
from msgspec.structs import replace

from chatdesk.desk.machine import Desk
from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import InvalidInput, NotAllowed, NotFound, WrongState
from chatdesk.model.records import CannedResponse, Message, Suggesting
from chatdesk.model.values import Role
from chatdesk.testing.factories import a_response
from tests.desk.helpers import ADA, ANA, BEN, LEAD, SHOP, Shop, a_shop

HOURS = a_response("hours", body="We are open from nine to six.")


@pytest.fixture
def shop() -> Shop:
    """A shop with a canned response, two agents and a supervisor."""
    shop = a_shop("ada")
    shop.hire("ben", queues=())
    shop.hire("lead", role=Role.SUPERVISOR, queues=())
    shop.do(c.SaveCanned(response=HOURS))
    return shop


def kept(shop: Shop, id_: str = "hours") -> CannedResponse:
    """A response as it is kept."""
    return shop.desk.state.shelf.responses[id_]


def asked(shop: Shop, question: str = "At what hours do you open?") -> str:
    """A chat in which the visitor has asked."""
    return shop.ask(question=question)


def send(shop: Shop, chat: str, text: str = HOURS.body, **about: object) -> None:
    """Ada replies."""
    command = c.PostMessage(chat=chat, text=text, canned="hours")
    shop.do(replace(command, **about), ADA)


# -- keeping -------------------------------------------------------------------------------------


def test_every_change_makes_a_version(shop: Shop) -> None:
    """A21, B29: an edit names the version it was made from, and an older one is refused."""
    result = shop.do(c.SaveCanned(response=replace(kept(shop), title="Hours")))
    assert (result.version, kept(shop).version, kept(shop).title) == (2, 2, "Hours")
    with pytest.raises(WrongState):
        shop.do(c.SaveCanned(response=HOURS))
    assert [event.version for event in shop.ever(e.CannedChanged)] == [1, 2]


def test_a_new_response_gets_an_id(shop: Shop) -> None:
    """B29: whoever adds one need not think of a name for it."""
    result = shop.do(
        c.SaveCanned(response=replace(HOURS, id="", shortcuts=("#x",), owner="ada")), ADA
    )
    assert kept(shop, result.canned).owner == "ada"


@pytest.mark.parametrize("owner", [None, "ben"])
def test_an_agent_changes_only_his_own(shop: Shop, owner: str | None) -> None:
    """A21: what belongs to all, or to another, is for supervisors."""
    other = replace(HOURS, id="other", shortcuts=("#x",), owner=owner)
    with pytest.raises(NotAllowed):
        shop.do(c.SaveCanned(response=other), ADA)
    shop.do(c.SaveCanned(response=other), LEAD)
    stolen = replace(other, owner="ada")
    for command in (c.SaveCanned(response=stolen), c.RetireCanned(canned="other")):
        with pytest.raises(NotAllowed):
            shop.do(command, ADA)


def test_a_supervisor_changes_nobodys_own(shop: Shop) -> None:
    """A21: what she cannot see she can neither retire nor write over, alone or in an import."""
    own = replace(HOURS, id="own", shortcuts=("#x",), owner="ben")
    shop.do(c.SaveCanned(response=own), BEN)
    ours = replace(own, owner=None)
    for command, refusal in (
        (c.SaveCanned(response=ours), NotAllowed),
        (c.RetireCanned(canned="own"), NotFound),
        (c.ImportCanned(responses=(ours,)), InvalidInput),
    ):
        with pytest.raises(refusal):
            shop.do(command, LEAD)
    assert kept(shop, "own") == own
    shop.do(c.RetireCanned(canned="own"), SHOP)


def test_what_is_wrong_is_told_by_field(shop: Shop) -> None:
    """A21: nothing is kept that could not be found or told apart."""
    wrong = a_response("wrong", title=" ", shortcuts=("hours",), categories=())
    with pytest.raises(InvalidInput) as refused:
        shop.do(c.SaveCanned(response=wrong))
    fields = [problem.field for problem in refused.value.refusal().problems]
    assert fields == ["title", "shortcuts", "categories"]
    with pytest.raises(InvalidInput, match="already belongs to"):
        shop.do(c.SaveCanned(response=a_response("same", shortcuts=("#HOURS",))))


def test_a_shortcut_may_be_used_again_by_who_never_meets_it(shop: Shop) -> None:
    """A21, B28: two agents' own responses, or one that was retired, share a shortcut."""
    for owner in ("ada", "ben"):
        own = a_response(owner, shortcuts=("#mine",), owner=owner)
        shop.do(c.SaveCanned(response=own), LEAD)
    shop.do(c.RetireCanned(canned="hours"))
    shop.do(c.SaveCanned(response=a_response("new", shortcuts=("#hours",))))
    with pytest.raises(InvalidInput):
        shop.do(
            c.SaveCanned(response=replace(kept(shop), retired=False))
        )  # it cannot come back as it was


def test_a_retired_response_comes_back_when_saved(shop: Shop) -> None:
    """A21: taken out of use it is not found; saved again it is."""
    shop.do(c.RetireCanned(canned="hours"))
    with pytest.raises(NotFound):
        shop.do(c.RetireCanned(canned="hours"))
    shop.do(c.SaveCanned(response=replace(kept(shop), retired=False)))
    assert not kept(shop).retired


# -- importing -----------------------------------------------------------------------------------


def test_an_import_adds_and_changes(shop: Shop) -> None:
    """A21: by id, whatever version the file names."""
    new = a_response("new")
    result = shop.do(c.ImportCanned(responses=(replace(HOURS, version=7), new)), LEAD)
    assert (result.added, result.changed) == (1, 1)
    assert (kept(shop).version, kept(shop, "new").version) == (2, 1)


def test_an_import_is_all_or_nothing(shop: Shop) -> None:
    """A21: every problem is told with its place, and nothing is taken over."""
    responses = (
        a_response("one"),
        a_response("one", shortcuts=("#two",)),
        a_response("three", shortcuts=("#Two",)),
        a_response("four", shortcuts=("#hours",)),
        a_response("five", body=""),
    )
    with pytest.raises(InvalidInput) as refused:
        shop.do(c.ImportCanned(responses=responses))
    found = [problem.field for problem in refused.value.refusal().problems]
    assert found == [
        "responses[1].id",
        "responses[2].shortcuts",
        "responses[3].shortcuts",
        "responses[4].body",
    ]
    assert list(shop.desk.state.shelf.responses) == ["hours"]


def test_an_import_may_hand_a_shortcut_on(shop: Shop) -> None:
    """A21: what the file says of both responses counts, not what was before."""
    moved = (replace(HOURS, shortcuts=("#open",)), a_response("new", shortcuts=("#hours",)))
    assert shop.do(c.ImportCanned(responses=moved)).added == 1
    assert set(shop.desk.state.shelf.by_shortcut["#hours"]) == {"new"}


# -- sending -------------------------------------------------------------------------------------


def test_what_is_sent_is_counted(shop: Shop) -> None:
    """A21, A22: for all and for the agent; an older sending counts less than a new one."""
    chat = asked(shop)
    send(shop, chat)
    first = {use.agent: use.level for use in shop.desk.state.shelf.uses.values()}
    send(shop, chat)
    again = {use.agent: use.level for use in shop.desk.state.shelf.uses.values()}
    assert set(first) == set(again) == {None, "ada"}
    assert all(again[whose] == pytest.approx(first[whose] + 1) for whose in first)
    (message, _) = (m for m in shop.all("message", Message, chat=chat) if m.canned)
    assert message.canned == "hours"


def test_a_question_is_learned_when_it_was_answered(shop: Shop) -> None:
    """A22, D07: the journal says how like the text was and what was learned, without a word."""
    chat = asked(shop, "Ana here: at what hours do you open, Ada? ana@example.org")
    send(shop, chat)
    (sent,) = shop.heard(e.CannedSent)
    assert (sent.canned, sent.agent, sent.likeness, sent.learned) == ("hours", "ada", 1.0, True)
    (learned,) = shop.desk.state.shelf.questions_of("hours")
    assert learned.question == "here: at what hours do you open,"
    assert learned.customer == shop.chat(chat).customer


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("At what hours do you open?", "Never on a Sunday, sorry to say."),
        ("Open?", HOURS.body),
        ("0123456 0123457", HOURS.body),
    ],
    ids=["edited away", "one word", "only numbers"],
)
def test_nothing_is_learned_from_what_teaches_nothing(shop: Shop, question: str, text: str) -> None:
    """A22: a reply of his own, or a question that says nothing without its numbers."""
    send(shop, asked(shop, question), text)
    assert not shop.heard(e.CannedSent)[0].learned
    assert shop.desk.state.shelf.questions_of("hours") == []


def test_a_second_reply_learns_nothing(shop: Shop) -> None:
    """A22: the question was answered before."""
    chat = asked(shop)
    shop.say(chat, "One moment.", ADA)
    send(shop, chat)
    assert shop.desk.state.shelf.questions_of("hours") == []


def test_fifty_questions_are_kept(shop: Shop) -> None:
    """A22: of so many the oldest goes when one more comes, and the journal tells."""
    chat = asked(shop, "At what hours do you open number one?")
    send(shop, chat)
    (oldest,) = shop.desk.state.shelf.questions_of("hours")
    for number in range(50):
        shop.say(chat, f"When do you open on day {'x' * (number + 1)}?", ANA)
        shop.clock.advance(1.0)
        send(shop, chat)
    own = shop.desk.state.shelf.questions_of("hours")
    assert len(own) == 50
    assert oldest not in own
    assert [gone.learned for gone in shop.ever(e.LearnedForgotten)] == [oldest.id]


def test_anybody_may_take_a_lesson_back(shop: Shop) -> None:
    """A22: it is gone for good, and cannot be taken back twice."""
    send(shop, asked(shop))
    (learned,) = shop.desk.state.shelf.questions_of("hours")
    shop.do(c.ForgetLearned(learned=learned.id), BEN)
    assert shop.desk.state.shelf.questions_of("hours") == []
    with pytest.raises(NotFound):
        shop.do(c.ForgetLearned(learned=learned.id), BEN)


@pytest.mark.parametrize(
    "about",
    [{"canned": "hours"}, {"canned": None, "discarded": ("hours", "no-such", "hours")}],
    ids=["hardly anything left", "nothing left"],
)
def test_a_lesson_is_withdrawn_when_the_reply_is_edited_away(
    shop: Shop, about: dict[str, object]
) -> None:
    """A22: who puts the reply in and writes something else says that it did not answer."""
    chat = asked(shop)
    send(shop, chat)
    shop.say(chat, "Do you sell bread on Sundays?", ANA)
    send(shop, chat)
    shop.say(chat, "At what hours do you open, 2 or 3?", ANA)
    send(shop, chat, "Which of our shops do you mean?", **about)
    (left,) = shop.desk.state.shelf.questions_of("hours")
    assert left.question == "Do you sell bread on Sundays?"
    assert len(shop.heard(e.LearnedForgotten)) == 1


def test_a_reply_with_more_around_it_withdraws_nothing(shop: Shop) -> None:
    """A22: neither learned anew nor taken away."""
    chat = asked(shop)
    send(shop, chat)
    shop.say(chat, "At what hours do you open?", ANA)
    send(shop, chat, f"Hello again, as I said: {HOURS.body} Is there anything else?")
    assert len(shop.desk.state.shelf.questions_of("hours")) == 1


def test_nobody_touches_the_lessons_of_anothers_own_response(shop: Shop) -> None:
    """A21: to him they do not exist."""
    shop.do(c.SaveCanned(response=a_response("own", owner="ada", body=HOURS.body)), ADA)
    chat = asked(shop)
    send(shop, chat, canned="own")
    (learned,) = shop.desk.state.shelf.questions_of("own")
    with pytest.raises(NotFound):
        shop.do(c.ForgetLearned(learned=learned.id), BEN)
    shop.do(c.ForgetLearned(learned=learned.id), ADA)


def test_a_response_retired_meanwhile_refuses_no_reply(shop: Shop) -> None:
    """B28: the agent wrote in good faith; an id that never was, or another's own, is refused."""
    chat = asked(shop)
    shop.do(c.RetireCanned(canned="hours"))
    send(shop, chat)
    own = a_response("own", owner="ben")
    shop.do(c.SaveCanned(response=own), BEN)
    for canned in ("own", "no-such"):
        with pytest.raises(NotFound):
            send(shop, chat, canned=canned)


def test_what_is_longer_than_a_message_is_not_kept(shop: Shop) -> None:
    """A21: it could never be sent as it is."""
    shop.configure(message_max_length=100)
    with pytest.raises(InvalidInput, match="body: has 101 characters, a message has at most 100"):
        shop.do(c.SaveCanned(response=replace(HOURS, body="x" * 101)))
    shop.do(c.SaveCanned(response=replace(HOURS, body="x" * 100)))


def test_attachments_are_addresses_of_files(shop: Shop) -> None:
    """A21: what could not be opened is not kept, alone or in an import."""
    good = replace(HOURS, attachments=("/map.pdf",))
    bad = replace(HOURS, attachments=("map-7",))
    assert shop.do(c.SaveCanned(response=good)).version == 2
    for command in (
        c.SaveCanned(response=replace(bad, version=2)),
        c.ImportCanned(responses=(bad,)),
    ):
        with pytest.raises(InvalidInput, match="attachments"):
            shop.do(command)
    assert kept(shop).attachments == ("/map.pdf",)


def test_attachments_go_with_an_agents_message(shop: Shop) -> None:
    """A21, A35: they are in the message; a visitor sends none, nobody what is no address."""
    chat = asked(shop)
    send(shop, chat, attachments=("/map.pdf", " /map.pdf"))
    (message,) = (m for m in shop.all("message", Message, chat=chat) if m.canned)
    assert (message.text, message.attachments) == (HOURS.body, ("/map.pdf",))
    for actor, file in ((ANA, "/map.pdf"), (ADA, "javascript:alert(1)")):
        with pytest.raises(InvalidInput, match="attachments"):
            shop.do(c.PostMessage(chat=chat, text="See this.", attachments=(file,)), actor)


def test_names_are_counted_in_a_chat(shop: Shop) -> None:
    """D01: what the agent says, not what the visitor says of himself."""
    chat = asked(shop, "Ana here, when do you open?")
    name = shop.chat(chat).customer_name
    shop.say(chat, f"Hello {name}!", ADA)
    shop.say(chat, f"{name} it is.", ANA)
    shop.say(chat, f"At nine, {name}. See you, {name}!", ADA)
    assert shop.chat(chat).name_uses == 3


def test_suggestions_that_were_taken_are_noted(shop: Shop) -> None:
    """A22: once a question, whether the reply was one of the best three."""
    chat = asked(shop)
    send(shop, chat, suggested=("hours",), confidence=0.8)
    shop.say(chat, "And on Sunday, please?", ANA)
    send(shop, chat, "No.", canned=None, suggested=("hours",), confidence=0.8)
    send(shop, chat, "Sorry.", canned=None, suggested=("hours",), confidence=0.8)
    noted = shop.desk.state.shelf.suggesting
    assert isinstance(noted, Suggesting)
    assert (sum(noted.accepted), sum(noted.ignored)) == (1.0, 1.0)


def test_a_holding_reply_promises_an_answer(shop: Shop) -> None:
    """D04: the chat says until when it was promised, and the next reply redeems it."""
    wait = a_response("wait", body="One moment.", promise_seconds=120.0)
    shop.do(c.SaveCanned(response=wait))
    chat = asked(shop)
    send(shop, chat, wait.body, canned="wait")
    assert shop.chat(chat).promised_until == shop.clock.now + 120.0
    assert shop.chat(chat).unanswered_since is None
    shop.say(chat, "All right.", ANA)
    assert shop.chat(chat).promised_until is not None
    shop.say(chat, "From nine to six.", ADA)
    assert shop.chat(chat).promised_until is None


# -- what an index is told -----------------------------------------------------------------------


def test_a_loaded_desk_has_the_same_shelf(shop: Shop) -> None:
    """A21: responses, counts, lessons and feedback are live, and come back from the store."""
    send(shop, asked(shop), suggested=("hours",), confidence=0.8)
    loaded = Desk.new()
    loaded.restore(shop.store.load())
    ours, theirs = shop.desk.state.shelf, loaded.state.shelf
    assert sorted(ours.records(), key=repr) == sorted(theirs.records(), key=repr)
    assert ours.by_shortcut == theirs.by_shortcut
    news = theirs.news(everything=True)
    assert [(each.id, questions) for each, questions in news.responses] == [
        ("hours", ("At what hours do you open?",))
    ]
    assert {use.agent for use in news.uses} == {None, "ada"}


def test_news_are_told_once(shop: Shop) -> None:
    """A22: an index takes what has changed since it last asked, and no more."""
    shelf = shop.desk.state.shelf
    assert len(shelf.news(everything=False).responses) == 1
    assert shelf.news(everything=False) == shelf.news(everything=False)
    send(shop, asked(shop))
    news = shelf.news(everything=False)
    assert [each.id for each, _ in news.responses] == ["hours"]
    assert len(news.uses) == 2
    shop.store.erase(shop.chat(next(iter(shop.desk.state.chats))).customer, by=SHOP, at=1.0)
    shop.desk.apply(shop.store.changes(shop.desk.revision))
    assert shelf.news(everything=False).responses == ((kept(shop), ()),)
