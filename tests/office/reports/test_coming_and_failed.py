"""What is promised, and what was tried in vain and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from tests import make
from tests.make import Client
from tests.office.reports.reading import lines, listed, report

TODAY = clock.now().date()


@pytest.fixture(autouse=True)
def _house(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")


def fail(client: Client, booking: int, reason: str = "Card declined") -> int:
    """An attempt that failed; its id."""
    answer = client.pay(booking, "50", Status=1, AddBookingTag=20, Comments=reason)
    return int(answer.json["PaymentId"])


def outcomes() -> list[tuple[Any, ...]]:
    return lines("attempts", "count", "amount")


def test_promises_stand_on_the_day_they_are_expected(client: Client) -> None:
    booking = make.booking(["500.00"])
    soon, late = TODAY + timedelta(days=9), TODAY - timedelta(days=9)
    client.pay(booking, "50", Status=2, PaymentDate=soon)
    client.pay(booking, "20", Status=1, PaymentDate=late)
    client.pay(booking, "10", Status=2, PaymentDate=late)
    client.pay(booking, "30")
    fail(client, booking)

    found = report("deferred")["EUR"]

    assert [(each.of["day"], *each.sums.values()) for each in found.groups] == [
        (late, 2, 1000, 2000, 3000, 1000),
        (soon, 1, 5000, 0, 5000, 0),
    ]


@pytest.mark.parametrize(
    ("now", "is_late"),
    # Lisbon is in summer time: its day ends at 23:00 UTC.
    [("2026-06-10T22:59:59", False), ("2026-06-10T23:00:00", True)],
)
def test_a_promise_is_late_when_its_day_is_over_at_the_location(
    client: Client, now: str, is_late: bool
) -> None:
    client.pay(make.booking(), "50", Status=2, PaymentDate="2026-06-10")

    [row] = listed("deferred", now=datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert (row["late"], row["timeliness"]) == ((5000, "late") if is_late else (0, "in_time"))


def test_what_cleared_or_failed_is_no_longer_expected(client: Client) -> None:
    booking = make.booking()
    for act in ("clear", "fail"):
        payment = client.pay(booking, "10", Status=2).json["PaymentId"]
        client.post(f"/apis/payments/{payment}/{act}", "")

    assert report("deferred") == {}


@pytest.mark.long
def test_attempts_are_told_apart_by_reason_and_outcome(client: Client) -> None:
    fail(client, make.booking())
    fail(client, make.booking())
    fail(client, make.booking(), "Insufficient funds")

    assert outcomes() == [
        ("nothing", "Card declined", 2, 10000),
        ("nothing", "Insufficient funds", 1, 5000),
    ]


def test_money_that_came_later_made_it_good(client: Client) -> None:
    booking = make.booking(["500.00"])
    client.pay(booking, "10")
    first = fail(client, booking)
    before = outcomes()

    client.pay(booking, "20")

    assert before == [("nothing", "Card declined", 1, 5000)]
    assert outcomes() == [("cleared", "Card declined", 1, 5000)]
    assert [row["payment_id"] for row in listed("attempts", {"outcome": "cleared"})] == [first]


def test_a_promise_that_stood_before_and_cleared_later_made_it_good(client: Client) -> None:
    booking = make.booking(["500.00"])
    promise = client.pay(booking, "20", Status=2).json["PaymentId"]
    fail(client, booking)
    before = outcomes()

    client.post(f"/apis/payments/{promise}/clear", "")

    assert before == [("nothing", "Card declined", 1, 5000)]
    assert outcomes() == [("cleared", "Card declined", 1, 5000)]


def test_what_was_promised_since_is_said(client: Client) -> None:
    booking = make.booking(["500.00"])
    fail(client, booking)
    client.pay(booking, "20", Status=2)

    assert outcomes() == [("promised", "Card declined", 1, 5000)]


def test_another_attempt_and_a_refund_make_nothing_good(client: Client) -> None:
    booking = make.booking(["500.00"])
    payment = client.pay(booking, "20").json["PaymentId"]
    fail(client, booking)
    fail(client, booking)
    client.post(f"/apis/payments/{payment}/refund", "Amount=5")

    assert outcomes() == [("nothing", "Card declined", 2, 10000)]


def test_money_of_another_booking_makes_nothing_good(client: Client) -> None:
    fail(client, make.booking())
    client.pay(make.booking(), "20")

    assert outcomes() == [("nothing", "Card declined", 1, 5000)]


def test_an_attempt_on_a_cancelled_booking_leads_nowhere(client: Client) -> None:
    booking = make.booking()
    fail(client, booking)
    with transaction() as connection:
        query = update(Booking).where(Booking.id == booking)
        connection.execute(query.values(status="cancelled"))

    assert outcomes() == [("cancelled", "Card declined", 1, 5000)]


def test_long_reasons_are_shortened_and_missing_ones_are_a_dash(client: Client) -> None:
    booking = make.booking()
    fail(client, booking, "x" * 300)
    fail(client, booking, "")

    found = {line[1] for line in outcomes()}

    assert found == {"x" * 200, "-"}
    assert len(listed("attempts", {"reason": "x" * 200})) == 1
    assert len(listed("attempts", {"reason": "-"})) == 1


def test_attempts_are_reported_on_by_their_day(client: Client) -> None:
    fail(client, make.booking())

    assert lines("attempts", first=TODAY, last=TODAY) != []
    assert lines("attempts", first=TODAY + timedelta(days=1)) == []
