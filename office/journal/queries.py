"""The journal read from the ledger: postings, their sums per day and account, their number.

Everything goes by the moments of recording (`cleared_at`, `voided_at`, those of allocations) and
their days at the location, never by days that are typed in: what is past does not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from bookings.models import Booking, ScheduleLine
from kit.sql import LocalDay, Query
from locations.models import Location
from office.journal.accounts import CHARGES, CREDIT, METHOD, TIP
from office.journal.entries import CAME, MOVED, REFUNDED, REVERSED, Key, Posting
from partners.models import Partner
from payments.models import MOVED_LATER, Allocation, Payment, PaymentMethod

AT_ONCE = 1000
# No zone is further from UTC than this, east or west.
EAST, WEST = timedelta(hours=14), timedelta(hours=12)
# What is before or after was recorded by nobody.
FIRST, LAST = date(1970, 1, 1), date(9000, 1, 1)
NEVER_MOVED = "cause IN ('payment', 'clearing')"
EVENT = f"CASE cause WHEN 'refund' THEN {REFUNDED} WHEN 'void' THEN {REVERSED} ELSE {MOVED} END"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Days of recording, both included, one location and one currency; None: all. `reach`: the
    locations that the reader reaches."""

    first: date | None = None
    last: date | None = None
    location: int | None = None
    currency: str | None = None
    reach: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """What was booked on one day in one currency at one place; `method_id` is of methods only."""

    day: date
    currency: str
    place: str
    method_id: int | None
    debit: int
    credit: int


def postings(session: Session, wanted: Wanted) -> Iterator[Posting]:
    """All postings in the order of the journal: those of an entry together, its method's first.
    They are read some at a time, however many there are."""
    return _read(session, _described(wanted))


def postings_of(session: Session, wanted: Wanted, keys: Sequence[Key]) -> Iterator[Posting]:
    """The postings of these entries."""
    there = _facts(wanted, (min(key[1] for key in keys), max(key[1] for key in keys)))
    mine = tuple_(there.c.whose, there.c.moment, there.c.event)
    named = [(whose, moment, event) for _, moment, whose, event in keys]
    return _read(session, _described(wanted, there).where(mine.in_(named)))


def count_postings(session: Session, wanted: Wanted) -> int:
    """How many lines the journal has."""
    return session.scalar(select(func.count()).select_from(_facts(wanted))) or 0


def entry_keys(wanted: Wanted) -> tuple[Query, tuple[ColumnElement[Any], ...]]:
    """A row for each entry, and the columns that order the rows: the values of its key."""
    facts = _facts(wanted)
    keys = select(facts.c.day, facts.c.moment, facts.c.whose, facts.c.event).distinct().subquery()
    return select(keys), tuple(keys.c)


def sums(session: Session, wanted: Wanted) -> list[Sum]:
    """The sums of all postings, by day, currency and place."""
    facts = _facts(wanted)
    by = (facts.c.day, facts.c.currency, facts.c.place, facts.c.method_id)
    debit = func.sum(facts.c.amount).filter(facts.c.amount > 0)
    credit = func.sum(facts.c.amount).filter(facts.c.amount < 0)
    query = select(*by, func.coalesce(debit, 0), func.coalesce(credit, 0)).group_by(*by)
    rows = session.execute(query.order_by(facts.c.day, facts.c.currency))
    return [Sum(*row[:4], int(row[4]), -int(row[5])) for row in rows]


def _read(session: Session, query: Query) -> Iterator[Posting]:
    rows = session.execute(query, execution_options={"yield_per": AT_ONCE})
    return (Posting(*row) for row in rows)


def _described(wanted: Wanted, there: Subquery | None = None) -> Query:
    """Postings with what is told of them, in the order of the journal."""
    facts = _facts(wanted) if there is None else there
    columns: list[Any] = [
        facts.c.day, facts.c.moment, facts.c.whose, facts.c.event, facts.c.place, facts.c.amount,
        facts.c.currency, facts.c.booking_id, facts.c.location, Payment.id, Payment.refund_of,
        facts.c.allocation_id, Payment.settled_on, Payment.method_id, PaymentMethod.name,
        PaymentMethod.code, Payment.source, Partner.name, Payment.reference,
    ]  # fmt: skip
    query: Query = (
        select(*columns)
        .join(Payment, Payment.id == facts.c.payment_id)
        .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .outerjoin(Partner, Partner.id == Payment.partner_id)
    )
    of_method = facts.c.place == METHOD
    key = (facts.c.day, facts.c.moment, facts.c.whose, facts.c.event)
    return query.order_by(*key, of_method.desc(), facts.c.payment_id, facts.c.place)


def _facts(wanted: Wanted, moments: tuple[datetime, datetime] | None = None) -> Subquery:
    """Every posting that is wanted, of `moments` alone where they are given."""
    between = moments or (None, None)
    since, until = _bounds(wanted, *between)
    parts = [
        *_moneys(Payment.cleared_at, since, until),
        *_moneys(Payment.voided_at, since, until),
        _came_to_lie(since, until),
        _moved(since, until),
    ]
    every = union_all(*parts).subquery()
    day = LocalDay(every.c.moment, Location.time_zone)
    query = (
        select(
            day.label("day"),
            Booking.currency.label("currency"),
            Location.client_name.label("location"),
            *every.c,
        )
        .join(Booking, Booking.id == every.c.booking_id)
        .join(Location, Location.id == Booking.location_id)
    )
    return _filtered(query, wanted, day).subquery("facts")


def _filtered(query: Select[Any], wanted: Wanted, day: ColumnElement[date]) -> Select[Any]:
    if wanted.first is not None:
        query = query.where(day >= wanted.first)
    if wanted.last is not None:
        query = query.where(day <= wanted.last)
    if wanted.location is not None:
        query = query.where(Booking.location_id == wanted.location)
    if wanted.currency is not None:
        query = query.where(Booking.currency == wanted.currency)
    if wanted.reach is not None:
        query = query.where(Booking.location_id.in_(sorted(wanted.reach)))
    return query


def _bounds(
    wanted: Wanted, since: datetime | None, until: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """Instants that no wanted posting is outside of, for the indexes: days end at other instants in
    each zone."""
    if since is None and wanted.first is not None:
        begins = min(max(wanted.first, FIRST), LAST)
        since = datetime.combine(begins, time(), UTC) - EAST
    if until is None and wanted.last is not None:
        ends = min(max(wanted.last, FIRST), LAST)
        until = datetime.combine(ends, time(), UTC) + timedelta(days=1) + WEST
    return since, until


def _within(
    query: Select[Any], moment: Any, since: datetime | None, until: datetime | None
) -> Select[Any]:
    query = query.where(moment.is_not(None))
    if since is not None:
        query = query.where(moment >= since)
    return query if until is None else query.where(moment <= until)


def _moneys(moment: Any, since: datetime | None, until: datetime | None) -> Iterator[Select[Any]]:
    """What payments and refunds themselves move: all of it on the method, charges and tips against
    it. What becomes void, the other way round."""
    sign = 1 if moment is Payment.cleared_at else -1
    event: ColumnElement[Any] = literal_column(str(REVERSED), Integer)
    if sign == 1:
        event = literal_column(
            f"CASE WHEN refund_of IS NULL THEN {CAME} ELSE {REFUNDED} END", Integer
        )
    amounts = {
        METHOD: Payment.amount + Payment.charges + Payment.tip,
        CHARGES: -Payment.charges,
        TIP: -Payment.tip,
    }
    for place, amount in amounts.items():
        method = Payment.method_id if place == METHOD else cast(null(), BigInteger)
        query = select(
            moment.label("moment"),
            Payment.booking_id,
            func.coalesce(Payment.refund_of, Payment.id).label("whose"),
            event.label("event"),
            literal_column(f"'{place}'", Text).label("place"),
            (amount * sign).label("amount"),
            Payment.id.label("payment_id"),
            method.label("method_id"),
            cast(null(), BigInteger).label("allocation_id"),
        )
        yield _within(query.where(amount != 0), moment, since, until)


def _came_to_lie(since: datetime | None, until: datetime | None) -> Select[Any]:
    """Where the money of payments lay first."""
    moment = Payment.cleared_at
    query = _lying(moment, literal_column(str(CAME), Integer))
    query = query.join(Payment, Payment.id == Allocation.payment_id)
    return _within(query.where(literal_column(NEVER_MOVED)), moment, since, until)


def _moved(since: datetime | None, until: datetime | None) -> Select[Any]:
    """Where it went to from there. What goes from a line to another of the same kind is nothing."""
    moment = Allocation.created_at
    query = _lying(moment, literal_column(EVENT, Integer)).where(literal_column(MOVED_LATER))
    query = query.group_by(literal_column(EVENT)).having(func.sum(Allocation.amount) != 0)
    return _within(query, moment, since, until)


def _lying(moment: Any, event: ColumnElement[Any]) -> Select[Any]:
    """Allocations by the kind of their lines: what comes to lie somewhere is a credit there."""
    place = func.coalesce(ScheduleLine.kind, literal_column(f"'{CREDIT}'"))
    query: Select[Any] = select(
        moment.label("moment"),
        Allocation.booking_id,
        Allocation.payment_id.label("whose"),
        event.label("event"),
        place.label("place"),
        cast(-func.sum(Allocation.amount), BigInteger).label("amount"),
        Allocation.payment_id.label("payment_id"),
        cast(null(), BigInteger).label("method_id"),
        func.min(Allocation.id).label("allocation_id"),
    )
    query = query.select_from(Allocation).outerjoin(
        ScheduleLine, ScheduleLine.id == Allocation.line_id
    )
    return query.group_by(moment, Allocation.booking_id, Allocation.payment_id, place)
