"""Who asks: matching a visitor to a profile, and changing profiles."""

from msgspec import Struct
from msgspec.structs import replace

from chatdesk.desk.step import STAFF, Step
from chatdesk.model.events import CustomerChanged
from chatdesk.model.ids import ChatId, CustomerId, VisitorId
from chatdesk.model.records import Customer, Visitor
from chatdesk.model.values import AnswerValues, Page

CLAIMED = ("name", "email", "customer_number", "phone")
"""Keys of pre-chat questions whose answers belong in the profile."""


class Identity(Struct, frozen=True):
    """A visitor and the one profile attached to what he asks (A08)."""

    visitor: VisitorId
    customer: Customer
    new: bool


def normal_email(text: str) -> str:
    """The address as it is compared: without case."""
    return text.strip().casefold()


def identify(
    step: Step,
    visitor_id: VisitorId,
    answers: AnswerValues,
    proved_number: str | None,
    language: str | None,
) -> Identity:
    """The profile of a visitor, found or created (A06, A07).

    First what the shop has proved, then whom the visitor was known as, then the customer number and
    the e-mail address he claims. A claim fills gaps of the profile and never overwrites it. A
    profile that has another number than the proved one is somebody else's.
    """
    proved_number = None if proved_number is None else proved_number.strip()
    claims = {key: str(answers[key]) for key in CLAIMED if key in answers}
    if "email" in claims:
        claims["email"] = normal_email(claims["email"])
    if proved_number is not None:
        claims["customer_number"] = proved_number
    found = _find(step, visitor_id, claims, proved_number)
    if found is None:
        return Identity(visitor_id, _create(step, claims, language), new=True)
    return Identity(visitor_id, _fill_gaps(step, found, claims), new=False)


def keep_visitor(
    step: Step,
    visitor_id: VisitorId,
    customer: CustomerId | None,
    *,
    page: Page | None,
    chat: ChatId | None,
) -> None:
    """Keeps what is known of a visitor."""
    known = step.state.visitor(visitor_id)
    if known is None:
        known = Visitor(id=visitor_id, first_seen_at=step.now, last_seen_at=step.now)
    page = page or known.page
    step.state.put(replace(known, customer=customer, page=page, chat=chat, last_seen_at=step.now))


def changed(step: Step, customer: Customer, fields: tuple[str, ...]) -> None:
    """Puts a changed profile and says so at once (A11)."""
    step.state.put(customer)
    step.state.emit(
        CustomerChanged(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            customer=customer.id,
            version=customer.version,
            fields=fields,
        )
    )
    for chat_id in sorted(step.state.chats_of_customer.get(customer.id, ())):
        chat = step.state.chats[chat_id]
        if chat.customer_name != customer.name:
            step.state.put(replace(chat, customer_name=customer.name))


def _find(
    step: Step, visitor_id: VisitorId, claims: dict[str, str], proved: str | None
) -> Customer | None:
    guests = step.state.guests
    found: list[Customer | None] = []
    if proved is not None:
        found.append(guests.customer_by_number(proved))
    visitor = step.state.visitor(visitor_id)
    if visitor is not None and visitor.customer is not None:
        found.append(guests.get(Customer, visitor.customer))
    if proved is None and "customer_number" in claims:
        found.append(guests.customer_by_number(claims["customer_number"]))
    if "email" in claims:
        found.append(guests.customer_by_email(claims["email"]))
    known = (customer for customer in found if customer is not None)
    return next((c for c in known if proved in {None, c.customer_number} or _unnumbered(c)), None)


def _unnumbered(customer: Customer) -> bool:
    return customer.customer_number is None


def _create(step: Step, claims: dict[str, str], language: str | None) -> Customer:
    claims = _without_taken(step, claims)
    customer = Customer(
        id=f"p-{step.fresh}",
        language=language,
        created_at=step.now,
        updated_at=step.now,
        **claims,  # type: ignore[arg-type]  # the keys are CLAIMED
    )
    changed(step, customer, tuple(sorted(claims)))
    return customer


def _fill_gaps(step: Step, customer: Customer, claims: dict[str, str]) -> Customer:
    claims = _without_taken(step, claims)
    gaps = {key: value for key, value in claims.items() if getattr(customer, key) is None}
    if gaps:
        version = customer.version + 1
        customer = replace(customer, **gaps, version=version, updated_at=step.now)
        changed(step, customer, tuple(sorted(gaps)))
    return customer


def _without_taken(step: Step, claims: dict[str, str]) -> dict[str, str]:
    """The claims without an address or number that another profile has."""
    guests = step.state.guests
    taken = set()
    if "email" in claims and guests.customer_by_email(claims["email"]) is not None:
        taken.add("email")
    number = claims.get("customer_number")
    if number is not None and guests.customer_by_number(number) is not None:
        taken.add("customer_number")
    return {key: value for key, value in claims.items() if key not in taken}
