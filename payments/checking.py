"""Reading the books of every booking, in order and in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bookings.models import Booking, ScheduleLine
from payments.books import (
    AllocationBook,
    BookingBook,
    Books,
    IntentBook,
    LineBook,
    PaymentBook,
)
from payments.gateways.models import CardIntent
from payments.models import Allocation, Payment

BOOKINGS_AT_ONCE = 500
# Why money comes to lie somewhere: of a payment's rows the first is its own.
CAME = ("payment", "clearing")


def all_books(session: Session) -> Iterator[Books]:
    """The books of all bookings by id, a few hundred at a time: five queries each."""
    last = 0
    while found := _some(session, Booking.id > last):
        yield from _with_all(session, found)
        last = found[-1].id


def books_of(session: Session, ids: Collection[int]) -> Iterator[Books]:
    """The books of some bookings (a few hundred at most), by id: five queries."""
    return _with_all(session, _some(session, Booking.id.in_(ids)))


def _some(session: Session, which: ColumnElement[bool]) -> list[BookingBook]:
    columns = [getattr(Booking, name) for name in BookingBook.__dataclass_fields__]
    query = select(*columns).where(which).order_by(Booking.id)
    return [BookingBook(*row) for row in session.execute(query.limit(BOOKINGS_AT_ONCE))]


def _with_all(session: Session, bookings: Sequence[BookingBook]) -> Iterator[Books]:
    ids = [booking.id for booking in bookings]
    lines = _by_booking(session, LineBook, ScheduleLine, ids)
    payments = _by_booking(session, PaymentBook, Payment, ids)
    intents = _by_booking(session, IntentBook, CardIntent, ids)
    allocations = _allocations(session, ids)
    for booking in bookings:
        each = booking.id
        yield Books(booking, lines[each], payments[each], allocations[each], intents[each])


def _by_booking(
    session: Session, book: Any, model: Any, ids: Sequence[int]
) -> dict[int, list[Any]]:
    columns = [getattr(model, name) for name in book.__dataclass_fields__]
    found: dict[int, list[Any]] = defaultdict(list)
    query = select(*columns).where(model.booking_id.in_(ids)).order_by(model.id)
    for row in session.execute(query):
        found[row.booking_id].append(book(*row))
    return found


def _allocations(session: Session, ids: Sequence[int]) -> dict[int, list[AllocationBook]]:
    place = (Allocation.payment_id, Allocation.booking_id, Allocation.line_id)
    came, void = Allocation.cause.in_(CAME), Allocation.cause == "void"
    moments = (
        func.min(Allocation.created_at).filter(came),
        func.min(Allocation.created_at).filter(void),
        func.max(Allocation.created_at).filter(void),
    )
    found: dict[int, list[AllocationBook]] = defaultdict(list)
    query = select(*place, func.sum(Allocation.amount), *moments)
    mine = query.where(Allocation.booking_id.in_(ids)).group_by(*place)
    for payment_id, booking_id, line_id, amount, *at in session.execute(mine):
        book = AllocationBook(payment_id, booking_id, line_id, int(amount), *at)
        found[booking_id].append(book)
    return found
