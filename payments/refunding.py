"""Refunding: money goes back to the guest by a new, negative payment that points at the old one.

The order and the cap are those of product section 2: the payment's own credit first, then its own
allocations, the last filled first; other credit then flows into the lines that opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection, literal_column, select

from audit.chain import Entry, Origin
from kit import clock
from kit.errors import DomainError, Refused
from kit.money import Money
from partners.authentication import Caller
from payments import errors, ledger, mails, policies, queries
from payments.account import Account, Clock, PaymentRow, next_payment_id
from payments.deciding import wrong_decimals
from payments.facts import MethodFacts
from payments.finding import check_unchanging, open_payment
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
    day (None: today at the location, but never before the money came), `source` the door;
    `attributes` as of TakePayment. `gateway`: the card provider that has just paid it back.
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
    attributes: tuple[tuple[str, str], ...] = ()
    gateway: str | None = None


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

    `partner` None is the desk. Raises PaymentUnknown, then all of a kind as Refused: WrongDecimals,
    PaidInTheFuture and MethodUnknown; IsARefund, NotCleared and ReferenceAlreadyUsed;
    ActUnderWay; RefundTooLarge and what the method's policy refuses. The desk may pay out by
    another method that can be entered there, or by the one the money came by.
    """
    account, payment = open_payment(connection, order.payment_id, partner, clock_of)
    asked, slips = _asked(order, account, payment)
    method = _method(connection, order, account, payment, partner, slips)
    Refused.if_any(slips)
    Refused.if_any(_conflicts(connection, order, account, payment, partner))
    if order.gateway is None:
        check_unchanging(connection, payment.id)
    parts, too_much = _parts(order, account, payment, asked)
    method = cast(MethodFacts, method)
    Refused.if_any(too_much + breaches(method, partner))
    row = _row(connection, order, account, payment, parts, method, partner, origin)
    standing = account.without(payment.id, parts.amount)
    change = Change(
        standing=standing,
        cause="refund",
        new_payments=(row,),
        messages=_mail(order, account, standing, row, method.name),
        told={"method": method.name},
        entry=Entry(
            "payment.refunded",
            {"payment": row["id"], "refund_of": payment.id},
            {},
            {"amount": parts.amount, "charges": parts.charges, "tip": parts.tip,
             "currency": account.booking.currency, "method": method.id,
             **({"gateway": order.gateway} if order.gateway else {})},
            severity="high",
            reason=order.reason,
        ),
    )  # fmt: skip
    return Done(row["id"], account.booking.id, save(connection, account, change, origin))


def _asked(
    order: RefundPayment, account: Account, payment: PaymentRow
) -> tuple[Parts, list[DomainError]]:
    """What is asked for, 0 for what is not; and what cannot be for this booking."""
    wanted = {name: getattr(order, name) for name in Parts.__dataclass_fields__}
    parts, slips = parts_of(wanted, account.booking.currency)
    if order.paid_on is not None and order.paid_on > account.today + timedelta(days=1):
        slips.append(errors.PaidInTheFuture(order.paid_on, account.today))
    if order.paid_on and payment.settled_on and order.paid_on < payment.settled_on:
        slips.append(errors.RefundedBeforePaid(order.paid_on, payment.settled_on))
    return parts, slips


def parts_of(
    wanted: Mapping[str, Decimal | None], currency: str
) -> tuple[Parts, list[DomainError]]:
    """Parts as they were written, by name, in minor units: 0 for what is None, and for what has too
    many decimals, which is told."""
    found, slips = {}, list[DomainError]()
    for name, came in wanted.items():
        wrong = [] if came is None else wrong_decimals(name, came, currency)
        found[name] = 0 if came is None or wrong else Money.of(came, currency).minor
        slips += wrong
    return Parts(**found), slips


def left_of(account: Account, payment: PaymentRow) -> Parts:
    """What of a payment can still be paid back."""
    refunds = account.refunds_of(payment.id)
    return Parts(
        amount=account.refundable(payment.id),
        charges=payment.charges + sum(each.charges for each in refunds),
        tip=payment.tip + sum(each.tip for each in refunds),
    )


def _method(
    connection: Connection,
    order: RefundPayment,
    account: Account,
    payment: PaymentRow,
    partner: Caller | None,
    slips: list[DomainError],
) -> MethodFacts | None:
    """How the money is paid out: the way it came, whatever has become of that method since, or by
    another one. A name that nothing is called by is told in `slips`."""
    name = order.method or payment.method
    if name == payment.method:
        return MethodFacts(payment.method_id, name, True, "both", "accept", False, False)
    partner_id = partner.partner_id if partner else None
    named = ledger.method_asked(name, "name")
    asked = {"booking_id": account.booking.id, "partner_id": partner_id, **named}
    row = connection.execute(ledger.METHOD_ROW, asked).first()
    if row is None:
        close = queries.close_methods(connection, account.booking.location_id, name)
        slips.append(errors.MethodUnknown(name, close))
        return None
    if partner is None:
        slips += _not_at_the_desk(connection, account, row.id)
    return MethodFacts(*row)


def _not_at_the_desk(connection: Connection, account: Account, method_id: int) -> list[DomainError]:
    """Why the desk may not pay out by this other method."""
    methods = queries.desk_methods(connection, account.booking.location_id)
    method = next(each for each in methods if each.id == method_id)
    return policies.desk_refusals(method, methods, pays_back=True)


def _conflicts(
    connection: Connection,
    order: RefundPayment,
    account: Account,
    payment: PaymentRow,
    partner: Caller | None,
) -> list[errors.PaymentError]:
    found: list[errors.PaymentError] = []
    if payment.refund_of is not None:
        found.append(errors.IsARefund(payment.id, payment.refund_of))
    elif payment.state != "cleared":
        found.append(errors.NotCleared(payment.id, payment.state))
    twin = _twin(connection, order, account, partner)
    if order.reference is not None and twin is not None:
        found.append(errors.ReferenceAlreadyUsed("reference", order.reference, twin))
    return found


def _twin(
    connection: Connection, order: RefundPayment, account: Account, partner: Caller | None
) -> int | None:
    """The payment of this partner that holds the reference already."""
    if order.reference is None or partner is None:
        return None
    return connection.scalar(
        select(Payment.id).where(
            Payment.booking_id == account.booking.id,
            Payment.partner_id == partner.partner_id,
            Payment.reference == order.reference,
            literal_column(HOLDS_KEYS),
        )
    )


def _parts(
    order: RefundPayment, account: Account, payment: PaymentRow, asked: Parts
) -> tuple[Parts, list[errors.PaymentError]]:
    """What goes back, and what of it is more than is left to refund."""
    left = left_of(account, payment)
    if order.amount is None and order.charges is None and order.tip is None:
        asked = replace(asked, amount=left.amount)
    if not (asked.amount or asked.charges or asked.tip):
        return asked, [errors.RefundTooLarge("amount", payment.id, account.money(left.amount))]
    return asked, too_large(account, payment, asked)


def too_large(account: Account, payment: PaymentRow, asked: Parts) -> list[errors.PaymentError]:
    """The parts that are more than is left to pay back of them."""
    left = left_of(account, payment)
    return [
        errors.RefundTooLarge(name, payment.id, account.money(getattr(left, name)))
        for name in Parts.__dataclass_fields__
        if getattr(asked, name) > getattr(left, name)
    ]


def breaches(method: MethodFacts, partner: Caller | None) -> list[errors.PaymentError]:
    """A refund is completed money, so for a partner another method's rules for completed payments
    hold; a refund type may of course be used."""
    if partner is None:
        return []
    found = policies.refusals(method, "cleared")
    return [each for each in found if not isinstance(each, errors.MethodIsForRefunds)]


def _row(
    connection: Connection,
    order: RefundPayment,
    account: Account,
    payment: PaymentRow,
    parts: Parts,
    method: MethodFacts,
    partner: Caller | None,
    origin: Origin,
) -> dict[str, Any]:
    paid_on = order.paid_on or max(account.today, payment.settled_on or account.today)
    return {
        "id": next_payment_id(connection),
        "booking_id": account.booking.id,
        "method_id": method.id,
        "partner_id": partner.partner_id if partner else None,
        "person_id": origin.actor.id if origin.actor.kind == "person" else None,
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
        "attributes": [list(each) for each in order.attributes],
        "wishes": payment.wishes,
        "property_id": payment.property_id,
        "send_email": order.send_email,
        "gateway": order.gateway,
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
