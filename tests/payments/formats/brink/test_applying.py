"""An ApplyPayment becomes a payment: however its XML is written, and with all that came with it."""

from __future__ import annotations

import pytest
from flask import Flask
from lxml import etree

from bookings.models import Booking
from kit import clock
from outbox.models import Message
from partners.models import Credential
from payments.models import Payment
from tests import make
from tests.make import Client
from tests.payments.formats.brink.given import Till, code, details, result, sample
from tests.payments.proofs import broken_chains, wrong_books

REQUESTS = [
    "apply_payment.xml",
    "default_namespace.xml",
    "other_prefixes.xml",
    "another_order.xml",
    "xsi_type_without_prefix.xml",
]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_payment_is_taken_whatever_its_xml_looks_like(till: Till, order: int, name: str) -> None:
    answer = till.send(sample(name, order=order))

    assert result(answer) == (0, "Success")
    [payment] = make.rows_of(Payment, booking_id=order)
    assert (payment.source, payment.state, payment.currency) == ("brink", "cleared", "EUR")
    assert (payment.amount, payment.tip, payment.reference) == (1075, 0, None)
    assert payment.attributes == [["Id", "1"], ["Card Type", "Visa"]]
    assert make.row_of(Booking, order).paid == 1075
    assert wrong_books() == []
    assert broken_chains() == []


def test_the_answer_is_the_golden_one(till: Till, order: int) -> None:
    answer = till.send(sample("apply_payment.xml", order=order))

    golden = sample("success.xml").decode()
    ours, theirs = (etree.canonicalize(each, strip_text=True) for each in (answer.text, golden))
    assert ours == theirs


def test_the_tip_is_kept_apart_from_what_is_due(till: Till, order: int) -> None:
    answer = till.pay(order, Amount="60.00", TipAmount="5.25")

    assert code(answer) == 0
    [payment] = make.rows_of(Payment)
    assert (payment.amount, payment.tip) == (6000, 525)
    assert make.row_of(Booking, order).paid == 6000


def test_payments_of_an_order_add_up_until_it_is_paid(till: Till, order: int) -> None:
    answers = [
        till.pay(order, Id=number, Amount=amount)
        for number, amount in enumerate(["60.00", "39.99", "0.01"], start=1)
    ]

    assert [code(answer) for answer in answers] == [0, 0, 0]
    assert [line.paid for line in make.lines_of(order)] == [6000, 4000]


def test_an_amount_has_the_decimals_of_the_orders_currency(till: Till) -> None:
    yen = make.booking(["5000"], currency="JPY", location_id=1)

    assert code(till.pay(yen, Amount="1500")) == 0
    assert code(till.pay(yen, Id=2, Amount="1500.5")) == 2
    assert code(till.pay(yen, Id=2, Amount="1500.0000", TipAmount="0.00")) == 0
    assert make.row_of(Booking, yen).paid == 3000


def test_reference_details_are_kept_in_their_order_and_as_they_were_written(
    till: Till, order: int
) -> None:
    pairs = [
        ("Card Type", "Visa"),
        ("Card Type", "a second one of the name"),
        ("Receipt", "APPROVED\nThank you <&> \"Ação\" 'é'"),
        ("Nothing", ""),
        ("n" * 100, "v" * 2000),
    ]

    answer = till.pay(order, ReferenceDetails=details(*pairs))

    assert code(answer) == 0
    [payment] = make.rows_of(Payment)
    assert payment.attributes == [["Id", "1"], *map(list, pairs)]


def test_the_payment_is_listed_by_the_house_and_refunded_there(
    app: Flask, till: Till, order: int
) -> None:
    [partner] = {row.partner_id for row in make.rows_of(Credential)}
    house = Client(app, partner, make.token(partner))
    till.pay(order, ReferenceDetails=details(("Card Type", "Visa")), TipAmount="1.00")

    listed = house.get(f"/apis/payments?BookingId={order}").json["Payments"]
    refunded = house.post(f"/apis/payments/{listed[0]['PaymentID']}/refund", "")

    assert len(listed) == 1
    assert (listed[0]["Source"], listed[0]["Reference"]) == ("brink", None)
    assert listed[0]["Attributes"][0] == {"Name": "Id", "Value": "1"}
    assert (listed[0]["Amount"], listed[0]["PaymentMethod"]) == (10.75, "External tender")
    assert refunded.status_code == 200
    assert make.row_of(Booking, order).paid == 0
    assert wrong_books() == []


def test_the_payment_is_of_the_day_that_it_is_at_the_location(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.location(2, currency="USD", time_zone="Pacific/Honolulu")
    there = given_at(till, 2)
    order = make.booking(["100.00"], location_id=2, currency="USD")
    now = clock.now().replace(hour=8)
    monkeypatch.setattr(clock, "now", lambda: now)

    assert code(there.pay(order)) == 0

    [payment] = make.rows_of(Payment)
    assert payment.paid_on == clock.day_at(now, "Pacific/Honolulu")
    assert payment.paid_on < now.date()


def given_at(till: Till, location: int) -> Till:
    """A till of another partner, at another location."""
    partner = make.partner(locations=[location])
    make.credential(partner, "brink", "of another")
    return Till(till.app, "of another", f"location token {location}")


def test_the_guest_is_sent_payment_received(till: Till, order: int) -> None:
    till.pay(order)

    [mail] = make.rows_of(Message)
    assert (mail.kind, mail.booking_id) == ("email.payment_received", order)
