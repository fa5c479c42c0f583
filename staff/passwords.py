"""Passwords of staff: which are good enough, the Argon2id hashes they are stored as, new ones."""

from __future__ import annotations

from datetime import datetime

from flask_security import hash_password, verify_password
from flask_security.proxies import _security
from sqlalchemy import Connection, select, update

from audit.chain import Entry, Origin
from audit.recording import record
from kit.ids import secret
from staff import attempts, mails, sessions
from staff.errors import LinkWorthless, PasswordRefused
from staff.models import Person


def hashed(password: str) -> str:
    """The Argon2id hash of a password, whatever it is like."""
    found: str = hash_password(password)
    return found


def checked(password: str) -> str:
    """The hash of a new password. Raises PasswordRefused for one that is too easy."""
    told, normal = _security.password_util.validate(password, True)
    if told:
        raise PasswordRefused(" ".join(f"{each}." for each in told))
    return hashed(normal)


def fits(stored: str | None, password: str) -> bool:
    """Whether this is the password. Without a stored hash it takes the same time to say no."""
    normal = _security.password_util.normalize(password)
    if stored is None:
        hashed(normal)
        return False
    return bool(verify_password(normal, stored))


def change_password(
    connection: Connection,
    person_id: int,
    fresh: str,
    origin: Origin,
    now: datetime,
    *,
    but: int | None = None,
    link_of: str | None = None,
) -> None:
    """Give somebody a new password (its hash), end all of their sessions but that one, and tell
    them. `link_of` is the fs_uniquifier of a link that did it: it works once.

    Raises LinkWorthless when that is another one by now, or the person has left.
    """
    mine = [Person.id == person_id, Person.left_at.is_(None)]
    if link_of is not None:
        mine.append(Person.fs_uniquifier == link_of)
    email = connection.scalar(select(Person.email).where(*mine).with_for_update())
    if email is None:
        raise LinkWorthless
    changed = {"password": fresh, "fs_uniquifier": secret()}
    connection.execute(update(Person).where(Person.id == person_id).values(changed))
    sessions.end_all(connection, person_id, now, but=but)
    network = attempts.network_of(origin.address)
    attempts.forget(connection, email, network, now, attempts.OF_PASSWORD)
    action = "staff.password_changed" if link_of is None else "staff.password_set"
    record(connection, Entry(action, {"person": person_id}, {}, {}, "medium"), origin, now)
    mails.write(connection, mails.PASSWORD_CHANGED, person_id, email, now)
