"""Rows of a booking's stays: the property, who stays there, and what was ordered with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from bookings.commands import GuestWish
from bookings.models import BookingExtra, Guest, Stay
from bookings.quoting import QuotedStay
from kit.vault import masked, vault


def insert_stay(
    connection: Connection, booking_id: int, stay: QuotedStay, at_no_cost: bool
) -> None:
    """A new stay with its guests and extras. `at_no_cost`: an owner's own."""
    key = {"booking_id": booking_id, "property_id": stay.offer.property_id}
    connection.execute(insert(Stay), [{**key, **_columns(stay, at_no_cost)}])
    wish = stay.wish
    guests = [wish.lead] if wish.lead else []
    _insert_guests(connection, key, [*guests, *(wish.guests or ())], has_lead=bool(guests))
    _insert_extras(connection, key, stay, at_no_cost)


def update_stay(
    connection: Connection, booking_id: int, stay: QuotedStay, at_no_cost: bool, *, is_back: bool
) -> None:
    """A stay as an amendment wants it; guests it does not speak of stay as they are. `is_back`: it
    was dropped, and keeps nothing of before."""
    property_id, wish = stay.offer.property_id, stay.wish
    key = {"booking_id": booking_id, "property_id": property_id}
    mine = (Stay.booking_id == booking_id, Stay.property_id == property_id)
    columns = _columns(stay, at_no_cost)
    values = {name: value for name, value in columns.items() if is_back or value is not None}
    connection.execute(update(Stay).where(*mine).values(**values, dropped_at=None))
    if wish.lead is not None:
        _forget_guests(connection, key, lead=True)
        _insert_guests(connection, key, [wish.lead], has_lead=True)
    if wish.guests is not None:
        _forget_guests(connection, key, lead=False)
        _insert_guests(connection, key, wish.guests, has_lead=False)
    ordered = (BookingExtra.booking_id == booking_id, BookingExtra.property_id == property_id)
    connection.execute(delete(BookingExtra).where(*ordered))
    _insert_extras(connection, key, stay, at_no_cost)


def _columns(stay: QuotedStay, at_no_cost: bool) -> dict[str, Any]:
    wish = stay.wish
    party = {name: getattr(wish, name) or 0 for name in ("adults", "children", "infants", "pets")}
    return {
        **party,
        "arrives_on": wish.arrives_on,
        "leaves_on": wish.leaves_on,
        "accommodation": 0 if at_no_cost else stay.price.accommodation,
        "owner_amount": stay.owner_amount,
        "commission_type": wish.commission_type,
        "breakages": wish.breakages or "none",
        "tax_rate": stay.price.rule.tax_rate,
        "insurance": 0 if at_no_cost else stay.price.insurance,
    }


def _insert_guests(
    connection: Connection, key: dict[str, int], guests: Sequence[GuestWish], *, has_lead: bool
) -> None:
    rows = [
        {
            **key,
            "is_lead": has_lead and place == 0,
            "name": guest.name,
            "age": guest.age,
            "passport": vault().seal(guest.passport) if guest.passport else None,
            "passport_mask": masked(guest.passport) if guest.passport else "",
        }
        for place, guest in enumerate(guests)
    ]
    if rows:
        connection.execute(insert(Guest), rows)


def _forget_guests(connection: Connection, key: dict[str, int], *, lead: bool) -> None:
    mine = (Guest.booking_id == key["booking_id"], Guest.property_id == key["property_id"])
    connection.execute(delete(Guest).where(*mine, Guest.is_lead.is_(lead)))


def _insert_extras(
    connection: Connection, key: dict[str, int], stay: QuotedStay, at_no_cost: bool
) -> None:
    rows = [
        {**key, "extra_id": each.id, "name": each.name, "quantity": each.quantity,
         "price": 0 if at_no_cost else each.price}
        for each in stay.price.extras
    ]  # fmt: skip
    if rows:
        connection.execute(insert(BookingExtra), rows)
