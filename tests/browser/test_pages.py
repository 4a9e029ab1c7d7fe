"""The pages by themselves: languages, small screens, lost servers, hostile text."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.actors import Console, Widget

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

    from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
Visit = Callable[..., Widget]
LogIn = Callable[..., Console]

# each would call `alert` if it were ever taken for markup, an address or code
PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '"><iframe srcdoc="<script>alert(1)</script>">',
    "javascript:alert(1)",
    'https://x.example/"onmouseover=alert(1)//',
    "http://javascript:alert(1)@x.example/",
    "<a href=javascript:alert(1)>x</a>",
    "{{constructor.constructor('alert(1)')()}}",
    "'-alert(1)-'",
    "<style>@import 'javascript:alert(1)'</style>",
    "<math><mtext><mglyph><style><img src=x onerror=alert(1)>",
)


def test_the_pages_speak_french(visit: Visit, log_in: LogIn) -> None:
    """The browser's language, or the one in the address, is spoken on both pages."""
    from playwright.sync_api import expect

    visitor = visit("/", locale="fr-FR")
    visitor.open("Laissez-nous un message")
    expect(visitor.panel.get_by_label("Nom")).to_be_visible()
    expect(visitor.panel).to_contain_text("un de ces renseignements : E-mail ou Numéro de client")
    visitor.fill("Où êtes-vous ?")
    visitor.panel.get_by_role("button", name="Laisser le message").click()
    expect(visitor.panel).to_contain_text("Nos réponses apparaîtront ici.")
    agent = visit("/console?agent=ana&lang=fr").page
    expect(agent.get_by_text("0 visiteur en attente")).to_be_visible()
    expect(agent.get_by_text("1 opérateur en ligne")).to_be_visible()
    assert agent.locator("html").get_attribute("lang") == "fr"


def test_every_sentence_is_in_both_languages(visit: Visit) -> None:
    """The language files have the same codes, and the same places to fill."""
    page = visit().page
    english, french = (
        page.evaluate("async (url) => (await fetch(url)).json()", f"/chatdesk/lang/{each}.json")
        for each in ("en", "fr")
    )
    assert english.keys() == french.keys()
    for code, sentence in english.items():
        assert isinstance(sentence, dict) == isinstance(french[code], dict), code
        assert places(sentence) == places(french[code]), code


def places(sentence: str | dict[str, str]) -> set[str]:
    """The names in braces."""
    texts = sentence.values() if isinstance(sentence, dict) else [sentence]
    return set(re.findall(r"\{\w+\}", " ".join(texts)))


def test_the_widget_fits_a_phone(visit: Visit, log_in: LogIn) -> None:
    """Nothing sticks out of a screen of 360 pixels, on either page."""
    from playwright.sync_api import expect

    phone = {"viewport": {"width": 360, "height": 640}}
    agent = log_in("ana", **phone)
    visitor = visit("/", **phone)
    visitor.ask("A very long word: " + "x" * 200)
    expect(visitor.log).to_contain_text("xxx")
    expect(agent.log).to_contain_text("xxx")
    for page in (visitor.page, agent.page):
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
    box = visitor.panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


def test_everything_that_takes_input_has_a_name(visit: Visit, log_in: LogIn) -> None:
    """No field or button is without a name for who cannot see it."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Hello?")
    expect(agent.log).to_contain_text("Hello?")
    for page in (visitor.page, agent.page):
        fields = page.locator("input, select, textarea, button").filter(visible=True)
        assert fields.count() > 2
        for field in fields.all():
            expect(field).to_have_accessible_name(re.compile(r"\S"))


def test_logging_out_asks_who_comes(log_in: LogIn) -> None:
    """The address that logs in at once does not do it again; another one is another agent."""
    from playwright.sync_api import expect

    page = log_in("ana").page
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Bo").click()
    expect(page.get_by_role("banner")).to_contain_text("Bo")
    page.goto(page.url.partition("/chatdesk")[0] + "/console?agent=ana")
    expect(page.get_by_role("banner")).to_contain_text("Ana")


def test_waits_are_told_by_the_desk_s_clock(visit: Visit, log_in: LogIn) -> None:
    """B55: a machine whose clock is wrong shows right waits; news take no focus away."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    agent.page.add_init_script("const now = Date.now; Date.now = () => now() + 600_000;")
    agent.page.reload()
    visit("/contact.html").ask("Where is my parcel?", name="Jo")
    first = agent.waiting.get_by_role("listitem").filter(has_text="Jo")
    expect(first.get_by_role("time")).to_have_text(re.compile("second"))
    why = first.get_by_role("button", name="Why?")
    why.focus()
    visit("/contact.html").ask("And mine?", name="Mia", email="mia@example.com")
    expect(agent.waiting.get_by_role("listitem")).to_have_count(2)
    expect(why).to_be_focused()


def test_a_form_says_what_is_wrong(visit: Visit, log_in: LogIn) -> None:
    """A05: a wrong address is told as such, a missing one as one of two that are enough."""
    from playwright.sync_api import expect

    log_in("ana")
    visitor = visit().open()
    send = visitor.panel.get_by_role("button", name="Start the chat")
    email = visitor.panel.get_by_label("E-mail")
    number = visitor.panel.get_by_label("Customer number")
    one_is_enough = "Please give at least one of: E-mail or Customer number."
    visitor.fill("Is it heavy?", email="")
    send.click()
    expect(email).to_have_accessible_description(one_is_enough)
    expect(number).to_have_accessible_description(one_is_enough)
    expect(email).to_be_focused()
    email.fill("jo at example")
    send.click()
    expect(email).to_have_accessible_description(re.compile("an e-mail address such as"))
    expect(number).not_to_have_attribute("aria-invalid", "true")


def test_a_reload_and_a_second_tab_keep_the_chat(visit: Visit, log_in: LogIn) -> None:
    """A34, B19: the visitor's page shows the same talk after a reload and in another tab."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Still there after a reload?")
    expect(agent.log).to_contain_text("Still there")
    visitor.page.reload()
    expect(visitor.log).to_contain_text("Still there after a reload?")
    tab = Widget(visitor.page.context.new_page())
    tab.page.goto(visitor.page.url + "cart.html")
    tab.open()
    expect(tab.log).to_contain_text("Still there after a reload?")
    agent.write("Yes, in both.")
    expect(tab.log).to_contain_text("Yes, in both.")
    expect(visitor.log).to_contain_text("Yes, in both.")
    tab.write("Thank you from here.")
    expect(visitor.log.get_by_text("Thank you from here.")).to_have_count(1)
    expect(tab.log.get_by_text("Thank you from here.")).to_have_count(1)


def test_what_was_begun_goes_from_page_to_page(visit: Visit, log_in: LogIn) -> None:
    """A38, D02: who walks on through the shop need not write his question or message again."""
    from playwright.sync_api import expect

    log_in("ana")
    visitor = visit().open()
    visitor.fill("Does it stand the")
    visitor.page.get_by_role("link", name="Cast-iron teapot").click()
    expect(visitor.panel.get_by_label("Your question")).to_have_value("Does it stand the")
    expect(visitor.panel.get_by_label("Name")).to_have_value("Jo March")
    visitor.panel.get_by_role("button", name="Start the chat").click()
    field = visitor.panel.get_by_role("textbox", name="Your message")
    field.fill("fire of a")
    visitor.page.get_by_role("link", name="Cart").click()
    expect(field).to_have_value("fire of a")
    field.press("Enter")
    visitor.page.reload()
    expect(visitor.log).to_contain_text("fire of a")
    expect(field).to_have_value("")


def test_a_browser_without_storage_can_chat(visit: Visit, log_in: LogIn) -> None:
    """A01: who forbids his browser to store anything asks and is answered all the same."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, { get() { throw new DOMException("no"); } });
        }"""
    )
    visitor.page.reload()
    visitor.ask("Do you deliver?")
    expect(agent.log).to_contain_text("Do you deliver?")
    agent.write("We do.")
    expect(visitor.log).to_contain_text("We do.")


def test_a_restart_of_the_server_loses_nothing(visit: Visit, log_in: LogIn, site: "Site") -> None:
    """A39: pages find a restarted server; what was written meanwhile arrives, once."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Before the restart.")
    expect(agent.log).to_contain_text("Before the restart.")
    site.stop()
    expect(visitor.panel.get_by_text("reconnecting…")).to_be_visible()
    visitor.write("Written while nobody listened.")
    expect(visitor.log).to_contain_text("sending…")
    site.start()
    expect(agent.log).to_contain_text("Written while nobody listened.")
    agent.write("And back.")
    expect(visitor.log).to_contain_text("And back.")
    for log in (visitor.log, agent.log):
        expect(log.get_by_text("Written while nobody listened.")).to_have_count(1)


def watch_alerts(page: "Page") -> list[str]:
    """What `alert` is called with from now on."""
    fired: list[str] = []

    def note(dialog: "Dialog") -> None:
        fired.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    return fired


def check_harmless(page: "Page") -> None:
    """The page has only links to web addresses, and no element with code in an attribute."""
    found = page.evaluate(
        """() => {
          const roots = [document, ...[...document.querySelectorAll("*")]
            .map((each) => each.shadowRoot).filter(Boolean)];
          const all = roots.flatMap((root) => [...root.querySelectorAll("*")]);
          const inside = all.filter((each) => each.localName !== "script");
          return inside.flatMap((each) => [...each.attributes]
            .filter((a) => a.name.startsWith("on") || /^\\s*javascript:/i.test(a.value))
            .map((a) => `${each.localName} ${a.name}=${a.value}`))
            .concat(inside.filter((each) => each.localName === "a")
              .map((each) => each.protocol).filter((p) => !/^https?:$/.test(p)));
        }"""
    )
    assert found == []


def test_no_text_is_ever_taken_for_markup(visit: Visit, log_in: LogIn) -> None:
    """Scripts in every text field of both sides run on neither page."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    fired = [watch_alerts(agent.page), watch_alerts(visitor.page)]
    visitor.ask(PAYLOADS[0], name=PAYLOADS[1])
    expect(agent.log).to_contain_text(PAYLOADS[0])
    for payload in PAYLOADS:
        visitor.write(payload)
        expect(agent.log.get_by_role("article").last).to_contain_text(payload)
        agent.write(payload)
        answers = visitor.log.get_by_role("article").filter(has_text="Ana")
        expect(answers.last).to_contain_text(payload)
    for label in ("Phone", "Social login name", "Notes"):
        agent.side.get_by_label(label).fill(PAYLOADS[2])
    agent.side.get_by_role("button", name="Save").click()
    expect(agent.side.get_by_text("Saved.")).to_be_visible()
    agent.side.get_by_label("Entry").fill(PAYLOADS[3])
    agent.side.get_by_role("button", name="Add to the history").click()
    agent.press("Make a ticket")
    dialog = agent.page.get_by_role("dialog")
    dialog.get_by_label("Title").fill(PAYLOADS[4])
    dialog.get_by_label("Comment for colleagues").fill(PAYLOADS[5])
    dialog.get_by_role("button", name="Make a ticket").click()
    comment = agent.side.get_by_role("article").filter(has_text=PAYLOADS[5])
    expect(comment.first).to_be_visible()
    agent.show("Last questions")
    expect(agent.side.get_by_role("article")).to_contain_text(PAYLOADS[1])
    for page in (visitor.page, agent.page):
        check_harmless(page)
    assert fired == [[], []]


def test_a_page_that_takes_text_for_markup_does_fire(new_page: Callable[..., "Page"]) -> None:
    """The control: the same payload runs where markup is allowed, so the watch is not blind."""
    from playwright.sync_api import expect

    page = new_page("/healthz")
    page.goto("about:blank")
    fired = watch_alerts(page)
    page.evaluate("text => { document.body.innerHTML = text }", PAYLOADS[1])
    expect(page.locator("img")).to_have_count(1)
    page.wait_for_function("() => true")
    assert fired == ["1"]
