"""Accounts, as K-Series calls what is here a booking: found by name, and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from bookings.models import Booking, Property, Stay
from kit.money import Money
from payments.formats.kseries.errors import AccountsDiffer, AccountUnknown, moment
from payments.models import Payment, PaymentMethod

# Money that is there, or was and has been reversed; what is still to come is nobody's payment yet.
LISTED = ("cleared", "void")


@dataclass(frozen=True, slots=True)
class Account:
    """The booking behind a name."""

    booking_id: int
    identifier: str
    currency: str


def find(
    connection: Connection, location_id: int, identifier: str | None, account_id: int | None
) -> Account:
    """The account at this location that is called so: by its identifier, our booking's id, or
    both. Raises AccountUnknown, and AccountsDiffer when the two do not name the same one."""
    names = []
    if identifier is not None:
        names.append(Booking.account_identifier == identifier)
    if account_id is not None:
        names.append(Booking.id == account_id)
    query = select(Booking.id, Booking.account_identifier, Booking.currency)
    here = query.where(Booking.location_id == location_id, or_(*names))
    found = [Account(*row) for row in connection.execute(here)]
    if not found:
        raise AccountUnknown(account_id if identifier is None else identifier)
    if identifier is not None and account_id is not None:
        named = [(each.booking_id, each.identifier) for each in found]
        if named != [(account_id, identifier)]:
            raise AccountsDiffer(identifier, account_id)
    return found[0]


def shown(
    connection: Connection, account: Account, partner_id: int, money: Callable[[Money], Any]
) -> dict[str, Any]:
    """The account as the vendor shows it to this partner, `money` being how amounts are written.
    Nothing of the guest is in it: the scope opens bookings' money, not their people."""
    query = select(Booking.__table__).where(Booking.id == account.booking_id)
    booking = connection.execute(query).one()
    stays = connection.execute(
        select(Property.name, Stay.adults + Stay.children + Stay.infants)
        .join(Property, Property.id == Stay.property_id)
        .where(Stay.booking_id == booking.id, Stay.dropped_at.is_(None))
        .order_by(Stay.id)
    ).all()
    closed_at: datetime | None = booking.modified_at if booking.status == "cancelled" else None
    return {
        "clientCount": sum(guests for _, guests in stays),
        "openDate": moment(booking.created_at),
        "closeDate": None if closed_at is None else moment(closed_at),
        "paidAmount": money(Money(booking.paid + booking.credit, booking.currency)),
        "currentAmount": money(Money(booking.total, booking.currency)),
        "name": ", ".join(name for name, _ in stays),
        "ikaccountId": booking.account_identifier,
        "paymentEntries": _entries(connection, booking.id, partner_id, money),
    }


def _entries(
    connection: Connection, booking_id: int, partner_id: int, money: Callable[[Money], Any]
) -> list[dict[str, Any]]:
    """What was paid, by whomever; the references of others are their own."""
    columns = select(Payment.__table__, PaymentMethod.code, PaymentMethod.name)
    query = columns.join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.where(Payment.booking_id == booking_id, Payment.state.in_(LISTED))
    return [
        {
            "paymentMethodCode": row.code,
            "paymentMethodDescription": row.name,
            "externalReference": row.reference if row.partner_id == partner_id else None,
            "amountPaid": money(Money(row.amount, row.currency)),
            "paymentDate": moment(row.created_at),
            "active": row.state == "cleared",
        }
        for row in connection.execute(query.order_by(Payment.id))
    ]
