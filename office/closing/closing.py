"""Closing a day: what was posted until then becomes entries of the close, for ever.

Nothing changes or deletes a close. What is corrected later is a posting of its own (a refund, a
reversal) and stands on the day it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, insert, literal, select

from audit.chain import Entry, Origin
from audit.recording import record
from kit import clock
from kit.errors import Refused
from office.closing import queries
from office.closing.errors import FiguresChanged
from office.closing.rules import (
    Count,
    Figure,
    Key,
    Line,
    Period,
    Place,
    earliest,
    lines_of,
    period_of,
    seal_of,
)
from office.models import DayClose, DayCloseEntry, DayCloseFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDay:
    """Close a location's day, and all of its days before that are not closed yet. `counts` is the
    cash as it was typed in, by method and currency; `seen` the seal of the figures that the page
    showed (`Planned.seal`)."""

    location_id: int
    day: date
    counts: Mapping[Key, Count]
    seen: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What closing would take as things stand: to look at. `earliest` is the first day that may be
    closed; `carried` the cash that was counted at the last close, in minor units by method and
    currency."""

    place: Place
    period: Period
    earliest: date
    figures: Sequence[Figure]
    carried: Mapping[Key, int]

    @property
    def seal(self) -> str:
        return seal_of(self.period.since, self.figures, self.carried)


@dataclass(frozen=True, slots=True)
class Closed:
    """The close, and whether cash was missing or too much."""

    close_id: int
    has_difference: bool


def plan(reader: queries.Reader, place: Place, day: date, now: datetime) -> Planned:
    """What closing this day would take. Raises what `period_of` does."""
    last = queries.last_close(reader, place.id)
    period = period_of(place, day, last, now)
    since = queries.not_closed_since(reader, place, last) or period.since
    waiting = queries.waiting({place.id: since}, period.until).subquery()
    moved = queries.figures_of(reader, waiting)
    lay = queries.carried(reader, last)
    figures = queries.with_tills(reader, place, moved, lay)
    return Planned(place, period, earliest(place, last, now), figures, lay)


def close_day(
    connection: Connection,
    order: CloseDay,
    origin: Origin,
    clock_of: Callable[[], datetime] = clock.now,
) -> Closed:
    """Close a day. Two people never close the same: the location is held, and whoever comes second
    is shown what the first has done.

    Raises NoSuchLocation; what `period_of` does; FiguresChanged when the page showed others; and
    NotCounted, NoReason and TooManyDecimalsCounted, all of them at once.
    """
    place = queries.place_of(connection, order.location_id, held=True)
    now = clock_of()
    last = queries.last_close(connection, place.id)
    period = period_of(place, order.day, last, now)
    since = queries.not_closed_since(connection, place, last) or period.since
    close_id = _insert(connection, order, period, origin, now)
    # Written first and added up then: a payment that is stored meanwhile is in both or in neither.
    _take(connection, close_id, {place.id: since}, period.until)
    moved = queries.figures_of(connection, _entries(close_id))
    lay = queries.carried(connection, last)
    if seal_of(period.since, moved, lay) != order.seen:
        raise FiguresChanged(place.name)
    lines, problems = lines_of(queries.with_tills(connection, place, moved, lay), lay, order.counts)
    Refused.if_any(problems)
    kept = [line for line in lines if line.is_kept]
    if kept:
        connection.execute(insert(DayCloseFigure), [_row(close_id, each) for each in kept])
    entry = _told(place, period, close_id, kept)
    record(connection, entry, origin, now)
    return Closed(close_id, has_difference=entry.severity != "low")


def _insert(
    connection: Connection, order: CloseDay, period: Period, origin: Origin, now: datetime
) -> int:
    row = {
        "location_id": order.location_id,
        "day": order.day,
        "since": period.since,
        "until": period.until,
        "note": order.note,
        "person_id": origin.actor.id if origin.actor.kind == "person" else None,
        "closed_at": now,
    }
    return connection.execute(insert(DayClose).returning(DayClose.id), [row]).scalar_one()


def _take(
    connection: Connection, close_id: int, since: Mapping[int, datetime], until: datetime
) -> None:
    """Everything that waits becomes an entry. A posting that another close has taken would break
    the entries' key, so that no money is ever in two."""
    waiting = queries.waiting(since, until).subquery()
    columns = [waiting.c[name] for name in queries.ENTRY]
    rows = select(*columns, literal(close_id, BigInteger))
    connection.execute(insert(DayCloseEntry).from_select([*queries.ENTRY, "close_id"], rows))


def _entries(close_id: int) -> Any:
    return select(DayCloseEntry).where(DayCloseEntry.close_id == close_id).subquery()


def _row(close_id: int, line: Line) -> dict[str, Any]:
    figure = line.figure
    names = ("method_id", "currency", "method", "kind", "count", "cleared", "refunded", "voided",
             "charges", "tips")  # fmt: skip
    return {
        "close_id": close_id,
        **{name: getattr(figure, name) for name in names},
        "opening": line.opening,
        "counted": line.counted,
        "reason": line.reason,
    }


def _told(place: Place, period: Period, close_id: int, lines: Sequence[Line]) -> Entry:
    """The entry of the event log: days, sums by currency in minor units, and differences."""
    sums: dict[str, int] = {}
    for line in lines:
        currency = line.figure.currency
        sums[currency] = sums.get(currency, 0) + line.figure.total
    wrong = [line for line in lines if line.difference]
    after = {
        "from": period.first.isoformat(),
        "day": period.day.isoformat(),
        "count": sum(line.figure.count for line in lines),
        "sums": [[minor, currency] for currency, minor in sorted(sums.items())],
        "differences": [
            [line.figure.method_id, line.difference, line.figure.currency] for line in wrong
        ],
    }
    return Entry(
        "day.closed",
        {"location": place.id, "close": close_id},
        {},
        after,
        severity="medium" if wrong else "low",
        reason=" ".join(str(line.reason) for line in wrong) or None,
    )
