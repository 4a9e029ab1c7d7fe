"""Visitors who are watched and shown pages, in a real browser."""

import re
from collections.abc import Callable

import pytest

from tests.browser.actors import Console, Widget
from tests.browser.conftest import Opener
from tests.browser.test_pages import PAYLOADS, check_harmless, watch_alerts

pytestmark = pytest.mark.browser
Visit = Callable[..., Widget]
LogIn = Callable[..., Console]


def test_a_visitor_is_watched_from_coming_to_going(visit: Visit, log_in: LogIn) -> None:
    """B03, B04, B51: browsing with his page, waiting, chatting with an agent by name, gone."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    agent.staff.get_by_label("Change your status").select_option("not_accepting")
    agent.show("Visitors")
    pane = agent.side.get_by_role("tabpanel", name="Visitors")
    rows = pane.get_by_role("listitem")
    expect(pane).to_contain_text("Nobody to see here at the moment.")
    visitor = visit("/contact.html", timezone_id="Europe/Paris")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("browsing")
    expect(rows.first).to_contain_text("Europe/Paris")
    expect(rows.first.get_by_role("link")).to_have_attribute("href", re.compile(r"/contact\.html$"))
    visitor.page.goto(visitor.page.url.replace("contact", "returns"))
    expect(rows.first.get_by_role("link")).to_have_attribute("href", re.compile(r"/returns\.html$"))
    agent.staff.get_by_label("Change your status").select_option("accepting")
    expect(agent.staff.locator("p strong")).to_have_text("available")
    visitor.page.goto(visitor.page.url.replace("returns", "contact"))

    visitor.ask("Where is my order?")
    expect(rows.first).to_contain_text("Jo March")
    expect(rows.first).to_contain_text("waiting (1)")
    expect(pane.get_by_role("status")).to_have_text("0 browsing · 1 waiting · 0 chatting")
    agent.waiting.get_by_role("button", name="Take a chat").click()
    expect(rows.first).to_contain_text("chatting with Ana")
    pane.get_by_label("Which visitors").select_option("browsing")
    expect(rows).to_have_count(0)
    pane.get_by_label("Which visitors").select_option("")
    rows.first.get_by_role("button", name="Jo March").click()
    expect(agent.side.get_by_label("E-mail")).to_have_value("jo@example.com")
    agent.show("Visitors")

    visitor.panel.get_by_role("button", name="End the chat").click()
    expect(rows.first).to_contain_text("browsing")
    visitor.page.close()
    expect(rows).to_have_count(0, timeout=60_000)


def test_a_supervisor_goes_from_a_visitor_to_his_chat(
    visit: Visit, log_in: LogIn, new_page: Opener
) -> None:
    """B52, C07: from the list of visitors, in French too."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visit().ask("Is the lantern windproof?")
    expect(agent.log).to_contain_text("windproof")
    leader = new_page("/console?agent=chloe", locale="fr-FR")
    leader.get_by_role("tab", name="Visiteurs").click()
    pane = leader.get_by_role("tabpanel", name="Visiteurs")
    row = pane.get_by_role("listitem").filter(has_text="en discussion avec Ana")
    row.get_by_role("button", name="Suivre la discussion").click()
    expect(leader.get_by_role("tabpanel", name="Toutes")).to_contain_text("windproof")
    agent.show("Visitors")
    expect(agent.side.get_by_text("chatting with Ana")).to_be_visible()
    expect(agent.side.get_by_role("button", name="Watch the chat")).to_have_count(0)


def test_a_page_is_suggested_with_notice(visit: Visit, log_in: LogIn) -> None:
    """D08, A35: refused without notice; a link that nobody follows but the visitor himself."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Which lantern is for outdoors?")
    expect(agent.log).to_contain_text("outdoors")
    agent.press("Suggest a page")
    dialog = agent.page.get_by_role("dialog", name="Suggest a page")
    dialog.get_by_label("Address of the page").fill("javascript:alert(1)")
    dialog.get_by_label("Name of the page").fill("The storm lantern")
    send = dialog.get_by_role("button", name="Suggest a page")
    send.click()
    expect(dialog.get_by_label("What you say before it")).to_have_attribute("aria-invalid", "true")
    expect(dialog).to_contain_text("Tell the visitor first what the page is.")
    dialog.get_by_label("What you say before it").fill("This one stands any storm:")
    send.click()
    expect(dialog.get_by_label("Address of the page")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Address of the page").fill("/product.html")
    send.click()
    expect(dialog).to_have_count(0)

    here = visitor.page.url
    card = visitor.log.get_by_role("article").filter(has_text="The agent suggests this page:")
    expect(card).to_be_visible()
    expect(visitor.log.get_by_role("article").nth(-2)).to_contain_text("This one stands any storm:")
    own = agent.log.get_by_role("article").filter(has_text="The agent suggests this page:")
    expect(own.get_by_role("link")).to_have_attribute("href", re.compile(r"/product\.html$"))
    assert visitor.page.url == here
    card.get_by_role("link", name="The storm lantern").click()
    visitor.page.wait_for_url("**/product.html")
    expect(visitor.log).to_contain_text("The agent suggests this page:")
    expect(visitor.status.filter(has_text="You are chatting with Ana.")).to_be_visible()


def test_a_page_of_another_site_opens_beside_the_chat(visit: Visit, log_in: LogIn) -> None:
    """D08, D09: the chat stays where it is, and the other site learns nothing of it."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Who makes the glass?")
    expect(agent.log).to_contain_text("glass")
    agent.press("Suggest a page")
    dialog = agent.page.get_by_role("dialog", name="Suggest a page")
    dialog.get_by_label("Address of the page").fill("https://glass.example/?a=<b>")
    dialog.get_by_label("What you say before it").fill("Their own site:")
    dialog.get_by_role("button", name="Suggest a page").click()
    expect(dialog.get_by_label("Address of the page")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Address of the page").fill("https://glass.example/?a=b")
    dialog.get_by_role("button", name="Suggest a page").click()
    link = visitor.log.get_by_role("link", name="https://glass.example/?a=b")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_a_broken_promise_is_told_to_the_agent(visit: Visit, log_in: LogIn) -> None:
    """D04: at its time, at the top of the console, and to the supervisor in the list of chats."""
    from playwright.sync_api import expect

    leader = log_in("chloe")
    leader.show("Canned responses")
    leader.side.get_by_role("button", name="New response").click()
    editor = leader.page.get_by_role("dialog", name="New response")
    editor.get_by_label("Title").fill("Hold")
    editor.get_by_label("Text").fill("One second, I look it up for you.")
    editor.get_by_label("Shortcuts").fill("#sec")
    editor.get_by_label("Categories").fill("holding")
    editor.get_by_label("Promises").fill("0.02")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)
    leader.staff.get_by_label("Change your status").select_option("not_accepting")
    expect(leader.staff.locator("p strong")).to_have_text("not accepting")
    agent = log_in("ana")
    visit().ask("How tall is it?")
    expect(agent.log).to_contain_text("tall")
    field = agent.chats.get_by_label("Your message")
    field.press_sequentially("#sec")
    expect(agent.chats.get_by_role("option").first).to_contain_text("Hold")
    field.press("Enter")
    field.press("Enter")
    findings = agent.chats.get_by_role("alert").filter(has_text="canned text as it stands")
    expect(findings).to_be_visible()
    field.press("Enter")
    expect(agent.page.get_by_role("alert").filter(has_text="You promised Jo March")).to_be_visible()
    leader.show("All chats")
    expect(leader.side).to_contain_text("promise late")


def test_validity_and_attachments_of_a_response(log_in: LogIn) -> None:
    """A21: the editor shows and keeps both, and says by field what the desk refuses."""
    from playwright.sync_api import expect

    leader = log_in("chloe")
    leader.show("Canned responses")
    leader.side.get_by_role("button", name="New response").click()
    editor = leader.page.get_by_role("dialog", name="New response")
    editor.get_by_label("Title").fill("Summer sale")
    editor.get_by_label("Text").fill("All lanterns are half the price.")
    editor.get_by_label("Shortcuts").fill("#sale")
    editor.get_by_label("Categories").fill("offers")
    editor.get_by_label("Offered from").fill("2031-06-21T08:00")
    editor.get_by_label("Offered until").fill("2031-06-20T08:00")
    editor.get_by_label("Attachments").fill("https://shop.example/sale.pdf\nleaflet-7")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_label("Offered until")).to_have_attribute("aria-invalid", "true")
    editor.get_by_label("Offered until").fill("2031-09-21T08:30")
    editor.get_by_role("button", name="Save").click()
    attached = editor.get_by_label("Attachments")
    expect(attached).to_have_attribute("aria-invalid", "true")
    attached.fill("https://shop.example/sale.pdf\n/leaflets/7.pdf")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)
    expect(leader.side.get_by_text("(not offered now)")).to_be_visible()
    expect(leader.side.get_by_role("button", name="Summer sale", exact=True)).to_have_count(0)
    leader.side.get_by_role("button", name="Edit: Summer sale").click()
    editor = leader.page.get_by_role("dialog", name="Edit")
    expect(editor.get_by_label("Offered from")).to_have_value("2031-06-21T08:00")
    expect(editor.get_by_label("Offered until")).to_have_value("2031-09-21T08:30")
    attached = editor.get_by_label("Attachments")
    expect(attached).to_have_value("https://shop.example/sale.pdf\n/leaflets/7.pdf")
    editor.get_by_label("Offered from").fill("")
    attached.fill("")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)
    leader.side.get_by_role("button", name="Edit: Summer sale").click()
    editor = leader.page.get_by_role("dialog", name="Edit")
    expect(editor.get_by_label("Offered from")).to_have_value("")
    expect(editor.get_by_label("Attachments")).to_have_value("")


def test_what_a_page_tells_is_text(visit: Visit, log_in: LogIn) -> None:
    """B51: titles and addresses come from visitors' browsers: no markup, no other schemes."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    fired = watch_alerts(agent.page)
    visitor = visit()
    agent.show("Visitors")
    rows = agent.side.get_by_role("tabpanel", name="Visitors").get_by_role("listitem")
    expect(rows).to_have_count(1)
    title = " ".join(PAYLOADS)
    visitor.page.evaluate(
        """async (title) => {
          const { Connection } = await import("/chatdesk/client.js");
          const token = localStorage.getItem(
            Object.keys(localStorage).find((key) => key.startsWith("chatdesk-token")));
          const api = new URL("/chatdesk/api/", location.href).href;
          const line = new Connection({ api, token: async () => token, listener: {} });
          const url = `javascript:alert(${Math.random()})`;
          await line.send({ type: "renew_visit", page: { url, title } });
        }""",
        title,
    )
    expect(rows.first).to_contain_text(title)
    expect(rows.first.get_by_role("link")).to_have_count(0)
    check_harmless(agent.page)
    assert fired == []


ADDRESSES: tuple[tuple[str, str | None], ...] = (
    ("https://a.example/b", "https://a.example/b"),
    ("/c?d#e", "https://shop.example/c?d#e"),
    ("//evil.example/", "https://evil.example/"),
    ("javascript:alert(1)", None),
    ("java\nscript:alert(1)", None),
    ("data:text/html,x", None),
    ("https://user:secret@a.example/", None),
    ("https://[broken", None),
)


def test_only_web_addresses_become_links(visit: Visit) -> None:
    """D08: the page decides by what the browser itself would open, whatever the desk let by."""
    found = visit().page.evaluate(
        """async (addresses) => {
          const { webAddress } = await import("/chatdesk/dom.js");
          return addresses.map((each) => webAddress(each, "https://shop.example/x")?.href ?? null);
        }""",
        [address for address, _ in ADDRESSES],
    )
    assert found == [expected for _, expected in ADDRESSES]
