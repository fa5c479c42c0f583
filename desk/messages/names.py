"""What messages are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from bookings.mails import BALANCE_REMINDER, BOOKING_CANCELLED, RE_ENGAGEMENT
from desk.words import _
from payments.mails import LATE_MONEY, PAYMENT_LINK, PAYMENT_RECEIVED, REFUND_MADE


def mail_name(kind: str) -> str:
    """What an e-mail is called; one of a kind that has no name yet by its kind."""
    names = {
        PAYMENT_RECEIVED: _("Payment received"),
        REFUND_MADE: _("Refund made"),
        LATE_MONEY: _("Promised money has not arrived"),
        BOOKING_CANCELLED: _("Booking cancelled"),
        BALANCE_REMINDER: _("Balance reminder"),
        RE_ENGAGEMENT: _("Booking was not finished"),
        PAYMENT_LINK: _("Payment link"),
    }
    return names.get(kind, kind)


def message_name(kind: str, context: Mapping[str, Any]) -> str:
    """What a message is called: an e-mail by its kind; what a program is told by the type of our
    event, or by the kind of the format's message."""
    body = context.get("body")
    if body is None:
        return mail_name(kind)
    try:
        return str(orjson.loads(body)["type"])
    except (KeyError, TypeError, ValueError):
        return kind
