"""Guests' money that the agency holds and is not its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking, ScheduleLine
from kit.db import transaction
from payments.models import Payment
from tests import make
from tests.make import Client, Due
from tests.office.reports.reading import lines, listed, report

LEAVES = date(2026, 6, 10)  # a Wednesday
MONDAY = date(2026, 6, 8)
DURING = datetime(2026, 6, 10, 12, tzinfo=UTC)
AFTER = DURING + timedelta(days=1)


@pytest.fixture(autouse=True)
def _house(client: Client) -> None:
    assert client
    make.method("PayPal")


def leaving(dues: list[str | Due], **values: Any) -> int:
    return make.booking(dues, arrives_on=LEAVES - timedelta(days=7), leaves_on=LEAVES, **values)


def with_deposit(client: Client) -> int:
    """A booking whose security deposit of 20.00 is paid; its id."""
    booking = leaving([Due("50.00"), Due("20.00", 2)])
    with transaction() as connection:
        mine = ScheduleLine.booking_id == booking, ScheduleLine.stage == 2
        connection.execute(update(ScheduleLine).where(*mine).values(kind="security_deposit"))
    client.pay(booking, "70")
    return booking


@pytest.mark.long
def test_credit_is_held_and_that_of_cancelled_bookings_apart(client: Client) -> None:
    client.pay(leaving(["50.00"]), "60")
    cancelled = leaving(["50.00"], status="cancelled")
    with transaction() as connection:
        closed = {"amount": 0, "closed_amount": 5000}
        query = update(ScheduleLine).where(ScheduleLine.booking_id == cancelled)
        connection.execute(query.values(closed))
        connection.execute(update(Booking).where(Booking.id == cancelled).values(total=0))
    client.pay(cancelled, "30")

    assert lines("held", "count", "amount", now=DURING) == [
        ("credit", MONDAY, 1, 1000),
        ("credit_cancelled", MONDAY, 1, 3000),
    ]


def test_a_security_deposit_is_held_until_it_is_returned(client: Client) -> None:
    booking = with_deposit(client)
    before = lines("held", "amount", now=DURING)

    [payment] = make.rows_of(Payment, booking_id=booking)
    client.post(f"/apis/payments/{payment.id}/refund", "Amount=20")

    assert before == [("security_deposit", MONDAY, 2000)]
    assert lines("held", "amount", now=DURING) == []


def test_what_is_held_after_the_guest_has_left_is_said(client: Client) -> None:
    with_deposit(client)

    assert lines("held", "amount", "departed", now=DURING) == [
        ("security_deposit", MONDAY, 2000, 0)
    ]
    assert lines("held", "amount", "departed", now=AFTER) == [
        ("security_deposit", MONDAY, 2000, 2000)
    ]


def test_it_is_reported_on_by_the_day_of_departure(client: Client) -> None:
    with_deposit(client)

    assert lines("held", first=LEAVES, last=LEAVES) != []
    assert lines("held", first=LEAVES + timedelta(days=1)) == []
    assert lines("held", last=LEAVES - timedelta(days=1)) == []


def test_only_locations_and_currencies_that_are_asked_for_are_in_it(client: Client) -> None:
    with_deposit(client)

    assert list(report("held", location=1, currency="EUR")) == ["EUR"]
    assert report("held", location=2) == report("held", currency="GBP") == {}
    assert report("held", locations=frozenset({2})) == {}


def test_a_row_names_its_booking_and_for_a_deposit_its_line(client: Client) -> None:
    booking = with_deposit(client)
    client.pay(booking, "5")

    rows = {row["kind"]: row for row in listed("held", now=DURING)}

    assert len(rows) == len({row["key"] for row in rows.values()}) == 2
    assert rows["credit"]["line_id"] is None
    line = make.lines_of(booking)[-1].id
    assert rows["security_deposit"]["line_id"] == line
    assert {row["booking_id"] for row in rows.values()} == {booking}
    assert {row["guest"] for row in rows.values()} == {"Maria Silva"}
