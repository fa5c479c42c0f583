"""Money that fits no open line: kept as credit, or refused, but never lost."""

from __future__ import annotations

import pytest

from bookings.models import Booking
from payments.models import Allocation, Payment
from tests import make
from tests.make import Client
from tests.payments.proofs import nothing_written, refusal, wrong_books


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("Exact", overpayment="refuse")
    make.tag(20, "Payment Failed", "payment_failed")


def test_money_beyond_the_last_open_line_is_credit(client: Client) -> None:
    booking = make.booking(["60.00", "40.00"])

    answers = [client.pay(booking, "90.00"), client.pay(booking, "15.00"), client.pay(booking, "5")]

    assert [each.status_code for each in answers] == [200, 200, 200]
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit) == (10000, 1000)
    parts = [(each.payment_id, each.line_id, each.amount) for each in make.rows_of(Allocation)]
    lines = [line.id for line in make.lines_of(booking)]
    payments = [payment.id for payment in make.rows_of(Payment)]
    assert parts == [
        (payments[0], lines[0], 6000),
        (payments[0], lines[1], 3000),
        (payments[1], lines[1], 1000),
        (payments[1], None, 500),
        (payments[2], None, 500),
    ]
    assert wrong_books() == []


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_method_that_takes_no_more_refuses_and_names_the_excess(
    client: Client, status: int
) -> None:
    booking = make.booking(["60.00"])

    with nothing_written():
        answer = client.pay(booking, "60.01", Status=status, PaymentMethod="Exact")
    exact = client.pay(booking, "60.00", Status=status, PaymentMethod="Exact")

    assert refusal(answer) == (422, [("Amount", "overpaid")])
    assert answer.json is not None
    assert "0.01 EUR" in answer.json["Message"]
    assert "Exact" in answer.json["Message"]
    assert exact.status_code == 200


def test_a_location_that_takes_no_more_refuses_with_every_method(client: Client) -> None:
    make.location(4, overpayment="refuse")
    booking = make.booking(["60.00"], location_id=4)
    there = Client.of_new_partner(client.app, locations=[4])

    with nothing_written():
        answers = [there.pay(booking, "61.00", PaymentMethod=m) for m in ("PayPal", "Exact")]

    assert [refusal(each) for each in answers] == [(422, [("Amount", "overpaid")])] * 2
    assert all("1.00 EUR" in answer.text for answer in answers)
    assert "Location 4" in answers[0].text


def test_a_failed_attempt_overpays_nothing(client: Client) -> None:
    booking = make.booking(["60.00"])

    answer = client.pay(booking, "99.00", Status=1, AddBookingTag=20, PaymentMethod="Exact")

    assert answer.status_code == 200
    assert make.row_of(Booking, booking).credit == 0


@pytest.mark.parametrize("method", ["PayPal", "Exact"])
def test_cleared_money_for_a_cancelled_booking_is_kept_whole_as_credit(
    client: Client, method: str
) -> None:
    booking = make.booking(["60.00"], status="cancelled")
    prefer = {"Prefer": "return=representation"}

    answer = client.pay(booking, "45.00", PaymentMethod=method, headers=prefer)

    assert answer.status_code == 200
    assert answer.json is not None
    shown = answer.json["Payment"]["Booking"]
    assert [warning["Code"] for warning in shown["Warnings"]] == ["booking_cancelled"]
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit, row.status) == (0, 4500, "cancelled")
    assert [each.line_id for each in make.rows_of(Allocation)] == [None]
    assert wrong_books() == []


@pytest.mark.parametrize("status", [1, 2])
def test_a_cancelled_booking_takes_no_promises(client: Client, status: int) -> None:
    booking = make.booking(["60.00"], status="cancelled")

    with nothing_written():
        answer = client.pay(booking, "45.00", Status=status)

    assert refusal(answer) == (409, [("BookingId", "booking_cancelled")])


def test_a_failed_attempt_on_a_cancelled_booking_is_recorded(client: Client) -> None:
    booking = make.booking(["60.00"], status="cancelled")

    answer = client.pay(booking, "45.00", Status=1, AddBookingTag=20)

    assert answer.status_code == 200
    assert [payment.state for payment in make.rows_of(Payment)] == ["failed"]
    assert make.row_of(Booking, booking).credit == 0
