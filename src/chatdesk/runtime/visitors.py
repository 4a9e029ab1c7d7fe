"""Who is on the site, as agents watch it: visits and open chats, the latest to come first."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from attrs import define, field
from msgspec.structs import replace

from chatdesk.desk.state import State
from chatdesk.model.ids import VisitorId
from chatdesk.model.queries import AskVisitors, VisitorCard, VisitorList
from chatdesk.model.records import Chat, Visitor
from chatdesk.model.values import ChatState, VisitState
from chatdesk.rules.lifecycle import IN_LINE
from chatdesk.runtime.archive import Archive
from chatdesk.runtime.views import agent_name, position

Row = tuple[float, VisitorId]
"""Where a visitor stands in the list: when his visit began, negative, and who he is."""


@define(eq=False)
class _Census:
    """Who has an open chat: how many, and where those stand in the list who are asked for."""

    waiting: int = 0
    chatting: int = 0
    visiting: int = 0
    """Those of them whose page says that they are on the site."""
    rows: list[Row] = field(factory=list)


def listed(state: State, query: AskVisitors, limit: int) -> VisitorList:
    """The visitors asked for, those without a chat without their names.

    O(rows given + live chats), however many there are who only browse, or were here once.
    """
    after = None if query.after is None else (-query.after[0], query.after[1])
    census = _census(state, query)
    chats = sorted(row for row in census.rows if after is None or row > after)
    rows = list(islice(merge(_browsing_rows(state, query, after), chats), limit + 1))
    cards = tuple(_card(state, state.visitors[visitor]) for _, visitor in rows[:limit])
    return VisitorList(
        visitors=cards,
        browsing=len(state.visits) - census.visiting,
        waiting=census.waiting,
        chatting=census.chatting,
        after=(cards[-1].since, cards[-1].visitor) if len(rows) > limit else None,
    )


def named(found: VisitorList, archive: Archive) -> VisitorList:
    """The list with the names of customers who only browse."""
    unnamed = [c.customer for c in found.visitors if c.customer is not None and c.name is None]
    if not unnamed:
        return found
    customers = archive.customers(unnamed)
    return replace(
        found,
        visitors=tuple(
            replace(card, name=customers[card.customer].name)
            if card.customer in customers and card.name is None
            else card
            for card in found.visitors
        ),
    )


def _wants(query: AskVisitors, state: VisitState) -> bool:
    return not query.states or state in query.states


def _census(state: State, query: AskVisitors) -> _Census:
    """Looks at every live chat, and so at each no more than it must."""
    census, visitors = _Census(), state.visitors
    waiting, chatting = _wants(query, VisitState.WAITING), _wants(query, VisitState.CHATTING)
    for chat in state.chats.values():
        if chat.state is ChatState.ACTIVE:
            census.chatting += 1
            wanted = chatting
        elif chat.state is ChatState.WRAP_UP:
            continue
        else:
            census.waiting += 1
            wanted = waiting
        visitor = visitors.get(chat.visitor)
        if visitor is None:
            continue
        census.visiting += visitor.here_until is not None
        if wanted:
            census.rows.append((-_since(visitor, chat), visitor.id))
    return census


def _browsing_rows(state: State, query: AskVisitors, after: Row | None) -> Iterator[Row]:
    if _wants(query, VisitState.BROWSING):
        places = state.visits.latest(after)
        yield from (place for place in places if state.visitors[place[1]].chat is None)


def _since(visitor: Visitor, chat: Chat) -> float:
    return chat.requested_at if visitor.here_since is None else visitor.here_since


def _state(chat: Chat | None) -> VisitState:
    if chat is None:
        return VisitState.BROWSING
    return VisitState.WAITING if chat.state in IN_LINE else VisitState.CHATTING


def _card(state: State, visitor: Visitor) -> VisitorCard:
    chat = None if visitor.chat is None else state.chats.get(visitor.chat)
    card = VisitorCard(
        visitor=visitor.id,
        state=_state(chat),
        since=visitor.here_since or visitor.first_seen_at,
        last_seen_at=visitor.last_seen_at,
        here=visitor.here_until is not None,
        customer=visitor.customer,
        page=visitor.page,
        page_since=visitor.page_since,
        language=visitor.language,
        timezone=visitor.timezone,
    )
    return card if chat is None else _with_chat(state, card, visitor, chat)


def _with_chat(state: State, card: VisitorCard, visitor: Visitor, chat: Chat) -> VisitorCard:
    return replace(
        card,
        since=_since(visitor, chat),
        name=chat.customer_name,
        language=chat.language or visitor.language,
        chat=chat.id,
        chat_state=chat.state,
        queue=chat.queue,
        position=position(state, chat),
        agent=chat.agent,
        agent_name=agent_name(state, chat.agent),
    )
