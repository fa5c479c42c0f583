"""Clearing and failing what was uncleared or deferred: the promise comes true, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from kit import clock
from kit.errors import Refused
from partners.authentication import Caller
from payments import errors, mails, policies
from payments.account import Account, Clock, PaymentRow
from payments.allocation import BALANCE, rank
from payments.deciding import Remark, category_of
from payments.desk_errors import CompletedOutside
from payments.finding import check_unchanging, open_payment
from payments.saving import Change, Done, at_provider, save
from payments.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearPayment:
    """The money of a promised payment is there. `paid_on`: since when (None: today there).
    `at_provider`: a card provider has just released it to us, whoever sent the promise."""

    payment_id: int
    paid_on: date | None = None
    reason: str | None = None
    at_provider: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FailPayment:
    """The money of a promised payment will not come. `at_provider`: a card provider has just given
    it up for us."""

    payment_id: int
    reason: str | None = None
    at_provider: bool = False


def clear_payment(
    connection: Connection,
    order: ClearPayment,
    origin: Origin,
    partner: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Done:
    """Let a promised payment take effect as it was meant when it came: its wishes for lines, its
    property, its due date of the balance, its mail.

    `partner` None is the desk. Raises PaymentUnknown, NotComing, ActUnderWay; for a partner
    PaidInTheFuture, and OnlyNotCompleted when the method is completed at the desk; for the desk
    NotYet or DayTooFar, and CompletedOutside when a partner's payment is completed by the partner
    alone.
    """
    account, payment = open_payment(connection, order.payment_id, partner, clock_of)
    paid_on = order.paid_on or account.today
    _check_day(paid_on, account.today, partner)
    _check_coming(connection, payment, order)
    if partner is not None and payment.paying == "on_site":
        raise errors.OnlyNotCompleted(payment.method)
    by_desk = partner is None and not order.at_provider
    if by_desk and payment.is_external and payment.paying == "external":
        raise CompletedOutside(payment.id, payment.method)
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
        messages=mails.receipt(account, payment, standing, paid_on),
        entry=Entry(
            "payment.cleared",
            {"payment": payment.id},
            {"state": payment.state},
            {"state": "cleared", "amount": payment.amount, "paid_on": str(paid_on),
             **at_provider(order.at_provider)},
            severity="high" if order.at_provider else "low",
            reason=order.reason,
        ),
    )  # fmt: skip
    saved = save(connection, account, change, origin)
    return Done(payment.id, account.booking.id, saved, _warnings(account, payment, standing))


def _check_coming(
    connection: Connection, payment: PaymentRow, order: ClearPayment | FailPayment
) -> None:
    """Raises NotComing, and ActUnderWay while a provider may be releasing it or giving it up."""
    if not payment.is_coming:
        raise errors.NotComing(payment.id, payment.state)
    if not order.at_provider:
        check_unchanging(connection, payment.id)


def _check_day(paid_on: date, today: date, partner: Caller | None) -> None:
    """The desk is at the location's day; a partner's clock may be a day ahead of it."""
    if partner is None:
        Refused.if_any(policies.wrong_day(paid_on, today))
    elif paid_on > today + timedelta(days=1):
        raise errors.PaidInTheFuture(paid_on, today)


def _new_days(account: Account, payment: PaymentRow, standing: Standing) -> dict[int, Any]:
    """The due date that came with the payment, for what is still open of the balance."""
    if payment.balance_due_on is None:
        return {}
    waiting = [line.id for line in standing.open if line.stage == BALANCE and line.open]
    return {line_id: {"due_on": payment.balance_due_on} for line_id in waiting}


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

    A website booking is held anew from now on: the guest may try again. What a person at the desk
    gives as the reason is logged, and weighs more when the money is a partner's to tell of; a
    partner's reason is its provider's words, perhaps with names, and stands at the payment alone.
    Raises PaymentUnknown, NotComing and ActUnderWay.
    """
    account, payment = open_payment(connection, order.payment_id, partner, clock_of)
    _check_coming(connection, payment, order)
    values = {"state": "failed", "failure_reason": order.reason, "category": 0}
    in_place_of_sender = payment.is_external and origin.actor.kind == "person"
    entry = Entry(
        "payment.failed",
        {"payment": payment.id},
        {"state": payment.state},
        {"state": "failed", "amount": payment.amount, **at_provider(order.at_provider)},
        severity="high" if order.at_provider else "medium" if in_place_of_sender else "low",
        reason=order.reason if partner is None else None,
    )
    change = Change(
        standing=account.standing,
        cause="clearing",
        payments={payment.id: values},
        held_anew=True,
        entry=entry,
    )
    return Done(payment.id, account.booking.id, save(connection, account, change, origin))
