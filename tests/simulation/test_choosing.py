"""Policies and disciplines by their names."""

from pathlib import Path

import pytest

from chatdesk.rules.disciplines import DISCIPLINES
from chatdesk.rules.policies import POLICIES, LeastBusy
from chatdesk.simulation.choosing import discipline_named, policy_named
from chatdesk.simulation.errors import InvalidParameter

OWN = '''
from chatdesk.rules.disciplines import Discipline
from chatdesk.rules.policies import LongestIdle


class Mine(LongestIdle):
    """A user's own policy."""


class Wants(LongestIdle):
    """A policy with a setting that has no default."""

    def __init__(self, setting):
        self.setting = setting


class Newest(Discipline):
    """A user's own discipline: who came last is first."""

    def key(self, chat, setup):
        return 0, -chat.waiting_since


SOMETHING = 5
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's in the working directory."""
    (tmp_path / "shop_rules_of_mine.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "shop_rules_of_mine"


@pytest.mark.parametrize("name", POLICIES)
def test_each_built_in_policy_is_found_by_its_name(name: str) -> None:
    """With _ or - and in any case, the name gives the policy that a queue's setup would."""
    for written in (name, name.replace("_", "-"), f" {name.upper()} "):
        assert policy_named(written) == POLICIES[name]()


@pytest.mark.parametrize("name", DISCIPLINES)
def test_each_built_in_discipline_is_found_by_its_name(name: str) -> None:
    """As with policies."""
    assert discipline_named(name.replace("_", "-")) == DISCIPLINES[name]


def test_a_slip_of_the_pen_is_answered_with_what_was_meant() -> None:
    """The nearest name is offered, and all names are told."""
    with pytest.raises(InvalidParameter, match="Did you mean least_busy") as caught:
        policy_named("least-bussy")
    assert "round_robin" in str(caught.value)
    with pytest.raises(InvalidParameter, match="no discipline 'zzz'") as caught:
        discipline_named("zzz")
    assert "Did you mean" not in str(caught.value)


def test_ones_own_rules_are_found_in_the_working_directory(module: str) -> None:
    """`module:Class` gives an object of the class."""
    assert type(policy_named(f"{module}:Mine")).__name__ == "Mine"
    assert type(discipline_named(f"{module}:Newest")).__name__ == "Newest"
    found = policy_named("chatdesk.rules.policies:LeastBusy")
    assert found == LeastBusy()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no_such_module_anywhere:Mine", "cannot be found"),
        ("{module}:Nobody", "cannot be found"),
        (":Mine", "cannot be found"),
        ("{module}:SOMETHING", "no subclass of AssignmentPolicy"),
        ("{module}:Newest", "no subclass of AssignmentPolicy"),
        ("{module}:Wants", "give all a default"),
        ("chatdesk.rules.policies:RankedPolicy", "cannot be made"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_reason(module: str, name: str, told: str) -> None:
    """A missing module or class, something else, and a class that wants arguments."""
    with pytest.raises(InvalidParameter, match=told):
        policy_named(name.format(module=module))
