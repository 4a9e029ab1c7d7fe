"""Placeholders in a reply."""

import pytest

from chatdesk.canned.placeholders import PlaceholderRenderer, Rendered, placeholder_places

render = PlaceholderRenderer().render


def test_filled() -> None:
    """A name with a value is filled in, as often as it stands there (B25, D01)."""
    rendered = render(
        "Dear {{customer.first_name}}, thank you {{ customer.first_name }}.",
        {"customer.first_name": "Zoé"},
    )
    assert rendered == Rendered(
        "Dear Zoé, thank you Zoé.", filled=("customer.first_name", "customer.first_name")
    )


def test_fallback() -> None:
    """Without a value the fallback stands, also an empty one."""
    rendered = render(
        "Hello {{ customer.first_name | there }}{{agent.name|}}", {"agent.name": None}
    )
    assert rendered.text == "Hello there"
    assert rendered.fallbacks == ("customer.first_name", "agent.name")


def test_neither_value_nor_name_stays_visible() -> None:
    """What cannot be filled in stays in the text and is listed once (D06)."""
    rendered = render("{{ order.number }} {{ order.number }} {{ secret }}", {"secret": "no"})
    assert rendered.text == "{{ order.number }} {{ order.number }} {{ secret }}"
    assert rendered.unfilled == ("order.number",)
    assert rendered.unknown == ("secret",)


def test_a_value_is_never_expanded() -> None:
    """A customer called like a placeholder stays a customer."""
    values = {"customer.first_name": "{{ agent.name }}", "agent.name": "Ann"}
    assert render("Hi {{ customer.first_name }}", values).text == "Hi {{ agent.name }}"


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ customer.__class__ }}",
        "{{ 7 * 7 }}",
        "{% for x in y %}",
        "{0.__class__} %(name)s ${name}",
        "{{" * 5_000,
        "{{ " * 5_000 + "}}",
        "{{ agent.name | {{ agent.name }} }}",
        "\0\ud800{{\u202e}}",
    ],
)
def test_nothing_is_evaluated(hostile: str) -> None:
    """Whatever looks like code comes out as it went in, or filled with our own values alone."""
    rendered = render(hostile, {"agent.name": "Ann"})
    assert rendered.text.replace("Ann", "{{ agent.name }}") == hostile


def test_places() -> None:
    """The places of placeholders are those in the text."""
    assert placeholder_places("a {{ agent.name }}") == ((2, 18),)
