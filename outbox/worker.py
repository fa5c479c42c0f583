"""The worker: one loop that runs the jobs it is given, each when it is due."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog
from flask import current_app
from sqlalchemy import Connection

from kit.db import in_transaction, is_unavailable
from kit.errors import DomainError
from kit.log import failure

STOP = "worker_stop"
LONGEST_BACK_OFF_S = 60

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again. `run` says how much it did; after more than nothing it is
    run again at once, since there may be more. Jobs of one lane take turns; those of different
    lanes run at the same time, so that one that waits for somebody else's server keeps no other."""

    name: str
    every: timedelta
    run: Callable[[], int]
    lane: str = ""


@dataclass(slots=True)
class Turn:
    """A job and when it is next due, on the clock of `elapsed`."""

    job: Job
    due: timedelta = timedelta()
    failures: int = 0
    found_work: bool = True

    def take(self) -> None:
        """Run the job once. Its errors end here: a database that is away comes back."""
        try:
            self.found_work = self.job.run() > 0
        except Exception as error:
            self.found_work = False
            self.failures += 1
            self.due = elapsed() + back_off(self.failures)
            # By class and place: the text of an error may hold what was being written.
            log.error("job_failed", job=self.job.name, **failure(error))
        else:
            self.failures = 0
            self.due = elapsed() + (timedelta() if self.found_work else self.job.every)


def stopping() -> bool:
    """Whether the worker was asked to end: a job of several steps looks between two."""
    stop: threading.Event | None = current_app.extensions.get(STOP)
    return stop is not None and stop.is_set()


def one_by_one(ids: Iterable[int], work: Callable[[Connection, int], bool]) -> int:
    """Do something for each of the ids, each in a transaction of its own; how many times it was
    done. `work` looks again whether it is still to be done, and says whether it was.

    Nothing that goes wrong with one of them stops those after it; when nothing else was done, the
    last error is raised, so that the job rests and is seen to fail. What somebody else holds just
    now is left for the next run.
    """
    done, failed = 0, None
    for each in ids:
        if stopping():
            break
        try:
            done += _in_turn(work, each)
        except DomainError as refusal:
            log.warning("left_for_later", id=each, reason=refusal.code)
        except Exception as error:
            if is_unavailable(error):
                raise
            log.error("work_failed", id=each, **failure(error))
            failed = error
    if failed is not None and not done:
        raise failed
    return done


def _in_turn(work: Callable[[Connection, int], bool], each: int) -> bool:
    return in_transaction(lambda connection: work(connection, each))


def elapsed() -> timedelta:
    """A clock that only runs forward, whatever is done to the machine's time."""
    return timedelta(seconds=monotonic())


def back_off(failures: int) -> timedelta:
    """How long a job rests after failing so many times in a row."""
    return timedelta(seconds=min(2 ** min(failures - 1, 6), LONGEST_BACK_OFF_S))


def run_worker(jobs: Sequence[Job], stop: threading.Event, once: bool = False) -> int:
    """Run the jobs until `stop` is set, and answer how many failed in their last run.

    With `once` they are run in their order, all in one lane, round after round until none of them
    finds anything to do: what one has written another may send. One that failed is not run again.
    """
    if not jobs:
        return 0
    turns = [Turn(job) for job in jobs]
    lanes = dict.fromkeys("" if once else job.lane for job in jobs)
    first, *others = [[t for t in turns if once or t.job.lane == lane] for lane in lanes]
    threads = [threading.Thread(target=_run_lane, args=(lane, stop, once)) for lane in others]
    for thread in threads:
        thread.start()
    try:
        _run_lane(first, stop, once)
    except BaseException:
        stop.set()  # or the others would go on without it
        raise
    finally:
        for thread in threads:
            thread.join()
    return sum(turn.failures > 0 for turn in turns)


def _run_lane(turns: Sequence[Turn], stop: threading.Event, once: bool) -> None:
    while not stop.is_set():
        for turn in turns:
            is_due = not turn.failures if once else turn.due <= elapsed()
            if is_due and not stop.is_set():
                turn.take()
        if once and not any(turn.found_work for turn in turns):
            break
        rest = min(turn.due for turn in turns) - elapsed()
        stop.wait(max(rest, timedelta()).total_seconds())
