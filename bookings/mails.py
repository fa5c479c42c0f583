"""The e-mails that tell of bookings: what is kept for them, and how they are made of it.

As in payments.mails: the context is written with what it tells of, the worker renders it later.
Amounts are minor units of `currency`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from payments.account import Account
from payments.mails import about, message
from payments.standing import Standing

BOOKING_CANCELLED = "email.booking_cancelled"
RE_ENGAGEMENT = "email.re_engagement"
BALANCE_REMINDER = "email.balance_reminder"
LATE_MONEY = "email.late_money"

Telling = Callable[[Account, Standing, int], tuple[dict[str, Any], ...]]


def booking_cancelled(account: Account, standing: Standing, fee: int) -> tuple[dict[str, Any], ...]:
    """To the guest: what is kept as a fee, what of it is still open, what will be paid back."""
    if not account.guest.email:
        return ()
    context = {
        **about(account),
        "fee": fee,
        "fee_open": standing.total - standing.paid,
        "credit": standing.credit,
    }
    return (message(account, BOOKING_CANCELLED, context),)


def re_engagement(account: Account, standing: Standing, fee: int) -> tuple[dict[str, Any], ...]:
    """To the guest: the booking was not finished; here it can be taken up again."""
    if not account.guest.email:
        return ()
    context = {**about(account), "total": account.booking.total}
    return (message(account, RE_ENGAGEMENT, context),)
