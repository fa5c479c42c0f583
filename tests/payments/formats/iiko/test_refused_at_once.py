"""Requests that are refused at once: nothing of them is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask

from payments.formats.iiko import ids
from payments.models import AcceptedCommand
from tests import make
from tests.payments.formats.iiko.till import CARD, Till, payment, refused
from tests.payments.proofs import nothing_written

# What is judged before the database is asked is the same on both.
pytestmark = pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)

HERE = ids.organization(1)
AMOUNT = "a plain decimal such as 20.06, at most 9999999999.99"
GOOD = {"organizationId": HERE, "orderId": "7", "payments": [payment()]}
NO_TYPE = "paymentTypeId is missing; it must be the UUID of a payment type."


def document(**changed: Any) -> dict[str, Any]:
    return GOOD | changed


def with_payment(**changed: Any) -> dict[str, Any]:
    return GOOD | {"payments": [payment(**changed)]}


def refused_at_once(till: Till, body: Any) -> tuple[int, str, str]:
    with nothing_written():
        return refused(till.ask("order/add_payments", body))


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        ({}, "required",
         "organizationId is missing; it must be a UUID, or our own number. "
         "orderId is missing; it must be a UUID, or our own number. "
         "payments is missing; it must be a list of 1 to 20."),
        (document(organizationId="here"), "invalid",
         "organizationId is 'here'; it must be a UUID, or our own number."),
        (document(orderId=1.5), "invalid",
         "orderId is '1.5'; it must be a UUID, or our own number."),
        (document(orderId=0), "invalid", "orderId is '0'; it must be a UUID, or our own number."),
        (document(orderId=True), "invalid",
         "orderId is true or false; it must be a UUID, or our own number."),
        (document(orderId={}), "invalid",
         "orderId is an object; it must be a UUID, or our own number."),
        (document(payments=[]), "too_few",
         "payments has 0 entries; it must be a list of 1 to 20."),
        (document(payments=[payment()] * 21), "too_many",
         "payments has 21 entries; it must be a list of 1 to 20."),
        (document(payments=payment()), "invalid",
         "payments is an object; it must be a list of 1 to 20."),
        (document(payments=["x"]), "invalid", "payments[0] is a text; it must be an object."),
        (document(payments=[None]), "invalid",
         "payments[0] is null; it must be an object."),
        (document(tips="x"), "invalid", "tips is a text; it must be a list of at most 20."),
        ([GOOD], "invalid", "The body is a list; it must be an object."),
        (with_payment(sum=None), "required",
         f"payments[0].sum is missing; it must be {AMOUNT}."),
        (with_payment(sum=True), "invalid",
         f"payments[0].sum is true or false; it must be {AMOUNT}."),
        (with_payment(sum={"value": 1}), "invalid",
         f"payments[0].sum is an object; it must be {AMOUNT}."),
        (with_payment(sum=0), "PaymentSumShouldBePositive",
         "payments[0].sum is 0; it must be more than 0."),
        (with_payment(sum=-20.06), "PaymentSumShouldBePositive",
         "payments[0].sum is -20.06; it must be more than 0."),
        (with_payment(sum="0.00"), "PaymentSumShouldBePositive",
         "payments[0].sum is 0.00; it must be more than 0."),
        (with_payment(sum="20,06"), "invalid",
         f"payments[0].sum is '20,06'; it must be {AMOUNT}."),
        (with_payment(sum="1_000"), "invalid",
         f"payments[0].sum is '1_000'; it must be {AMOUNT}."),
        (with_payment(sum=orjson.Fragment("1e2")), "invalid",
         f"payments[0].sum is '1e2'; it must be {AMOUNT}, without an exponent."),
        (with_payment(sum=12345678901234567), "invalid",
         f"payments[0].sum is '12345678901234567'; it must be {AMOUNT}."),
        (with_payment(paymentTypeId=None), "required", f"payments[0].{NO_TYPE}"),
        (with_payment(paymentTypeId="visa"), "invalid",
         "payments[0].paymentTypeId is 'visa'; it must be the UUID of a payment "
         "type, or its code."),
        (with_payment(paymentTypeId=7), "invalid",
         "payments[0].paymentTypeId is a number; it must be the UUID of a payment "
         "type, or its code."),
        (with_payment(paymentTypeKind="Voucher"), "invalid",
         "payments[0].paymentTypeKind is 'Voucher'; it must be Card or Cash."),
        (with_payment(paymentTypeKind="External", paymentTypeId=None), "invalid",
         "payments[0].paymentTypeKind is 'External'; it must be Card or Cash, unless there is a "
         "paymentTypeId."),
        (with_payment(isProcessedExternally="true"), "invalid",
         "payments[0].isProcessedExternally is a text; it must be true or "
         "false."),
        (with_payment(paymentAdditionalData="VISA"), "invalid",
         "payments[0].paymentAdditionalData is a text; it must be an object."),
        (with_payment(paymentAdditionalData={"number": 4111111111111111}), "invalid",
         "payments[0].paymentAdditionalData.number is a number; it must be a text of at "
         "most 50 characters."),
        (with_payment(paymentAdditionalData={"cardType": "x" * 51}), "too_long",
         "payments[0].paymentAdditionalData.cardType has 51 characters; it must be a text "
         "of at most 50 characters."),
        (document(tips=[payment(sum=0)]), "PaymentSumShouldBePositive",
         "tips[0].sum is 0; it must be more than 0."),
        (document(orderId="x", payments=[payment(), payment(sum=0)]), "several_problems",
         "orderId is 'x'; it must be a UUID, or our own number. "
         "payments[1].sum is 0; it must be more than 0."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_field_by_field(
    till: Till, body: Any, error: str, sentence: str
) -> None:
    assert refused_at_once(till, body) == (400, error, sentence)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b" ", "malformed_json"),
        (b"{", "malformed_json"),
        (b'{"orderId": NaN}', "malformed_json"),
        (b'{"orderId": Infinity}', "malformed_json"),
        (b'{"orderId": 07}', "malformed_json"),
        (b'{"orderId": "\xff"}', "not_utf8"),
        (b'{"orderId": 7, "orderId": 8}', "repeated"),
        (b"[" * 3000 + b"]" * 3000, "malformed_json"),
    ],
)
def test_what_is_no_json_is_refused(till: Till, body: bytes, error: str) -> None:
    assert refused_at_once(till, body)[:2] == (400, error)


@pytest.mark.parametrize(
    "place",
    [
        {"paymentAdditionalData": {"number": "4111 1111 1111 1111"}},
        {"paymentAdditionalData": {"customData": "paid by 4111111111111111"}},
        {"paymentAdditionalData": {"strange": "4111111111111111"}},
        {"number": "4111-1111-1111-1111"},
        {"paymentTypeId": "4111111111111111"},
    ],
)
def test_a_card_number_is_refused_wherever_it_stands_and_never_repeated(
    till: Till, place: dict[str, Any]
) -> None:
    status, error, sentence = refused_at_once(till, with_payment(**place))

    assert (status, error) == (400, "card_number")
    assert "1111" not in sentence


def test_a_body_of_200_kb_is_too_large(till: Till) -> None:
    body = orjson.dumps(document(note="x" * 200_000))

    assert refused_at_once(till, body)[:2] == (413, "body_too_large")


def test_an_organization_that_is_not_reached_is_refused(till: Till) -> None:
    make.location(2)

    answer = refused_at_once(till, document(organizationId=ids.organization(2)))

    expected = f"There is no organization {ids.organization(2)}."
    assert answer == (400, "OrganizationNotFound", expected)


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_cannot_be_one_is_refused(till: Till, key: str) -> None:
    answer = till.ask("order/add_payments", GOOD, Idempotency_Key=key)

    assert refused(answer)[:2] == (400, "invalid")
    assert make.rows_of(AcceptedCommand) == []


@pytest.mark.long
def test_more_payments_than_the_setting_allows_are_refused(
    till: Till, make_app: Callable[..., Flask]
) -> None:
    """Each payment of a command counts."""
    http = make_app(PARTNER_PAYMENTS_LIMIT="3/minute").test_client()

    def send(*payments: Any) -> Any:
        body = orjson.dumps(document(payments=list(payments)))
        headers = {"Authorization": f"Bearer {till.token}"}
        return http.post("/api/1/order/add_payments", data=body, headers=headers)

    assert send(payment("1.00", CARD), payment("2.00", CARD)).status_code == 200
    answer = send(payment("1.00", CARD), payment("2.00", CARD))
    assert refused(answer)[:2] == (429, "too_many_requests")
    assert "Retry-After" in answer.headers


def test_names_that_the_wire_may_add_are_left_alone(till: Till) -> None:
    body = with_payment(isPrepay=False, isFiscalizedExternally=True) | {"future": {"x": [1]}}

    assert till.ask("order/add_payments", body).status_code == 200
