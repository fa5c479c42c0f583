"""Changing the notes on a booking: nothing of its money, so cancelled bookings may be noted too."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from kit import clock
from partners.authentication import Caller
from payments.account import Clock, open_account
from payments.saving import Change, Saved, save, unchanged


def update_notes(
    connection: Connection,
    booking_id: int,
    notes: Mapping[str, str],
    origin: Origin,
    caller: Caller | None = None,
    clock_of: Clock = clock.now,
) -> Saved:
    """Replace the notes that are given, by column. Without any, nothing is written.
    Raises BookingUnknown. The log names the fields only: what notes say may be about guests."""
    account = open_account(connection, booking_id, caller, clock_of)
    if not notes:
        return unchanged(account)
    entry = Entry("booking.updated", {}, {}, {"fields": sorted(notes)})
    change = Change(standing=account.standing, booking=notes, entry=entry)
    return save(connection, account, change, origin)
