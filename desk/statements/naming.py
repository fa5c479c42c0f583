"""What proposals speak of, looked up in one statement: bookings, payments, lines they join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bookings.models import Booking, Contact
from desk.access import within
from desk.owing import promised_to_lines, still_open
from kit.money import Money
from kit.sql import rows_of
from payments.models import Payment, PaymentMethod
from payments.statements.models import BankLine
from payments.statements.proposing import Proposal


@dataclass(frozen=True, slots=True)
class BookingName:
    """A booking as a proposal names it; `open` is what is neither paid nor promised, `seen` how
    many entries its log has: whoever acts on this says so (ConfirmMatch.seen_bookings)."""

    id: int
    guest: str
    open: Money
    seen: int


@dataclass(frozen=True, slots=True)
class PaymentName:
    """A payment as a proposal names it. `moved` is all that came or is to come, with charges and
    tip; `day` that on which its money came, before that the one it is promised for."""

    id: int
    booking_id: int
    method: str
    state: str
    moved: Money
    day: date
    is_refund: bool

    @property
    def is_coming(self) -> bool:
        return self.state in ("uncleared", "deferred")


@dataclass(frozen=True, slots=True)
class LineName:
    """A line that a proposal takes; `revision` is the one that the page is made of."""

    id: int
    revision: int
    amount: Money
    booked_on: date


@dataclass(frozen=True, slots=True)
class Known:
    """All of them, by id."""

    bookings: Mapping[int, BookingName]
    payments: Mapping[int, PaymentName]
    lines: Mapping[int, LineName]


def known(session: Session, proposals: Iterable[Proposal]) -> Known:
    """The names of what these proposals speak of; one statement, none without proposals."""
    found = list(proposals)
    if not found:
        return Known({}, {}, {})
    parts = [part for proposal in found for part in proposal.parts]
    wanted = {part.payment_id for part in parts if part.payment_id is not None}
    lines = {line_id for proposal in found for line_id in proposal.line_ids}
    row = session.execute(
        select(
            rows_of(bookings_among({part.booking_id for part in parts})).label("bookings"),
            rows_of(payments().where(Payment.id.in_(sorted(wanted)))).label("payments"),
            rows_of(_lines(lines)).label("lines"),
        )
    ).one()
    return Known(
        bookings={each.id: each for each in map(booking_of, row.bookings)},
        payments={each.id: each for each in map(payment_of, row.payments)},
        lines={each.id: each for each in map(_line, row.lines)},
    )


def bookings_among(ids: Iterable[int]) -> Any:
    """The query whose rows `booking_of` reads; of bookings within reach."""
    columns: list[Any] = [Booking.id, Contact.first_name, Contact.last_name, Booking.total,
                          Booking.paid, promised_to_lines(), Booking.currency,
                          Booking.log_count]  # fmt: skip
    query = select(*columns).join(Contact, Contact.id == Booking.contact_id)
    return query.where(Booking.id.in_(sorted(ids)), within(Booking.location_id))


def booking_of(row: Any) -> BookingName:
    id, first, last, total, paid, promised, currency, seen = row
    return BookingName(
        id, f"{first} {last}".strip(), Money(still_open(total, paid, promised), currency), seen
    )


def payments() -> Any:
    """The query whose rows `payment_of` reads."""
    columns: list[Any] = [Payment.id, Payment.booking_id, PaymentMethod.name, Payment.state,
                          Payment.amount + Payment.charges + Payment.tip, Payment.currency,
                          Payment.paid_on, Payment.settled_on, Payment.refund_of]  # fmt: skip
    return select(*columns).join(PaymentMethod, PaymentMethod.id == Payment.method_id)


def payment_of(row: Any) -> PaymentName:
    """From a row of the query, or from what JSON made of it."""
    id, booking_id, method, state, moved, currency, paid_on, settled_on, refund_of = row
    day = settled_on or paid_on
    return PaymentName(
        id=id,
        booking_id=booking_id,
        method=method,
        state=state,
        moved=Money(moved, currency),
        day=date.fromisoformat(day) if isinstance(day, str) else day,
        is_refund=refund_of is not None,
    )


def _lines(ids: Iterable[int]) -> Any:
    columns = (BankLine.id, BankLine.revision, BankLine.amount, BankLine.currency,
               BankLine.booked_on)  # fmt: skip
    return select(*columns).where(BankLine.id.in_(sorted(ids)))


def _line(row: Any) -> LineName:
    id, revision, amount, currency, booked_on = row
    return LineName(id, revision, Money(amount, currency), date.fromisoformat(booked_on))
