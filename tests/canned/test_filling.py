"""What the placeholders of a reply are filled with."""

import pytest

from chatdesk.canned.filling import first_name, name_uses, values_for
from chatdesk.canned.placeholders import NAMES
from chatdesk.model.records import DeskSetup
from chatdesk.model.values import Page
from chatdesk.testing.factories import a_chat, a_customer, an_agent

SETUP = DeskSetup(name="The Lantern", phone="+33 1 23 45 67 89")


@pytest.mark.parametrize(
    ("name", "first"), [("Jo March", "Jo"), ("  Zoé ", "Zoé"), ("", None), (None, None)]
)
def test_the_first_name_is_the_first_word(name: str | None, first: str | None) -> None:
    """B25: as good a guess as a form's one field allows."""
    assert first_name(name) == first


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("Hello Jo, how are you?", 1),
        ("Hello Jo March! So, MARCH was wet, Jo’s shoes too.", 3),
        ("Joke aside, marching on.", 0),
        ("", 0),
    ],
)
def test_names_in_a_text_are_counted(text: str, uses: int) -> None:
    """D01: first and last name together are one use; words that only begin so are none."""
    assert name_uses(text, "Jo March") == uses
    assert name_uses(text, None) == name_uses(text, " ") == 0


@pytest.mark.parametrize("name", ["O'Brien", "Obrien", "o’brien"])
@pytest.mark.parametrize("text", ["Yes, Mr O'Brien.", "Yes, O’BRIEN.", "Yes, obrien."])
def test_a_name_with_an_apostrophe_is_heard(text: str, name: str) -> None:
    """D01: however the apostrophe of a name is written, or left out."""
    assert name_uses(text, name) == 1


def test_values_come_from_the_records() -> None:
    """B25, D01: the profile before the chat, the agent, the desk, the page; own attributes too."""
    page = Page(url="https://shop.example/tea", title="Teapots")
    chat = a_chat(customer_name="Jo", page=page)
    attributes = {"order.number": "A-17", "company": "March & Co", "shoe_size": "38"}
    customer = a_customer(name="Josephine March", email="jo@example.org", attributes=attributes)
    values = values_for(SETUP, chat, an_agent(), customer)
    assert set(values) <= set(NAMES)
    assert values["customer.first_name"] == "Josephine"
    assert values["customer.company"] == "March & Co"
    assert values["order.number"] == "A-17"
    assert values["page.title"] == "Teapots"
    assert values["desk.name"] == "The Lantern"
    assert values["desk.phone"] == "+33 1 23 45 67 89"
    assert values["agent.name"] == an_agent().setup.name


def test_what_is_not_known_has_no_value() -> None:
    """B25: so a fallback is taken, or the placeholder stays visible."""
    assert values_for(SETUP, a_chat(customer_name="Jo"), None)["customer.first_name"] == "Jo"
    known = {name for name, value in values_for(SETUP, None, None).items() if value is not None}
    assert known == {"desk.name", "desk.phone"}


def test_no_attribute_of_a_customer_stands_for_the_desk() -> None:
    """B25, D14: what the desk says of itself is the same for everybody."""
    customer = a_customer(attributes={"desk.phone": "666", "agent.name": "Mallory"})
    values = values_for(SETUP, None, an_agent(), customer)
    assert values["desk.phone"] == SETUP.phone
    assert values["agent.name"] == an_agent().setup.name
