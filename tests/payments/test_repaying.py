"""An amount goes back from whatever payments hold it, the newest first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import given as tried_with
from hypothesis import strategies as st

from audit.chain import SYSTEM
from audit.models import LogEntry
from bookings.cancelling import cancel_booking
from bookings.commands import CancelBooking
from kit.db import in_transaction
from kit.errors import Refused
from outbox.models import Message
from partners.authentication import Caller
from payments import errors
from payments.models import Payment
from payments.repaying import Repaid, Repay, repay
from tests import make
from tests.make import Client, Due
from tests.payments.moving import figures, move, on_lines, paid
from tests.payments.proofs import broken_chains, unchanged, wrong_books

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.method("Till Refund", code="BACK", is_refund=True, paying="external", public_id="R" * 33)


def pay_back(client: Client, booking: int, amount: str, **other: Any) -> Repaid:
    given: dict[str, Any] = {"method": "R" * 33, "method_by": "public_id"}
    order = Repay(source="spektrix", booking_id=booking, amount=Decimal(amount), **(given | other))
    caller = Caller(client.partner_id, "Till", frozenset(), frozenset({1}))
    return in_transaction(lambda connection: repay(connection, order, SYSTEM, caller))


def refunds(booking: int) -> list[tuple[int | None, int]]:
    """Which payment was paid back, and by how much, the oldest refund first."""
    rows = make.rows_of(Payment, booking_id=booking)
    return [(row.refund_of, row.amount) for row in rows if row.refund_of]


def test_the_newest_payment_is_paid_back_first_one_refund_each(client: Client) -> None:
    booking = make.booking(STAGES)
    first, second, third = (paid(client, booking, each) for each in ("50", "20", "10"))

    done = pay_back(client, booking, "35.00")

    assert refunds(booking) == [(third, -1000), (second, -2000), (first, -500)]
    assert (done.amount.plain, done.method) == ("35.00", "Till Refund")
    assert list(done.payment_ids) == [row.id for row in make.rows_of(Payment)][3:]
    assert (figures(booking), on_lines(booking)) == ((4500, 0, 0), [4500, 0])
    entries = [each for each in make.rows_of(LogEntry) if each.action == "payment.refunded"]
    assert [entry.severity for entry in entries] == ["high"] * 3
    assert wrong_books() == broken_chains() == []


def test_a_payment_that_is_paid_back_is_asked_no_more(client: Client) -> None:
    booking = make.booking(STAGES)
    first, second = (paid(client, booking, each) for each in ("50", "20"))
    move(client, second, "refund", "Amount=15")

    pay_back(client, booking, "10.00")

    assert refunds(booking)[1:] == [(second, -500), (first, -500)]


def test_a_refund_keeps_its_source_its_method_and_its_details(client: Client) -> None:
    booking = make.booking(STAGES)
    paid(client, booking, "50")

    done = pay_back(client, booking, "7.50", attributes=(("Reference", "R-1"),))

    [refund_id] = done.payment_ids
    row = make.row_of(Payment, refund_id)
    assert (row.source, row.partner_id, row.state) == ("spektrix", client.partner_id, "cleared")
    assert row.attributes == [["Reference", "R-1"]]
    assert [each.kind for each in make.rows_of(Message)] == ["email.refund_made"]


@pytest.mark.parametrize("amount", ["70.01", "1000"])
def test_more_than_they_hold_cannot_go_back_and_what_they_hold_is_named(
    client: Client, amount: str
) -> None:
    booking = make.booking(STAGES)
    paid(client, booking, "50")
    paid(client, booking, "20")

    with unchanged(), pytest.raises(errors.RepaymentTooLarge, match=r"hold 70\.00 EUR"):
        pay_back(client, booking, amount)


def test_only_money_that_this_partner_recorded_and_that_is_there_goes_back(client: Client) -> None:
    make.tag(20, "Payment Failed", "payment_failed")
    booking = make.booking(STAGES)
    paid(Client.of_new_partner(client.app), booking, "50")
    for fields in ({"Status": 1}, {"Status": 2}, {"Status": 1, "AddBookingTag": 20}):
        paid(client, booking, "10", **fields)
    mine = paid(client, booking, "5")

    with unchanged(), pytest.raises(errors.RepaymentTooLarge, match=r"hold 5\.00 EUR"):
        pay_back(client, booking, "5.01")
    pay_back(client, booking, "5")

    assert refunds(booking) == [(mine, -500)]


def test_the_credit_of_a_cancelled_booking_can_go_back(client: Client) -> None:
    booking = make.booking(STAGES)
    paid(client, booking, "50")
    order = CancelBooking(booking_id=booking, send_email=False)
    in_transaction(lambda connection: cancel_booking(connection, order, SYSTEM))

    pay_back(client, booking, "50")

    assert figures(booking) == (0, 0, 0)


def refused(client: Client, booking: int, **order: Any) -> set[type[Exception]]:
    """The classes of everything that is wrong; nothing is written."""
    with unchanged(), pytest.raises((errors.PaymentError, Refused)) as caught:
        pay_back(client, booking, order.pop("amount", "1.00"), **order)
    return {type(each) for each in getattr(caught.value, "problems", [caught.value])}


def test_what_is_wrong_is_told_together(client: Client) -> None:
    make.method("Till", code="TILL")
    make.method("Desk refund", code="DESK", is_refund=True, from_outside=False)
    booking = make.booking(STAGES)
    paid(client, booking, "5")

    assert refused(client, booking, method="Nothing", method_by="name", amount="1.005") == {
        errors.MethodUnknown, errors.WrongDecimals,
    }  # fmt: skip
    assert refused(client, booking, method="TILL", method_by="name", amount="6") == {
        errors.NotARefundMethod, errors.RepaymentTooLarge,
    }  # fmt: skip
    assert refused(client, booking, method="DESK", method_by="name", amount="6") == {
        errors.NotFromOutside, errors.RepaymentTooLarge,
    }  # fmt: skip


def test_a_booking_out_of_reach_does_not_exist(client: Client) -> None:
    elsewhere = make.booking(STAGES, location_id=2)

    for wanted in (elsewhere, 999):
        assert refused(client, wanted) == {errors.BookingUnknown}


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@tried_with(st.lists(st.integers(1, 6000), min_size=1, max_size=5), st.lists(st.integers(1, 9000)))
def test_whatever_goes_back_the_rest_is_held(
    app: Flask, client: Client, came: list[int], wanted: list[int]
) -> None:
    assert app
    booking = make.booking(["100.00", "200.00"])
    for minor in came:
        paid(client, booking, f"{Decimal(minor).scaleb(-2):f}")
    held = sum(came)

    for minor in wanted:
        amount = f"{Decimal(minor).scaleb(-2):f}"
        if minor > held:
            assert refused(client, booking, amount=amount) == {errors.RepaymentTooLarge}
        else:
            done = pay_back(client, booking, amount)
            assert sum(make.row_of(Payment, each).amount for each in done.payment_ids) == -minor
            held -= minor

    assert sum(figures(booking)[:2]) == held
    assert wrong_books([booking]) == broken_chains() == []
