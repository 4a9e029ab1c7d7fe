"""Notes, tickets, profiles and histories, in a real browser."""

from collections.abc import Callable

import pytest

from tests.browser.actors import Console, Widget

pytestmark = pytest.mark.browser
Visit = Callable[..., Widget]
LogIn = Callable[..., Console]


def test_a_note_becomes_a_ticket_that_is_answered(visit: Visit, log_in: LogIn) -> None:
    """B10, B35, B41, B43–B46: a note is answered, and no comment among colleagues gets out."""
    from playwright.sync_api import expect

    visitor = visit("/?lang=en")
    visitor.open("Leave us a message")
    expect(visitor.panel).to_contain_text("Nobody is here at the moment.")
    visitor.fill("Do you sell spare wicks?")
    visitor.panel.get_by_role("button", name="Leave the note").click()
    expect(visitor.panel).to_contain_text("Do you sell spare wicks?")
    expect(visitor.panel.get_by_role("region")).to_contain_text("Open")

    agent = log_in("ana")
    agent.show("Tickets")
    agent.side.get_by_role("button", name="Do you sell spare wicks?").click()
    agent.side.get_by_label("Comment for colleagues").fill("secret: he asked twice")
    agent.side.get_by_role("button", name="Add the comment").click()
    expect(agent.side.get_by_role("article").last).to_contain_text("secret: he asked twice")
    agent.side.get_by_label("Reply to the customer").fill("Yes. Which lantern is it?")
    agent.side.get_by_label("Then").select_option(label="wait for the customer")
    agent.side.get_by_role("button", name="Send the reply").click()

    expect(visitor.panel).to_contain_text("Yes. Which lantern is it?")
    expect(visitor.panel).to_contain_text("Waiting for the customer")
    answer = visitor.panel.get_by_role("textbox", name="Your answer")
    answer.fill("The storm lantern.")
    answer.press("Enter")
    expect(agent.side).to_contain_text("The storm lantern.")
    agent.side.get_by_text("State, assignee, title").click()
    expect(agent.side.get_by_label("State", exact=True)).to_have_value("open")
    agent.side.get_by_label("State", exact=True).select_option(label="Solved")
    expect(visitor.panel).to_contain_text("Solved")
    visitor.page.reload()
    visitor.panel.get_by_role("button", name="Your message").click()
    expect(visitor.panel).to_contain_text("Which lantern is it?")
    expect(visitor.panel).not_to_contain_text("secret")


def test_an_answer_is_told_to_who_comes_back(visit: Visit, log_in: LogIn) -> None:
    """B41, B46: a solved case stands on the button of the next page, until it has been read."""
    from playwright.sync_api import expect

    visitor = visit("/?lang=en").open("Leave us a message")
    visitor.fill("Do you mend handles?")
    visitor.panel.get_by_role("button", name="Leave the note").click()
    expect(visitor.panel).to_contain_text("Do you mend handles?")
    visitor.panel.get_by_role("button", name="Close the panel").click()
    shop = visitor.page.url
    visitor.page.goto("about:blank")
    agent = log_in("ana")
    agent.show("Tickets")
    agent.side.get_by_role("button", name="Do you mend handles?").click()
    agent.side.get_by_label("Reply to the customer").fill("We do.")
    agent.side.get_by_label("Then").select_option(label="solve")
    agent.side.get_by_role("button", name="Send the reply").click()
    expect(agent.side).to_contain_text("Open → Solved")

    visitor.page.goto(shop)
    expect(visitor.page.get_by_role("status").filter(has_text="1 new message")).to_be_attached()
    visitor.open("Chat with us 1 new message")
    visitor.panel.get_by_role("button", name="News of your message").click()
    expect(visitor.panel).to_contain_text("We do.")
    visitor.page.reload()
    expect(visitor.panel.get_by_role("button", name="Your message")).to_be_visible()
    expect(visitor.page.get_by_text("new message")).to_have_count(0)


def test_a_ticket_is_made_from_a_chat_and_titled_anew(visit: Visit, log_in: LogIn) -> None:
    """B33, B34, B40, B42: it holds the transcript, can be changed, and is told."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visitor = visit()
    visitor.ask("My teapot leaks.")
    expect(agent.log).to_contain_text("My teapot leaks.")
    expect(agent.chats).to_contain_text("Name: Jo March · E-mail: jo@example.com")
    agent.press("Make a ticket")
    dialog = agent.page.get_by_role("dialog", name="Make a ticket")
    expect(dialog).to_contain_text("The customer reads the title")
    dialog.get_by_role("button", name="Make a ticket").click()
    expect(dialog).to_contain_text("Please fill this in.")
    dialog.get_by_label("Title").fill("Leaking teapot")
    dialog.get_by_role("button", name="Make a ticket").click()
    expect(agent.side.get_by_role("heading")).to_contain_text("Leaking teapot")
    for log in (visitor.log, agent.log):
        expect(log).to_contain_text("Ticket #1 has been made of this.")
    agent.side.get_by_text("Transcript of the chat").click()
    expect(agent.side.get_by_role("log")).to_contain_text("My teapot leaks.")
    agent.side.get_by_text("State, assignee, title").click()
    agent.side.get_by_label("Title").fill("Teapot to be replaced")
    agent.side.get_by_role("button", name="Change the title").click()
    expect(agent.side.get_by_role("heading")).to_contain_text("Teapot to be replaced")
    agent.side.get_by_label("Assignee").select_option(label="Bo")
    expect(agent.side.get_by_role("article").last).to_contain_text("Bo")


def test_a_profile_is_completed_and_a_conflict_is_told(visit: Visit, log_in: LogIn) -> None:
    """A09, A10, A11, A20: two agents edit one profile; nobody's edit is lost unseen."""
    from playwright.sync_api import expect

    ana, bo = log_in("ana"), log_in("bo")
    visit().ask("Hello?", name="Jo")
    expect(ana.side.get_by_label("Name", exact=True)).to_have_value("Jo")
    bo.show("Last questions")
    question = bo.side.get_by_role("article")
    expect(question).to_contain_text("Jo <jo@example.com>")
    question.get_by_role("button", name="Show the profile").click()
    bo.side.get_by_label("Phone").fill("+33 1 23 45 67 89")
    bo.side.get_by_role("button", name="Save").click()
    expect(bo.side.get_by_text("Saved.")).to_be_visible()
    expect(ana.side.get_by_label("Phone")).to_have_value("+33 1 23 45 67 89")

    ana.side.get_by_label("Notes").fill("likes lanterns")
    bo.side.get_by_label("Customer number").fill("C-17")
    bo.side.get_by_role("button", name="Save").click()
    conflict = ana.side.get_by_role("alert").filter(has_text="changed this profile")
    expect(conflict).to_be_visible()
    conflict.get_by_role("button", name="Keep what I typed").click()
    ana.side.get_by_role("button", name="Save").click()
    expect(ana.side.get_by_text("Saved.")).to_be_visible()
    expect(bo.side.get_by_label("Notes")).to_have_value("likes lanterns")


def test_what_is_typed_into_a_profile_is_not_lost(visit: Visit, log_in: LogIn) -> None:
    """A03, A10: switching chats keeps it, and a line that cannot be saved is told."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visit("/product.html").ask("Is it heavy?", name="Jo")
    expect(agent.chats).to_contain_text("product page · product")
    expect(agent.side.get_by_label("Name", exact=True)).to_have_value("Jo")
    agent.side.get_by_label("Phone").fill("+33 1 23")
    visit().ask("Hello?", name="Mia", email="mia@example.com")
    agent.tab("Mia").click()
    expect(agent.side.get_by_label("Name", exact=True)).to_have_value("Mia")
    expect(agent.side.get_by_label("Phone")).to_have_value("")
    agent.tab("Jo").click()
    expect(agent.side.get_by_label("Phone")).to_have_value("+33 1 23")
    more = agent.side.get_by_label("More (one “key: value” a line)")
    more.fill("shoe size")
    agent.side.get_by_role("button", name="Save").click()
    expect(more).to_have_accessible_description("Please write each line as “key: value”.")
    more.fill("shoe size: 42")
    agent.side.get_by_role("button", name="Save").click()
    expect(agent.side.get_by_text("Saved.")).to_be_visible()


def test_the_history_is_written_edited_and_read(visit: Visit, log_in: LogIn) -> None:
    """A09, B20: entries are added, edited and removed; an earlier chat can be read."""
    from playwright.sync_api import expect

    agent = log_in("ana")
    visit().ask("Is it open on Sunday?")
    expect(agent.log).to_contain_text("Sunday")
    agent.side.get_by_label("Kind").select_option(label="Phone call")
    agent.side.get_by_label("Entry").fill("Called about the chair.")
    agent.side.get_by_role("button", name="Add to the history").click()
    entry = agent.side.get_by_role("listitem").filter(has_text="Phone call")
    expect(entry).to_contain_text("Called about the chair.")
    entry.get_by_role("button", name="Edit").click()
    editor = agent.side.get_by_role("listitem").get_by_label("Entry")
    editor.fill("Called about the table.")
    agent.side.get_by_role("listitem").get_by_role("button", name="Save").click()
    expect(entry).to_contain_text("Called about the table.")
    expect(entry).to_contain_text("edited")
    entry.get_by_role("button", name="Remove").click()
    expect(entry).to_have_count(0)
    agent.side.get_by_role("button", name="Chat of").click()
    transcript = agent.page.get_by_role("dialog")
    expect(transcript.get_by_role("log")).to_contain_text("Is it open on Sunday?")
    transcript.get_by_role("button", name="Close").click()
    expect(transcript).to_have_count(0)
