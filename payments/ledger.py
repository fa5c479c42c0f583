"""All the SQL of taking a payment: hold the booking, look at it, write what was decided.

Three statements, built once. Never hold and look in one: a locking SELECT that waited returns
the new booking with the OLD lines (READ COMMITTED), which was seen and is tested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.exc import DBAPIError

from audit.models import LogEntry
from bookings.models import Booking, Contact, Property, ScheduleLine, Stay
from kit.db import is_lock_timeout
from kit.sql import Changes, IsAmong, NextId, Query, rows_of
from locations.models import Location
from outbox.models import Message
from partners.events import Listener, listeners_at
from payments.commands import MethodKey
from payments.errors import BookingBusy
from payments.facts import (
    AnswerFacts,
    BookingFacts,
    ComingFacts,
    Facts,
    GuestFacts,
    LineFacts,
    MethodFacts,
    PlaceFacts,
    StayFacts,
    TagFacts,
    TwinFacts,
)
from payments.models import (
    COMING,
    HOLDS_KEYS,
    Allocation,
    CardOnFile,
    MethodPartner,
    MethodSwitchedOff,
    Payment,
    PaymentMethod,
    StoredAnswer,
)
from tags.models import BookingTag, Tag

BOOKING = bindparam("booking_id", type_=BigInteger)
METHOD = bindparam("method", type_=String)
METHOD_PUBLIC_ID = bindparam("method_public_id", type_=String)
METHOD_NUMBER = bindparam("method_number", type_=Integer)
PARTNER = bindparam("partner_id", type_=BigInteger)
REFERENCE = bindparam("reference", type_=String)
VPS_HASH = bindparam("vps_hash", type_=String)
TAGS = bindparam("tags", type_=Text)
KEY = bindparam("key", type_=String)


def _booking() -> Query:
    """The booking, its location and its guest in one row: BookingFacts, PlaceFacts, GuestFacts."""
    columns = [getattr(Booking, name) for name in BookingFacts.__dataclass_fields__]
    columns += [getattr(Location, name) for name in PlaceFacts.__dataclass_fields__]
    columns += [getattr(Contact, name) for name in GuestFacts.__dataclass_fields__]
    return (
        select(*columns)
        .join(Location, Location.id == Booking.location_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .where(Booking.id == BOOKING)
    )


def _lines() -> Query:
    line = ScheduleLine
    columns = (
        line.id,
        line.stage,
        line.due_on,
        line.amount,
        line.paid,
        line.property_id,
        line.name,
    )
    return select(*columns).where(line.booking_id == BOOKING)


def _stays() -> Query:
    columns = select(Stay.property_id, Property.name, Stay.arrives_on)
    ours = columns.join(Property, Property.id == Stay.property_id).where(Stay.booking_id == BOOKING)
    return ours.where(Stay.dropped_at.is_(None))


def _tags() -> Query:
    there = exists().where(BookingTag.booking_id == BOOKING, BookingTag.tag_id == Tag.id)
    columns = select(Tag.id, Tag.name, Tag.role, there.label("on_booking"))
    return columns.where(or_(IsAmong(Tag.id, TAGS), there))


def _coming() -> Query:
    columns = select(Payment.id, Payment.amount, Payment.wishes, Payment.property_id)
    waiting: ColumnElement[bool] = literal_column(COMING)
    return columns.where(Payment.booking_id == BOOKING, waiting)


def _method() -> Query:
    method = PaymentMethod
    kept = exists().where(MethodPartner.method_id == method.id)
    ours = kept.where(MethodPartner.partner_id == PARTNER)
    off_here = exists().where(
        MethodSwitchedOff.method_id == method.id,
        MethodSwitchedOff.location_id == Booking.location_id,
        Booking.id == BOOKING,
    )
    columns = select(
        method.id,
        method.name,
        method.from_outside,
        method.paying,
        method.overpayment,
        method.is_refund,
        and_(kept, ~ours).label("kept_for_others"),
        method.takes_tips,
    )
    # Two of the three are NULL, and nothing is equal to that.
    named = or_(
        method.name == METHOD,
        method.code == METHOD,
        method.public_id == METHOD_PUBLIC_ID,
        method.number == METHOD_NUMBER,
    )
    return columns.where(named, method.active, ~off_here)


def method_asked(method: str, by: MethodKey) -> dict[str, Any]:
    """The parameters that name a method in METHOD_ROW and LOOK."""
    return {
        "method": method if by == "name" else None,
        "method_public_id": method if by == "public_id" else None,
        "method_number": int(method) if by == "number" else None,
    }


def _twins() -> Query:
    same_reference = and_(Payment.partner_id == PARTNER, Payment.reference == REFERENCE)
    return select(Payment.id, Payment.reference, Payment.vps_hash).where(
        Payment.booking_id == BOOKING,
        or_(same_reference, Payment.vps_hash == VPS_HASH),
        literal_column(HOLDS_KEYS),
    )


def _answer() -> Query:
    columns = select(StoredAnswer.fingerprint, StoredAnswer.body)
    return columns.where(StoredAnswer.partner_id == PARTNER, StoredAnswer.key == KEY)


def _listeners() -> Query:
    place = select(Booking.location_id).where(Booking.id == BOOKING).scalar_subquery()
    return listeners_at(place)


HOLD = select(Booking.id).where(Booking.id == BOOKING).with_for_update(key_share=True)

# The same facts one by one, for what is done more rarely than taking a payment.
BOOKING_ROW, STAY_ROWS, METHOD_ROW = _booking(), _stays(), _method()
NEXT_PAYMENT_ID = select(NextId(literal_column("payments")))

LOOK = select(
    NextId(literal_column("payments")).label("payment_id"),
    rows_of(_booking()).label("booking"),
    rows_of(_lines()).label("lines"),
    rows_of(_stays()).label("stays"),
    rows_of(_tags()).label("tags"),
    rows_of(_coming()).label("coming"),
    rows_of(_method()).label("method"),
    rows_of(_twins()).label("twins"),
    rows_of(_answer()).label("answer"),
    rows_of(_listeners()).label("listeners"),
)

CHANGES = Changes(
    [
        Payment,
        CardOnFile,
        Allocation,
        ScheduleLine,
        Booking,
        BookingTag,
        LogEntry,
        Message,
        StoredAnswer,
    ],
    {
        "insert payments": "id booking_id method_id partner_id source state amount charges tip"
        " currency category paid_on settled_on cleared_at comments failure_reason reference"
        " vps_hash attributes wishes property_id balance_due_on send_email created_at",
        "insert cards_on_file": "payment_id sealed masks last_digits card_type",
        "insert allocations": "payment_id booking_id line_id amount cause created_at",
        "update schedule_lines": "id paid due_on",
        "update bookings": "id status paid credit charges modified_at event_count log_count"
        " log_hash log_seal",
        "insert booking_tags": "booking_id tag_id added_at",
        "delete booking_tags": "booking_id tag_id",
        "insert event_log": "chain no at action severity actor_kind actor_id body hash",
        "insert outbox": "kind message_id booking_id receiver context created_at due_at",
        "insert idempotency_keys": "partner_id key fingerprint body lasting created_at",
    },
    within={"bookings": "id", "schedule_lines": "booking_id", "booking_tags": "booking_id"},
)


@contextmanager
def patience() -> Iterator[None]:
    """A wait for a lock that took too long is BookingBusy, and may be tried again."""
    try:
        yield
    except DBAPIError as error:
        if is_lock_timeout(error):
            raise BookingBusy from None
        raise


def hold(connection: Connection, booking_id: int) -> None:
    """Lock the booking, alone. Raises BookingBusy when another request does not let go of it."""
    with patience():
        connection.execute(HOLD, {"booking_id": booking_id})


def look(connection: Connection, asked: Mapping[str, Any]) -> Facts:
    """Read everything the rules ask for. `asked` has a value for each parameter of LOOK."""
    row = connection.execute(LOOK, asked).one()
    booking, place, guest = None, None, None
    for found in row.booking:
        booking, place, guest = booking_facts(found)
    return Facts(
        payment_id=row.payment_id,
        booking=booking,
        place=place,
        guest=guest,
        lines=[LineFacts(*line) for line in row.lines],
        stays=[StayFacts(*stay) for stay in row.stays],
        tags=[TagFacts(*tag) for tag in row.tags],
        coming=[ComingFacts(*payment) for payment in sorted(row.coming)],
        method=MethodFacts(*row.method[0]) if row.method else None,
        twins=[TwinFacts(*twin) for twin in row.twins],
        answer=AnswerFacts(*row.answer[0]) if row.answer else None,
        listeners=[Listener(*each) for each in sorted(row.listeners)],
    )


_PLACE = len(BookingFacts.__dataclass_fields__)
_GUEST = _PLACE + len(PlaceFacts.__dataclass_fields__)


def booking_facts(row: Sequence[Any]) -> tuple[BookingFacts, PlaceFacts, GuestFacts]:
    """The three that one row of `_booking` tells of."""
    place, guest = row[_PLACE:_GUEST], row[_GUEST:]
    return BookingFacts(*row[:_PLACE]), PlaceFacts(*place), GuestFacts(*guest)


def write(
    connection: Connection, booking_id: int, rows: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Write what was decided for a booking; on PostgreSQL as one statement.

    Raises BookingBusy when the same Idempotency-Key is being written for another booking, by a
    request that does not end.
    """
    with patience():
        CHANGES.write(connection, booking_id, rows)
