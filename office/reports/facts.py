"""What the facts of several reports have in common: places, conditions, and SQL about days.

Rows that only describe (guest, method, partner, location) are joined from outside, so that the
database leaves them out where nothing of them is asked for. Conditions of partial indexes are
literals, letter for letter: with parameters a general plan of PostgreSQL's could not use them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    String,
    case,
    func,
    literal,
    literal_column,
    select,
)

from bookings.models import Booking, Contact
from kit.days import day_in
from kit.sql import Spoken
from kit.texts import N_
from locations.models import Location
from office.reports.report import OTHERS, Detail, Filters
from partners.models import Partner
from payments.models import Payment, PaymentMethod

Condition = ColumnElement[bool]

STANDS: Condition = literal_column("(bookings.status <> 'cancelled')")
# Where a payment is. A value and no join: for a join PostgreSQL would read through all bookings,
# which it takes for cheaper than those of a month one by one.
PAYMENT_LOCATION = (
    select(Booking.location_id)
    .where(Booking.id == Payment.booking_id)
    .correlate(Payment)
    .scalar_subquery()
)

ONE = literal_column("1", Integer)

# What every list of rows ends with.
BOOKING = (
    Detail("location", N_("Location"), "text"),
    Detail("booking_id", N_("Booking"), "number"),
    Detail("guest", N_("Guest"), "text", is_private=True),
)


class WeekOf(Spoken):
    """The Monday of a day's week (ISO 8601)."""

    type = Date()
    inherit_cache = True
    sqlite = "date({}, 'weekday 0', '-6 days')"
    postgresql = "CAST(date_trunc('week', {}) AS date)"


class DaysBetween(Spoken):
    """How many days after the second day the first one is."""

    type = Integer()
    inherit_cache = True
    sqlite = "CAST(julianday({}) - julianday({}) AS INTEGER)"
    postgresql = "({} - {})"


def places(filters: Filters) -> CTE:
    """The locations that are reported on, each with its day (`today`)."""
    query = select(
        Location.id, Location.name, day_in(Location.time_zone, filters.now).label("today")
    )
    return query.where(*at_locations(filters, Location.id)).cte("places")


def at_locations(filters: Filters, column: Any) -> Iterator[Condition]:
    """That a row is of a location that the reader reaches and, where one is asked for, of that."""
    if filters.locations is not None:
        yield column.in_(sorted(filters.locations))
    if filters.location is not None:
        yield column == filters.location


def of_days(filters: Filters, column: Any) -> Iterator[Condition]:
    """That a day is between those asked for, both included."""
    if filters.first is not None:
        yield column >= filters.first
    if filters.last is not None:
        yield column <= filters.last


def of_payments(filters: Filters) -> Iterator[Condition]:
    """That a payment is at the locations, of the currency, method, partner and source."""
    yield from at_locations(filters, PAYMENT_LOCATION)
    if filters.currency is not None:
        yield Payment.currency == filters.currency
    if filters.method is not None:
        yield Payment.method_id == filters.method
    if filters.source is not None:
        yield Payment.source == filters.source
    if filters.no_partner:
        yield Payment.partner_id.is_(None)
    elif filters.partner is not None:
        yield partner_of(filters) == filters.partner


def partner_of(filters: Filters) -> ColumnElement[int | None]:
    """The partner that a payment came through; for a partner who reads it is OTHERS when it was
    not that one."""
    if filters.viewer is None:
        return Payment.partner_id.expression
    mine = Payment.partner_id == filters.viewer
    others = literal_column(str(OTHERS), Integer)
    return case((mine, Payment.partner_id), (Payment.partner_id.is_not(None), others))


def partner_name(filters: Filters) -> ColumnElement[str]:
    """The name of `partner_of`."""
    if filters.viewer is None:
        return Partner.name.expression
    mine = Payment.partner_id == filters.viewer
    others = literal_column("'other'", String)
    return case((mine, Partner.name), (Payment.partner_id.is_not(None), others))


def from_payments(query: Any) -> Any:
    """A query over payments with their bookings, and what describes them."""
    return (
        query.select_from(Payment)
        .outerjoin(Booking, Booking.id == Payment.booking_id)
        .outerjoin(Location, Location.id == Booking.location_id)
        .outerjoin(Contact, Contact.id == Booking.contact_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .outerjoin(Partner, Partner.id == Payment.partner_id)
    )


def of_booking() -> tuple[Any, ...]:
    """The columns of BOOKING."""
    name = func.trim(Contact.first_name + literal(" ") + Contact.last_name)
    return Location.name.label("location"), Booking.id.label("booking_id"), name.label("guest")


def only_if(condition: Condition, amount: Any) -> ColumnElement[int]:
    """The amount where the condition holds, otherwise nothing."""
    return case((condition, amount), else_=literal_column("0"))
