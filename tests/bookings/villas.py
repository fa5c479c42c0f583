"""Properties that can be booked, and the calls of a booking's life."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert
from werkzeug.test import TestResponse

from bookings.models import PaymentRule, Property
from kit import clock
from kit.db import transaction
from tests import make
from tests.make import Client


def villa(location_id: int = 1, **rule: Any) -> int:
    """A property for 100.00 a night: 10 % tax, 25.00 fee, 30 % deposit, the rest 56 days before."""
    make.location(location_id)
    terms = {"tax_rate": 1000, "booking_fee": 2500, "deposit_rate": 3000, "balance_days": 56}
    with transaction() as connection:
        row = {"location_id": location_id, "name": "Rule", **terms, **rule}
        new = insert(PaymentRule).returning(PaymentRule.id)
        rule_id = connection.execute(new, [row]).scalar_one()
        row = {"location_id": location_id, "name": "Casa Azul", "night_price": 10000}
        one = insert(Property).returning(Property.id)
        found: int = connection.execute(one, [{**row, "payment_rule_id": rule_id}]).scalar_one()
        return found


def day(number: int) -> date:
    """A day half a year from now, and so many more."""
    return clock.now().date() + timedelta(days=180 + number)


def stays(villas: list[int], first: int = 0, nights: int = 5) -> dict[str, Any]:
    """Fields of a booking of these properties for nights from `day(first)` on."""
    fields: dict[str, Any] = {}
    for place, each in enumerate(villas):
        at = f"Properties[{place}]"
        fields |= {
            f"{at}.Id": each,
            f"{at}.Checkin": day(first),
            f"{at}.Checkout": day(first + nights),
            f"{at}.LeadGuestName": "Rui Silva",
        }
    return fields


def call(client: Client, path: str, fields: dict[str, Any], **headers: str) -> TestResponse:
    """Post these fields, on a connection of its own."""
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    return client.at(client.app).post(path, body, **headers)


def book(
    client: Client, villas: list[int], first: int = 0, nights: int = 5, *, tags: str = "",
    key: str | None = None,
) -> TestResponse:  # fmt: skip
    """Book these properties for a guest with an e-mail address."""
    guest = {"Contact.LastName": "Silva", "Contact.Email": "ana@example.com"}
    fields = {**guest, "BookingTagIds": tags, **stays(villas, first, nights)}
    headers = {"Idempotency_Key": key} if key else {}
    return call(client, "/apis/booking", fields, **headers)


def booked(client: Client, villas: list[int], first: int = 0, tags: str = "") -> int:
    """The id of a new booking."""
    answer = book(client, villas, first, tags=tags)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found: int = answer.json["BookingId"]
    return found
