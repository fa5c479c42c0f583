"""The guest and the notes of a booking as they are typed in: only what was changed is written.

The form carries what each field was when the page was made (`was_...`), so two people who change
different fields do not undo each other, and one who changes the same field is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from bookings.updating import update_guest
from desk.access import origin
from desk.changes.errors import FieldChangedMeanwhile, NobodyLeft
from desk.changes.queries import Subject, subject
from desk.changes.schemas import NAMES, NOTES, GuestForm
from desk.forms import hold
from kit.errors import PageError, Refused

FIELDS = tuple(GuestForm().fields)
WAS = "was_"


def stored(found: Subject) -> dict[str, str]:
    """What the fields are now."""
    booking, contact = found.booking, found.contact
    return {
        name: _plain(getattr(booking if name in NOTES else contact, name) or "") for name in FIELDS
    }


def _plain(text: str) -> str:
    """Browsers send line ends of their own."""
    return text.replace("\r\n", "\n").strip()


def change_guest(
    connection: Connection, booking_id: int, wanted: Mapping[str, Any], came: Mapping[str, str]
) -> None:
    """Write what differs from what the page showed. `wanted` are the values that were read, `came`
    is the whole form, in which an emptied field stands, too. Raises BookingUnknown, NobodyLeft and
    FieldChangedMeanwhile."""
    hold(connection, booking_id)
    found = subject(Session(connection), booking_id)
    is_now = stored(found)
    typed = {name: _plain(wanted.get(name, "")) for name in FIELDS if name in came}
    was = {name: _plain(came.get(WAS + name, "")) for name in typed}
    changed = {name: text for name, text in typed.items() if text != was[name]}
    problems: list[PageError] = [
        FieldChangedMeanwhile(name, is_now[name])
        for name, text in changed.items()
        if was[name] != is_now[name] != text
    ]
    after = is_now | changed
    if not found.booking.is_owners and not any(after[name] for name in NAMES):
        problems.append(NobodyLeft())
    Refused.if_any(problems)
    contact: dict[str, Any] = {n: text for n, text in changed.items() if n not in NOTES}
    if "email" in contact:
        contact["email"] = contact["email"] or None
    if "country" in contact:
        contact["locale"] = after["locale"]
    notes = {name: text for name, text in changed.items() if name in NOTES}
    update_guest(connection, booking_id, contact, notes, origin())


def named(locales: Iterable[str]) -> list[tuple[str, str]]:
    """Locales with their English names, by name; one that is none keeps its own."""
    found = []
    for each in locales:
        try:
            found.append((each, str(Locale.parse(each).get_display_name("en"))))
        except (ValueError, UnknownLocaleError):
            found.append((each, each))
    return sorted(found, key=lambda pair: pair[1])
