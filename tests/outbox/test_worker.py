"""The worker's loop: what runs when, what a failure does, how it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask, current_app, g
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from outbox import worker
from outbox.cli import worker_command
from outbox.worker import Job, back_off, run_worker, stopping
from tests.outbox.make import log_lines

RARELY = timedelta(hours=1)
OFTEN = timedelta(milliseconds=20)


class Away(Exception):
    """The database is away; the text holds what was being written."""


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "back_off", lambda failures: timedelta(milliseconds=failures))


def job(run: Callable[[], int], every: timedelta = RARELY, name: str = "deliver messages") -> Job:
    return Job(name, every, run)


def no_more_than(seconds: int, jobs: Sequence[Job], stop: threading.Event) -> None:
    """Run the loop in this thread; one that nobody stops fails the test instead of hanging it."""
    overdue = threading.Timer(seconds, stop.set)
    overdue.start()
    try:
        run_worker(jobs, stop)
        assert overdue.is_alive(), "nobody stopped the loop in time"
    finally:
        overdue.cancel()


def test_a_job_that_did_something_runs_again_at_once(stop: threading.Event) -> None:
    left = [3, 2, 1, 0]

    def some() -> int:
        if len(left) == 1:
            stop.set()
        return left.pop(0)

    no_more_than(5, [job(some)], stop)

    assert left == []


@pytest.mark.long
def test_a_job_that_found_nothing_waits_for_its_time(stop: threading.Event) -> None:
    runs = {"rare": 0, "frequent": 0}

    def rare() -> int:
        runs["rare"] += 1
        return 0

    def frequent() -> int:
        runs["frequent"] += 1
        if runs["frequent"] == 5:
            stop.set()
        return 0

    no_more_than(5, [job(rare), job(frequent, OFTEN)], stop)

    assert runs == {"rare": 1, "frequent": 5}


def test_a_job_that_always_finds_more_leaves_the_others_their_turn(stop: threading.Event) -> None:
    turns: list[str] = []

    def busy() -> int:
        turns.append("busy")
        return 1

    def other() -> int:
        turns.append("other")
        if turns.count("other") == 3:
            stop.set()
        return 0

    no_more_than(5, [job(busy), job(other, timedelta())], stop)

    assert turns == ["busy", "other"] * 3


@pytest.mark.usefixtures("impatient")
def test_a_database_that_is_away_does_not_end_the_loop(stop: threading.Event) -> None:
    outcomes: list[Exception | int] = [
        OperationalError("INSERT INTO outbox ...", {}, Exception("no connection")),
        Away("jane@guests.example"),
        0,
    ]

    def run() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        stop.set()
        return outcome

    with log_lines() as lines:
        no_more_than(5, [job(run)], stop)

    assert outcomes == []
    failures = [line for line in lines if line["event"] == "job_failed"]
    assert [line["error"] for line in failures] == ["OperationalError", "Away"]
    assert failures[0]["job"] == "deliver messages"
    assert "jane" not in repr(lines)
    assert "INSERT" not in repr(lines)


@pytest.mark.usefixtures("impatient")
def test_a_job_that_fails_does_not_keep_the_others(stop: threading.Event) -> None:
    ran = 0

    def broken() -> int:
        raise Away

    def sound() -> int:
        nonlocal ran
        ran += 1
        if ran == 3:
            stop.set()
        return 0

    no_more_than(5, [job(broken), job(sound, OFTEN)], stop)

    assert ran == 3


@pytest.mark.long
def test_a_job_that_fails_rests_before_it_is_tried_again(stop: threading.Event) -> None:
    runs = 0

    def broken() -> int:
        nonlocal runs
        runs += 1
        raise Away

    run_for = threading.Timer(1 / 2, stop.set)
    run_for.start()
    run_worker([job(broken, timedelta())], stop)

    assert runs == 1


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(min_value=1, max_value=10_000))
def test_the_rest_after_failures_grows_and_never_passes_a_minute(failures: int) -> None:
    rest = back_off(failures)

    assert timedelta(seconds=1) <= rest <= timedelta(minutes=1)
    assert rest <= back_off(failures + 1)


def test_once_runs_each_job_until_none_finds_anything_more(stop: threading.Event) -> None:
    left, others = [2, 1, 0], [0, 0, 0]

    failed = run_worker([job(lambda: left.pop(0)), job(lambda: others.pop(0))], stop, once=True)

    assert failed == 0
    assert left == []
    assert others == []


def test_once_ends_and_tells_when_a_job_failed(stop: threading.Event) -> None:
    left, tries = [2, 1, 0], []

    def broken() -> int:
        tries.append(1)
        raise Away

    assert run_worker([job(broken), job(lambda: left.pop(0))], stop, once=True) == 1
    assert (left, len(tries)) == ([], 1)


def test_a_loop_that_was_stopped_starts_no_further_job(stop: threading.Event) -> None:
    def last() -> int:
        stop.set()
        return 1

    def never() -> int:
        raise AssertionError("a job was started after the stop")

    assert run_worker([job(last), job(never)], stop) == 0


def test_a_waiting_loop_ends_at_once_when_it_is_stopped(stop: threading.Event) -> None:
    loop = threading.Thread(target=run_worker, args=([job(lambda: 0)], stop))
    loop.start()

    stop.set()
    loop.join(timeout=2)

    assert not loop.is_alive()


# ------------------------------------------------------------------------------- the command


def flask_worker(*arguments: str, jobs: Callable[[Flask], Sequence[Job]], **config: str) -> Result:
    app = Flask("house")
    app.config.update({"SMTP_HOST": None, "MAIL_SPOOL": "instance/mail", **config})
    app.cli.add_command(worker_command(jobs))
    return app.test_cli_runner().invoke(args=["worker", *arguments])


def test_the_command_says_which_jobs_run_and_where_mails_go() -> None:
    with log_lines() as lines:
        result = flask_worker(
            "--once", jobs=lambda _: [job(lambda: 0), job(lambda: 0, name="tidy")]
        )

    assert result.exit_code == 0
    started = {"jobs": ["deliver messages", "tidy"], "mail_folder": "instance/mail"}
    assert {"event": "worker_started", "log_level": "info", **started} in lines


def test_no_folder_is_named_when_mails_go_to_a_server() -> None:
    with log_lines() as lines:
        flask_worker("--once", jobs=lambda _: [], SMTP_HOST="mail.casa.example")

    assert {"event": "worker_started", "log_level": "info", "jobs": []} in lines


def test_once_ends_with_an_error_code_when_a_job_failed() -> None:
    def broken() -> int:
        raise Away

    assert flask_worker("--once", jobs=lambda _: [job(broken)]).exit_code == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_worker_after_what_it_is_doing(number: signal.Signals) -> None:
    seen: list[bool] = []
    before = signal.getsignal(number)

    def interrupted() -> int:
        seen.append(stopping())
        signal.raise_signal(number)
        current_app.extensions[worker.STOP].wait(5)
        seen.append(stopping())
        return 1

    result = flask_worker(jobs=lambda _: [job(interrupted)])

    assert result.exit_code == 0
    assert seen == [False, True]
    assert signal.getsignal(number) is before


def test_nothing_of_one_run_is_seen_by_the_next() -> None:
    seen: list[bool] = []

    def run() -> int:
        seen.append("mark" in g)
        g.mark = True
        return 2 - len(seen)

    flask_worker("--once", jobs=lambda _: [job(run)])

    assert seen == [False, False]


def test_outside_of_the_worker_nobody_is_asked_to_stop() -> None:
    with Flask("house").app_context():
        assert not stopping()
