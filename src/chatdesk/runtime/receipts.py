"""How a turn whose commit was never confirmed is found again: by a receipt it wrote with the rest.

A command that has an id is answered again by the store's reply under it, whoever gives it again. A
command without one is known to this process alone, so one row for all of a turn is enough.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from chatdesk.desk.machine import HARMLESS_TWICE
from chatdesk.model.commits import Batch, Need
from chatdesk.model.records import Reply
from chatdesk.runtime.jobs import Job
from chatdesk.storage.port import Turn

PREFIX = "turn:"
"""How the ids of receipts begin, and of no other reply: no kind of actor is called so."""


def with_receipt(batch: Batch, jobs: Iterable[Job[Any]], ids: Callable[[], str]) -> Batch:
    """A turn's batch with a receipt, if the turn has done a command that has no id.

    The jobs are told its id: by it they are found to be done, should the commit be in doubt.
    """
    decided = list(jobs)
    if not any(_is_nameless(job) for job in decided):
        return batch
    receipt = Reply(id=PREFIX + ids(), at=batch.at, command="turn", result=b"null")
    for job in decided:
        job.receipt = receipt.id
    return replace(batch, replies=(*batch.replies, receipt))


def _is_nameless(job: Job[Any]) -> bool:
    command = job.command
    return (
        command is not None
        and not command.id
        and job.is_granted
        and type(command) not in HARMLESS_TWICE
    )


def undecided(turn: Turn, jobs: Sequence[Job[Any]]) -> Sequence[Job[Any]]:
    """The jobs that are yet to be decided: not those whose receipt the store holds.

    What was noted for those when they were decided is their outcome.
    """
    receipts = {job.receipt for job in jobs if job.receipt is not None}
    if not receipts:
        return jobs
    found = {each.id for each in turn.fetch(Need("reply", receipt) for receipt in receipts)}
    return [job for job in jobs if job.receipt not in found]
