"""Looking at passwords and codes that somebody types in: counted, limited, and told in the same
words and the same time whether the address is somebody's or nobody's.

Passwords are compared outside of any transaction: Argon2 takes its time, and nobody waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, request, session
from sqlalchemy import Connection, select

from audit.chain import SYSTEM, Actor, Entry, Origin
from audit.recording import record
from desk.access import TOKEN
from desk.words import _, ngettext
from kit import clock
from kit.db import glance, in_transaction
from kit.ids import digest
from partners.authentication import address_of
from partners.limits import limits
from staff import attempts, mails, sessions
from staff.attempts import Attempt, Kind, network_of
from staff.models import Person
from staff.passwords import fits
from staff.second_factor import take_code

PENDING = "second"
PENDING_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of the staff, as far as signing in needs to know them."""

    id: int
    email: str
    password: str | None
    stamp: str
    has_second_factor: bool


NOBODY = Known(0, "nobody@example.com", None, "", False)


class NotIn(Exception):
    """Somebody is not let in; the sentence is what they are told."""


class WrongWords(NotIn):
    def __init__(self) -> None:
        super().__init__(_("This e-mail address and password do not go together."))


class WrongDigits(NotIn):
    def __init__(self) -> None:
        super().__init__(_("This code is not right, or was used already. Take the next one."))


class Locked(NotIn):
    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(
            ngettext(
                "Too many wrong tries in a row for this address. "
                "From your network nobody is let in with it for the next minute.",
                "Too many wrong tries in a row for this address. "
                "From your network nobody is let in with it for the next %(num)s minutes.",
                minutes_until(until, now),
            )
        )


def minutes_until(until: datetime, now: datetime) -> int:
    return max(1, math.ceil((until - now).total_seconds() / 60))


def known(**by: object) -> Known | None:
    """The person of this email or id, unless they have left."""
    [(name, value)] = by.items()
    if isinstance(value, str) and "\0" in value:
        return None  # databases refuse to look for what they could not store
    columns = (Person.id, Person.email, Person.password, Person.fs_uniquifier)
    query = select(*columns, Person.tf_totp_secret.is_not(None).label("second"))
    row = glance(query.where(getattr(Person, name) == value, Person.left_at.is_(None)), {})
    if row is None:
        return None
    return Known(row.id, row.email, row.password, digest(row.fs_uniquifier), bool(row.second))


def origin_of(person: Known | None) -> Origin:
    """Whom the event log names for somebody who is not in yet: nobody, until they have shown a
    password."""
    actor = Actor("person", person.id, person.email) if person else SYSTEM.actor
    return Origin(actor, address_of(request.remote_addr), g.get("request_id"))


def by_password(email: str, password: str) -> Known:
    """Who this is. Raises WrongWords, Locked and TooManyRequests."""
    email = email.strip().lower()
    person = known(email=email)
    stored = person.password if person else None
    _look("sign-in", email, person, lambda: fits(stored, password), WrongWords)
    if person is None:  # nobody's password is right
        raise WrongWords
    return person


def confirm_password(person_id: int, password: str) -> bool:
    """Whether this is the present password of somebody who is in. Raises Locked, as at the way in:
    who found an open browser does not guess on."""
    person = known(id=person_id)
    if person is None:
        return False
    try:
        _look("confirm", person.email, person, lambda: fits(person.password, password), WrongWords)
    except WrongWords:
        return False
    return True


def by_code(person: Known, code: str) -> None:
    """The second step. Raises WrongDigits, Locked and TooManyRequests."""

    def look() -> bool:
        now, origin = clock.now(), origin_of(person)
        return in_transaction(
            lambda connection: take_code(connection, person.id, code, origin, now)
        )

    _look("code", person.email, person, look, WrongDigits)


def _look(
    kind: Kind, email: str, person: Known | None, look: Callable[[], bool], wrong: type[NotIn]
) -> None:
    """Look at one try, after it was counted; a right one is taken back, wrong ones add up."""
    now, client, network = clock.now(), f"desk {email}", network_of_client()
    limits().check_sign_in(network, client)
    attempt = in_transaction(
        lambda connection: attempts.begin(connection, kind, email, network, now)
    )
    if attempt.locked_until is not None:
        limits().count_failed_sign_in(network, client)
        raise Locked(attempt.locked_until, now)
    if look():
        in_transaction(lambda connection: attempts.take_back(connection, attempt))
        return
    limits().count_failed_sign_in(network, client)
    if attempt.ending:
        until = in_transaction(lambda connection: _lock(connection, attempt, person, now))
        raise Locked(until, now)
    raise wrong()


def network_of_client() -> str:
    return network_of(address_of(request.remote_addr))


def _lock(
    connection: Connection, attempt: Attempt, person: Known | None, now: datetime
) -> datetime:
    """Nothing more is looked at for a while; whose address it is is written to."""
    until = attempts.lock(connection, attempt)
    there_only = not any(each.everywhere for each in attempt.ending)
    facts = {"minutes": minutes_until(until, now), "there_only": there_only}

    def tell(whom: Known) -> None:
        entry = Entry("staff.locked", {"person": whom.id}, {}, {}, "medium")
        record(connection, entry, origin_of(None), now)
        mails.write(connection, mails.LOCKED, whom.id, whom.email, now, **facts)

    alike(connection, person, tell)
    return until


def alike(connection: Connection, person: Known | None, tell: Callable[[Known], None]) -> None:
    """Write something down about somebody; about nobody the same is written and undone, so that the
    time it takes does not tell whether an address is somebody's."""
    point = connection.begin_nested()
    tell(person or NOBODY)
    if person is None:
        point.rollback()
    else:
        point.commit()


def wait_for_code(person: Known) -> None:
    """The password was right; remember for some minutes whose code is to come. The browser's old
    session ends now: its cookie is gone after this."""
    before, now = session.get(TOKEN), clock.now()
    if isinstance(before, str):
        in_transaction(lambda connection: sessions.end_token(connection, before, now))
    session.clear()
    session[PENDING] = [person.id, person.stamp, int(now.timestamp())]


def waiting_for_code() -> Known | None:
    """Whose code is to come. None when it took too long, or the password was changed meanwhile."""
    found = session.get(PENDING)
    if not isinstance(found, list) or len(found) != 3:
        return None
    person_id, stamp, since = found
    if clock.now().timestamp() - since > PENDING_FOR.total_seconds():
        return None
    person = known(id=person_id)
    return person if person is not None and person.stamp == stamp else None


def let_in(person: Known) -> None:
    """A new session with a new token; the browser's old one ends, and what its cookie held."""
    now, origin, before = clock.now(), origin_of(person), session.get(TOKEN)
    browser, network = request.user_agent.string, network_of_client()

    def work(connection: Connection) -> str:
        attempts.forget(connection, person.email, network, now)
        if isinstance(before, str):
            sessions.end_token(connection, before, now)
        return sessions.begin(connection, person.id, origin, browser, now)

    token = in_transaction(work)
    session.clear()
    session[TOKEN] = token
    session.permanent = True
