"""Cleared, not cleared, deferred and failed: what each does, and whom the mail goes to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from outbox.models import Message
from payments.models import Allocation, MethodPartner, MethodSwitchedOff, Payment
from tests import make
from tests.make import Client, Due
from tests.payments.proofs import nothing_written, refusal

FAILED = 20


@pytest.fixture
def booking(client: Client) -> int:
    """A provisional booking, 60.00 due with the deposit and 40.00 with the balance."""
    assert client
    make.method("PayPal")
    make.tag(FAILED, "Payment Failed", "payment_failed")
    dues = [Due("60.00", name="Deposit"), Due("40.00", stage=2, due_in=30, name="Balance")]
    return make.booking(dues, status="provisional")


def test_cleared_money_counts_as_paid(client: Client, booking: int) -> None:
    client.pay(booking, "60.00", Status=0, Charges="1.50")

    [payment] = make.rows_of(Payment)
    row = make.row_of(Booking, booking)
    assert (payment.state, payment.category) == ("cleared", 1)
    assert (row.paid, row.credit, row.status) == (6000, 0, "booking")


def test_charges_are_kept_apart_from_what_is_paid_and_never_allocated(
    client: Client, booking: int
) -> None:
    client.pay(booking, "60.00", Charges="1.50")
    client.pay(booking, "40.00", Charges="2.25")

    row = make.row_of(Booking, booking)
    assert (row.paid, row.total, row.charges, row.credit) == (10000, 10000, 375, 0)
    assert sum(each.amount for each in make.rows_of(Allocation)) == 10000


@pytest.mark.parametrize(("status", "state"), [(1, "uncleared"), (2, "deferred")])
def test_money_that_is_not_there_moves_nothing_but_makes_the_booking_one(
    client: Client, booking: int, status: int, state: str
) -> None:
    answer = client.pay(booking, "60.00", Status=status, Charges="5.00", SendEmail="true")

    assert answer.status_code == 200
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit, row.charges, row.status) == (0, 0, 0, "booking")
    assert make.rows_of(Payment)[0].state == state
    assert make.rows_of(Allocation) == make.rows_of(Message) == []


def test_a_promise_keeps_all_that_came_with_it_for_the_day_it_clears(
    client: Client, booking: int
) -> None:
    line = make.lines_of(booking)[1]

    client.pay(
        booking,
        "10.00",
        Status=2,
        PaymentScheduleIds=f"{line.id},1",
        PropertyId=line.property_id,
        BalanceDueDate="2027-05-05",
        PaymentDate="2027-04-04",
        SendEmail="true",
    )

    [payment] = make.rows_of(Payment)
    assert payment.wishes == f"{line.id},1"
    assert payment.property_id == line.property_id
    assert (str(payment.balance_due_on), str(payment.paid_on)) == ("2027-05-05", "2027-04-04")
    assert payment.send_email is True
    assert make.lines_of(booking)[1].due_on == line.due_on


def test_is_deferred_payment_says_the_same_as_status_2(client: Client, booking: int) -> None:
    client.pay(booking, "1.00", Status=1, IsDeferredPayment="true")
    client.pay(booking, "1.00", Status=2, IsDeferredPayment="true")
    client.pay(booking, "1.00", Status=0, IsDeferredPayment="false")
    client.pay(booking, "1.00", Status=2, IsDeferredPayment="false")

    states = [payment.state for payment in make.rows_of(Payment)]
    assert states == ["deferred", "deferred", "cleared", "deferred"]


def test_deferred_and_cleared_at_once_is_a_contradiction(client: Client, booking: int) -> None:
    with nothing_written():
        answer = client.pay(booking, Status=0, IsDeferredPayment="true")

    status, wrong = refusal(answer)
    assert status == 400
    assert sorted(wrong) == [("IsDeferredPayment", "contradiction"), ("Status", "contradiction")]


def test_a_failed_payment_is_an_attempt_with_its_reason_and_no_money(
    client: Client, booking: int
) -> None:
    answer = client.pay(
        booking, "60.00", Status=1, AddBookingTag=FAILED, Comments="Card declined", Charges="2.00",
        SendEmail="true", BalanceDueDate="2027-05-05",
    )  # fmt: skip

    assert answer.status_code == 200
    [payment] = make.rows_of(Payment)
    assert (payment.state, payment.category) == ("failed", 0)
    assert payment.failure_reason == payment.comments == "Card declined"
    row = make.row_of(Booking, booking)
    assert (row.paid, row.credit, row.charges, row.status) == (0, 0, 0, "provisional")
    assert make.rows_of(Allocation) == make.rows_of(Message) == []
    assert [line.due_on for line in make.lines_of(booking)][1].year != 2027


def test_a_second_attempt_fails_like_the_first_though_the_tag_is_there(
    client: Client, booking: int
) -> None:
    for _ in range(2):
        assert client.pay(booking, Status=1, AddBookingTag=FAILED).status_code == 200

    assert [payment.state for payment in make.rows_of(Payment)] == ["failed", "failed"]


@pytest.mark.parametrize("status", [0, 2])
def test_the_tag_of_a_failed_payment_with_money_is_a_contradiction(
    client: Client, booking: int, status: int
) -> None:
    with nothing_written():
        answer = client.pay(booking, Status=status, AddBookingTag=FAILED)

    expected = [("Status", "contradiction"), ("AddBookingTag", "contradiction")]
    assert refusal(answer) == (400, expected)


@pytest.mark.parametrize(
    ("paying", "accepted"), [("external", [0]), ("on_site", [1, 2]), ("both", [0, 1, 2])]
)
def test_the_method_says_which_statuses_it_takes_from_outside(
    client: Client, booking: int, paying: str, accepted: list[int]
) -> None:
    make.method("Special", paying=paying)

    answers = {s: client.pay(booking, "1.00", Status=s, PaymentMethod="Special") for s in (0, 1, 2)}
    failed = client.pay(booking, Status=1, PaymentMethod="Special", AddBookingTag=FAILED)

    assert [s for s, answer in answers.items() if answer.status_code == 200] == accepted
    assert all(a.status_code == 422 for s, a in answers.items() if s not in accepted)
    assert failed.status_code == 200


def test_a_method_is_also_known_by_its_code(client: Client, booking: int) -> None:
    make.method("Credit Card", code="VISA")

    assert client.pay(booking, "1.00", PaymentMethod="VISA").status_code == 200
    assert client.pay(booking, "1.00", PaymentMethod="Visa").status_code == 400


def test_a_method_that_the_location_does_not_use_is_unknown_there_and_known_elsewhere(
    client: Client, booking: int
) -> None:
    make.location(5)
    elsewhere = make.booking(["60.00"], location_id=5)
    everywhere = Client.of_new_partner(client.app, locations=[1, 5])
    row = {"method_id": make.method("Card"), "location_id": 1}
    with transaction() as connection:
        connection.execute(insert(MethodSwitchedOff), [row])

    here = everywhere.pay(booking, PaymentMethod="Card")
    there = everywhere.pay(elsewhere, PaymentMethod="Card")

    assert refusal(here) == (400, [("PaymentMethod", "payment_method_unknown")])
    assert there.status_code == 200


def test_a_method_with_named_partners_is_theirs_alone(client: Client, booking: int) -> None:
    other = Client.of_new_partner(client.app)
    row = {"method_id": make.method("Till"), "partner_id": other.partner_id}
    with transaction() as connection:
        connection.execute(insert(MethodPartner), [row])

    refused = client.pay(booking, "1.00", PaymentMethod="Till")
    failed = client.pay(booking, PaymentMethod="Till", Status=1, AddBookingTag=FAILED)
    taken = other.pay(booking, "1.00", PaymentMethod="Till")

    assert refusal(refused) == (422, [("PaymentMethod", "method_not_for_partner")])
    assert (failed.status_code, taken.status_code) == (200, 200)


@pytest.mark.long
def test_an_instalment_must_say_when_the_rest_is_due_where_the_setting_wants_it(
    client: Client, booking: int, processes: Any
) -> None:
    [strict] = processes(1, INSTALMENTS_REQUIRE_DUE_DATE=True)
    there = client.at(strict)

    refused = there.pay(booking, "10.00")
    dated = there.pay(booking, "10.00", BalanceDueDate="2027-05-05")

    assert refusal(refused) == (422, [("BalanceDueDate", "balance_due_date_missing")])
    assert dated.status_code == 200


def test_a_cleared_payment_writes_the_guest_a_mail_by_default(client: Client, booking: int) -> None:
    today = clock.now().date()
    paid_on = today - timedelta(days=2)

    client.pay(booking, "70.00", SendEmail=None, Charges="1.50", PaymentDate=paid_on)

    [payment], [message] = make.rows_of(Payment), make.rows_of(Message)
    assert (message.kind, message.booking_id) == ("email.payment_received", booking)
    assert (message.state, message.attempts) == ("waiting", 0)
    assert message.message_id.endswith("@location1.example.com>")
    assert message.context == {
        "to": "guest@example.com",
        "name": "Maria Silva",
        "locale": "en_GB",
        "sender": "stay@location1.example.com",
        "location": "Location 1",
        "booking": booking,
        "account": make.row_of(Booking, booking).account_identifier,
        "cancelled": False,
        "properties": ["Property 1"],
        "arrives": str(today + timedelta(days=90)),
        "currency": "EUR",
        "payment": payment.id,
        "amount": 7000,
        "charges": 150,
        "method": "PayPal",
        "paid_on": str(paid_on),
        "covered": [["Deposit", 6000], ["Balance", 1000]],
        "credit": 0,
        "open": [["Balance", 3000, str(today + timedelta(days=30))]],
    }


def test_the_mail_tells_of_credit_and_of_nothing_open(client: Client, booking: int) -> None:
    client.pay(booking, "120.00", SendEmail="true")

    [message] = make.rows_of(Message)
    assert message.context["covered"] == [["Deposit", 6000], ["Balance", 4000]]
    assert (message.context["credit"], message.context["open"]) == (2000, [])


def test_send_email_false_writes_nobody(client: Client, booking: int) -> None:
    client.pay(booking, "70.00", SendEmail="false")

    assert make.rows_of(Message) == []


def test_a_guest_without_an_address_gets_no_mail_and_the_payment_is_taken(client: Client) -> None:
    make.method("PayPal")
    booking = make.booking(["60.00"], email=None)

    answer = client.pay(booking, "60.00", SendEmail="true")

    assert answer.status_code == 200
    assert make.rows_of(Message) == []
