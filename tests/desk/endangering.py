"""Dangerous operations, for the tests of the report about them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from audit.chain import Actor, Entry, Origin
from audit.recording import record
from bookings.cancelling import close
from kit import clock
from kit.db import in_transaction
from payments.account import open_account
from payments.refunding import RefundPayment, refund_payment
from payments.voiding import VoidPayment, void_payment
from tests import make
from tests.make import Client

PERSON = 77


def by(person_id: int = PERSON) -> Origin:
    return Origin(Actor("person", person_id, "manager@example.com"))


def paid(client: Client, location: int = 1, amount: str = "100.00") -> tuple[int, int]:
    """A booking with an external payment; the ids of both."""
    booking = make.booking([amount], location_id=location)
    answer = client.pay(booking, amount)
    assert answer.json is not None
    return booking, int(answer.json["PaymentId"])


def delete(payment: int, reason: str = "recorded twice", origin: Origin | None = None) -> None:
    order = VoidPayment(payment_id=payment, reason=reason)
    in_transaction(lambda connection: void_payment(connection, order, origin or by()))


def refund(payment: int, amount: str, reason: str = "left early") -> None:
    order = RefundPayment(payment_id=payment, amount=Decimal(amount), reason=reason, source="desk")
    in_transaction(lambda connection: refund_payment(connection, order, by()))


def cancel(booking: int, reason: str = "asked in writing") -> None:
    in_transaction(
        lambda connection: close(
            connection, open_account(connection, booking, None, clock.now), by(), reason, fee=0
        )
    )


def log(action: str, days_ago: int = 0, severity: Any = "high", **values: Any) -> None:
    given: dict[str, Any] = {"about": {}, "before": {}, "after": {}} | values
    at = clock.now() - timedelta(days=days_ago)
    entry = Entry(action, **given, severity=severity)
    in_transaction(lambda connection: record(connection, entry, by(), at))
