"""Reading for the pages of payment methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from desk.access import within
from locations.models import Location
from partners.models import Partner


@dataclass(frozen=True, slots=True)
class Names:
    """What locations within the person's reach and partners are called, by id. `gone`: partners
    without access any more."""

    locations: Mapping[int, str]
    partners: Mapping[int, str]
    gone: frozenset[int]


def names(session: Session) -> Names:
    """All that methods speak of, in one statement."""
    places: Any = select(
        literal("location").label("what"), Location.id, Location.name, literal(False).label("gone")
    ).where(within(Location.id))
    partners: Any = select(
        literal("partner"), Partner.id, Partner.name, Partner.revoked_at.is_not(None)
    )
    found: dict[str, dict[int, str]] = {"location": {}, "partner": {}}
    gone = set()
    rows = session.execute(union_all(places, partners)).all()
    for what, id_, name, is_gone in sorted(rows, key=lambda row: (row[2], row[1])):
        found[what][id_] = name
        if is_gone:
            gone.add(id_)
    return Names(found["location"], found["partner"], frozenset(gone))
