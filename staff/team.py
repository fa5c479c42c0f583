"""Everybody of the staff with what they may do, held together: who may change whom.

All rows are held at once, and what the person who asks may do is read again under that: two
administrators who remove each other at the same moment leave one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from staff.errors import BeyondOwn, LastAdministrator, NobodyThere, NotAllowed
from staff.models import Person, PersonLocation, PersonPermission
from staff.permissions import MEANINGS, Deviation, Permission, permissions_of


@dataclass(frozen=True, slots=True)
class Member:
    """A person. `locations` empty: all of them."""

    id: int
    email: str
    role: str
    left_at: datetime | None
    deviations: tuple[Deviation, ...] = ()
    locations: frozenset[int] = frozenset()

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.role, self.deviations)

    @property
    def heads(self) -> bool:
        """Somebody for everything, who can put right whatever goes wrong. Nobody grants what they
        do not have, so a permission that no such person has would be gone for good."""
        may = self.permissions == frozenset(Permission)
        return may and self.left_at is None and not self.locations


Team = Mapping[int, Member]


def hold(connection: Connection) -> Team:
    """Everybody, held to the end of the transaction."""
    columns = select(Person.id, Person.email, Person.role, Person.left_at).order_by(Person.id)
    # Not against rows that merely point at a person: sessions, and forms that were sent.
    people = connection.execute(columns.with_for_update(key_share=True)).all()
    deviations: dict[int, list[Deviation]] = {}
    rows = select(
        PersonPermission.person_id, PersonPermission.permission, PersonPermission.granted
    ).order_by(PersonPermission.permission)
    for person_id, name, granted in connection.execute(rows):
        deviations.setdefault(person_id, []).append(Deviation(Permission(name), granted))
    places: dict[int, set[int]] = {}
    limits = select(PersonLocation.person_id, PersonLocation.location_id)
    for person_id, location_id in connection.execute(limits):
        places.setdefault(person_id, set()).add(location_id)
    return {
        row.id: Member(*row, tuple(deviations.get(row.id, ())), frozenset(places.get(row.id, ())))
        for row in people
    }


def asking(team: Team, by: int) -> Member:
    """Who asks. Raises NotAllowed when they may not change staff (any more)."""
    found = team.get(by)
    if found is None or found.left_at is not None or Permission.STAFF not in found.permissions:
        raise NotAllowed(Permission.STAFF.value, MEANINGS[Permission.STAFF])
    return found


def other(team: Team, asks: Member, person_id: int) -> Member:
    """Whom it is about. Raises NobodyThere for somebody out of reach, BeyondOwn for somebody who
    may do more than who asks."""
    found = team.get(person_id)
    if found is None or not reaches(asks.locations, found.locations):
        raise NobodyThere(person_id)
    check_within(asks, found)
    return found


def reaches(own: frozenset[int], theirs: frozenset[int]) -> bool:
    """Whether somebody limited to `own` decides about somebody limited to `theirs`; none: all."""
    return not own or bool(theirs and theirs <= own)


def check_within(asks: Member, wanted: Member) -> None:
    """Raises BeyondOwn when `wanted` may do more, or in more places, than who asks."""
    if more := sorted(wanted.permissions - asks.permissions):
        raise BeyondOwn("; ".join(MEANINGS[each] for each in more))
    if not reaches(asks.locations, wanted.locations):
        raise BeyondOwn("locations that you do not reach")


def check_headed(before: Team, wanted: Member) -> None:
    """Raises LastAdministrator when nobody with every permission everywhere would be left."""
    after = {**before, wanted.id: wanted}
    if before[wanted.id].heads and not any(each.heads for each in after.values()):
        raise LastAdministrator
