"""What each policy chooses; that the router finds the same is tested with the router."""

from collections import Counter

import pytest

from chatdesk.model.ids import AgentId
from chatdesk.model.records import Chat, Queue, QueueSetup
from chatdesk.rules.policies import (
    POLICIES,
    AssignmentPolicy,
    LeastBusy,
    LongestIdle,
    MostRoom,
    PowerOfTwo,
    PreferredAgent,
    Ring,
    RoundRobin,
    SeededRandom,
    Skilled,
)
from chatdesk.rules.roster import Roster
from chatdesk.rules.staff import Seat
from tests.rules.reference import make_chat

SALES = "queue:sales"
STAFF = (
    Seat(
        "ada", frozenset({SALES, "lang:fr", "wine"}), 3, 1, turn=4, place=2, last_assigned_place=1
    ),
    Seat("bob", frozenset({SALES, "lang:en"}), 6, 1, turn=3, place=4, last_assigned_place=3),
    Seat("cid", frozenset({SALES, "lang:fr"}), 3, 1, turn=3, place=1, last_assigned_place=2),
)


def roster_of(*seats: Seat) -> Roster:
    """A roster with the queue "sales"."""
    roster = Roster()
    roster.set_queue(Queue(id="sales", setup=QueueSetup(name="Sales")))
    for seat in seats:
        roster.add(seat)
    return roster


@pytest.mark.parametrize(
    ("policy", "agent"),
    [
        (LeastBusy(), "cid"),
        (LongestIdle(), "cid"),
        (RoundRobin(), "ada"),
        (MostRoom(), "bob"),
        (Skilled(), "cid"),
    ],
)
def test_each_policy_has_its_choice(policy: AssignmentPolicy, agent: AgentId) -> None:
    """C15, C22: the criteria are configurable: same staff, other choice."""
    assert policy.choose(make_chat("c"), roster_of(*STAFF), 0.0) == agent


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_nobody_is_chosen_of_nobody(name: str) -> None:
    """C22: without an eligible agent every policy lets the chat wait."""
    policy = POLICIES[name]()
    assert policy.choose(make_chat("c"), roster_of(), 0.0) is None
    assert policy.choose(make_chat("c", skills=("law",)), roster_of(*STAFF), 0.0) is None
    assert policy == POLICIES[name]()


def test_generalists_are_kept_for_chats_that_need_them() -> None:
    """C22: of agents equally busy the one with fewest skills is the best match."""
    few = Seat("z", frozenset({SALES}), 3, turn=9, place=9)
    many = Seat("a", frozenset({SALES, "wine", "law"}), 3)
    assert Skilled().choose(make_chat("c"), roster_of(few, many), 0.0) == "z"


def test_rings_widen_with_the_wait() -> None:
    """B61, C22: first who speaks the language and knows wine, then the language, then anybody."""
    rings = (Ring(0.0, skills=("wine",)), Ring(10.0), Ring(30.0, language=False))
    policy, bob = Skilled(rings), STAFF[1]
    chat = make_chat("c", at=100.0, language="fr")
    moments = (100.0, 110.0, 129.9, 130.0)
    assert [policy.choose(chat, roster_of(bob), now) for now in moments] == [
        None,
        None,
        None,
        "bob",
    ]
    assert policy.choose(chat, roster_of(bob, STAFF[2]), 109.0) is None
    assert policy.choose(chat, roster_of(bob, STAFF[2]), 110.0) == "cid"
    assert policy.choose(chat, roster_of(*STAFF), 130.0) == "ada"
    looks = [policy.look_again_at(chat, now) for now in moments]
    assert looks == [110.0, 130.0, 130.0, None]


def test_a_single_ring_makes_the_language_a_must() -> None:
    """B61: without a wider ring a chat waits for its language as long as it takes."""
    policy, chat = Skilled((Ring(0.0),)), make_chat("c", language="fr-CA")
    assert policy.choose(chat, roster_of(STAFF[1]), 1e9) is None
    assert policy.look_again_at(chat, 0.0) is None
    assert policy.choose(make_chat("d"), roster_of(STAFF[1]), 0.0) == "bob"


def test_a_chat_waits_for_its_agent_while_he_is_there() -> None:
    """D02: a busy preferred agent is waited for through the grace, then anybody will do."""
    policy, chat = PreferredAgent(grace_seconds=20.0), make_chat("c", preferred_agent="ada")
    full = Seat("ada", frozenset({SALES}), 1, load=1)
    assert policy.choose(chat, roster_of(*STAFF), 0.0) == "ada"
    assert policy.choose(chat, roster_of(full, STAFF[1]), 19.9) is None
    assert policy.look_again_at(chat, 0.0) == 20.0
    assert policy.choose(chat, roster_of(full, STAFF[1]), 20.0) == "bob"
    assert policy.look_again_at(chat, 20.0) is None
    assert policy.waits_for(chat) == "ada"


@pytest.mark.parametrize(
    "chat",
    [
        make_chat("gone", preferred_agent="eve"),
        make_chat("declined", preferred_agent="ada", declined_by=("ada",)),
        make_chat("nobody"),
    ],
    ids=lambda chat: chat.id,
)
def test_nobody_is_waited_for_in_vain(chat: Chat) -> None:
    """C22: who is away or declined is not waited for."""
    assert PreferredAgent().choose(chat, roster_of(*STAFF), 0.0) == "cid"


def test_the_last_agent_is_preferred_and_the_wish_goes_first() -> None:
    """D02: a chat that comes back goes to whoever had it last, unless it asks for somebody."""
    policy = PreferredAgent()
    assert policy.choose(make_chat("c", agents=("bob", "ada")), roster_of(*STAFF), 0.0) == "ada"
    chat = make_chat("c", agents=("ada",), preferred_agent="bob")
    assert policy.choose(chat, roster_of(*STAFF), 0.0) == "bob"


def test_a_wrapped_policy_keeps_its_own_times() -> None:
    """C22: the earlier of grace and ring is when to look again."""
    policy = PreferredAgent(Skilled(), grace_seconds=45.0)
    chat = make_chat("c", preferred_agent="ada", language="fr")
    looks = [policy.look_again_at(chat, now) for now in (0.0, 30.0, 45.0)]
    assert looks == [30.0, 45.0, None]
    assert policy.waits_for(make_chat("d")) is None


def test_draws_are_even_and_the_same_everywhere() -> None:
    """C16: hashes draw all agents about equally often, and the numbers do not depend on the run."""
    roster = roster_of(*(Seat(f"a{n}", frozenset({SALES}), 1) for n in range(10)))
    chats = [make_chat(f"c{n}") for n in range(5000)]
    drawn = Counter(SeededRandom().choose(chat, roster, 0.0) for chat in chats)
    # chi-square with 9 degrees of freedom: 27.9 is passed once in a thousand
    assert sum((count - 500) ** 2 / 500 for count in drawn.values()) < 27.9
    others = [SeededRandom(1).choose(chat, roster, 0.0) for chat in chats[:5]]
    assert others == ["a9", "a8", "a4", "a6", "a7"]


def test_the_less_busy_of_two_is_taken() -> None:
    """C15: with two drawn of two, the busier agent gets a chat only when drawn twice."""
    roster = roster_of(Seat("idle", frozenset({SALES}), 2), Seat("busy", frozenset({SALES}), 2, 1))
    chats = [make_chat(f"c{n}") for n in range(2000)]
    drawn = Counter(PowerOfTwo().choose(chat, roster, 0.0) for chat in chats)
    assert drawn["busy"] == pytest.approx(500, abs=80)
