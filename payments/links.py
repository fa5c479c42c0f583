"""Links for guests: signed, for one purpose and one booking, valid for some time.

They are made when a mail is, and are stored nowhere: whoever can read the database has no link.
They carry a number that is stored with the booking; when staff withdraw the links that are out, the
number goes up, and the older ones of every purpose are dead.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask, current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection, select

from bookings.models import Booking
from kit import clock
from kit.clock import day_at
from kit.db import reading
from kit.vault import derived_key
from locations.models import Location
from payments import queries
from payments.gateways.registry import gateway_for

DAYS = 14
LONGEST = 200
# How long a guest may take to come back from a provider's page, which closes long before.
COMES_BACK_WITHIN = timedelta(hours=3)
RESUME, PAY, BACK = "take up again", "pay", "come back"
PATHS = {RESUME: "guest/bookings", PAY: "pay"}
# Where a link would stand in what is only looked at.
NOT_SHOWN = "not-shown-here"


@dataclass(frozen=True, slots=True)
class PayLink:
    """What a link to pay says: the booking, the last day on which it works, its number."""

    booking_id: int
    until: date
    version: int


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A link to the guest's page for a mail: its address, the last day on which it works, whether
    one can pay there, and its number (None: it is only shown, and leads nowhere)."""

    url: str
    until: date
    pays_online: bool
    version: int | None = 0


def init_app(app: Flask) -> None:
    key = derived_key(app.config["SECRET_KEY"], "guest link")
    app.extensions["guest_links"] = {
        purpose: URLSafeTimedSerializer(
            key,
            salt=purpose,
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
        for purpose in (*PATHS, BACK)
    }


def _signer(purpose: str) -> URLSafeTimedSerializer:
    found: URLSafeTimedSerializer = current_app.extensions["guest_links"][purpose]
    return found


def _link(purpose: str, token: str) -> str | None:
    """The address of a page; None when nobody has said where the world reaches us
    (FLASK_PUBLIC_URL): never by a Host header."""
    public_url = current_app.config["PUBLIC_URL"]
    return None if public_url is None else f"{public_url.rstrip('/')}/{PATHS[purpose]}/{token}"


def link_to_resume(booking_id: int) -> str | None:
    """The address at which the guest can take the booking up again for DAYS; None without
    FLASK_PUBLIC_URL, or when there is no such booking."""
    version = _version_of(booking_id)
    if version is None:
        return None
    return _link(RESUME, str(_signer(RESUME).dumps([booking_id, version])))


def resume_link_not_shown(booking_id: int) -> str | None:
    """What stands for such a link where a mail is only looked at."""
    return None if _version_of(booking_id) is None else _link(RESUME, NOT_SHOWN)


def booking_of(token: str) -> int | None:
    """The booking a link to take it up again is about; None for one that is not ours, was changed,
    has expired or was withdrawn."""
    found = _loaded(RESUME, token, timedelta(days=DAYS))
    # Links were made without a number before it could be raised for them.
    numbers = [found, 0] if type(found) is int else found
    if not _are_numbers(numbers, 2):
        return None
    booking_id, version = numbers
    return booking_id if _version_of(booking_id) == version else None


def link_to_pay(booking_id: int) -> str | None:
    """The address at which the guest sees what is due, and pays; None without FLASK_PUBLIC_URL, or
    when there is no such booking. It works until the day of arrival, at least for DAYS."""
    with reading() as session:
        token = token_to_pay(session.connection(), booking_id, clock.now())
    return None if token is None else _link(PAY, token)


def guest_link(booking_id: int) -> GuestLink | None:
    """The same link with what a mail says of it."""
    now = clock.now()
    with reading() as session:
        connection = session.connection()
        token = token_to_pay(connection, booking_id, now)
        link = read_pay_link(connection, token, now) if token else None
        place = select(Booking.location_id).where(Booking.id == booking_id)
        location_id = connection.scalar(place)
        pays = location_id is not None and pays_online(connection, location_id)
    url = _link(PAY, token) if token else None
    if url is None or link is None:
        return None
    return GuestLink(url, link.until, pays, link.version)


def guest_link_not_shown(booking_id: int) -> GuestLink | None:
    """What stands for that link where a mail is only looked at: all that it says, and no way in."""
    found, url = guest_link(booking_id), _link(PAY, NOT_SHOWN)
    return None if found is None or url is None else replace(found, url=url, version=None)


def pays_online(connection: Connection, location_id: int) -> bool:
    """Whether guests of a location can pay on their page: it offers them a method, and there is a
    provider with a page of its own."""
    if gateway_for("pay", {}) is None:
        return False
    return bool(queries.guest_methods(connection, location_id))


def token_to_pay(connection: Connection, booking_id: int, now: datetime) -> str | None:
    """What stands in such a link; None when there is no such booking."""
    query = select(Booking.arrives_on, Booking.link_version, Location.time_zone)
    mine = query.join(Location, Location.id == Booking.location_id).where(Booking.id == booking_id)
    row = connection.execute(mine).first()
    if row is None:
        return None
    until = max(row.arrives_on, day_at(now, row.time_zone) + timedelta(days=DAYS))
    return token_of(PayLink(booking_id, until, row.link_version))


def token_of(link: PayLink) -> str:
    """What stands in a link that says this."""
    return str(_signer(PAY).dumps([link.booking_id, link.until.toordinal(), link.version]))


def token_to_come_back(link: PayLink, code: str) -> str:
    """What stands in the address by which the guest of a link comes back from the page of one
    intent. The provider knows it: it is no link to pay, and works for COMES_BACK_WITHIN."""
    numbers = [link.booking_id, link.until.toordinal(), link.version]
    return str(_signer(BACK).dumps([code, *numbers]))


def read_way_back(connection: Connection, token: str, code: str, now: datetime) -> PayLink | None:
    """The link of the guest who comes back from the page of the intent `code`; None for an address
    that is not ours, is another intent's, is too old, or whose link works no more."""
    found = _loaded(BACK, token, COMES_BACK_WITHIN)
    if not isinstance(found, list) or found[:1] != [code]:
        return None
    return _if_it_works(connection, found[1:], now)


def read_pay_link(connection: Connection, token: str, now: datetime) -> PayLink | None:
    """What a link to pay says; None for one that is not ours, was changed, has expired or was
    withdrawn. Whoever holds a booking's link cannot make another booking's from it."""
    return _if_it_works(connection, _loaded(PAY, token, None), now)


def _if_it_works(connection: Connection, found: Any, now: datetime) -> PayLink | None:
    """The link of these numbers, unless it has expired or was withdrawn."""
    if not _are_numbers(found, 3):
        return None
    link = PayLink(found[0], date.fromordinal(found[1]), found[2])
    query = select(Booking.link_version, Location.time_zone)
    mine = query.join(Location, Location.id == Booking.location_id)
    row = connection.execute(mine.where(Booking.id == link.booking_id)).first()
    if row is None or row.link_version != link.version:
        return None
    return link if day_at(now, row.time_zone) <= link.until else None


def _version_of(booking_id: int) -> int | None:
    """The number of the links of a booking that are not withdrawn; None when it does not exist."""
    with reading() as session:
        mine = select(Booking.link_version).where(Booking.id == booking_id)
        return session.connection().scalar(mine)


def _are_numbers(found: Any, how_many: int) -> bool:
    is_list = isinstance(found, list) and len(found) == how_many
    return is_list and all(type(each) is int for each in found)


def _loaded(purpose: str, token: str, lives: timedelta | None) -> Any:
    """What was signed; None for what was not."""
    if len(token) > LONGEST:
        return None
    age = None if lives is None else int(lives.total_seconds())
    try:
        return _signer(purpose).loads(token, max_age=age)
    except BadData:
        return None
