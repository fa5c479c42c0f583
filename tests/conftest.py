"""Databases for tests: each test that asks for `app` runs on SQLite and on PostgreSQL; one that is
marked `one_database` on SQLite only.

That mark is for what no database can tell apart: how fields are read, what pages and errors say,
what a description holds, in modules whose statements other tests run on both. Money, locks,
constraints, migrations and lists that page or search keep both.

The schema is made by the migrations, once for each pytest process; between tests the rows go.
PostgreSQL is the server of TEST_POSTGRES_URI (default: 127.0.0.1:5432, no password). Where there
is none, those tests are skipped and the last lines say so; REQUIRE_ALL=1 makes that a failure.
"""

from __future__ import annotations

import gc
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

from kit.db import Base, db, transaction
from partners.authentication import Guard
from partners.limits import Limits
from tests.make import Client
from wsgi import create_app

SERVER = os.environ.get("TEST_POSTGRES_URI", "postgresql://postgres@127.0.0.1:5432/postgres")
ONLY_SQLITE = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
# For single tests in a module that is marked `one_database`.
BOTH_DATABASES = pytest.mark.parametrize("database_uri", ["sqlite", "postgresql"], indirect=True)
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
SECRET_KEY = "a key for tests, long enough to be one"

FOR_TESTS = {"LOG_LEVEL": "ERROR", "SANDBOX_GATEWAY": True}

# A busy machine is no failure.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For `make quick`: fewer examples than the hundred that the whole suite looks at.
settings.register_profile("quick", settings.get_profile("house"), max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what this machine could not run."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = sorted({str(report.longrepr[-1]) for report in skipped if report.longrepr})
    for reason in reasons:
        terminalreporter.write_line(f"NOT RUN: {reason.removeprefix('Skipped: ')}")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `one_database` on SQLite, unless it names its database itself."""
    test = metafunc.definition
    named = [mark.args[0] for mark in test.iter_markers("parametrize")]
    asks = "database_uri" in metafunc.fixturenames and "database_uri" not in named
    if asks and test.get_closest_marker("one_database"):
        test.add_marker(ONLY_SQLITE)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, or one process would go on with it when all others are done:
    above all what starts servers, which is one long row of waiting."""
    items.sort(
        key=lambda item: [not item.get_closest_marker(each) for each in ("processes", "long")]
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules stay until the end: the collector of garbage need not look
    through them again and again, which takes a tenth of the time."""
    gc.collect()
    gc.freeze()


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
def make_app(database_uri: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes applications with settings of their own on the test's database, as other processes
    would be: `make_app(SIGN_IN_LIMIT="3/minute")`."""
    apps = []

    def make(**settings: Any) -> Flask:
        given = {"SQLALCHEMY_DATABASE_URI": database_uri, "SECRET_KEY": SECRET_KEY}
        made = create_app({**given, **FOR_TESTS, **settings}, tmp_path)
        made.testing = False  # errors are answered as in production
        apps.append(made)
        return made

    yield make
    for each in apps:
        hang_up(each)


def hang_up(app: Flask) -> None:
    """Close an application's connections: the server of all tests has a hundred, and pools that
    nobody uses any more would keep theirs until the garbage is collected."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def app(database_uri: str) -> Iterator[Flask]:
    """An application on an empty, migrated database, with its context pushed."""
    found = _app_of(database_uri)
    found.extensions["partner_guard"] = Guard()
    found.extensions["limits"] = Limits.of(found.config)
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
        given = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": SECRET_KEY, **FOR_TESTS}
        instance = Path(os.environ.get("PYTEST_INSTANCE", "/nonexistent"))
        APPS[uri] = create_app({**given, "WEB_THREADS": 8, "MAIL_SPOOL": str(instance)}, instance)
        _hash_quickly(APPS[uri])
    return APPS[uri]


def _hash_quickly(app: Flask) -> None:
    """Passwords are hashed by Argon2id as ever, and links signed, with the least work that these
    allow. Applications that `make_app` makes take the time they take in production."""
    security = app.extensions["security"]
    security.pwd_context.update(argon2__time_cost=1, argon2__memory_cost=8, argon2__parallelism=1)
    security.hashing_context.update(sha256_crypt__rounds=1000)


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
            cursor: Any = connection.connection.cursor()
            for statement in [*statements, "UPDATE sqlite_sequence SET seq = 1000"]:
                cursor.execute(statement)  # past SQLAlchemy, which would take most of the time
            cursor.close()
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
