"""Which period a close takes, and whether its cash is right: pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from kit.clock import begins, day_at
from kit.currencies import exponent
from kit.errors import DomainError
from kit.money import Money, TooManyDecimals
from office.closing import errors

CASH = "cash"
# How long before today the first close of a location may begin.
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Place:
    """A location, as far as closing its days goes."""

    id: int
    name: str
    currency: str
    zone: str


@dataclass(frozen=True, slots=True)
class LastClose:
    """The latest close of a location: the last day it took, and until when."""

    id: int
    day: date
    until: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """What a close takes: days of the location, both included, and the moments they are from
    (included) and until."""

    first: date
    day: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Figure:
    """What one method moved in one currency (minor units), signed as it counts."""

    method_id: int
    currency: str
    method: str
    kind: str
    count: int = 0
    cleared: int = 0
    refunded: int = 0
    voided: int = 0
    charges: int = 0
    tips: int = 0

    @property
    def key(self) -> Key:
        return self.method_id, self.currency

    @property
    def total(self) -> int:
        return self.cleared + self.refunded + self.voided + self.charges + self.tips


Key = tuple[int, str]
"""A method's id and a currency."""


@dataclass(frozen=True, slots=True)
class Count:
    """Cash as it was typed in: decimals as written, None where nothing was. `opening` None is what
    was counted at the last close."""

    opening: Decimal | None = None
    counted: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure with its cash, in minor units. `carried` was counted at the last close."""

    figure: Figure
    carried: int = 0
    opening: int = 0
    counted: int | None = None
    reason: str | None = None

    @property
    def is_cash(self) -> bool:
        return self.figure.kind == CASH

    @property
    def expected(self) -> int:
        return self.opening + self.figure.total

    @property
    def difference(self) -> int | None:
        return None if self.counted is None else self.counted - self.expected

    @property
    def is_kept(self) -> bool:
        """Whether the close says something of it: not of a till that stood empty."""
        return bool(self.figure.count or self.opening or self.counted)


def field_of(name: str, key: Key) -> str:
    """The field of a form for the cash of a method: "counted-3-EUR"."""
    return f"{name}-{key[0]}-{key[1]}"


def earliest(place: Place, last: LastClose | None, now: datetime) -> date:
    """The first day that may be closed."""
    if last is not None:
        return last.day + timedelta(days=1)
    return day_at(now, place.zone) - timedelta(days=MOST_DAYS)


def period_of(place: Place, day: date, last: LastClose | None, now: datetime) -> Period:
    """What closing this day takes: from the last close on (the first: from the begin of the day)
    until the day ends, or until now.

    Raises DayToCome, DayClosed, DayTooLongAgo and DayOverlapped.
    """
    today = day_at(now, place.zone)
    if day > today:
        raise errors.DayToCome(place.name, day, today)
    from_day = earliest(place, last, now)
    if day < from_day and last is not None:
        raise errors.DayClosed(place.name, day, last.day)
    if day < from_day:
        raise errors.DayTooLongAgo(place.name, day, from_day)
    since = last.until if last else begins(day, place.zone)
    until = now if day == today else begins(day + timedelta(days=1), place.zone)
    if until <= since:
        raise errors.DayOverlapped(place.name, day)
    return Period(from_day if last else day, day, since, until)


def cash_first(figures: Sequence[Figure]) -> list[Figure]:
    """In the order they are told in: by currency, cash first, then by name."""
    return sorted(
        figures, key=lambda each: (each.currency, each.kind != CASH, each.method.casefold())
    )


def lines_of(
    figures: Sequence[Figure], carried: Mapping[Key, int], counts: Mapping[Key, Count]
) -> tuple[list[Line], list[DomainError]]:
    """The figures with their cash as it was typed in, and everything that is wrong with that: cash
    that moved, or lay there, has to be counted, and a difference has a reason. An amount that
    cannot be one counts as if it was not typed."""
    lines, problems = [], list[DomainError]()
    for figure in figures:
        if figure.kind != CASH:
            lines.append(Line(figure))
            continue
        line, wrong = _counted(figure, carried.get(figure.key, 0), counts.get(figure.key, Count()))
        lines.append(line)
        problems += wrong
    return lines, problems


def _counted(figure: Figure, carried: int, count: Count) -> tuple[Line, list[DomainError]]:
    problems: list[DomainError] = []
    opening = _minor("opening", figure, count.opening, problems)
    counted = _minor("counted", figure, count.counted, problems)
    line = Line(
        figure, carried, carried if opening is None else opening, counted, count.reason or None
    )
    if not problems:
        problems += _wrong(line)
    return line, problems


def _wrong(line: Line) -> list[DomainError]:
    figure = line.figure
    if line.difference is None:
        if not line.is_kept:
            return []
        expected = Money(line.expected, figure.currency)
        return [errors.NotCounted(field_of("counted", figure.key), figure.method, expected)]
    if line.difference and not line.reason:
        difference = Money(line.difference, figure.currency)
        return [errors.NoReason(field_of("reason", figure.key), figure.method, difference)]
    return []


def _minor(
    name: str, figure: Figure, came: Decimal | None, problems: list[DomainError]
) -> int | None:
    """Minor units of an amount as written; one with too many decimals is added to `problems`."""
    if came is None:
        return None
    try:
        return Money.of(came, figure.currency).minor
    except TooManyDecimals:
        places = exponent(figure.currency)
        field = field_of(name, figure.key)
        problems.append(errors.TooManyDecimalsCounted(field, f"{came:f}", figure.currency, places))
        return None


def seal_of(since: datetime, figures: Sequence[Figure], carried: Mapping[Key, int]) -> str:
    """A short text that is another one as soon as what a page shows has changed: the begin of the
    period, what was carried, and what moved. Tills that stood empty are left out."""
    moved = sorted((*each.key, each.count, each.total) for each in figures if each.count)
    facts = (since.timestamp(), moved, sorted(carried.items()))
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
