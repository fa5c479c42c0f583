"""Transactions: all or nothing, one writer after the other, readers that see one moment."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine, func, insert, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.db import (
    db,
    engine_options,
    glance,
    in_transaction,
    is_lock_timeout,
    is_sqlite,
    is_unavailable,
    reading,
    store,
    transaction,
)
from locations.models import Location
from partners.models import Partner
from payments.models import MethodSwitchedOff
from tags.models import Tag
from tests import make

ONLY_SQLITE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
ONLY_POSTGRES = pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)


def tag(connection: Connection, id: int, name: str = "") -> None:
    connection.execute(insert(Tag), [{"id": id, "name": name or f"Tag {id}", "colour": "#000"}])


def tags() -> list[int]:
    with transaction() as connection:
        return list(connection.scalars(select(Tag.id).order_by(Tag.id)))


@pytest.mark.usefixtures("app")
def test_a_transaction_that_ends_well_is_committed() -> None:
    with transaction() as connection:
        tag(connection, 1)
        tag(connection, 2)

    assert tags() == [1, 2]


@pytest.mark.usefixtures("app")
def test_a_transaction_that_raises_leaves_nothing_behind() -> None:
    def fail_halfway() -> None:
        with transaction() as connection:
            tag(connection, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert tags() == []


@pytest.mark.usefixtures("app")
def test_one_use_case_runs_in_one_transaction_and_answers() -> None:
    def work(connection: Connection) -> str:
        tag(connection, 1)
        return "done"

    assert in_transaction(work) == "done"
    assert tags() == [1]


@pytest.mark.usefixtures("app")
def test_a_reader_sees_one_moment_while_others_commit() -> None:
    make.tag(1, "Before")
    counting = select(func.count(Tag.id))

    with reading() as session:
        first = session.scalar(counting)
        make.tag(2, "Meanwhile")
        second = session.scalar(counting)

    assert (first, second) == (1, 1)
    assert tags() == [1, 2]


@pytest.mark.usefixtures("app")
def test_a_reader_neither_waits_for_a_writer_nor_sees_what_is_not_committed() -> None:
    with transaction() as connection:
        tag(connection, 1)
        with reading() as session:
            seen = session.scalar(select(func.count(Tag.id)))

    assert seen == 0


@pytest.mark.usefixtures("app")
def test_a_glance_answers_the_first_row_or_nothing() -> None:
    make.tag(1, "Only")

    assert glance(select(Tag.id, Tag.name), {}) == (1, "Only")
    assert glance(select(Tag.id).where(Tag.id == 2), {}) is None


@pytest.mark.usefixtures("app")
def test_foreign_keys_are_kept_on_both_databases() -> None:
    row = {"method_id": 77, "location_id": 88}

    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(insert(MethodSwitchedOff), [row])


@pytest.mark.usefixtures("app")
def test_an_instant_is_stored_in_utc_and_comes_back_aware() -> None:
    moment = datetime(2026, 7, 1, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    partner = make.partner()

    with transaction() as connection:
        connection.execute(update(Partner).values(created_at=moment))

    found = make.row_of(Partner, partner).created_at
    assert found == moment
    assert found.utcoffset() == timedelta(0)


@ONLY_SQLITE
@pytest.mark.usefixtures("app")
def test_sqlite_writes_durably_into_a_log_that_readers_do_not_wait_for() -> None:
    with store().reader.connect() as connection:
        pragmas = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert pragmas == ["wal", 2, 1]


@pytest.mark.long
@ONLY_SQLITE
def test_sqlite_writers_of_two_applications_queue(make_app: Callable[..., Flask]) -> None:
    apps = [make_app(), make_app()]
    with apps[0].app_context():
        make.location(1, business_location_id=0)
    failed: list[BaseException] = []

    def count(app: Flask) -> None:
        try:
            with app.app_context():
                for _ in range(5):
                    add_one(pause_s=0.005)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=count, args=[app]) for app in apps * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with apps[0].app_context():
        assert make.row_of(Location, 1).business_location_id == 30


def add_one(pause_s: float) -> None:
    """Read, rest, write: who read the same number meanwhile would overwrite ours."""
    column = Location.business_location_id
    with transaction() as connection:
        number = connection.scalar(select(column)) or 0
        time.sleep(pause_s)
        connection.execute(update(Location).values(business_location_id=number + 1))


@ONLY_POSTGRES
@pytest.mark.usefixtures("app")
def test_a_connection_the_server_ended_is_told_and_replaced() -> None:
    def lose_the_connection() -> None:
        with transaction() as connection:
            end_other_connections()
            tag(connection, 1)

    with pytest.raises(DBAPIError) as caught:
        lose_the_connection()
    assert is_unavailable(caught.value)
    with transaction() as connection:
        tag(connection, 2)
    assert tags() == [2]
    for engine in db.engines.values():  # other pools hold connections that were ended, too
        engine.dispose()


def end_other_connections() -> None:
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    glance(
        text(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}"), {}
    )


@ONLY_POSTGRES
@pytest.mark.usefixtures("app")
def test_a_reader_on_postgresql_cannot_write() -> None:
    with pytest.raises(DBAPIError, match="read-only"), reading() as session:
        session.execute(insert(Tag), [{"id": 1, "name": "x", "colour": "x"}])


@ONLY_POSTGRES
@pytest.mark.usefixtures("app")
def test_a_wait_for_a_lock_ends_and_is_told_apart() -> None:
    make.tag(1, "Held")
    hold = select(Tag.id).with_for_update()

    def wait_for_what_is_held() -> None:
        with transaction() as first, transaction() as second:
            first.execute(hold)
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            second.execute(hold)

    with pytest.raises(DBAPIError) as caught:
        wait_for_what_is_held()
    assert is_lock_timeout(caught.value)
    assert is_unavailable(caught.value)


@ONLY_POSTGRES
@pytest.mark.usefixtures("app")
def test_nobody_holds_a_lock_or_a_transaction_for_ever_on_postgresql() -> None:
    with transaction() as connection:
        limits = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout", "timezone")
        ]

    assert limits == ["5s", "1min", "UTC"]


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "sqlite:////nowhere/at/all/bookings.sqlite",
    ],
)
def test_a_database_that_is_not_there_is_unavailable(uri: str) -> None:
    engine = create_engine(uri, **engine_options(uri, 1))

    with pytest.raises(DBAPIError) as caught:
        engine.connect()

    assert is_unavailable(caught.value)
    engine.dispose()


def test_no_free_connection_is_a_database_that_is_unavailable() -> None:
    assert is_unavailable(PoolTimeout())


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (psycopg.errors.ConnectionFailure, True),
        (psycopg.errors.TooManyConnections, True),
        (psycopg.errors.DiskFull, True),
        (psycopg.errors.AdminShutdown, True),
        (psycopg.errors.CannotConnectNow, True),
        (psycopg.errors.DeadlockDetected, True),
        (psycopg.errors.SerializationFailure, True),
        (psycopg.errors.UniqueViolation, False),
        (psycopg.errors.CheckViolation, False),
        (psycopg.errors.UndefinedColumn, False),
        (psycopg.errors.NumericValueOutOfRange, False),
        (psycopg.errors.QueryCanceled, False),
    ],
)
def test_what_passes_by_itself_on_postgresql_is_told_from_what_does_not(
    error: type[psycopg.Error], away: bool
) -> None:
    assert is_unavailable(DBAPIError("x", {}, error())) is away


def test_a_file_that_others_keep_locked_is_unavailable() -> None:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY

    assert is_unavailable(DBAPIError("x", {}, error))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "statement", ["SELECT nothing", "SELECT * FROM nowhere", "SELEKT 1", "SELECT 'é' FROM tags("]
)
def test_a_wrong_statement_is_a_bug_and_not_a_database_that_is_away(statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        glance(text(statement), {})

    assert not is_unavailable(caught.value)


@pytest.mark.usefixtures("app")
def test_a_broken_constraint_is_not_a_database_that_is_away() -> None:
    make.tag(1, "Taken")

    with pytest.raises(IntegrityError) as caught:
        make.tag(2, "Taken")

    assert not is_unavailable(caught.value)
    assert not is_lock_timeout(caught.value)


@pytest.mark.parametrize("error", [ValueError(), OSError(), KeyError("08006")])
def test_what_is_no_error_of_a_database_says_nothing_about_it(error: Exception) -> None:
    assert not is_unavailable(error)


@pytest.mark.usefixtures("app")
def test_the_text_of_an_error_does_not_repeat_what_was_written() -> None:
    with pytest.raises(DBAPIError) as caught, transaction() as connection:
        connection.execute(text("UPDATE nowhere SET a = :secret"), {"secret": "tok_hunter2"})

    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("app")
def test_a_forked_process_does_not_use_its_parents_connections() -> None:
    assert tags() == []  # there is a connection in the pool now
    engine = store().writer

    child = os.fork()
    if child == 0:
        os._exit(engine.pool.checkedin())  # type: ignore[attr-defined]
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert engine.pool.checkedin() > 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("uri", "answer"), [("sqlite:///a.sqlite", True), ("postgresql+psycopg://host/a", False)]
)
def test_the_kind_of_a_database_is_told_by_its_address(uri: str, answer: bool) -> None:
    assert is_sqlite(uri) is answer


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_a_transaction_within_a_transaction_is_an_error_and_no_wait_without_end(app: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError, match="open in this thread"), transaction():
        pass

    with transaction() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
