"""Changing the guest's name and addresses of one booking."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, exists, insert, select, update

from bookings.models import Booking, Contact
from kit.locales import locale_of


def write_contact(connection: Connection, booking_id: int, columns: Mapping[str, str]) -> None:
    """Set these columns of the guest of a booking that is held; a new country brings its locale,
    unless one is given.

    A guest of other bookings too stays what it is for those, which may be at locations that the
    caller does not reach: this booking gets a contact of its own."""
    mine = Booking.id == booking_id
    values = dict(columns)
    if "country" in values:
        values.setdefault("locale", locale_of(values["country"]))
    guest = Contact.id == select(Booking.contact_id).where(mine).scalar_subquery()
    row = connection.execute(select(Contact.__table__).where(guest)).one()
    others = exists().where(Booking.contact_id == row.id, ~mine)
    if not connection.scalar(select(others)):
        connection.execute(update(Contact).where(guest).values(values))
        return
    kept = {name: value for name, value in row._mapping.items() if name != "id"}
    new = connection.scalars(insert(Contact).returning(Contact.id), [kept | values]).one()
    connection.execute(update(Booking).where(mine).values(contact_id=new))
