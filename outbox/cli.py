"""`flask worker`: the process that delivers messages and does everything else that is due."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import click
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext

from outbox.worker import STOP, Job, run_worker

log = structlog.get_logger()


def worker_command(jobs_for_app: Callable[[Flask], Sequence[Job]]) -> click.Command:
    """The command that runs the jobs of an application."""

    @click.command("worker")
    @click.option("--once", is_flag=True, help="Do what is due now, then end.")
    @with_appcontext
    def worker(once: bool) -> None:
        """Deliver messages and do what is due, until SIGTERM or Ctrl-C."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        with _stopped_by_signals() as stop:
            app.extensions[STOP] = stop
            jobs = [_in_own_context(app, job) for job in jobs_for_app(app)]
            _announce(app, jobs)
            failed = run_worker(jobs, stop, once)
        log.info("worker_stopped")
        if once and failed:
            raise SystemExit(1)

    return worker


def _announce(app: Flask, jobs: Sequence[Job]) -> None:
    spooled = app.config["SMTP_HOST"] is None
    where = {"mail_folder": app.config["MAIL_SPOOL"]} if spooled else {}
    log.info("worker_started", jobs=[job.name for job in jobs], **where)


def _in_own_context(app: Flask, job: Job) -> Job:
    """The job in a context that ends with each run: nothing of one run is seen by the next."""

    def run() -> int:
        with app.app_context():
            return job.run()

    return replace(job, run=run)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        # From a thread: the signal may arrive while this very thread holds the event's lock.
        threading.Thread(target=stop.set).start()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
