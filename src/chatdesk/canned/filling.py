"""What a desk's records put into the placeholders of a reply (B25, D01)."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from chatdesk.canned.text import words
from chatdesk.model.records import Agent, Chat, Customer, DeskSetup


def first_name(name: str | None) -> str | None:
    """The first word of a name."""
    parts = (name or "").split()
    return parts[0] if parts else None


def name_uses(text: str, name: str | None) -> int:
    """How often a text calls somebody by his name, or by any of its words in a row (D01)."""
    own = _words_of(name or "")
    if not own or (text.isascii() and not _may_hold(text, own)):
        return 0
    called = [word in own for word in words(text)]
    return sum(is_name and not before for before, is_name in pairwise((False, *called)))


@lru_cache(4096)
def _words_of(name: str) -> frozenset[str]:
    return frozenset(words(name))


def _may_hold(text: str, own: Iterable[str]) -> bool:
    """Whether the letters of any of the words are in a text of ASCII; seldom they are."""
    letters = text.lower().replace("'", "")
    return any(word in letters for word in own)


def values_for(
    setup: DeskSetup, chat: Chat | None, agent: Agent | None, customer: Customer | None = None
) -> dict[str, str | None]:
    """The values of placeholders for a reply in a chat, by name.

    What no record holds (an order's number, a ticket's) the shop keeps in the customer's
    `attributes` under the placeholder's own name, such as ``order.number``.
    """
    name = customer.name if customer is not None else None
    if name is None and chat is not None:
        name = chat.customer_name
    page = None if chat is None else chat.page
    own = {} if customer is None else customer.attributes
    return {
        **{key: value for key, value in own.items() if "." in key},
        "customer.company": own.get("company"),
        "customer.name": name,
        "customer.first_name": first_name(name),
        "customer.email": None if customer is None else customer.email,
        "agent.name": None if agent is None else agent.setup.name,
        "desk.name": setup.name,
        "desk.phone": setup.phone,
        "desk.hours": setup.hours_text,
        "page.title": None if page is None else page.title,
        "page.url": None if page is None else page.url,
    }
