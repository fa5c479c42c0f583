"""POST baskets/{id}/custom-payments: money that came, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from bookings.models import Booking
from kit import clock
from kit.db import transaction
from outbox.models import Message
from payments.models import MethodPartner, MethodSwitchedOff, Payment
from tests import make
from tests.make import Client, Due
from tests.payments.formats.spektrix.given import (
    OTHER,
    REFUND,
    TILL,
    Till,
    detail,
    details,
    new_till,
    nothing_recorded,
    told,
)
from tests.payments.moving import figures, on_lines
from tests.payments.proofs import broken_chains, wrong_books

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


def rows(booking: int) -> list[Any]:
    return make.rows_of(Payment, booking_id=booking)


def test_a_payment_is_answered_with_its_type_the_amount_sent_and_its_details(till: Till) -> None:
    basket = make.booking(STAGES)

    answer = till.pay(basket, "10.40", more=details(Payment_ref="ABC_123", Reference=""))

    assert answer.status_code == 200
    assert answer.text == (
        '{"name":"EPOS System","amount":10.40,"attributes":'
        '[{"name":"Payment ref","value":"ABC_123"},{"name":"Reference","value":""}]}'
    )
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    [row] = rows(basket)
    assert (row.amount, row.state, row.source, row.partner_id) == (
        1040, "cleared", "spektrix", till.partner_id,
    )  # fmt: skip
    assert row.attributes == [["Payment ref", "ABC_123"], ["Reference", ""]]
    assert row.paid_on == row.settled_on == clock.day_at(clock.now(), "Europe/Lisbon")
    assert (figures(basket), on_lines(basket)) == ((1040, 0, 0), [1040, 0])
    assert wrong_books() == broken_chains() == []


def test_the_guest_is_written_to_and_who_listens_is_told(till: Till) -> None:
    make.endpoint(till.partner_id)
    basket = make.booking(STAGES, status="provisional")

    till.pay(basket, "60.00")

    kinds = [each.kind for each in make.rows_of(Message)]
    assert sorted(kinds) == ["email.payment_received", "event", "event"]
    assert make.row_of(Booking, basket).status == "booking"


def test_several_payments_add_up_to_the_total(till: Till) -> None:
    basket = make.booking(STAGES)

    answers = [till.pay(basket, amount) for amount in ("10.40", "49.60", "40")]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.text[:40] for answer in answers] == [
        '{"name":"EPOS System","amount":10.40,"at',
        '{"name":"EPOS System","amount":49.60,"at',
        '{"name":"EPOS System","amount":40.00,"at',
    ]
    assert figures(basket) == (10000, 0, 0)


def test_a_payment_that_exceeds_what_is_left_is_refused_and_the_excess_named(till: Till) -> None:
    make.location(1, overpayment="accept")
    basket = make.booking(STAGES)
    till.pay(basket, "60.00")

    answer = till.pay(basket, "40.01")

    assert told(answer) == (400, [("Amount", "overpaid")])
    assert answer.json["message"] == "The payment exceeds what is open by 0.01 EUR."
    assert figures(basket) == (6000, 0, 0)


def test_a_cancelled_booking_takes_no_payment(till: Till) -> None:
    basket = make.booking([], status="cancelled")

    assert told(till.pay(basket, "10.00")) == (409, [("id", "booking_cancelled")])


@pytest.mark.parametrize("basket", ["999", "0", str(10**18 - 1)])
def test_a_basket_that_is_none_is_not_found(till: Till, basket: str) -> None:
    answer = till.pay(int(basket), "10.00")

    assert told(answer) == (404, [("id", "booking_unknown")])


def test_a_basket_of_another_location_is_not_found(app: Flask) -> None:
    make.method("EPOS System", public_id=TILL)
    both = new_till(app, locations=(1, 2))
    here, there = make.booking(), make.booking(location_id=2)

    assert told(both.pay(there, "10.00")) == (404, [("id", "booking_unknown")])
    assert told(both.get(f"baskets/{there}")) == (404, [("id", "booking_unknown")])
    assert both.pay(here, "10.00").status_code == 200
    assert Till(app, both.partner_id, "client2").pay(there, "10.00").status_code == 200


# --- how requests are read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"paymentTypeId":"%s","amount":10.4,"paymentAttributes":[{"name":"Reference","value":"r"}]}',
        '{"PAYMENTTYPEID":"%s","AMOUNT":10.40,"paymentattributes":[{"NAME":"Reference","VALUE":"r"}]}',
        ' [ {"PaymentTypeId":"%s","Amount":"10.4","PaymentAttributes":'
        '[{"Name":"Reference","Value":"r","Id":7}],"Extra":{"a":[1]},"ReturnUrl":null} ] \n',
    ],
)  # fmt: skip
def test_keys_come_in_any_case_and_the_object_in_a_list_or_not(till: Till, body: str) -> None:
    basket = make.booking(STAGES)

    answer = till.post(f"baskets/{basket}/custom-payments", body % TILL)

    assert answer.status_code == 200, answer.text
    assert '"amount":10.40' in answer.text
    assert rows(basket)[0].attributes == [["Reference", "r"]]


# What is wrong with a body, by what it holds; "%" is the id of a type.
FAULTS: dict[str, list[tuple[str | None, str]]] = {
    "": [(None, "malformed_json")],
    "{": [(None, "malformed_json")],
    "null": [(None, "invalid")],
    "10.40": [(None, "invalid")],
    "[]": [(None, "invalid")],
    '[{"PaymentTypeId":"%","Amount":1},{"PaymentTypeId":"%","Amount":1}]': [(None, "invalid")],
    "{}": [("PaymentTypeId", "required"), ("Amount", "required")],
    '{"PaymentTypeId":"","Amount":0}': [("PaymentTypeId", "required"), ("Amount", "invalid")],
    '{"PaymentTypeId":7,"Amount":-1}': [("PaymentTypeId", "invalid"), ("Amount", "invalid")],
    '{"PaymentTypeId":"%","Amount":true}': [("Amount", "invalid")],
    '{"PaymentTypeId":"%","Amount":1e1}': [("Amount", "invalid")],
    '{"PaymentTypeId":"%","Amount":"1,00"}': [("Amount", "invalid")],
    '{"PaymentTypeId":"%","Amount":10000000000}': [("Amount", "invalid")],
    '{"PaymentTypeId":"%","Amount":1,"amount":2}': [("Amount", "repeated")],
    '{"PaymentTypeId":"%","Amount":1,"Amount":2}': [(None, "repeated")],
    '{"PaymentTypeId":"%","Amount":1,"PaymentAttributes":{"Name":"a"}}': [
        ("PaymentAttributes", "invalid")],
    '{"PaymentTypeId":"%","Amount":1,"PaymentAttributes":["a",{"Value":1}]}': [
        ("PaymentAttributes[0]", "invalid"), ("PaymentAttributes[1].Name", "required"),
        ("PaymentAttributes[1].Value", "invalid")],
    '{"PaymentTypeId":"%","Amount":1,"PaymentAttributes":'
    '[{"Name":"Reference","Value":"a"},{"Name":"Reference","Value":"a"}]}': [
        ("PaymentAttributes[1].Name", "repeated")],
    '{"PaymentTypeId":"%","Amount":1,"PaymentAttributes":'
    '[{"Name":"Reference","Value":"' + "v" * 251 + '"}]}': [
        ("PaymentAttributes[0].Value", "too_long")],
    '{"PaymentTypeId":"%","Amount":1,"PaymentAttributes":'
    '[{"Name":"Reference","Value":"4111 1111 1111 1111"}]}': [
        ("PaymentAttributes[0].Value", "card_number")],
}  # fmt: skip


def test_everything_that_is_wrong_with_a_body_is_named_and_nothing_recorded(till: Till) -> None:
    basket = make.booking(STAGES)

    for body, faults in FAULTS.items():
        answer = till.post(f"baskets/{basket}/custom-payments", body.replace("%", TILL))

        status, wrong = told(answer)
        assert (status, sorted(wrong, key=str)) == (400, sorted(faults, key=str)), body
        assert "4111" not in answer.text
    assert rows(basket) == []
    assert make.row_of(Booking, basket).log_count == 0


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "1040", "1040"), ("KWD", "10.4", "10.400"), ("EUR", "10", "10.00")],
)
def test_an_amount_has_the_decimals_of_the_bookings_currency(
    app: Flask, currency: str, amount: str, shown: str
) -> None:
    make.location(1, currency)
    till = new_till(app)
    make.method("EPOS System", public_id=TILL)
    basket = make.booking(["3000"], currency=currency)

    answer = till.pay(basket, amount)
    zeros = till.pay(basket, f"{shown}{'' if '.' in shown else '.'}000")
    refused = [till.pay(basket, each) for each in ("10.4001", '"10.0000"')]

    assert [f'"amount":{shown},' in each.text for each in (answer, zeros)] == [True, True]
    assert [told(each) for each in refused] == [(400, [("Amount", "too_many_decimals")])] * 2


# --- types and their details --------------------------------------------------------------------


@pytest.mark.parametrize("type_id", ["X" * 33, TILL.lower(), "EPOS System", f"{TILL} "])
def test_a_type_is_named_by_its_id_letter_for_letter(till: Till, type_id: str) -> None:
    basket = make.booking(STAGES)

    answer = till.pay(basket, "10.00", type_id)

    assert told(answer) == (400, [("PaymentTypeId", "payment_method_unknown")])


def test_a_type_that_may_not_be_used_is_refused_with_the_reason(till: Till) -> None:
    basket, stranger = make.booking(STAGES), make.partner()
    make.method("Cash", public_id="C" * 33, from_outside=False)
    make.method("Desk", public_id="D" * 33, paying="on_site")
    make.method("Old", public_id="E" * 33, active=False)
    kept = make.method("Kept", public_id="K" * 33)
    off = make.method("Off", public_id="N" * 33)
    with transaction() as connection:
        row = {"method_id": kept, "partner_id": stranger}
        connection.execute(insert(MethodPartner), [row])
        connection.execute(insert(MethodSwitchedOff), [{"method_id": off, "location_id": 1}])
    codes = {
        "C": "method_not_from_outside",
        "D": "method_on_site_only",
        "E": "payment_method_unknown",
        "K": "method_not_for_partner",
        "N": "payment_method_unknown",
    }

    for letter, code in codes.items():
        answer = till.pay(basket, "10.00", letter * 33)

        assert told(answer) == (400, [("PaymentTypeId", code)])
    assert rows(basket) == []


def test_details_that_the_type_has_not_are_refused_each_by_its_place(till: Till) -> None:
    basket = make.booking(STAGES)
    sent = details(Reference="r", reference="r", Colour="red")

    answer = till.pay(basket, "10.00", more=sent)

    assert told(answer) == (
        400,
        [("PaymentAttributes[1].Name", "attribute_unknown"),
         ("PaymentAttributes[2].Name", "attribute_unknown")],
    )  # fmt: skip
    assert answer.json["message"] == "2 things are wrong: see errors."
    assert answer.json["errors"][1]["message"] == (
        "EPOS System has no attribute 'Colour'; it has 'Payment ref' and 'Reference'."
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "sent", ["", ',"PaymentAttributes":[]', ',"PaymentAttributes":null', details(Appeal=""),
             details(Appeal=" "), ',"PaymentAttributes":[{"Name":"Appeal","Value":null}]']
)  # fmt: skip
def test_a_detail_that_must_come_is_missed(till: Till, sent: str) -> None:
    basket = make.booking(STAGES)

    answer = till.pay(basket, "10.00", OTHER, sent)
    good = till.pay(basket, "10.00", OTHER, details(Appeal="Roof"))

    assert told(answer) == (400, [("PaymentAttributes", "attribute_missing")])
    assert answer.json["message"] == (
        "Quick Donation needs the attribute 'Appeal'; it is missing or empty."
    )
    assert good.json == {"name": "Quick Donation", "amount": 10,
                         "attributes": [{"name": "Appeal", "value": "Roof"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "also"), [("10.005", "too_many_decimals"), ("100.01", "overpaid")]
)
def test_details_are_told_together_with_what_else_is_wrong(
    till: Till, amount: str, also: str
) -> None:
    basket = make.booking(STAGES)

    answer = till.pay(basket, amount, OTHER, details(Colour="red"))

    status, wrong = told(answer)
    assert status == 400
    assert wrong == [("Amount", also), ("PaymentAttributes[0].Name", "attribute_unknown"),
                     ("PaymentAttributes", "attribute_missing")]  # fmt: skip


def test_an_unknown_basket_is_told_alone(till: Till) -> None:
    assert told(till.pay(999, "10.00", OTHER)) == (404, [("id", "booking_unknown")])


# --- refunds ------------------------------------------------------------------------------------


def test_a_type_for_refunds_takes_back_from_the_newest_payment_first(till: Till) -> None:
    basket = make.booking(STAGES)
    for amount in ("50.00", "20.00"):
        till.pay(basket, amount)
    first, second = (row.id for row in rows(basket))

    answer = till.pay(basket, "35.50", REFUND)

    assert answer.text == '{"name":"EPOS Refund","amount":35.50,"attributes":[]}'
    refunds = rows(basket)[2:]
    assert [(row.refund_of, row.amount, row.source) for row in refunds] == [
        (second, -2000, "spektrix"), (first, -1550, "spektrix"),
    ]  # fmt: skip
    assert figures(basket) == (3450, 0, 0)
    assert wrong_books() == broken_chains() == []


def test_no_more_goes_back_than_the_clients_own_payments_hold(till: Till) -> None:
    basket = make.booking(STAGES)
    till.pay(basket, "30.00")
    make.method("PayPal")
    Client.of_new_partner(till.app).pay(basket, "50.00")

    answer = till.pay(basket, "30.01", REFUND)

    assert told(answer) == (400, [("Amount", "repayment_too_large")])
    assert answer.json["message"] == (
        f"Your payments on booking {basket} hold 30.00 EUR; no more can be paid back."
    )
    assert figures(basket) == (8000, 0, 0)


def test_a_refund_keeps_its_details_and_misses_them(till: Till) -> None:
    basket = make.booking(STAGES)
    till.pay(basket, "30.00")
    method_id = make.method("Back", public_id="B" * 33, is_refund=True)
    detail(method_id, "Reason", 1, required=True)

    refused = till.pay(basket, "30.01", "B" * 33)
    taken = till.pay(basket, "5.00", "B" * 33, details(Reason="Rain"))

    assert told(refused) == (
        400, [("Amount", "repayment_too_large"), ("PaymentAttributes", "attribute_missing")],
    )  # fmt: skip
    assert taken.json["attributes"] == [{"name": "Reason", "value": "Rain"}]
    assert rows(basket)[-1].attributes == [["Reason", "Rain"]]


def test_refunds_need_a_scope_of_their_own(app: Flask, till: Till) -> None:
    clerk = new_till(app, "bookings:read bookings:write payments:write", login="clerk")
    basket = make.booking(STAGES)
    clerk.pay(basket, "30.00")

    answer = clerk.pay(basket, "5.00", REFUND)

    assert told(answer) == (403, [(None, "scope_missing")])
    assert "payments:refund" in answer.json["message"]
    assert figures(basket) == (3000, 0, 0)


def test_paying_needs_its_scope(app: Flask, till: Till) -> None:
    reader = new_till(app, "bookings:read payments:read", login="reader")
    basket = make.booking(STAGES)

    with nothing_recorded():
        answer = reader.pay(basket, "5.00")

    assert told(answer) == (403, [(None, "scope_missing")])
