"""Seats and tags."""

from chatdesk.model.records import Agent, AgentSetup, Queue, QueueSetup
from chatdesk.rules.staff import language_tag, need_of, queue_tag, seat_of, tags_of
from tests.rules.reference import make_chat


def test_a_need_is_queue_queue_skills_and_chat_skills() -> None:
    """C22: what a chat asks for is its queue, the queue's skills and its own, and no language."""
    queue = Queue(id="sales", setup=QueueSetup(name="Sales", skills=("legal",)))
    chat = make_chat("c", skills=("wine",), language="fr")
    assert need_of(chat, queue) == {"queue:sales", "legal", "wine"}


def test_an_agent_has_tags_for_all_he_can_do() -> None:
    """C22: skills, queues and languages are tags of one set."""
    setup = AgentSetup(name="Ada", queues=("sales",), skills=("wine",), languages=("en", "FR"))
    agent = Agent(id="a", setup=setup)
    assert tags_of(agent) == {"wine", queue_tag("sales"), "lang:en", "lang:fr"}


def test_only_the_primary_language_counts() -> None:
    """B61: who speaks French is asked for Canadian French, however it is written."""
    assert language_tag("fr-CA") == language_tag("fr_ca") == language_tag("FR") == "lang:fr"


def test_a_seat_has_the_facts_of_the_record() -> None:
    """C11: capacity comes from the setup, all else from the record."""
    setup = AgentSetup(name="Ada", capacity=5)
    agent = Agent(
        id="a",
        setup=setup,
        load=2,
        received=7,
        turn=8,
        place=9,
        last_assigned_at=1.5,
        last_assigned_place=4,
        available_since=0.5,
        available_seconds=60.0,
    )
    seat = seat_of(agent)
    names = ("load", "received", "turn", "place", "last_assigned_at", "last_assigned_place")
    for name in (*names, "available_since", "available_seconds"):
        assert getattr(seat, name) == getattr(agent, name)
    assert seat.capacity == 5
