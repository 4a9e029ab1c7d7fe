"""Who asks a query, and whether he may."""

from typing import Any

from msgspec import Struct

from chatdesk.model.errors import NotAllowed
from chatdesk.model.queries import Query
from chatdesk.model.records import Chat
from chatdesk.model.values import ChatState
from chatdesk.rules.access import Scope, Viewer, query_scope


class Asker(Struct, frozen=True):
    """Who asks, and of what he may: his own, or any."""

    viewer: Viewer
    scope: Scope

    @property
    def id(self) -> str:
        """The actor's id."""
        return self.viewer.actor.id


def admitted(viewer: Viewer, query: Query[Any]) -> Asker:
    """The asker, if he may ask this at all. Raises `NotAllowed`."""
    scope = query_scope(type(query), viewer.standing)
    if scope is None:
        raise NotAllowed(f"a {viewer.standing} may not ask {type(query).__name__}")
    return Asker(viewer, scope)


def check_readable(chat: Chat, asker: Asker) -> None:
    """An agent reads chats he has or had, and any but those that run elsewhere (B15, B20).

    Who comes back while his last chat is still being wrapped up need not say it again (D02).
    """
    mine = asker.id == chat.agent or asker.id in chat.agents
    if asker.scope is Scope.OWN and not mine and chat.state is ChatState.ACTIVE:
        raise NotAllowed(f"chat {chat.id!r} is with another agent")
