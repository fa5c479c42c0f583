"""What an accepted payment may still fail for: told by webhook, and the reference is free again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from bookings.models import Booking
from kit.db import transaction
from partners.models import Endpoint
from payments.models import DefaultMethod, MethodSwitchedOff, Payment, PaymentMethod
from tests import make
from tests.payments.formats.kseries.given import (
    ACCOUNT,
    BUSINESS,
    OTHER_BUSINESS,
    Raw,
    Till,
    Worker,
)
from tests.payments.proofs import wrong_books


def failed(told: list[Any] | Any) -> tuple[str, str]:
    """The reason and the account type of the one failure that was told; its shape is checked."""
    [failure] = told
    assert (failure["type"], failure["status"]) == ("PAYMENT", "FAILURE")
    assert list(failure["errors"]) == ["account"]
    assert sorted(failure["errors"]["account"]) == ["message", "type"]
    return failure["reason"], failure["errors"]["account"]["type"]


def test_more_than_is_due_is_refused_and_the_excess_named(
    till: Till, booking: int, worker: Worker
) -> None:
    till.accepted(paymentAmount=Raw("300.01"))

    told = worker.run()

    assert told == [
        {
            "type": "PAYMENT",
            "status": "FAILURE",
            "thirdPartyReference": "order-1",
            "businessLocationId": BUSINESS,
            "ikentooAccountIdentifier": ACCOUNT,
            "ikentooAccountId": str(booking),
            "reason": "the payment amount is greater than the amount due",
            "errors": {
                "account": {
                    "type": "OVERPAID",
                    "message": "The payment exceeds what is open by 0.01 EUR.",
                }
            },
        }
    ]
    assert make.rows_of(Payment, booking_id=booking) == []
    assert wrong_books() == []


def test_the_reference_of_a_failure_is_free_again(till: Till, booking: int, worker: Worker) -> None:
    till.accepted(paymentAmount=Raw("300.01"))
    assert till.pay().status_code == 400
    failed(worker.run())

    till.accepted(paymentAmount=Raw("300"))

    assert [told["status"] for told in worker.run()] == ["SUCCESS"]
    assert till.pay().status_code == 400
    assert make.row_of(Booking, booking).paid == 300_00


def test_an_unknown_account_is_told_by_the_name_it_was_given(
    till: Till, booking: int, worker: Worker
) -> None:
    till.accepted(iKaccountIdentifier="A99.1")

    told = worker.run()

    assert failed(told) == ("Account not found", "ACCOUNT_NOT_FOUND")
    assert told[0]["ikentooAccountIdentifier"] == "A99.1"
    assert "ikentooAccountId" not in told[0]
    assert make.rows_of(Payment, booking_id=booking) == []


def test_decimals_of_an_account_that_is_not_there_yet_are_judged_when_it_is(
    till: Till, worker: Worker
) -> None:
    till.accepted(paymentAmount=Raw("20.065"))
    make.booking(account_identifier=ACCOUNT)

    assert failed(worker.run()) == (
        "20.065 has more decimals than EUR has; it has 2.",
        "INVALID_TASK",
    )
    assert make.rows_of(Payment) == []


def test_another_locations_account_is_unknown_here(till: Till, worker: Worker) -> None:
    both = Till(till.app, make.partner(locations=(1, 2)))
    make.endpoint(both.partner_id, worker.receiver.url(), kind="kseries", name="till", secret=None)
    theirs = make.booking(location_id=2, account_identifier="A7.1")

    both.accepted(iKaccountIdentifier="A7.1")
    both.accepted(
        iKaccountIdentifier=None, iKaccountId=theirs, thirdPartyPaymentReference="order-2"
    )

    told = worker.run()
    assert [failed([each]) for each in told] == [("Account not found", "ACCOUNT_NOT_FOUND")] * 2
    both.accepted(iKaccountIdentifier="A7.1", businessLocationId=OTHER_BUSINESS)
    assert [each["status"] for each in worker.run()] == ["SUCCESS"]


@pytest.mark.parametrize("known", [True, False])
def test_two_names_of_different_accounts_are_no_account(
    till: Till, booking: int, worker: Worker, known: bool
) -> None:
    other = make.booking() if known else 999_999
    till.accepted(iKaccountId=other)

    told = worker.run()

    assert failed(told) == ("Account not found", "ACCOUNT_NOT_FOUND")
    assert told[0]["errors"]["account"]["message"] == (
        f"iKaccountIdentifier {ACCOUNT} and iKaccountId {other} name different accounts."
    )
    assert make.rows_of(Payment) == []


def test_a_cancelled_booking_is_a_closed_account(till: Till, booking: int, worker: Worker) -> None:
    with transaction() as connection:
        connection.execute(update(Booking).values(status="cancelled"))
    till.accepted()

    assert failed(worker.run()) == ("Account already closed", "ACCOUNT_ALREADY_CLOSED")
    assert make.rows_of(Payment, booking_id=booking) == []


def test_an_unknown_method_is_told(till: Till, booking: int, worker: Worker) -> None:
    assert booking
    till.accepted(paymentMethod="OOPAYMENTS")

    assert failed(worker.run()) == (
        "No active payment method is called 'OOPAYMENTS', letter for letter; "
        "did you mean 'OOPAYMENT'?",
        "PAYMENT_METHOD_NOT_FOUND",
    )


def test_without_a_method_and_a_default_there_is_none(
    till: Till, booking: int, worker: Worker
) -> None:
    assert booking
    with transaction() as connection:
        connection.execute(delete(DefaultMethod))
    till.accepted(paymentMethod=None)

    assert failed(worker.run()) == (
        "paymentMethod was not given, and this location has no default method.",
        "PAYMENT_METHOD_NOT_FOUND",
    )


def test_a_method_that_is_not_for_such_payments_counts_as_none(
    till: Till, booking: int, worker: Worker
) -> None:
    policies: list[dict[str, Any]] = [
        {"from_outside": False},
        {"paying": "on_site"},
        {"is_refund": True},
    ]
    for number, policy in enumerate(policies):
        make.method(f"Desk {number}", code=f"DESK{number}", **policy)
        till.accepted(paymentMethod=f"DESK{number}", thirdPartyPaymentReference=f"r{number}")

    told = [failed([each]) for each in worker.run()]

    assert [kind for _, kind in told] == ["PAYMENT_METHOD_NOT_FOUND"] * 3
    assert all(f"Desk {number} " in reason for number, (reason, _) in enumerate(told))
    assert make.rows_of(Payment, booking_id=booking) == []


def test_a_method_that_the_location_has_switched_off_is_unknown_there(
    till: Till, booking: int, worker: Worker
) -> None:
    assert booking
    [method] = make.rows_of(PaymentMethod)
    with transaction() as connection:
        row = {"method_id": method.id, "location_id": 1}
        connection.execute(insert(MethodSwitchedOff), [row])
    till.accepted(thirdPartyPaymentReference="a")
    till.accepted(thirdPartyPaymentReference="b", paymentMethod=None)

    kinds = [failed([told])[1] for told in worker.run()]
    assert kinds == ["PAYMENT_METHOD_NOT_FOUND"] * 2


def test_a_tip_to_a_method_without_tips_is_an_invalid_task(
    till: Till, booking: int, worker: Worker
) -> None:
    assert booking
    make.method("PayPal", code="PAYPAL")
    till.accepted(paymentMethod="PAYPAL", tipAmount=Raw("2.5"))

    assert failed(worker.run()) == (
        "PayPal takes no tips; send the payment without one.",
        "INVALID_TASK",
    )


def test_a_reference_that_another_format_has_used_on_the_booking_is_an_invalid_task(
    till: Till, booking: int, worker: Worker
) -> None:
    ours = make.Client(till.app, till.partner_id, make.token(till.partner_id))
    paid = ours.pay(booking, "10.00", PaymentMethod="OOPAYMENT", Reference="order-1")
    assert paid.status_code == 200
    till.accepted()

    assert failed(worker.run())[1] == "INVALID_TASK"
    assert len(make.rows_of(Payment, booking_id=booking)) == 1


def test_several_reasons_are_told_together_and_the_first_gives_the_type(
    till: Till, booking: int, worker: Worker
) -> None:
    assert booking
    make.method("PayPal", code="PAYPAL")
    till.accepted(paymentMethod="PAYPAL", tipAmount=Raw("1"), paymentAmount=Raw("301"))

    reason, kind = failed(worker.run())

    assert kind == "INVALID_TASK"
    assert "PayPal takes no tips" in reason
    assert "the payment amount is greater than the amount due" in reason


def test_a_failure_has_the_account_too_where_it_is_asked_for_and_known(
    till: Till, booking: int, worker: Worker
) -> None:
    assert booking
    with transaction() as connection:
        connection.execute(update(Endpoint).values(provides_account=True))
    till.accepted(paymentAmount=Raw("301"))
    till.accepted(thirdPartyPaymentReference="order-2", iKaccountIdentifier="A99.1")

    known, unknown = worker.run()

    assert known["account"]["paidAmount"] == 0.0
    assert "account" not in unknown
