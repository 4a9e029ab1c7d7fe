"""Tokens: who made them, for whom, and for how long they are good."""

import attrs
import pytest

from chatdesk.model.errors import ConfigurationError, Unauthenticated
from chatdesk.model.values import agent, visitor
from chatdesk.transport.tokens import Claims, Tokens

KEY, OTHER = "k" * 32, "o" * 32


@attrs.define
class Hands:
    """A clock whose hands a test moves."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_a_token_says_who_it_is() -> None:
    """Visitors and agents are told apart, and a proved customer number comes along."""
    tokens = Tokens(KEY)
    assert tokens.read(tokens.visitor("v 1/é")) == Claims(visitor("v 1/é"))
    assert tokens.read(tokens.visitor("v", customer_number="77")) == Claims(visitor("v"), "77")
    assert tokens.read(tokens.agent("ana")) == Claims(agent("ana"))


def test_a_visitor_cannot_become_an_agent() -> None:
    """The kind is part of what is signed: changing the letter in front makes a false token."""
    tokens = Tokens(KEY)
    token = tokens.visitor("ana")
    with pytest.raises(Unauthenticated, match="false"):
        tokens.read("a" + token[1:])


def test_every_changed_character_makes_a_token_false() -> None:
    """No letter of a token can be changed, and none left out."""
    tokens = Tokens(KEY)
    token = tokens.visitor("v1")
    for index, letter in enumerate(token[:-1]):
        changed = token[:index] + ("A" if letter != "A" else "B") + token[index + 1 :]
        with pytest.raises(Unauthenticated):
            tokens.read(changed)
        with pytest.raises(Unauthenticated):
            tokens.read(token[:index])


@pytest.mark.parametrize(
    "token", ["", ".", "v", "v.", "v..", "v.a.b", "s.x.y.z", "v.é.é.é", "\udcff"]
)
def test_nonsense_is_no_token(token: str) -> None:
    """Whatever stands in the header, the answer is a typed error."""
    with pytest.raises(Unauthenticated):
        Tokens(KEY).read(token)


def test_a_token_expires_by_its_kind() -> None:
    """An agent's token is good for a working day, a visitor's for a month, to the second."""
    hands = Hands()
    tokens = Tokens(KEY, visitor_max_age=100, agent_max_age=10, clock=hands)
    old_visitor, old_agent = tokens.visitor("v"), tokens.agent("a")
    hands.now += 10
    assert tokens.read(old_agent).actor == agent("a")
    hands.now += 1
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read(old_agent)
    assert tokens.read(old_visitor).actor == visitor("v")
    hands.now += 100
    with pytest.raises(Unauthenticated, match="expired"):
        tokens.read(old_visitor)


def test_keys_can_be_rotated() -> None:
    """The newest key signs, an older one is still accepted until it is taken out."""
    old = Tokens(OTHER)
    both = Tokens([KEY, OTHER])
    assert both.read(old.agent("a")).actor == agent("a")
    assert Tokens(KEY).read(both.agent("a")).actor == agent("a")
    with pytest.raises(Unauthenticated):
        Tokens(KEY).read(old.agent("a"))


@pytest.mark.parametrize("keys", ["", "short", [], [KEY, "short"]])
def test_a_short_key_is_refused(keys: str | list[str]) -> None:
    """A key that could be guessed is a mistake in the shop's settings, and said so."""
    with pytest.raises(ConfigurationError, match="token_hex"):
        Tokens(keys)


def test_an_id_has_a_sensible_length() -> None:
    """A token for nobody, or for a very long name, is the shop's mistake."""
    for id_ in ("", "x" * 201):
        with pytest.raises(ValueError, match="1 to 200"):
            Tokens(KEY).visitor(id_)


def test_keys_are_not_shown() -> None:
    """A key does not get into logs by way of `repr`."""
    assert KEY not in repr(Tokens(KEY))
