"""Locations by the names that partners' formats have for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from kit.db import glance
from kit.ids import digest
from locations.models import Location

LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Place:
    """A location, as far as doors need to know it."""

    id: int
    name: str
    business_location_id: int
    currency: str
    time_zone: str


_COLUMNS: Select[Any] = select(*(getattr(Location, name) for name in Place.__dataclass_fields__))


def by_client_name(name: str) -> Place | None:
    """The location of that client name (Spektrix)."""
    return _find(Location.client_name == name) if "\0" not in name else None


def by_business_id(number: int) -> Place | None:
    """The location of that businessLocationId (K-Series)."""
    # Databases refuse to look for what they could not store.
    return _find(Location.business_location_id == number) if abs(number) < LARGEST else None


def by_token(token: str) -> Place | None:
    """The location of that LocationToken (Brink)."""
    return _find(Location.token_hash == digest(token))


def by_ids(ids: frozenset[int]) -> Select[Any]:
    """These locations in the order of their ids, as a query."""
    return _COLUMNS.where(Location.id.in_(sorted(ids))).order_by(Location.id)


def _find(condition: Any) -> Place | None:
    row = glance(_COLUMNS.where(condition), {})
    return None if row is None else Place(*row)
