"""What lists of the event log can be filtered by, and what ids in it are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.orm import Session

from desk.access import me
from desk.partners.queries import UTC, Place, reachable
from kit.sql import rows_of
from locations.models import Location
from partners.models import Partner
from payments.models import PaymentMethod
from staff.models import Person, PersonLocation
from tags.models import Tag


@dataclass(frozen=True, slots=True)
class Choices:
    """People and partners by their ids, as the person at the desk may name them; the locations in
    reach; methods and tags, which entries speak of."""

    people: Mapping[int, str]
    partners: Mapping[int, str]
    places: Mapping[int, Place]
    methods: Mapping[int, str]
    tags: Mapping[int, str]

    def zone_of(self, location_id: int | None) -> str:
        """The zone in which times at this location are told; of what is at none, the zone that all
        locations in reach have in common, or UTC."""
        place = self.places.get(location_id or 0)
        if place is not None:
            return place.time_zone
        zones = {each.time_zone for each in self.places.values()}
        return zones.pop() if len(zones) == 1 else UTC

    def where(self, location_id: int | None) -> str:
        """Where something was: told beside its time when there are several locations, for that
        time is the location's own."""
        place = self.places.get(location_id or 0)
        if len(self.places) < 2:
            return ""
        return place.name if place else self.zone_of(None)


def choosing() -> Select[Any]:
    """All of it in one statement: one row of JSON values."""
    mine = me().locations
    places = select(Location.id, Location.name, Location.time_zone)
    if mine is not None:
        places = places.where(Location.id.in_(sorted(mine)))
    return select(
        rows_of(select(Person.id, Person.email).where(_is_colleague(mine))).label("people"),
        rows_of(select(Partner.id, Partner.name).where(reachable())).label("partners"),
        rows_of(places).label("places"),
        rows_of(select(PaymentMethod.id, PaymentMethod.name)).label("methods"),
        rows_of(select(Tag.id, Tag.name)).label("tags"),
    )


def _is_colleague(mine: frozenset[int] | None) -> ColumnElement[bool]:
    """Of the staff: without a limit, or at a location of the person at the desk."""
    if mine is None:
        return true()
    theirs = exists().where(PersonLocation.person_id == Person.id)
    return or_(~theirs, theirs.where(PersonLocation.location_id.in_(sorted(mine))))


def choices(session: Session) -> Choices:
    return of_row(session.execute(choosing()).one())


def of_row(row: Any) -> Choices:
    places = [Place(*each) for each in row.places]
    return Choices(
        people=_named(row.people),
        partners=_named(row.partners),
        places={each.id: each for each in sorted(places, key=lambda place: place.name)},
        methods=_named(row.methods),
        tags=_named(row.tags),
    )


def _named(rows: Any) -> dict[int, str]:
    return dict(sorted(map(tuple, rows), key=lambda row: (row[1].lower(), row[0])))
