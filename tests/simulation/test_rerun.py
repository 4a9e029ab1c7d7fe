"""Going through a log again."""

from random import Random

import pytest

from chatdesk.model import commands as c
from chatdesk.model.values import agent as an_agent
from chatdesk.rules.disciplines import FirstCome
from chatdesk.rules.policies import POLICIES, AssignmentPolicy, LeastBusy, PreferredAgent
from chatdesk.simulation.calibration import Customers
from chatdesk.simulation.history import History, read_journal
from chatdesk.simulation.rerun import Course, rerun
from chatdesk.testing.driver import Driver
from tests.simulation.journals import small_shop
from tests.simulation.test_history import ask, two_agents


def run_again(history: History, policy: AssignmentPolicy, seed: int = 1) -> Course:
    """The log with one policy for all queues."""
    customers = Customers.of(history)
    rules = {name: (policy, FirstCome()) for name in history.queues}
    luck = customers.luck(history, Random(seed))
    return rerun(history, rules, customers.handling, luck)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_policy_that_ran_does_the_same_again(name: str) -> None:
    """Agent by agent and wait by wait, to the microsecond, for every built-in policy."""
    history = read_journal(small_shop(120, policy=name, seed=3).store)
    course = run_again(history, POLICIES[name]())
    assert course.agents == [a.stints[0].agent if a.stints else None for a in history.asked]
    assert list(course.waited) == pytest.approx([a.waited for a in history.asked], abs=1e-5)
    stints = {(s.agent, s.begin) for a in history.asked for s in a.stints}
    assert {(agent, begin) for agent, begin, _ in course.stints} == stints


def test_transfers_are_gone_through() -> None:
    """B12, B16: a chat handed over goes to the same colleague, one given back waits again."""
    shop = two_agents()
    for number, queue in enumerate((None, "help")):
        chat = ask(shop, f"zoe{number}", 100.0)
        giver = shop.desk.state.chats[chat].agent or ""
        shop.now += 30
        other = None if queue else "bo" if giver == "ana" else "ana"
        command = c.TransferChat(chat=chat, epoch=1, agent=other, queue=queue)
        shop.do(command, an_agent(giver))
        shop.now += 30
        shop.do(c.EndChat(chat=chat), an_agent(shop.desk.state.chats[chat].agent or ""))
    history = read_journal(shop.store)
    course = run_again(history, LeastBusy())
    told = sorted((s.agent, s.begin, s.end) for a in history.asked for s in a.stints)
    assert sorted(course.stints) == told


@pytest.mark.parametrize("seed", range(3))
def test_wild_journals_are_gone_through(seed: int) -> None:
    """Whatever a desk's life was, every customer comes once and nothing breaks."""
    driver = Driver(seed, check_every=None)
    driver.set_up()
    driver.steps(700)
    history = read_journal(driver.store)
    course = run_again(history, PreferredAgent())
    assert len(course.waited) == len(history.asked)
    assert all(waited >= 0 for waited in course.waited)
    assert {agent for agent in course.agents if agent is not None} <= set(history.agents)


def test_a_quicker_agent_ends_sooner() -> None:
    """A chat that another agent gets takes as long as their speeds say."""
    history = read_journal(small_shop(200).store)
    customers = Customers.of(history)
    lengths: dict[str, list[float]] = {"bo": [], "cy": []}
    course = run_again(history, POLICIES["random"]())
    for agent, begin, end in course.stints:
        lengths.setdefault(agent, []).append(end - begin)
    mean = {agent: sum(found) / len(found) for agent, found in lengths.items()}
    assert mean["bo"] < 0.75 * mean["cy"]
    assert customers.handling.speed("bo") > customers.handling.speed("cy")
