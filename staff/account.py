"""What people change about their own access."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from staff.models import DeskSession, Person


def set_single_keys(connection: Connection, person_id: int, on: bool) -> None:
    """Whether single letters are shortcuts for this person."""
    connection.execute(update(Person).where(Person.id == person_id).values(single_keys=on))


def end_own_session(
    connection: Connection, person_id: int, session_id: int, origin: Origin, now: datetime
) -> bool:
    """End one of one's own sessions; whether it was one, and open."""
    mine = (
        DeskSession.id == session_id,
        DeskSession.person_id == person_id,
        DeskSession.ended_at.is_(None),
    )
    ended = connection.execute(update(DeskSession).where(*mine).values(ended_at=now)).rowcount
    if ended:
        entry = Entry("staff.session_ended", {"person": person_id}, {}, {"session": session_id})
        record(connection, entry, origin, now)
    return bool(ended)


def end_own_others(
    connection: Connection, person_id: int, but: int, origin: Origin, now: datetime
) -> None:
    """End all of one's own sessions but this one."""
    mine = (
        DeskSession.id != but,
        DeskSession.person_id == person_id,
        DeskSession.ended_at.is_(None),
    )
    connection.execute(update(DeskSession).where(*mine).values(ended_at=now))
    entry = Entry("staff.sessions_ended", {"person": person_id}, {}, {}, "medium")
    record(connection, entry, origin, now)


def password_of(connection: Connection, person_id: int) -> str | None:
    """The hash that is stored; reading it is all one does in that transaction."""
    found: str | None = connection.scalar(select(Person.password).where(Person.id == person_id))
    return found
