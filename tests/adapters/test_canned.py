"""Canned responses over the wire, as a console in any language would use them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatdesk.model.commands import Connect, ImportCanned, PostMessage, RequestChat
from chatdesk.model.queries import AskCannedGaps, SearchCanned
from chatdesk.model.values import service
from chatdesk.runtime.chatdesk import ChatDesk
from chatdesk.testing.factories import a_response
from tests.adapters.serving import (
    TOKENS,
    HttpClient,
    Served,
    TcpClient,
    bearer,
    new_desk,
    serve_http,
    serve_tcp,
)

HELLO = a_response(
    "hello",
    title="Welcome",
    body="Hello {{ customer.first_name | there }}!",
    categories=("opening",),
)
HOURS = a_response(
    "hours", body="We are open from nine to six.", keywords=("when are you open", "hours")
)
SECRET = a_response("secret", title="Hours of Cleo", body="Ask Cleo.", owner="cleo")
QUESTION = "At what hours are you open, on Saturday too?"
ASK = RequestChat(queue="sales", question=QUESTION, answers={"name": "Bo", "email": "b@c.de"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ChatDesk]:
    """A desk on a SQLite file, with canned responses."""
    with new_desk(tmp_path) as desk:
        desk.execute(ImportCanned(responses=(HELLO, HOURS, SECRET)), by=service())
        yield desk


@pytest.fixture
def served(desk: ChatDesk) -> Iterator[Served]:
    """The desk behind uvicorn."""
    with serve_http(desk) as served:
        yield served


@pytest.fixture
def ana(served: Served) -> HttpClient:
    """An agent."""
    return served.client(TOKENS.agent("ana"))


def plain(served: Served, token: str, frame: dict[str, Any]) -> dict[str, Any]:
    """Posts a frame written by hand; gives the answer as it is written."""
    answer = httpx.post(f"{served.url}frames", json=frame, headers=bearer(token), trust_env=False)
    found: dict[str, Any] = answer.json()
    return found


def test_suggested_sent_and_learned(served: Served, ana: HttpClient) -> None:
    """A22, B25, B28: the whole way of a reply by frames alone; no visitor hears how it was made."""
    visitor = served.client(TOKENS.visitor("v1"))
    ana.do(Connect(device="web"))
    chat = visitor.do(ASK).chat
    token = TOKENS.agent("ana")
    found = plain(served, token, {"type": "suggestions", "id": "q", "chat": chat})
    assert (found["type"], found["id"]) == ("answered", "q")
    view = found["view"]
    assert view["suggested"]
    best = view["hits"][0]
    assert (best["response"]["id"], best["text"]) == ("hours", HOURS.body)
    draft = {"type": "check_draft", "chat": chat, "text": best["text"], "canned": "hours"}
    (finding,) = plain(served, token, draft)["view"]["findings"]
    assert finding["code"] == "canned_unchanged"
    with ana.stream() as console, visitor.stream() as page:
        ids = [hit["response"]["id"] for hit in view["hits"]]
        sent = {"type": "post_message", "id": "m1", "chat": chat, "text": best["text"], "epoch": 1}
        feedback = {"canned": "hours", "suggested": ids, "confidence": view["confidence"]}
        assert plain(served, token, sent | feedback)["type"] == "replied"
        told = console.until("canned_sent")
        events: list[Any] = [notice.event for notice in told.notices]
        (canned,) = (event for event in events if getattr(event, "canned", None))
        assert (canned.learned, canned.likeness) == (True, 1.0)
        seen = str(page.until("message_added"))
        assert "canned" not in seen
        assert "hours" not in seen.replace(HOURS.body, "")
    detail = plain(served, token, {"type": "canned_detail", "canned": "hours"})["view"]
    assert [each["question"] for each in detail["learned"]] == [QUESTION]


def test_a_response_is_saved_and_retired(served: Served, ana: HttpClient) -> None:
    """A18, B29: a new one needs no id; problems name their fields; consoles are told at once."""
    token = TOKENS.agent("ana")
    fields = {"title": "Wicks", "body": "Cotton.", "shortcuts": ["#wick"], "categories": ["shop"]}
    with ana.stream() as console:
        save = {"type": "save_canned", "id": "s1", "response": {**fields, "owner": "ana"}}
        saved = plain(served, token, save)["result"]
        console.until("canned_changed")
        listed = plain(served, token, {"type": "canned_list"})["view"]
        assert [each["category"] for each in listed["categories"]] == ["general", "opening", "shop"]
        twice = {"type": "save_canned", "id": "s2", "response": {**fields, "owner": "ana"}}
        problems = plain(served, token, twice)["refusal"]["problems"]
        assert [problem["field"] for problem in problems] == ["shortcuts"]
        forall = {"type": "save_canned", "id": "s3", "response": fields}
        assert plain(served, token, forall)["refusal"]["code"] == "not_allowed"
        retire = {"type": "retire_canned", "id": "s4", "canned": saved["canned"]}
        assert plain(served, token, retire)["type"] == "replied"
    found = plain(served, token, {"type": "search_canned", "text": "#wick", "use": "shortcut"})
    assert "Wicks" not in str(found)


def test_hostile_searches_are_harmless(ana: HttpClient) -> None:
    """A22: whatever is typed is answered or refused, and quickly the next one too."""
    for text in ("(", "*" * 500, '"', "%", "{{", "#", "/", "x" * 10_000, "🙂", "\u202eabc", ""):
        assert ana.ask(SearchCanned(text=text)) is not None
    assert ana.refused(SearchCanned(text="nul \0")) == "invalid_input"
    assert ana.refused(SearchCanned(text="x", use="guess")) == "invalid_input"


def test_whose_responses_are_seen_by_whom(served: Served, ana: HttpClient) -> None:
    """A21, D07: no agent sees another's own, no visitor any, and gaps are for supervisors."""
    found = ana.ask(SearchCanned(text="hours of cleo", limit=50)).hits
    assert "secret" not in [hit.response.id for hit in found]
    assert ana.refused(AskCannedGaps()) == "not_allowed"
    cleo = served.client(TOKENS.agent("cleo"))
    hits = cleo.ask(SearchCanned(text="hours of cleo", limit=50)).hits
    assert hits[0].response.id == "secret"
    assert cleo.ask(AskCannedGaps()).chats == 0
    visitor = served.client(TOKENS.visitor("v1"))
    assert visitor.refused(SearchCanned(text="hours")) == "not_allowed"
    ana.do(Connect(device="web"))
    chat = visitor.do(ASK).chat
    visitor.do(PostMessage(chat=chat, text="mine", canned="hours", confidence=1.0))
    assert served.desk.engine.replica.desk().state.shelf.uses == {}


def test_the_same_over_tcp(desk: ChatDesk) -> None:
    """A22: a program on a socket finds by the same frames."""
    with serve_tcp(desk) as server:
        client = TcpClient(server.port, TOKENS.agent("ana"))
        client.hello()
        answer: Any = client.answer(SearchCanned(text="#hel", use="shortcut"))
        client.close()
    assert answer.view.hits[0].text == "Hello there!"
