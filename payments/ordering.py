"""Ordering card payments: what is to be asked of a provider is decided and stored, under the
booking's lock, before the provider hears of it.

Who comes at the same moment finds the other's intent, and two unique indexes say the same: at most
one may be taking money of a booking, and one be changing a payment's money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, insert, select

from audit.chain import Origin
from kit import clock
from kit.errors import Refused
from kit.money import Money
from kit.vault import vault
from payments import card_errors as errors
from payments import intents, policies, queries
from payments.account import Account, Clock, PaymentRow, open_account
from payments.allocation import AUTOMATIC
from payments.deciding import wrong_decimals
from payments.finding import check_unmatched, open_payment
from payments.gateways.gateway import LONGEST_S, Kind
from payments.gateways.models import CardIntent
from payments.gateways.registry import gateway_for
from payments.intents import Intent
from payments.models import CardOnFile, PaymentMethod
from payments.noting import ORDERED, note
from payments.owing import Owed, owed, owed_next

# The worker asks for an outcome that nobody has written down by then.
SETTLED_WITHIN = timedelta(seconds=2 * LONGEST_S)
PAGE_OPEN = timedelta(minutes=30)
Act = Literal["charge", "refund", "release", "abort", "void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayOnline:
    """A guest wants to pay on a provider's page: what is due next or `whole`, by the method.
    `shown` is the amount that the guest was shown, in minor units."""

    booking_id: int
    whole: bool
    shown: int
    method_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCard:
    """Staff want the provider to do something with the card or money of a payment.

    `amount` is a decimal as written, for a charge and a refund (None: all that is left to refund);
    the others are about the whole payment. `confirmed`: the rest of a charge that is larger than
    what is open may become credit.
    """

    act: Act
    payment_id: int
    reason: str
    amount: Decimal | None = None
    confirmed: bool = False


def owed_now(account: Account, *, whole: bool) -> Owed:
    """What the guest has to pay, of what is neither paid nor promised."""
    lines = account.expected.open
    return owed(lines) if whole else owed_next(lines, account.today)


def order_page(connection: Connection, order: PayOnline, clock_of: Clock = clock.now) -> Intent:
    """The intent of a guest's payment, in the caller's transaction: a new one, or the one whose
    page is there already for the same.

    Raises BookingUnknown, BookingBusy, BookingOver, NothingToPay, NotOffered, AmountChanged, and
    CardPaymentUnderWay when another one is pending.
    """
    account = open_account(connection, order.booking_id, None, clock_of)
    if account.booking.is_cancelled:
        raise errors.BookingOver
    wanted = owed_now(account, whole=order.whole)
    pending = intents.pending_money(connection, order.booking_id)
    if pending and _is_same(pending, order, wanted, account.now):
        return pending
    if not wanted.amount:
        raise errors.NothingToPay
    methods = queries.guest_methods(connection, account.booking.location_id)
    gateway = gateway_for("pay", {})
    if order.method_id not in [each.id for each in methods] or gateway is None:
        raise errors.NotOffered
    if wanted.amount != order.shown:
        raise errors.AmountChanged(account.money(wanted.amount))
    if pending:
        raise errors.CardPaymentUnderWay(pending.money, is_guests=pending.kind == "pay")
    wishes = ",".join(map(str, wanted.wishes))
    values = {"method_id": order.method_id, "wishes": wishes}
    expires_at = account.now + PAGE_OPEN
    return _store(
        connection, account, "pay", gateway.name, wanted.amount, expires_at=expires_at, **values
    )


def _is_same(pending: Intent, order: PayOnline, wanted: Owed, now: datetime) -> bool:
    asked = ("pay", wanted.amount, order.method_id)
    is_there = pending.has_page and pending.expires_at is not None and pending.expires_at > now
    is_there = is_there and pending.state == "open"
    return is_there and (pending.kind, pending.amount, pending.method_id) == asked


def order_act(
    connection: Connection, order: UseCard, origin: Origin, clock_of: Clock = clock.now
) -> Intent:
    """The intent of what staff want, in the caller's transaction.

    Raises PaymentUnknown, BookingBusy, NoStoredCard, NotThisState, PartlyPaidBack, MatchedWithBank,
    ActUnderWay and CardPaymentUnderWay; NoAmount, WrongDecimals, MoreThanPaid, MoreThanOpen and
    Overpaid.
    """
    account, payment = open_payment(connection, order.payment_id, None, clock_of)
    _check_state(account, payment, order.act)
    if order.act == "void":
        check_unmatched(connection, payment.id)
    card = card_of(connection, payment.id)
    gateway = gateway_for(order.act, card, payment.gateway)
    if gateway is None:
        raise errors.NoStoredCard(payment.id)
    if intents.pending_act(connection, payment.id):
        raise errors.ActUnderWay(payment.id)
    pending = intents.pending_money(connection, account.booking.id)
    if order.act == "charge" and pending:
        raise errors.CardPaymentUnderWay(pending.money, is_guests=pending.kind == "pay")
    amount = _amount(connection, account, payment, order)
    intent = _store(
        connection,
        account,
        order.act,
        gateway.name,
        amount.minor,
        method_id=payment.method_id,
        wishes=",".join(map(str, AUTOMATIC)),
        of_payment_id=payment.id,
        person_id=origin.actor.id if origin.actor.kind == "person" else None,
        reason=order.reason,
    )
    note(connection, account, intent, ORDERED, origin, severity="medium", reason=order.reason)
    return intent


def card_of(connection: Connection, payment_id: int) -> dict[str, str]:
    """The stored values of a payment's card or transaction; {} when it came with none. They are
    for a gateway and for nobody's eyes. Raises VaultLocked."""
    query = select(CardOnFile.sealed).where(CardOnFile.payment_id == payment_id)
    sealed = connection.scalar(query)
    return {} if sealed is None else dict(orjson.loads(vault().open(sealed)))


def _check_state(account: Account, payment: PaymentRow, act: Act) -> None:
    if act in ("release", "abort"):
        if not payment.is_coming:
            raise errors.NotThisState(payment.id, payment.state, "a promised payment")
        return
    if payment.refund_of is not None:
        raise errors.NotThisState(payment.id, "a refund", "a payment")
    if act in ("refund", "void") and payment.state != "cleared":
        raise errors.NotThisState(payment.id, payment.state, "a cleared payment")
    if act == "void" and account.refunds_of(payment.id):
        raise errors.PartlyPaidBack(payment.id)


def _amount(connection: Connection, account: Account, payment: PaymentRow, order: UseCard) -> Money:
    """What the order is about; what was asked for is checked."""
    if order.act == "charge":
        return _to_charge(account, order, taken_by(connection, account, payment.method_id))
    if order.act == "refund":
        return _to_refund(account, payment, order)
    return account.money(payment.amount + payment.charges + payment.tip)


Rules = tuple[tuple[str, str], ...]


def taken_by(connection: Connection, account: Account, method_id: int) -> Rules:
    """What is said of overpayment where the method's money is taken at the booking's location, for
    payments.policies. Nothing is for a cancelled booking: there all is credit to refund."""
    if account.booking.is_cancelled:
        return ()
    query = select(PaymentMethod.name, PaymentMethod.overpayment)
    method = connection.execute(query.where(PaymentMethod.id == method_id)).one()
    return ((method.name, method.overpayment), (account.place.name, account.place.overpayment))


def _to_charge(account: Account, order: UseCard, rules: Rules) -> Money:
    if order.amount is None:
        raise errors.NoAmount
    amount = _written(account, order.amount)
    open_ = owed_now(account, whole=True).amount
    Refused.if_any(policies.overpaid(account.money(max(0, amount.minor - open_)), *rules))
    if amount.minor > open_ and not order.confirmed:
        raise errors.MoreThanOpen(account.money(open_))
    return amount


def _to_refund(account: Account, payment: PaymentRow, order: UseCard) -> Money:
    left = account.money(account.refundable(payment.id))
    amount = left if order.amount is None else _written(account, order.amount)
    if not 0 < amount.minor <= left.minor:
        raise errors.MoreThanPaid(left)
    return amount


def _written(account: Account, amount: Decimal) -> Money:
    """An amount as somebody wrote it, more than 0."""
    Refused.if_any(wrong_decimals("amount", amount, account.booking.currency))
    if amount <= 0:
        raise errors.NoAmount
    return Money.of(amount, account.booking.currency)


def _store(
    connection: Connection, account: Account, kind: Kind, gateway: str, amount: int, **more: Any
) -> Intent:
    values = {
        "booking_id": account.booking.id,
        "currency": account.booking.currency,
        "kind": kind,
        "gateway": gateway,
        "code": intents.new_code(),
        "amount": amount,
        "created_at": account.now,
        "due_at": account.now + SETTLED_WITHIN,
        **more,
    }
    query = insert(CardIntent).values(values).returning(*intents.COLUMNS)
    return Intent(*connection.execute(query).one())
