"""What erasing a person means, alike in every store."""

from msgspec.structs import replace

from chatdesk.desk.needs import reply_id
from chatdesk.model.events import CustomerErased
from chatdesk.model.ids import CustomerId, Instant, VisitorId
from chatdesk.model.records import Chat, Ticket
from chatdesk.model.values import Actor, Audience
from chatdesk.model.values import visitor as visitor_actor


def blanked_chat(chat: Chat) -> Chat:
    """The chat without what tells about the person; everything that is counted stays.

    Once it has ended it is no visitor's any more, so that nobody can write under an erased person.
    """
    visitor = chat.visitor if chat.ended_at is None else ""
    return replace(chat, page=None, question="", customer_name=None, visitor=visitor)


def blanked_ticket(ticket: Ticket) -> Ticket:
    """The ticket without its title, which quotes the person, and no visitor's any more."""
    return replace(ticket, title="", visitor=None)


def erased(customer: CustomerId, *, by: Actor, at: Instant) -> CustomerErased:
    """The event of the commit that erases."""
    return CustomerErased(at=at, by=by, audience=Audience(staff=True), customer=customer)


def replies_prefix(visitor: VisitorId) -> str:
    """What the ids of all replies to a visitor's commands begin with."""
    return reply_id(visitor_actor(visitor), "")
