"""Adding people to the staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from audit.chain import Entry, Origin
from audit.recording import record
from kit.ids import secret
from locations.models import Location
from staff.errors import EmailTaken, LocationUnknown
from staff.models import Person, PersonLocation


@dataclass(frozen=True, slots=True)
class AddPerson:
    """Somebody new. `locations` empty: all of them. `password` is a hash (staff.passwords); without
    one nobody can sign in until the person has set one by the link they are sent."""

    email: str
    role: str
    locations: Sequence[int] = ()
    password: str | None = None


def add_person(connection: Connection, command: AddPerson, origin: Origin, now: datetime) -> int:
    """Add somebody; their id. Raises EmailTaken and LocationUnknown."""
    email = command.email.strip().lower()
    if connection.scalar(select(Person.id).where(Person.email == email)) is not None:
        raise EmailTaken(email)
    locations = sorted(set(command.locations))
    check_locations(connection, locations)
    row = {
        "email": email,
        "password": command.password,
        "role": command.role,
        "fs_uniquifier": secret(),
        "created_at": now,
    }
    person_id: int = connection.execute(insert(Person).returning(Person.id), [row]).scalar_one()
    limit_to(connection, person_id, locations)
    after = {"email": email, "role": command.role, "locations": locations}
    entry = Entry("staff.added", {"person": person_id}, {}, after, severity="high")
    record(connection, entry, origin, now)
    return person_id


def check_locations(connection: Connection, locations: Sequence[int]) -> None:
    """Raises LocationUnknown for the first that does not exist."""
    there = set(connection.scalars(select(Location.id).where(Location.id.in_(locations))))
    for each in locations:
        if each not in there:
            raise LocationUnknown(each)


def limit_to(connection: Connection, person_id: int, locations: Sequence[int]) -> None:
    """Limit a person, who has no limit yet, to these locations; none: no limit."""
    if locations:
        rows = [{"person_id": person_id, "location_id": each} for each in locations]
        connection.execute(insert(PersonLocation), rows)
