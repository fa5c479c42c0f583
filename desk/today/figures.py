"""The figures of Today and what stands beside the cards, read in one statement.

Amounts of different currencies are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, case, func, literal_column, select

from bookings.abandoning import accepted, held_from, held_until
from bookings.models import Booking
from desk.charts import Bars, Series
from desk.owing import COMING
from desk.today import things
from desk.today.rows import all_rows, day, instant
from desk.today.things import Locations
from desk.words import day_text, gettext, short_day_text
from kit.days import first_and_last
from kit.db import glance
from kit.money import Money
from kit.sql import Query, rows_of
from partners.models import Partner
from payments.models import Payment
from staff.models import Person

DAYS = 14
HELD = 10
LATEST = 8
LOOKED_AT = 500  # of the newest payments of the house, for the latest of some locations
PAYMENT = (
    "id",
    "booking_id",
    "amount",
    "currency",
    "state",
    "refund_of",
    "source",
    "created_at",
    "partner_id",
    "person_id",
)


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount, how many things it is of, and the first of their days."""

    amount: Money
    count: int
    first: date


@dataclass(frozen=True, slots=True)
class Chart:
    """What cleared in one currency, day by day, the oldest first."""

    currency: str
    days: tuple[tuple[date, Money], ...]

    @property
    def most(self) -> tuple[date, Money]:
        return max(self.days, key=lambda each: each[1].minor)

    @property
    def today(self) -> Money:
        return self.days[-1][1]

    @property
    def bars(self) -> Bars:
        """For the script that draws it: the first day and today are named."""
        titles = [day_text(day) for day, _ in self.days]
        labels = [short_day_text(self.days[0][0]), *[""] * (DAYS - 2), gettext("Today")]
        came = Series(gettext("Cleared"), [amount.plain for _, amount in self.days])
        return Bars(self.currency, titles, labels, [came], accent=DAYS - 1)


@dataclass(frozen=True, slots=True)
class HeldBooking:
    """A website booking in progress; its nights are freed at `until`."""

    booking_id: int
    until: datetime
    zone: str
    today: date


@dataclass(frozen=True, slots=True)
class LatestPayment:
    payment_id: int
    booking_id: int
    amount: Money
    state: str
    is_refund: bool
    who: str | None
    source: str
    at: datetime
    zone: str
    today: date


@dataclass(frozen=True, slots=True)
class Figures:
    """`today` is the latest day at any of the locations; None where there are no locations."""

    today: date | None
    cleared: list[Sum] = field(default_factory=list)
    promised: list[Sum] = field(default_factory=list)
    due: list[Sum] = field(default_factory=list)
    overdue: list[Sum] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    held_count: int = 0
    held: list[HeldBooking] = field(default_factory=list)
    latest: list[LatestPayment] = field(default_factory=list)


def figures(locations: Locations, now: datetime) -> Figures:
    """The money of these locations (None: of all)."""
    places = things.places(locations, now)
    found = glance(
        select(
            rows_of(select(places.c.today)).label("days"),
            all_rows(_cleared(places, now)).label("cleared"),
            all_rows(_promised(places)).label("promised"),
            all_rows(_owed(places, now)).label("owed"),
            all_rows(_held(places)).label("held"),
            all_rows(_latest(places)).label("latest"),
        ),
        {},
    )
    if not found.days:
        return Figures(None)
    today = max(day(text) for [text] in found.days)
    held = sorted(map(_held_row, found.held), key=lambda each: (each.until, each.booking_id))
    return Figures(
        today=today,
        cleared=_sums(row[1:] for row in found.cleared if row[0]),
        promised=_sums(found.promised),
        due=_sums(row[1:] for row in found.owed if row[0]),
        overdue=_sums(row[1:] for row in found.owed if not row[0]),
        charts=_charts(found.cleared, today),
        held_count=len(held),
        held=held[:HELD],
        latest=sorted(
            map(_latest_row, found.latest),
            key=lambda each: (each.at, each.payment_id),
            reverse=True,
        ),
    )


def _cleared(places: CTE, now: datetime) -> Query:
    """What came by day and currency; what was paid back does not make a day's income less."""
    first = first_and_last(now)[0] - timedelta(days=DAYS - 1)
    is_today = case((Payment.settled_on == places.c.today, 1), else_=0).label("is_today")
    return (
        select(
            is_today,
            Payment.currency,
            func.sum(Payment.amount).label("amount"),
            func.count().label("count"),
            Payment.settled_on,
        )
        .join(Booking, Booking.id == Payment.booking_id)
        .join(places, places.c.id == Booking.location_id)
        .where(
            literal_column("payments.state = 'cleared'"),
            Payment.refund_of.is_(None),
            Payment.settled_on >= first,
        )
        .group_by(is_today, Payment.currency, Payment.settled_on)
    )


def _promised(places: CTE) -> Query:
    return (
        select(
            Payment.currency,
            func.sum(Payment.amount).label("amount"),
            func.count().label("count"),
            func.min(Payment.paid_on).label("first"),
        )
        .join(Booking, Booking.id == Payment.booking_id)
        .join(places, places.c.id == Booking.location_id)
        .where(COMING, things.DEFERRED)
        .group_by(Payment.currency)
    )


def _owed(places: CTE, now: datetime) -> Query:
    """What is due today, and what was before."""
    line = things.late_lines(places, now, due_today=True).subquery().c
    is_today = case((line.due_on == line.today, 1), else_=0).label("is_today")
    sums = (
        func.sum(line.open).label("amount"),
        func.count().label("count"),
        func.min(line.due_on).label("first"),
    )
    query = select(is_today, Booking.currency, *sums)
    query = query.join(Booking, Booking.id == line.booking_id)
    return query.group_by(is_today, Booking.currency)


def _sums(rows: Iterable[Sequence[Any]]) -> list[Sum]:
    """A sum for each currency of currency, minor units, how many, and a day."""
    found: dict[str, Sum] = {}
    for currency, minor, count, first in rows:
        # PostgreSQL adds integers up to a number of any length.
        amount = Money(int(minor), currency)
        was = found.get(currency, Sum(Money.zero(currency), 0, day(first)))
        earliest = min(was.first, day(first))
        found[currency] = Sum(was.amount + amount, was.count + count, earliest)
    return sorted(found.values(), key=lambda each: (-each.count, each.amount.currency))


def _charts(rows: Sequence[Sequence[Any]], today: date) -> list[Chart]:
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    came: dict[str, dict[date, int]] = {}
    for _, currency, minor, _, settled_on in rows:
        mine = came.setdefault(currency, {})
        mine[day(settled_on)] = mine.get(day(settled_on), 0) + int(minor)
    return [
        Chart(currency, tuple((each, Money(mine.get(each, 0), currency)) for each in days))
        for currency, mine in sorted(came.items())
        if any(mine.get(each) for each in days)
    ]


def _held(places: CTE) -> Query:
    """Website bookings in progress that nothing was accepted for, and what their hold is counted
    from."""
    query = held_from().where(Booking.status == "provisional", ~accepted())
    query = query.join(places, places.c.id == Booking.location_id)
    return query.add_columns(places.c.time_zone, places.c.today).limit(1000)


def _held_row(row: Sequence[Any]) -> HeldBooking:
    booking_id, created_at, added_at, failed_at, minutes, zone, today = row
    added, failed = (instant(each) if each else None for each in (added_at, failed_at))
    until = held_until(instant(created_at), added, failed, minutes)
    return HeldBooking(booking_id, until, zone, day(today))


def _latest(places: CTE) -> Query:
    columns = [getattr(Payment, name) for name in PAYMENT]
    newest = select(*columns).order_by(Payment.id.desc()).limit(LOOKED_AT).subquery()
    wanted = [newest.c[name] for name in PAYMENT[:7]]
    return (
        select(
            *wanted,
            newest.c.created_at,
            func.coalesce(Person.email, Partner.name).label("who"),
            places.c.time_zone,
            places.c.today,
        )
        .join(Booking, Booking.id == newest.c.booking_id)
        .join(places, places.c.id == Booking.location_id)
        .outerjoin(Partner, Partner.id == newest.c.partner_id)
        .outerjoin(Person, Person.id == newest.c.person_id)
        .order_by(newest.c.created_at.desc(), newest.c.id.desc())
        .limit(LATEST)
    )


def _latest_row(row: Sequence[Any]) -> LatestPayment:
    payment_id, booking_id, minor, currency, state, refund_of, source, at, who, zone, today = row
    return LatestPayment(
        payment_id=payment_id,
        booking_id=booking_id,
        amount=Money(minor, currency),
        state=state,
        is_refund=refund_of is not None,
        who=who,
        source=source,
        at=instant(at),
        zone=zone,
        today=day(today),
    )
