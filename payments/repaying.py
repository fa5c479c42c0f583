"""Repaying: an amount goes back to the guest by a refund type, from whatever payments hold it.

For senders that do not say which payment they pay back. One refund a payment, the newest payment
first, each by the rules of payments.refunding.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from sqlalchemy import Connection

from audit.chain import Origin
from kit import clock
from kit.currencies import exponent
from kit.errors import Refused
from kit.money import Money, TooManyDecimals
from partners.authentication import Caller
from payments import errors, ledger
from payments.account import Account, Clock, open_account
from payments.commands import MethodKey
from payments.facts import MethodFacts
from payments.refunding import RefundPayment, breaches, refund_payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Repay:
    """Pay back an amount (more than 0, as written) of what a partner's cleared payments of one
    booking hold, by the refund type `method`, named as in TakePayment."""

    source: str
    booking_id: int
    amount: Decimal
    method: str
    method_by: MethodKey = "name"
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Repaid:
    """What went back, by which method, and the ids of the refunds."""

    amount: Money
    method: str
    payment_ids: tuple[int, ...]


def repay(
    connection: Connection,
    order: Repay,
    origin: Origin,
    partner: Caller,
    clock_of: Clock = clock.now,
) -> Repaid:
    """Repay in the caller's transaction. The money of a cancelled booking can go back, too.

    Raises BookingUnknown; WrongDecimals and MethodUnknown; NotARefundMethod, RepaymentTooLarge and
    what the method's policy refuses, all of a kind as Refused.
    """
    account = open_account(connection, order.booking_id, partner, clock_of)
    method, slips = _method(connection, order, partner)
    amount, too_long = _amount(order, account)
    Refused.if_any(too_long + slips)
    method = cast(MethodFacts, method)
    held = _held(account, partner)
    Refused.if_any(_refusals(order, account, method, partner, amount, sum(held.values())))
    refunds = []
    for payment_id, part in _parts(held, amount.minor):
        refund = RefundPayment(
            payment_id=payment_id,
            source=order.source,
            amount=account.money(part).decimal,
            method=method.name,
            attributes=order.attributes,
        )
        refunds.append(refund_payment(connection, refund, origin, partner, clock_of).payment_id)
    return Repaid(amount, method.name, tuple(refunds))


def _method(
    connection: Connection, order: Repay, partner: Caller
) -> tuple[MethodFacts | None, list[errors.PaymentError]]:
    asked = {
        "booking_id": order.booking_id,
        "partner_id": partner.partner_id,
        **ledger.method_asked(order.method, order.method_by),
    }
    row = connection.execute(ledger.METHOD_ROW, asked).first()
    if row is None:
        return None, [errors.MethodUnknown(order.method, [], order.method_by)]
    return MethodFacts(*row), []


def _amount(order: Repay, account: Account) -> tuple[Money, list[errors.PaymentError]]:
    currency, came = account.booking.currency, f"{order.amount:f}"
    try:
        return Money.of(order.amount, currency), []
    except TooManyDecimals:
        places = exponent(currency)
        return Money.zero(currency), [errors.WrongDecimals("amount", came, currency, places)]


def _held(account: Account, partner: Caller) -> dict[int, int]:
    """What can still be paid back of each payment of this partner, the newest first."""
    mine = [each for each in account.payments if each.partner_id == partner.partner_id]
    return {each.id: account.refundable(each.id) for each in reversed(mine)}


def _refusals(
    order: Repay,
    account: Account,
    method: MethodFacts,
    partner: Caller,
    amount: Money,
    held: int,
) -> list[errors.PaymentError]:
    found = breaches(method, partner)
    if not method.is_refund:
        found.append(errors.NotARefundMethod(method.name))
    if amount.minor > held:
        found.append(errors.RepaymentTooLarge(order.booking_id, account.money(held)))
    return found


def _parts(held: dict[int, int], amount: int) -> list[tuple[int, int]]:
    """How much of each payment goes back: as much of one as it holds, before the next is asked."""
    found, left = [], amount
    for payment_id, most in held.items():
        if part := min(left, most):
            found.append((payment_id, part))
            left -= part
    return found
