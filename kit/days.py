"""Which day it is at each location, inside a statement.

At any moment the world has two or three days. Which zones have which is worked out here, with the
zones that the house counts in (zoneinfo): the database's own may be older, and SQLite has none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import orjson
from sqlalchemy import Boolean, ColumnElement, Date, case, literal

from kit.sql import Spoken


class IsNamed(Spoken):
    """Whether the first argument is one of the texts of a JSON array given as text."""

    type = Boolean()
    inherit_cache = True
    sqlite = "{} IN (SELECT value FROM json_each({}))"
    postgresql = "{} IN (SELECT value FROM json_array_elements_text(CAST({} AS json)))"


def day_in(zone: Any, now: datetime) -> ColumnElement[date]:
    """The day at a column of zones."""
    common, *others = _days(to_the_minute(now))
    plain = literal(common[0], Date)
    if not others:
        return plain
    cases = [(IsNamed(zone, literal(names)), literal(day, Date)) for day, names in others]
    return case(*cases, else_=plain)


def first_and_last(now: datetime) -> tuple[date, date]:
    """The earliest and the latest day anywhere: bounds that an index can be searched by."""
    days = sorted(day for day, _ in _days(to_the_minute(now)))
    return days[0], days[-1]


def to_the_minute(now: datetime) -> datetime:
    """The moment that days are told by: no zone's day begins within a minute."""
    return now.astimezone(UTC).replace(second=0, microsecond=0)


@lru_cache(maxsize=64)
def _days(now: datetime) -> list[tuple[date, str]]:
    """Each day with the zones that have it, as a JSON array; the day of most zones first."""
    zones: dict[date, list[str]] = {}
    for zone in _zones():
        zones.setdefault(now.astimezone(zone).date(), []).append(zone.key)
    found = sorted(zones.items(), key=lambda each: -len(each[1]))
    return [(day, orjson.dumps(names).decode()) for day, names in found]


@cache
def _zones() -> list[ZoneInfo]:
    return [ZoneInfo(name) for name in sorted(available_timezones())]
