"""What a visitor and an agent do in their pages, in their own words: roles and labels only."""

import re
import shutil
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Where Chromium is."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@attrs.define(eq=False)
class Widget:
    """A visitor at the shop."""

    page: "Page"

    @property
    def panel(self) -> "Locator":
        """The widget's panel."""
        return self.page.get_by_role("dialog", name="The Lantern")

    @property
    def log(self) -> "Locator":
        """What was said."""
        return self.panel.get_by_role("log")

    @property
    def status(self) -> "Locator":
        """The line that says how it stands."""
        return self.panel.get_by_role("status")

    def open(self, name: str = "Chat with us") -> "Widget":
        """Opens the panel."""
        self.page.get_by_role("button", name=name).click()
        return self

    def fill(self, question: str, name: str = "Jo March", email: str = "jo@example.com") -> None:
        """Fills the form."""
        self.panel.get_by_role("textbox").first.fill(question)
        self.panel.get_by_label(re.compile("^(Name|Nom)")).fill(name)
        self.panel.get_by_label("E-mail").fill(email)

    def ask(self, question: str, name: str = "Jo March", email: str = "jo@example.com") -> None:
        """Opens the panel, fills the form and asks."""
        self.open()
        self.fill(question, name, email)
        self.panel.get_by_role("button", name="Start the chat").click()

    def write(self, text: str) -> None:
        """Sends a message."""
        field = self.panel.get_by_role("textbox", name="Your message")
        field.fill(text)
        field.press("Enter")


@attrs.define(eq=False)
class Console:
    """An agent at the console."""

    page: "Page"

    @classmethod
    def opened(cls, page: "Page") -> "Console":
        """The console once the desk knows that the agent is there."""
        from playwright.sync_api import expect

        console = cls(page)
        expect(console.staff.get_by_role("status").first).to_contain_text("online")
        expect(console.staff.locator("p strong")).not_to_have_text("offline")
        return console

    @property
    def waiting(self) -> "Locator":
        """Upper left."""
        return self.page.get_by_role("region", name="Waiting visitors")

    @property
    def staff(self) -> "Locator":
        """Upper right."""
        return self.page.get_by_role("region", name="Staff and status")

    @property
    def chats(self) -> "Locator":
        """Lower left."""
        return self.page.get_by_role("region", name="Your chats")

    @property
    def side(self) -> "Locator":
        """Lower right."""
        return self.page.get_by_role("region", name="Customer, questions and tickets")

    @property
    def log(self) -> "Locator":
        """The transcript of the selected chat."""
        return self.chats.get_by_role("log")

    @property
    def field(self) -> "Locator":
        """Where one writes in the selected chat."""
        return self.chats.get_by_role("textbox", name="Your message")

    def tab(self, name: str) -> "Locator":
        """The tab of a visitor's chat."""
        return self.chats.get_by_role("tab", name=name)

    def write(self, text: str) -> None:
        """Sends a message in the selected chat."""
        self.field.fill(text)
        self.field.press("Enter")

    def press(self, name: str) -> None:
        """Presses a button of the selected chat."""
        self.chats.get_by_role("button", name=name).click()

    def show(self, name: str) -> None:
        """Shows a tab of the lower right pane."""
        self.side.get_by_role("tab", name=name).click()
