"""Who asks: one profile each, found again, completed, never lost."""

import pytest

from chatdesk.model import commands as c
from chatdesk.model import events as e
from chatdesk.model.errors import InvalidInput, NotFound, WrongState
from chatdesk.model.records import Customer, Interaction, Visitor
from chatdesk.model.values import AnswerValues, Page
from tests.desk.helpers import ADA, ANA, BOB, SHOP, Shop, a_shop


def leave(shop: Shop, chat: str) -> None:
    """The visitor ends the chat."""
    shop.end(chat, SHOP)


def claim(**answers: str) -> AnswerValues:
    """A filled form."""
    return {"name": "Somebody", **answers}


def test_a_stranger_gets_a_profile() -> None:
    """A07, A08, A36, B22: made from the form, with the chat on it."""
    shop = a_shop("ada")
    chat = shop.ask(language="fr")
    customer = shop.customer_of(chat)
    assert (customer.name, customer.email, customer.language) == ("Ana", "ana@example.org", "fr")
    assert shop.ever(e.ChatOpened)[0].new_customer
    assert len(shop.all("customer", Customer)) == 1


@pytest.mark.parametrize("address", ["ana@example.org", " ANA@Example.ORG "])
def test_who_asked_before_is_known_by_address(address: str) -> None:
    """A06: an earlier enquiry from elsewhere is matched whatever its case."""
    shop = a_shop("ada")
    first = shop.ask()
    again = shop.ask(BOB, answers=claim(email=address))
    assert shop.chat(again).customer == shop.chat(first).customer
    assert not shop.ever(e.ChatOpened)[-1].new_customer


def test_who_comes_back_is_known_whatever_he_writes() -> None:
    """A06, D02: an earlier chat in the same browser is matched."""
    shop = a_shop("ada")
    first = shop.ask()
    leave(shop, first)
    again = shop.ask(answers=claim(email="new@example.org"))
    assert shop.chat(again).customer == shop.chat(first).customer
    assert shop.customer_of(again).email == "ana@example.org"


def test_a_claim_fills_gaps_and_overwrites_nothing() -> None:
    """A05, A07: a stranger's claims do not change a known profile."""
    shop = a_shop("ada")
    first = shop.ask()
    leave(shop, first)
    shop.ask(answers=claim(email="ana@example.org", customer_number="N7"))
    customer = shop.customer_of(first)
    assert (customer.name, customer.customer_number, customer.version) == ("Ana", "N7", 2)


def test_a_claimed_address_of_another_is_not_taken_over() -> None:
    """A08: no two profiles have one address or number."""
    shop = a_shop("ada")
    shop.ask(answers=claim(email="ana@example.org", customer_number="N1"))
    other = shop.ask(BOB, answers=claim(email="bob@example.org"))
    leave(shop, other)
    shop.ask(BOB, answers=claim(email="ana@example.org", customer_number="N1"))
    assert shop.customer_of(other).customer_number is None
    emails = [customer.email for customer in shop.all("customer", Customer)]
    assert sorted(str(email) for email in emails) == ["ana@example.org", "bob@example.org"]


def shop_asks(shop: Shop, who: str, number: str, **answers: str) -> str:
    """The shop asks for a visitor with a number he has proved."""
    return shop.request(SHOP, visitor=who, customer_number=number, answers=claim(**answers)).chat


def test_a_proved_number_goes_before_all() -> None:
    """A06: whom the shop has recognised is himself, in any browser."""
    shop = a_shop("ada")
    first = shop_asks(shop, "ana", "N1", email="ana@example.org")
    leave(shop, first)
    second = shop_asks(shop, "elsewhere", " N1 ", email="work@example.org")
    assert shop.chat(second).customer == shop.chat(first).customer


def test_a_proved_number_is_added_to_the_profile_that_is_known() -> None:
    """A06, A36: who logs in after an anonymous chat keeps his history."""
    shop = a_shop("ada")
    first = shop.ask()
    leave(shop, first)
    second = shop_asks(shop, "ana", "N1", email="other@example.org")
    assert shop.chat(second).customer == shop.chat(first).customer
    assert shop.customer_of(first).customer_number == "N1"


def test_a_browser_that_two_people_use_is_not_one_person() -> None:
    """A08: a profile with another number is somebody else's."""
    shop = a_shop("ada")
    first = shop_asks(shop, "ana", "N1", email="ana@example.org")
    leave(shop, first)
    second = shop_asks(shop, "ana", "N2", email="ana@example.org")
    assert shop.chat(second).customer != shop.chat(first).customer
    assert shop.customer_of(second).email is None


def test_a_profile_is_completed_at_any_moment() -> None:
    """A10, A11, B25: also mid-chat; readers and running chats see it at once."""
    shop = a_shop("ada")
    chat = shop.ask()
    change = c.CustomerChange(
        name="Ana Lima", phone="", social_login="@ana", attributes={"tier": "gold"}
    )
    customer = shop.chat(chat).customer
    saved = shop.do(c.SaveCustomer(customer=customer, change=change, version=1), ADA)
    assert saved.version == 2
    (told,) = shop.heard(e.CustomerChanged)
    assert (told.fields, told.version) == (("name", "social_login", "attributes"), 2)
    assert shop.chat(chat).customer_name == "Ana Lima"
    assert shop.customer_of(chat).social_login == "@ana"


def test_an_empty_text_removes_and_nothing_new_changes_nothing() -> None:
    """A10: a value can be taken away; the same value again is no change."""
    shop = a_shop("ada")
    customer = shop.chat(shop.ask()).customer
    change = c.CustomerChange(email="", attributes={"tier": "gold"})
    shop.do(c.SaveCustomer(customer=customer, change=change), ADA)
    gone = c.CustomerChange(name=" Ana ", attributes={"tier": " "})
    shop.do(c.SaveCustomer(customer=customer, change=gone), ADA)
    (profile,) = shop.all("customer", Customer)
    assert (profile.email, profile.attributes, profile.name) == (None, {}, "Ana")
    shop.do(c.SaveCustomer(customer=customer, change=gone), ADA)
    assert shop.told == []


def test_an_address_of_another_profile_is_refused() -> None:
    """A08, A10: the refusal names the profile that has it."""
    shop = a_shop("ada")
    first, second = shop.ask(ANA), shop.ask(BOB)
    change = c.CustomerChange(email="ANA@example.org")
    with pytest.raises(InvalidInput, match=shop.chat(first).customer):
        shop.do(c.SaveCustomer(customer=shop.chat(second).customer, change=change), ADA)
    stale = c.SaveCustomer(customer=shop.chat(second).customer, change=change, version=9)
    with pytest.raises(WrongState, match="version"):
        shop.do(stale, ADA)


def test_the_history_is_read_and_edited() -> None:
    """A09, B20: entries are written, edited and removed."""
    shop = a_shop("ada")
    chat = shop.ask()
    customer = shop.chat(chat).customer
    write = c.SaveInteraction(customer=customer, text="called", channel="phone", chat=chat)
    entry = shop.do(write, ADA).interaction
    shop.wait(5.0)
    edit = c.SaveInteraction(customer=customer, text="called twice", interaction=entry)
    shop.do(edit, ADA)
    (kept,) = shop.all("interaction", Interaction)
    assert (kept.text, kept.edited_at, kept.at) == (
        "called twice",
        shop.clock.now,
        shop.clock.now - 5.0,
    )
    shop.do(c.RemoveInteraction(customer=customer, interaction=entry), ADA)
    (removed,) = shop.all("interaction", Interaction)
    assert (removed.text, removed.removed) == ("", True)
    with pytest.raises(NotFound):
        shop.do(edit, ADA)


def test_an_entry_belongs_to_its_customer() -> None:
    """A09: not to a chat or an entry of another."""
    shop = a_shop("ada")
    one, two = shop.ask(ANA), shop.ask(BOB)
    customer, other = shop.chat(one).customer, shop.chat(two).customer
    entry = shop.do(c.SaveInteraction(customer=customer, text="hi"), ADA).interaction
    with pytest.raises(InvalidInput, match="another customer"):
        shop.do(c.SaveInteraction(customer=customer, text="hi", chat=two), ADA)
    with pytest.raises(NotFound):
        shop.do(c.RemoveInteraction(customer=other, interaction=entry), ADA)


def test_the_page_a_visitor_is_on_is_known() -> None:
    """B31: while he waits or talks, the last page he told of."""
    shop = a_shop("ada")
    shop.ask()
    page = Page(url="https://shop.example/shoes", referrer="https://find.example")
    shop.do(c.RenewVisit(page=page), ANA)
    shop.do(c.RenewVisit(), ANA)
    assert shop.desk.state.visitors["ana"].page == page
    shop.do(c.RenewVisit(page=page), BOB)
    assert [v.page for v in shop.all("visitor", Visitor, id="bob")] == [page]
    shop.wait(200.0)
    assert "bob" not in shop.desk.state.visitors
