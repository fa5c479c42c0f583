"""A failed attempt is put aside: it stays where it is, no money moves, and nobody is told."""

from __future__ import annotations

import pytest

from audit.chain import SYSTEM
from bookings.models import Booking
from kit.db import in_transaction
from outbox.models import Message
from payments.dismissing import NoFailedAttempt, dismiss, undismiss
from payments.errors import PaymentUnknown
from payments.models import Payment
from tests import make
from tests.make import Client
from tests.payments.moving import figures, last_entry, move, paid
from tests.payments.proofs import broken_chains, unchanged, wrong_books


@pytest.fixture
def attempt(client: Client) -> int:
    """An attempt that failed; somebody listens to what happens."""
    make.method("PayPal")
    make.endpoint(client.partner_id)
    payment = paid(client, make.booking(), "50", Status=2)
    move(client, payment, "fail", "Reason=Card+declined")
    return payment


def put_aside(payment: int) -> int:
    return in_transaction(lambda connection: dismiss(connection, payment, SYSTEM))


def test_an_attempt_is_put_aside_with_an_entry_and_nobody_is_told(attempt: int) -> None:
    booking, told = make.row_of(Payment, attempt).booking_id, len(make.rows_of(Message))
    modified = make.row_of(Booking, booking).modified_at

    assert put_aside(attempt) == booking

    row = make.row_of(Payment, attempt)
    assert (row.state, row.failure_reason, figures(booking)) == (
        "failed", "Card declined", (0, 0, 0),
    )  # fmt: skip
    assert row.dismissed_at is not None
    entry = last_entry(booking)
    assert (entry["action"], entry["severity"]) == ("payment.dismissed", "low")
    assert entry["about"] == {"booking": booking, "location": 1, "payment": attempt}
    assert (entry["before"], entry["after"]) == ({"dismissed": False}, {"dismissed": True})
    assert len(make.rows_of(Message)) == told
    assert make.row_of(Booking, booking).modified_at == modified
    assert (wrong_books(), broken_chains()) == ([], [])


def test_it_is_taken_up_again(attempt: int) -> None:
    put_aside(attempt)

    booking = in_transaction(lambda connection: undismiss(connection, attempt, SYSTEM))

    assert make.row_of(Payment, attempt).dismissed_at is None
    entry = last_entry(booking)
    assert entry["action"] == "payment.undismissed"
    assert (entry["before"], entry["after"]) == ({"dismissed": True}, {"dismissed": False})
    assert broken_chains() == []


def test_what_is_so_already_is_written_once(attempt: int) -> None:
    put_aside(attempt)

    with unchanged():
        put_aside(attempt)


def test_money_that_is_there_or_may_come_is_never_put_aside(client: Client) -> None:
    make.method("PayPal")
    payments = [paid(client, make.booking(), "50", Status=status) for status in (0, 1, 2)]

    with unchanged():
        for payment in payments:
            with pytest.raises(NoFailedAttempt, match="only a failed attempt can be put aside"):
                put_aside(payment)


def test_a_payment_that_is_not_there_is_not_found(client: Client) -> None:
    with unchanged(), pytest.raises(PaymentUnknown):
        put_aside(1)
