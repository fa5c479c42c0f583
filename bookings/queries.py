"""Reading bookings for lists: filters, pages, and everything that hangs on a booking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, or_, select
from sqlalchemy.orm import Session, defer

from audit.chain import Head
from bookings.models import (
    Booking,
    BookingExtra,
    Contact,
    Guest,
    Property,
    ScheduleLine,
    Source,
    Stay,
)
from kit.paging import Bookmarks, Order, page
from kit.sql import Query
from locations.models import Location
from payments.models import Payment
from tags.models import BookingTag, Tag

MOST = 300


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings to list; every day range includes both its ends. None or empty: all."""

    booking_id: int | None = None
    term: str | None = None
    status: str | None = None
    property_ids: tuple[int, ...] = ()
    contact_ids: tuple[int, ...] = ()
    balance: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    arrives_from: date | None = None
    arrives_to: date | None = None
    modified_from: datetime | None = None
    modified_to: datetime | None = None
    with_tags: tuple[int, ...] = ()
    without_tags: tuple[int, ...] = ()
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    by: str = "created"
    descending: bool = True

    def order(self) -> Order:
        column = {"created": Booking.created_at, "arrival": Booking.arrives_on}[self.by]
        return Order((column.expression, Booking.id.expression), self.descending)


@dataclass(slots=True)
class BookingView:
    """A booking with all that hangs on it as it stands: without stays that an amendment took out
    (and their guests and extras), and without lines that a cancellation closed. The lead guest of
    the first stay comes first."""

    booking: Booking
    contact: Contact
    source: str | None
    stays: list[tuple[Stay, str]] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)
    extras: list[BookingExtra] = field(default_factory=list)
    lines: list[ScheduleLine] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)


def log_heads(session: Session) -> Iterator[tuple[int, Head]]:
    """Where the event log of each booking ends, by booking id."""
    columns = (Booking.id, Booking.log_count, Booking.log_hash, Booking.log_seal)
    rows = session.execute(
        select(*columns).order_by(Booking.id), execution_options={"yield_per": 1000}
    )
    for row in rows:
        yield row.id, Head(row.log_count, row.log_hash, row.log_seal)


def page_of_bookings(
    session: Session,
    locations: frozenset[int],
    wanted: BookingFilter,
    sorting: Sorting,
    size: int,
    index: int,
    bookmarks: Bookmarks,
) -> tuple[list[BookingView], int]:
    """Page `index` (from 1) of the bookings, and how many there are in all: nine queries,
    whatever the size."""
    name = ("bookings", locations, wanted, sorting)
    filtered = _filtered(locations, wanted)
    found = page(session, filtered, sorting.order(), size, index, bookmarks, name)
    return by_ids(session, found.ids), found.total


def by_ids(session: Session, ids: Sequence[int]) -> list[BookingView]:
    """The bookings with these ids, in their order."""
    if not ids:
        return []
    rows = session.execute(
        select(Booking, Contact, Source.name)
        .join(Contact, Contact.id == Booking.contact_id)
        .outerjoin(Source, Source.id == Booking.source_id)
        .where(Booking.id.in_(ids))
    )
    views = {row.Booking.id: BookingView(row.Booking, row.Contact, row.name) for row in rows}
    for name, query in _hanging(ids).items():
        for booking_id, *found in session.execute(query):
            getattr(views[booking_id], name).append(found[0] if len(found) == 1 else tuple(found))
    return [views[each] for each in ids]


def _hanging(ids: Sequence[int]) -> dict[str, Query]:
    """What hangs on these bookings, by its name in BookingView: the booking's id, then the row."""
    stays = select(Stay.booking_id, Stay, Property.name)
    stays = stays.join(Property, Property.id == Stay.property_id)
    lines = select(ScheduleLine.booking_id, ScheduleLine)
    tags = select(BookingTag.booking_id, Tag).join(Tag, Tag.id == BookingTag.tag_id)
    payments = select(Payment.booking_id, Payment)
    # A list never needs the number of a passport, not even encrypted.
    guests = select(Guest.booking_id, Guest).options(defer(Guest.passport, raiseload=True))
    extras = select(BookingExtra.booking_id, BookingExtra)
    return {
        "stays": stays.where(Stay.booking_id.in_(ids), _stands()).order_by(Stay.id),
        "guests": _of_stays(guests, Guest, ids).order_by(Stay.id, Guest.is_lead.desc(), Guest.id),
        "extras": _of_stays(extras, BookingExtra, ids).order_by(Stay.id, BookingExtra.id),
        "lines": lines.where(
            ScheduleLine.booking_id.in_(ids), ScheduleLine.closed_amount.is_(None)
        ).order_by(ScheduleLine.id),
        "tags": tags.where(BookingTag.booking_id.in_(ids)).order_by(Tag.id),
        "payments": payments.where(Payment.booking_id.in_(ids)).order_by(Payment.id),
    }


def _of_stays(query: Query, model: type[Guest | BookingExtra], ids: Sequence[int]) -> Query:
    """Those of the stays that stand."""
    same = and_(Stay.booking_id == model.booking_id, Stay.property_id == model.property_id)
    return query.join(Stay, same).where(model.booking_id.in_(ids), _stands())


def _stands() -> ColumnElement[bool]:
    """Whether no amendment took the stay out of its booking."""
    return Stay.dropped_at.is_(None)


def _filtered(locations: frozenset[int], wanted: BookingFilter) -> Query:
    query = select(Booking).where(Booking.location_id.in_(sorted(locations)))
    for name, condition in CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None and value != ():
            query = query.where(condition(value))
    if wanted.term is not None:
        query = query.join(Contact, Contact.id == Booking.contact_id).where(_matches(wanted.term))
    return query


def _matches(term: str) -> ColumnElement[bool]:
    """A term finds guests by name or e-mail, and bookings by id, account or foreign reference."""
    like = "%" + term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    name = Contact.first_name + " " + Contact.last_name
    columns = (name, Contact.email, Booking.account_identifier, Booking.external_reference)
    found = [column.ilike(like, escape="\\") for column in columns]
    return or_(*found, cast(Booking.id, String) == term)


def _has_stay(properties: Sequence[int]) -> ColumnElement[bool]:
    return exists().where(
        Stay.booking_id == Booking.id, Stay.property_id.in_(properties), _stands()
    )


def _has_tag(tags: Sequence[int]) -> ColumnElement[bool]:
    return exists().where(BookingTag.booking_id == Booking.id, BookingTag.tag_id.in_(tags))


def _has_no_tag(tags: Sequence[int]) -> ColumnElement[bool]:
    return ~_has_tag(tags)


def _balance(which: str) -> ColumnElement[bool]:
    """paid: nothing is outstanding; outstanding: something is."""
    return Booking.paid == Booking.total if which == "paid" else Booking.paid < Booking.total


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "booking_id": lambda value: Booking.id == value,
    "status": lambda value: Booking.status == value,
    "property_ids": _has_stay,
    "contact_ids": Booking.contact_id.in_,
    "balance": _balance,
    "ordered_from": lambda day: Booking.created_at >= _midnight(day),
    "ordered_to": lambda day: Booking.created_at <= datetime.combine(day, time.max, UTC),
    "arrives_from": lambda day: Booking.arrives_on >= day,
    "arrives_to": lambda day: Booking.arrives_on <= day,
    "modified_from": lambda moment: Booking.modified_at >= moment,
    "modified_to": lambda moment: Booking.modified_at <= moment,
    "with_tags": _has_tag,
    "without_tags": _has_no_tag,
    "location_id": lambda value: Booking.location_id == value,
}


def properties(session: Session, locations: frozenset[int]) -> list[tuple[Property, str]]:
    """The properties of these locations, with the currency they are let in."""
    query = select(Property, Location.currency).join(Location, Location.id == Property.location_id)
    query = query.where(Property.location_id.in_(sorted(locations))).order_by(Property.id)
    return [(row.Property, row.currency) for row in session.execute(query)]


def sources(session: Session) -> list[Source]:
    return list(session.scalars(select(Source).order_by(Source.id)))
