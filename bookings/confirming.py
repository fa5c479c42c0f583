"""Confirming: a provisional booking that is paid in full is made a booking.

Paying stage 1 does that by itself; whoever confirms says that there is nothing left to pay.
"""

from __future__ import annotations

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from bookings.errors import NotConfirmable, StillOpen
from kit import clock
from partners.authentication import Caller
from payments.account import Clock, open_account
from payments.saving import Change, Saved, save, unchanged


def confirm_booking(
    connection: Connection,
    booking_id: int,
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Saved:
    """Confirm in the caller's transaction; `caller` None is the desk. What is a booking already
    stays as it is. Promised money is not there yet, so it leaves its lines open.

    Raises BookingUnknown, NotConfirmable and StillOpen.
    """
    account = open_account(connection, booking_id, caller, clock_of)
    booking = account.booking
    if booking.status not in ("provisional", "booking"):
        raise NotConfirmable(booking_id, booking.status)
    if left := booking.total - booking.paid:
        raise StillOpen(booking_id, account.money(left))
    if booking.status == "booking":
        return unchanged(account)
    entry = Entry("booking.confirmed", {}, {}, {})
    change = Change(standing=account.standing, status="booking", entry=entry)
    return save(connection, account, change, origin)
