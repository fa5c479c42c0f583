"""Calls that move money, and what has become of it, for the tests of them."""

from __future__ import annotations

from typing import Any

import orjson
from werkzeug.test import TestResponse

from audit.models import LogEntry
from bookings.models import Booking
from tests import make
from tests.make import Client

SHOW = {"Prefer": "return=representation"}


def paid(client: Client, booking: int, amount: str, **fields: Any) -> int:
    """Take a payment; its id."""
    answer = client.pay(booking, amount, **fields)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found: int = answer.json["PaymentId"]
    return found


def move(client: Client, payment: int, what: str, body: str = "", **headers: str) -> TestResponse:
    """Clear, fail, refund or void a payment."""
    return client.post(f"/apis/payments/{payment}/{what}", body, **headers)


def figures(booking: int) -> tuple[int, int, int]:
    """Paid, credit and charges of a booking, in minor units."""
    row = make.row_of(Booking, booking)
    return row.paid, row.credit, row.charges


def on_lines(booking: int) -> list[int]:
    """What lies on each line of a booking, by id."""
    return [line.paid for line in make.lines_of(booking)]


def last_entry(booking: int) -> Any:
    """The newest entry of a booking's event log, as it was written."""
    newest = make.rows_of(LogEntry, chain=booking)[-1]
    return orjson.loads(newest.body)["entry"]
