"""Real servers and workers on the demonstration agency, on SQLite and on PostgreSQL.

The agency is loaded once for each kind of database; tests make bookings of their own beside it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from demo.agency import ENDPOINTS
from kit import clock
from kit.db import db, reading, transaction
from outbox.leasing import LEASE_S
from outbox.models import Message
from partners.models import Endpoint
from payments.models import Payment
from tests.conftest import SECRET_KEY
from tests.processes.mailbox import Mailbox
from tests.processes.paying import Till
from tests.processes.running import CHECKOUT, Server, Worker, wait_until
from wsgi import create_app

Settings = Mapping[str, str]
[EVENTS] = [each for each in ENDPOINTS if each["kind"] == "events"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder in one process, one after another: they need the machine's speed."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.processes)
            item.add_marker(pytest.mark.xdist_group("processes"))


@dataclass
class House:
    """A database with the demonstration in it, and what may run on it."""

    app: Flask
    server: Server
    worker: Worker
    mailbox: Mailbox
    settings: Settings
    last: int
    """The newest payment's id when the test began: the database is shared, its money is not."""

    def till(self) -> Till:
        """The demonstration's partner, signed in. The server must run."""
        answer = requests.post(
            f"{self.server.address}/oauth/2.0/token",
            data={"grant_type": "client_credentials"},
            auth=("demo", "demo-secret"),
            timeout=10,
        )
        return Till(self.server.address, answer.json()["access_token"])

    def flask(self, *command: str) -> str:
        """Run a command of the service to its end; what it wrote. AssertionError if it fails."""
        return run(self.settings, *command)

    def stored(self, prefix: str) -> list[tuple[str, int, int]]:
        """Reference, id and amount of this test's payments whose references begin so."""
        with reading() as session:
            columns = select(Payment.reference, Payment.id, Payment.amount)
            ours = columns.where(Payment.id > self.last, Payment.reference.startswith(prefix))
            found = ours.order_by(Payment.id)
            return [(str(ref), id, amount) for ref, id, amount in session.execute(found)]

    def payments(self) -> int:
        with reading() as session:
            return session.scalar(select(func.count(Payment.id))) or 0

    def messages(self, state: str | None = None) -> list[str]:
        """The Message-IDs in the outbox."""
        with reading() as session:
            found = select(Message.message_id).order_by(Message.id)
            return list(session.scalars(found.where(Message.state == state) if state else found))

    def end_leases(self) -> None:
        """Make it a minute later for the messages that a killed worker had taken."""
        with transaction() as connection:
            held = update(Message).where(Message.leased_until.is_not(None))
            connection.execute(held.values(leased_until=clock.now()))

    def hang_up(self) -> None:
        """Close the test's own connections to the database."""
        for engine in db.engines.values():
            engine.dispose()
        for engine in db.engines.values():
            engine.dispose()

    def wait_until_sent(self) -> None:
        # Longer than a lease: one may be left behind by a commit that nobody heard of.
        wait_until(lambda: not self.messages("waiting"), "every message is sent", LEASE_S + 15)


def run(settings: Settings, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *command],
        cwd=CHECKOUT,
        env=dict(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def agencies(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], str]:
    """The address of a database with the demonstration, for each kind; loaded when asked for."""
    made: dict[str, str] = {}

    def address(kind: str) -> str:
        if kind not in made:
            folder = tmp_path_factory.mktemp("agency")
            uri = f"sqlite:///{folder / 'agency.sqlite'}"
            if kind == "postgresql":
                uri = request.getfixturevalue("new_postgres")("agency")
            settings = settings_for(uri, folder)
            run(settings, "demo", "--yes")
            # Nobody listens there; tests of events add endpoints of their own.
            run(settings, "events", "remove", str(EVENTS["id"]))
            # Its guests are reminded now, into a folder, and not in the middle of some test.
            spooled = {name: text for name, text in settings.items() if "SMTP" not in name}
            run({**spooled, "FLASK_MAIL_SPOOL": str(folder)}, "worker", "--once")
            made[kind] = uri
        return made[kind]

    return address


def settings_for(uri: str, folder: Path, smtp_port: int = 25) -> Settings:
    return {
        "FLASK_SQLALCHEMY_DATABASE_URI": uri,
        "FLASK_SECRET_KEY": SECRET_KEY,
        "FLASK_SMTP_HOST": "127.0.0.1",
        "FLASK_SMTP_PORT": str(smtp_port),
        "FLASK_SMTP_SECURITY": "none",
        "TMPDIR": str(folder),
    }


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().serving() as found:
        yield found


def _forget_what_waits() -> None:
    """The agency is shared: what a test before has left in the outbox is not this one's, nor are
    the programs that it told."""
    with transaction() as connection:
        connection.execute(update(Endpoint).values(live=False))
        waiting = update(Message).where(Message.state == "waiting")
        connection.execute(waiting.values(state="given_up", leased_by=None, leased_until=None))


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest,
    agencies: Callable[[str], str],
    mailbox: Mailbox,
    tmp_path: Path,
) -> Iterator[House]:
    """The agency with its server and worker, not started; killed at the end, come what may."""
    uri = agencies(request.param)
    settings = settings_for(uri, tmp_path, mailbox.port)
    given = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": SECRET_KEY, "LOG_LEVEL": "ERROR"}
    app = create_app(given, tmp_path)
    server = Server(settings, tmp_path / "server.log")
    worker = Worker(settings, tmp_path / "worker.log")
    with app.app_context():
        _forget_what_waits()
        with reading() as session:
            last = session.scalar(select(func.max(Payment.id))) or 0
        found = House(app, server, worker, mailbox, settings, last)
        try:
            yield found
        finally:
            worker.kill()
            server.kill()
            print(server.told[-3000:], worker.told[-3000:], sep="\n")  # shown when the test fails
            found.hang_up()
