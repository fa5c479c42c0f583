"""What events say of payments and bookings: pure, from the figures of a change.

Amounts are decimal texts of the booking's currency ("200.00"): exact in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.money import Money
from partners.events import Event
from payments.facts import BookingFacts

# What actions of the event log are called to partners; all others are the house's own affair.
TYPE_OF = {
    "payment.recorded": "payment.recorded",
    "card.charged": "payment.recorded",
    "payment.cleared": "payment.cleared",
    "payment.failed": "payment.failed",
    "payment.refunded": "payment.refunded",
    "payment.deleted": "payment.deleted",
    "booking.created": "booking.created",
    "booking.amended": "booking.amended",
    "booking.updated": "booking.amended",
    "booking.deposit_released": "booking.amended",
    "booking.confirmed": "booking.confirmed",
    "booking.cancelled": "booking.cancelled",
    "booking.abandoned": "booking.cancelled",
    "booking.reactivated": "booking.reactivated",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """A booking's status and money after a change, in minor units."""

    status: str
    total: int
    paid: int
    credit: int


def events_of(
    action: str,
    booking: BookingFacts,
    after: Figures,
    payment: Mapping[str, Any] | None = None,
) -> list[Event]:
    """The events of a change: the change itself, and that it made a provisional booking a booking.

    `action` is the event log's word; `payment` are columns of the payment it was about.
    """
    told = _booking(booking, after)
    found = []
    failed = payment is not None and payment["state"] == "failed"
    if type_ := "payment.failed" if failed else TYPE_OF.get(action):
        found.append(
            Event(type_, {"booking": told})
            if payment is None
            else _of_payment(type_, told, payment, booking.currency)
        )
    confirms = booking.status == "provisional" and after.status == "booking"
    if confirms and action != "booking.confirmed":
        found.append(Event("booking.confirmed", {"booking": told}))
    return found


def _of_payment(
    type_: str, booking: Mapping[str, Any], row: Mapping[str, Any], currency: str
) -> Event:
    """Its reference is a word of its sender's, and told to nobody else."""
    payment = _payment(row, currency)
    own = {"booking": booking, "payment": payment | {"reference": row["reference"]}}
    return Event(type_, {"booking": booking, "payment": payment}, row["partner_id"], own)


def _booking(booking: BookingFacts, after: Figures) -> dict[str, Any]:
    def text(minor: int) -> str:
        return Money(minor, booking.currency).plain

    return {
        "id": booking.id,
        "location_id": booking.location_id,
        "account_identifier": booking.account_identifier,
        "status": after.status,
        "currency": booking.currency,
        "total": text(after.total),
        "paid": text(after.paid),
        "outstanding": text(after.total - after.paid),
        "credit": text(after.credit),
    }


def _payment(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    def day(value: date | None) -> str | None:
        return None if value is None else str(value)

    return {
        "id": row["id"],
        "state": row["state"],
        **{name: Money(row[name], currency).plain for name in ("amount", "charges", "tip")},
        "method": row["method"],
        "source": row["source"],
        "reference": None,
        "paid_on": day(row["paid_on"]),
        "settled_on": day(row["settled_on"]),
        "refund_of": row["refund_of"],
    }
