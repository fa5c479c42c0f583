"""Leases: who may send a message, and what a crash or a lost database does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from kit.db import db, in_transaction, transaction
from outbox.leasing import BATCH, LEASE_S
from outbox.mail import DeliveryFailed
from outbox.models import Message
from outbox.worker import STOP
from tests.outbox.make import (
    NOON,
    Clock,
    Died,
    Postbox,
    add,
    log_entries,
    log_lines,
    row,
    rows,
    run,
)


def in_threads(app: Flask, *works: Callable[[], object]) -> None:
    """Run all at once, each in a context of its own; an error in one is an error here."""
    errors: list[BaseException] = []

    def run_one(work: Callable[[], object]) -> None:
        try:
            with app.app_context():
                work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run_one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    assert errors == []


@contextmanager
def slow_claims() -> Iterator[None]:
    """A pause between reading which messages are free and claiming them."""

    def pause(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("UPDATE outbox"):
            time.sleep(0.2)

    event.listen(db.engine, "before_cursor_execute", pause)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", pause)


@pytest.mark.long
def test_two_workers_that_claim_at_the_same_moment_never_send_one_message_twice(app: Flask) -> None:
    ids = add(3)
    postbox, together = Postbox(), threading.Barrier(2)

    def work() -> None:
        together.wait()
        run(postbox, Clock())

    with slow_claims():
        in_threads(app, work, work)

    assert sorted(postbox.ids) == sorted(ids)


def test_while_one_worker_is_sending_another_leaves_its_message_alone(app: Flask) -> None:
    ids = add()
    sending, looked = threading.Event(), threading.Event()

    def pause(_: EmailMessage) -> None:
        sending.set()
        assert looked.wait(10)

    first, second = Postbox(pause), Postbox()

    def look() -> None:
        assert sending.wait(10)
        run(second, Clock(), "two")
        looked.set()

    in_threads(app, lambda: run(first, Clock()), look)

    assert (first.ids, second.ids) == (ids, [])


@pytest.mark.long
def test_many_workers_send_each_message_once(app: Flask) -> None:
    ids = add(4 * BATCH)
    postbox = Postbox(lambda _: time.sleep(0.005))

    def drain() -> None:
        while run(postbox, Clock()):
            pass

    in_threads(app, *[drain] * 4)

    assert sorted(postbox.ids) == sorted(ids)
    assert {message.attempts for message in rows()} == {1}


# Not on SQLite, which has one writer at a time: there claims wait, and are short.
@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_workers_do_not_wait_for_one_anothers_claims(app: Flask) -> None:
    ids = add(2)
    first = select(Message.id).where(Message.message_id == ids[0]).with_for_update()
    postbox = Postbox()

    with transaction() as connection:
        connection.execute(first)
        in_threads(app, lambda: run(postbox, Clock()))

    assert postbox.ids == ids[1:]


def test_after_a_crash_between_acceptance_and_record_the_same_message_id_goes_again(
    app: Flask,
) -> None:
    ids = add()
    accepted: list[str] = []
    now = Clock()

    def die(message: EmailMessage) -> None:
        accepted.append(str(message["Message-ID"]))
        raise Died

    with pytest.raises(Died):
        run(Postbox(die), now)

    second = Postbox()
    now.forward(seconds=LEASE_S - 1)
    assert run(second, now, "two") == 0
    now.forward(seconds=1)
    assert run(second, now, "two") == 1
    assert accepted == second.ids == ids
    assert (row().state, row().attempts) == ("sent", 2)


def test_a_worker_that_lost_its_lease_does_not_overwrite_the_next_ones_record(app: Flask) -> None:
    add()
    slow, quick = Clock(), Clock(NOON + timedelta(seconds=LEASE_S))

    def stall(_: EmailMessage) -> None:
        run(Postbox(), quick)  # a worker of the same name, too
        raise DeliveryFailed("SMTP 550 No", permanent=True)

    with log_lines() as lines:
        run(Postbox(stall), slow)

    assert (row().state, row().sent_at) == ("sent", quick())
    assert log_entries() == []
    assert "lease_lost" in [line["event"] for line in lines]


def test_a_mail_is_begun_only_while_enough_of_the_lease_is_left(app: Flask) -> None:
    ids = add(3)
    now = Clock()
    slow = Postbox(lambda _: now.forward(seconds=15))

    assert run(slow, now) == 2
    assert slow.ids == ids[:2]

    left = rows()[2]
    assert (left.attempts, left.leased_by, left.due_at) == (0, None, NOON)
    other = Postbox()
    assert run(other, now, "two") == 1
    assert other.ids == ids[2:]


def test_a_worker_that_is_asked_to_stop_ends_after_the_current_message(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add(3)
    asked = threading.Event()
    monkeypatch.setitem(app.extensions, STOP, asked)

    postbox = Postbox(lambda _: asked.set())
    assert run(postbox, Clock()) == 1

    assert postbox.ids == ids[:1]
    assert [message.leased_by for message in rows()] == [None, None, None]


def lose(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """A database that is away for the next records; answers the pauses made meanwhile."""
    pauses: list[int] = []

    def away_first(work: Any) -> Any:
        if len(pauses) < times:
            raise OperationalError("UPDATE", {}, psycopg.OperationalError("the connection is lost"))
        return in_transaction(work)

    monkeypatch.setattr("outbox.delivering.in_transaction", away_first)
    monkeypatch.setattr("outbox.delivering.time.sleep", pauses.append)
    return pauses


def test_what_was_sent_is_recorded_as_soon_as_the_database_is_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    pauses = lose(monkeypatch, times=3)
    postbox = Postbox()

    run(postbox, Clock())

    assert len(pauses) == 3
    assert row().state == "sent"
    assert len(postbox.sent) == 1


def test_a_database_that_stays_away_is_left_to_the_loop_when_the_lease_is_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    now = Clock()
    lose(monkeypatch, times=1000)
    pause = "outbox.delivering.time.sleep"
    monkeypatch.setattr(pause, lambda seconds: now.forward(seconds=seconds))

    with pytest.raises(OperationalError):
        run(Postbox(), now)

    assert now() == NOON + timedelta(seconds=LEASE_S)
