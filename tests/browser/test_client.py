"""The pages' own modules, asked directly: lost answers, stale tokens, streams, links."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.actors import Console, Widget

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.browser
Visit = Callable[..., Widget]
LogIn = Callable[..., Console]


def test_a_lost_answer_is_asked_for_again_under_the_same_id(visit: Visit, log_in: LogIn) -> None:
    """A message whose answer is lost is sent again, and stands in the log once."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Hello?")
    expect(agent.log).to_contain_text("Hello?")
    sent: list[str] = []

    def lose_the_first(route: "Route") -> None:
        frame = frame_of(route)
        if frame["type"] != "post_message":
            route.continue_()
            return
        sent.append(frame["id"])
        if len(sent) == 1:
            route.fetch()  # the desk has it, but nobody hears so
            route.abort()
        else:
            route.continue_()

    visitor.page.route("**/api/frames", lose_the_first)
    visitor.write("Only once.")
    expect(visitor.log.get_by_text("Only once.")).to_have_count(1)
    expect(visitor.log).not_to_contain_text("sending…")
    expect(agent.log.get_by_text("Only once.")).to_have_count(1)
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_a_message_that_is_refused_can_be_sent_again(visit: Visit, log_in: LogIn) -> None:
    """What did not go out says why, stays, and goes out at a click."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Hello?")
    expect(agent.log).to_contain_text("Hello?")
    refusal = {"code": "unavailable", "message": "not now", "mend": "later"}
    answer = {"type": "refused", "id": "", "refusal": refusal}
    visitor.page.route("**/api/frames", lambda route: refuse_messages(route, answer))
    visitor.write("Please.")
    expect(visitor.log).to_contain_text("gets no chats at the moment")
    visitor.page.unroute_all()
    visitor.log.get_by_role("button", name="Send again").click()
    expect(agent.log).to_contain_text("Please.")
    expect(visitor.log.get_by_text("Please.")).to_have_count(1)


def frame_of(route: "Route") -> dict[str, str]:
    """The frame that a page posts."""
    frame: dict[str, str] = route.request.post_data_json or {}
    return frame


def refuse_messages(route: "Route", answer: object) -> None:
    """Answers for the desk, but only what is a message."""
    if frame_of(route)["type"] == "post_message":
        route.fulfill(status=409, json=answer)
    else:
        route.continue_()


def test_a_message_that_is_too_long_can_be_changed(visit: Visit, log_in: LogIn) -> None:
    """Nothing pasted is cut off unseen: it comes back to the field, and goes out when shortened."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("May I write at length?")
    expect(agent.log).to_contain_text("May I write at length?")
    agent.write("Do." + "!" * 8000)
    expect(agent.log).to_contain_text("This is too long.")
    agent.field.fill("And soon.")
    agent.log.get_by_role("button", name="Change it").click()
    expect(agent.field).to_have_value("Do." + "!" * 8000 + "\nAnd soon.")
    agent.write("Do.")
    expect(visitor.log).to_contain_text("Do.")
    expect(agent.log).not_to_contain_text("This is too long.")


def test_a_stale_token_is_renewed(visit: Visit, log_in: LogIn) -> None:
    """A token the desk no longer takes is replaced by the shop's route, for the same visitor."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Hello?")
    expect(agent.log).to_contain_text("Hello?")
    visitor.page.evaluate(
        "Object.keys(localStorage).filter((key) => key.startsWith('chatdesk-token'))"
        ".forEach((key) => localStorage.setItem(key, 'v.stale.token'))"
    )
    visitor.page.reload()
    expect(visitor.log).to_contain_text("Hello?")
    agent.write("Welcome back.")
    expect(visitor.log).to_contain_text("Welcome back.")


def test_a_stream_may_be_cut_anywhere(visit: Visit) -> None:
    """However the bytes of a stream are cut, the same messages come out."""
    page = visit().page
    found = page.evaluate(
        r"""async () => {
          const { EventParser } = await import("/chatdesk/client.js");
          const text = ":\n\nid: 4\ndata: {\"a\":1}\r\n\r\nid: 5\n\ndata: x\ndata: y\n\n: z\r\r"
            + "id:6\rdata:q\r\r";
          const wanted = JSON.stringify(new EventParser().feed(text + "\n"));
          const bad = [];
          for (let i = 0; i <= text.length; i++) {
            for (let j = i; j <= text.length; j++) {
              const parser = new EventParser();
              const parts = [text.slice(0, i), text.slice(i, j), text.slice(j), "\n"];
              const got = JSON.stringify(parts.flatMap((part) => parser.feed(part)));
              if (got !== wanted) bad.push([i, j, got]);
            }
          }
          return { wanted: JSON.parse(wanted), bad };
        }"""
    )
    assert found["bad"] == []
    assert found["wanted"] == [
        {"id": "4", "data": '{"a":1}'},
        {"id": "5", "data": ""},
        {"id": None, "data": "x\ny"},
        {"id": "6", "data": "q"},
    ]


LINKS: tuple[tuple[str, list[str]], ...] = (
    ("see https://a.example/b?c=d#e.", ["https://a.example/b?c=d#e"]),
    ("(http://a.example), «https://b.example»", ["http://a.example", "https://b.example"]),
    ("http:// https:// httphttps://c.example", ["https://c.example"]),
    ("javascript:alert(1) data:text/html,x ftp://a.example", []),
    ("https://[broken", []),
    ("HTTPS is fine, http too", []),
)


def links_of(page: "Page", text: str) -> list[str]:
    """The addresses that become links in a text; the text itself has to stay as it was."""
    links: list[str] = page.evaluate(
        """async (text) => {
          const { linkify } = await import("/chatdesk/dom.js");
          const place = document.createElement("p");
          place.append(...linkify(text));
          if (place.textContent !== text) throw new Error("the text was changed");
          return [...place.querySelectorAll("a")].map((link) => link.getAttribute("href"));
        }""",
        text,
    )
    return links


def test_addresses_become_links_and_nothing_else_does(visit: Visit) -> None:
    """A35, D09: web addresses can be clicked; other schemes stay text; no text is lost."""
    page = visit().page
    for text, links in LINKS:
        assert links_of(page, text) == links, text
    assert links_of(page, "http" * 20_000) == []
    assert len(links_of(page, "https://a.example/ " * 2_000)) == 2_000
