"""The cards of Today: what needs a person, by kind, read in one statement.

Each card counts everything and shows a few; the rows come as JSON, in the order of the columns
that are selected here and the attributes that are named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import CTE, ColumnElement, String, cast, exists, func, join, literal, select

from audit.models import LogEntry
from bookings.abandoning import CLOSING
from bookings.models import Booking, ScheduleLine
from desk.messages.names import message_name
from desk.today import things
from desk.today.rows import (
    About,
    about_columns,
    all_rows,
    day,
    first_of,
    instant,
    read_booking,
    shown_of,
)
from desk.today.things import Locations
from desk.today.unknown import UnknownCard, shown_unknown, unknown_card
from kit.db import glance
from kit.money import Money
from kit.sql import Query
from outbox.models import Message, Receiver
from partners.models import Endpoint, Partner
from payments.models import Allocation, Payment, PaymentMethod
from staff.mails import WITH_LINK

T = TypeVar("T")
Shown = Callable[[CTE, CTE], Query]


@dataclass(frozen=True, slots=True)
class Card(Generic[T]):
    """How many there are of a kind, and the first of them."""

    count: int
    rows: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    about: About
    payment_id: int
    amount: Money
    open: Money
    method: str
    partner: str | None
    source: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is late of a booking: so many lines, the first of which was due on `since`; `name` is
    what the line is called when it is one."""

    about: About
    since: date
    open: Money
    lines: int
    name: str
    arrives_on: date
    reminded_at: datetime | None

    @property
    def days_late(self) -> int:
        return (self.about.today - self.since).days

    @property
    def arrives_in(self) -> int:
        return (self.arrives_on - self.about.today).days


@dataclass(frozen=True, slots=True)
class LatePromise:
    about: About
    payment_id: int
    amount: Money
    method: str
    promised_for: date

    @property
    def days_late(self) -> int:
        return (self.about.today - self.promised_for).days


@dataclass(frozen=True, slots=True)
class Credit:
    about: About
    amount: Money
    is_cancelled: bool
    paid_after: bool


@dataclass(frozen=True, slots=True)
class Deposit:
    about: About
    line_id: int
    amount: Money
    left_on: date


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that did not arrive. `to` is the partner it is for, None of an e-mail; `next_at`
    when it is tried again, None when it was given up. `has_link`: into somebody's account."""

    id: int
    name: str
    has_link: bool
    booking_id: int | None
    zone: str
    today: date | None
    to: str | None
    attempts: int
    next_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Cards:
    unknown: Card[UnknownCard]
    failed: Card[FailedAttempt]
    overdue: Card[Overdue]
    late_promises: Card[LatePromise]
    credit: Card[Credit]
    deposits: Card[Deposit]
    undelivered: Card[Undelivered]

    @property
    def count(self) -> int:
        return sum(getattr(self, name).count for name in self.__dataclass_fields__)


def cards(locations: Locations, now: datetime) -> Cards:
    """What needs a person at these locations (None: at all of them)."""
    places = things.places(locations, now)
    kinds: Mapping[str, tuple[things.Query, Shown, Callable[[Any], Any]]] = {
        "unknown": (things.unknown(places), shown_unknown, unknown_card),
        "failed": (things.failed(places), _failed, _failed_row),
        "overdue": (_late(places, now), _overdue, _overdue_row),
        "late_promises": (things.late_promises(places), _promises, _promise_row),
        "credit": (things.credit(places), _credit, _credit_row),
        "deposits": (things.deposits(places), _deposits, _deposit_row),
        "undelivered": (things.undelivered(places, locations), _undelivered, _undelivered_row),
    }
    columns: list[Any] = []
    for name, (found, shown, _) in kinds.items():
        # Looked for once, counted and shown.
        all_of_them = found.cte(f"all_{name}").prefix_with("MATERIALIZED")
        count = select(func.count()).select_from(all_of_them).scalar_subquery()
        columns += [count.label(f"{name}_count"), all_rows(shown(places, all_of_them)).label(name)]
    row = glance(select(*columns), {})
    return Cards(
        **{
            name: Card(
                getattr(row, f"{name}_count"),
                # The number in front keeps the order, which rows as JSON have not.
                tuple(make(each[1:]) for each in sorted(getattr(row, name), key=itemgetter(0))),
            )
            for name, (_, _, make) in kinds.items()
        }
    )


def _failed(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.id.desc())
    source = join(first, Payment, Payment.id == first.c.id)
    source = source.join(Booking, Booking.id == Payment.booking_id)
    source = source.join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    return shown_of(
        first,
        places,
        source.outerjoin(Partner, Partner.id == Payment.partner_id),
        *about_columns(places),
        Payment.id,
        Payment.amount,
        Booking.total - Booking.paid,
        PaymentMethod.name,
        Partner.name,
        Payment.source,
        Payment.created_at,
        func.coalesce(Payment.failure_reason, Payment.comments),
    )


def _failed_row(row: Sequence[Any]) -> FailedAttempt:
    about, money = read_booking(row)
    payment_id, amount, is_open, method, partner, source, at, reason = row[6:]
    amounts = (money(amount), money(is_open))
    by = (method, partner, source)
    return FailedAttempt(about, payment_id, *amounts, *by, instant(at), reason)


def _late(places: CTE, now: datetime) -> things.Query:
    """The bookings with late lines: since when, and how much of how many."""
    line = things.late_lines(places, now).subquery().c
    columns: list[Any] = [
        line.booking_id.label("id"),
        func.min(line.due_on).label("since"),
        func.sum(line.open).label("open"),
        func.count().label("lines"),
        func.min(line.name).label("name"),
        func.max(line.reminded_at).label("reminded_at"),
    ]
    return select(*columns).group_by(line.booking_id)


def _overdue(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.since, found.c.id)
    return shown_of(
        first,
        places,
        join(first, Booking, Booking.id == first.c.id),
        *about_columns(places),
        first.c.since,
        first.c.open,
        first.c.lines,
        first.c.name,
        Booking.arrives_on,
        first.c.reminded_at,
    )


def _overdue_row(row: Sequence[Any]) -> Overdue:
    about, money = read_booking(row)
    since, is_open, lines, name, arrives_on, reminded_at = row[6:]
    # PostgreSQL adds integers up to a number of any length.
    facts = (day(since), money(int(is_open)), lines, name, day(arrives_on))
    return Overdue(about, *facts, instant(reminded_at) if reminded_at else None)


def _promises(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.paid_on, found.c.id)
    source = join(first, Payment, Payment.id == first.c.id)
    source = source.join(Booking, Booking.id == Payment.booking_id)
    return shown_of(
        first,
        places,
        source.join(PaymentMethod, PaymentMethod.id == Payment.method_id),
        *about_columns(places),
        Payment.id,
        Payment.amount,
        PaymentMethod.name,
        Payment.paid_on,
    )


def _promise_row(row: Sequence[Any]) -> LatePromise:
    about, money = read_booking(row)
    payment_id, amount, method, paid_on = row[6:]
    return LatePromise(about, payment_id, money(amount), method, day(paid_on))


def _credit(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.credit.desc(), found.c.id)
    return shown_of(
        first,
        places,
        join(first, Booking, Booking.id == first.c.id),
        *about_columns(places),
        Booking.credit,
        Booking.status,
        _paid_after_cancelling(),
    )


def _paid_after_cancelling() -> ColumnElement[bool]:
    """Whether money came after the booking was cancelled; one that was cancelled from its first
    day on, as an import may bring it, has no entry that says when."""
    closed = select(func.max(LogEntry.at)).where(
        LogEntry.chain == Booking.id, LogEntry.action.in_(CLOSING)
    )
    since = func.coalesce(closed.correlate(Booking).scalar_subquery(), Booking.created_at)
    return (
        exists()
        .where(
            Allocation.booking_id == Booking.id,
            Allocation.cause.in_(("payment", "clearing")),
            Allocation.created_at > since,
            Payment.id == Allocation.payment_id,
            Payment.source != "import",
        )
        .correlate(Booking)
    )


def _credit_row(row: Sequence[Any]) -> Credit:
    about, money = read_booking(row)
    amount, status, paid_after = row[6:]
    is_cancelled = status == "cancelled"
    return Credit(about, money(amount), is_cancelled, is_cancelled and bool(paid_after))


def _deposits(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.due_on, found.c.id)
    source = join(first, ScheduleLine, ScheduleLine.id == first.c.id)
    return shown_of(
        first,
        places,
        source.join(Booking, Booking.id == ScheduleLine.booking_id),
        *about_columns(places),
        ScheduleLine.id,
        ScheduleLine.paid,
        Booking.leaves_on,
    )


def _deposit_row(row: Sequence[Any]) -> Deposit:
    about, money = read_booking(row)
    line_id, paid, leaves_on = row[6:]
    return Deposit(about, line_id, money(paid), day(leaves_on))


def _undelivered(places: CTE, found: CTE) -> Query:
    first = first_of(found, found.c.state, found.c.id.desc())
    source = join(first, Message, Message.id == first.c.id)
    source = source.outerjoin(Booking, Booking.id == Message.booking_id)
    source = source.outerjoin(places, places.c.id == Booking.location_id)
    name = literal("endpoint ") + cast(Endpoint.id, String)
    to = select(Partner.name).join(Endpoint, Endpoint.partner_id == Partner.id)
    columns = (
        first.c.number,
        Message.id,
        Message.kind,
        cast(Message.context, String),
        Message.booking_id,
        places.c.time_zone,
        places.c.today,
        to.where(name == Message.receiver).correlate(Message).scalar_subquery(),
        Message.state,
        Message.attempts,
        Message.due_at,
        Receiver.rests_until,
        Message.last_error,
    )
    wanted = [each.label(f"c{n}") for n, each in enumerate(columns)]
    source = source.outerjoin(Receiver, Receiver.name == Message.receiver)
    return select(*wanted).select_from(source)


def _undelivered_row(row: Sequence[Any]) -> Undelivered:
    id, kind, context, booking_id, zone, today, to, state, attempts, due_at, rests, problem = row
    due = max(instant(each) for each in (due_at, rests) if each)
    return Undelivered(
        id=id,
        name=message_name(kind, orjson.loads(context)),
        has_link=kind in WITH_LINK,
        booking_id=booking_id,
        zone=zone or "UTC",
        today=None if today is None else day(today),
        to=to,
        attempts=attempts,
        next_at=due if state == "waiting" else None,
        problem=problem,
    )
