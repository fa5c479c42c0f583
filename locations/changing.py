"""Changing the settings of a location, and its LocationToken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sqlalchemy import Connection, select, update

from audit.chain import Entry, Origin, Severity
from audit.recording import record
from kit import currencies
from kit.errors import Refused
from kit.ids import digest, secret
from locations.errors import (
    CheckoutUrlWrong,
    CurrencyFixed,
    LocationError,
    NoSuchLocation,
    NotACurrency,
    ZoneFixed,
    ZoneUnknown,
)
from locations.models import Location

# Names of places; the others ("EST", "Etc/GMT+3", "Turkey") are there for old programs, and not
# every database knows them.
REGIONS = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/",
    "Indian/", "Pacific/",
)  # fmt: skip
ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")
# How much a change of a setting matters; the others matter little.
SEVERE: dict[str, Severity] = {
    "checkout_url": "high",  # where guests are sent to pay
    "currency": "high",
    "mail_sender": "medium",
    "overpayment": "medium",
    "time_zone": "medium",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSettings:
    """What may be changed of a location (locations.models says what each means)."""

    name: str
    mail_sender: str
    time_zone: str
    currency: str
    overpayment: str
    hold_minutes: int
    reminder_days: int
    checkout_url: str | None


@cache
def zones() -> tuple[str, ...]:
    """The IANA names of time zones that a location may be in."""
    return ("UTC", *sorted(each for each in available_timezones() if each.startswith(REGIONS)))


def held_settings(connection: Connection, location_id: int) -> LocationSettings:
    """The settings as they stand, held until the end of the transaction: no booking is made
    meanwhile. Raises NoSuchLocation."""
    names = LocationSettings.__dataclass_fields__
    columns = (getattr(Location, name) for name in names)
    query = select(*columns).where(Location.id == location_id).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise NoSuchLocation(location_id)
    return LocationSettings(**row._mapping)


def change_location(
    connection: Connection,
    location_id: int,
    wanted: LocationSettings,
    origin: Origin,
    now: datetime,
    *,
    has_amounts: Callable[[], bool],
    has_money: Callable[[], bool],
) -> bool:
    """Give a location other settings; whether anything changed. `has_amounts`: whether there are
    amounts in its currency, `has_money`: whether money was recorded there; both are asked for while
    the location is held.

    Raises NoSuchLocation, ZoneUnknown, ZoneFixed, NotACurrency, CurrencyFixed and CheckoutUrlWrong.
    """
    was = held_settings(connection, location_id)
    found = _slips(was, wanted)
    if wanted.currency != was.currency and has_amounts():
        found.append(CurrencyFixed(was.currency))
    if wanted.time_zone != was.time_zone and has_money():
        found.append(ZoneFixed(was.time_zone))
    Refused.if_any(found)
    before, after = asdict(was), asdict(wanted)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return False
    values = {name: after[name] for name in changed}
    connection.execute(update(Location).where(Location.id == location_id).values(values))
    entry = Entry(
        "location.changed",
        {"location": location_id},
        {name: before[name] for name in changed},
        values,
        severity=_severity(changed),
    )
    record(connection, entry, origin, now)
    return True


def rotate_token(connection: Connection, location_id: int, origin: Origin, now: datetime) -> str:
    """A new LocationToken (PAR Brink), which is stored nowhere; the one before it is worth nothing
    from now on. Raises NoSuchLocation."""
    held_settings(connection, location_id)
    token = secret()
    mine = Location.id == location_id
    connection.execute(update(Location).where(mine).values(token_hash=digest(token)))
    about = {"location": location_id}
    entry = Entry("location.token_rotated", about, {}, {}, severity="high")
    record(connection, entry, origin, now)
    return token


def _slips(was: LocationSettings, wanted: LocationSettings) -> list[LocationError]:
    """What cannot be. A zone that is there already stays good."""
    found: list[LocationError] = []
    if wanted.time_zone not in (was.time_zone, *zones()):
        found.append(ZoneUnknown(wanted.time_zone))
    if wanted.currency not in currencies.codes():
        found.append(NotACurrency(wanted.currency))
    if wanted.checkout_url is not None and not _is_address(wanted.checkout_url):
        found.append(CheckoutUrlWrong())
    return found


def _is_address(text: str) -> bool:
    """It becomes a link for guests once {booking} is filled in."""
    url = text.replace("{booking}", "1")
    if not ADDRESS.fullmatch(url) or "{" in url or "}" in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc


def _severity(changed: list[str]) -> Severity:
    levels = {SEVERE.get(name, "low") for name in changed}
    return "high" if "high" in levels else "medium" if "medium" in levels else "low"
