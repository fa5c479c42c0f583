"""Reading for the list of staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kit.sql import rows_of
from locations.models import Location
from staff.models import DeskSession, Person, PersonLocation, PersonPermission
from staff.people import Me
from staff.permissions import ROLES, Deviation, Permission, permissions_of
from staff.team import reaches


@dataclass(frozen=True, slots=True)
class Place:
    """A location that a person can be limited to."""

    id: int
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person as the list shows them. `locations` empty: all of them."""

    id: int
    email: str
    role: str
    has_password: bool
    has_second_factor: bool
    seen_at: datetime | None
    left_at: datetime | None
    deviations: Mapping[Permission, bool]
    locations: frozenset[int]

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do, all in all."""
        given = [Deviation(name, granted) for name, granted in self.deviations.items()]
        return permissions_of(self.role, given)

    @property
    def more(self) -> Sequence[Permission]:
        return sorted(self.permissions - ROLES[self.role])

    @property
    def less(self) -> Sequence[Permission]:
        return sorted(ROLES[self.role] - self.permissions)


def _query() -> Select[Any]:
    deviations = select(PersonPermission.permission, PersonPermission.granted).where(
        PersonPermission.person_id == Person.id
    )
    places = select(PersonLocation.location_id).where(PersonLocation.person_id == Person.id)
    seen = select(func.max(DeskSession.seen_at)).where(DeskSession.person_id == Person.id)
    return select(
        Person.id,
        Person.email,
        Person.role,
        Person.password.is_not(None).label("has_password"),
        Person.tf_totp_secret.is_not(None).label("has_second_factor"),
        seen.correlate(Person).scalar_subquery().label("seen_at"),
        Person.left_at,
        rows_of(deviations.correlate(Person)).label("deviations"),
        rows_of(places.correlate(Person)).label("locations"),
    )


QUERY = _query()


def colleagues(session: Session, me: Me) -> list[Colleague]:
    """Everybody within the reach of who asks, those who have left last."""
    query = QUERY.order_by(Person.left_at.is_not(None), Person.email)
    own = me.locations or frozenset()
    everybody = [_colleague(row) for row in session.execute(query)]
    return [each for each in everybody if reaches(own, each.locations)]


def colleague(session: Session, me: Me, person_id: int) -> Colleague | None:
    """One person, if within the reach of who asks."""
    row = session.execute(QUERY.where(Person.id == person_id)).first()
    if row is None:
        return None
    found = _colleague(row)
    return found if reaches(me.locations or frozenset(), found.locations) else None


def places(session: Session, me: Me) -> list[Place]:
    """The locations that who asks may decide about."""
    query = select(Location.id, Location.name, Location.time_zone).order_by(Location.id)
    return [Place(*row) for row in session.execute(query) if me.reaches(row.id)]


def _colleague(row: Any) -> Colleague:
    return Colleague(
        row.id,
        row.email,
        row.role,
        bool(row.has_password),
        bool(row.has_second_factor),
        row.seen_at,
        row.left_at,
        {Permission(name): bool(granted) for name, granted in row.deviations},
        frozenset(each for [each] in row.locations),
    )
