"""Lanes: jobs that wait for somebody else's server keep no other waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from click.testing import Result
from flask import Flask, current_app

from outbox.cli import worker_command
from outbox.worker import STOP, Job, run_worker, stopping

PATIENCE_S = 20
RARELY = timedelta(hours=1)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Ends the loop after a while, should nobody else do it: then the test fails, and nothing
    hangs."""
    made = threading.Event()
    overdue = threading.Timer(PATIENCE_S, made.set)
    overdue.start()
    yield made
    assert overdue.is_alive(), "nobody stopped the loop in time"
    overdue.cancel()


def job(run: Callable[[], int], lane: str = "", name: str = "job") -> Job:
    return Job(name, RARELY, run, lane)


def test_a_job_that_hangs_keeps_no_job_of_another_lane(stop: threading.Event) -> None:
    mailed = threading.Event()
    seen: list[bool] = []

    def hang() -> int:
        seen.append(mailed.wait(PATIENCE_S))
        stop.set()
        return 0

    def mail() -> int:
        mailed.set()
        return 0

    run_worker([job(hang, "programs"), job(mail, "mails")], stop)

    assert seen == [True]


@pytest.mark.parametrize("hanging", ["", "mails", "programs"])
def test_no_lane_waits_for_another(stop: threading.Event, hanging: str) -> None:
    ran, lanes = set[str](), ["", "mails", "programs"]
    all_others = threading.Event()

    def run(lane: str) -> int:
        if lane == hanging:
            all_others.wait(PATIENCE_S)
            stop.set()
            return 0
        ran.add(lane)
        if len(ran) == 2:
            all_others.set()
        return 0

    run_worker([job(partial(run, lane), lane) for lane in lanes], stop)

    assert ran == {*lanes} - {hanging}
    assert all_others.is_set()


def test_jobs_of_one_lane_take_turns(stop: threading.Event) -> None:
    together, most = 0, 0
    runs: list[int] = []

    def run() -> int:
        nonlocal together, most
        together += 1
        most = max(most, together)
        threading.Event().wait(0.01)
        together -= 1
        runs.append(1)
        if len(runs) == 6:
            stop.set()
        return 1

    run_worker([job(run, "mails"), job(run, "mails")], stop)

    assert most == 1


def test_once_runs_everything_in_one_lane_in_its_order(stop: threading.Event) -> None:
    ran: list[tuple[str, int]] = []

    def run(name: str) -> int:
        ran.append((name, threading.get_ident()))
        return 0

    lanes = {"expire": "", "mails": "mails", "programs": "programs"}
    jobs = [job(partial(run, name), lane) for name, lane in lanes.items()]
    failed = run_worker(jobs, stop, once=True)

    assert failed == 0
    assert ran == [(name, threading.get_ident()) for name in lanes]


def test_once_goes_round_again_until_no_lane_finds_more(stop: threading.Event) -> None:
    """What one delivers may be what another has just written."""
    left = {"expire": [1, 1, 0, 0], "programs": [0, 1, 1, 0]}

    run_worker(
        [job(lambda: left["expire"].pop(0)), job(lambda: left["programs"].pop(0), "programs")],
        stop,
        once=True,
    )

    assert left == {"expire": [], "programs": []}


def test_the_end_of_the_worker_is_the_end_of_all_lanes(stop: threading.Event) -> None:
    ended: list[str] = []

    def run(lane: str) -> int:
        stop.wait(PATIENCE_S)  # what it is doing is done to its end
        ended.append(lane)
        return 1

    lanes = ["", "mails", "programs"]
    threading.Timer(0.05, stop.set).start()
    run_worker([job(partial(run, lane), lane) for lane in lanes], stop)

    assert sorted(ended) == sorted(lanes)


def test_a_lane_that_fails_is_counted(stop: threading.Event) -> None:
    def broken() -> int:
        threading.Timer(0.05, stop.set).start()
        raise RuntimeError

    assert run_worker([job(lambda: 0), job(broken, "programs")], stop) == 1


def test_a_loop_that_breaks_ends_the_other_lanes_too(stop: threading.Event) -> None:
    class Broken(BaseException):
        pass

    def breaks() -> int:
        raise Broken

    with pytest.raises(Broken):
        run_worker([job(breaks), job(lambda: 0, "programs")], stop)

    assert stop.is_set()


def test_without_jobs_there_is_nothing_to_wait_for(stop: threading.Event) -> None:
    assert run_worker([], stop) == 0
    assert not stop.is_set()


def test_every_lane_sees_the_application_and_its_stop() -> None:
    app = Flask("house")
    app.config.update({"SMTP_HOST": None, "MAIL_SPOOL": "instance/mail"})
    seen = set[tuple[str, str, bool]]()

    def run(lane: str) -> int:
        seen.add((lane, current_app.name, stopping()))
        if len(seen) == 2:
            current_app.extensions[STOP].set()
        return 0

    lanes = ["mails", "programs"]
    jobs = [job(partial(run, lane), lane) for lane in lanes]
    app.cli.add_command(worker_command(lambda _: jobs))
    told: Result = app.test_cli_runner().invoke(args=["worker"])

    assert told.exit_code == 0
    assert seen == {(lane, "house", False) for lane in lanes}
