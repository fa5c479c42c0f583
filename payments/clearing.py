"""Clearing and failing what was uncleared or deferred: the promise comes true, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from kit import clock
from partners.authentication import Caller
from payments import errors, mails
from payments.account import Account, Clock, PaymentRow
from payments.allocation import BALANCE, rank
from payments.deciding import Remark, category_of
from payments.finding import open_payment
from payments.saving import Change, Done, save
from payments.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearPayment:
    """The money of a promised payment is there. `paid_on`: since when (None: today there)."""

    payment_id: int
    paid_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailPayment:
    """The money of a promised payment will not come."""

    payment_id: int
    reason: str | None = None


def clear_payment(
    connection: Connection,
    order: ClearPayment,
    origin: Origin,
    partner: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Done:
    """Let a promised payment take effect as it was meant when it came: its wishes for lines, its
    property, its due date of the balance, its mail.

    `partner` None is the desk. Raises PaymentUnknown, PaidInTheFuture, NotComing, and for a
    partner OnlyNotCompleted when the method is completed at the desk.
    """
    account, payment = open_payment(connection, order.payment_id, partner, clock_of)
    paid_on = order.paid_on or account.today
    if paid_on > account.today + timedelta(days=1):
        raise errors.PaidInTheFuture(paid_on, account.today)
    if not payment.is_coming:
        raise errors.NotComing(payment.id, payment.state)
    if partner is not None and payment.paying == "on_site":
        raise errors.OnlyNotCompleted(payment.method)
    before = account.standing.open
    wish = rank(payment.asked, payment.property_id)
    standing = account.with_money(payment.id, payment.amount, wish)
    others = [each for each in account.coming if each.id != payment.id]
    category = category_of("cleared", before, standing.open)
    values = {"state": "cleared", "settled_on": paid_on, "category": category}
    change = Change(
        standing=standing,
        cause="clearing",
        status=account.confirmed(standing, others),
        lines=_new_days(account, payment, standing),
        payments={payment.id: values},
        messages=_mail(account, payment, standing, paid_on),
        entry=Entry(
            "payment.cleared",
            {"payment": payment.id},
            {"state": payment.state},
            {"state": "cleared", "amount": payment.amount, "paid_on": str(paid_on)},
            reason=order.reason,
        ),
    )
    saved = save(connection, account, change, origin)
    return Done(payment.id, account.booking.id, saved, _warnings(account, payment, standing))


def _new_days(account: Account, payment: PaymentRow, standing: Standing) -> dict[int, Any]:
    """The due date that came with the payment, for what is still open of the balance."""
    if payment.balance_due_on is None:
        return {}
    waiting = [line.id for line in standing.open if line.stage == BALANCE and line.open]
    return {line_id: {"due_on": payment.balance_due_on} for line_id in waiting}


def _mail(
    account: Account, payment: PaymentRow, standing: Standing, paid_on: date
) -> tuple[dict[str, Any], ...]:
    if not payment.send_email or not account.guest.email:
        return ()
    context = mails.payment_cleared(account, payment, standing, paid_on)
    return (mails.message(account, mails.PAYMENT_RECEIVED, context),)


def _warnings(account: Account, payment: PaymentRow, standing: Standing) -> tuple[Remark, ...]:
    credit = account.money(standing.credit - account.standing.credit)
    if account.booking.is_cancelled:
        text = f"The booking is cancelled; {credit} is kept as credit to refund."
        return (Remark("booking_cancelled", text),)
    if credit:
        return (Remark("credit", f"{credit} fits no open line; it is kept as credit."),)
    return ()


def fail_payment(
    connection: Connection,
    order: FailPayment,
    origin: Origin,
    partner: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Done:
    """Record that a promised payment failed; it never had an effect on the schedule.

    A website booking is held anew from now on: the guest may try again. Raises PaymentUnknown and
    NotComing.
    """
    account, payment = open_payment(connection, order.payment_id, partner, clock_of)
    if not payment.is_coming:
        raise errors.NotComing(payment.id, payment.state)
    values = {"state": "failed", "failure_reason": order.reason, "category": 0}
    entry = Entry("payment.failed", {"payment": payment.id}, {"state": payment.state},
                  {"state": "failed", "amount": payment.amount})  # fmt: skip
    change = Change(
        standing=account.standing,
        cause="clearing",
        payments={payment.id: values},
        held_anew=True,
        entry=entry,
    )
    return Done(payment.id, account.booking.id, save(connection, account, change, origin))
