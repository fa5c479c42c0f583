"""Changing the notes on a booking, and at the desk its guest: nothing of its money, so of cancelled
bookings too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from audit.chain import Entry, Origin
from bookings.contacts import write_contact
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


def update_guest(
    connection: Connection,
    booking_id: int,
    contact: Mapping[str, Any],
    notes: Mapping[str, str],
    origin: Origin,
    clock_of: Clock = clock.now,
) -> Saved:
    """Set columns of the guest's row, and notes, for the desk. Without any, nothing is written.
    Raises BookingUnknown. The log names the fields only."""
    account = open_account(connection, booking_id, None, clock_of)
    if not contact and not notes:
        return unchanged(account)
    if contact:
        write_contact(connection, booking_id, contact)
    entry = Entry("booking.updated", {}, {}, {"fields": sorted([*contact, *notes])})
    change = Change(standing=account.standing, booking=notes, entry=entry)
    return save(connection, account, change, origin)
