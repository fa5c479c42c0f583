"""Every refusal has its result code (seed 003) and a message that says why; nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update

from bookings.models import Booking
from kit.db import transaction
from payments.models import MethodPartner, MethodSwitchedOff, Payment, PaymentMethod
from tests import make
from tests.payments.formats.brink.given import Till, code, details, payment, request, result
from tests.payments.proofs import nothing_written

pytestmark = pytest.mark.one_database


def test_more_than_is_open_is_refused_with_the_excess(till: Till, order: int) -> None:
    with nothing_written():
        answer = till.pay(order, Amount="100.01")

    assert result(answer) == (
        101,
        "Payment.Amount: The payment exceeds what is open by 0.01 EUR.",
    )


def test_a_rest_needs_no_due_date_where_the_house_demands_one_since_a_till_can_send_none(
    app: Flask, till: Till, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "INSTALMENTS_REQUIRE_DUE_DATE", True)

    assert code(till.pay(order)) == 0


def test_an_unknown_element_is_a_wrong_request_whatever_it_is_called(
    till: Till, order: int
) -> None:
    strange = "<_schema>1</_schema>"
    inside = request(order, payment() + strange)
    beside = request(order, payment()).replace("</request>", f"{strange}</request>")

    with nothing_written():
        answers = [till.send(each) for each in (inside, beside)]

    assert [code(answer) for answer in answers] == [2, 2]


def test_an_unknown_order_is_not_found(till: Till) -> None:
    assert result(till.pay(999)) == (102, "OrderId: There is no booking 999.")


def test_an_order_of_another_location_is_not_found(till: Till, app: Flask) -> None:
    make.location(2)
    both = make.partner(locations=[1, 2])
    make.credential(both, "brink", "of both")
    elsewhere = make.booking(location_id=2)

    with nothing_written():
        foreign = till.pay(elsewhere)
        wrong_place = Till(app, "of both").pay(elsewhere)
    right_place = Till(app, "of both", "location token 2").pay(elsewhere)

    assert result(foreign) == (102, f"OrderId: There is no booking {elsewhere}.")
    assert result(wrong_place) == result(foreign)
    assert code(right_place) == 0


def test_a_cancelled_order_is_closed(till: Till) -> None:
    cancelled = make.booking([], status="cancelled")

    with nothing_written():
        answer = till.pay(cancelled)

    sentence = f"OrderId: Booking {cancelled} is cancelled; it takes no payment."
    assert result(answer) == (103, sentence)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"from_outside": False}, "Till cannot be accepted from outside"),
        ({"paying": "on_site"}, "Till is completed at the desk only"),
        ({"is_refund": True}, "Till pays money back"),
        ({"active": False}, "No active payment method has the number '7'."),
    ],
)
def test_what_the_tender_refuses_is_an_error_of_the_tender(
    till: Till, order: int, values: dict[str, Any], sentence: str
) -> None:
    make.method("Till", number=7, **values)

    with nothing_written():
        told, message = result(till.pay(order, TenderId=7))

    assert told == 106
    assert message.startswith(f"Payment.TenderId: {sentence}")


def test_a_tip_that_the_tender_does_not_take_is_an_error_of_the_tender(
    till: Till, order: int
) -> None:
    make.method("Till", number=7, takes_tips=False)

    with nothing_written():
        answer = till.pay(order, TenderId=7, TipAmount="1.00")

    sentence = "Till takes no tips; send the payment without one."
    assert result(answer) == (106, f"Payment.TipAmount: {sentence}")


def test_an_unknown_tender_is_an_error_of_the_tender(till: Till, order: int) -> None:
    answer = till.pay(order, TenderId=0)

    sentence = "No active payment method has the number '0'."
    assert result(answer) == (106, f"Payment.TenderId: {sentence}")


def test_a_tender_that_the_location_switched_off_is_unknown(till: Till, order: int) -> None:
    row = {"method_id": make.method("Till", number=7), "location_id": 1}
    with transaction() as connection:
        connection.execute(insert(MethodSwitchedOff), [row])

    assert code(till.pay(order, TenderId=7)) == 106


def test_a_tender_kept_for_others_is_an_error_of_the_tender(till: Till, order: int) -> None:
    row = {"method_id": make.method("Till", number=7), "partner_id": make.partner()}
    with transaction() as connection:
        connection.execute(insert(MethodPartner), [row])

    assert code(till.pay(order, TenderId=7)) == 106


def test_overpayment_is_never_an_error_of_the_tender(till: Till, order: int) -> None:
    with transaction() as connection:
        connection.execute(update(PaymentMethod).values(overpayment="refuse"))

    assert code(till.pay(order, Amount="100.01")) == 101


@pytest.mark.parametrize("came", ["10.755", "10.7501"])
def test_more_decimals_than_the_currency_has_are_refused(till: Till, order: int, came: str) -> None:
    with nothing_written():
        answers = [till.pay(order, Amount=came), till.pay(order, TipAmount=came)]

    sentence = f"{came} has more decimals than EUR has; it has 2."
    fields = ["Payment.Amount", "Payment.TipAmount"]
    assert [result(answer) for answer in answers] == [(2, f"{f}: {sentence}") for f in fields]


def test_what_only_the_order_can_judge_is_told_at_once(till: Till, order: int) -> None:
    answer = till.pay(order, Amount="0.001", TipAmount="0.002", TenderId=8)

    told, message = result(answer)
    assert told == 2
    assert [word for word in message.split() if word.endswith(":")] == [
        "Payment.Amount:",
        "Payment.TipAmount:",
        "Payment.TenderId:",
    ]


def test_fields_that_cannot_be_read_are_told_together_and_only_the_first_of_very_many(
    till: Till, order: int
) -> None:
    strange = "".join(f"<x{number}/>" for number in range(200))

    with nothing_written():
        told, message = result(till.send(request(order, payment(Amount="x") + strange)))

    assert told == 2
    assert message.startswith("Payment.Amount is 'x'; it must be ")
    assert message.endswith(" And 181 more.")
    assert message.count("is not known here") == 19


def test_a_card_number_reaches_neither_the_answer_nor_the_books(till: Till, order: int) -> None:
    card = "4111-1111-1111-1111"

    with nothing_written():
        answer = till.pay(order, ReferenceDetails=details(("Card", card)))

    assert code(answer) == 2
    assert "1111" not in answer.text


def test_a_refused_payment_can_be_sent_again_under_its_id(till: Till, order: int) -> None:
    refused = [till.pay(order, Amount="100.01"), till.pay(order, TenderId=8), till.pay(order, Id=0)]

    taken = till.pay(order, Amount="100.00")

    assert [code(answer) for answer in refused] == [101, 106, 2]
    assert code(taken) == 0
    assert make.row_of(Booking, order).paid == 10000
    assert len(make.rows_of(Payment)) == 1
