"""Reading the event log: entries that the person at the desk may see, with all that their
sentences need, in one statement.

What is about a booking is seen by who reaches its location. What is about no booking is seen by
people of all locations, and by others where it names a location of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, case, or_, select, true

from audit.models import LogEntry
from audit.reading import AboutLocation, AboutPayment, AboutRefunded
from audit.recording import ZERO
from bookings.models import Booking, ScheduleLine
from desk.access import me
from desk.log.choices import Choices
from desk.log.filters import Filters
from desk.log_words import Names, PaymentWords, sentence
from desk.logged import LoggedEntry
from kit.sql import Query, rows_of
from payments.models import Payment, PaymentMethod


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as it is told; `where` is the location's name, `zone` that of its time there."""

    id: int
    entry: LoggedEntry
    text: str
    zone: str
    where: str

    @property
    def booking_id(self) -> int | None:
        found = self.entry.chain or self.entry.about.get("booking")
        return found if isinstance(found, int) else None

    @property
    def payment_id(self) -> int | None:
        found = self.entry.about.get("payment")
        return found if isinstance(found, int) else None

    @property
    def details(self) -> list[tuple[str, str, str]]:
        """What changed: the fact, how it was and how it is, as they are stored."""
        before, after = self.entry.before, self.entry.after
        return [
            (name.replace("_", " "), _plain(before, name), _plain(after, name))
            for name in {**before, **after}
            if before.get(name) != after.get(name) or (name in before) != (name in after)
        ]


def entries(filters: Filters, choices: Choices) -> Query:
    """The entries that are wanted and may be seen, without an order."""
    wanted = filters.wanted(choices)
    query = _columns().where(visible(), *wanted.conditions())
    if filters.location is not None:
        query = query.where(at_locations([filters.location]))
    if filters.payment is not None:
        query = query.where(*_of_payment(filters.payment))
    if filters.booking is not None and wanted.chain != filters.booking:
        query = query.where(LogEntry.chain == filters.booking)
    return query


def visible() -> ColumnElement[bool]:
    """Whether the person at the desk may see an entry."""
    mine = me().locations
    return true() if mine is None else at_locations(sorted(mine))


def at_locations(locations: list[int]) -> ColumnElement[bool]:
    """Whether an entry is about a booking at one of these locations, or names one of them."""
    here = and_(LogEntry.chain == ZERO, AboutLocation(LogEntry.body).in_(locations))
    return or_(Booking.location_id.in_(locations), here)


def _columns() -> Query:
    """The entry, and what its sentence says beside: the booking's currency, the payment's method
    and day, the lines that a guest was reminded of."""
    lines = select(ScheduleLine.id, ScheduleLine.name).where(
        ScheduleLine.booking_id == LogEntry.chain
    )
    payment = and_(Payment.id == AboutPayment(LogEntry.body), Payment.booking_id == LogEntry.chain)
    return (
        select(
            LogEntry.id,
            LogEntry.chain,
            LogEntry.no,
            LogEntry.at,
            LogEntry.body,
            Booking.location_id,
            Booking.currency,
            Payment.paid_on,
            PaymentMethod.name.label("method"),
            case((LogEntry.action == "booking.reminded", rows_of(lines.correlate(LogEntry)))).label(
                "lines"
            ),
        )
        .outerjoin(Booking, Booking.id == LogEntry.chain)
        .outerjoin(Payment, payment)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
    )


def _of_payment(payment_id: int) -> list[ColumnElement[bool]]:
    """Its entries and those of its refunds: all of them are in its booking's chain."""
    booking = select(Payment.booking_id).where(Payment.id == payment_id).scalar_subquery()
    about = (AboutPayment(LogEntry.body), AboutRefunded(LogEntry.body))
    return [LogEntry.chain == booking, or_(*(each == payment_id for each in about))]


def told(row: Any, choices: Choices) -> Told:
    """A row of `entries` in words."""
    entry = LoggedEntry.of_row(row)
    location = row.location_id or entry.about.get("location")
    location = location if isinstance(location, int) else None
    text = sentence(entry, _names(row, entry, choices))
    return Told(row.id, entry, text, choices.zone_of(location), choices.where(location))


def _names(row: Any, entry: LoggedEntry, choices: Choices) -> Names:
    payment = entry.about.get("payment")
    paid = PaymentWords(row.method, row.paid_on) if row.method else None
    return Names(
        methods=choices.methods,
        lines=dict(map(tuple, row.lines or ())),
        tags=choices.tags,
        locations={each.id: each.name for each in choices.places.values()},
        currencies={entry.chain: row.currency} if row.currency else {},
        payments={payment: paid} if payment and paid else {},
        partners=choices.partners,
        people=choices.people,
    )


def _plain(facts: Any, name: str) -> str:
    if name not in facts:
        return ""
    value = facts[name]
    return value if isinstance(value, str) else orjson.dumps(value).decode()
