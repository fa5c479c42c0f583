"""Refunding: money goes back to the guest by a new, negative payment that points at the old one.

The order and the cap are those of product section 2: the payment's own credit first, then its own
allocations, the last filled first; other credit then flows into the lines that opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, literal_column, select

from audit.chain import Entry, Origin
from kit import clock
from kit.currencies import exponent
from kit.errors import Refused
from kit.money import Money, TooManyDecimals
from partners.authentication import Caller
from payments import errors, ledger, mails, policies, queries
from payments.account import Account, Clock, PaymentRow, next_payment_id
from payments.facts import MethodFacts
from payments.finding import open_payment
from payments.models import HOLDS_KEYS, Payment
from payments.saving import Change, Done, save
from payments.standing import Standing

REFUNDED = 3  # the vendor's PaymentCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment:
    """Pay back a payment in whole or in part.

    `amount`, `charges` and `tip` are decimals as written, more than 0 or None; no amount means all
    that can still be refunded, unless charges or tip alone are asked for. Charges and tip go back
    only when asked for. `method` is a name or code (None: the way the money came), `paid_on` the
    day (None: today at the location), `source` the door.
    """

    payment_id: int
    source: str
    amount: Decimal | None = None
    charges: Decimal | None = None
    tip: Decimal | None = None
    method: str | None = None
    paid_on: date | None = None
    reason: str | None = None
    comments: str = ""
    reference: str | None = None
    send_email: bool = True


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes back, in minor units, none of it negative."""

    amount: int
    charges: int
    tip: int


def refund_payment(
    connection: Connection,
    order: RefundPayment,
    origin: Origin,
    partner: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Done:
    """Refund a payment in the caller's transaction; the result names the new payment.

    `partner` None is the desk. Raises PaymentUnknown, NotCleared, IsARefund, RefundTooLarge,
    MethodUnknown, WrongDecimals, ReferenceAlreadyUsed and what the method's policy refuses.
    """
    account, payment = open_payment(connection, order.payment_id, partner, clock_of)
    if payment.refund_of is not None:
        raise errors.IsARefund(payment.id, payment.refund_of)
    if payment.state != "cleared":
        raise errors.NotCleared(payment.id, payment.state)
    parts = _parts(order, account, payment)
    method = _method(connection, order, account, payment, partner)
    _check_reference(connection, order, account, partner)
    row = _row(connection, order, account, payment, parts, method, partner)
    standing = account.standing.take_back(payment.id, parts.amount)
    standing = standing if account.booking.is_cancelled else standing.use_credit()
    change = Change(
        standing=standing,
        cause="refund",
        new_payments=(row,),
        messages=_mail(order, account, standing, row, method.name),
        entry=Entry(
            "payment.refunded",
            {"payment": row["id"], "refund_of": payment.id},
            {},
            {"amount": parts.amount, "charges": parts.charges, "tip": parts.tip,
             "currency": account.booking.currency, "method": method.id},
            severity="high",
            reason=order.reason,
        ),
    )  # fmt: skip
    return Done(row["id"], account.booking.id, save(connection, account, change, origin))


def _parts(order: RefundPayment, account: Account, payment: PaymentRow) -> Parts:
    """What is asked for, held against what is left to refund; everything wrong at once."""
    refunds = account.refunds_of(payment.id)
    left = {
        "amount": account.refundable(payment.id),
        "charges": payment.charges + sum(each.charges for each in refunds),
        "tip": payment.tip + sum(each.tip for each in refunds),
    }
    wanted = {name: getattr(order, name) for name in left}
    asked, wrong = {}, []
    for name, came in wanted.items():
        try:
            asked[name] = 0 if came is None else Money.of(came, account.booking.currency).minor
        except TooManyDecimals:
            currency = account.booking.currency
            wrong.append(errors.WrongDecimals(name, f"{came:f}", currency, exponent(currency)))
    Refused.if_any(wrong)
    if all(came is None for came in wanted.values()):
        asked["amount"] = left["amount"]
    nothing = not any(asked.values())
    Refused.if_any(
        [
            errors.RefundTooLarge(name, payment.id, account.money(left[name]))
            for name in left
            if asked[name] > left[name] or (nothing and name == "amount")
        ]
    )
    return Parts(**asked)


def _method(
    connection: Connection,
    order: RefundPayment,
    account: Account,
    payment: PaymentRow,
    partner: Caller | None,
) -> MethodFacts:
    """How the money is paid out. A refund is completed money, so for a partner the rules for
    completed payments hold; a refund type may of course be used."""
    name = order.method or payment.method
    partner_id = partner.partner_id if partner else None
    asked = {"booking_id": account.booking.id, "method": name, "partner_id": partner_id}
    row = connection.execute(ledger.METHOD_ROW, asked).first()
    if row is None:
        close = queries.close_methods(connection, account.booking.location_id, name)
        raise errors.MethodUnknown(name, close)
    method = MethodFacts(*row)
    if partner is not None:
        breaches = policies.refusals(method, "cleared")
        Refused.if_any([e for e in breaches if not isinstance(e, errors.MethodIsForRefunds)])
    return method


def _check_reference(
    connection: Connection, order: RefundPayment, account: Account, partner: Caller | None
) -> None:
    if order.reference is None or partner is None:
        return
    twin = connection.scalar(
        select(Payment.id).where(
            Payment.booking_id == account.booking.id,
            Payment.partner_id == partner.partner_id,
            Payment.reference == order.reference,
            literal_column(HOLDS_KEYS),
        )
    )
    if twin is not None:
        raise errors.ReferenceAlreadyUsed("reference", order.reference, twin)


def _row(
    connection: Connection,
    order: RefundPayment,
    account: Account,
    payment: PaymentRow,
    parts: Parts,
    method: MethodFacts,
    partner: Caller | None,
) -> dict[str, Any]:
    paid_on = order.paid_on or account.today
    return {
        "id": next_payment_id(connection),
        "booking_id": account.booking.id,
        "method_id": method.id,
        "partner_id": partner.partner_id if partner else None,
        "source": order.source,
        "state": "cleared",
        "amount": -parts.amount,
        "charges": -parts.charges,
        "tip": -parts.tip,
        "currency": account.booking.currency,
        "category": REFUNDED,
        "refund_of": payment.id,
        "paid_on": paid_on,
        "settled_on": paid_on,
        "comments": order.comments,
        "reference": order.reference,
        "wishes": payment.wishes,
        "property_id": payment.property_id,
        "send_email": order.send_email,
        "created_at": account.now,
    }


def _mail(
    order: RefundPayment,
    account: Account,
    standing: Standing,
    row: dict[str, Any],
    method: str,
) -> tuple[dict[str, Any], ...]:
    if not order.send_email or not account.guest.email:
        return ()
    context = mails.refund_made(account, standing, row, method)
    return (mails.message(account, mails.REFUND_MADE, context),)
