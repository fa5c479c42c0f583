"""The e-mails that tell of bookings: what is kept for them, and how they are made of it.

As in payments.mails: the context is written with what it tells of, the worker renders it later.
Amounts are minor units of `currency`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from outbox.mail import Email
from payments.account import Account, PaymentRow
from payments.allocation import OpenLine
from payments.mails import LinkOf, about, message, minor_text, rendered
from payments.standing import Standing

BOOKING_CANCELLED = "email.booking_cancelled"
RE_ENGAGEMENT = "email.re_engagement"
BALANCE_REMINDER = "email.balance_reminder"

Telling = Callable[[Account, Standing, int], tuple[dict[str, Any], ...]]


def booking_cancelled(account: Account, standing: Standing, fee: int) -> tuple[dict[str, Any], ...]:
    """To the guest: what is kept as a fee, what of it is still open, what will be paid back."""
    if not account.guest.email:
        return ()
    context = {
        **about(account),
        "fee": fee,
        "fee_open": standing.total - standing.paid,
        "credit": standing.credit,
    }
    return (message(account, BOOKING_CANCELLED, context),)


def re_engagement(account: Account, standing: Standing, fee: int) -> tuple[dict[str, Any], ...]:
    """To the guest: the booking was not finished; here it can be taken up again."""
    if not account.guest.email:
        return ()
    context = {**about(account), "total": account.booking.total}
    return (message(account, RE_ENGAGEMENT, context),)


def balance_reminder(
    account: Account, due: Sequence[OpenLine], promises: Sequence[PaymentRow], pay_at: str | None
) -> dict[str, Any]:
    """The message to the guest, who has an address: what is due soon, and what is promised.

    `due`: the lines with what is open of them when all `promises` have come; `pay_at`: the
    agency's own page to pay at, if it has one.
    """
    names = {line.id: line.name for line in account.lines}
    context = {
        **about(account),
        "due": [[names[line.id], line.open, str(line.due_on)] for line in due],
        "promised": [
            [each.method, each.amount, str(each.paid_on) if each.state == "deferred" else None]
            for each in promises
        ],
        "pay_at": pay_at,
    }
    return message(account, BALANCE_REMINDER, context)


def render_booking_cancelled(context: Mapping[str, Any]) -> Email:
    return rendered("booking_cancelled", context, f"Your booking {context['booking']} is cancelled")


def render_re_engagement(
    context: Mapping[str, Any], link_of: Callable[[int], str | None], days: int
) -> Email:
    """`link_of` makes the guest's link to take the booking up again, which works for `days`; None
    when nobody has said where the world reaches us."""
    subject = f"Your booking {context['booking']} was not finished"
    link = link_of(context["booking"])
    return rendered("re_engagement", context, subject, link=link, days=days)


def render_balance_reminder(context: Mapping[str, Any], link_of: LinkOf) -> Email:
    """It leads to the guest's page where guests can pay there, else to the agency's own page, if it
    has one."""
    outstanding = sum(amount for _, amount, _ in context["due"])
    subject = f"{minor_text(context, outstanding)} is due soon for booking {context['booking']}"
    ours = link_of(context["booking"])
    # The agency's page is not there in what was written before reminders had it.
    link = ours.url if ours and ours.pays_online else context.get("pay_at")
    return rendered("balance_reminder", context, subject, outstanding=outstanding, link=link)
