"""An agent as routing sees him, and the tags that say what a chat needs and an agent can do.

A chat needs its queue, what the queue asks for and what the chat itself asks for; an agent serves
it whose tags contain them all. A language is no part of that need: only the policy `Skilled` asks
for it, and for how long is its setting.
"""

import attrs

from chatdesk.model.ids import AgentId, Instant, QueueId, Seconds
from chatdesk.model.records import Agent, Chat, Queue


def queue_tag(queue_id: QueueId) -> str:
    """The tag of those who serve a queue."""
    return f"queue:{queue_id}"


def language_tag(code: str) -> str:
    """The tag of those who speak a language.

    Only the primary language subtag counts (RFC 5646, section 2.2.1): who speaks "fr" is asked for
    "fr-CA" too.
    """
    return "lang:" + code.replace("_", "-").partition("-")[0].lower()


def need_of(chat: Chat, queue: Queue) -> frozenset[str]:
    """The tags an agent must have to get the chat while it waits in `queue`."""
    return frozenset((queue_tag(queue.id), *queue.setup.skills, *chat.skills))


def gave_away(agent_id: AgentId, chat: Chat) -> bool:
    """Whether the agent had the chat and handed it to a line: it is for others (B12)."""
    return agent_id in chat.declined_by and agent_id in chat.agents


def tags_of(agent: Agent) -> frozenset[str]:
    """All that an agent can do, as tags: his skills, his queues and his languages."""
    setup = agent.setup
    return frozenset(
        (*setup.skills, *map(queue_tag, setup.queues), *map(language_tag, setup.languages))
    )


@attrs.define(eq=False)
class Seat:
    """An agent as routing sees him: everything a policy may ask.

    Policies read. Once seated, only the router writes: to change a fact, hand it a new seat.
    """

    id: AgentId
    skills: frozenset[str]
    capacity: int
    """Most chats at once."""
    load: int = 0
    """Slots held now."""
    received: int = 0
    """Chats assigned, ever."""
    turn: int = 0
    """Fair share: chats received, raised on coming back."""
    place: int = 0
    """Order of idleness: lower is idle for longer."""
    last_assigned_at: Instant | None = None
    last_assigned_place: int = 0
    available_since: Instant | None = None
    available_seconds: Seconds = 0.0


def seat_of(agent: Agent, skills: frozenset[str] | None = None) -> Seat:
    """A new seat with the facts of an agent's record; `skills` are his tags if at hand."""
    return Seat(
        id=agent.id,
        skills=tags_of(agent) if skills is None else skills,
        capacity=agent.setup.capacity,
        load=agent.load,
        received=agent.received,
        turn=agent.turn,
        place=agent.place,
        last_assigned_at=agent.last_assigned_at,
        last_assigned_place=agent.last_assigned_place,
        available_since=agent.available_since,
        available_seconds=agent.available_seconds,
    )
