"""Money that comes, goes back and is reversed at chosen moments, and days that are closed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from audit.chain import Actor, Origin
from bookings.models import Booking
from kit.db import in_transaction, reading, transaction
from kit.money import Money
from office.closing import queries
from office.closing.closing import Closed, CloseDay, Planned, close_day, plan
from office.closing.records import Record, record_of
from office.closing.rules import Count
from office.models import DayClose, DayCloseEntry
from payments.models import Payment
from payments.recording import RecordPayment, record_payment
from payments.refunding import RefundPayment, refund_payment
from payments.voiding import VoidPayment, void_payment
from tests import make

ANA = Origin(Actor("person", 7, "ana@example.com"))
DAY = date(2026, 11, 20)


def at(text: str) -> datetime:
    """A moment in UTC: "20 09:30" of November 2026, or "2026-10-25 00:30"."""
    whole = text if text.count("-") else f"2026-11-{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=UTC)


def pay(booking: int, amount: str, when: str, method: str = "Cash", **other: Any) -> int:
    """Record a payment at this moment; its id."""
    moment = at(when)
    asked: dict[str, Any] = {"state": "cleared", "paid_on": moment.date(), **other}
    order = RecordPayment(booking_id=booking, amount=Decimal(amount), method=method, **asked)
    done = in_transaction(lambda c: record_payment(c, order, ANA, lambda: moment))
    return done.payment_id


def refund(payment: int, amount: str | None, when: str, **other: Any) -> int:
    """Pay back so much of a payment, or all of it; the refund's id."""
    moment = at(when)
    minor = None if amount is None else Decimal(amount)
    order = RefundPayment(payment_id=payment, source="desk", amount=minor, **other)
    return in_transaction(lambda c: refund_payment(c, order, ANA, None, lambda: moment)).payment_id


def void(payment: int, when: str) -> int:
    """Reverse a payment, or a refund; its id."""
    moment = at(when)
    order = VoidPayment(payment_id=payment, reason="Typed in twice")
    return in_transaction(lambda c: void_payment(c, order, ANA, lambda: moment)).payment_id


def planned(day: date, when: str, location: int = 1) -> Planned:
    """What closing a day at this moment would take."""
    with reading() as session:
        return plan(session, queries.place_of(session, location), day, at(when))


def close(
    day: date, when: str, location: int = 1, counts: dict[tuple[int, str], Count] | None = None,
    **other: Any,
) -> Closed:  # fmt: skip
    """Close a day at this moment. Cash is what is expected, unless `counts` says otherwise."""
    shown = planned(day, when, location)
    given = {**as_expected(shown), **(counts or {})}
    order = CloseDay(location_id=location, day=day, counts=given, seen=shown.seal, **other)
    return in_transaction(lambda c: close_day(c, order, ANA, lambda: at(when)))


def as_expected(shown: Planned) -> dict[tuple[int, str], Count]:
    """Counts without a difference; a till that owes money stands empty, which is one."""
    found = {}
    for figure in shown.figures:
        minor = figure.total + shown.carried.get(figure.key, 0)
        if figure.kind == "cash":
            counted = Money(max(minor, 0), figure.currency).decimal
            found[figure.key] = Count(counted=counted, reason="" if minor >= 0 else "Lent")
    return found


def record(close_id: int) -> Record:
    with reading() as session:
        found = record_of(session, close_id, DayClose.id == close_id)
    assert found is not None
    return found


def entries(close_id: int | None = None) -> list[tuple[int, str]]:
    """Payment and kind of every entry, or of those of one close."""
    where = {} if close_id is None else {"close_id": close_id}
    return sorted((row.payment_id, row.kind) for row in make.rows_of(DayCloseEntry, **where))


def sums() -> dict[tuple[int, str], int]:
    """The ledger's cleared money with charges and tips, by location and currency."""
    query = select(Booking.location_id, Payment.currency, Payment.amount + Payment.charges
                   + Payment.tip)  # fmt: skip
    query = query.join(Booking, Booking.id == Payment.booking_id)
    found: dict[tuple[int, str], int] = {}
    with transaction() as connection:
        for place, currency, minor in connection.execute(query.where(Payment.state == "cleared")):
            found[place, currency] = found.get((place, currency), 0) + minor
    return found
