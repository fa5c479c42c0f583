"""The databases the benchmark runs on: many bookings of four lines, ten partners with tokens."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, insert, text
from sqlalchemy.engine import make_url

from audit.chain import SYSTEM
from audit.recording import chain
from bookings.models import FIRST_LINE_ID, Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import db, transaction
from kit.ids import opaque, secret
from locations.models import Location
from partners.registering import add_partner, issue_token
from partners.scopes import DEFAULT
from payments.models import PaymentMethod
from tags.models import BookingTag, Tag
from wsgi import create_app

SERVER = os.environ.get("TEST_POSTGRES_URI", "postgresql://postgres@127.0.0.1:5432/postgres")

PARTNERS = 10
LINES = 4
LINE_MINOR = 100_00
# A little more than one line: every payment but a booking's fifth pays two lines.
AMOUNT = "110.00"
# A line of a hot booking is never full: thousands of payments find the same work.
HOT_LINE_MINOR = 10**12
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """Which bookings are there, by their ids: for payments of the load, for floor S (whose made-up
    hashes must not spoil the others' chains), for the in-process figures, and hot ones."""

    load: range
    floor: range
    inside: range
    hot: range

    @classmethod
    def of(cls, load: int, floor: int, inside: int, hot: int) -> Plan:
        ends = [1, 1 + load, 1 + load + floor, 1 + load + floor + inside]
        ranges = [range(a, b) for a, b in zip(ends, [*ends[1:], ends[-1] + hot], strict=True)]
        return cls(*ranges)


@dataclass(frozen=True, slots=True)
class Ground:
    """A filled database and what is needed to call the service on it."""

    app: Flask
    settings: dict[str, str]
    tokens: list[str]
    plan: Plan


@contextmanager
def postgres_database() -> Iterator[str]:
    """A new database on the server; gives its libpq address. Dropped at the end, come what may."""
    name = f"bp_bench_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def sqlalchemy_database(folder: Path, name: str, *, sqlite: bool) -> Iterator[str]:
    """The SQLAlchemy address of a new database: a SQLite file in the folder, or on PostgreSQL."""
    if sqlite:
        yield f"sqlite:///{folder / name}.sqlite"
        return
    with postgres_database() as address:
        made = make_url(address).set(drivername="postgresql+psycopg")
        yield made.render_as_string(hide_password=False)


def to_its_end(measure: Callable[[ExitStack], int]) -> int:
    """Measure with a stack of what is to be cleaned up, also when it is stopped in the middle."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            return measure(stack)
    except KeyboardInterrupt:
        print("stopped; database and files are gone")
        return 130


def prepare(uri: str, plan: Plan, folder: Path) -> Ground:
    """Migrate and fill the empty database at this SQLAlchemy address."""
    settings = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": secrets.token_hex(32)}
    app = create_app(settings, folder)
    with app.app_context():
        upgrade()
        with transaction() as connection:
            _shared(connection)
            tokens = [_partner(connection, number) for number in range(1, PARTNERS + 1)]
            ids = range(1, plan.hot.stop)
            for first in range(ids.start, ids.stop, BATCH):
                _bookings(connection, ids[first - 1 : first - 1 + BATCH], plan)
        settle()
    return Ground(app, {f"FLASK_{name}": value for name, value in settings.items()}, tokens, plan)


def hang_up(app: Flask) -> None:
    """Close this process's own connections."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def settle() -> None:
    """Statistics for the planner, and nothing of the filling left to do while it is measured."""
    with transaction() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("ANALYZE"))
            return
        engine = connection.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def _shared(connection: Connection) -> None:
    location = {
        "id": 1,
        "name": "Bench",
        "client_name": "bench",
        "business_location_id": 1,
        "token_hash": "",
        "currency": "EUR",
        "time_zone": "Europe/Lisbon",
        "mail_sender": "stay@bench.example.com",
    }
    method = {
        "id": 1,
        "name": "PayPal",
        "code": "PAYPAL",
        "kind": "bank",
        "public_id": opaque(33),
        "is_refund": False,
        "takes_tips": False,
        "manual_prohibited": False,
        "from_outside": True,
        "paying": "both",
    }
    tags = [{"id": n, "name": f"Tag {n}", "colour": "#000000"} for n in (1, 2)]
    connection.execute(insert(Location), [location])
    connection.execute(insert(Property), [{"id": 1, "location_id": 1, "name": "Casa Azul"}])
    connection.execute(insert(PaymentMethod), [method])
    connection.execute(insert(Tag), tags)


def _partner(connection: Connection, number: int) -> str:
    now, token = clock.now(), secret()
    made = add_partner(connection, f"Partner {number}", DEFAULT, [1], SYSTEM, now)
    issue_token(connection, made.partner_id, " ".join(DEFAULT), token, 86400, now)
    return token


def _line(booking: int, place: int, minor: int, today: date) -> dict[str, Any]:
    return {
        "id": FIRST_LINE_ID + LINES * (booking - 1) + place,
        "booking_id": booking,
        "property_id": 1,
        "name": f"Line {place + 1}",
        "kind": "deposit",
        "stage": 1,
        "amount": minor,
        "due_on": today,
    }


def _bookings(connection: Connection, ids: range, plan: Plan) -> None:
    now, today = clock.now(), clock.day_at(clock.now(), "UTC")
    arrives, leaves = today + timedelta(days=90), today + timedelta(days=97)
    empty = {id: chain().empty(id) for id in ids}
    sizes = {id: HOT_LINE_MINOR if id in plan.hot else LINE_MINOR for id in ids}
    rows: dict[Any, list[dict[str, Any]]] = {
        Contact: [
            {"id": id, "first_name": "Maria", "last_name": "Silva", "email": f"g{id}@example.com"}
            for id in ids
        ],
        Booking: [
            {
                "id": id,
                "location_id": 1,
                "contact_id": id,
                "account_identifier": f"B{id}.1",
                "status": "booking",
                "currency": "EUR",
                "arrives_on": arrives,
                "leaves_on": leaves,
                "total": LINES * sizes[id],
                "created_at": now,
                "modified_at": now,
                "log_count": empty[id].count,
                "log_hash": empty[id].hash,
                "log_seal": empty[id].seal,
            }
            for id in ids
        ],
        Stay: [
            {"booking_id": id, "property_id": 1, "arrives_on": arrives, "leaves_on": leaves}
            for id in ids
        ],
        ScheduleLine: [_line(id, place, sizes[id], today) for id in ids for place in range(LINES)],
        BookingTag: [{"booking_id": id, "tag_id": 2} for id in ids],
    }
    for model, some in rows.items():
        # With RETURNING the rows go a thousand at a time instead of one by one.
        key = next(iter(model.__table__.primary_key))
        connection.execute(insert(model).returning(key), some)
