"""What a close takes, and what closes have taken.

A posting is money recorded as cleared (`Payment.cleared_at`) or its reversal (`voided_at`), at the
location of its booking. It waits until it is an entry of a close; there it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from bookings.models import Booking
from kit.sql import Query
from locations.errors import NoSuchLocation
from locations.models import Location
from office.closing.rules import CASH, Figure, Key, LastClose, Place, cash_first
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from payments.models import MethodSwitchedOff, Payment, PaymentMethod

Reader = Connection | Session
CLEARED, VOID = "cleared", "void"
# How long at most a payment may take from its moment until it is stored: no transaction of the
# service lasts for minutes, and those of an import hardly for hours.
LATEST = timedelta(days=7)
ENTRY = ("payment_id", "kind", "method_id", "currency", "amount", "charges", "tip")


def place_of(reader: Reader, location_id: int, *, held: bool = False) -> Place:
    """The location; `held`: until the end of the transaction nobody else closes a day there, while
    bookings are made as ever. Raises NoSuchLocation."""
    columns = (Location.id, Location.name, Location.currency, Location.time_zone)
    query = select(*columns).where(Location.id == location_id)
    row = reader.execute(query.with_for_update(key_share=True) if held else query).first()
    if row is None:
        raise NoSuchLocation(location_id)
    return Place(*row)


def last_close(reader: Reader, location_id: int) -> LastClose | None:
    """The latest close of a location; None before its first."""
    query = select(DayClose.id, DayClose.day, DayClose.until)
    query = query.where(DayClose.location_id == location_id).order_by(DayClose.day.desc())
    row = reader.execute(query.limit(1)).first()
    return LastClose(*row) if row else None


def carried(reader: Reader, last: LastClose | None) -> dict[Key, int]:
    """The cash that was counted at the last close, in minor units; what was empty is left out."""
    if last is None:
        return {}
    figure = DayCloseFigure
    query = select(figure.method_id, figure.currency, figure.counted)
    mine = query.where(figure.close_id == last.id, figure.counted > 0)
    return {(row.method_id, row.currency): int(row.counted or 0) for row in reader.execute(mine)}


def waiting(since: Mapping[int, datetime], until: datetime) -> Query:
    """The postings of locations from `since` of each (included) until `until` that are in no close
    yet, as entries and with their location and moment.

    What was still being written when a day was closed has an earlier moment than its end: hence
    from `looked_from` on.
    """
    return union_all(
        _postings(CLEARED, Payment.cleared_at, 1, since, until),
        _postings(VOID, Payment.voided_at, -1, since, until),
    )  # type: ignore[return-value]


def _postings(
    kind: str, moment: Any, sign: int, since: Mapping[int, datetime], until: datetime
) -> Query:
    # Looked up posting by posting: for NOT EXISTS PostgreSQL reads the entries of all years.
    taken = select(DayCloseEntry.payment_id).where(
        DayCloseEntry.payment_id == Payment.id, DayCloseEntry.kind == kind
    )
    entry = taken.scalar_subquery()
    places = [and_(Booking.location_id == each, moment >= at) for each, at in since.items()]
    amounts = (Payment.amount, Payment.charges, Payment.tip)
    columns: list[Any] = [Payment.id.label("payment_id"), literal(kind).label("kind")]
    columns += [Payment.method_id, Payment.currency]
    columns += [(sign * each).label(each.key) for each in amounts]
    columns += [Booking.location_id, moment.label("moment")]
    return (
        select(*columns)
        .join(Booking, Booking.id == Payment.booking_id)
        # The earliest of all once more: only one range of moments can be read by their index.
        .where(moment >= min(since.values()), moment < until, or_(*places), entry.is_(None))
    )


def looked_from(began: datetime, until: datetime) -> datetime:
    """From when on postings are looked for at a location whose first close began, and whose last
    one ended, at these moments: what is older was read by an earlier close."""
    return max(began, until - LATEST)


def not_closed_since(reader: Reader, place: Place, last: LastClose | None) -> datetime | None:
    """The same, of a location; None before its first close."""
    if last is None:
        return None
    query = select(func.min(DayClose.since)).where(DayClose.location_id == place.id)
    return looked_from(reader.execute(query).scalar_one(), last.until)


def figures_of(reader: Reader, moved: FromClause) -> list[Figure]:
    """What these entries add up to, by method and currency, with methods as they are called now."""
    amount, is_cleared = moved.c.amount, moved.c.kind == CLEARED
    sums = [
        func.count(),
        _sum(amount, is_cleared & (amount > 0)),
        _sum(amount, is_cleared & (amount < 0)),
        _sum(amount, moved.c.kind == VOID),
        func.sum(moved.c.charges),
        func.sum(moved.c.tip),
    ]
    of = [moved.c.method_id, moved.c.currency, PaymentMethod.name, PaymentMethod.kind]
    query = select(*of, *sums).join(PaymentMethod, PaymentMethod.id == moved.c.method_id)
    rows = reader.execute(query.group_by(*of))
    return [Figure(*row[:4], *map(int, row[4:])) for row in rows]


def _sum(amount: Any, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, amount), else_=0))


def with_tills(
    reader: Reader, place: Place, moved: Sequence[Figure], lay: Mapping[Key, int]
) -> list[Figure]:
    """The figures with those of cash that did not move: of methods that lay in a till at the last
    close, and of those that the location uses."""
    off = select(MethodSwitchedOff.method_id).where(MethodSwitchedOff.location_id == place.id)
    method = PaymentMethod
    used = and_(method.active, method.id.not_in(off), ~method.is_refund)
    query = select(method.id, method.name, used).where(
        method.kind == CASH, or_(used, method.id.in_([each for each, _ in lay]))
    )
    found = {each.key: each for each in moved}
    for method_id, name, is_used in reader.execute(query):
        empty = Figure(method_id, place.currency, name, CASH)
        currencies = {currency for each, currency in lay if each == method_id}
        for currency in currencies | ({place.currency} if is_used else set()):
            found.setdefault((method_id, currency), replace(empty, currency=currency))
    return cash_first(list(found.values()))
