"""Files of bookings for tests, and what importing them says."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import insert

from bookings.models import PaymentRule, Property, Source
from kit.db import transaction
from tests import make

WEEK = {"arrival": "2030-06-01", "departure": "2030-06-08"}
ASKED = {
    "deposit": "300.00",
    "deposit_due": "2024-03-01",
    "balance": "700.00",
    "balance_due": "2030-04-06",
}
MONEY = {"paid": "300.00", "paid_on": "2024-03-02", "method": "PayPal"}


def agency(**values: Any) -> None:
    """Location 1 ("client1", EUR) with Casa Azul (8849, 100.00 a night, a payment rule) and Quinta
    (10132, without either), PayPal, a source and two tags."""
    make.location(1, **values)
    rule = {
        "id": 1, "location_id": 1, "name": "Standard", "tax_rate": 1000, "booking_fee": 2500,
        "deposit_rate": 2500, "balance_days": 56,
    }  # fmt: skip
    place = {"location_id": 1, "payment_rule_id": None, "night_price": None}
    priced = {"payment_rule_id": 1, "night_price": 100_00}
    with transaction() as connection:
        connection.execute(insert(PaymentRule), [rule])
        connection.execute(
            insert(Property),
            [
                place | priced | {"id": 8849, "name": "Casa Azul"},
                place | {"id": 10132, "name": "Quinta"},
            ],
        )
        connection.execute(insert(Source), [{"id": 3, "name": "Website"}])
    make.method("PayPal", code="PAYPAL")
    make.tag(2, "VIP")
    make.tag(4, "Late; loud")


def villa(id: int, name: str, location_id: int = 1) -> None:
    """A property without a price."""
    with transaction() as connection:
        row = {"id": id, "location_id": location_id, "name": name}
        connection.execute(insert(Property), [row])


def line(**cells: str) -> dict[str, str]:
    """The cells of a line that is right, but for those given."""
    right = {
        "account": "OLD-1",
        "location": "client1",
        "property": "Casa Azul",
        "last_name": "Sousa",
    }
    return right | WEEK | cells


def sheet(lines: Sequence[dict[str, str]], delimiter: str = ",") -> bytes:
    """A file with the columns that any of the lines has."""
    columns = list(dict.fromkeys(name for each in lines for name in each))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def imported(app: Flask, content: bytes, *options: str) -> Result:
    """What `flask import bookings -` says about a file."""
    return app.test_cli_runner().invoke(args=["import", "bookings", "-", *options], input=content)


def told(app: Flask, *lines: dict[str, str]) -> list[str]:
    """What is told about these lines, which are not imported."""
    result = imported(app, sheet(lines))
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    *sentences, last = result.stderr.splitlines()
    assert last.endswith("; nothing is imported.")
    return sentences


def exported(app: Flask, what: str = "bookings", *options: str) -> str:
    """The file that `flask export` writes to standard output."""
    result = app.test_cli_runner().invoke(args=["export", what, "-", *options])
    assert result.exit_code == 0, result.output
    return result.stdout_bytes.decode()
