"""Creating a booking: prices, nights, schedule, tags and the first payment, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Connection, exists, insert, literal_column, or_, select

from audit.chain import Entry, Head, Origin
from audit.models import LogEntry
from audit.recording import chain
from bookings import errors
from bookings.availability import take_nights
from bookings.commands import CreateBooking
from bookings.errors import BookingError
from bookings.models import Booking, Contact, ScheduleLine, Source
from bookings.quoting import Quote, quote
from bookings.schedule import Due, schedule_of
from bookings.stays import insert_stay
from kit import clock
from kit.errors import Refused
from kit.fields import WHOLE
from kit.locales import locale_of
from kit.settings import setting
from kit.sql import NextId
from partners.authentication import Caller
from payments.account import Clock
from payments.allocation import BALANCE, DEPOSIT
from payments.commands import TakePayment
from payments.facts import BookingFacts
from payments.saving import tell
from payments.taking import Call, take_payment
from payments.telling import Figures, events_of
from payments.views import Receipt
from tags.models import BookingTag, Tag


@dataclass(frozen=True, slots=True)
class Created:
    """The new booking; `receipt` of the payment that came with it."""

    booking_id: int
    receipt: Receipt | None = None


def create_booking(
    connection: Connection,
    order: CreateBooking,
    caller: Caller | None,
    origin: Origin,
    clock_of: Clock = clock.now,
) -> Created:
    """Book, in the caller's transaction. `caller` None is the desk, which has looked where the
    person may book, and records payments by itself.

    Raises the errors of bookings.errors and, for the payment that came along, those of
    payments.errors, alone or several as Refused; nothing is written then.
    """
    source_id = _source_id(connection, order.source)
    locations = None if caller is None else caller.locations
    problems = _unknown(connection, order, source_id, locations)
    owners = order.is_owners
    now = clock_of()
    found = quote(
        connection, order.stays, locations, order.brand_id, problems, owners=owners, now=now
    )
    today = clock.day_at(now, found.place.time_zone)
    arrives_on = min(stay.wish.arrives_on for stay in found.stays)
    lines = [] if owners else schedule_of(found.prices, arrives_on, today)
    booking_id = connection.execute(select(NextId(literal_column("bookings")))).scalar_one()
    row = _row(connection, order, found, lines, booking_id, source_id, now)
    link, head = _first_entry(row, order, found, origin, now)
    row |= {"log_count": head.count, "log_hash": head.hash, "log_seal": head.seal}
    connection.execute(insert(Booking), [row | {"event_count": 1}])
    connection.execute(insert(LogEntry), [link])
    _tell(connection, row, now)
    take_nights(connection, booking_id, found.spans, name_holders=caller is None)
    Refused.if_any(found.refusals)
    for stay in found.stays:
        insert_stay(connection, booking_id, stay, at_no_cost=owners)
    _insert_lines(connection, booking_id, lines)
    _insert_tags(connection, booking_id, order.tags, now)
    receipt = _pay(connection, order, booking_id, found, lines, caller, origin, clock_of)
    return Created(booking_id, receipt)


def _unknown(
    connection: Connection,
    order: CreateBooking,
    source_id: int | None,
    locations: frozenset[int] | None,
) -> list[BookingError]:
    """Names and numbers that nothing of the agency is called by, but for the properties."""
    found: list[BookingError] = []
    if order.contact_id is not None and not _reaches(connection, order.contact_id, locations):
        found.append(errors.ContactUnknown(order.contact_id))
    if order.source is not None and source_id is None:
        names = connection.scalars(select(Source.name).order_by(Source.id))
        found.append(errors.SourceUnknown(order.source, list(names)))
    known = set(connection.scalars(select(Tag.id).where(Tag.id.in_(order.tags))))
    if strange := [tag for tag in order.tags if tag not in known]:
        found.append(errors.BookingTagUnknown(strange))
    return found


def _reaches(connection: Connection, contact_id: int, locations: frozenset[int] | None) -> bool:
    """A guest is known to whoever sees one of its bookings; others must not even learn of it."""
    mine = exists().where(Booking.contact_id == contact_id)
    if locations is not None:
        mine = mine.where(Booking.location_id.in_(sorted(locations)))
    return bool(connection.scalar(select(mine)))


def _source_id(connection: Connection, came: str | None) -> int | None:
    """By its name or its id: clients send either. A name comes first."""
    if came is None:
        return None
    by_id = Source.id == int(came) if WHOLE.fullmatch(came) else literal_column("false")
    named = Source.name == came
    found = select(Source.id).where(or_(named, by_id)).order_by(named.desc())
    return connection.scalar(found.limit(1))


def _row(
    connection: Connection,
    order: CreateBooking,
    found: Quote,
    lines: list[Due],
    booking_id: int,
    source_id: int | None,
    now: datetime,
) -> dict[str, Any]:
    due_now = any(due.stage == DEPOSIT for due in lines)
    status = "blockout" if order.is_owners else "provisional" if due_now else "booking"
    return {
        "id": booking_id,
        "location_id": found.place.id,
        "contact_id": order.contact_id or _insert_contact(connection, order.contact),
        "account_identifier": free_account(connection, found.place.id, booking_id),
        "external_reference": order.external_reference,
        "source_id": source_id,
        "status": status,
        "is_owners": order.is_owners,
        "currency": found.place.currency,
        "arrives_on": min(stay.wish.arrives_on for stay in found.stays),
        "leaves_on": max(stay.wish.leaves_on for stay in found.stays),
        "total": sum(due.amount for due in lines),
        "guest_notes": order.guest_notes,
        "housekeeper_notes": order.housekeeper_notes,
        "internal_notes": order.internal_notes,
        "created_at": now,
        "modified_at": now,
    }


def _insert_contact(connection: Connection, contact: dict[str, str]) -> int:
    values = {**contact, "locale": locale_of(contact.get("country", ""))}
    return connection.execute(insert(Contact).returning(Contact.id), [values]).scalar_one()


def free_account(connection: Connection, location_id: int, booking_id: int) -> str:
    """`A<id>.1`, or the next one when somebody has given that very name to another booking."""
    for number in count(1):
        name = f"A{booking_id}.{number}"
        there = exists().where(Booking.location_id == location_id)
        if not connection.scalar(select(there.where(Booking.account_identifier == name))):
            break
    return name


def _insert_lines(connection: Connection, booking_id: int, lines: list[Due]) -> None:
    rows = [
        {"booking_id": booking_id, **{n: getattr(due, n) for n in Due.__dataclass_fields__}}
        for due in lines
    ]
    if rows:
        connection.execute(insert(ScheduleLine), rows)


def _insert_tags(
    connection: Connection, booking_id: int, tags: tuple[int, ...], now: datetime
) -> None:
    rows = [{"booking_id": booking_id, "tag_id": tag, "added_at": now} for tag in tags]
    if rows:
        connection.execute(insert(BookingTag), rows)


def _first_entry(
    row: dict[str, Any], order: CreateBooking, found: Quote, origin: Origin, now: datetime
) -> tuple[dict[str, Any], Head]:
    """The row that begins the booking's chain, and where the chain ends with it."""
    entry = Entry(
        action="booking.created",
        about={"booking": row["id"], "location": row["location_id"]},
        before={},
        after={
            "status": row["status"],
            "total": row["total"],
            "currency": row["currency"],
            "stays": [[s.wish.property, s.wish.arrives_on, s.wish.leaves_on] for s in found.stays],
            "tags_added": list(order.tags),
        },
    )
    return chain().link(row["id"], chain().empty(row["id"]), entry, origin, now)


def _tell(connection: Connection, row: dict[str, Any], now: datetime) -> None:
    """The booking's first event, to whoever listens to its location."""
    columns = BookingFacts.__dataclass_fields__.keys() & row.keys()
    money: dict[str, Any] = {"paid": 0, "credit": 0, "charges": 0}
    booking = BookingFacts(**money, **{name: row[name] for name in columns})
    after = Figures(booking.status, booking.total, 0, 0)
    tell(connection, booking, events_of("booking.created", booking, after), now)


def _pay(
    connection: Connection,
    order: CreateBooking,
    booking_id: int,
    found: Quote,
    lines: list[Due],
    caller: Caller | None,
    origin: Origin,
    clock_of: Clock,
) -> Receipt | None:
    """The payment that came along, through the ledger's own door."""
    paying = order.paying
    if paying is None:
        return None
    if caller is None:
        raise ValueError("a payment comes along with a partner's booking only")
    take = TakePayment(
        source="ipro",
        booking_id=booking_id,
        amount=paying.amount,
        charges=Decimal(0),
        currency=found.place.currency,
        state="deferred" if paying.deferred else "cleared",
        method=paying.method,
        paid_on=clock.day_at(clock_of(), found.place.time_zone),
        card=paying.card,
        send_email=order.send_email,
        reference=paying.reference,
        balance_due_on=paying.balance_due_on or _due_by_rule(lines),
    )
    return take_payment(connection, take, caller, Call(origin, lambda _: b""), clock_of).receipt


def _due_by_rule(lines: list[Due]) -> date | None:
    """Where every instalment must say when the rest is due, a rule's schedule says it by itself."""
    if not setting("INSTALMENTS_REQUIRE_DUE_DATE"):
        return None
    return max((due.due_on for due in lines if due.stage == BALANCE), default=None)
