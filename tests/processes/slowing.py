"""A trigger that makes one statement slow, so that a process can be killed in its middle."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from kit.db import store, transaction

# Much longer than it takes to kill somebody. On SQLite the killed process was itself the database;
# PostgreSQL goes on by itself, and finds out only then that its client is gone.
SQLITE_STEPS, POSTGRES_S = 10**9, 1

SQLITE = [
    f"""CREATE TRIGGER slow AFTER INSERT ON outbox BEGIN SELECT (
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {SQLITE_STEPS})
        SELECT count(*) FROM n); END"""
]
POSTGRES = [
    f"""CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep({POSTGRES_S}); RETURN NEW; END $$""",
    "CREATE TRIGGER slow AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION slow()",
]


@contextmanager
def slow_messages() -> Iterator[Callable[[], bool]]:
    """Writing a message takes very long during the block; gives what tells whether somebody is
    just doing it. At the end nobody is any more."""
    sqlite = store().writer.dialect.name == "sqlite"
    _run(SQLITE if sqlite else POSTGRES)
    try:
        yield _sqlite_is_writing if sqlite else _postgres_is_writing
    finally:
        _run(["DROP TRIGGER slow"] if sqlite else ["DROP FUNCTION slow CASCADE"])


def _run(statements: list[str]) -> None:
    with transaction() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _sqlite_is_writing() -> bool:
    file = str(store().writer.url.database)
    with sqlite3.connect(file, timeout=0, isolation_level=None) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False


def _postgres_is_writing() -> bool:
    sleeping = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    with transaction() as connection:
        return bool(connection.scalar(text(sleeping)))
