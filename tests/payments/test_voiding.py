"""A payment that should never have been is reversed at the desk; nothing of it is erased."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from audit.chain import SYSTEM
from bookings.models import Booking
from kit.db import in_transaction, transaction
from payments.errors import AlreadyRefunded, AlreadyUndone, PaymentUnknown
from payments.models import Allocation, Payment
from payments.saving import Done
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client, Due
from tests.payments.moving import figures, last_entry, move, on_lines, paid
from tests.payments.proofs import refusal, unchanged, wrong_books

STAGES = [Due("60.00"), Due("40.00", 2, 30)]


@pytest.fixture(autouse=True)
def _methods(client: Client) -> None:
    assert client
    make.method("PayPal")
    make.tag(20, "Payment Failed", "payment_failed")


def void(payment: int) -> Done:
    order = VoidPayment(payment_id=payment, reason="Typed in twice")
    return in_transaction(lambda connection: void_payment(connection, order, SYSTEM))


# --- partners -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prefer", ["", "dry-run"])
def test_a_partner_never_voids_not_even_its_own_or_one_that_is_not_there(
    client: Client, prefer: str
) -> None:
    own = paid(client, make.booking(STAGES), "50")

    with unchanged():
        answers = [move(client, each, "void", Prefer=prefer) for each in (own, own + 1)]

    for answer in answers:
        assert (answer.status_code, answer.json["Code"]) == (403, "void_at_the_desk")
        assert "a partner can refund it" in answer.json["Message"]


# --- the desk -----------------------------------------------------------------------------------


def test_money_that_is_voided_leaves_its_lines_and_its_charges_go(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Charges="5")

    done = void(payment)

    assert (done.payment_id, done.booking_id) == (payment, booking)
    assert (figures(booking), on_lines(booking)) == ((0, 0, 0), [0, 0])
    row = make.row_of(Payment, payment)
    assert (row.state, row.amount, row.charges) == ("void", 7000, 500)
    assert (row.failure_reason, row.category) == ("Typed in twice", 0)
    parts = [each.amount for each in make.rows_of(Allocation)]
    assert sorted(parts) == [-6000, -1000, 1000, 6000]
    assert {each.cause for each in make.rows_of(Allocation)} == {"payment", "void"}
    assert wrong_books() == []


def test_credit_of_others_flows_into_what_a_void_opens(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")
    paid(client, booking, "50")

    void(payment)

    assert (figures(booking), on_lines(booking)) == ((5000, 0, 0), [2000, 3000])
    assert wrong_books() == []


@pytest.mark.parametrize("status", [1, 2])
def test_a_promise_that_is_voided_moves_nothing(client: Client, status: int) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Status=status)

    void(payment)

    assert make.row_of(Payment, payment).state == "void"
    assert figures(booking) == (0, 0, 0)
    assert make.rows_of(Allocation) == []


def test_a_refund_that_is_voided_comes_back(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70", Charges="5")
    refund = move(client, payment, "refund", "Amount=30&Charges=5").json["PaymentId"]

    void(refund)

    assert (figures(booking), on_lines(booking)) == ((7000, 0, 500), [6000, 1000])
    assert move(client, payment, "refund", "Amount=70").status_code == 200
    assert wrong_books() == []


def test_a_refund_that_comes_back_may_confirm_the_booking(client: Client) -> None:
    booking = make.booking(STAGES, status="provisional")
    refunded, _ = paid(client, booking, "40"), paid(client, booking, "10")
    refund = move(client, refunded, "refund").json["PaymentId"]
    paid(client, booking, "10")

    void(refund)

    assert (make.row_of(Booking, booking).status, on_lines(booking)[0]) == ("booking", 6000)


def test_a_void_frees_the_reference(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "10", Reference="order-1")

    void(payment)

    assert client.pay(booking, "10", Reference="order-1").status_code == 200


def test_what_was_paid_back_cannot_be_made_never_to_have_come(client: Client) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")
    refund = move(client, payment, "refund", "Amount=30").json["PaymentId"]

    with unchanged(), pytest.raises(AlreadyRefunded, match=f"30.00 EUR of payment {payment}"):
        void(payment)
    void(refund)
    void(payment)

    assert figures(booking) == (0, 0, 0)
    assert wrong_books() == []


def test_what_failed_or_is_void_already_stays_so(client: Client) -> None:
    booking = make.booking(STAGES)
    failed = paid(client, booking, "70", Status=1, AddBookingTag=20)
    gone = paid(client, booking, "70")
    void(gone)

    for payment in (failed, gone):
        with unchanged(), pytest.raises(AlreadyUndone):
            void(payment)
    with pytest.raises(PaymentUnknown):
        void(gone + 1)


def test_what_is_void_can_neither_clear_nor_fail_nor_be_refunded(client: Client) -> None:
    payment = paid(client, make.booking(STAGES), "70")
    void(payment)

    with unchanged():
        answers = [move(client, payment, what) for what in ("clear", "fail", "refund")]

    assert [refusal(each) for each in answers] == [
        (409, [("PaymentID", code)])
        for code in ("payment_not_coming", "payment_not_coming", "payment_not_cleared")
    ]


@pytest.mark.parametrize(("source", "severity"), [("ipro", "high"), ("desk", "medium")])
def test_the_event_log_is_sterner_with_external_payments(
    client: Client, source: str, severity: str
) -> None:
    booking = make.booking(STAGES)
    payment = paid(client, booking, "70")
    with transaction() as connection:
        connection.execute(update(Payment).values(source=source))

    void(payment)

    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("payment.deleted", severity)
    assert (entry["reason"], entry["after"]["external"]) == ("Typed in twice", source == "ipro")
    assert (entry["before"]["paid"], entry["after"]["paid"]) == (7000, 0)
