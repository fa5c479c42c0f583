"""Which ways to pay are offered to a guest: none of a provider whose page would not open."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bookings.models import Booking, Contact
from checkout.visits import GUEST
from payments import queries
from payments.facts import GuestMethod
from payments.gateways.gateway import Visit
from payments.gateways.registry import gateway_for


def ways_to_pay(connection: Connection, booking_id: int) -> tuple[GuestMethod, ...]:
    """The methods that the booking's location offers to guests. None without a gateway, or when
    its page has to know more of this guest than we do."""
    columns = [Booking.location_id, *GUEST.values()]
    query = select(*columns).join(Contact, Contact.id == Booking.contact_id)
    row = connection.execute(query.where(Booking.id == booking_id)).first()
    gateway = gateway_for("pay", {})
    if row is None or gateway is None:
        return ()
    guest = Visit(back_url="", notice_url="", **dict(zip(GUEST, row[1:], strict=True)))
    if gateway.lacks(guest):
        return ()
    return tuple(queries.guest_methods(connection, row.location_id))
