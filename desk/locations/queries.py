"""Reading for the pages of locations."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, select
from sqlalchemy.orm import Session

from bookings.models import Booking, PaymentRule, Property
from desk.access import within
from kit.ids import digest
from locations.changing import LocationSettings
from locations.models import Location
from payments.models import DefaultMethod, Payment, PaymentMethod

SETTINGS = tuple(LocationSettings.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A location with its settings; `client_name` and `business_location_id` are how partners'
    formats name it."""

    id: int
    client_name: str
    business_location_id: int
    settings: LocationSettings
    default_method: int | None
    default_name: str | None

    @property
    def state(self) -> str:
        """Changes with whatever of the settings does."""
        facts = sorted(asdict(self.settings).items()), self.default_method
        return digest(repr(facts))[:16]


def _rows() -> Select[Any]:
    columns = (getattr(Location, name) for name in SETTINGS)
    return (
        select(
            Location.id,
            Location.client_name,
            Location.business_location_id,
            DefaultMethod.method_id,
            PaymentMethod.name.label("method_name"),
            *columns,
        )
        .outerjoin(DefaultMethod, DefaultMethod.location_id == Location.id)
        .outerjoin(PaymentMethod, PaymentMethod.id == DefaultMethod.method_id)
        .where(within(Location.id))
        .order_by(Location.name, Location.id)
    )


def locations(session: Session) -> list[LocationRow]:
    """Those the person reaches, by name."""
    return [_made(row) for row in session.execute(_rows())]


def location(connection: Connection, location_id: int) -> LocationRow | None:
    """One within the person's reach."""
    row = connection.execute(_rows().where(Location.id == location_id)).first()
    return None if row is None else _made(row)


def has_amounts(connection: Connection, location_id: int) -> bool:
    """Whether anything was sold or is priced here: amounts are in the location's currency."""
    found = [
        exists().where(model.location_id == location_id)
        for model in (Booking, Property, PaymentRule)
    ]
    return any(connection.execute(select(*found)).one())


def has_money(connection: Connection, location_id: int) -> bool:
    """Whether money was recorded here: its day is one of the location's zone."""
    there = exists().where(
        Payment.booking_id == Booking.id,
        Payment.cleared_at.is_not(None),
        Booking.location_id == location_id,
    )
    return bool(connection.scalar(select(there)))


def _made(row: Any) -> LocationRow:
    settings = LocationSettings(**{name: row._mapping[name] for name in SETTINGS})
    return LocationRow(
        row.id,
        row.client_name,
        row.business_location_id,
        settings,
        row.method_id,
        row.method_name,
    )
