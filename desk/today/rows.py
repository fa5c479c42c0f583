"""What cards and figures of Today share: rows that come as JSON, and the booking of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import CTE, func, select

from bookings.models import Booking, Contact, Property, Stay
from kit.money import Money
from kit.sql import Query, rows_of

SHOWN = 10


@dataclass(frozen=True, slots=True)
class About:
    """The booking that a row is about, and the day at its location."""

    booking_id: int
    guest: str
    property: str
    zone: str
    today: date


def all_rows(query: Query) -> Any:
    some = query.subquery()
    return rows_of(select(*some.c))


def first_of(found: CTE, *order: Any) -> Any:
    """The first of those that were found, numbered; `order` are columns that were found."""
    number = func.row_number().over(order_by=order).label("number")
    return select(number, *found.c).order_by(*order).limit(SHOWN).subquery()


def shown_of(first: Any, places: CTE, source: Any, *columns: Any) -> Query:
    """What is shown of each, after its number; `source` joins what they are to their bookings."""
    wanted = [each.label(f"c{n}") for n, each in enumerate((first.c.number, *columns))]
    query = select(*wanted).select_from(source)
    return query.join(places, places.c.id == Booking.location_id)


def about_columns(places: CTE) -> list[Any]:
    """The columns that `read_booking` reads."""
    stays = select(func.min(Property.name)).join(Stay, Stay.property_id == Property.id)
    mine = stays.where(Stay.booking_id == Booking.id, Stay.dropped_at.is_(None))
    guest = select(func.trim(Contact.first_name + " " + Contact.last_name)).where(
        Contact.id == Booking.contact_id
    )
    return [
        Booking.id,
        guest.correlate(Booking).scalar_subquery(),
        mine.correlate(Booking).scalar_subquery(),
        places.c.time_zone,
        places.c.today,
        Booking.currency,
    ]


def read_booking(row: Sequence[Any]) -> tuple[About, Callable[[int], Money]]:
    booking_id, guest, place, zone, today, currency = row[:6]
    about = About(booking_id, guest or "", place or "", zone, day(today))
    return about, lambda minor: Money(minor, currency)


def day(text: str) -> date:
    """A day as both databases write it in JSON."""
    return date.fromisoformat(text)


def instant(text: str) -> datetime:
    """A moment as both databases write it in JSON: SQLite without its zone, which is UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
