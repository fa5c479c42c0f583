"""Changing what people of the staff may do, by others who may decide that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from audit.chain import Entry, Origin, Severity
from audit.recording import record
from kit.ids import secret
from staff import mails, second_factor, sessions
from staff.adding import AddPerson, add_person, check_locations, limit_to
from staff.errors import OwnAccess
from staff.models import Person, PersonLocation, PersonPermission
from staff.permissions import ROLES, Deviation, Permission
from staff.team import Member, Team, asking, check_headed, check_within, hold, other


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may do from now on. `locations` empty: all of them."""

    role: str
    deviations: Mapping[Permission, bool]
    locations: frozenset[int]


def invite(
    connection: Connection, command: AddPerson, by: int, origin: Origin, now: datetime
) -> int:
    """Add somebody, and send them a link to set a password; their id.

    Raises BeyondOwn, EmailTaken and LocationUnknown.
    """
    asks = asking(hold(connection), by)
    wanted = Member(0, command.email, command.role, None, (), frozenset(command.locations))
    check_within(asks, wanted)
    person_id = add_person(connection, command, origin, now)
    mails.write(connection, mails.INVITED, person_id, command.email.strip().lower(), now)
    return person_id


def change_access(
    connection: Connection, person_id: int, access: Access, by: int, origin: Origin, now: datetime
) -> None:
    """Change role, single permissions and locations; it holds from the person's next page on.

    Raises NobodyThere, BeyondOwn, OwnAccess, LastAdministrator and LocationUnknown.
    """
    team, was = _held(connection, person_id, by)
    given = tuple(_deviations(access))
    wanted = replace(was, role=access.role, deviations=given, locations=access.locations)
    if person_id == by and Permission.STAFF not in wanted.permissions:
        raise OwnAccess
    check_within(team[by], wanted)
    check_headed(team, wanted)
    check_locations(connection, sorted(access.locations))
    _write_role(connection, was, wanted, origin, now)
    _write_permissions(connection, was, wanted, origin, now)
    _write_locations(connection, was, wanted, origin, now)


def leave(connection: Connection, person_id: int, by: int, origin: Origin, now: datetime) -> None:
    """Somebody has left: their sessions end, and no password or link lets them in."""
    team, was = _held(connection, person_id, by)
    if was.left_at is not None:
        return
    if person_id == by:
        raise OwnAccess
    check_headed(team, replace(was, left_at=now))
    values = {"left_at": now, "fs_uniquifier": secret()}
    connection.execute(update(Person).where(Person.id == person_id).values(values))
    sessions.end_all(connection, person_id, now)
    _log(connection, "staff.left", person_id, {"left": False}, {"left": True}, origin, now)


def come_back(
    connection: Connection, person_id: int, by: int, origin: Origin, now: datetime
) -> None:
    """Somebody who had left is back, with the permissions of then."""
    _, was = _held(connection, person_id, by)
    if was.left_at is None:
        return
    connection.execute(update(Person).where(Person.id == person_id).values(left_at=None))
    _log(connection, "staff.returned", person_id, {"left": True}, {"left": False}, origin, now)


def end_sessions(
    connection: Connection, person_id: int, by: int, origin: Origin, now: datetime
) -> None:
    """End every session of somebody."""
    _held(connection, person_id, by)
    sessions.end_all(connection, person_id, now)
    _log(connection, "staff.sessions_ended", person_id, {}, {}, origin, now, "medium")


def reset_second_factor(
    connection: Connection, person_id: int, by: int, origin: Origin, now: datetime
) -> None:
    """Somebody has lost their phone: the password alone is asked for again."""
    _held(connection, person_id, by)
    second_factor.forget(connection, person_id)
    _log(connection, "staff.second_factor_reset", person_id, {}, {}, origin, now)


def send_link(
    connection: Connection, person_id: int, by: int, origin: Origin, now: datetime
) -> None:
    """Send somebody a link to set a password."""
    _, was = _held(connection, person_id, by)
    mails.write(connection, mails.PASSWORD_LINK, person_id, was.email, now)
    _log(connection, "staff.link_sent", person_id, {}, {}, origin, now, "medium")


def _held(connection: Connection, person_id: int, by: int) -> tuple[Team, Member]:
    team = hold(connection)
    return team, other(team, asking(team, by), person_id)


def _deviations(access: Access) -> Sequence[Deviation]:
    """Only what differs from the role; nobody is at the desk without seeing anything."""
    has = ROLES[access.role]
    return [
        Deviation(each, granted)
        for each, granted in sorted(access.deviations.items())
        if granted != (each in has) and each is not Permission.READ
    ]


def _write_role(
    connection: Connection, was: Member, wanted: Member, origin: Origin, now: datetime
) -> None:
    if was.role == wanted.role:
        return
    connection.execute(update(Person).where(Person.id == was.id).values(role=wanted.role))
    before, after = {"role": was.role}, {"role": wanted.role}
    _log(connection, "staff.role_changed", was.id, before, after, origin, now)


def _write_permissions(
    connection: Connection, was: Member, wanted: Member, origin: Origin, now: datetime
) -> None:
    if set(was.deviations) == set(wanted.deviations):
        return
    connection.execute(delete(PersonPermission).where(PersonPermission.person_id == was.id))
    rows = [
        {"person_id": was.id, "permission": each.permission.value, "granted": each.granted}
        for each in wanted.deviations
    ]
    if rows:
        connection.execute(insert(PersonPermission), rows)
    before, after = _told(was), _told(wanted)
    _log(connection, "staff.permissions_changed", was.id, before, after, origin, now)


def _told(member: Member) -> dict[str, Any]:
    return {
        word: sorted(each.permission.value for each in member.deviations if each.granted == granted)
        for word, granted in (("granted", True), ("withdrawn", False))
    }


def _write_locations(
    connection: Connection, was: Member, wanted: Member, origin: Origin, now: datetime
) -> None:
    if was.locations == wanted.locations:
        return
    connection.execute(delete(PersonLocation).where(PersonLocation.person_id == was.id))
    limit_to(connection, was.id, sorted(wanted.locations))
    before = {"locations": sorted(was.locations)}
    after = {"locations": sorted(wanted.locations)}
    _log(connection, "staff.locations_changed", was.id, before, after, origin, now)


def _log(
    connection: Connection,
    action: str,
    person_id: int,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    origin: Origin,
    now: datetime,
    severity: Severity = "high",
) -> None:
    entry = Entry(action, {"person": person_id}, before, after, severity)
    record(connection, entry, origin, now)
