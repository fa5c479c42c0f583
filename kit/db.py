"""The database: one set of models for SQLite and PostgreSQL, and the only place that commits."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
import psycopg
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    DateTime,
    Index,
    Integer,
    MetaData,
    TypeDecorator,
    event,
    func,
    literal_column,
    text,
)
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from kit import clock

LOCK_TIMEOUT_S = 5
BUSY_TIMEOUT_S = 10
MOST_RUNS = 3
# One for each lane of the worker (wsgi.jobs), one more for that which reads while it writes
# (exports), and one to spare.
WORKER_THREADS = 8
REST = timedelta(milliseconds=50)

# Connection lost, resources used up, shutting down; a deadlock or a lock waited for too long.
POSTGRES_AWAY = ("08", "53", "57P", "40", "55P03")
# Locked by others for longer than BUSY_TIMEOUT_S, or the file cannot be reached or written.
SQLITE_AWAY = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
)

T = TypeVar("T")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)

# SQLite numbers rows by itself only when the key's type is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
# Databases look for no greater whole number; SQLite's driver fails at one.
LARGEST = 2**63 - 1


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite has no zones, so there the bare UTC time is stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def only(condition: str) -> dict[str, Any]:
    """Options of an Index over these rows only. Literal text, not a parameter: a planner uses such
    an index only for a condition that it can read."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def beginning(name: str, column: str) -> Index:
    """An index to find texts by how they begin, in any case of their letters."""
    lowered = func.lower(literal_column(column)).label("lowered")
    return Index(name, lowered, postgresql_ops={"lowered": "text_pattern_ops"})


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def engine_options(uri: str, connections: int) -> dict[str, Any]:
    """How SQLAlchemy talks to this database. `connections`: the most that one process may hold."""
    options: dict[str, Any] = {
        "json_serializer": _dumps,
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # an error's text must not carry what was written
    }
    if make_url(uri).get_backend_name() == "sqlite":
        return options | {"connect_args": {"isolation_level": None, "timeout": BUSY_TIMEOUT_S}}
    return options | {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": 10,
        "connect_args": {
            "connect_timeout": 5,
            "options": f"-c lock_timeout={LOCK_TIMEOUT_S}s"
            " -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
            # What is asked here takes milliseconds; compiling it first would take seconds.
            " -c jit=off",
        },
    }


@dataclass(frozen=True)
class Store:
    """The engines of one application.

    `writer` begins as a writer (SQLite: BEGIN IMMEDIATE), `reader` sees one moment of the data
    and changes nothing, `glance` answers a single statement without a transaction around it.
    """

    writer: Engine
    reader: Engine
    glance: Engine
    queue: AbstractContextManager[Any]


class _Queue:
    """One writer at a time. Who stands in it already would wait for itself: that is an error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writer: int | None = None

    def __enter__(self) -> None:
        if self._writer == threading.get_ident():
            raise RuntimeError("a transaction is open in this thread already")
        self._lock.acquire()
        self._writer = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._writer = None
        self._lock.release()


def init_app(app: Flask) -> None:
    """Open the engines of an application whose settings are in place."""
    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    options = engine_options(uri, max(app.config["WEB_THREADS"], WORKER_THREADS))
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    postgres = make_url(uri).get_backend_name() == "postgresql"
    if postgres:
        # The mode is set when the engine is made: switching it at every checkout costs time.
        glance = options | {"url": uri, "isolation_level": "AUTOCOMMIT", "pool_size": 2}
        app.config["SQLALCHEMY_BINDS"] = {"glance": glance}
    db.init_app(app)
    with app.app_context():
        engine = db.engine
        if not postgres:
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        app.extensions["store"] = Store(
            writer=engine.execution_options(writes=True),
            reader=engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            if postgres
            else engine,
            glance=db.engines["glance"] if postgres else engine,
            # SQLite's own wait for its lock polls and starves; writers of one process queue here.
            queue=nullcontext() if postgres else _Queue(),
        )
        _forget_after_fork(list(db.engines.values()))


def _forget_after_fork(engines: list[Engine]) -> None:
    """A child must not talk on its parent's connections, nor close them."""

    def forget() -> None:
        for engine in engines:
            engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.create_function("day_at", 2, _day_at, deterministic=True)


def _day_at(stored: str | None, zone: str) -> str | None:
    """What PostgreSQL knows by itself: the day at a zone, of an instant as SQLite stores it."""
    if stored is None:
        return None
    return clock.day_at(datetime.fromisoformat(stored).replace(tzinfo=UTC), zone).isoformat()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the write lock at once: with a plain BEGIN it would read first, and then be
    # refused ("database is locked") as soon as another writer had come in between.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def store() -> Store:
    """The engines of the running application."""
    found: Store = current_app.extensions["store"]
    return found


@contextmanager
def transaction() -> Iterator[Connection]:
    """The only place that commits. Opened by doors (a route, a command, a job), never inside."""
    engines = store()
    with engines.queue, engines.writer.begin() as connection:
        yield connection


def in_transaction(work: Callable[[Connection], T]) -> T:
    """Run one use case in one transaction; anew when it lost a race for a unique key, or was ended
    because it and another one waited for each other.

    The next run finds what the winner has written, and answers accordingly. Who was ended for a
    deadlock may still lose the race for a key to the very same winner: hence not one more run only.
    """
    for _ in range(MOST_RUNS - 1):
        try:
            with transaction() as connection:
                return work(connection)
        except IntegrityError:
            continue
        except DBAPIError as error:
            if not is_deadlock(error):
                raise
            # Or it would be back at its lock before the winner has woken up.
            time.sleep(REST.total_seconds())
    with transaction() as connection:
        return work(connection)


@contextmanager
def undone() -> Iterator[Connection]:
    """A writing transaction that is always taken back: to see what would be."""
    engines = store()
    with engines.queue, engines.writer.connect() as connection, connection.begin() as begun:
        yield connection
        begun.rollback()


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees one moment of the data, for pages of several queries."""
    # Commit, not roll back: psycopg forgets its prepared statements at every rollback.
    with store().reader.begin() as connection, Session(connection) as session:
        yield session


def glance(statement: Any, parameters: Mapping[str, Any]) -> Any:
    """The first row of a single reading statement, or None; one round trip."""
    with store().glance.connect() as connection:
        return connection.execute(statement, parameters).first()


def is_sqlite(url: str | URL) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def is_deadlock(error: DBAPIError) -> bool:
    """Whether PostgreSQL has ended this transaction to let the other one go on."""
    return getattr(error.orig, "sqlstate", None) == "40P01"


def is_lock_timeout(error: DBAPIError) -> bool:
    """Whether a statement gave up waiting for somebody else's transaction."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


def is_unavailable(error: Exception) -> bool:
    """Whether the database cannot be reached or cannot serve now; the same call may work later."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # no server answered at all
        return isinstance(error.orig, psycopg.OperationalError) or error.connection_invalidated
    return error.connection_invalidated or state.startswith(POSTGRES_AWAY)
