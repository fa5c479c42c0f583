"""Who somebody at the desk is: read by the session's token, in one statement.

Flask-Security asks for people through `People`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_security.datastore import UserDatastore
from sqlalchemy import Connection, Select, bindparam, select

from kit.db import glance, reading
from kit.ids import digest
from kit.sql import rows_of
from staff.models import DeskSession, Person, PersonLocation, PersonPermission
from staff.permissions import Deviation, Permission, permissions_of


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the staff: what they may, and where. `locations` None: all of them."""

    id: int
    email: str
    role: str
    permissions: frozenset[Permission]
    locations: frozenset[int] | None

    def may(self, permission: Permission | str) -> bool:
        return Permission(permission) in self.permissions

    def reaches(self, location_id: int) -> bool:
        return self.locations is None or location_id in self.locations


@dataclass(frozen=True, slots=True)
class Me(Member):
    """The person behind a request at the desk. `session_id`, `seen_at` and `signed_in_at` are of
    the sign-in the request came with."""

    single_keys: bool
    session_id: int
    signed_in_at: datetime
    seen_at: datetime


def _look_up() -> Select[Any]:
    deviations = select(PersonPermission.permission, PersonPermission.granted).where(
        PersonPermission.person_id == DeskSession.person_id
    )
    locations = select(PersonLocation.location_id).where(
        PersonLocation.person_id == DeskSession.person_id
    )
    return (
        select(
            Person.id,
            Person.email,
            Person.role,
            Person.single_keys,
            DeskSession.id.label("session_id"),
            DeskSession.created_at,
            DeskSession.seen_at,
            rows_of(deviations.correlate(DeskSession)).label("deviations"),
            rows_of(locations.correlate(DeskSession)).label("locations"),
        )
        .join(Person, Person.id == DeskSession.person_id)
        .where(
            DeskSession.token_hash == bindparam("token_hash"),
            DeskSession.ended_at.is_(None),
            Person.left_at.is_(None),
        )
    )


LOOK_UP = _look_up()


def of_session(token: str) -> Me | None:
    """Whose sign-in this token is of; None when it has ended, or never was. How old it may be is
    the desk's to say."""
    row = glance(LOOK_UP, {"token_hash": digest(token)})
    if row is None:
        return None
    return Me(
        **_member(row),
        single_keys=row.single_keys,
        session_id=row.session_id,
        signed_in_at=row.created_at,
        seen_at=row.seen_at,
    )


def member(connection: Connection, person_id: int) -> Member | None:
    """Somebody of the staff as they stand now, signed in or not; None for one who has left, or
    never was there."""
    deviations = select(PersonPermission.permission, PersonPermission.granted).where(
        PersonPermission.person_id == Person.id
    )
    locations = select(PersonLocation.location_id).where(PersonLocation.person_id == Person.id)
    query = select(
        Person.id,
        Person.email,
        Person.role,
        rows_of(deviations.correlate(Person)).label("deviations"),
        rows_of(locations.correlate(Person)).label("locations"),
    ).where(Person.id == person_id, Person.left_at.is_(None))
    row = connection.execute(query).first()
    return None if row is None else Member(**_member(row))


def _member(row: Any) -> dict[str, Any]:
    deviations = [Deviation(Permission(name), bool(granted)) for name, granted in row.deviations]
    locations = frozenset(location for [location] in row.locations)
    return {
        "id": row.id,
        "email": row.email,
        "role": row.role,
        "permissions": permissions_of(row.role, deviations),
        "locations": locations or None,
    }


class People(UserDatastore):
    """Flask-Security's way to people: it reads. What it would write, use cases of ours do."""

    def __init__(self) -> None:
        super().__init__(Person, None)  # type: ignore[arg-type]

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> Person | None:
        """The person with this email, id or fs_uniquifier, who may have left."""
        [(name, value)] = wanted.items()
        with reading() as session:
            query = select(Person).where(getattr(Person, name) == value)
            found: Person | None = session.scalars(query).first()
            if found is not None:
                session.expunge(found)
        return found

    def find_role(self, role: str) -> None:
        """There are no roles of Flask-Security's kind."""
