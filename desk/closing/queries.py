"""Reading for the pages of closed days: where days wait to be closed, and which are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from desk.access import me, within
from desk.paging import Slice, keyset
from kit.clock import begins, day_at
from kit.money import Money
from kit.paging import Order
from locations.models import Location
from office.closing.listed import closes_wanted
from office.closing.queries import looked_from, waiting
from office.closing.records import entries_of
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from staff.models import Person

NEWEST = Order((DayClose.__table__.c.day, DayClose.__table__.c.id))
ENTRIES = Order(
    (DayCloseEntry.__table__.c.payment_id, DayCloseEntry.__table__.c.kind), descending=False
)


@dataclass(frozen=True, slots=True)
class Waits:
    """A location and what is in no close yet: how many postings, and their sum in each currency.
    `last` is its latest close: id, day, moment and who; None before the first."""

    id: int
    name: str
    zone: str
    today: date
    last: Any
    count: int
    sums: Sequence[Money]

    @property
    def open_days(self) -> int:
        """How many days have begun since the last one that was closed."""
        return (self.today - self.last.day).days if self.last else 1

    @property
    def first(self) -> date:
        return self.last.day + timedelta(days=1) if self.last else self.today


@dataclass(frozen=True, slots=True)
class Summed:
    """What a close in a list says: entries, and sums and differences of cash by currency."""

    count: int
    sums: Sequence[Money]
    differences: Sequence[Money]


def places(session: Session, now: datetime) -> list[Waits]:
    """The locations in reach by name, and what waits at each. Two statements."""
    latest = (
        select(
            DayClose.location_id,
            func.max(DayClose.day).label("day"),
            func.min(DayClose.since).label("began"),
        )
        .group_by(DayClose.location_id)
        .subquery()
    )
    columns: list[Any] = [Location.id, Location.name, Location.time_zone.label("zone")]
    columns += [DayClose.id.label("close_id"), DayClose.day, DayClose.until, DayClose.closed_at]
    columns += [Person.email, latest.c.began]
    query = (
        select(*columns)
        .outerjoin(latest, latest.c.location_id == Location.id)
        .outerjoin(
            DayClose,
            (DayClose.location_id == Location.id) & (DayClose.day == latest.c.day),
        )
        .outerjoin(Person, Person.id == DayClose.person_id)
        .where(within(Location.id))
        .order_by(func.lower(Location.name), Location.id)
    )
    rows = session.execute(query).all()
    found = _waiting(session, rows, now)
    return [
        Waits(
            row.id, row.name, row.zone, day_at(now, row.zone),
            row if row.close_id is not None else None,
            sum(count for count, _ in found[row.id]),
            [amount for _, amount in found[row.id]],
        )
        for row in rows
    ]  # fmt: skip


def _waiting(
    session: Session, rows: Sequence[Any], now: datetime
) -> dict[int, list[tuple[int, Money]]]:
    """Postings by location and currency; at a location without any close those of today."""
    found: dict[int, list[tuple[int, Money]]] = defaultdict(list)
    since = {
        row.id: looked_from(row.began, row.until)
        if row.began
        else begins(day_at(now, row.zone), row.zone)
        for row in rows
    }
    if since:
        moved = waiting(since, now).subquery()
        total = func.sum(moved.c.amount + moved.c.charges + moved.c.tip)
        of = (moved.c.location_id, moved.c.currency)
        sums = select(*of, func.count(), total).group_by(*of).order_by(*of)
        for place, currency, count, minor in session.execute(sums):
            found[place].append((count, Money(int(minor), currency)))
    return found


def closes(session: Session, asked: dict[str, str]) -> tuple[Slice, dict[int, Summed]]:
    """A page of the closes that the filters leave, the latest day first, and what each says. Two
    statements."""
    columns: list[Any] = [DayClose.id, DayClose.day, DayClose.closed_at, Location.name]
    columns += [Location.time_zone, Person.email]
    query = select(*columns).join(Location, Location.id == DayClose.location_id)
    query = query.outerjoin(Person, Person.id == DayClose.person_id)
    page = keyset(session, query.where(*closes_wanted(asked, me().locations)), NEWEST)
    return page, _summed(session, [row.id for row in page.rows])


def _summed(session: Session, ids: Sequence[int]) -> dict[int, Summed]:
    figure = DayCloseFigure
    total = figure.cleared + figure.refunded + figure.voided + figure.charges + figure.tips
    wrong = func.sum(figure.counted - figure.opening - total)
    columns = (figure.close_id, figure.currency, func.sum(figure.count), func.sum(total), wrong)
    query = select(*columns).where(figure.close_id.in_(ids))
    query = query.group_by(figure.close_id, figure.currency).order_by(figure.currency)
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        rows[row.close_id].append(row)
    return {
        id: Summed(
            sum(int(row[2]) for row in rows[id]),
            [Money(int(row[3]), row.currency) for row in rows[id]],
            [Money(int(row[4]), row.currency) for row in rows[id] if row[4]],
        )
        for id in ids
    }


def entries(session: Session, close_id: int, method: int | None, currency: str | None) -> Slice:
    """A page of a close's entries, or of those by one method in one currency."""
    query = entries_of(close_id)
    if method is not None:
        query = query.where(DayCloseEntry.method_id == method)
    if currency is not None:
        query = query.where(DayCloseEntry.currency == currency)
    return keyset(session, query, ENTRIES)
