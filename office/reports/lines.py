"""Reports on what bookings still ask for.

Outstanding is what of a line is not paid. What is promised on a booking is taken off what is due
first, as everywhere at the desk (desk.owing): `promised` is that part of a line, `open` the rest. A
cancelled booking waits for nothing, whatever its fee.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, case, cast, func, literal_column, select

from bookings.models import Booking, Contact, ScheduleLine
from kit.sql import Query
from kit.texts import N_
from office.reports.facts import (
    BOOKING,
    ONE,
    STANDS,
    Condition,
    DaysBetween,
    WeekOf,
    at_locations,
    of_days,
    places,
)
from office.reports.report import Detail, Dimension, FilterName, Filters, Measure, Report
from payments.models import Payment

OWED: Condition = literal_column("(schedule_lines.paid < schedule_lines.amount)")
COMING: Condition = literal_column("(payments.state IN ('uncleared', 'deferred'))")
NONE = literal_column("0", BigInteger)

FILTERS: tuple[FilterName, ...] = ("from", "to", "location", "currency")

# Ages by how many days late something is at most; the last is of whatever is later.
AGES = {
    "not_due": N_("Not yet due"),
    "1-7": N_("1 to 7 days"),
    "8-30": N_("8 to 30 days"),
    "31-60": N_("31 to 60 days"),
    "61-90": N_("61 to 90 days"),
    "over_90": N_("More than 90 days"),
}
UNTIL = {"not_due": 0, "1-7": 7, "8-30": 30, "31-60": 60, "61-90": 90}

MEASURES = (
    Measure("count", N_("Amounts due"), "count"),
    Measure("outstanding", N_("Outstanding")),
    Measure("promised", N_("Promised")),
    Measure("open", N_("Open")),
)
DETAILS = (
    Detail("line_id", N_("Line"), "number"),
    Detail("line", N_("What for"), "text"),
    Detail("due_on", N_("Due"), "day"),
    *BOOKING,
)


def _facts(filters: Filters) -> Query:
    """Every line that is not paid, with the week it is due in and how late it is."""
    line = _unpaid(filters).c
    before = line.upto - line.unpaid
    promised = _between(line.expected - before, line.unpaid)
    late = DaysBetween(line.today, line.due_on)
    return select(
        line.id.label("key"),
        line.id.label("line_id"),
        line.name.label("line"),
        line.due_on,
        line.currency,
        line.location,
        line.booking_id,
        line.guest,
        WeekOf(line.due_on).label("week"),
        _age(late).label("age"),
        case((late > 0, late), else_=literal_column("0")).label("days_late"),
        ONE.label("count"),
        line.unpaid.label("outstanding"),
        promised.label("promised"),
        (line.unpaid - promised).label("open"),
    ).where(*of_days(filters, line.due_on))


def _unpaid(filters: Filters) -> Subquery:
    """Lines with something to pay; `upto` is what its booking asks for up to and with the line,
    `expected` what is promised on the booking. Of all days: promises fall on what is due first."""
    line, at, expected = ScheduleLine, places(filters), _expected()
    unpaid = line.amount - line.paid
    upto = func.sum(unpaid).over(
        partition_by=line.booking_id, order_by=(line.due_on, line.stage, line.id)
    )
    guest = func.trim(Contact.first_name + literal_column("' '") + Contact.last_name)
    query = (
        select(
            line.id,
            line.name,
            line.due_on,
            line.booking_id,
            Booking.currency,
            at.c.name.label("location"),
            at.c.today,
            guest.label("guest"),
            unpaid.label("unpaid"),
            cast(upto, BigInteger).label("upto"),
            func.coalesce(expected.c.amount, NONE).label("expected"),
        )
        .join(Booking, Booking.id == line.booking_id)
        .join(at, at.c.id == Booking.location_id)
        .outerjoin(Contact, Contact.id == Booking.contact_id)
        .outerjoin(expected, expected.c.booking_id == line.booking_id)
        .where(OWED, STANDS, *at_locations(filters, Booking.location_id))
    )
    if filters.currency is not None:
        query = query.where(Booking.currency == filters.currency)
    return query.subquery("unpaid")


def _expected() -> Subquery:
    """What is promised or under way on each booking."""
    amount = cast(func.sum(Payment.amount), BigInteger).label("amount")
    query = select(Payment.booking_id, amount).where(COMING).group_by(Payment.booking_id)
    return query.subquery("expected")


def _between(amount: Any, most: Any) -> ColumnElement[int]:
    """The amount, but not below nothing and not above the most."""
    return case((amount < NONE, NONE), (amount > most, most), else_=amount)


def _age(late: ColumnElement[int]) -> ColumnElement[str]:
    *some, (last, _) = AGES.items()
    return case(*((late <= UNTIL[name], name) for name, _ in some), else_=last)


DUE = Report(
    name="due",
    title=N_("Outstanding by due week"),
    says=N_(
        "What bookings still ask for, by the week it is due in, with what is promised of it apart."
    ),
    facts=_facts,
    dimensions=(Dimension("week", N_("Week from"), "week"),),
    measures=MEASURES,
    details=DETAILS,
    chart=("open", "promised"),
    filters=FILTERS,
    dated_by=N_("Day it is due"),
    ordered_by=("due_on", "key"),
    newest_first=False,
)

OVERDUE = Report(
    name="overdue",
    title=N_("Age of what is overdue"),
    says=N_(
        "How long what bookings still ask for has been due, by the day at each location, with what"
        " is promised of it apart."
    ),
    facts=_facts,
    dimensions=(Dimension("age", N_("Overdue for"), "word", words=AGES),),
    measures=MEASURES,
    details=(*DETAILS, Detail("days_late", N_("Days overdue"), "number")),
    chart=("open", "promised"),
    filters=FILTERS,
    dated_by=N_("Day it is due"),
    ordered_by=("due_on", "key"),
    newest_first=False,
)
