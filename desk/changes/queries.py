"""Reading what is to be changed: a booking with what hangs on it, and what can be booked there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, aliased
from werkzeug.exceptions import NotFound

from bookings.availability import Span, taken
from bookings.models import Booking, BookingExtra, Contact, Guest, Property, Stay
from bookings.offers import offers
from bookings.prices import Offer
from desk.access import within
from desk.words import _, day_text
from kit.money import Money
from kit.sql import rows_of
from locations.models import Location
from partners.models import Partner
from payments.account import PaymentRow
from staff.models import Person, PersonLocation, PersonPermission
from staff.permissions import Deviation, Permission, permissions_of

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """The booking that is to be changed, at its location; `booked` are its stays, each with the
    name of its property. `shares_guest`: the guest has other bookings too."""

    booking: Booking
    contact: Contact
    booked: Sequence[tuple[Stay, str]]
    location: str
    zone: str
    shares_guest: bool

    @property
    def id(self) -> int:
        return self.booking.id

    @property
    def status(self) -> str:
        return self.booking.status

    @property
    def is_cancelled(self) -> bool:
        return self.status == "cancelled"

    @property
    def seen(self) -> int:
        """How many entries its log has, for forms about its money."""
        return self.booking.log_count

    def money(self, minor: int) -> Money:
        return Money(minor, self.booking.currency)

    @property
    def open(self) -> Money:
        return self.money(self.booking.total - self.booking.paid)

    @property
    def total(self) -> Money:
        return self.money(self.booking.total)

    @property
    def guest(self) -> str:
        contact = self.contact
        return f"{contact.first_name} {contact.last_name}".strip() or contact.email or ""

    @property
    def stays(self) -> str:
        """The properties and their days, in one line."""
        return "; ".join(
            _(
                "%(place)s, %(first)s to %(last)s",
                place=name,
                first=day_text(stay.arrives_on),
                last=day_text(stay.leaves_on),
            )
            for stay, name in self.booked
        )

    @property
    def nights(self) -> int:
        return sum((stay.leaves_on - stay.arrives_on).days for stay, _name in self.booked)


@dataclass(frozen=True, slots=True)
class Amendable(Subject):
    """With what an amendment needs: the extras that are ordered; `offers` of the properties that
    are booked or asked for, by id; and what is `bookable` at the location, ids and names."""

    extras: Sequence[BookingExtra]
    offers: Mapping[int, Offer]
    bookable: Sequence[tuple[int, str]]


def subject(session: Session, booking_id: int) -> Subject:
    """The booking, if the person reaches it; otherwise there is nothing here (404). Two
    statements."""
    other = aliased(Booking)
    others = exists().where(other.contact_id == Contact.id, other.id != booking_id)
    query = (
        select(Booking, Contact, Location.name, Location.time_zone, others.label("shares"))
        .join(Location, Location.id == Booking.location_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .where(Booking.id == booking_id, within(Booking.location_id))
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound
    stays = select(Stay, Property.name).join(Property, Property.id == Stay.property_id)
    stand = stays.where(Stay.booking_id == booking_id, Stay.dropped_at.is_(None))
    booked = [(stay, name) for stay, name in session.execute(stand.order_by(Stay.id))]
    return Subject(row.Booking, row.Contact, booked, row.name, row.time_zone, row.shares)


def amendable(session: Session, booking_id: int, asked: Iterable[int]) -> Amendable:
    """The booking as `subject` finds it, for an amendment in which these properties are asked for;
    what is not at the location is passed over. Six statements."""
    found = subject(session, booking_id)
    sold = and_(Property.night_price.is_not(None), Property.payment_rule_id.is_not(None))
    query = select(Property.id, Property.name, sold.label("is_sold"))
    there = session.execute(query.where(Property.location_id == found.booking.location_id)).all()
    booked = {stay.property_id for stay, _name in found.booked}
    wanted = booked | ({each.id for each in there} & set(asked))
    extras = select(BookingExtra).where(
        BookingExtra.booking_id == booking_id, BookingExtra.property_id.in_(sorted(booked))
    )
    return Amendable(
        **{each.name: getattr(found, each.name) for each in fields(found)},
        extras=session.scalars(extras.order_by(BookingExtra.id)).all(),
        offers=offers(session.connection(), wanted, None),
        bookable=[(each.id, each.name) for each in there if each.is_sold],
    )


def guests(session: Session, booking_id: int) -> Sequence[Any]:
    """Names, ages and masked passports of those who stay, by property, the lead guest first."""
    same = and_(Stay.booking_id == Guest.booking_id, Stay.property_id == Guest.property_id)
    query = select(Guest.name, Guest.age, Guest.passport_mask).join(Stay, same)
    query = query.where(Guest.booking_id == booking_id, Stay.dropped_at.is_(None))
    return session.execute(query.order_by(Stay.id, Guest.is_lead.desc(), Guest.id)).all()


@dataclass(frozen=True, slots=True)
class Taken:
    """Nights of a property that another booking has, in days: the first and the last."""

    property: str
    booking_id: int
    first: date
    last: date


def in_the_way(session: Session, found: Subject) -> list[Taken]:
    """The bookings that have the nights which this one would take again."""
    spans = [
        Span("", stay.property_id, stay.arrives_on, stay.leaves_on) for stay, _name in found.booked
    ]
    gone = taken(session.connection(), spans, but_for=found.id) if spans else {}
    nights: dict[tuple[int, int], list[date]] = defaultdict(list)
    for property_id, each in gone.items():
        for night, holder in each:
            nights[property_id, holder].append(night)
    names = {stay.property_id: name for stay, name in found.booked}
    return [
        Taken(names[property_id], holder, min(days), max(days) + timedelta(days=1))
        for (property_id, holder), days in nights.items()
    ]


def names_of_partners(session: Session, payments: Iterable[PaymentRow]) -> dict[int, str]:
    """The names of the partners that recorded these payments."""
    ids = sorted({each.partner_id for each in payments if each.partner_id is not None})
    if not ids:
        return {}
    rows = session.execute(select(Partner.id, Partner.name).where(Partner.id.in_(ids)))
    return {row.id: row.name for row in rows}


def who_may(session: Session, permissions: Sequence[Permission], location_id: int) -> list[str]:
    """The addresses of a few people who have these permissions and reach the location."""
    deviations = select(PersonPermission.permission, PersonPermission.granted).where(
        PersonPermission.person_id == Person.id
    )
    limits = select(PersonLocation.location_id).where(PersonLocation.person_id == Person.id)
    rows = session.execute(
        select(
            Person.email,
            Person.role,
            rows_of(deviations.correlate(Person)).label("deviations"),
            rows_of(limits.correlate(Person)).label("locations"),
        )
        .where(Person.left_at.is_(None))
        .order_by(Person.id)
    )
    found = []
    for row in rows:
        own = [Deviation(Permission(name), bool(granted)) for name, granted in row.deviations]
        reached = [each for [each] in row.locations]
        if set(permissions) <= permissions_of(row.role, own):
            found += [row.email] if not reached or location_id in reached else []
    return found[:MOST_NAMED]
