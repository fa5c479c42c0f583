"""Recording a payment that somebody types in at the desk.

The rules of money are those of taking one from outside (payments.taking); what a method allows is
another question here (payments.policies). A failed attempt is not typed in: it carries no money.
`plan` says what a payment would do, and is what the page shows before anything is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from kit import clock
from kit.errors import DomainError, Refused
from kit.money import Money
from payments import desk_errors, errors, mails, policies, queries
from payments.account import Account, Clock, PaymentRow, next_payment_id, open_account
from payments.allocation import AUTOMATIC, STAGES, rank
from payments.commands import Asked
from payments.deciding import Remark, category_of, wrong_decimals
from payments.facts import DeskMethod
from payments.saving import Change, Done, save
from payments.standing import Standing

DESK = "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    """One payment as it was typed in. `amount` (more than 0, without charges and tip), `charges`
    and `tip` are decimals as written; `method` is a name; `paid_on` the day the money came, or for
    which it is promised; `wishes` and `attributes` as in TakePayment."""

    booking_id: int
    amount: Decimal
    state: Asked
    method: str
    paid_on: date
    charges: Decimal = Decimal(0)
    tip: Decimal = Decimal(0)
    wishes: tuple[int, ...] = AUTOMATIC
    comments: str = ""
    reference: str | None = None
    send_email: bool = True
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What a payment would do to an account. `standing` is where money lies afterwards; `start` and
    `then` are without and with this payment's money: for a promise, as it will be when all that is
    promised before it has come."""

    payment: PaymentRow
    method: DeskMethod
    standing: Standing
    start: Standing
    then: Standing
    status: str
    remarks: tuple[Remark, ...]


def record_payment(
    connection: Connection, order: RecordPayment, origin: Origin, clock_of: Clock = clock.now
) -> Done:
    """Record in the caller's transaction, as the person that `origin` names.

    Raises BookingUnknown and BookingBusy, and what `plan` raises.
    """
    account = open_account(connection, order.booking_id, None, clock_of)
    methods = queries.desk_methods(connection, account.booking.location_id)
    planned = plan(order, account, methods, next_payment_id(connection))
    payment, method = planned.payment, planned.method
    change = Change(
        standing=planned.standing,
        cause="payment",
        status=planned.status,
        new_payments=(_row(order, account, planned, origin),),
        messages=_receipt(account, planned),
        told={"method": method.name},
        entry=Entry(
            "payment.recorded",
            {"payment": payment.id},
            {},
            {
                "state": payment.state,
                "amount": payment.amount,
                "currency": account.booking.currency,
                "method": method.id,
            },
        ),
    )
    saved = save(connection, account, change, origin)
    return Done(payment.id, order.booking_id, saved, planned.remarks)


def plan(
    order: RecordPayment, account: Account, methods: Sequence[DeskMethod], payment_id: int = 0
) -> Planned:
    """What the payment would do, or why it is refused: a DomainError, or Refused with several.

    `methods` are the active ones of the booking's location.
    """
    method = next((each for each in methods if each.name == order.method), None)
    Refused.if_any(_slips(order, account, method))
    method = cast(DeskMethod, method)
    amount = Money.of(order.amount, account.booking.currency).minor
    is_there, wish = order.state == "cleared", rank(order.wishes, None)
    now = account.with_money(payment_id, amount, wish)
    start = account.standing if is_there else account.expected
    then = now if is_there else start.put(payment_id, amount, wish)
    payment = _payment(order, account, method, payment_id, now)
    credit = account.money(then.credit - start.credit)
    breaches = policies.desk_refusals(method, methods, order.tip)
    breaches += policies.desk_detail_slips(method, order.attributes)
    Refused.if_any(breaches + _too_much(account, method, credit))
    standing = then if is_there else account.standing
    coming = account.coming if is_there else [*account.coming, payment]
    return Planned(
        payment=payment,
        method=method,
        standing=standing,
        start=start,
        then=then,
        status=account.confirmed(standing, coming),
        remarks=tuple(_remarks(account, payment, credit)),
    )


def _slips(order: RecordPayment, account: Account, method: DeskMethod | None) -> list[DomainError]:
    """Values that are well formed, but cannot be for this booking today."""
    currency, found = account.booking.currency, list[DomainError]()
    for field in ("amount", "charges", "tip"):
        found += wrong_decimals(field, getattr(order, field), currency)
    known = [line.id for line in account.lines]
    if strange := [wish for wish in order.wishes if wish not in STAGES and wish not in known]:
        found.append(errors.LineUnknown(account.booking.id, strange, known))
    if method is None:
        found.append(errors.MethodUnknown(order.method, []))
    return found + _wrong_days(order, account)


def _wrong_days(order: RecordPayment, account: Account) -> list[DomainError]:
    if account.booking.is_cancelled and order.state != "cleared":
        return [desk_errors.NoPromiseToCancelled(account.booking.id)]
    return policies.wrong_day(order.paid_on, account.today, promised=order.state == "deferred")


def _too_much(account: Account, method: DeskMethod, excess: Money) -> list[DomainError]:
    """Money that is there is judged by what is open, a promise by what is open and not promised
    yet, as the booking's timeline has it. Money for a cancelled booking fits nothing, and is always
    kept."""
    if account.booking.is_cancelled:
        return []
    place = account.place
    rules = ((method.name, method.overpayment), (place.name, place.overpayment))
    return list(policies.overpaid(excess, *rules))


def _payment(
    order: RecordPayment, account: Account, method: DeskMethod, payment_id: int, now: Standing
) -> PaymentRow:
    def minor(amount: Decimal) -> int:
        return Money.of(amount, account.booking.currency).minor

    return PaymentRow(
        id=payment_id,
        state=order.state,
        source=DESK,
        amount=minor(order.amount),
        charges=minor(order.charges),
        tip=minor(order.tip),
        refund_of=None,
        partner_id=None,
        paid_on=order.paid_on,
        settled_on=order.paid_on if order.state == "cleared" else None,
        wishes=",".join(map(str, order.wishes)),
        property_id=None,
        balance_due_on=None,
        send_email=order.send_email,
        category=category_of(order.state, account.standing.open, now.open),
        method_id=method.id,
        method=method.name,
        paying=method.paying,
        reference=order.reference,
    )


def _row(
    order: RecordPayment, account: Account, planned: Planned, origin: Origin
) -> dict[str, Any]:
    payment = planned.payment
    columns = ("id", "state", "source", "amount", "charges", "tip", "refund_of", "partner_id",
               "paid_on", "settled_on", "wishes", "property_id", "balance_due_on", "send_email",
               "category", "method_id", "reference")  # fmt: skip
    return {
        **{name: getattr(payment, name) for name in columns},
        "booking_id": account.booking.id,
        "currency": account.booking.currency,
        "comments": order.comments,
        "attributes": [list(each) for each in order.attributes],
        "person_id": origin.actor.id if origin.actor.kind == "person" else None,
        "created_at": account.now,
    }


def _receipt(account: Account, planned: Planned) -> tuple[dict[str, Any], ...]:
    payment = planned.payment
    if payment.state != "cleared":
        return ()
    return mails.receipt(account, payment, planned.standing, payment.paid_on)


def _remarks(account: Account, payment: PaymentRow, credit: Money) -> list[Remark]:
    found = []
    if account.booking.is_cancelled:
        text = f"The booking is cancelled; {credit} is kept as credit to refund."
        found.append(Remark("booking_cancelled", text))
    elif credit:
        kept = "is kept as" if payment.state == "cleared" else "will be"
        found.append(Remark("credit", f"{credit} fits no open line; it {kept} credit."))
    if payment.send_email and payment.state == "cleared" and not account.guest.email:
        found.append(Remark("no_email", "The guest has no e-mail address; nobody is written to."))
    return found
