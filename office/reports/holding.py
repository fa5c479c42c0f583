"""What the agency holds and is not its own: credit of bookings, and security deposits."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, String, case, cast, func, literal, literal_column, select, union_all

from bookings.models import Booking, Contact, ScheduleLine
from kit.sql import Query
from kit.texts import N_
from office.reports.facts import (
    BOOKING,
    ONE,
    Condition,
    WeekOf,
    at_locations,
    of_days,
    only_if,
    places,
)
from office.reports.report import Detail, Dimension, Filters, Measure, Report

CREDIT: Condition = literal_column("(bookings.credit > 0)")
HELD: Condition = literal_column(
    "(schedule_lines.kind = 'security_deposit' AND schedule_lines.paid > 0)"
)

KINDS = {
    "credit": N_("Credit"),
    "credit_cancelled": N_("Credit of cancelled bookings"),
    "security_deposit": N_("Security deposit"),
}


def _facts(filters: Filters) -> Query:
    """One row for the credit of a booking, one for each line of a security deposit. Keys of the
    two are even and odd."""
    at = places(filters)
    both = union_all(_credit(filters, at), _deposits(filters, at)).subquery("held")
    return select(*both.c)


def _credit(filters: Filters, at: CTE) -> Query:
    kind = case((Booking.status == "cancelled", "credit_cancelled"), else_="credit")
    columns = _columns(at, kind, Booking.id * 2, Booking.credit)
    none = cast(literal_column("NULL"), ScheduleLine.id.type)
    query = select(*columns, none.label("line_id")).select_from(Booking)
    return _where(query, filters, at).where(CREDIT)


def _deposits(filters: Filters, at: CTE) -> Query:
    columns = _columns(
        at, literal("security_deposit", String), ScheduleLine.id * 2 + 1, ScheduleLine.paid
    )
    query = select(*columns, ScheduleLine.id.label("line_id")).select_from(ScheduleLine)
    return _where(query.join(Booking, Booking.id == ScheduleLine.booking_id), filters, at).where(
        HELD
    )


def _columns(at: CTE, kind: Any, key: Any, amount: Any) -> tuple[Any, ...]:
    guest = func.trim(Contact.first_name + literal(" ") + Contact.last_name)
    return (
        key.label("key"),
        kind.label("kind"),
        WeekOf(Booking.leaves_on).label("week"),
        Booking.leaves_on.label("leaves_on"),
        Booking.currency.label("currency"),
        at.c.name.label("location"),
        Booking.id.label("booking_id"),
        guest.label("guest"),
        ONE.label("count"),
        amount.label("amount"),
        only_if(Booking.leaves_on < at.c.today, amount).label("departed"),
    )


def _where(query: Query, filters: Filters, at: CTE) -> Query:
    query = query.join(at, at.c.id == Booking.location_id)
    query = query.outerjoin(Contact, Contact.id == Booking.contact_id)
    query = query.where(*at_locations(filters, Booking.location_id))
    query = query.where(*of_days(filters, Booking.leaves_on))
    if filters.currency is not None:
        query = query.where(Booking.currency == filters.currency)
    return query


HELD_MONEY = Report(
    name="held",
    title=N_("Credit and security deposits held"),
    says=N_(
        "Guests' money that is not the agency's: what fits no amount due, and security deposits"
        " that were paid and not returned, by the week of departure."
    ),
    facts=_facts,
    dimensions=(
        Dimension("kind", N_("What"), "word", words=KINDS),
        Dimension("week", N_("Week of departure"), "week"),
    ),
    measures=(
        Measure("count", N_("Number"), "count"),
        Measure("amount", N_("Held")),
        Measure("departed", N_("Held after departure")),
    ),
    details=(
        Detail("line_id", N_("Line"), "number"),
        Detail("leaves_on", N_("Departure"), "day"),
        *BOOKING,
    ),
    chart=("amount",),
    filters=("from", "to", "location", "currency"),
    dated_by=N_("Day of departure"),
    ordered_by=("leaves_on", "key"),
    newest_first=False,
)
