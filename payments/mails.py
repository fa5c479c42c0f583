"""The e-mails of the ledger: what is kept for them, and how they are made of it.

The context is written with the payment and never changes; the worker renders it, perhaps hours
later, from the context alone: the mail tells of that moment and no later one. What no row may hold
is made when the mail is: the guest's link; and the receipt, which is issued by then if not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from email.utils import parseaddr
from functools import partial
from typing import Any, Protocol

from flask import render_template
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.locales import DEFAULT, date_text, money_text
from kit.money import Money
from outbox.adding import message_row
from outbox.mail import Attachment, DeliveryFailed, Email, mail
from payments.account import Account, PaymentRow
from payments.deciding import Decision
from payments.facts import BookingFacts, Facts, GuestFacts, PlaceFacts, StayFacts
from payments.papers.paper import Pdf
from payments.standing import Standing, moves

PAYMENT_RECEIVED = "email.payment_received"
REFUND_MADE = "email.refund_made"
LATE_MONEY = "email.late_money"
PAYMENT_LINK = "email.payment_link"


class Link(Protocol):
    """A link to the guest's page: payments.links.GuestLink."""

    @property
    def url(self) -> str: ...

    @property
    def until(self) -> date: ...

    @property
    def pays_online(self) -> bool: ...

    @property
    def version(self) -> int | None: ...


# The receipt of a payment, and the link of a booking, by their ids; None when there is none.
ReceiptOf = Callable[[int], Pdf | None]
LinkOf = Callable[[int], Link | None]


def payment_received(decision: Decision, facts: Facts, paid_on: date) -> dict[str, Any]:
    """The context of the guest's "payment received". Amounts in minor units of `currency`."""
    changed = {line.id: line for line in decision.lines}
    lines = [changed.get(line.id, line) for line in facts.lines]
    names = {line.id: line.name for line in lines}
    booking = decision.booking
    return {
        **addressed(booking, decision.place, decision.guest, facts.stays),
        "payment": facts.payment_id,
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
        "payment": payment.id,
        "amount": payment.amount,
        "charges": payment.charges,
        "method": payment.method,
        "paid_on": str(cleared_on),
        "covered": [[names[m.line_id], m.amount] for m in mine if m.line_id is not None],
        "credit": sum(move.amount for move in mine if move.line_id is None),
        "open": still_open(account, standing),
    }


def receipt(
    account: Account, payment: PaymentRow, standing: Standing, cleared_on: date
) -> tuple[dict[str, Any], ...]:
    """The message that tells the guest of money that is there; none when that is not wished, or
    nobody can be written to."""
    if not payment.send_email or not account.guest.email:
        return ()
    context = payment_cleared(account, payment, standing, cleared_on)
    return (message(account, PAYMENT_RECEIVED, context),)


def refund_made(
    account: Account, standing: Standing, refund: Mapping[str, Any], method: str
) -> dict[str, Any]:
    """The context of the guest's "refund made". `refund` is the row of the negative payment; the
    context has positive amounts, charges and tip that were given back as one."""
    return {
        **about(account),
        "payment": refund["id"],
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


def render_payment_received(
    context: Mapping[str, Any], receipt_of: ReceiptOf, link_of: LinkOf
) -> Email:
    """The mail of a context: subject, text and HTML in the guest's way to write money and dates,
    with the receipt and the way to the guest's page."""
    amount = minor_text(context, context["amount"])
    subject = f"Your payment of {amount} for booking {context['booking']}"
    return _with_receipt("payment_received", context, subject, receipt_of, link_of)


def render_refund_made(context: Mapping[str, Any], receipt_of: ReceiptOf, link_of: LinkOf) -> Email:
    amount = minor_text(context, context["amount"] + context["charges"])
    subject = f"Your refund of {amount} for booking {context['booking']}"
    return _with_receipt("refund_made", context, subject, receipt_of, link_of)


def _with_receipt(
    name: str, context: Mapping[str, Any], subject: str, receipt_of: ReceiptOf, link_of: LinkOf
) -> Email:
    attached = _receipt(context, receipt_of)
    link = link_of(context["booking"])
    return rendered(
        name,
        context,
        subject,
        attached,
        outstanding=_sum_of(context["open"]),
        page=link.url if link else None,
        has_receipt=bool(attached),
    )


def _receipt(context: Mapping[str, Any], receipt_of: ReceiptOf) -> list[Attachment]:
    """The receipt to attach. The mail goes without one when there is none (any more: the payment
    was deleted meanwhile), but is tried again later when it cannot be had now."""
    payment_id = context.get("payment")  # not there in what was written before mails had receipts
    try:
        found = receipt_of(payment_id) if payment_id is not None else None
    except (DBAPIError, PoolTimeout) as error:
        reason = f"the receipt could not be issued: {type(error).__name__}"
        raise DeliveryFailed(reason, permanent=False) from None
    return [Attachment(found.name, found.content)] if found else []


def render_payment_link(context: Mapping[str, Any], link_of: LinkOf) -> Email:
    """What the guest can pay, and the link to do so. A mail without it would be of no use, and one
    that was written before links were withdrawn must not bring a new one."""
    link = link_of(context["booking"])
    if link is None:
        raise DeliveryFailed("no link without FLASK_PUBLIC_URL", permanent=False)
    if link.version not in (None, context.get("link_version", 0)):
        raise DeliveryFailed("the links were withdrawn", permanent=True)
    subject = f"Your link to pay for booking {context['booking']}"
    days = sorted(due for _, _, due in context["open"])
    # As on the guest's page: all that is due by the day of writing, else what falls due next.
    until = max(context.get("today", ""), days[0]) if days else None
    return rendered(
        "payment_link",
        context,
        subject,
        outstanding=_sum_of(context["open"]),
        due_first=_sum_of([each for each in context["open"] if each[2] <= until]),
        due_by=None if until == context.get("today") else until,
        link=link.url,
        works_until=str(link.until),
    )


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


def rendered(
    name: str,
    context: Mapping[str, Any],
    subject: str,
    attachments: Sequence[Attachment] = (),
    **more: Any,
) -> Email:
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
        attachments=attachments,
    )


def _sum_of(lines: Sequence[Sequence[Any]]) -> int:
    return sum(amount for _, amount, _ in lines)
