"""Many bookings of two locations, for the lists: a third are of the second location."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Connection, insert

from audit.chain import SYSTEM
from benchmarks.ground import Ground, Plan, settle
from bookings.models import FIRST_LINE_ID, Booking, Contact, Property, ScheduleLine, Stay
from kit import clock
from kit.db import transaction
from kit.ids import secret
from locations.models import Location
from partners.registering import add_partner, issue_token
from partners.scopes import DEFAULT
from wsgi import create_app

LOCATIONS = (1, 1, 2)
STATUSES = (*["booking"] * 16, *["cancelled"] * 3, "provisional")
FIRST_MADE_AT = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 1400
LINE_MINOR = 250_00
BATCH = 2000

Rows = dict[Any, list[dict[str, Any]]]


def prepare(uri: str, count: int, folder: Path) -> Ground:
    """Migrate the empty database at this SQLAlchemy address, and make so many bookings in it."""
    settings = {"SQLALCHEMY_DATABASE_URI": uri, "SECRET_KEY": secrets.token_hex(32)}
    app = create_app(settings | {"LOG_LEVEL": "ERROR"}, folder)
    with app.app_context():
        upgrade()
        with transaction() as connection:
            token = _shared(connection)
            for rows in _batches(count):
                _write(connection, rows)
        settle()
    return Ground(app, {}, [token], Plan.of(0, 0, 0, 0))


def _shared(connection: Connection) -> str:
    """Two locations with a property each, and the token of a partner who may read both."""
    for number in (1, 2):
        row = {
            "id": number,
            "name": f"Location {number}",
            "client_name": f"bench{number}",
            "business_location_id": number,
            "token_hash": f"{number}",
            "currency": "EUR",
            "time_zone": "Europe/Lisbon",
            "mail_sender": f"stay@bench{number}.example.com",
        }
        place = {"id": number, "location_id": number, "name": f"Casa {number}"}
        connection.execute(insert(Location), [row])
        connection.execute(insert(Property), [place])
    now, token = clock.now(), secret()
    made = add_partner(connection, "Reader", DEFAULT, [1, 2], SYSTEM, now)
    issue_token(connection, made.partner_id, " ".join(DEFAULT), token, 86400, now)
    return token


def _write(connection: Connection, rows: Rows) -> None:
    for model, some in rows.items():
        # With RETURNING the rows go a thousand at a time instead of one by one.
        key = next(iter(model.__table__.primary_key))
        connection.execute(insert(model).returning(key), some)


def _batches(count: int) -> Iterator[Rows]:
    """Made one after another over some years, arriving any day after that; the same each time."""
    chance = random.Random(7)
    for first in range(1, count + 1, BATCH):
        ids = range(first, min(first + BATCH, count + 1))
        rows: Rows = {Contact: [], Booking: [], Stay: [], ScheduleLine: []}
        for id in ids:
            made_at = FIRST_MADE_AT + timedelta(days=DAYS) * id / count
            for model, some in _booking(id, made_at, chance).items():
                rows[model] += some
        yield rows


def _booking(id: int, made_at: datetime, chance: random.Random) -> Rows:
    location = chance.choice(LOCATIONS)
    arrives: date = made_at.date() + timedelta(days=chance.randrange(1, 300))
    days = {"arrives_on": arrives, "leaves_on": arrives + timedelta(days=7)}
    booking = {
        "id": id,
        "location_id": location,
        "contact_id": id,
        "account_identifier": f"B{id}.1",
        "status": chance.choice(STATUSES),
        "currency": "EUR",
        "total": 2 * LINE_MINOR,
        "created_at": made_at,
        "modified_at": made_at,
        "log_count": 0,
        "log_hash": "",
        "log_seal": "",
        **days,
    }
    return {
        Contact: [
            {
                "id": id,
                "first_name": "Maria",
                "last_name": f"Silva {id}",
                "email": f"{id}@example.com",
            }
        ],
        Booking: [booking],
        Stay: [{"booking_id": id, "property_id": location, **days}],
        ScheduleLine: [_line(id, location, stage, arrives) for stage in (1, 2)],
    }


def _line(booking: int, place: int, stage: int, arrives: date) -> dict[str, Any]:
    return {
        "id": FIRST_LINE_ID + 2 * booking + stage,
        "booking_id": booking,
        "property_id": place,
        "name": "Deposit" if stage == 1 else "Balance",
        "kind": "deposit" if stage == 1 else "balance",
        "stage": stage,
        "amount": LINE_MINOR,
        "due_on": arrives - timedelta(days=60),
    }
