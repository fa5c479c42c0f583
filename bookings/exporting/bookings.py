"""Bookings in the columns that the import reads: one line each, streamed in the order of ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bookings.exporting.wanted import AT_ONCE, Wanted
from bookings.importing.columns import COLUMNS
from bookings.importing.entries import CONTACT, NOTES, PARTY
from bookings.models import Booking, Contact, Property, ScheduleLine, Source, Stay
from bookings.schedule import CANCELLATION_FEE
from kit import clock
from kit.money import Money
from kit.sheets import written
from kit.sql import Query
from locations.models import Location
from payments.allocation import DEPOSIT
from payments.models import Payment, PaymentMethod
from tags.models import BookingTag, Tag

# What amending added is asked for with the deposit or the balance.
BY_KIND = ("tax", "fee", "insurance", "security_deposit", CANCELLATION_FEE)


@dataclass(slots=True)
class Names:
    """Names that mean one thing only where they are read back; of others the id is written."""

    doubles: set[tuple[int, str]] = field(default_factory=set)

    def property(self, location_id: int, id: int, name: str) -> str:
        return str(id) if (location_id, name) in self.doubles else _word(id, name)


def _word(id: int, name: str) -> str:
    """Digits would be read as an id, and a semicolon as the end of a name."""
    return str(id) if name.isdigit() or ";" in name or name != name.strip() or not name else name


@dataclass(slots=True)
class Hanging:
    """What hangs on one booking."""

    stays: list[Any] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)
    tags: list[Any] = field(default_factory=list)
    payments: list[Any] = field(default_factory=list)


def count_bookings(session: Session, wanted: Wanted) -> int:
    query = wanted.of(select(func.count(Booking.id)), Booking.arrives_on)
    return session.scalar(query) or 0


def booking_rows(session: Session, wanted: Wanted) -> Iterator[list[str]]:
    """The cells of each booking, in the order of COLUMNS; four queries for each few hundred."""
    names = _names(session)
    rows = session.execute(_rows(wanted), execution_options={"yield_per": AT_ONCE})
    for some in rows.partitions():
        hanging = _hanging(session, [row.id for row in some])
        for row in some:
            cells = _cells(row, hanging[row.id], names)
            yield [written(cells.get(column)) for column in COLUMNS]


def _rows(wanted: Wanted) -> Query:
    columns = [getattr(Contact, name) for name in CONTACT] + [getattr(Booking, n) for n in NOTES]
    query = (
        select(
            Booking.id,
            Booking.location_id,
            Booking.account_identifier,
            Booking.external_reference,
            Booking.status,
            Booking.currency,
            Booking.arrives_on,
            Booking.leaves_on,
            Booking.paid,
            Booking.credit,
            Booking.created_at,
            Booking.source_id,
            Location.client_name,
            Location.time_zone,
            Source.name.label("source"),
            *columns,
        )
        .join(Location, Location.id == Booking.location_id)
        .join(Contact, Contact.id == Booking.contact_id)
        .outerjoin(Source, Source.id == Booking.source_id)
    )
    found: Query = wanted.of(query, Booking.arrives_on).order_by(Booking.id)
    return found


def _names(session: Session) -> Names:
    query = select(Property.location_id, Property.name).group_by(
        Property.location_id, Property.name
    )
    rows = session.execute(query.having(func.count() > 1))
    return Names({(row.location_id, row.name) for row in rows})


def _hanging(session: Session, ids: Sequence[int]) -> dict[int, Hanging]:
    stay = select(
        Stay.booking_id, Stay.property_id, Stay.accommodation, Property.name,
        *[getattr(Stay, name) for name in PARTY],
    ).join(Property, Property.id == Stay.property_id)  # fmt: skip
    stay = stay.where(Stay.booking_id.in_(ids), Stay.dropped_at.is_(None)).order_by(Stay.id)
    line = ScheduleLine
    lines = select(
        line.booking_id, line.kind, line.stage, line.amount, line.closed_amount, line.due_on
    )
    tags = select(BookingTag.booking_id, Tag.id, Tag.name)
    tags = tags.join(Tag, Tag.id == BookingTag.tag_id).where(BookingTag.booking_id.in_(ids))
    payments = select(
        Payment.booking_id, Payment.paid_on, Payment.reference, PaymentMethod.name
    ).join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    came = (Payment.state == "cleared", Payment.refund_of.is_(None))
    queries = {
        "stays": stay,
        "lines": lines.where(line.booking_id.in_(ids)).order_by(line.id),
        "tags": tags.order_by(Tag.id),
        "payments": payments.where(Payment.booking_id.in_(ids), *came).order_by(Payment.id),
    }
    found: dict[int, Hanging] = defaultdict(Hanging)
    for name, query in queries.items():
        for row in session.execute(query):
            getattr(found[row.booking_id], name).append(row)
    return found


def _cells(row: Any, hanging: Hanging, names: Names) -> dict[str, Any]:
    stays = hanging.stays
    cells = {name: getattr(row, name) for name in (*CONTACT, *NOTES)}
    cells |= {name: sum(getattr(stay, name) for stay in stays) or None for name in PARTY}
    cells |= {
        "account": row.account_identifier,
        "location": row.client_name,
        "property": ";".join(
            names.property(row.location_id, stay.property_id, stay.name) for stay in stays
        ),
        "arrival": row.arrives_on,
        "departure": row.leaves_on,
        "status": row.status,
        "external_reference": row.external_reference,
        "source": _word(row.source_id, row.source) if row.source_id is not None else None,
        "tags": ";".join(_word(tag.id, tag.name) for tag in hanging.tags),
        "created": clock.day_at(row.created_at, row.time_zone),
        "currency": row.currency,
    }
    if row.status != "blockout":
        rent = sum(stay.accommodation for stay in stays)
        cells["accommodation"] = Money(rent, row.currency)
        cells |= _schedule(row, hanging.lines)
    return cells | _payment(row, hanging.payments)


def _schedule(row: Any, lines: Sequence[Any]) -> dict[str, Any]:
    """Of a cancelled booking what its lines asked for; and what is kept of it."""
    amounts: dict[str, int] = {"deposit": 0, "balance": 0}
    days: dict[str, Any] = {}
    for line in lines:
        cancelled = row.status == "cancelled" and line.kind != CANCELLATION_FEE
        amount = line.amount if line.closed_amount is None or not cancelled else line.closed_amount
        stage = "deposit" if line.stage == DEPOSIT else "balance"
        kind = line.kind if line.kind in BY_KIND else stage
        if not amount:
            continue
        amounts[kind] = amounts.get(kind, 0) + amount
        if line.kind != CANCELLATION_FEE:
            days[f"{stage}_due"] = min(days.get(f"{stage}_due", line.due_on), line.due_on)
    return {name: Money(amount, row.currency) for name, amount in amounts.items()} | days


def _payment(row: Any, payments: Sequence[Any]) -> dict[str, Any]:
    """All money that is there as one payment, that of the last that came."""
    there = row.paid + row.credit
    if not there or not payments:
        return {}
    last = payments[-1]
    return {
        "paid": Money(there, row.currency),
        "paid_on": last.paid_on,
        "method": last.name,
        "reference": last.reference,
    }
