"""Profiles and their histories, which agents complete at any moment (A09–A11)."""

import msgspec
from msgspec.structs import replace

from chatdesk.desk.checks import WORD_LENGTH, check_length, check_text
from chatdesk.desk.customers import changed, normal_email
from chatdesk.desk.step import STAFF, Step
from chatdesk.model.commands import (
    CustomerChange,
    RemoveInteraction,
    SaveCustomer,
    SaveInteraction,
)
from chatdesk.model.errors import FieldProblem, InvalidInput, NotFound, WrongState
from chatdesk.model.events import HistoryChanged
from chatdesk.model.ids import CustomerId
from chatdesk.model.records import Customer, Interaction
from chatdesk.model.results import CustomerSaved, Done, InteractionSaved
from chatdesk.rules.forms import EMAIL

LENGTHS = {
    "name": 120,
    "email": 254,
    "customer_number": 64,
    "phone": 40,
    "language": 35,
    "social_login": 120,
    "notes": 8000,
}
ATTRIBUTES = 50
ATTRIBUTE_LENGTH = 500


def save_customer(step: Step, command: SaveCustomer) -> CustomerSaved:
    """Completes a profile; an edit of an older version is refused, so that none is lost."""
    customer = _customer(step, command.customer)
    if command.version is not None and command.version != customer.version:
        raise WrongState(
            f"profile {customer.id!r} is at version {customer.version}, not {command.version}",
            mend="Read the profile again and repeat the change.",
        )
    values = _texts(command.change)
    _check(step, customer, values, command.change.attributes)
    attributes = _merged(customer.attributes, command.change.attributes)
    after = replace(customer, attributes=attributes, **values)
    fields = tuple(
        name for name in (*LENGTHS, "attributes") if getattr(customer, name) != getattr(after, name)
    )
    if fields:
        after = replace(after, version=customer.version + 1, updated_at=step.now)
        changed(step, after, fields)
    return CustomerSaved(customer=after.id, version=after.version)


def save_interaction(step: Step, command: SaveInteraction) -> InteractionSaved:
    """Writes an entry in a customer's history, or edits one."""
    customer = _customer(step, command.customer)
    text = check_text(step, command.text)
    if not command.channel.strip():
        raise InvalidInput.field("channel", "missing", "say which channel: phone, mail, note …")
    check_length(command.channel, "channel", WORD_LENGTH)
    if command.chat is not None and step.state.chat(command.chat).customer != customer.id:
        raise InvalidInput.field("chat", "invalid", "the chat is of another customer")
    if command.interaction is None:
        entry = Interaction(
            id=f"i-{step.fresh}",
            customer=customer.id,
            at=step.now,
            channel=command.channel,
            text=text,
            by=step.by,
            chat=command.chat,
        )
    else:
        entry = replace(
            _interaction(step, customer, command.interaction),
            text=text,
            channel=command.channel,
            edited_at=step.now,
        )
    _put_entry(step, entry)
    return InteractionSaved(interaction=entry.id)


def remove_interaction(step: Step, command: RemoveInteraction) -> Done:
    """Takes an entry out of a customer's history; its text is gone."""
    customer = _customer(step, command.customer)
    entry = _interaction(step, customer, command.interaction)
    _put_entry(step, replace(entry, text="", removed=True, edited_at=step.now))
    return Done()


def _customer(step: Step, customer_id: CustomerId) -> Customer:
    customer = step.customer(customer_id)
    if customer is None:
        raise NotFound("customer", customer_id)
    return customer


def _interaction(step: Step, customer: Customer, id_: str) -> Interaction:
    entry = step.state.guests.get(Interaction, id_)
    if entry is None or entry.customer != customer.id or entry.removed:
        raise NotFound("interaction", id_)
    return entry


def _put_entry(step: Step, entry: Interaction) -> None:
    step.state.put(entry)
    step.state.emit(
        HistoryChanged(
            at=step.now,
            by=step.by,
            command=step.command,
            audience=STAFF,
            customer=entry.customer,
            interaction=entry.id,
            removed=entry.removed,
        )
    )


def _texts(change: CustomerChange) -> dict[str, str | None]:
    """The fields to set: a field left out is not among them, an empty text is `None`."""
    given = msgspec.structs.asdict(change)
    values = {name: (given[name].strip() or None) for name in LENGTHS if given[name] is not None}
    email = values.get("email")
    if email is not None:
        values["email"] = normal_email(email)
    return values


def _merged(before: dict[str, str], change: dict[str, str]) -> dict[str, str]:
    merged = {**before, **{key: value.strip() for key, value in change.items()}}
    return {key: value for key, value in merged.items() if value}


def _check(
    step: Step, customer: Customer, values: dict[str, str | None], attributes: dict[str, str]
) -> None:
    found = [
        FieldProblem(f"change.{name}", "too_long", f"at most {LENGTHS[name]} characters")
        for name, value in values.items()
        if value is not None and len(value) > LENGTHS[name]
    ]
    email, number = values.get("email"), values.get("customer_number")
    if email is not None and not EMAIL.fullmatch(email):
        text = "must be an e-mail address such as ana@example.com"
        found.append(FieldProblem("change.email", "invalid", text))
    guests = step.state.guests
    others = {
        "email": guests.customer_by_email(email) if email is not None else None,
        "customer_number": guests.customer_by_number(number) if number is not None else None,
    }
    found += [
        FieldProblem(f"change.{name}", "invalid", f"profile {other.id!r} has it already")
        for name, other in others.items()
        if other is not None and other.id != customer.id
    ]
    if len(_merged(customer.attributes, attributes)) > ATTRIBUTES:
        found.append(FieldProblem("change.attributes", "too_long", f"at most {ATTRIBUTES}"))
    found += [
        FieldProblem("change.attributes", "too_long", f"at most {ATTRIBUTE_LENGTH} characters")
        for key, value in attributes.items()
        if len(key) > ATTRIBUTE_LENGTH or len(value) > ATTRIBUTE_LENGTH
    ]
    if found:
        raise InvalidInput(found)
