"""Who may do and see what: the tables are complete, and one function decides what is sent."""

from itertools import product

import pytest

from chatdesk.model.commands import COMMAND_TYPES, ConfigureDesk, PostMessage, RateChat
from chatdesk.model.queries import AskSettings, AskTranscript
from chatdesk.model.values import Actor, ActorKind, Audience, Role
from chatdesk.rules.access import (
    COMMANDS,
    QUERIES,
    Scope,
    Standing,
    Viewer,
    command_scope,
    query_scope,
    standing,
    visible,
)

KINDS = {Standing.VISITOR: ActorKind.VISITOR, Standing.SERVICE: ActorKind.SERVICE}


def viewer(of: Standing, id_: str = "me") -> Viewer:
    """Somebody of a standing."""
    return Viewer(Actor(KINDS.get(of, ActorKind.AGENT), id_), of)


def test_the_table_names_every_command() -> None:
    """A39: what is not in the table is refused, so nothing may be left out."""
    assert set(COMMANDS) == set(COMMAND_TYPES)
    assert all(row for row in [*COMMANDS.values(), *QUERIES.values()])


def test_each_role_may_do_what_the_one_before_may() -> None:
    """C07: supervisors may more than agents, admins more than supervisors."""
    ranks = {None: 0, Scope.OWN: 1, Scope.ANY: 2}
    for row in [*COMMANDS.values(), *QUERIES.values()]:
        order = [Standing.AGENT, Standing.SUPERVISOR, Standing.ADMIN]
        scopes = [ranks[row.get(of)] for of in order]
        assert scopes == sorted(scopes)


def test_visitors_act_on_their_own_only() -> None:
    """A39: whatever a visitor may do, he may do to what is his."""
    for row in COMMANDS.values():
        assert row.get(Standing.VISITOR) in {None, Scope.OWN}


@pytest.mark.parametrize(
    ("kind", "role", "expected"),
    [
        (ActorKind.VISITOR, None, Standing.VISITOR),
        (ActorKind.SERVICE, None, Standing.SERVICE),
        (ActorKind.CLOCK, None, None),
        (ActorKind.AGENT, None, None),
        (ActorKind.AGENT, Role.AGENT, Standing.AGENT),
        (ActorKind.AGENT, Role.SUPERVISOR, Standing.SUPERVISOR),
        (ActorKind.AGENT, Role.ADMIN, Standing.ADMIN),
        (ActorKind.VISITOR, Role.ADMIN, Standing.VISITOR),
    ],
)
def test_the_standing_of_an_actor(
    kind: ActorKind, role: Role | None, expected: Standing | None
) -> None:
    """C07: an agent's role is what the desk has for him; others have none."""
    assert standing(Actor(kind, "x"), role) is expected


def test_who_is_nobody_may_do_nothing() -> None:
    """C07: no standing, no scope."""
    assert command_scope(PostMessage, None) is None
    assert query_scope(AskTranscript, None) is None
    assert command_scope(ConfigureDesk, Standing.SUPERVISOR) is None
    assert command_scope(RateChat, Standing.SERVICE) is None
    assert query_scope(AskSettings, Standing.AGENT) is None


def test_every_audience_and_every_viewer() -> None:
    """A39, B43, C08: nobody sees what is not addressed to him; supervisors see what agents see."""
    addressed = product((None, "me", "other"), ((), ("me",), ("other",)), (False, True))
    for visitor, agents, staff in addressed:
        audience = Audience(visitor, agents, staff)
        assert visible(audience, viewer(Standing.SERVICE))
        assert visible(audience, viewer(Standing.VISITOR)) is (visitor == "me")
        assert visible(audience, viewer(Standing.AGENT)) is (staff or "me" in agents)
        for leader in (Standing.SUPERVISOR, Standing.ADMIN):
            assert visible(audience, viewer(leader)) is (staff or agents != ())
