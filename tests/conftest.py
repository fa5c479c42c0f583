"""Databases for tests: each test that asks for `app` runs on SQLite and on PostgreSQL.

The schema is made by the migrations, once for each pytest process; between tests the rows go.
PostgreSQL is the server of TEST_POSTGRES_URI (default: 127.0.0.1:5432, no password). Where there
is none, those tests are skipped and the last lines say so; REQUIRE_ALL=1 makes that a failure.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from kit.db import Base, transaction
from partners.authentication import Guard
from tests.make import Client
from wsgi import create_app

SERVER = os.environ.get("TEST_POSTGRES_URI", "postgresql://postgres@127.0.0.1:5432/postgres")
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
SECRET_KEY = "a key for tests, long enough to be one"

# A busy machine is no failure.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what this machine could not run."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({str(report.longrepr[-1]) for report in skipped if report.longrepr})
    for reason in reasons:
        terminalreporter.write_line(f"NOT RUN: {reason.removeprefix('Skipped: ')}")


def missing(what: str) -> None:
    """Something that tests need is not on this machine: skip, unless everything is required."""
    if REQUIRE_ALL:
        pytest.fail(f"{what}, and REQUIRE_ALL is set")
    pytest.skip(what)


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    for name in list(os.environ):
        if name.startswith("FLASK_"):
            del os.environ[name]


@pytest.fixture(scope="session")
def sqlite_uri() -> Iterator[str]:
    """A migrated SQLite file of this pytest process, in memory where the machine has such a folder:
    it syncs at every commit, and tests do not need to survive a power cut."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        uri = f"sqlite:///{Path(folder) / 'test.sqlite'}"
        _migrate(uri)
        yield uri


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """A PostgreSQL server to make databases on; skips where there is none."""
    try:
        psycopg.connect(SERVER, connect_timeout=2).close()
    except psycopg.OperationalError:
        missing("no PostgreSQL at 127.0.0.1:5432 (or TEST_POSTGRES_URI)")
    return SERVER


@pytest.fixture(scope="session")
def new_postgres(postgres_server: str) -> Iterator[Callable[[str], str]]:
    """Makes empty databases, and drops them at the end; gives their SQLAlchemy address."""
    made = []

    def make(name: str) -> str:
        database = f"bp_test_{os.getpid()}_{name}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{database}"')
            # Tests do not need to survive a power cut.
            connection.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = off')
        made.append(database)
        url = make_url(postgres_server).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)

    yield make
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for database in made:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres_uri(new_postgres: Callable[[str], str]) -> str:
    """A migrated PostgreSQL database of this pytest process."""
    uri = new_postgres("main")
    _migrate(uri)
    return uri


@pytest.fixture(params=["sqlite", "postgresql"])
def database_uri(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database: the test runs once on each kind."""
    name = "sqlite_uri" if request.param == "sqlite" else "postgres_uri"
    uri: str = request.getfixturevalue(name)
    _empty(_app_of(uri))
    return uri


@pytest.fixture
def make_app(database_uri: str, tmp_path: Path) -> Callable[..., Flask]:
    """Makes applications with settings of their own on the test's database, as other processes
    would be: `make_app(SIGN_IN_LIMIT="3/minute")`."""

    def make(**settings: Any) -> Flask:
        given = {"SQLALCHEMY_DATABASE_URI": database_uri, "SECRET_KEY": SECRET_KEY} | settings
        made = create_app({**given, "LOG_LEVEL": "ERROR"}, tmp_path)
        made.testing = False  # errors are answered as in production
        return made

    return make


@pytest.fixture
def app(database_uri: str) -> Iterator[Flask]:
    """An application on an empty, migrated database, with its context pushed."""
    found = _app_of(database_uri)
    found.extensions["partner_guard"] = Guard()
    with found.app_context():
        yield found


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """A client that signs in as nobody."""
    return app.test_client()


@pytest.fixture
def client(app: Flask) -> Client:
    """A client of a new partner with all scopes at location 1 (made if need be)."""
    return Client.of_new_partner(app)


APPS: dict[str, Flask] = {}


def _app_of(uri: str) -> Flask:
    """One application for each database: making one costs more than most tests."""
    if uri not in APPS:
        given = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": SECRET_KEY, "LOG_LEVEL": "ERROR"}
        instance = Path(os.environ.get("PYTEST_INSTANCE", "/nonexistent"))
        APPS[uri] = create_app({**given, "WEB_THREADS": 8, "MAIL_SPOOL": str(instance)}, instance)
    return APPS[uri]


def _migrate(uri: str) -> None:
    with _app_of(uri).app_context():
        upgrade()


def _empty(app: Flask) -> None:
    """Delete all rows and number ids from their starts again; on PostgreSQL in one journey, since
    every test begins with this."""
    with app.app_context(), transaction() as connection:
        tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
        statements = [f"DELETE FROM {name}" for name in tables]
        if connection.dialect.name == "sqlite":
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 1000")
        else:
            connection.exec_driver_sql("; ".join([*statements, _restart(connection)]))


RESTARTS: dict[str, str] = {}


def _restart(connection: Connection) -> str:
    """The statement that sets every sequence of a database back to its start."""
    database = str(connection.engine.url)
    if database not in RESTARTS:
        rows = connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars()
        starts = {name: 1001 if name.startswith("schedule_lines") else 1 for name in rows}
        calls = [f"setval('{name}', {start}, false)" for name, start in starts.items()]
        RESTARTS[database] = f"SELECT {', '.join(calls)}"
    return RESTARTS[database]
