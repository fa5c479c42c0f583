"""What there is to filter reports by, for one reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kit.clock import day_at
from kit.sql import rows_of
from locations.models import Location
from partners.models import Partner, is_at_any_of
from payments.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class Place:
    """A location; `zone` is its IANA name, `currency` that of its money."""

    name: str
    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader may ask for, by id and in the order of names. `reach` are the locations that
    the reader reaches (None: all), `viewer` the partner who reads, if it is one."""

    reach: frozenset[int] | None
    locations: Mapping[int, Place]
    methods: Mapping[int, str]
    partners: Mapping[int, str]
    viewer: int | None = None

    def today(self, now: datetime, location: int | None = None) -> date:
        """The day at a location; without one, the latest at any of them."""
        asked = [self.locations[location]] if location and location in self.locations else []
        zones = {place.zone for place in asked or self.locations.values()}
        return max((day_at(now, zone) for zone in zones), default=day_at(now, "UTC"))


def choices(session: Session, reach: frozenset[int] | None, viewer: int | None = None) -> Choices:
    """The choices of somebody at the desk, or of the partner `viewer`, who finds itself alone
    among the partners. Methods and partners that are no longer used have had payments, too. One
    statement."""
    places = select(Location.id, Location.name, Location.time_zone, Location.currency)
    partners = select(Partner.id, Partner.name)
    if reach is not None:
        places = places.where(Location.id.in_(sorted(reach)))
        partners = partners.where(or_(is_at_any_of(reach), Partner.id == viewer))
    if viewer is not None:
        partners = partners.where(Partner.id == viewer)
    wanted = (
        rows_of(places).label("places"),
        rows_of(select(PaymentMethod.id, PaymentMethod.name)).label("methods"),
        rows_of(partners).label("partners"),
    )
    row = session.execute(select(*wanted)).one()
    return Choices(
        reach,
        {id: Place(*rest) for id, *rest in _by_name(row.places)},
        dict(_by_name(row.methods)),
        dict(_by_name(row.partners)),
        viewer,
    )


def _by_name(rows: Iterable[Sequence[Any]]) -> list[Any]:
    return sorted(rows, key=lambda row: (row[1].casefold(), row[0]))
