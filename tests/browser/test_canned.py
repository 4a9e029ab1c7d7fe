"""Canned responses in the agent's console, in a real browser."""

import re
from collections.abc import Callable

import pytest

from tests.browser.actors import Console, Widget

pytestmark = pytest.mark.browser
Visit = Callable[..., Widget]
LogIn = Callable[..., Console]


def test_a_shortcut_expands_at_the_caret(visit: Visit, log_in: LogIn) -> None:
    """B25, B28: `#` or `/` opens the list; arrows choose, Enter or Tab inserts, Esc closes."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Good morning!")
    expect(agent.log).to_contain_text("Good morning!")
    field = agent.chats.get_by_label("Your message")
    field.press_sequentially("#hel")
    options = agent.chats.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_contain_text("Welcome")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("Escape")
    expect(options.first).not_to_be_visible()
    expect(field).to_have_value("#hel")
    field.press_sequentially("l")
    expect(options.first).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("Hello Jo, this is Ana. What can I do for you?")
    field.press("Control+z")  # as any other thing he typed
    expect(field).to_have_value("#hell")
    field.press("Control+y")
    expect(field).to_have_value("Hello Jo, this is Ana. What can I do for you?")
    field.press("Escape")
    field.press_sequentially(" And /re")
    expect(options).not_to_have_count(0)
    expect(options.first).to_be_visible()
    second = options.nth(1)
    field.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    field.press("ArrowUp")
    field.press("Tab")
    expect(field).to_be_focused()
    expect(field).not_to_have_value("Hello Jo, this is Ana. What can I do for you? And /re")
    field.fill("#hello")
    field.press("Enter")  # before the list can have come
    expect(field).to_have_value("Hello Jo, this is Ana. What can I do for you?")
    field.press("Enter")
    expect(visitor.log).to_contain_text("Hello Jo, this is Ana.")
    expect(agent.chats.get_by_role("tabpanel")).to_contain_text("called by name 1 time")
    agent.write("See order #17")  # a number is no shortcut: Enter sends
    expect(visitor.log).to_contain_text("See order #17")


def test_a_suggestion_is_taken_and_learned_from(visit: Visit, log_in: LogIn) -> None:
    """A22, B29, D06: it stands over the field; taken and sent, its question is learned."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("When do I get my money back, the refund for the parcel?")
    suggested = agent.chats.get_by_role("group", name="Suggested")
    suggested.get_by_role("button", name="Not these").click()
    expect(suggested).not_to_be_visible()
    visitor.write("And when do I get my money back, the refund?")
    suggested.get_by_role("button", name="When the money comes back").click()
    field = agent.chats.get_by_label("Your message")
    text = "We pay back within five working days of the parcel’s arrival, the way you paid."
    expect(field).to_have_value(text)
    expect(suggested).not_to_be_visible()
    field.press("Enter")
    findings = agent.chats.get_by_role("alert")
    expect(findings).to_contain_text("canned text as it stands")
    expect(field).to_have_value(text)
    field.press("Enter")
    expect(visitor.log).to_contain_text(text)
    expect(findings).to_be_empty()

    leader = log_in("chloe")
    leader.show("Canned responses")
    leader.side.get_by_role("button", name="Edit: When the money comes back").click()
    editor = leader.page.get_by_role("dialog", name="Edit")
    editor.get_by_text("Learned from visitors’ questions").click()
    expect(editor).to_contain_text("Sent of late: 1, by you: 0.")
    lesson = editor.get_by_role("listitem").filter(has_text="get my money back")
    lesson.get_by_role("button", name="Forget").click()
    expect(lesson).to_have_count(0)
    editor.get_by_label("Title").fill("Repayment")
    editor.get_by_role("button", name="Save").click()
    expect(leader.side.get_by_role("button", name="Edit: Repayment")).to_be_visible()


def test_a_placeholder_left_open_stops_the_reply(visit: Visit, log_in: LogIn) -> None:
    """D06: what is not filled in is shown, and sent only when it is."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Hello?")
    expect(agent.log).to_contain_text("Hello?")
    field = agent.chats.get_by_label("Your message")
    field.press_sequentially("#parcel")
    expect(agent.chats.get_by_role("option").first).to_contain_text("Where a parcel is")
    field.press("Tab")
    for _ in range(2):
        field.press("Enter")
        alert = agent.chats.get_by_role("alert")
        expect(alert).to_contain_text("{{ order.number }} is not filled in yet.")
        expect(field).not_to_have_value("")
    field.fill(field.input_value().replace("{{ order.number }}", "A-17"))
    field.press("Enter")
    expect(visitor.log).to_contain_text("Your order A-17 has left our house.")


def test_closing_is_one_step_away(visit: Visit, log_in: LogIn) -> None:
    """D04, D13, D15: opening, holding and closing texts, in the visitor's language."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit("/", locale="fr-FR").open("Discuter avec nous")
    visitor.fill("Bonjour ?")
    visitor.panel.get_by_role("button", name="Démarrer la discussion").click()
    expect(agent.log).to_contain_text("Bonjour ?")
    agent.press("Holding")
    field = agent.chats.get_by_label("Your message")
    expect(field).to_have_value("Un instant, Jo : je me renseigne.")
    field.press("Enter")
    expect(visitor.log).to_contain_text("je me renseigne")
    expect(agent.chats.get_by_role("timer").first).to_contain_text("You have promised an answer")
    agent.press("Closing")
    expect(field).to_have_value(
        "Merci de votre visite, Jo. Autre chose ? Sinon, je vous souhaite une bonne journée."
    )


def test_a_language_without_responses_has_ours(visit: Visit, log_in: LogIn) -> None:
    """D13: whatever the visitor's language, a closing text is one step away."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit("/", locale="fr-FR").open("Discuter avec nous")
    visitor.fill("Bonjour ?")
    visitor.panel.get_by_role("button", name="Démarrer la discussion").click()
    expect(agent.log).to_contain_text("Bonjour ?")
    leader = log_in("chloe")
    leader.show("Canned responses")
    leader.side.get_by_role("button", name="Edit: Au revoir").click()
    editor = leader.page.get_by_role("dialog", name="Edit")
    editor.get_by_role("button", name="Take out of use").click()
    expect(editor).to_have_count(0)
    agent.press("Closing")
    expect(agent.field).to_have_value(re.compile(r"^Thank you for your visit, Jo\."))


def test_the_list_opens_wherever_the_caret_is(visit: Visit, log_in: LogIn) -> None:
    """B28: within a text, in its second line, while a word is being composed; text around stays."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visit().ask("Good morning!")
    expect(agent.log).to_contain_text("Good morning!")
    field = agent.chats.get_by_label("Your message")
    options = agent.chats.get_by_role("listbox").get_by_role("option")
    hours = "The shop is open from Monday to Saturday, nine to six."
    field.fill("Well:\n and so on")
    field.evaluate("(field) => field.setSelectionRange(6, 6)")
    field.press_sequentially("#hou")
    expect(options.first).to_contain_text("Opening hours")
    composing = agent.page.context.new_cdp_session(agent.page)
    composing.send(
        "Input.imeSetComposition", {"text": "rs", "selectionStart": 2, "selectionEnd": 2}
    )
    enter = {"type": "rawKeyDown", "key": "Process", "windowsVirtualKeyCode": 229}
    composing.send("Input.dispatchKeyEvent", enter)
    expect(field).to_have_value("Well:\n#hours and so on")
    composing.send("Input.insertText", {"text": "rs"})
    expect(options.first).to_contain_text("Opening hours")
    field.press("Enter")
    expect(field).to_have_value(re.compile(rf"^Well:\n{hours}.* and so on$", re.DOTALL))
    field.fill("")
    composing.send("Input.insertText", {"text": "pasted #hours\nand more"})
    expect(field).to_have_value("pasted #hours\nand more")
    expect(options).to_have_count(0)


def test_a_reply_is_kept_as_a_canned_response(visit: Visit, log_in: LogIn) -> None:
    """A18, B29: what an agent wrote well becomes his response; problems are told by field."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visit().ask("Do you sell wicks?")
    expect(agent.log).to_contain_text("wicks")
    agent.write("Yes: cotton wicks, three sizes.")
    kept = agent.log.get_by_role("article").filter(has_text="three sizes")
    kept.get_by_role("button", name="Keep as canned response").click()
    editor = agent.page.get_by_role("dialog", name="New response")
    expect(editor.get_by_label("Text")).to_have_value("Yes: cotton wicks, three sizes.")
    editor.get_by_label("Title").fill("Wicks")
    editor.get_by_label("Shortcuts").fill("#hello")
    editor.get_by_label("Categories").fill("advice/lanterns")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_contain_text("This does not look right.")
    editor.get_by_label("Shortcuts").fill("wicks")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)
    agent.show("Canned responses")
    advice = agent.side.get_by_role("group").filter(has=agent.page.get_by_text("advice"))
    inner = advice.get_by_role("group").filter(has=agent.page.get_by_text("lanterns", exact=True))
    expect(inner.get_by_role("button", name="Wicks", exact=True)).to_be_visible()
    agent.side.get_by_label("Find a response").fill("wick")
    agent.side.get_by_role("button", name="Wicks", exact=True).click()
    expect(agent.field).to_have_value("Yes: cotton wicks, three sizes.")
    agent.side.get_by_role("button", name="Edit: Wicks").click()
    editor = agent.page.get_by_role("dialog", name="Edit")
    editor.get_by_role("button", name="Take out of use").click()
    expect(agent.side.get_by_role("button", name="Edit: Wicks")).to_have_count(0)
    agent.side.get_by_label("Find a response").fill("")
    agent.side.get_by_label("Also those out of use").check()
    agent.side.get_by_role("button", name="Edit: Wicks").click()
    editor.get_by_role("button", name="Use again").click()
    expect(editor).to_have_count(0)
    agent.side.get_by_label("Find a response").fill("wick")
    expect(agent.side.get_by_role("button", name="Wicks", exact=True)).to_be_visible()


def test_attachments_go_with_the_reply(visit: Visit, log_in: LogIn) -> None:
    """A21, A35: the visitor gets links that open; the agent may take one away before he sends."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Do you have a leaflet?")
    expect(agent.log).to_contain_text("leaflet")
    agent.show("Canned responses")
    agent.side.get_by_role("button", name="New response").click()
    editor = agent.page.get_by_role("dialog", name="New response")
    editor.get_by_label("Title").fill("Leaflet")
    editor.get_by_label("Text").fill("Here it is, {{ customer.first_name }}.")
    editor.get_by_label("Shortcuts").fill("#leaflet")
    editor.get_by_label("Categories").fill("advice")
    editor.get_by_label("Attachments").fill("/icon.svg\nhttps://shop.example/prices.pdf?v=2")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_have_count(0)
    field = agent.chats.get_by_label("Your message")
    field.press_sequentially("#leaf")
    expect(agent.chats.get_by_role("option").first).to_contain_text("Leaflet")
    field.press("Enter")
    attached = agent.chats.get_by_role("list", name="Goes with the reply")
    expect(attached.get_by_role("listitem")).to_have_count(2)
    attached.get_by_role("button", name="Take away: https://shop.example/prices.pdf").click()
    expect(attached.get_by_role("listitem")).to_have_count(1)
    field.fill("!" * 8001)
    field.press("Enter")
    expect(attached).not_to_be_visible()
    agent.log.get_by_role("button", name="Change it").click()
    expect(attached.get_by_role("listitem")).to_have_count(1)  # it comes back with the text
    field.fill("Here it is, Jo.")
    field.press("Enter")
    expect(attached).not_to_be_visible()
    link = visitor.log.get_by_role("link", name="icon.svg")
    with visitor.page.context.expect_page() as opened:
        link.click()
    assert opened.value.url.endswith("/icon.svg")
    expect(agent.log.get_by_role("link", name="icon.svg")).to_be_visible()
    expect(visitor.log.get_by_role("link", name="prices.pdf")).to_have_count(0)


def test_a_reply_edited_away_is_unlearned(visit: Visit, log_in: LogIn) -> None:
    """A22: another visitor asks the same, the reply is put in and something else is written."""
    from playwright.sync_api import expect

    agent, question = log_in("ana"), "My lamp smells of fish, why on earth?"
    for name, email in (("Jo March", "jo@example.com"), ("Amy March", "amy@example.com")):
        visitor = visit()
        visitor.ask(question, name=name, email=email)
        agent.tab(name).click()
        expect(agent.log).to_contain_text("fish")
        field = agent.chats.get_by_role("tabpanel").get_by_label("Your message")
        field.press_sequentially("#burning")
        expect(agent.chats.get_by_role("option").first).to_contain_text("burns")
        field.press("Enter")
        if name == "Amy March":
            agent.write("Which oil do you use, please?")
            expect(visitor.log).to_contain_text("Which oil")
            continue
        field.press("Enter")
        field.press("Enter")
        expect(visitor.log).to_contain_text("One filling burns")
    leader = log_in("chloe")
    leader.show("Canned responses")
    leader.side.get_by_role("button", name="Edit: How long a lantern burns").click()
    editor = leader.page.get_by_role("dialog", name="Edit")
    expect(editor.get_by_label("Title")).to_have_value("How long a lantern burns")
    expect(editor.get_by_text("Learned from visitors’ questions")).to_have_count(0)


def test_gaps_are_shown_to_supervisors(visit: Visit, log_in: LogIn) -> None:
    """D07: how many chats needed canned responses, and what had none."""
    from playwright.sync_api import expect

    leader = log_in("chloe")
    leader.show("Canned responses")
    leader.side.get_by_role("button", name="What is missing?").click()
    expect(leader.side).to_contain_text("In the last 0 chats")
    leader.staff.get_by_label("Change your status").select_option("not_accepting")
    expect(leader.staff.locator("p strong")).to_have_text("not accepting")
    agent = log_in("ana")
    agent.show("Canned responses")
    expect(agent.side.get_by_role("button", name="New response")).to_be_visible()
    expect(agent.side.get_by_role("button", name="What is missing?")).not_to_be_visible()
    for name in ("Jo", "Amy"):
        visitor = visit()
        asked = "Can elephants borrow bicycles?" + " Please tell!" * (name == "Amy")
        visitor.ask(asked, name=name, email=f"{name.lower()}@example.com")
        agent.tab(name).click()
        expect(agent.log).to_contain_text("elephants")
        field = agent.chats.get_by_role("tabpanel").get_by_label("Your message")
        field.press_sequentially("#bye")
        expect(agent.chats.get_by_role("option").first).to_contain_text("Goodbye")
        field.press("Tab")
        field.press("Enter")
        expect(visitor.log).to_contain_text("Is there anything else?")
    leader.side.get_by_role("button", name="Back").click()
    leader.side.get_by_role("button", name="What is missing?").click()
    expect(leader.side).to_contain_text("In the last 2 chats")
    often = leader.side.get_by_role("listitem").filter(has_text="Goodbye")
    expect(often).to_contain_text("Can elephants borrow bicycles?")
    missing = leader.side.get_by_role("listitem").filter(has_text="Can elephants").last
    expect(missing).to_contain_text("Please tell!")
