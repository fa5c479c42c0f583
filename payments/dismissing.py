"""Putting a failed attempt aside: staff have seen it, and nothing more is to be done about it.

No money moves and nobody is told; the attempt stays where it is, with an entry in the event log.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from audit.chain import Entry, Origin
from kit import clock
from kit.errors import PageError
from payments.account import Account, Clock
from payments.finding import open_payment
from payments.models import Payment
from payments.saving import note


class NoFailedAttempt(PageError):
    """Only what failed can be put aside: all else is money that is there, or may come."""

    code = "no_failed_attempt"

    def __init__(self, payment_id: int, state: str) -> None:
        super().__init__(
            f"Payment {payment_id} is {state}; only a failed attempt can be put aside."
        )


def dismiss(
    connection: Connection, payment_id: int, origin: Origin, clock_of: Clock = clock.now
) -> int:
    """Put a failed attempt aside in the caller's transaction; its booking's id. One that is put
    aside already stays so. Raises PaymentUnknown and NoFailedAttempt."""
    account, dismissed_at = _attempt(connection, payment_id, clock_of)
    if dismissed_at is None:
        _write(connection, account, payment_id, account.now, origin)
    return account.booking.id


def undismiss(
    connection: Connection, payment_id: int, origin: Origin, clock_of: Clock = clock.now
) -> int:
    """Take it up again. Raises PaymentUnknown and NoFailedAttempt."""
    account, dismissed_at = _attempt(connection, payment_id, clock_of)
    if dismissed_at is not None:
        _write(connection, account, payment_id, None, origin)
    return account.booking.id


def _attempt(
    connection: Connection, payment_id: int, clock_of: Clock
) -> tuple[Account, datetime | None]:
    account, payment = open_payment(connection, payment_id, None, clock_of)
    if payment.state != "failed":
        raise NoFailedAttempt(payment_id, payment.state)
    query = select(Payment.dismissed_at).where(Payment.id == payment_id)
    return account, connection.execute(query).scalar_one()


def _write(
    connection: Connection,
    account: Account,
    payment_id: int,
    dismissed_at: datetime | None,
    origin: Origin,
) -> None:
    booking, is_so = account.booking, dismissed_at is not None
    action = "payment.dismissed" if is_so else "payment.undismissed"
    about = {"booking": booking.id, "location": booking.location_id, "payment": payment_id}
    before, after = {"dismissed": not is_so}, {"dismissed": is_so}
    mine = update(Payment).where(Payment.id == payment_id)
    connection.execute(mine.values(dismissed_at=dismissed_at))
    note(connection, account, Entry(action, about, before, after), origin)
