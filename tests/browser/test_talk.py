"""Whole conversations between a visitor's widget and an agent's console, in a real browser."""

import re
from collections.abc import Callable

import pytest

from tests.browser.actors import Console, Widget

pytestmark = pytest.mark.browser
Visit = Callable[..., Widget]
LogIn = Callable[..., Console]


def test_a_talk_from_the_question_to_the_rating(visit: Visit, log_in: LogIn) -> None:
    """A05, A26, A28, A30, A33, A34, A39, B17: asked, answered, qualified, closed and rated."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Is the lantern windproof?", email="")
    expect(visitor.panel.get_by_role("textbox", name="E-mail")).to_have_attribute(
        "aria-invalid", "true"
    )
    visitor.panel.get_by_label("E-mail").fill("jo@example.com")
    visitor.panel.get_by_role("button", name="Start the chat").click()
    expect(visitor.status.filter(has_text="You are chatting with Ana.")).to_be_visible()

    expect(agent.log).to_contain_text("Is the lantern windproof?")
    agent.field.press_sequentially("It is.")
    expect(visitor.log).to_contain_text("Ana is typing…")
    agent.field.press("Enter")
    expect(visitor.log).to_contain_text("It is.")
    expect(visitor.log).not_to_contain_text("is typing")
    visitor.write("Thank you 🕯️")
    expect(agent.log).to_contain_text("Thank you 🕯️")
    visitor.panel.get_by_role("button", name="End the chat and give your opinion").click()

    expect(agent.chats).to_contain_text("The visitor has ended the conversation.")
    agent.press("Close the chat")
    expect(agent.chats.get_by_role("alert")).to_have_text(
        "Please qualify the chat first, then close it."
    )
    agent.chats.get_by_role("radio", name="Product").check()
    agent.press("Save")
    expect(agent.chats.get_by_text("Saved.")).to_be_visible()
    agent.press("Close the chat")
    expect(agent.chats).to_contain_text("You have no chats at the moment.")

    visitor.panel.get_by_role("radio", name="5").check()
    visitor.panel.get_by_label("Your comment").fill("Quick.")
    visitor.panel.get_by_role("button", name="Send your opinion").click()
    expect(visitor.panel).to_contain_text("Thank you for your opinion.")
    visitor.panel.get_by_role("button", name="Ask something else").click()
    expect(visitor.panel.get_by_label("Your question")).to_be_focused()


def test_what_was_ticked_last_is_kept(visit: Visit, log_in: LogIn) -> None:
    """A26, A28: the form survives a reload, and closing saves what was ticked after saving."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit("/", viewport={"width": 1280, "height": 500})
    visitor.ask("Is it dear?")
    for number in range(8):
        agent.write(f"Answer {number}")
        expect(visitor.log).to_contain_text(f"Answer {number}")
    expect(agent.field).to_be_focused()
    visitor.panel.get_by_role("button", name="End the chat and give your opinion").click()
    expect(visitor.log.get_by_text("You have ended the conversation.")).to_be_in_viewport()
    expect(agent.log.get_by_text("The visitor has ended the conversation.")).to_be_in_viewport()
    expect(agent.chats.get_by_role("heading", name="Qualify the request")).to_be_focused()
    agent.chats.get_by_role("radio", name="Product").check()
    agent.press("Save")
    expect(agent.chats.get_by_text("Saved.")).to_be_visible()

    agent.page.reload()
    expect(agent.chats.get_by_role("radio", name="Product")).to_be_checked()
    agent.chats.get_by_role("radio", name="Price").check()
    with agent.page.expect_request(lambda each: "qualify_chat" in (each.post_data or "")) as sent:
        agent.press("Close the chat")
    assert '"answers":{"subject":"price"}' in (sent.value.post_data or "")
    expect(agent.chats).to_contain_text("You have no chats at the moment.")
    expect(agent.chats.get_by_text("You have no chats at the moment.")).to_be_focused()


def test_a_visitor_waits_until_somebody_takes_the_chat(visit: Visit, log_in: LogIn) -> None:
    """A12, A13, B54: the line is counted on both sides and moves up as its head is taken."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    first, second = visit("/contact.html"), visit("/contact.html")
    first.ask("Where is my order?", name="First")
    expect(first.status.filter(has_text="number 1 in line")).to_be_visible()
    second.ask("And mine?", name="Second", email="second@example.com")
    expect(second.status.filter(has_text="number 2 in line")).to_be_visible()
    expect(agent.waiting).to_contain_text("2 visitors waiting")
    agent.waiting.get_by_role("button", name="Why?").first.click()
    expect(agent.page.get_by_role("alert")).to_contain_text("taken by hand")

    agent.waiting.get_by_role("button", name="Take a chat").click()
    expect(agent.tab("First")).to_have_attribute("aria-selected", "true")
    expect(agent.waiting).to_contain_text("1 visitor waiting")
    expect(first.status.filter(has_text="You are chatting with Ana.")).to_be_visible()
    expect(second.status.filter(has_text="number 1 in line")).to_be_visible(timeout=20_000)
    second.panel.get_by_role("button", name="Stop waiting").click()
    expect(second.panel).to_contain_text("You have left the line.")
    expect(agent.waiting).to_contain_text("0 visitors waiting")


def test_an_offer_is_declined_by_one_and_accepted_by_the_next(visit: Visit, log_in: LogIn) -> None:
    """A16: an offer has a countdown, goes on when declined, survives a reload, and is accepted."""
    from playwright.sync_api import expect

    agents = [log_in("ana"), log_in("bo")]
    visitor = visit("/returns.html")
    visitor.ask("The glass is broken.")
    offers = [agent.waiting.get_by_role("article") for agent in agents]
    expect(offers[0]).to_contain_text("seconds left")
    expect(offers[1]).to_have_count(0)
    offers[0].get_by_role("button", name="Decline").click()
    expect(offers[1]).to_contain_text("The glass is broken.")
    expect(offers[0]).to_have_count(0)
    agents[1].page.reload()
    expect(offers[1]).to_contain_text("seconds left")
    offers[1].get_by_role("button", name="Accept").click()
    expect(visitor.status.filter(has_text="You are chatting with Bo.")).to_be_visible()
    expect(agents[1].log).to_contain_text("The glass is broken.")


def test_new_messages_mark_their_tab_and_drafts_stay(visit: Visit, log_in: LogIn) -> None:
    """A24, A25, B21: another chat's message marks that tab yellow; drafts survive switching."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    jo, mia = visit(), visit()
    jo.ask("First question", name="Jo")
    expect(agent.tab("Jo")).to_be_visible()
    mia.ask("Second question", name="Mia", email="mia@example.com")
    expect(agent.tab("Mia")).to_have_accessible_name("Mia (new message)")
    expect(agent.tab("Mia")).to_have_css("background-color", "rgb(255, 212, 59)")
    agent.field.fill("a draft for Jo")
    agent.tab("Mia").click()
    expect(agent.tab("Mia")).to_have_accessible_name("Mia")
    expect(agent.field).to_have_value("")
    agent.field.fill("a draft for Mia")
    jo.write("Are you there?")
    expect(agent.tab("Jo")).to_have_accessible_name("Jo (new message)")
    expect(agent.tab("Mia")).to_have_accessible_name("Mia")
    agent.tab("Mia").press("ArrowRight")
    expect(agent.tab("Jo")).to_have_attribute("aria-selected", "true")
    expect(agent.tab("Jo")).to_have_accessible_name("Jo")
    expect(agent.field).to_have_value("a draft for Jo")
    agent.page.reload()
    agent.tab("Mia").click()
    expect(agent.field).to_have_value("a draft for Mia")


def test_who_waits_for_an_answer_comes_first(visit: Visit, log_in: LogIn) -> None:
    """C17, C18: chats are ordered by whose turn it is, where the agent wants them so."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    jo, mia = visit(), visit()
    jo.ask("First question", name="Jo")
    expect(agent.tab("Jo")).to_be_visible()
    mia.ask("Second question", name="Mia", email="mia@example.com")
    tabs = agent.chats.get_by_role("tab")
    expect(tabs).to_have_text(["Jo", re.compile("Mia")])
    agent.write("Answered.")
    expect(jo.log).to_contain_text("Answered.")
    agent.chats.get_by_label("Who waits for an answer first").check()
    expect(tabs).to_have_text([re.compile("Mia"), "Jo"])
    agent.tab("Mia").click()
    jo.write("And now?")
    expect(tabs).to_have_text(["Mia", re.compile("Jo")])  # she has waited longer
    agent.write("Answered, too.")
    expect(tabs).to_have_text([re.compile("Jo"), "Mia"])
    agent.page.reload()
    expect(tabs).to_have_text([re.compile("Jo"), "Mia"])


def test_a_transfer_brings_transcript_and_note(visit: Visit, log_in: LogIn) -> None:
    """B12, B14, B15: the colleague gets the whole talk and the note, the visitor is told."""
    from playwright.sync_api import expect

    ana, bo = log_in("ana"), log_in("bo")
    visitor = visit()
    visitor.ask("Do you repair teapots?")
    expect(ana.log).to_contain_text("Do you repair teapots?")
    ana.write("One moment, a colleague knows.")
    expect(visitor.log).to_contain_text("a colleague knows")
    ana.press("Transfer")
    dialog = ana.page.get_by_role("dialog", name="Transfer")
    dialog.get_by_label("To", exact=True).select_option(label="Bo (available)")
    dialog.get_by_label("Note for the colleague").fill("She has had it since 1990.")
    dialog.get_by_label("The customer agrees").check()
    dialog.get_by_role("button", name="Transfer").click()
    for text in ("Do you repair teapots?", "a colleague knows", "since 1990"):
        expect(bo.log).to_contain_text(text)
    expect(visitor.log).to_contain_text("Bo is here to help you.")
    expect(visitor.log).not_to_contain_text("1990")
    expect(ana.chats).to_contain_text("You have no chats at the moment.")


def test_a_status_of_not_accepting_keeps_the_chats(visit: Visit, log_in: LogIn) -> None:
    """A16, B04, B06, B07: no new chats, the old one goes on, and the console says why."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor, late = visit(), visit()
    visitor.ask("Hello?")
    expect(agent.log).to_contain_text("Hello?")
    status = agent.staff.get_by_role("combobox", name="Change your status")
    status.select_option(label="Not accepting chats: lunch")
    expect(agent.staff.get_by_role("listitem").filter(has_text="Ana")).to_contain_text("lunch")
    agent.staff.get_by_role("button", name="Why do I get no chat?").click()
    expect(agent.staff).to_contain_text("Your status is “not accepting chats”.")
    late.open()
    expect(late.panel).to_contain_text("Nobody is here at the moment.")
    agent.write("Still with you.")
    expect(visitor.log).to_contain_text("Still with you.")
    agent.page.reload()
    expect(agent.staff.locator("p strong")).to_have_text("not accepting")
    expect(agent.tab("Jo March")).to_be_visible()


def test_the_agent_sees_what_is_typed_only_where_the_visitor_is_told(
    visit: Visit, log_in: LogIn
) -> None:
    """B17, B18: a preview reaches the agent, is announced to the visitor and kept nowhere."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("Hello?")
    expect(visitor.panel).to_contain_text("can see what you type before you send it")
    field = visitor.panel.get_by_role("textbox", name="Your message")
    field.press_sequentially("I am not sure")
    expect(agent.chats).to_contain_text("Typing: I am not sure")
    field.fill("")
    expect(agent.chats).not_to_contain_text("I am not sure")
    agent.page.reload()
    expect(agent.log).to_contain_text("Hello?")
    expect(agent.log).not_to_contain_text("I am not sure")


def test_a_supervisor_looks_on_and_whispers(visit: Visit, log_in: LogIn) -> None:
    """C07, C08: she sees a running chat as it goes; her whisper reaches the agent alone."""
    from playwright.sync_api import expect

    agent, leader = log_in("ana"), log_in("chloe")
    expect(agent.side.get_by_role("tab", name="All chats")).to_be_hidden()
    leader.staff.get_by_role("combobox").select_option(label="Not accepting chats")
    expect(leader.staff.locator("p strong")).to_have_text("not accepting")
    visitor = visit()
    visitor.ask("Can I pay by cheque?")
    expect(agent.log).to_contain_text("cheque")
    leader.show("All chats")
    leader.side.get_by_role("button", name="Jo March").click()
    watched = leader.side.get_by_role("log")
    expect(watched).to_contain_text("Can I pay by cheque?")
    agent.write("I think so.")
    expect(watched).to_contain_text("I think so.")
    whisper = leader.side.get_by_role("textbox", name="Whisper to the agent")
    whisper.fill("No cheques any more.")
    whisper.press("Enter")
    expect(agent.log).to_contain_text("No cheques any more.")
    agent.write("Sorry, by card only.")
    expect(visitor.log).to_contain_text("by card only")
    expect(visitor.log).not_to_contain_text("No cheques")
