"""What people fill at length is limited by the desk's rules, not as an id is."""

import pytest

from chatdesk.model.commands import PushPage, RenewVisit
from chatdesk.model.errors import InvalidInput
from chatdesk.model.values import Page
from chatdesk.transport.codec import decode, encode

LONG = "https://shop.example/" + "a" * 1000


def test_a_page_and_its_notice_may_be_long() -> None:
    """D08: an address of a thousand letters is none too long for the wire."""
    frame = PushPage(id="1", chat="c", url=LONG, notice="b" * 1000, title="c" * 190)
    assert decode(encode(frame)) == frame


def test_the_page_a_visitor_is_on_may_be_long() -> None:
    """B31: likewise the address his page tells."""
    frame = RenewVisit(id="1", page=Page(url=LONG), language="fr", timezone="Europe/Paris")
    assert decode(encode(frame)) == frame


def test_a_language_is_a_word() -> None:
    """B51: what is compared, not read, is no longer than an id."""
    with pytest.raises(InvalidInput, match="language"):
        decode(encode(RenewVisit(language="x" * 201)))
