"""OrderId and Payment.Id are the key of a payment: the same one again is taken once, for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from partners.models import Credential
from payments.models import Payment, StoredAnswer
from payments.replies import forget_old_answers
from tests import make
from tests.make import Client
from tests.payments.formats.brink import given
from tests.payments.formats.brink.given import Till, code, details, result, sample
from tests.payments.proofs import broken_chains, nothing_written, unchanged, wrong_books

USED = (
    2,
    "Payment.Id: another payment came under this Id of the order; a new payment needs the next Id.",
)


def test_the_same_payment_again_is_a_success_and_records_nothing(till: Till, order: int) -> None:
    first = till.pay(order)

    with unchanged():
        again = till.pay(order)

    assert (again.data, again.status_code) == (first.data, 200)
    assert result(again) == (0, "Success")


def test_the_same_payment_in_other_xml_is_the_same_payment(till: Till, order: int) -> None:
    names = ["apply_payment.xml", "default_namespace.xml", "other_prefixes.xml",
             "another_order.xml", "xsi_type_without_prefix.xml"]  # fmt: skip

    answers = [till.send(sample(name, order=order)) for name in names]

    assert [code(answer) for answer in answers] == [0] * 5
    assert len(make.rows_of(Payment)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"Amount": "10.76"},
        {"TipAmount": "0.01"},
        {"TenderId": "2"},
        {"ReferenceDetails": details(("Card Type", "Visa"))},
    ],
)
def test_another_payment_under_the_same_id_is_refused(
    till: Till, order: int, other: dict[str, str]
) -> None:
    make.method("Another tender", number=2)
    till.pay(order)

    with nothing_written():
        answer = till.pay(order, **other)

    assert result(answer) == USED
    assert make.row_of(Booking, order).paid == 1075


def test_the_same_payment_is_known_when_its_answer_would_be_forgotten(
    till: Till, order: int
) -> None:
    till.pay(order)
    with transaction() as connection:
        forgotten = forget_old_answers(connection, clock.now() + timedelta(days=3650))

    again, other = till.pay(order), till.pay(order, Amount="1.00")

    assert forgotten == 0
    assert (result(again), result(other)) == ((0, "Success"), USED)
    assert len(make.rows_of(Payment)) == 1


def test_the_same_payment_is_known_when_the_order_is_closed_or_paid(till: Till) -> None:
    order = make.booking(["10.75"])
    till.pay(order)

    with nothing_written():
        paid = till.pay(order)
        more = till.pay(order, Id=2)

    assert (code(paid), code(more)) == (0, 101)


def test_the_same_payment_is_known_when_it_was_refunded(app: Flask, till: Till, order: int) -> None:
    till.pay(order)
    [payment] = make.rows_of(Payment)
    house = Client(app, payment.partner_id, make.token(payment.partner_id))
    assert house.post(f"/apis/payments/{payment.id}/refund", "").status_code == 200

    again = till.pay(order)

    assert code(again) == 0
    assert make.row_of(Booking, order).paid == 0


def test_an_id_is_no_reference_of_the_same_partners_other_formats(
    app: Flask, till: Till, order: int
) -> None:
    [partner_id] = {row.partner_id for row in make.rows_of(Credential)}
    house = Client(app, partner_id, make.token(partner_id))

    first = till.pay(order, Id=1)
    by_house = [
        house.pay(order, "1.00", Reference=n, PaymentMethod="External tender") for n in ("1", "2")
    ]
    second = till.pay(order, Id=2)

    assert [code(each) for each in (first, second)] == [0, 0]
    assert [each.status_code for each in by_house] == [200, 200]
    assert make.row_of(Booking, order).paid == 2 * 1075 + 200


def test_an_id_counts_within_its_order_and_its_partner(app: Flask, till: Till, order: int) -> None:
    other_order = make.booking(["100.00"])
    other_till = given.till(app, access="of another")

    answers = [till.pay(order), till.pay(other_order), other_till.pay(order), till.pay(order, Id=2)]

    assert [code(answer) for answer in answers] == [0] * 4
    assert make.row_of(Booking, order).paid == 3 * 1075
    assert len(make.rows_of(StoredAnswer, lasting=True)) == 4
    assert wrong_books() == []
    assert broken_chains() == []
