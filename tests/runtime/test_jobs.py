"""A command on its way."""

import anyio
import pytest

from chatdesk.model.commands import Command
from chatdesk.model.errors import NotFound, OutcomeUnknown, TurnTimeout
from chatdesk.model.results import Done
from chatdesk.model.values import CLOCK
from chatdesk.runtime.jobs import Job, LoopBell, ThreadBell, ring_all
from chatdesk.runtime.loops import running_loop


def a_job(command_id: str = "") -> Job[Done]:
    """A job nobody has taken."""
    return Job[Done](Command[Done](id=command_id), CLOCK, ThreadBell(), 1.0)


def test_one_may_claim_it() -> None:
    """The first who claims a job has it, so it is either done or given up."""
    job = a_job()
    assert [job.claim(), job.claim()] == [True, False]


def test_a_result_is_told() -> None:
    """Ringing wakes the one who waits, who finds the result."""
    job = a_job()
    bell = job.bell
    assert isinstance(bell, ThreadBell)
    assert not bell.wait(0)
    job.succeed(Done())
    ring_all([job])
    assert bell.wait(0)
    assert job.outcome() == Done()


def test_an_error_is_raised() -> None:
    """The error of a job is raised where its outcome is asked for."""
    job = a_job()
    job.fail(NotFound("chat", "c1"))
    ring_all([job])
    with pytest.raises(NotFound, match="no chat 'c1'"):
        job.outcome()


def test_nothing_was_done_for_who_gives_up_in_time() -> None:
    """A job that nobody had taken is given up: nothing was done, and later nobody can take it."""
    job = a_job()
    with pytest.raises(TurnTimeout, match="within 1 s: nothing was done"):
        job.outcome()
    assert not job.claim()


@pytest.mark.parametrize(
    ("command_id", "advice"), [("mine", "again with its id"), ("", "look whether it was done")]
)
def test_nobody_knows_once_it_is_taken(command_id: str, advice: str) -> None:
    """A job that is being done may or may not come to pass: an id of its own finds out."""
    job = a_job(command_id)
    job.claim()
    with pytest.raises(OutcomeUnknown, match=advice):
        job.outcome()


@pytest.mark.anyio
async def test_one_call_wakes_a_whole_loop() -> None:
    """Ten tasks of one loop are woken by a single call into it."""
    post = running_loop()
    assert post is not None
    calls = list[object]()

    def counting(*call: object) -> None:
        calls.append(call)
        post(*call)

    jobs = [Job[Done](None, CLOCK, LoopBell(counting), 1.0) for _ in range(10)]
    ring_all(jobs)
    with anyio.fail_after(10):
        for job in jobs:
            assert isinstance(job.bell, LoopBell)
            await job.bell.event.wait()
    assert len(calls) == 1


def test_a_loop_that_has_ended_is_passed_over() -> None:
    """Whoever waited in an event loop that is gone cannot be told, and the others are."""

    def ended(*_: object) -> None:
        raise RuntimeError("Event loop is closed")

    class Deaf(LoopBell):
        """A bell without an event, since no loop runs here."""

    bell = Deaf.__new__(Deaf)
    bell.post, bell.event = ended, None  # type: ignore[assignment]  # nobody will look at it
    lost, heard = Job[Done](None, CLOCK, bell, 1.0), a_job()
    ring_all([lost, heard])
    assert isinstance(heard.bell, ThreadBell)
    assert heard.bell.wait(0)


def test_what_is_noted_is_no_outcome_before_it_is_told() -> None:
    """The desk has decided but nothing is durable: who gives up now gets no result."""
    job = a_job()
    job.claim()
    job.succeed(Done())
    with pytest.raises(OutcomeUnknown):
        job.outcome()
