"""What the side bar tells on every page, in one statement: how much waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select

from desk.today import things
from desk.words import ngettext
from kit import clock
from kit.days import to_the_minute
from kit.db import glance
from kit.sql import rows_of
from locations.models import Location
from staff.people import Me

MOST = 99
MOST_LINES = 20  # that one booking may have, as far as counting goes: more are not looked at
NAMED = 3  # more locations than these are only counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts for the side bar, at most 99; `lines` of bank statements whose payment is not known
    yet. `is_demonstration` marks every page, `locations` are the names of those the person
    reaches."""

    today: int = 0
    messages: int = 0
    lines: int = 0
    is_demonstration: bool = False
    locations: str = ""


def waiting(me: Me) -> Waiting:
    """What waits for this person: the same things as on Today, at their locations."""
    row = glance(_statement(me.locations, to_the_minute(clock.now())), {})
    return Waiting(
        today=min(row.today + row.messages, MOST),
        messages=min(row.messages, MOST),
        lines=row.lines,
        is_demonstration=row.demonstration is not None,
        locations=_named(row.places),
    )


# Putting it together takes longer than asking the database.
@lru_cache(maxsize=16)
def _statement(locations: things.Locations, now: datetime) -> Select[Any]:
    """Everything that is told, in one row; it depends on the day that `now` is somewhere."""
    places = things.places(locations, now)
    found = (
        things.unknown(places),
        things.failed(places),
        _bookings(things.late_lines(places, now, most=MOST * MOST_LINES)),
        things.late_promises(places),
        things.credit(places),
        things.deposits(places),
    )
    demonstration = select(literal(1)).where(exists().where(Location.is_demonstration))
    return select(
        sum((_count(query) for query in found), literal(0)).label("today"),
        _count(things.undelivered(places, locations)).label("messages"),
        _count(things.waiting_lines(locations)).label("lines"),
        demonstration.scalar_subquery().label("demonstration"),
        rows_of(select(places.c.id, places.c.name)).label("places"),
    )


def _count(query: things.Query) -> ColumnElement[int]:
    """How many there are; no more are looked for than are told."""
    some: Any = query.limit(MOST).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _bookings(lines: things.Query) -> things.Query:
    """The bookings of these lines."""
    return select(lines.subquery().c.booking_id).distinct()


def _named(places: Sequence[Sequence[Any]]) -> str:
    if len(places) > NAMED:
        return ngettext("%(num)s location", "%(num)s locations", len(places))
    return ", ".join(name for _, name in sorted(map(tuple, places)))
