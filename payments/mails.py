"""The e-mails of the ledger: what is kept for them, and how they are made of it.

The context is written with the payment and never changes; the worker renders it, perhaps hours
later, from the context alone: the mail tells of that moment and no later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import render_template

from kit.locales import date_text, money_text
from kit.money import Money
from outbox.mail import Email, mail
from payments.deciding import Decision
from payments.facts import Facts

PAYMENT_RECEIVED = "email.payment_received"


def payment_received(decision: Decision, facts: Facts, paid_on: date) -> dict[str, Any]:
    """The context of the guest's "payment received". Amounts in minor units of `currency`."""
    guest, booking = decision.guest, decision.booking
    changed = {line.id: line for line in decision.lines}
    lines = [changed.get(line.id, line) for line in facts.lines]
    names = {line.id: line.name for line in lines}
    return {
        "to": guest.email,
        "name": f"{guest.first_name} {guest.last_name}".strip(),
        "locale": guest.locale,
        "sender": decision.place.mail_sender,
        "location": decision.place.name,
        "booking": booking.id,
        "account": booking.account_identifier,
        "cancelled": booking.is_cancelled,
        "properties": [stay.property_name for stay in facts.stays],
        "arrives": min((stay.arrives for stay in facts.stays), default=None),
        "currency": booking.currency,
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


def render_payment_received(context: Mapping[str, Any]) -> Email:
    """The mail of a context: subject, text and HTML in the guest's way to write money and dates."""
    locale, currency = context["locale"], context["currency"]

    def money(minor: int) -> str:
        return money_text(Money(minor, currency), locale)

    def day(text: str) -> str:
        return date_text(date.fromisoformat(text), locale)

    outstanding = sum(amount for _, amount, _ in context["open"])
    shown = {**context, "money": money, "day": day, "outstanding": outstanding}
    return mail(
        sender=context["sender"],
        sender_name=context["location"],
        to=context["to"],
        subject=f"Your payment of {money(context['amount'])} for booking {context['booking']}",
        text=render_template("mail/payment_received.txt", **shown),
        html=render_template("mail/payment_received.html", **shown),
    )
