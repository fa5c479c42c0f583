"""Sign-ins at the desk: begun with a new token each, ended by time, by their owner or by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.ids import digest, secret
from staff import attempts
from staff.errors import SessionOver
from staff.models import AnsweredForm, DeskSession
from staff.people import Me

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
# How often it is written down that a session is still used.
SEEN_EVERY = timedelta(minutes=1)
FORMS_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SessionView:
    """A sign-in that has not ended."""

    id: int
    address: str | None
    browser: str
    created_at: datetime
    seen_at: datetime


def is_over(me: Me, now: datetime) -> bool:
    """Whether time has ended this sign-in: two hours without a page, or twelve in all."""
    return now - me.seen_at > IDLE or now - me.signed_in_at > LONGEST


def begin(
    connection: Connection, person_id: int, origin: Origin, browser: str, now: datetime
) -> str:
    """A new sign-in; the token for its cookie, which is stored nowhere."""
    token = secret()
    row = {
        "person_id": person_id,
        "token_hash": digest(token),
        "address": origin.address,
        "browser": browser[:200],
        "created_at": now,
        "seen_at": now,
    }
    connection.execute(insert(DeskSession), [row])
    record(connection, Entry("staff.signed_in", {"person": person_id}, {}, {}), origin, now)
    return token


def renew(connection: Connection, me: Me, now: datetime) -> str:
    """A new token for this sign-in, and the end of all others of the person: whoever has a copy of
    the cookie is out, and only who asked stays in. How long it lasts in all stays as it was.

    Raises SessionOver when it has ended meanwhile."""
    token = secret()
    mine = (DeskSession.id == me.session_id, DeskSession.ended_at.is_(None))
    changed = update(DeskSession).where(*mine).values(token_hash=digest(token))
    if not connection.execute(changed).rowcount:
        raise SessionOver
    end_all(connection, me.id, now, but=me.session_id)
    return token


def keep_alive(connection: Connection, me: Me, now: datetime) -> None:
    """Write down that the session is used."""
    mine = DeskSession.id == me.session_id
    connection.execute(update(DeskSession).where(mine).values(seen_at=now))


def end(connection: Connection, session_id: int, now: datetime) -> None:
    """End one sign-in; its cookie is worth nothing from now on."""
    mine = (DeskSession.id == session_id, DeskSession.ended_at.is_(None))
    connection.execute(update(DeskSession).where(*mine).values(ended_at=now))


def end_token(connection: Connection, token: str, now: datetime) -> None:
    """End the sign-in of this token, if it has not ended."""
    mine = (DeskSession.token_hash == digest(token), DeskSession.ended_at.is_(None))
    connection.execute(update(DeskSession).where(*mine).values(ended_at=now))


def end_all(connection: Connection, person_id: int, now: datetime, but: int | None = None) -> None:
    """End every sign-in of a person, or all others than the session `but`."""
    theirs = update(DeskSession).where(
        DeskSession.person_id == person_id, DeskSession.ended_at.is_(None)
    )
    if but is not None:
        theirs = theirs.where(DeskSession.id != but)
    connection.execute(theirs.values(ended_at=now))


def open_sessions(connection: Connection, person_id: int, now: datetime) -> Sequence[SessionView]:
    """The sign-ins of a person that have not ended, the one used last first."""
    columns = [getattr(DeskSession, name) for name in SessionView.__dataclass_fields__]
    alive = (
        DeskSession.person_id == person_id,
        DeskSession.ended_at.is_(None),
        DeskSession.seen_at > now - IDLE,
        DeskSession.created_at > now - LONGEST,
    )
    found = select(*columns).where(*alive).order_by(DeskSession.seen_at.desc())
    return [SessionView(*row) for row in connection.execute(found)]


def forget_old(connection: Connection, now: datetime) -> int:
    """Delete sessions that ended long ago, forms nobody can send again, and old attempts to sign
    in; how many rows."""
    old = delete(DeskSession).where(DeskSession.created_at < now - 30 * LONGEST)
    forms = delete(AnsweredForm).where(AnsweredForm.created_at < now - FORMS_KEPT)
    gone = connection.execute(old).rowcount + connection.execute(forms).rowcount
    return gone + attempts.forget_old(connection, now)
