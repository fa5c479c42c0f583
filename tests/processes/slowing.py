"""A trigger that makes some statements slow, so that a process can be killed in their middle."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import text

from kit.db import store, transaction

# Much longer than it takes to kill somebody. On SQLite the killed process was itself the database;
# PostgreSQL goes on by itself, and finds out only then that its client is gone.
SQLITE_STEPS, POSTGRES_S = 10**9, 1

SQLITE = f"""CREATE TRIGGER slow AFTER INSERT ON {{table}} WHEN {{when}} BEGIN SELECT (
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {SQLITE_STEPS})
    SELECT count(*) FROM n); END"""
POSTGRES = f"""CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep({POSTGRES_S}); RETURN NEW; END $$"""
ON_POSTGRES = (
    "CREATE TRIGGER slow AFTER INSERT ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION slow()"
)


def slow_messages() -> AbstractContextManager[Callable[[], bool]]:
    """Writing a message takes very long during the block; gives what tells whether somebody is
    just doing it. At the end nobody is any more."""
    return slow("outbox")


@contextmanager
def slow(table: str, when: str = "1 = 1") -> Iterator[Callable[[], bool]]:
    """The same for the rows of a table that this is true of, `NEW` being the row."""
    sqlite = store().writer.dialect.name == "sqlite"
    made = [SQLITE] if sqlite else [POSTGRES, ON_POSTGRES]
    _run([each.format(table=table, when=when) for each in made])
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
