"""What reports can be filtered by, for the person at the desk: read in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.access import me, within
from desk.partners.queries import UTC, at_hand
from kit.sql import rows_of
from locations.models import Location
from office.reports.choices import Choices, Place
from partners.models import Partner
from payments.models import PaymentMethod


@dataclass(frozen=True, slots=True)
class Found:
    """The choices, and the currencies of locations in reach."""

    choices: Choices
    currencies: Sequence[str]


def choices(session: Session) -> Found:
    """What there is to choose from."""
    places = select(Location.id, Location.name, Location.time_zone, Location.currency)
    wanted = (
        rows_of(places.where(within(Location.id))).label("places"),
        rows_of(select(PaymentMethod.id, PaymentMethod.name)).label("methods"),
        rows_of(select(Partner.id, Partner.name).where(at_hand())).label("partners"),
    )
    row = session.execute(select(*wanted)).one()
    found = Choices(
        reach=me().locations,
        locations={id: Place(name, zone) for id, name, zone, _ in _by_name(row.places)},
        methods=dict(_by_name(row.methods)),
        partners=dict(_by_name(row.partners)),
    )
    return Found(found, sorted({currency for *_, currency in row.places}))


def zone_of(choices: Choices, location: int | None) -> str:
    """The zone in which moments are told: the location's, or that which all in reach have in
    common, or UTC."""
    place = choices.locations.get(location or 0)
    zones = {each.zone for each in ([place] if place else choices.locations.values())}
    return zones.pop() if len(zones) == 1 else UTC


def _by_name(rows: Iterable[Sequence[Any]]) -> list[Any]:
    return sorted(rows, key=lambda row: (row[1].casefold(), row[0]))
