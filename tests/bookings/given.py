"""A small agency, stays to ask it for, and what a booking looks like afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import update
from werkzeug.test import TestResponse

from audit.models import LogEntry
from bookings.models import Booking, BookingExtra, Guest, Night, ScheduleLine, Stay
from kit import clock
from kit.db import transaction
from kit.vault import vault
from payments.models import Allocation, Payment
from tests import make
from tests.make import Client

CREATE, AMEND, CALC = "/apis/booking", "/apis/booking/amend", "/apis/booking/calc"
CANCEL, REACTIVATE = "/apis/booking/cancel", "/apis/booking/reactivate"
IN_PROGRESS = 12


def today() -> date:
    return clock.day_at(clock.now(), "Europe/Lisbon")


def day(days: int) -> date:
    return today() + timedelta(days=days)


ARRIVES, NIGHTS, BALANCE_DAYS = 100, 7, 56


def home(location_id: int = 1, night_price: str | None = "100.00", **values: Any) -> int:
    """A property for 100.00 a night: 10 % tax, 25.00 fee, 25 % deposit, the rest 56 days before
    arrival. Of a stay of 7 nights: 70.00, 25.00, 175.00 and 525.00."""
    if "rule" not in values:
        rates = {"tax_rate": 1000, "deposit_rate": 2500, "balance_days": BALANCE_DAYS}
        values["rule"] = make.rule(location_id, booking_fee="25.00", **rates)
    return make.place(location_id, night_price=night_price, **values)


def stay(
    property_id: int, arrives: int = ARRIVES, nights: int = NIGHTS, at: int = 0, **fields: Any
) -> str:
    """The fields of `Properties[at]`, arriving in so many days; others by their names in it."""
    values = {"Id": property_id, "Checkin": day(arrives), "Checkout": day(arrives + nights)}
    return "&".join(f"Properties[{at}].{name}={value}" for name, value in (values | fields).items())


def extras(*wanted: tuple[int, int]) -> dict[str, Any]:
    """Ids and quantities, for `stay(**extras(...))`."""
    return {
        f"Extras[{n}].{name}": value
        for n, (extra_id, quantity) in enumerate(wanted)
        for name, value in (("Id", extra_id), ("Qty", quantity))
    }


GUEST = "Contact.FirstName=Filomena&Contact.LastName=Quintal&Contact.Email=filomena@example.com"
# What must never be in the event log.
PERSONAL = ("Filomena", "Quintal", "filomena", "Zacarias", "XP123456", "allergic")


def asked(*stays: str, **fields: Any) -> str:
    """The body of a new booking by Filomena Quintal. Dots of names are written as "__"."""
    others = [f"{name.replace('__', '.')}={value}" for name, value in fields.items()]
    return "&".join([GUEST, *others, *stays])


def by_head(client: Client, path: str) -> TestResponse:
    """A HEAD request, as monitors and link checkers send it."""
    token = {"Authorization": f"Bearer {client.token}"}
    return client.app.test_client().head(path, headers=token)


def created(answer: TestResponse) -> int:
    """The id of a booking that was made."""
    assert answer.status_code == 200, answer.text
    assert list(answer.json or {})[:2] == ["Success", "BookingId"]
    found: int = answer.json["BookingId"]
    return found


def book(client: Client, *stays: str, **fields: Any) -> int:
    """A new booking; its id."""
    return created(client.post(CREATE, asked(*stays, **fields)))


def amend(client: Client, booking_id: int, *stays: str, **fields: Any) -> TestResponse:
    given = {"BookingId": booking_id} | fields
    others = [f"{name.replace('__', '.')}={value}" for name, value in given.items()]
    return client.post(AMEND, "&".join([*others, *stays]))


def amended(client: Client, booking_id: int, *stays: str, **fields: Any) -> None:
    answer = amend(client, booking_id, *stays, **fields)
    assert answer.status_code == 200, answer.text


def at_the_desk(payment_id: int) -> None:
    """Make a payment one of the desk's, which no longer stands in the way of cancelling."""
    with transaction() as connection:
        connection.execute(update(Payment).where(Payment.id == payment_id).values(source="desk"))


@dataclass(frozen=True)
class Sums:
    """The figures stored on a booking, in minor units."""

    status: str
    total: int
    paid: int
    credit: int


def sums(booking_id: int) -> Sums:
    row = make.row_of(Booking, booking_id)
    return Sums(row.status, row.total, row.paid, row.credit)


def lines(booking_id: int) -> list[tuple[str, int, int, int, int]]:
    """Name, stage, amount, paid and the due day in days from today, by id."""
    return [
        (row.name, row.stage, row.amount, row.paid, (row.due_on - today()).days)
        for row in make.rows_of(ScheduleLine, booking_id=booking_id)
    ]


def asks(booking_id: int) -> list[tuple[str, int]]:
    """Name and amount of each line that asks for something, by id."""
    return [(name, amount) for name, _, amount, *_ in lines(booking_id) if amount]


def nights(booking_id: int) -> set[tuple[int, int]]:
    """The nights it holds: property, and in how many days."""
    rows = make.rows_of(Night, booking_id=booking_id)
    return {(row.property_id, (row.night - today()).days) for row in rows}


def span(property_id: int, arrives: int = ARRIVES, count: int = NIGHTS) -> set[tuple[int, int]]:
    return {(property_id, arrives + night) for night in range(count)}


def moved(booking_id: int) -> list[tuple[int | None, int, str]]:
    """The rows of the ledger: line, amount and cause, the oldest first."""
    rows = make.rows_of(Allocation, booking_id=booking_id)
    return [(row.line_id, row.amount, row.cause) for row in rows]


def log(booking_id: int) -> list[LogEntry]:
    """The booking's entries in the event log, the oldest first."""
    return make.rows_of(LogEntry, chain=booking_id)


def told(entry: LogEntry) -> dict[str, Any]:
    """The body of an entry of the event log."""
    found: dict[str, Any] = orjson.loads(entry.body)
    return found


def stays_of(booking: int) -> list[tuple[int, int, bool]]:
    """Property, accommodation and whether it was dropped, in the order they came."""
    rows = make.rows_of(Stay, booking_id=booking)
    return [(row.property_id, row.accommodation, row.dropped_at is not None) for row in rows]


def ordered(booking: int) -> list[tuple[str, int, int]]:
    rows = make.rows_of(BookingExtra, booking_id=booking)
    return [(row.name, row.quantity, row.price) for row in rows]


PARTY: dict[str, Any] = {
    "LeadGuestName": "Filomena",
    "LeadGuestPassport": "XP123456",
    "Guests[0].Name": "Zacarias",
    "Guests[1].Name": "Eva",
    "Adults": 2,
    "Children": 1,
}


def party(booking: int) -> list[tuple[str, bool, str | None]]:
    """Names, the lead first, and passports."""
    rows = sorted(make.rows_of(Guest, booking_id=booking), key=lambda row: not row.is_lead)
    return [(g.name, g.is_lead, vault().open(g.passport) if g.passport else None) for g in rows]
