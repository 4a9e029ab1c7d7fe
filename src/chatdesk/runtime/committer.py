"""The one place that takes turns: one thread decides for everybody in this process who waits.

What becomes of a command:

* *applied*: its effect and its answer are durable before anybody hears of them;
* *refused*: nothing was changed by it;
* *failed* (`TurnTimeout`, `StoreUnavailable` …): nothing was done;
* *unknown*: the commit's answer was lost. The committer asks the store again until it answers, by
  the turn's receipt or by what each command's id was answered, and does what was not done: so all
  is done once. Only who will not wait so long hears `OutcomeUnknown`; if his command has an id, he
  may send it again.

Any other error undoes the whole turn, and its commands are tried one at a time, so that it reaches
only the one who caused it.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeAlias

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.model.commits import Batch, Change, Need
from chatdesk.model.errors import OutcomeUnknown, Refused, Stopped, StorageError
from chatdesk.model.ids import Instant, Revision, Seconds
from chatdesk.runtime.jobs import Job, ring_all
from chatdesk.runtime.receipts import undecided, with_receipt
from chatdesk.runtime.replica import Replica
from chatdesk.storage.port import Turn

log = logging.getLogger("chatdesk.runtime")

MAX_BATCH = 256
"""Most commands of one turn: bounds how long the others wait for it."""
GATHER_SHARE = 0.25
"""A turn is put off for callers to come again by this part of the last turn's length, at most."""
MAX_GATHER_SECONDS = 0.01
TURN_SECONDS = 5.0
"""How long the committer waits for the desk's turn."""
POLL_SECONDS = 1.0
"""How often it looks what other processes have changed when no signal says so."""
RETRY_SECONDS = 0.25
"""How long after a failure it tries again what nobody asked for anew."""
KEEP_REPLIES_SECONDS = 7 * 86_400.0
"""How long the store keeps what a command was answered: a retry comes within seconds or days."""
KEEP_VISITORS_SECONDS = 30 * 86_400.0
"""How long the store keeps that somebody was on the site who never asked anything."""
SWEEP_SECONDS = 3_600.0
"""How often what is older is deleted."""


class Errand(Enum):
    """What else the committer is asked to do."""

    LOOK = "look"
    STOP = "stop"


AnyJob: TypeAlias = Job[Any]


@attrs.define(eq=False)
class Timing:
    """How patient a committer is; every length is in seconds."""

    turn: Seconds = TURN_SECONDS
    poll: Seconds = POLL_SECONDS
    retry: Seconds = RETRY_SECONDS
    keep_replies: Seconds = KEEP_REPLIES_SECONDS
    keep_visitors: Seconds = KEEP_VISITORS_SECONDS
    sweep: Seconds = SWEEP_SECONDS


@attrs.define(eq=False)
class Committer:
    """Takes the desk's turn for all that wait, ticks, and follows what other processes do.

    `follow` is called with the replica's lock held whenever the replica has gone forward, with this
    process's own change if there was one.
    """

    _replica: Replica
    _clock: Callable[[], Instant]
    _ids: Callable[[], str]
    _follow: Callable[[Change | None], None]
    _timing: Timing = attrs.field(factory=Timing)
    _queue: SimpleQueue[AnyJob | Errand] = attrs.field(factory=SimpleQueue, init=False)
    _gate: Lock = attrs.field(factory=Lock, init=False)
    _thread: Thread | None = attrs.field(default=None, init=False)
    _stopped: bool = attrs.field(default=False, init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _look: bool = attrs.field(default=False, init=False)
    _waiting: list[AnyJob] = attrs.field(factory=list, init=False)
    _doubtful: list[AnyJob] = attrs.field(factory=list, init=False)
    _usual: int = attrs.field(default=1, init=False)
    _turn_seconds: Seconds = attrs.field(default=0.0, init=False)
    _not_before: float = attrs.field(default=0.0, init=False)
    _next_poll: float = attrs.field(default=0.0, init=False)
    _next_sweep: float = attrs.field(default=0.0, init=False)

    # -- for callers ---------------------------------------------------------------------------

    def submit(self, job: AnyJob) -> None:
        """Accepts a job, which will be settled in any case. Raises `Stopped`."""
        self._put(job)

    def look(self) -> None:
        """Has the committer see soon what other processes have committed."""
        if not self._look:
            self._look = True
            self._put(Errand.LOOK)

    def start(self) -> None:
        """Starts the thread, unless it runs. Raises `Stopped`."""
        with self._gate:
            self._check_running()

    def stop(self) -> None:
        """Finishes what was accepted; afterwards nothing more is. May be called again."""
        with self._gate:
            first, self._stopped = not self._stopped, True
            thread = self._thread
        if first:
            self._queue.put(Errand.STOP)
        if thread is not None:
            thread.join()

    def _put(self, item: AnyJob | Errand) -> None:
        with self._gate:
            self._check_running()
            self._queue.put(item)

    def _check_running(self) -> None:
        if self._stopped:
            raise Stopped("the desk has been stopped: make a new ChatDesk to go on")
        if self._thread is None:
            self._thread = Thread(target=self._run, name="chatdesk-committer", daemon=True)
            self._thread.start()

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not (self._stopping and self._is_idle()):
            self._wait()
            try:
                self._round()
                self._sweep()
            except Exception as error:  # this thread must not die while anybody waits for it
                log.exception("the committer failed and goes on")
                self._replica.drop()
                self._settle(self._take(), error)

    def _is_idle(self) -> bool:
        return self._queue.empty() and not self._waiting and not self._doubtful

    def _wait(self) -> None:
        """Waits until there is something to do: a job, an errand, a deadline or a poll."""
        try:
            self._receive(self._queue.get(timeout=self._idle_seconds()))
        except Empty:
            return
        if self._waiting:
            self._gather()

    def _idle_seconds(self) -> Seconds:
        now = time.monotonic()
        pause = max(self._not_before - now, 0.0)
        if self._doubtful or self._stopping:
            return pause
        with self._replica.lock:
            deadline = self._replica.next_deadline()
        until_poll = max(self._next_poll - now, 0.0)
        if deadline is None:
            return until_poll
        return min(until_poll, max(deadline - self._clock(), pause))

    def _gather(self) -> None:
        """Gives those who were answered in the last turn a moment to come again.

        Without it turns alternate between a few early comers and all the rest.
        """
        until = time.monotonic() + min(GATHER_SHARE * self._turn_seconds, MAX_GATHER_SECONDS)
        while len(self._waiting) < self._usual:
            try:
                self._receive(self._queue.get(timeout=max(until - time.monotonic(), 0.0)))
            except Empty:
                return

    def _receive(self, item: AnyJob | Errand) -> None:
        if isinstance(item, Job):
            self._waiting.append(item)
        elif item is Errand.STOP:
            self._stopping = True
        else:
            self._next_poll = 0.0

    def _receive_all(self) -> None:
        """Takes in whoever came meanwhile, as far as the batch has room."""
        while len(self._waiting) < MAX_BATCH:
            try:
                self._receive(self._queue.get_nowait())
            except Empty:
                return

    def _round(self) -> None:
        with self._replica.lock:
            if self._waiting or self._is_due():
                self._turn()
            if time.monotonic() >= self._next_poll:
                self._poll()

    def _sweep(self) -> None:
        """Now and then has the store forget who was answered, or was there, long ago."""
        now = time.monotonic()
        if now < self._next_sweep:
            return
        first, self._next_sweep = self._next_sweep == 0.0, now + self._timing.sweep
        if first:  # not in everybody's start
            return
        try:
            at, store = self._clock(), self._replica.store
            store.forget_replies(at - self._timing.keep_replies)
            store.forget_visitors(at - self._timing.keep_visitors)
        except StorageError as error:
            log.warning("cannot delete what is old, trying again later: %s", error)

    def _is_due(self) -> bool:
        if time.monotonic() < self._not_before:
            return False
        deadline = self._replica.next_deadline()
        return bool(self._doubtful) or (deadline is not None and deadline <= self._clock())

    def _poll(self) -> None:
        self._next_poll = time.monotonic() + self._timing.poll
        self._look = False
        try:
            self._replica.catch_up()
        except StorageError as error:
            log.warning("cannot see what others changed, trying again: %s", error)
        else:
            self._follow(None)

    # -- one turn ------------------------------------------------------------------------------

    def _turn(self, take: Callable[[], list[AnyJob]] | None = None) -> None:
        """Decides what `take` gives (all that wait), in one commit, and tells everybody."""
        take = take or self._take
        jobs: list[AnyJob] = []
        start = time.monotonic()
        try:
            change = self._decide(take, jobs)
        except OutcomeUnknown as error:
            self._doubt(jobs, error)
        except StorageError as error:
            self._failed(jobs or take(), error)
        except Exception as error:  # a defect: whose command it is, is found out one by one
            log.exception("a turn failed, and was undone")
            self._one_by_one(jobs, error)
        else:
            self._turn_seconds = time.monotonic() - start
            self._done(jobs, change)

    def _done(self, jobs: list[AnyJob], change: Change | None) -> None:
        self._usual = min(len(jobs) + self._queue.qsize(), MAX_BATCH)
        ring_all(jobs)
        self._follow(change)

    def _decide(self, take: Callable[[], list[AnyJob]], jobs: list[AnyJob]) -> Change | None:
        """Takes one turn for the jobs of `take`, which are put into `jobs`; gives what it wrote.

        The jobs are taken when the turn has come: who gave up before is not served.
        """
        desk = self._replica.desk()
        begun = False
        try:
            with self._replica.store.turn(desk.revision, timeout=self._timing.turn) as turn:
                begun = True
                jobs.extend(take())
                self._replica.apply(turn.changes)
                batch = self._handle(turn, jobs)
                revision = turn.revision if batch is None else turn.write(batch)
        except BaseException:
            if begun:
                self._replica.drop()
            raise
        self._replica.keep(revision)
        return None if batch is None else _change(revision, batch)

    def _take(self) -> list[AnyJob]:
        """Everybody who waits and has not given up: first those whose commit is in doubt."""
        self._receive_all()
        jobs = self._doubtful + [job for job in self._waiting if job.claim()]
        self._doubtful, self._waiting = [], []
        return jobs

    def _handle(self, turn: Turn, jobs: list[AnyJob]) -> Batch | None:
        """Lets the desk decide every job; gives what has changed."""
        desk = self._replica.desk()
        todo = undecided(turn, jobs)
        self._fetch(desk, turn, todo)
        now = self._replica.now(self._clock())
        desk.advance(now)
        for job in todo:
            if job.command is None:
                job.succeed(None)
                continue
            try:
                job.succeed(desk.handle(job.command, by=job.by, now=now, fresh=self._ids()))
            except Refused as refusal:
                job.fail(refusal)
        for policy, failure in desk.policy_failures():
            log.error(
                "the policy %r failed; until it is mended, the least busy agent is chosen when it"
                " does",
                policy,
                exc_info=failure,
            )
        batch = desk.collect()
        return None if batch is None else with_receipt(batch, todo, self._ids)

    def _fetch(self, desk: Desk, turn: Turn, jobs: Sequence[AnyJob]) -> None:
        """Gives the desk the records that the commands need, and what these need in turn."""
        wanted: dict[Need, None] = {}
        for job in jobs:
            if job.command is not None:
                for need in desk.needs(job.command, job.by):
                    wanted[need] = None
        asked: set[Need] = set()
        while wanted:
            found = turn.fetch(wanted)
            if not found:  # who learns nothing names nothing new
                return
            desk.provide(found)
            asked.update(wanted)
            named = (desk.further_needs(job.command, job.by) for job in jobs if job.command)
            wanted = dict.fromkeys(need for needs in named for need in needs if need not in asked)

    # -- when it fails -------------------------------------------------------------------------

    def _doubt(self, jobs: list[AnyJob], error: StorageError) -> None:
        """Nobody knows whether these were done: the next turn finds out."""
        for job in jobs:
            job.doubtful = True
        self._failed(jobs, error)

    def _failed(self, jobs: list[AnyJob], error: StorageError) -> None:
        """Nothing was done this time; who is in doubt from before stays in doubt."""
        now = time.monotonic()
        self._not_before = now + self._timing.retry
        keep = [job for job in jobs if job.doubtful and job.give_up_at > now]
        lost = [job for job in jobs if job.doubtful and job.give_up_at <= now]
        self._doubtful.extend(keep)
        self._settle([job for job in jobs if not job.doubtful], error)
        for job in lost:
            job.fail(OutcomeUnknown(f"{job.advice}: {error}"))
        ring_all(lost)

    def _one_by_one(self, jobs: list[AnyJob], error: Exception) -> None:
        if len(jobs) <= 1:
            self._not_before = time.monotonic() + self._timing.retry
            self._settle(jobs, error)
            return
        for job in jobs:
            self._turn(partial(list, [job]))

    def _settle(self, jobs: Iterable[AnyJob], error: Exception) -> None:
        settled = list(jobs)
        for job in settled:
            job.fail(_twin(error))
        ring_all(settled)


def _change(revision: Revision, batch: Batch) -> Change:
    return Change(revision, batch.at, batch.records, batch.events)


def _twin(error: Exception) -> Exception:
    """An error of the same kind: one error raised in many threads would mix their tracebacks."""
    try:
        twin = type(error)(*error.args)
    except TypeError:
        return error
    twin.__cause__ = error
    return twin
