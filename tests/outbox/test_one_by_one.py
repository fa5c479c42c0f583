"""Work of several steps: a transaction each, and none keeps those after it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, insert
from sqlalchemy.exc import OperationalError

from kit.errors import DomainError
from outbox.worker import STOP, one_by_one
from tags.models import Tag
from tests import make
from tests.outbox.make import log_lines


class Held(DomainError):
    """Somebody else is at it."""

    code = "held"


@pytest.fixture(autouse=True)
def _never_asked_to_stop(app: Flask) -> Iterator[None]:
    yield
    app.extensions.pop(STOP, None)


def write(connection: Connection, number: int) -> bool:
    connection.execute(insert(Tag), [{"id": number, "name": f"Tag {number}", "colour": "#000"}])
    return True


def written() -> list[int]:
    return [row.id for row in make.rows_of(Tag)]


def test_it_counts_what_was_done_not_what_was_looked_at(app: Flask) -> None:
    assert one_by_one([1, 2, 3], lambda _, each: each != 2) == 2


def test_a_failure_takes_back_its_own_step_and_no_other(app: Flask) -> None:
    def work(connection: Connection, number: int) -> bool:
        write(connection, number)
        if number == 2:
            raise ValueError("secret of a guest")
        return True

    with log_lines() as lines:
        done = one_by_one([1, 2, 3], work)

    assert (done, written()) == (2, [1, 3])
    assert [(line["event"], line["id"]) for line in lines] == [("work_failed", 2)]
    assert "secret" not in repr(lines)


def test_the_job_fails_when_nothing_but_failures_is_left(app: Flask) -> None:
    def broken(_: Connection, number: int) -> bool:
        raise ValueError(number)

    with pytest.raises(ValueError, match="2"):
        one_by_one([1, 2], broken)


def test_what_somebody_else_holds_is_left_for_the_next_run(app: Flask) -> None:
    def work(connection: Connection, number: int) -> bool:
        if number == 1:
            raise Held("later")
        return write(connection, number)

    assert one_by_one([1, 2], work) == 1
    assert one_by_one([1], work) == 0
    assert written() == [2]


def test_a_database_that_is_away_ends_the_run_at_once(app: Flask) -> None:
    tried: list[int] = []

    def work(_: Connection, number: int) -> bool:
        tried.append(number)
        raise OperationalError("SELECT", {}, Exception(), connection_invalidated=True)

    with pytest.raises(OperationalError):
        one_by_one([1, 2], work)

    assert tried == [1]


def test_a_worker_that_was_asked_to_end_begins_no_other_step(app: Flask) -> None:
    stop = app.extensions[STOP] = threading.Event()

    def work(connection: Connection, number: int) -> bool:
        stop.set()
        return write(connection, number)

    assert one_by_one([1, 2], work) == 1
