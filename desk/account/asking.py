"""Setting a password by a link that was sent: asking for one, and using it."""

from __future__ import annotations

from datetime import datetime

from flask_security.recoverable import reset_password_token_status
from sqlalchemy import Connection

from audit.chain import Entry
from audit.recording import record
from desk.account.entering import (
    Known,
    NotIn,
    alike,
    known,
    minutes_until,
    network_of_client,
    origin_of,
)
from desk.words import ngettext
from kit import clock
from kit.db import in_transaction
from partners.limits import limits
from staff import attempts, mails
from staff.errors import LinkWorthless, PasswordsDiffer
from staff.passwords import change_password, checked

LONGEST = 500  # of a token


class TooManyLinks(NotIn):
    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(
            ngettext(
                "Too many links were asked for with this address, so none is sent now. If it is "
                "somebody's, those that were sent work for two days; ask anew in a minute.",
                "Too many links were asked for with this address, so none is sent now. If it is "
                "somebody's, those that were sent work for two days; ask anew in %(num)s minutes.",
                minutes_until(until, now),
            )
        )


def ask_for_link(email: str) -> None:
    """Send a link to this address, if it is somebody's, and not more than a few in an hour. What
    can be noticed is the same for any address: it is counted first, somebody's or nobody's.

    Raises TooManyLinks, and TooManyRequests when this network asks for very many."""
    email, now, network = email.strip().lower()[:254], clock.now(), network_of_client()
    limits().count_link_asked(network)
    person = known(email=email)

    def work(connection: Connection) -> datetime | None:
        attempt = attempts.begin(connection, "link", email, network, now)
        if attempt.locked_until is None:
            alike(connection, person, lambda whom: _send(connection, whom, now))
        return attempt.locked_until

    if until := in_transaction(work):
        raise TooManyLinks(until, now)


def _send(connection: Connection, whom: Known, now: datetime) -> None:
    mails.write(connection, mails.PASSWORD_LINK, whom.id, whom.email, now)
    entry = Entry("staff.link_asked", {"person": whom.id}, {}, {})
    record(connection, entry, origin_of(None), now)


def person_of_link(token: str) -> str | None:
    """The email of whom a link is for; None for one that is worth nothing (any more)."""
    found = _of(token)
    return found[0].email if found else None


def password_by_link(token: str, password: str, again: str) -> None:
    """Set a password by a link. Raises LinkWorthless, PasswordsDiffer and PasswordRefused."""
    found = _of(token)
    if found is None:
        raise LinkWorthless
    if password != again:
        raise PasswordsDiffer
    person, uniquifier = found
    fresh, now, origin = checked(password), clock.now(), origin_of(person)
    in_transaction(
        lambda connection: change_password(
            connection, person.id, fresh, origin, now, link_of=uniquifier
        )
    )


def _of(token: str) -> tuple[Known, str] | None:
    if len(token) > LONGEST:
        return None
    expired, invalid, row = reset_password_token_status(token)  # type: ignore[no-untyped-call]
    if expired or invalid or row is None:
        return None
    person = known(id=row.id)
    return (person, row.fs_uniquifier) if person else None
