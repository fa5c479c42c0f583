"""What there is to filter reports by, for one reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from kit.clock import day_at
from kit.sql import Query
from locations.models import Location
from partners.models import Partner, PartnerLocation
from payments.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class Place:
    """A location; `zone` is its IANA name."""

    name: str
    zone: str


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
    among the partners. Methods and partners that are no longer used have had payments, too. Three
    statements."""
    places = select(Location.id, Location.name, Location.time_zone).order_by(*_named(Location))
    partners = select(Partner.id, Partner.name).order_by(*_named(Partner))
    if reach is not None:
        places = places.where(Location.id.in_(sorted(reach)))
        its = PartnerLocation.partner_id == Partner.id
        at_hand = exists().where(its, PartnerLocation.location_id.in_(sorted(reach)))
        partners = partners.where(or_(at_hand, Partner.id == viewer))
    if viewer is not None:
        partners = partners.where(Partner.id == viewer)
    methods = select(PaymentMethod.id, PaymentMethod.name).order_by(*_named(PaymentMethod))
    return Choices(
        reach,
        {id: Place(name, zone) for id, name, zone in session.execute(places)},
        _names(session, methods),
        _names(session, partners),
        viewer,
    )


def _names(session: Session, query: Query) -> dict[int, str]:
    return {row.id: row.name for row in session.execute(query)}


def _named(model: type[Location | Partner | PaymentMethod]) -> tuple[Any, Any]:
    return func.lower(model.name), model.id
