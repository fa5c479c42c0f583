"""Receipts are issued once, for money that is there; statements tell of now."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from bookings.models import Booking, Contact, Property, ScheduleLine
from kit import clock
from kit.db import transaction
from locations.models import Location
from payments import receipts
from payments.errors import BookingUnknown
from payments.models import CardOnFile, IssuedReceipt, Payment
from payments.receipts import Pdf, receipt_named, receipt_pdf, statement_pdf
from tests import make
from tests.make import Client, Due
from tests.payments.conftest import Processes
from tests.payments.reading_papers import lines_of, text_of

ROOT = Path(__file__).parents[2]
DUES = [Due("80.00", name="Deposit"), Due("20.00", 2, 30, name="Balance")]


@pytest.fixture
def booking(client: Client) -> int:
    make.method("PayPal", takes_tips=True)
    return make.booking(DUES)


def paid(client: Client, booking_id: int, amount: str = "100.00", **fields: Any) -> int:
    answer = client.pay(booking_id, amount, **fields)
    assert answer.status_code == 200, answer.text
    found: int = answer.json["PaymentId"]
    return found


def issued(payment_id: int) -> Pdf:
    found = receipt_pdf(payment_id)
    assert found is not None
    return found


def change(model: Any, id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(model).where(model.id == id).values(**values))


@pytest.mark.long
def test_a_receipt_tells_what_came_and_what_it_paid_for(client: Client, booking: int) -> None:
    payment = paid(client, booking, "110.00", Charges="3.50", PaymentDate="2026-03-01")

    found = issued(payment)

    words = lines_of(found.content)
    assert found.name == f"receipt-{payment}.pdf"
    assert words[:4] == [
        "Location 1", "stay@location1.example.com", f"Receipt {payment}",
        "€113.50 received on 1 March 2026",
    ]  # fmt: skip
    assert "Guest Maria Silva" in words
    assert any(line.startswith("Stay Property 1, ") and "7 nights" in line for line in words)
    assert "Paid with PayPal" in words
    assert words[-8:-1] == [
        "Amount €110.00", "Surcharge €3.50", "Received €113.50", "What the amount paid for",
        "Deposit €80.00", "Balance €20.00", "Kept as credit on the booking €10.00",
    ]  # fmt: skip


@pytest.mark.long
def test_the_card_is_named_by_its_last_digits(client: Client, booking: int) -> None:
    payment = paid(client, booking, "50.00")
    refund = client.post(f"/apis/payments/{payment}/refund", "Amount=10.00").json["PaymentId"]
    card = {"payment_id": payment, "masks": {}, "last_digits": "0006", "card_type": "Visa"}
    with transaction() as connection:
        connection.execute(insert(CardOnFile), [card])

    assert "Paid with PayPal (Visa), card ending 0006" in text_of(issued(payment).content)
    assert "Paid back by PayPal (Visa), card ending 0006" in text_of(issued(refund).content)


@pytest.mark.parametrize("status", [1, 2])
def test_what_is_promised_or_has_failed_has_no_receipt(
    client: Client, booking: int, status: int
) -> None:
    payment = paid(client, booking, Status=status)
    while_promised = receipt_pdf(payment)
    assert client.post(f"/apis/payments/{payment}/fail", "Reason=declined").status_code == 200

    assert while_promised is receipt_pdf(payment) is None
    assert make.rows_of(IssuedReceipt) == []


def test_what_clears_later_has_its_receipt_then(client: Client, booking: int) -> None:
    payment = paid(client, booking, "80.00", Status=1)
    assert client.post(f"/apis/payments/{payment}/clear", "").status_code == 200

    assert "Deposit €80.00" in lines_of(issued(payment).content)


def test_a_void_payment_has_no_receipt_any_more(client: Client, booking: int) -> None:
    payment = paid(client, booking)
    issued(payment)

    change(Payment, payment, state="void")

    assert receipt_pdf(payment) is None


@pytest.mark.parametrize("payment_id", [-1, 0, 999, 2**63 - 1, 2**63, 10**30])
def test_no_payment_no_receipt(app: Flask, payment_id: int) -> None:
    assert receipt_pdf(payment_id) is None


def test_a_refund_has_a_receipt_of_its_own(client: Client, booking: int) -> None:
    payment = paid(client, booking)
    body = f"Amount=30.00&PaymentDate={clock.now().date()}"
    refund = client.post(f"/apis/payments/{payment}/refund", body).json["PaymentId"]

    found = issued(refund)

    words = lines_of(found.content)
    assert found.name == f"refund-receipt-{refund}.pdf"
    assert f"Refund of payment {payment}" in words
    assert "Paid back €30.00" in words
    assert "What the amount paid for" not in words


@pytest.mark.long
def test_it_says_the_same_whenever_it_is_first_asked_for(client: Client, booking: int) -> None:
    """Money that was refunded or moved since was paid for what it was paid for."""
    early, late = paid(client, booking, "80.00"), paid(client, booking, "20.00")
    before = lines_of(issued(early).content)
    for payment in (early, late):
        client.post(f"/apis/payments/{payment}/refund", "Amount=15.00")

    after = lines_of(issued(late).content)

    assert "Deposit €80.00" in before
    assert "Balance €20.00" in after


def everything_changes(booking: int) -> None:
    row = make.row_of(Booking, booking)
    change(Contact, row.contact_id, first_name="Ana", locale="pt_PT")
    change(Location, row.location_id, name="Another Name", mail_sender="else@example.com")
    change(Booking, booking, account_identifier="B1.1")
    for line in make.lines_of(booking):
        change(ScheduleLine, line.id, name="Another line", due_on=line.due_on)
    for place in make.rows_of(Property):
        change(Property, place.id, name="Another property")


@pytest.mark.long
def test_the_same_bytes_for_ever_after(
    client: Client, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = paid(client, booking)
    first = issued(payment)

    everything_changes(booking)
    monkeypatch.setattr(clock, "now", lambda: datetime(2031, 1, 1, tzinfo=UTC))
    client.post(f"/apis/payments/{payment}/refund", "Amount=30.00")

    assert issued(payment) == first
    assert len(make.rows_of(IssuedReceipt, payment_id=payment)) == 1


@pytest.mark.long
def test_another_process_gives_the_same_bytes(client: Client, booking: int) -> None:
    payment = paid(client, booking)
    first = issued(payment)
    code = (
        "import sys; from wsgi import create_app; from payments.receipts import receipt_pdf\n"
        "with create_app().app_context():\n"
        f"    sys.stdout.buffer.write(receipt_pdf({payment}).content)"
    )
    env = {
        **os.environ,
        "PYTHONHASHSEED": "4242",
        "TZ": "Asia/Tokyo",
        "FLASK_SQLALCHEMY_DATABASE_URI": client.app.config["SQLALCHEMY_DATABASE_URI"],
        "FLASK_SECRET_KEY": client.app.config["SECRET_KEY"],
        "FLASK_LOG_LEVEL": "ERROR",
    }

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, check=True
    )

    assert run.stdout == first.content


@pytest.mark.long
def test_of_those_who_issue_it_at_once_all_get_the_same(
    client: Client, booking: int, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = paid(client, booking)
    written = receipts._booked

    def late(*args: Any) -> Any:
        time.sleep(0.05)
        return written(*args)

    monkeypatch.setattr(receipts, "_booked", late)
    # Each would issue it at a moment of its own.
    moments = iter(datetime(2026, 11, 20, 12, n, tzinfo=UTC) for n in range(60))

    def ask(app: Flask) -> Callable[[], Pdf | None]:
        def asked() -> Pdf | None:
            with app.app_context():
                return receipt_pdf(payment, lambda: next(moments))

        return asked

    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(ask(app)) for app in processes(2, WEB_THREADS=8) * 3]
        found = {call.result() for call in calls}

    assert len(found) == 1
    assert None not in found
    assert len(make.rows_of(IssuedReceipt)) == 1


def test_a_demonstrations_receipt_is_marked(client: Client, booking: int) -> None:
    change(Location, 1, is_demonstration=True)

    assert "DEMONSTRATION" in lines_of(issued(paid(client, booking)).content)


@pytest.mark.long
def test_a_statement_is_of_now(client: Client, booking: int) -> None:
    payment = paid(client, booking, "60.00", Charges="2.00")
    client.post(f"/apis/payments/{payment}/refund", "Amount=15.00")
    paid(client, booking, "25.00", Status=2, PaymentDate="2031-05-01")
    tried = paid(client, booking, "5.00", Status=1)
    assert client.post(f"/apis/payments/{tried}/fail", "Reason=declined").status_code == 200

    found = statement_pdf(booking, lambda: datetime(2026, 11, 20, 12, 0, tzinfo=UTC))

    words = lines_of(found.content)
    assert found.name == f"statement-{booking}.pdf"
    assert "As of 20 November 2026, 12:00 (Western European Standard Time)" in words
    for line in ("Total €100.00", "Paid €45.00", "Promised €25.00", "Still to pay €30.00",
                 "€80.00 €45.00 €25.00 €10.00", "€20.00 €0.00 €0.00 €20.00",
                 "Received in all, less refunds €45.00", "for 1 May 2031, PayPal"):  # fmt: skip
        assert line in words
    assert "€5.00" not in words


@pytest.mark.long
def test_a_statement_lists_the_newest_payments_and_adds_up_the_others(
    client: Client, booking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MOST_LISTED", 2)
    first, second, third = (paid(client, booking, amount) for amount in ("10", "11", "12"))
    client.post(f"/apis/payments/{first}/refund", "Amount=4.00")
    for day in (1, 2, 3):
        paid(client, booking, "5.00", Status=2, PaymentDate=f"2031-05-0{day}")

    words = lines_of(statement_pdf(booking).content)

    past = words.index("Earlier payments and refunds")
    assert words[past + 1 : past + 4] == ["2, not listed one by one", "€21.00", f"Payment {third}"]
    assert f"Payment {second}" not in words
    assert "Received in all, less refunds €29.00" in words
    later = words.index("Later promises")
    assert words[later + 1 : later + 3] == ["1, not listed one by one", "€5.00"]


def test_what_is_looked_at_names_the_receipt_and_issues_none(client: Client, booking: int) -> None:
    payment = paid(client, booking)
    promised = paid(client, make.booking(), "25.00", Status=2, PaymentDate="2031-05-01")

    named = receipt_named(payment)

    assert named == Pdf(f"receipt-{payment}.pdf", b"")
    assert receipt_named(promised) is None
    assert make.rows_of(IssuedReceipt) == []
    assert issued(payment).name == f"receipt-{payment}.pdf"
    assert receipt_named(payment) == named


@pytest.mark.long
def test_a_statement_is_the_same_at_the_same_moment_and_issues_nothing(
    client: Client, booking: int
) -> None:
    paid(client, booking)
    at = clock.now()

    assert statement_pdf(booking, lambda: at) == statement_pdf(booking, lambda: at)
    assert make.rows_of(IssuedReceipt) == []


def test_a_statement_of_a_cancelled_booking_tells_of_its_credit(
    client: Client, booking: int
) -> None:
    paid(client, booking, "60.00")
    change(Payment, make.rows_of(Payment)[0].id, source="desk")
    assert client.post("/apis/booking/cancel", f"BookingId={booking}").status_code == 200

    words = text_of(statement_pdf(booking).content)

    assert f"Booking {booking} (account" in words
    assert ", cancelled" in words
    assert "Credit kept for you €60.00" in words
    assert "Deposit" not in words


@pytest.mark.parametrize("booking_id", [-1, 0, 999, 2**63, 10**30])
def test_no_booking_no_statement(app: Flask, booking_id: int) -> None:
    with pytest.raises(BookingUnknown):
        statement_pdf(booking_id)
