"""Reading closes: each as it was made, for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session, aliased

from kit.sql import Query
from locations.models import Location
from office.closing.rules import Figure, Line, Place, cash_first
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from payments.models import Payment
from staff.models import Person


@dataclass(frozen=True, slots=True)
class Door:
    """What came by one door (`Payment.source`) in one currency, everything taken off that was paid
    back or reversed; minor units."""

    source: str
    currency: str
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Record:
    """A close as it was made. `first` is the first day it took, `person` the address of who closed
    it. `lines` are by currency, cash first; `doors` by currency."""

    id: int
    place: Place
    is_demonstration: bool
    first: date
    day: date
    since: datetime
    until: datetime
    note: str
    closed_at: datetime
    person: str | None
    lines: Sequence[Line]
    doors: Sequence[Door]

    @property
    def by_currency(self) -> Mapping[str, list[Line]]:
        """The lines of what moved in each currency: figures of two are never added."""
        moved = [line for line in self.lines if line.figure.count]
        found = groupby(moved, key=lambda line: line.figure.currency)
        return {currency: list(lines) for currency, lines in found}

    @property
    def cash(self) -> list[Line]:
        return [line for line in self.lines if line.is_cash]

    @property
    def count(self) -> int:
        return sum(line.figure.count for line in self.lines)


def record_of(session: Session, close_id: int, within: ColumnElement[bool]) -> Record | None:
    """The close; None when there is none, or `within` does not hold for its location."""
    row = session.execute(_closes().where(DayClose.id == close_id, within)).first()
    if row is None:
        return None
    place = Place(row.location_id, row.name, row.currency, row.time_zone)
    lines = _lines(session, close_id, row.before_id)
    return Record(
        id=row.id,
        place=place,
        is_demonstration=row.is_demonstration,
        first=row.before_day + timedelta(days=1) if row.before_day else row.day,
        day=row.day,
        since=row.since,
        until=row.until,
        note=row.note,
        closed_at=row.closed_at,
        person=row.email,
        lines=lines,
        doors=_doors(session, close_id),
    )


def _closes() -> Query:
    """Closes with their locations, who made them, and the close before (`before_id`, its day)."""
    former, before = aliased(DayClose), aliased(DayClose)
    latest = (
        select(func.max(former.day))
        .where(former.location_id == DayClose.location_id, former.day < DayClose.day)
        .scalar_subquery()
    )
    columns: list[Any] = [*DayClose.__table__.columns, Location.name, Location.currency]
    columns += [Location.time_zone, Location.is_demonstration, Person.email]
    columns += [before.id.label("before_id"), before.day.label("before_day")]
    return (
        select(*columns)
        .join(Location, Location.id == DayClose.location_id)
        .outerjoin(Person, Person.id == DayClose.person_id)
        .outerjoin(before, (before.location_id == DayClose.location_id) & (before.day == latest))
    )


def _lines(session: Session, close_id: int, before_id: int | None) -> list[Line]:
    """The figures of a close, with the cash that was counted at the one before."""
    mine, before = DayCloseFigure, aliased(DayCloseFigure)
    same = (
        (before.close_id == (before_id or 0))
        & (before.method_id == mine.method_id)
        & (before.currency == mine.currency)
    )
    query = select(mine, func.coalesce(before.counted, 0)).outerjoin(before, same)
    found = {}
    for row, carried in session.execute(query.where(mine.close_id == close_id)):
        names = Figure.__dataclass_fields__
        figure = Figure(**{name: getattr(row, name) for name in names})
        found[figure.key] = Line(figure, carried, row.opening, row.counted, row.reason)
    return [found[each.key] for each in cash_first([line.figure for line in found.values()])]


def _doors(session: Session, close_id: int) -> list[Door]:
    entry = DayCloseEntry
    total = func.sum(entry.amount + entry.charges + entry.tip)
    query = select(entry.currency, Payment.source, func.count(), total)
    query = query.join(Payment, Payment.id == entry.payment_id).where(entry.close_id == close_id)
    rows = session.execute(query.group_by(entry.currency, Payment.source))
    found = [Door(source, currency, count, int(minor)) for currency, source, count, minor in rows]
    return sorted(found, key=lambda each: (each.currency, each.source))


def entries_of(close_id: int | None) -> Query:
    """The entries of a close, or of all: what was posted, when, of which payment, and how it
    counts. To be paged by payment and kind."""
    entry = DayCloseEntry
    refund = (entry.kind == "cleared") & Payment.refund_of.is_not(None)
    columns: list[Any] = [entry.payment_id, entry.kind, refund.label("is_refund")]
    columns += [entry.method_id, DayCloseFigure.method, entry.currency]
    columns += [entry.amount, entry.charges, entry.tip]
    columns += [(entry.amount + entry.charges + entry.tip).label("total")]
    columns += [Payment.booking_id, Payment.source, Payment.cleared_at, Payment.voided_at]
    query = (
        select(*columns)
        .select_from(entry)
        .join(Payment, Payment.id == entry.payment_id)
        .join(
            DayCloseFigure,
            (DayCloseFigure.close_id == entry.close_id)
            & (DayCloseFigure.method_id == entry.method_id)
            & (DayCloseFigure.currency == entry.currency),
        )
    )
    return query if close_id is None else query.where(entry.close_id == close_id)


def close_taking(session: Session, location_id: int, day: date) -> int | None:
    """The close that took a day of a location; None when none did."""
    query = select(DayClose.id, DayClose.day, DayClose.since)
    query = query.where(DayClose.location_id == location_id, DayClose.day >= day)
    row = session.execute(query.order_by(DayClose.day).limit(1)).first()
    if row is None:
        return None
    earlier = select(literal(1)).where(DayClose.location_id == location_id, DayClose.day < row.day)
    is_first = session.execute(earlier.limit(1)).first() is None
    return None if is_first and day < row.day else int(row.id)
