"""Reading one booking with all that its page shows: three statements, whatever hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.chain import Head
from audit.models import LogEntry
from audit.recording import chain
from audit.verifying import verify
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
from desk.access import within
from desk.cards.offers import usable
from desk.cards.queries import CardRow, of_booking
from desk.cards.queries import rows as card_rows
from desk.logged import LoggedEntry
from desk.statements.matched import line_of
from kit.sql import Query, rows_of
from locations.models import Location
from partners.models import Partner
from payments.account import LineRow
from payments.models import Allocation, CardOnFile, Payment, PaymentMethod
from staff.models import Person
from tags.models import BookingTag, Tag

SHOWN = 20
MOST_VERIFIED = 400  # entries of a chain that is proved whole while its booking is shown

BOOKING = ("id", "account_identifier", "external_reference", "status", "currency", "arrives_on",
           "leaves_on", "total", "paid", "credit", "charges", "guest_notes", "housekeeper_notes",
           "internal_notes", "created_at", "log_count", "log_hash", "log_seal")  # fmt: skip
CONTACT = ("first_name", "last_name", "email", "telephone", "mobile")
PAYMENT = ("id", "state", "source", "amount", "charges", "tip", "refund_of", "paid_on", "wishes",
           "property_id", "failure_reason", "dismissed_at", "created_at", "method_id",
           "gateway")  # fmt: skip


@dataclass(frozen=True, slots=True)
class StayRow:
    """A property of the booking; the party is adults, children, infants and pets."""

    property_id: int
    property: str
    arrives_on: date
    leaves_on: date
    party: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag of the vocabulary."""

    id: int
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Log:
    """The end of the booking's chain, the newest first. `verified` None: too long to be proved
    here; otherwise whether it is whole. `broken` says what is not."""

    entries: Sequence[LoggedEntry]
    verified: bool | None
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything about one booking. `row` has its own columns, those of its guest and of its
    location (`place`, `time_zone`, `source_name`); `moved` are payment, line and amount of every
    row of the ledger, the oldest first; `payments` are by id; `cards` are the last card payments,
    and `usable` what gateways can do with the card of a payment, by its id."""

    row: Any
    stays: Sequence[StayRow]
    guests: Sequence[str]
    extras: Sequence[tuple[str, int, int]]
    lines: Sequence[LineRow]
    moved: Sequence[tuple[int, int | None, int]]
    tags: Sequence[TagRow]
    other_tags: Sequence[TagRow]
    payments: Sequence[Any]
    cards: Sequence[CardRow]
    usable: Mapping[int, Mapping[str, str]]
    log: Log


def one(session: Session, booking_id: int) -> Found | None:
    """The booking with this id, if the person reaches its location."""
    row = session.execute(_booking(booking_id)).first()
    if row is None:
        return None
    on_it = {tag_id for [tag_id] in row.tag_ids}
    vocabulary = sorted((TagRow(*each) for each in row.tags), key=lambda tag: tag.name.casefold())
    payments = session.execute(_payments(booking_id)).all()
    return Found(
        row=row,
        stays=[_stay(each) for each in sorted(row.stays)],
        guests=[name for *_, name in sorted(row.guests)],
        extras=[(name, quantity, price) for _, name, quantity, price in sorted(row.extras)],
        lines=[_line(each) for each in sorted(row.lines)],
        moved=[(each[1], each[2], each[3]) for each in sorted(row.moved, key=lambda x: x[0])],
        tags=[tag for tag in vocabulary if tag.id in on_it],
        other_tags=[tag for tag in vocabulary if tag.id not in on_it],
        payments=payments,
        cards=card_rows(row.cards),
        usable={each.id: usable(each.masks, each.gateway) for each in payments if each.masks},
        log=_log(session, row),
    )


def _booking(booking_id: int) -> Query:
    mine = Stay.booking_id == Booking.id
    stays = select(Stay.id, Stay.property_id, Property.name, Stay.arrives_on, Stay.leaves_on,
                   Stay.adults, Stay.children, Stay.infants, Stay.pets)  # fmt: skip
    stays = stays.join(Property, Property.id == Stay.property_id)
    guests = select(~Guest.is_lead, Guest.id, Guest.name)
    extras = select(BookingExtra.id, BookingExtra.name, BookingExtra.quantity, BookingExtra.price)
    lines = select(*(getattr(ScheduleLine, name) for name in LineRow.__dataclass_fields__))
    moved = select(Allocation.id, Allocation.payment_id, Allocation.line_id, Allocation.amount)
    on_it = select(BookingTag.tag_id).where(BookingTag.booking_id == Booking.id)
    return (
        select(
            *(getattr(Booking, name) for name in BOOKING),
            *(getattr(Contact, name) for name in CONTACT),
            Location.id.label("location_id"),
            Location.name.label("place"),
            Location.time_zone,
            Source.name.label("source_name"),
            rows_of(stays.where(mine, Stay.dropped_at.is_(None))).label("stays"),
            rows_of(guests.where(Guest.booking_id == Booking.id)).label("guests"),
            rows_of(extras.where(BookingExtra.booking_id == Booking.id)).label("extras"),
            rows_of(lines.where(ScheduleLine.booking_id == Booking.id)).label("lines"),
            rows_of(moved.where(Allocation.booking_id == Booking.id)).label("moved"),
            rows_of(on_it).label("tag_ids"),
            rows_of(select(Tag.id, Tag.name, Tag.colour)).label("tags"),
            of_booking(booking_id).label("cards"),
        )
        .join(Contact, Contact.id == Booking.contact_id)
        .join(Location, Location.id == Booking.location_id)
        .outerjoin(Source, Source.id == Booking.source_id)
        .where(Booking.id == booking_id, within(Booking.location_id))
    )


def _stay(each: Sequence[Any]) -> StayRow:
    _, property_id, name, arrives, leaves, *party = each
    days = date.fromisoformat(arrives), date.fromisoformat(leaves)
    adults, children, infants, pets = party
    return StayRow(property_id, name, *days, (adults, children, infants, pets))


def _line(each: Sequence[Any]) -> LineRow:
    values = dict(zip(LineRow.__dataclass_fields__, each, strict=True))
    return LineRow(**values | {"due_on": date.fromisoformat(values["due_on"])})


def _payments(booking_id: int) -> Query:
    columns = (getattr(Payment, name) for name in PAYMENT)
    return (
        select(
            *columns,
            PaymentMethod.name.label("method"),
            Partner.name.label("partner"),
            Person.email.label("person"),
            CardOnFile.masks,
            line_of(Payment.id).label("bank_line"),
        )
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .outerjoin(Partner, Partner.id == Payment.partner_id)
        .outerjoin(Person, Person.id == Payment.person_id)
        .outerjoin(CardOnFile, CardOnFile.payment_id == Payment.id)
        .where(Payment.booking_id == booking_id)
        .order_by(Payment.id)
    )


def _log(session: Session, row: Any) -> Log:
    """A chain of usual length is read whole and proved; of a longer one only the end is shown."""
    names = ("chain", "no", "at", "action", "severity", "actor_kind", "actor_id", "body", "hash")
    columns = (getattr(LogEntry, name) for name in names)
    query = select(*columns).where(LogEntry.chain == row.id).order_by(LogEntry.no.desc())
    is_whole = row.log_count <= MOST_VERIFIED
    # One more than may be proved: entries beyond the head are a fault, and would be found.
    found = session.execute(query.limit(MOST_VERIFIED + 1 if is_whole else SHOWN)).all()
    shown = [LoggedEntry.of_row(each) for each in found[:SHOWN]]
    if not is_whole:
        return Log(shown, None)
    head = Head(row.log_count, row.log_hash, row.log_seal)
    broken = list(verify(chain(), [(row.id, head)], reversed(found)))
    return Log(shown, not broken, str(broken[0]) if broken else "")


def deleted_at(log: Log, payment_id: int) -> datetime | None:
    """When a payment was deleted, as far as the shown entries tell."""
    for entry in log.entries:
        if entry.action == "payment.deleted" and entry.about.get("payment") == payment_id:
            return entry.at
    return None
