"""What cannot be refunded, and how that is told: all of a kind at once, and nothing written."""

from __future__ import annotations

import pytest

from tests import make
from tests.make import ALL_SCOPES, Client, Due
from tests.payments.moving import move, paid
from tests.payments.proofs import refusal, unchanged

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")


@pytest.fixture
def payment(client: Client) -> int:
    """70.00, all of it paid."""
    return paid(client, make.booking(STAGES), "70", Reference="order-1")


def test_refunding_needs_a_scope_of_its_own(client: Client, payment: int) -> None:
    scopes = " ".join(scope for scope in ALL_SCOPES.split() if scope != "payments:refund")
    writer = Client(client.app, client.partner_id, make.token(client.partner_id, scopes))

    with unchanged():
        answer = move(writer, payment, "refund", "Amount=1")

    assert refusal(answer) == (403, [(None, "scope_missing")])


@pytest.mark.parametrize(
    ("fields", "state"),
    [({"Status": 1}, "uncleared"), ({"Status": 2}, "deferred"),
     ({"Status": 1, "AddBookingTag": 20}, "failed")],
)  # fmt: skip
def test_only_money_that_is_there_can_go_back(
    client: Client, fields: dict[str, int], state: str
) -> None:
    payment = paid(client, make.booking(STAGES), "70", **fields)

    with unchanged():
        answer = move(client, payment, "refund")

    assert refusal(answer) == (409, [("PaymentID", "payment_not_cleared")])
    assert f"is {state}" in answer.json["Message"]


def test_a_refund_cannot_be_refunded(client: Client, payment: int) -> None:
    refund = move(client, payment, "refund", "Amount=5").json["PaymentId"]

    with unchanged():
        answer = move(client, refund, "refund", "Amount=5")

    assert refusal(answer) == (409, [("PaymentID", "payment_is_refund")])
    assert f"of payment {payment}" in answer.json["Message"]


def test_a_reference_is_used_once_for_payments_and_refunds_alike(
    client: Client, payment: int
) -> None:
    with unchanged():
        taken = move(client, payment, "refund", "Amount=5&Reference=order-1")
    first = move(client, payment, "refund", "Amount=5&Reference=refund-1")
    with unchanged():
        again = move(client, payment, "refund", "Amount=5&Reference=refund-1")

    assert refusal(taken) == (409, [("Reference", "reference_already_used")])
    assert refusal(again) == (409, [("Reference", "reference_already_used")])
    assert f"payment {first.json['PaymentId']}" in again.json["Message"]


WRONG = {
    "Amount": ("0", "invalid", "Amount is '0'; it must be more than 0."),
    "Charges": ("1e3", "invalid", "Charges is '1e3'; it must be a plain decimal such as 200 or"
                " 200.50, at most 9999999999.99."),
    "Tip": ("-1", "invalid", "Tip is '-1'; it must be a plain decimal such as 200 or 200.50, at"
            " most 9999999999.99."),
    "PaymentMethod": ("x" * 101, "too_long", "PaymentMethod has 101 characters; it may have 100."),
    "PaymentDate": ("2026-02-30", "invalid", "PaymentDate is '2026-02-30'; it must be a real date"
                    " from 1900-01-01 on, yyyy-mm-dd."),
    "Reason": ("x" * 501, "too_long", "Reason has 501 characters; it may have 500."),
    "Comments": ("a%00b", "control_character", "Comments holds a control character."),
    "Reference": ("x" * 51, "too_long", "Reference has 51 characters; it may have 50."),
    "SendEmail": ("yes", "invalid", "SendEmail is 'yes'; it must be one of true, false."),
}  # fmt: skip


def test_every_malformed_field_is_told_at_once_by_name_with_what_would_be_right(
    client: Client, payment: int
) -> None:
    body = "&".join(f"{name}={came}" for name, (came, _, _) in WRONG.items())

    with unchanged():
        answer = move(client, payment, "refund", body)

    assert refusal(answer) == (400, [(name, code) for name, (_, code, _) in WRONG.items()])
    told = {error["Field"]: error["Message"] for error in answer.json["Errors"]}
    assert told == {name: sentence for name, (_, _, sentence) in WRONG.items()}


def test_what_only_the_booking_can_judge_is_told_at_once_too(client: Client, payment: int) -> None:
    body = (
        "Amount=1.001&Charges=1.0001&Tip=0.001&PaymentDate=2999-01-01&PaymentMethod=paypal"
        "&Reference=order-1"
    )

    with unchanged():
        answer = move(client, payment, "refund", body)

    assert refusal(answer) == (
        400,
        [("Amount", "too_many_decimals"), ("Charges", "too_many_decimals"),
         ("Tip", "too_many_decimals"), ("PaymentDate", "date_in_future"),
         ("PaymentMethod", "payment_method_unknown")],
    )  # fmt: skip
    assert "did you mean 'PayPal'?" in answer.json["Errors"][-1]["Message"]


def test_slips_are_told_before_conflicts_and_conflicts_before_rules_of_the_business(
    client: Client, payment: int
) -> None:
    make.method("Till", paying="on_site")
    refund = move(client, payment, "refund", "Amount=5&Reference=refund-1").json["PaymentId"]
    conflict = "Amount=999&PaymentMethod=Till&Reference=refund-1"

    with unchanged():
        slip = move(client, refund, "refund", conflict + "&PaymentDate=2999-01-01")
        both = move(client, refund, "refund", conflict)
        rules = move(client, payment, "refund", "Amount=999&PaymentMethod=Till")

    assert refusal(slip) == (400, [("PaymentDate", "date_in_future")])
    assert refusal(both) == (
        409,
        [("PaymentID", "payment_is_refund"), ("Reference", "reference_already_used")],
    )
    assert refusal(rules) == (
        422,
        [("Amount", "refund_too_large"), ("PaymentMethod", "method_on_site_only")],
    )


def test_methods_of_others_and_methods_inside_pay_nothing_out(client: Client, payment: int) -> None:
    make.method("Safe", from_outside=False)

    with unchanged():
        answer = move(client, payment, "refund", "PaymentMethod=Safe")

    assert refusal(answer) == (422, [("PaymentMethod", "method_not_from_outside")])
