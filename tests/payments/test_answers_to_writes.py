"""What an answer to a write shows, and to whom; what a dry run shows while others write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from payments import ledger
from payments.models import Payment, PaymentMethod
from tests import make
from tests.bookings.villas import stays, villa
from tests.make import Client, Due
from tests.meeting import before
from tests.payments.conftest import Processes
from tests.payments.moving import SHOW, move, paid

DRY = {"Prefer": "dry-run"}
SECRETS = ("Maria", "Silva", "guest@example.com", "door code")


@pytest.fixture
def booking(client: Client) -> int:
    make.method("PayPal")
    made = make.booking(["60.00", Due("40.00", 2, 30)])
    with transaction() as connection:
        mine = update(Booking).where(Booking.id == made)
        connection.execute(mine.values(internal_notes="door code 1234"))
    return made


def test_a_dry_run_shows_guests_only_to_those_who_may_read_bookings(
    app: Flask, client: Client, booking: int
) -> None:
    writer = Client.of_new_partner(app, "payments:write")

    whole = client.pay(booking, "10.00", SendEmail="true", headers=DRY).json or {}
    bare = writer.pay(booking, "10.00", SendEmail="true", headers=DRY)

    assert whole["Bookings"][0]["CustomerName"] == "Maria Silva"
    assert whole["Emails"] == [{"Kind": "payment_received", "To": "guest@example.com"}]
    assert not any(secret in bare.text for secret in SECRETS)
    shown = bare.json or {}
    assert shown["Emails"] == [{"Kind": "payment_received", "To": None}]
    assert (shown["Bookings"][0]["Paid"], shown["Bookings"][0]["RenterBalance"]) == (10.0, 90.0)
    assert shown["Payments"][0]["PaymentSchedules"][0]["Amount"] == 10.0


def test_the_whole_booking_is_shown_only_to_those_who_may_read_bookings(
    app: Flask, client: Client, booking: int
) -> None:
    writer = Client.of_new_partner(app, "bookings:write")
    path = f"/apis/booking/update?BookingId={booking}"

    whole = client.post(path, "GuestNotes=a", **SHOW).json or {}
    bare = writer.post(path, "GuestNotes=b", **SHOW)

    assert whole["Booking"]["InternalNotes"] == "door code 1234"
    assert bare.json == {"Success": True, "BookingId": booking}
    assert "Preference-Applied" not in bare.headers


def test_a_payment_that_comes_with_a_booking_needs_the_scope_of_payments(app: Flask) -> None:
    make.method("PayPal")
    writer = Client.of_new_partner(app, "bookings:read bookings:write")
    fields = {**stays([villa()]), "Contact.LastName": "Silva"}
    body = "&".join(f"{name}={value}" for name, value in fields.items())

    refused = writer.post("/apis/booking", f"{body}&PaidAmount=50&PaymentMethod=PayPal")
    taken = writer.post("/apis/booking", body)

    assert (refused.status_code, refused.json and refused.json["Code"]) == (403, "scope_missing")
    assert taken.status_code == 200
    assert len(make.rows_of(Booking)) == 1
    assert make.rows_of(Payment) == []


@pytest.mark.long
def test_a_payment_over_several_bookings_counts_as_one_for_each(
    client: Client, make_app: Callable[..., Flask], booking: int
) -> None:
    limited = client.at(make_app(PARTNER_PAYMENTS_LIMIT="2/minute"))
    ids = f"{booking},{make.booking()},{make.booking()}"

    refused = limited.pay(0, Amount=None, BookingId=None, BookingIds=ids, Amounts="1,1,1")
    taken = limited.pay(booking, "1.00")

    assert refused.status_code == 429
    assert taken.status_code == 200
    assert len(make.rows_of(Payment)) == 1


@pytest.mark.parametrize("database_uri", ["postgresql"], indirect=True)
def test_a_dry_run_that_waits_shows_nothing_of_what_it_waited_for(
    client: Client, processes: Processes, monkeypatch: pytest.MonkeyPatch, booking: int
) -> None:
    """SQLite has one writer at a time: there a dry run begins when others have ended."""
    one, other = (client.at(each) for each in processes(2))
    writing = threading.Event()

    def pause() -> None:
        if not writing.is_set():
            writing.set()
            time.sleep(0.3)

    before(monkeypatch, ledger, "write", pause)
    real = threading.Thread(target=lambda: one.pay(booking, "77.00", SendEmail="true"))
    real.start()
    assert writing.wait(5)

    shown: dict[str, Any] = other.pay(booking, "11.00", SendEmail="true", headers=DRY).json or {}
    real.join()

    assert [payment["Amount"] for payment in shown["Payments"]] == [11.0]
    assert len(shown["Emails"]) == len(shown["Events"]) == 1
    assert shown["Bookings"][0]["RenterBalance"] == 12.0


def test_a_dry_run_treats_a_used_key_as_the_real_call_would(client: Client, booking: int) -> None:
    key = {"Idempotency-Key": "k"}
    first = client.pay(booking, "5.00", headers=key)

    other = client.pay(booking, "6.00", headers=key | DRY)
    same = client.pay(booking, "5.00", headers=key | DRY)

    assert (other.status_code, other.json and other.json["Code"]) == (422, "idempotency_key_reused")
    assert same.data == first.data
    assert same.headers["Idempotency-Replayed"] == "true"


def test_a_dry_run_tells_of_the_log_of_everything_else_too(client: Client, booking: int) -> None:
    answer = client.post("/apis/enquiry", "email=ana@example.com", **DRY)

    assert answer.json
    assert answer.json["Events"] == ["enquiry.received"]


def test_money_goes_back_the_way_it_came_whatever_has_become_of_that_way(
    client: Client, booking: int
) -> None:
    payment = paid(client, booking, "60.00")
    with transaction() as connection:
        connection.execute(update(PaymentMethod).values(active=False))

    back = move(client, payment, "refund", "Amount=10")
    named = move(client, payment, "refund", "Amount=10&PaymentMethod=PayPal")
    other = move(client, payment, "refund", "Amount=10&PaymentMethod=Cheque")

    assert (back.status_code, named.status_code) == (200, 200)
    assert (other.status_code, other.json and other.json["Code"]) == (
        400,
        "payment_method_unknown",
    )


def test_a_refund_is_not_of_before_the_money_came(client: Client, booking: int) -> None:
    payment = paid(client, booking, "60.00")
    yesterday = clock.now().date() - timedelta(days=1)

    early = move(client, payment, "refund", f"PaymentDate={yesterday}")
    ancient = move(client, payment, "refund", "PaymentDate=1900-01-01")

    for answer in (early, ancient):
        assert answer.status_code == 400
        assert answer.json
        assert answer.json["Errors"][0]["Field"] == "PaymentDate"
        assert answer.json["Code"] == "date_before_payment"


def test_the_day_the_money_was_there_is_shown(client: Client, booking: int) -> None:
    later = clock.now().date() + timedelta(days=60)
    payment = paid(client, booking, "60.00", Status=2, PaymentDate=later)
    promised = client.get(f"/apis/payments?BookingId={booking}").json or {}
    day = clock.now().date() - timedelta(days=3)

    move(client, payment, "clear", f"PaymentDate={day}")

    cleared = client.get(f"/apis/payments?BookingId={booking}").json or {}
    assert promised["Payments"][0]["SettledDate"] is None
    assert cleared["Payments"][0]["SettledDate"] == f"{day:%d/%m/%Y}"
    assert cleared["Payments"][0]["PaymentDate"] == f"{later:%d/%m/%Y}"


@pytest.mark.long
def test_a_schedule_by_rule_says_itself_when_the_rest_of_an_instalment_is_due(
    client: Client, make_app: Callable[..., Flask]
) -> None:
    make.method("PayPal")
    strict = client.at(make_app(INSTALMENTS_REQUIRE_DUE_DATE="true"))
    fields = {**stays([villa()]), "Contact.LastName": "Silva"}
    body = "&".join(f"{name}={value}" for name, value in fields.items())

    answer = strict.post("/apis/booking", f"{body}&PaidAmount=50&PaymentMethod=PayPal")

    assert answer.status_code == 200, answer.text


def test_a_payment_with_a_booking_may_say_when_the_rest_is_due(client: Client) -> None:
    make.method("PayPal")
    fields = {**stays([villa()]), "Contact.LastName": "Silva", "BalanceDueDate": "2031-01-31"}
    body = "&".join(f"{name}={value}" for name, value in fields.items())

    answer = client.post("/apis/booking", f"{body}&PaidAmount=50&PaymentMethod=PayPal")

    assert answer.json
    days = [line.due_on for line in make.lines_of(answer.json["BookingId"]) if line.stage == 2]
    assert [str(day) for day in days] == ["2031-01-31"]
