"""What the documents print works on the demonstration as it is printed."""

from __future__ import annotations

import pytest
from flask import Flask

from bookings.models import Booking, Night
from demo.loading import load
from kit import clock
from kit.db import transaction
from outbox.models import Message
from partners.models import Partner
from payments.models import PaymentMethod
from tests import make
from tests.make import Client
from tests.payments.proofs import broken_chains, wrong_books
from tests.payments.test_reading import VENDORS_SAMPLE

pytestmark = pytest.mark.one_database

# name, code, kind, typed at the desk, paying from outside ("" = not accepted), TenderId
METHODS = [
    ("PayPal", "PAYPAL", "bank", False, "both", 3),
    ("Debit Card", "DEBIT", "bank", True, "both", 2),
    ("Credit Card", "VISA", "bank", False, "external", None),
    ("Card at the desk", "DESKCARD", "bank", True, "on_site", None),
    ("BankTransfer", "TRANSFER", "bank", True, "both", None),
    ("Cash", "CASH", "cash", True, "", None),
    ("Cheque", None, "cheque", True, "", None),
    ("EPOS System", "EPOS", "bank", False, "external", None),
    ("Quick Donation", "DONATE", "bank", False, "external", None),
    ("EPOS Refund", "EPOSREFUND", "bank", False, "external", None),
    ("Online ordering", "OOPAYMENT", "bank", False, "external", None),
    ("External tender", "TENDER1", "bank", False, "external", 1),
]


@pytest.fixture
def demo(app: Flask) -> Client:
    """The partner `demo` of the demonstration."""
    with transaction() as connection:
        load(connection, clock.now())
    [partner] = make.rows_of(Partner, client_id="demo")
    return Client(app, partner.id, make.token(partner.id))


def test_the_methods_are_those_of_the_table(demo: Client) -> None:
    assert demo
    rows = make.rows_of(PaymentMethod)

    assert [
        (row.name, row.code, row.kind, not row.manual_prohibited,
         row.paying if row.from_outside else "", row.number)
        for row in rows
    ] == METHODS  # fmt: skip
    assert [row.name for row in rows if row.takes_tips] == ["Online ordering", "External tender"]
    assert [row.name for row in rows if row.is_refund] == ["EPOS Refund"]
    assert rows[2].comment == "Card payment through SagePay"
    assert rows[8].public_id == "7641ANMTGPDKSKCSGLJHMMLMMQCKCNQGP"


def test_the_vendors_published_sample_works_as_printed(demo: Client) -> None:
    answer = demo.post("/apis/payments", VENDORS_SAMPLE)

    assert answer.status_code == 200, answer.text
    assert wrong_books() == []
    assert broken_chains() == []


@pytest.mark.long
def test_the_vendors_example_of_a_list_shows_its_four_lines(demo: Client) -> None:
    answer = demo.get("/apis/payments?BookingId=602")

    assert answer.json is not None
    [payment] = answer.json["Payments"]
    assert (payment["Amount"], payment["PaymentMethod"]) == (1015, "BankTransfer")
    parts = [(p["PaymentScheduleName"], p["Amount"]) for p in payment["PaymentSchedules"]]
    assert parts == [
        ("10% tax", 90),
        ("Booking Fee", 25),
        ("Rental Deposit", 248),
        ("Rental Balance", 652),
    ]
    assert '"Amount":1015.00' in answer.text


@pytest.mark.long
def test_every_booking_that_is_not_cancelled_holds_all_its_nights(demo: Client) -> None:
    assert demo
    nights: dict[int, list[object]] = {}
    for row in make.rows_of(Night):
        nights.setdefault(row.booking_id, []).append(row.night)

    for booking in make.rows_of(Booking):
        held = sorted(map(str, nights.get(booking.id, [])))
        length = (
            0 if booking.status == "cancelled" else (booking.leaves_on - booking.arrives_on).days
        )
        assert len(held) == length
        assert not held or held[0] == str(booking.arrives_on)


def test_paying_the_abandoned_cart_makes_it_a_booking(demo: Client) -> None:
    answer = demo.pay(5001, "363.00", RemoveBookingTag=12, AddBookingTag=1)

    assert answer.status_code == 200
    assert make.row_of(Booking, 5001).status == "booking"


def test_payments_of_the_demonstration_send_no_mail(demo: Client) -> None:
    assert demo
    assert make.rows_of(Message) == []
