"""The e-mails of the ledger: what is kept for them, and how they are made of it.

The context is written with the payment and never changes; the worker renders it, perhaps hours
later, from the context alone: the mail tells of that moment and no later one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from email.utils import parseaddr
from functools import partial
from typing import Any

from flask import render_template

from kit.locales import DEFAULT, date_text, money_text
from kit.money import Money
from outbox.adding import message_row
from outbox.mail import Email, mail
from payments.account import Account, PaymentRow
from payments.deciding import Decision
from payments.facts import BookingFacts, Facts, GuestFacts, PlaceFacts, StayFacts
from payments.standing import Standing, moves

PAYMENT_RECEIVED = "email.payment_received"
REFUND_MADE = "email.refund_made"
LATE_MONEY = "email.late_money"


def payment_received(decision: Decision, facts: Facts, paid_on: date) -> dict[str, Any]:
    """The context of the guest's "payment received". Amounts in minor units of `currency`."""
    changed = {line.id: line for line in decision.lines}
    lines = [changed.get(line.id, line) for line in facts.lines]
    names = {line.id: line.name for line in lines}
    booking = decision.booking
    return {
        **addressed(booking, decision.place, decision.guest, facts.stays),
        "amount": decision.amount.minor,
        "charges": decision.charges.minor,
        "method": decision.method.name,
        "paid_on": str(paid_on),
        "covered": [[names[s.line_id], s.amount] for s in decision.now_covered.shares],
        "credit": decision.now_covered.credit,
        "open": [
            [line.name, line.amount - line.paid, line.due]
            for line in sorted(lines, key=lambda line: (line.due, line.id))
            if line.paid < line.amount and not booking.is_cancelled
        ],
    }


def payment_cleared(
    account: Account, payment: PaymentRow, standing: Standing, cleared_on: date
) -> dict[str, Any]:
    """The same context for a payment that was promised before and is there now; `standing` is what
    has become of the account."""
    names = {line.id: line.name for line in account.lines}
    mine = [move for move in moves(account.standing, standing) if move.payment_id == payment.id]
    return {
        **about(account),
        "amount": payment.amount,
        "charges": payment.charges,
        "method": payment.method,
        "paid_on": str(cleared_on),
        "covered": [[names[m.line_id], m.amount] for m in mine if m.line_id is not None],
        "credit": sum(move.amount for move in mine if move.line_id is None),
        "open": still_open(account, standing),
    }


def refund_made(
    account: Account, standing: Standing, refund: Mapping[str, Any], method: str
) -> dict[str, Any]:
    """The context of the guest's "refund made". `refund` is the row of the negative payment; the
    context has positive amounts, charges and tip that were given back as one."""
    return {
        **about(account),
        "amount": -refund["amount"],
        "charges": -refund["charges"] - refund["tip"],
        "method": method,
        "paid_on": str(refund["paid_on"]),
        "open": still_open(account, standing),
    }


def late_money(place: PlaceFacts, late: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The context of the report to a location's own address. `late` are its payments: booking,
    account, cancelled, payment, amount (minor units), currency, method and the day expected."""
    return {
        "to": parseaddr(place.mail_sender)[1],
        "name": "",
        "locale": DEFAULT,
        "sender": place.mail_sender,
        "location": place.name,
        "late": [dict(each) for each in late],
    }


def about(account: Account) -> dict[str, Any]:
    """Who is written to, by whom, and about which booking."""
    return addressed(account.booking, account.place, account.guest, account.stays)


def addressed(
    booking: BookingFacts, place: PlaceFacts, guest: GuestFacts, stays: Sequence[StayFacts]
) -> dict[str, Any]:
    """What every mail to a guest begins with."""
    return {
        "to": guest.email,
        "name": f"{guest.first_name} {guest.last_name}".strip(),
        "locale": guest.locale,
        "sender": place.mail_sender,
        "location": place.name,
        "booking": booking.id,
        "account": booking.account_identifier,
        "cancelled": booking.is_cancelled,
        "properties": [stay.property_name for stay in stays],
        "arrives": min((stay.arrives for stay in stays), default=None),
        "currency": booking.currency,
    }


def still_open(account: Account, standing: Standing) -> list[list[Any]]:
    """What of the schedule is open, by due day: name, amount and day. What a cancelled booking
    still asks for is the agency's fee, and nobody is dunned for it by mail."""
    if account.booking.is_cancelled:
        return []
    names = {line.id: line.name for line in account.lines}
    lines = sorted(standing.open, key=lambda line: (line.due_on, line.id))
    return [[names[line.id], line.open, str(line.due_on)] for line in lines if line.open]


def message(account: Account, kind: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a context that tells of a change of the account."""
    sender, booking_id = account.place.mail_sender, account.booking.id
    return message_row(kind, context, sender=sender, booking_id=booking_id, at=account.now)


def render_payment_received(context: Mapping[str, Any]) -> Email:
    """The mail of a context: subject, text and HTML in the guest's way to write money and dates."""
    amount = minor_text(context, context["amount"])
    subject = f"Your payment of {amount} for booking {context['booking']}"
    return rendered("payment_received", context, subject, outstanding=_sum_of(context["open"]))


def render_refund_made(context: Mapping[str, Any]) -> Email:
    amount = minor_text(context, context["amount"] + context["charges"])
    subject = f"Your refund of {amount} for booking {context['booking']}"
    return rendered("refund_made", context, subject, outstanding=_sum_of(context["open"]))


def render_late_money(context: Mapping[str, Any]) -> Email:
    """To the location's own staff. Payments may be of several currencies; nothing is added up."""
    late = context["late"]
    have = "promised payment has" if len(late) == 1 else "promised payments have"

    def money_in(minor: int, currency: str) -> str:
        return money_text(Money(minor, currency), context["locale"])

    return rendered("late_money", context, f"{len(late)} {have} not arrived", money_in=money_in)


def minor_text(context: Mapping[str, Any], minor: int) -> str:
    """Minor units of the context's currency as its reader writes money."""
    return money_text(Money(minor, context["currency"]), context["locale"])


def rendered(name: str, context: Mapping[str, Any], subject: str, **more: Any) -> Email:
    """The mail of the templates mail/<name>.txt and .html. They know the context, `more`, and two
    functions: money(minor) and day("2027-06-12"), in the reader's way to write them."""

    def day(text: str) -> str:
        return date_text(date.fromisoformat(text), context["locale"])

    shown = {**context, **more, "money": partial(minor_text, context), "day": day}
    return mail(
        sender=context["sender"],
        sender_name=context["location"],
        to=context["to"],
        subject=subject,
        text=render_template(f"mail/{name}.txt", **shown),
        html=render_template(f"mail/{name}.html", **shown),
    )


def _sum_of(lines: Sequence[Sequence[Any]]) -> int:
    return sum(amount for _, amount, _ in lines)
