"""Guests are reminded of what is due soon with the balance, once for each line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from audit.models import LogEntry
from bookings import reminding
from bookings.models import Booking, Contact
from bookings.reminding import remind, remind_of_balances
from kit import clock
from kit.db import transaction
from outbox.models import Message
from tests import make
from tests.make import Client, Due

BALANCE = Due("700.00", 2, due_in=7, name="Balance")
DEPOSIT = Due("300.00", 1, due_in=0, name="Deposit")


def day(ahead: int) -> date:
    return clock.now().date() + timedelta(days=ahead)


def days(ahead: int) -> Callable[[], datetime]:
    """Noon of a day that is so many days from today."""
    at = datetime.combine(day(ahead), datetime.min.time(), UTC) + timedelta(hours=12)
    return lambda: at


def mails() -> list[dict[str, Any]]:
    found = make.rows_of(Message)
    assert {mail.kind for mail in found} <= {"email.balance_reminder"}
    return [mail.context for mail in found]


def reminded(booking_id: int) -> list[bool]:
    return [line.reminded_at is not None for line in make.lines_of(booking_id)]


def test_a_guest_is_reminded_as_many_days_before_as_the_location_says(app: Flask) -> None:
    make.location(1, reminder_days=3)
    make.booking([BALANCE])

    assert remind_of_balances(days(3)) == 0
    assert remind_of_balances(days(4)) == 1
    [mail] = mails()
    assert mail["due"] == [["Balance", 700_00, str(day(7))]]
    assert (mail["to"], mail["promised"]) == ("guest@example.com", [])


def test_a_line_is_reminded_of_once(app: Flask) -> None:
    booking = make.booking([DEPOSIT, BALANCE])

    assert [remind_of_balances(days(ahead)) for ahead in (0, 0, 1, 7)] == [1, 0, 0, 0]
    assert reminded(booking) == [False, True]
    entries = make.rows_of(LogEntry, chain=booking)
    assert [entry.action for entry in entries] == ["booking.reminded"]
    assert "example.com" not in entries[0].body


def test_a_worker_that_was_away_reminds_later_until_the_line_is_overdue(app: Flask) -> None:
    make.booking([BALANCE])
    late = make.booking([Due("700.00", 2, due_in=6)])

    assert remind_of_balances(days(7)) == 1
    assert reminded(late) == [False]


def test_one_mail_tells_of_all_lines_of_the_booking_that_are_due_by_day(app: Flask) -> None:
    make.booking([Due("20.00", 2, 5, "Later"), Due("10.00", 2, 2, "Soon"), Due("1.00", 2, 8)])

    assert remind_of_balances(days(0)) == 1
    [mail] = mails()
    assert [line[0] for line in mail["due"]] == ["Soon", "Later"]


def test_what_is_due_with_the_deposit_is_not_reminded_of(app: Flask) -> None:
    make.booking([Due("300.00", 1, due_in=3)])

    assert remind_of_balances(days(0)) == 0


def test_only_what_is_still_open_is_asked_for(client: Client) -> None:
    make.method("PayPal")
    paid, partly = make.booking([BALANCE]), make.booking([BALANCE])
    client.pay(paid, "700.00")
    client.pay(partly, "500.00")

    assert remind_of_balances(days(0)) == 1
    [mail] = mails()
    assert (mail["booking"], mail["due"][0][1]) == (partly, 200_00)


def test_what_is_promised_is_told_and_not_asked_for(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking([BALANCE])
    client.pay(booking, "100.00", Status=1)
    client.pay(booking, "250.00", Status=2, PaymentDate=day(5))

    assert remind_of_balances(days(0)) == 1
    [mail] = mails()
    assert mail["due"] == [["Balance", 350_00, str(day(7))]]
    assert mail["promised"] == [["PayPal", 100_00, None], ["PayPal", 250_00, str(day(5))]]


def test_a_line_promised_in_full_waits_and_is_reminded_of_when_the_promise_fails(
    client: Client,
) -> None:
    make.method("PayPal")
    booking = make.booking([BALANCE])
    promise = client.pay(booking, "700.00", Status=1).json["PaymentId"]

    paused = remind_of_balances(days(0))
    client.post(f"/apis/payments/{promise}/fail", "")

    assert (paused, remind_of_balances(days(1))) == (0, 1)


def test_a_promise_whose_day_has_passed_pauses_no_reminder(client: Client) -> None:
    make.method("PayPal")
    client.pay(make.booking([BALANCE]), "700.00", Status=2, PaymentDate=day(2))

    assert remind_of_balances(days(2)) == 0
    assert remind_of_balances(days(3)) == 1
    [mail] = mails()
    assert (mail["due"][0][1], mail["promised"]) == (700_00, [])


@pytest.mark.parametrize("status", ["cancelled", "blockout"])
def test_nobody_is_reminded_of_what_is_no_stay_of_a_guest(app: Flask, status: str) -> None:
    booking = make.booking([BALANCE], status=status)

    assert remind_of_balances(days(0)) == 0
    assert reminded(booking) == [False]


def test_a_guest_who_is_just_booking_on_a_website_is_not_dunned_while_at_it(app: Flask) -> None:
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    make.booking([BALANCE], status="provisional", tags=[12])
    by_phone = make.booking([BALANCE], status="provisional")

    assert remind_of_balances(days(0)) == 1
    assert [mail["booking"] for mail in mails()] == [by_phone]


def test_guests_who_are_just_booking_do_not_fill_the_batch(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "BATCH", 2)
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    for _ in range(2):
        make.booking([BALANCE], status="provisional", tags=[12])
    make.booking([BALANCE])

    assert remind_of_balances(days(0)) == 1


@pytest.mark.parametrize("wire", [0, 1, 2], ids=["cleared", "uncleared", "deferred"])
def test_a_website_booking_that_money_was_accepted_for_is_reminded_though_the_tag_is_left(
    client: Client, wire: int
) -> None:
    make.method("PayPal")
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    booking = make.booking([DEPOSIT, BALANCE], status="provisional", tags=[12])
    assert client.pay(booking, "1.00", Status=wire).status_code == 200

    assert remind_of_balances(days(0)) == 1


def test_a_website_booking_whose_only_payment_failed_is_still_in_progress(client: Client) -> None:
    make.method("PayPal")
    make.tag(12, "Website Booking in Progress", "website_booking_in_progress")
    booking = make.booking([DEPOSIT, BALANCE], status="provisional", tags=[12])
    promise = client.pay(booking, "1.00", Status=1).json["PaymentId"]
    client.post(f"/apis/payments/{promise}/fail", "")

    assert remind_of_balances(days(0)) == 0


def test_a_reminder_is_no_change_that_clients_would_fetch_the_booking_for(app: Flask) -> None:
    booking = make.booking([BALANCE])
    before = make.row_of(Booking, booking).modified_at

    remind_of_balances(days(0))

    assert make.row_of(Booking, booking).modified_at == before


def test_the_mail_leads_to_the_agencys_own_page_to_pay_at(app: Flask) -> None:
    make.location(1, checkout_url="https://stay.example.com/pay/{booking}")
    make.location(2)
    booking, elsewhere = make.booking([BALANCE]), make.booking([BALANCE], location_id=2)

    remind_of_balances(days(0))

    found = {mail["booking"]: mail["pay_at"] for mail in mails()}
    assert found == {booking: f"https://stay.example.com/pay/{booking}", elsewhere: None}


@pytest.mark.parametrize("address", [None, ""])
def test_a_guest_without_an_address_is_reminded_when_there_is_one(
    app: Flask, address: str | None
) -> None:
    booking = make.booking([BALANCE], email=address)

    silent = remind_of_balances(days(0)), reminded(booking)
    with transaction() as connection:
        connection.execute(update(Contact).values(email="new@example.com"))

    assert silent == (0, [False])
    assert remind_of_balances(days(0)) == 1


@pytest.mark.parametrize(("zone", "found"), [("Pacific/Kiritimati", 0), ("Europe/Lisbon", 1)])
def test_days_are_those_of_the_location(app: Flask, zone: str, found: int) -> None:
    """At noon of the due day in UTC it is the next day in Kiritimati, and overdue there."""
    make.location(1, time_zone=zone, reminder_days=0)
    make.booking([Due("700.00", 2, due_in=0)])

    assert remind_of_balances(days(0)) == found


def test_promised_bookings_do_not_fill_the_batch(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "BATCH", 2)
    make.method("PayPal")
    for _ in range(2):
        client.pay(make.booking([BALANCE]), "700.00", Status=1)
    for _ in range(3):
        make.booking([BALANCE])

    assert [remind_of_balances(days(0)) for _ in range(3)] == [2, 1, 0]


def test_what_happens_after_the_look_without_a_lock_is_seen_under_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.method("PayPal")
    booking = make.booking([BALANCE])
    look = reminding._candidates

    def looked_at_too_early(now: datetime) -> list[int]:
        found = look(now)
        client.pay(booking, "700.00")
        return found

    monkeypatch.setattr(reminding, "_candidates", looked_at_too_early)

    assert remind_of_balances(days(0)) == 0
    assert make.rows_of(Message) == []


def test_the_look_under_the_lock_decides_alone(app: Flask) -> None:
    booking = make.booking([BALANCE])

    with transaction() as connection:
        found = [remind(connection, booking, days(ahead)) for ahead in (-1, 8)]

    assert found == [False, False]
    assert reminded(booking) == [False]
