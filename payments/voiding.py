"""Voiding: a payment typed in or sent by mistake is reversed. Its row stays; nothing is erased.

For the desk alone: partners refund, and are answered 403. Who may void an external payment is a
question of permissions, which the desk asks before it comes here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from kit import clock
from payments import errors
from payments.account import Account, Clock, PaymentRow
from payments.finding import open_payment
from payments.saving import Change, Done, save
from payments.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidPayment:
    """Reverse a payment, or a refund; a reason is always told."""

    payment_id: int
    reason: str


def void_payment(
    connection: Connection, order: VoidPayment, origin: Origin, clock_of: Clock = clock.now
) -> Done:
    """Reverse a payment: what lay on lines leaves them; a refund that is reversed comes back.

    A website booking is held anew from now on, as when a payment fails: nobody had a reason to pay
    for it while this one stood.

    Raises PaymentUnknown, AlreadyUndone (failed or void) and AlreadyRefunded: what was paid back
    to the guest cannot be made to never have come.
    """
    account, payment = open_payment(connection, order.payment_id, None, clock_of)
    if payment.state in ("failed", "void"):
        raise errors.AlreadyUndone(payment.id, payment.state)
    if refunds := account.refunds_of(payment.id):
        given = account.money(-sum(each.amount for each in refunds))
        raise errors.AlreadyRefunded(payment.id, given)
    values = {"state": "void", "failure_reason": order.reason, "category": 0}
    standing = _without(account, payment)
    others = [each for each in account.coming if each.id != payment.id]
    change = Change(
        standing=standing,
        cause="void",
        status=account.confirmed(standing, others),
        payments={payment.id: values},
        held_anew=True,
        entry=Entry(
            "payment.deleted",
            {"payment": payment.id},
            {"state": payment.state},
            {"state": "void", "amount": payment.amount, "external": payment.is_external},
            severity="high" if payment.is_external else "medium",
            reason=order.reason,
        ),
    )
    return Done(payment.id, account.booking.id, save(connection, account, change, origin))


def _without(account: Account, payment: PaymentRow) -> Standing:
    standing = account.standing
    if payment.refund_of is not None:
        standing = account.with_money(payment.refund_of, -payment.amount)
    elif payment.state == "cleared":
        standing = standing.take_back(payment.id, payment.amount)
    return standing if account.booking.is_cancelled else standing.use_credit()
