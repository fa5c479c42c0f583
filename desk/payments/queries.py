"""Reading for the list of payments: two statements, however many filters there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact
from desk.access import within
from desk.paging import SIZE, Slice, keyset
from desk.partners.queries import at_hand
from kit.money import Money
from kit.paging import Order
from kit.sql import Query, rows_of
from locations.models import Location
from partners.models import Partner
from payments.models import Payment, PaymentMethod

# The day a payment stands on: that on which its money came, before that the one it is promised for
# or was tried on. A promise that came true early counts on the day it did, here as on Today.
stands_on = func.coalesce(Payment.settled_on.expression, Payment.paid_on.expression)
NEWEST_FIRST = Order((stands_on, Payment.id.expression))
CLEARED = Payment.state == literal_column("'cleared'")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the address, each None when it is not there. Days are both included;
    `reference` is the whole of one."""

    from_day: date | None = None
    to_day: date | None = None
    method: int | None = None
    partner: int | None = None
    location: int | None = None
    source: str | None = None
    state: str | None = None
    reference: str | None = None

    @property
    def any(self) -> bool:
        return any(getattr(self, each.name) is not None for each in fields(self))


@dataclass(frozen=True, slots=True)
class Day:
    """The payments of one day on a page, and the cleared money of the whole day that the filters
    leave, by currency: refunds count as less."""

    day: date
    rows: Sequence[Any]
    totals: Sequence[Money]


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by: ids and names."""

    methods: Sequence[tuple[int, str]]
    partners: Sequence[tuple[int, str]]
    locations: Sequence[tuple[int, str]]


def payments(session: Session, wanted: Wanted) -> tuple[Slice, list[Day], Choices]:
    """A page of the payments that the filters leave, the latest day first, by day."""
    page = keyset(session, filtered(_listed(), wanted), NEWEST_FIRST, SIZE)
    days = sorted({row.day for row in page.rows}, reverse=True)
    totals, choices = _beside(session, wanted, days)
    rows: dict[date, list[Any]] = defaultdict(list)
    for row in page.rows:
        rows[row.day].append(row)
    return page, [Day(day, rows[day], totals.get(day, ())) for day in days], choices


def _listed() -> Query:
    columns: list[Any] = [
        Payment.id, Payment.booking_id, Payment.amount, Payment.currency, Payment.state,
        stands_on.label("day"), Payment.source, Payment.refund_of, Payment.reference,
        Payment.failure_reason, PaymentMethod.name.label("method"),
        Partner.name.label("partner"), Location.name.label("location"), Contact.first_name,
        Contact.last_name,
    ]  # fmt: skip
    query = select(*columns).join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.join(Booking, Booking.id == Payment.booking_id)
    query = query.join(Contact, Contact.id == Booking.contact_id)
    query = query.join(Location, Location.id == Booking.location_id)
    return query.outerjoin(Partner, Partner.id == Payment.partner_id)


def filtered(query: Query, wanted: Wanted) -> Query:
    """The rows in reach that the filters leave of a query that joins payments and bookings."""
    same: Mapping[Any, Any] = {
        Payment.method_id: wanted.method,
        Payment.partner_id: wanted.partner,
        Booking.location_id: wanted.location,
        Payment.source: wanted.source,
        Payment.state: wanted.state,
        Payment.reference: wanted.reference,
    }
    found: list[ColumnElement[bool]] = [within(Booking.location_id)]
    found += [column == value for column, value in same.items() if value is not None]
    if wanted.from_day is not None:
        found.append(stands_on >= wanted.from_day)
    if wanted.to_day is not None:
        found.append(stands_on <= wanted.to_day)
    return query.where(*found)


def _beside(
    session: Session, wanted: Wanted, days: Sequence[date]
) -> tuple[dict[date, list[Money]], Choices]:
    """The days' totals and what there is to filter by, in one statement."""
    day = stands_on.label("day")
    sums = select(day, Payment.currency, func.sum(Payment.amount))
    sums = filtered(sums.join(Booking, Booking.id == Payment.booking_id), wanted)
    sums = sums.where(CLEARED, stands_on.in_(days)).group_by(day, Payment.currency)
    summed = sums.subquery()
    row = session.execute(
        select(
            rows_of(select(*summed.c)).label("sums"),
            rows_of(select(PaymentMethod.id, PaymentMethod.name)).label("methods"),
            rows_of(select(Partner.id, Partner.name).where(at_hand())).label("partners"),
            rows_of(select(Location.id, Location.name).where(within(Location.id))).label(
                "locations"
            ),
        )
    ).one()
    totals: dict[date, list[Money]] = defaultdict(list)
    for text, currency, minor in sorted(row.sums):
        totals[date.fromisoformat(text)].append(Money(int(minor), currency))
    return totals, Choices(_named(row.methods), _named(row.partners), _named(row.locations))


def _named(rows: Iterable[Sequence[Any]]) -> list[tuple[int, str]]:
    return sorted(((id, name) for id, name in rows), key=lambda each: each[1].casefold())
