"""Money that was promised for a day and did not come: the location is told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from audit.models import LogEntry
from bookings.models import Booking
from kit import clock
from kit.db import transaction
from locations.models import Location
from outbox.models import Message
from payments import lateness
from payments.lateness import report_late_money
from payments.models import Payment
from tests import make
from tests.make import Client


def day(ahead: int) -> date:
    return clock.now().date() + timedelta(days=ahead)


def days(ahead: int) -> Callable[[], datetime]:
    """Noon of a day that is so many days from today."""
    at = datetime.combine(day(ahead), datetime.min.time(), UTC) + timedelta(hours=12)
    return lambda: at


@pytest.fixture
def promise(client: Client) -> Callable[..., int]:
    """Makes a deferred payment for a day, on a booking of its own unless one is given."""
    make.method("PayPal")

    def promised(ahead: int = 2, amount: str = "40.00", booking: int | None = None) -> int:
        there = make.booking() if booking is None else booking
        made = client.pay(there, amount, Status=2, PaymentDate=day(ahead))
        assert made.status_code == 200, made.text
        found: int = made.json["PaymentId"]
        return found

    return promised


Promise = Callable[..., int]


def reports() -> list[list[int]]:
    """The payments of every report so far."""
    found = make.rows_of(Message, kind="email.late_money")
    return [[each["payment"] for each in mail.context["late"]] for mail in found]


def told(payment_id: int) -> bool:
    return make.row_of(Payment, payment_id).overdue_told_at is not None


def test_a_promise_is_late_on_the_day_after_and_told_of_once(promise: Promise) -> None:
    late = promise(2)

    assert [report_late_money(days(ahead)) for ahead in (1, 2, 3, 3, 4)] == [0, 0, 1, 0, 0]
    assert reports() == [[late]]
    assert told(late)


def test_the_mark_is_no_change_that_clients_would_fetch_the_booking_for(promise: Promise) -> None:
    booking = make.booking()
    promise(2, booking=booking)
    before = make.row_of(Booking, booking).modified_at

    report_late_money(days(3))

    assert make.row_of(Booking, booking).modified_at == before


def test_the_report_goes_to_the_location_and_says_all_that_staff_need(promise: Promise) -> None:
    booking = make.booking()
    late = promise(2, booking=booking)

    report_late_money(days(3))

    [mail] = make.rows_of(Message)
    assert mail.context["to"] == "stay@location1.example.com"
    [row] = mail.context["late"]
    assert row == {
        "booking": booking,
        "account": row["account"],
        "cancelled": False,
        "payment": late,
        "amount": 40_00,
        "currency": "EUR",
        "method": "PayPal",
        "expected": str(day(2)),
    }


def test_each_late_payment_is_an_entry_of_its_bookings_log(app: Flask, promise: Promise) -> None:
    booking = make.booking()
    for ahead in (1, 2):
        promise(ahead, booking=booking)

    report_late_money(days(3))

    entries = make.rows_of(LogEntry, chain=booking, action="payment.late")
    assert [(entry.severity, entry.actor_kind) for entry in entries] == [("medium", "system")] * 2
    verified = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert verified.exit_code == 0, verified.output


def test_one_report_tells_of_all_late_payments_of_a_location_and_of_no_other(
    promise: Promise,
) -> None:
    make.location(2, currency="EUR")
    make.partner(locations=[2])
    here = [promise(1), promise(2)]

    assert report_late_money(days(5)) == 1
    assert reports() == [here]


def test_locations_get_reports_of_their_own(app: Flask, promise: Promise) -> None:
    here = promise(1)
    other = Client.of_new_partner(app, locations=[2])
    there = other.pay(make.booking(location_id=2), "10.00", Status=2, PaymentDate=day(1)).json

    assert report_late_money(days(2)) == 2
    assert reports() == [[here], [there["PaymentId"]]]


@pytest.mark.parametrize("call", ["clear", "fail"])
def test_what_came_or_failed_in_time_is_not_late(
    client: Client, promise: Promise, call: str
) -> None:
    settled = promise(2)
    client.post(f"/apis/payments/{settled}/{call}", "")

    assert report_late_money(days(3)) == 0


def test_a_cheque_under_way_has_no_day_to_be_late(client: Client) -> None:
    make.method("PayPal")
    client.pay(make.booking(), "40.00", Status=1)

    assert report_late_money(days(30)) == 0


def test_nothing_else_about_the_money_changes(promise: Promise) -> None:
    late = promise(2)

    report_late_money(days(3))

    row = make.row_of(Payment, late)
    assert (row.state, row.amount, row.settled_on) == ("deferred", 40_00, None)


def test_the_day_is_the_locations(promise: Promise) -> None:
    """Noon in UTC is the next day in Kiritimati."""
    with transaction() as connection:
        connection.execute(update(Location).values(time_zone="Pacific/Kiritimati"))
    late = promise(2)

    assert report_late_money(days(1)) == 0
    assert report_late_money(days(2)) == 1
    assert reports() == [[late]]


def test_a_report_is_bounded_and_the_next_run_tells_the_rest(
    promise: Promise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "BATCH", 2)
    late = [promise(1) for _ in range(3)]

    assert [report_late_money(days(2)) for _ in range(3)] == [1, 1, 0]
    assert reports() == [late[:2], late[2:]]


def test_a_report_that_is_not_written_marks_nothing(
    promise: Promise, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = promise(1)

    def dies(*_: Any, **__: Any) -> None:
        raise ValueError("no more")

    with monkeypatch.context() as broken:
        broken.setattr(lateness, "message_row", dies)
        with pytest.raises(ValueError, match="no more"):
            report_late_money(days(2))

    assert not told(late)
    assert report_late_money(days(2)) == 1


def test_other_promises_of_the_same_booking_are_not_late_yet(promise: Promise) -> None:
    booking = make.booking()
    late, coming = (promise(ahead, booking=booking) for ahead in (2, 9))

    report_late_money(days(3))

    assert reports() == [[late]]
    assert not told(coming)
