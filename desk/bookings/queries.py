"""Reading for the list of bookings: two statements, whatever is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact, Property, ScheduleLine, Stay
from desk.access import within
from desk.bookings.searching import hits
from desk.owing import COMING, STANDS, promised, promised_to_lines, still_open
from desk.paging import Slice, keyset
from kit import clock
from kit.money import Money
from kit.paging import Order
from kit.sql import Query, rows_of
from locations.models import Location
from payments.models import Payment
from tags.models import BookingTag, Tag

MONEY = ("open", "overdue", "paid", "credit", "promised")
STATUSES = ("provisional", "booking", "cancelled", "blockout")

_CREATED: Any = (Booking.created_at, Booking.id)
_ARRIVES: Any = (Booking.arrives_on, Booking.id)
ORDERS: Mapping[str, Order] = {
    "newest": Order(_CREATED),
    "oldest": Order(_CREATED, descending=False),
    "arrival": Order(_ARRIVES, descending=False),
    "last_arrival": Order(_ARRIVES),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; None is not asked for. `q` is cleaned."""

    q: str = ""
    status: str | None = None
    location: int | None = None
    property: int | None = None
    tag: int | None = None
    arrives_from: date | None = None
    arrives_to: date | None = None
    money: str | None = None
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class Place:
    """A location the person reaches."""

    id: int
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer, by name; properties with the id of their location."""

    locations: Sequence[Place]
    properties: Sequence[tuple[int, str, int]]
    tags: Sequence[tuple[int, str]]

    @property
    def place_options(self) -> list[tuple[int, str]]:
        return [(place.id, place.name) for place in self.locations]

    @property
    def property_options(self) -> list[tuple[int, str]]:
        """With the location, where there are several."""
        if len(self.locations) < 2:
            return [(id, name) for id, name, _ in self.properties]
        places = dict(self.place_options)
        return [(id, f"{name}, {places[place]}") for id, name, place in self.properties]


@dataclass(frozen=True, slots=True)
class BookingRow:
    """One booking of the list: total = paid + promised + open. `tags` are names and colours."""

    id: int
    guest: str
    account: str
    status: str
    arrives_on: date
    leaves_on: date
    properties: Sequence[str]
    tags: Sequence[tuple[str, str]]
    total: Money
    paid: Money
    promised: Money
    open: Money
    credit: Money


def choices(session: Session) -> Choices:
    """One statement."""
    places = select(Location.id, Location.name, Location.time_zone).where(within(Location.id))
    houses = select(Property.id, Property.name, Property.location_id)
    row = session.execute(
        select(
            rows_of(places).label("locations"),
            rows_of(houses.where(within(Property.location_id))).label("properties"),
            rows_of(select(Tag.id, Tag.name)).label("tags"),
        )
    ).one()
    return Choices(
        [Place(*each) for each in _by_name(row.locations)],
        [tuple(each) for each in _by_name(row.properties)],
        [tuple(each) for each in _by_name(row.tags)],
    )


def _by_name(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return sorted(rows, key=lambda row: (str(row[1]).casefold(), row[0]))


def page_of_bookings(
    session: Session, wanted: Wanted, places: Sequence[Place], now: datetime
) -> tuple[list[BookingRow], Slice]:
    """One statement: a page of the bookings that are asked for."""
    found = keyset(session, listed(wanted, places, now), ORDERS[wanted.sort])
    return [_row(each) for each in found.rows], found


def listed(wanted: Wanted, places: Sequence[Place], now: datetime) -> Query:
    """All bookings that are wanted and in reach, without an order."""
    query = (
        select(
            *(getattr(Booking, name) for name in ("id", "account_identifier", "status", "currency",
              "arrives_on", "leaves_on", "total", "paid", "credit")),
            Contact.first_name,
            Contact.last_name,
            *HANGING,
        )
        .join(Contact, Contact.id == Booking.contact_id)
        .where(within(Booking.location_id))
    )  # fmt: skip
    if wanted.q:
        query = query.where(Booking.id.in_(select(hits(wanted.q).c[0])))
    for name, condition in CONDITIONS.items():
        if (value := getattr(wanted, name)) is not None:
            query = query.where(condition(value))
    if wanted.money == "overdue":
        return query.where(_is_overdue(places, now))
    return query.where(OF_MONEY[wanted.money]) if wanted.money else query


def _properties() -> Query:
    """Names of the properties of a booking, without those an amendment took out."""
    stays = select(Stay.id, Property.name).join(Property, Property.id == Stay.property_id)
    return stays.where(Stay.booking_id == Booking.id, Stay.dropped_at.is_(None))


def _tags() -> Query:
    tags = select(Tag.id, Tag.name, Tag.colour).join(BookingTag, BookingTag.tag_id == Tag.id)
    return tags.where(BookingTag.booking_id == Booking.id)


# What hangs on a booking of a query, and is read with it.
HANGING: Sequence[Any] = (
    rows_of(_properties()).label("properties"),
    rows_of(_tags()).label("tags"),
    promised_to_lines().label("promised"),
)


def _has_stay(property_id: int) -> ColumnElement[bool]:
    mine = (Stay.booking_id == Booking.id, Stay.dropped_at.is_(None))
    return exists().where(*mine, Stay.property_id == property_id)


def _has_tag(tag_id: int) -> ColumnElement[bool]:
    return exists().where(BookingTag.booking_id == Booking.id, BookingTag.tag_id == tag_id)


CONDITIONS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "status": lambda value: Booking.status == value,
    "location": lambda value: Booking.location_id == value,
    "property": _has_stay,
    "tag": _has_tag,
    "arrives_from": lambda day: Booking.arrives_on >= day,
    "arrives_to": lambda day: Booking.arrives_on <= day,
}
OF_MONEY: Mapping[str, ColumnElement[bool]] = {
    "open": and_(Booking.paid < Booking.total, Booking.total - Booking.paid > promised_to_lines()),
    "paid": and_(Booking.paid == Booking.total, Booking.total > 0),
    "credit": Booking.credit > 0,
    "promised": exists().where(Payment.booking_id == Booking.id, COMING),
}


def _is_overdue(places: Sequence[Place], now: datetime) -> ColumnElement[bool]:
    """Whether lines were due before today, and are neither paid nor promised: the same bookings as
    on Today. Today is the location's."""
    days: dict[date, list[int]] = {}
    for place in places:
        days.setdefault(clock.day_at(now, place.time_zone), []).append(place.id)
    late = [
        and_(Booking.location_id.in_(there), ScheduleLine.due_on < today)
        for today, there in days.items()
    ]
    owed: ColumnElement[bool] = literal_column("(schedule_lines.paid < schedule_lines.amount)")
    mine = (ScheduleLine.booking_id == Booking.id, owed, or_(*late))
    asked = select(func.sum(ScheduleLine.amount - ScheduleLine.paid)).where(*mine)
    # By the first the lines are found, few among many; the rest looks at those bookings only.
    is_left = asked.correlate(Booking).scalar_subquery() > promised(Booking.id)
    return and_(exists().where(*mine), STANDS, is_left)


def _row(row: Any) -> BookingRow:
    def money(minor: int) -> Money:
        return Money(minor, row.currency)

    is_open = still_open(row.total, row.paid, row.promised)
    return BookingRow(
        id=row.id,
        guest=f"{row.first_name} {row.last_name}".strip(),
        account=row.account_identifier,
        status=row.status,
        arrives_on=row.arrives_on,
        leaves_on=row.leaves_on,
        properties=[name for _, name in sorted(row.properties)],
        tags=[(name, colour) for _, name, colour in sorted(row.tags)],
        total=money(row.total),
        paid=money(row.paid),
        promised=money(row.total - row.paid - is_open),
        open=money(is_open),
        credit=money(row.credit),
    )
