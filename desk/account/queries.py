"""Reading for one's own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from desk.words import _
from kit.sql import rows_of
from locations.models import Location
from staff.models import Person
from staff.people import Me
from staff.sessions import SessionView, open_sessions


@dataclass(frozen=True, slots=True)
class Account:
    """What is not known of the person by the session alone. `zone` is that of the first location
    they reach: times of staff are told in it."""

    has_second_factor: bool
    codes_left: bool
    locations: Sequence[str]
    zone: str
    sessions: Sequence[SessionView]


def account(session: Session, me: Me, now: datetime) -> Account | None:
    """The account of who is at the desk."""
    mine = true() if me.locations is None else Location.id.in_(sorted(me.locations))
    places = select(Location.id, Location.name, Location.time_zone).where(mine)
    columns = select(
        Person.tf_totp_secret.is_not(None),
        func.length(Person.recovery_codes) > 0,
        rows_of(places).label("places"),
    )
    row = session.execute(columns.where(Person.id == me.id)).first()
    if row is None:
        return None
    second, codes, found = row
    ordered = sorted(found)
    zone = ordered[0][2] if ordered else "UTC"
    views = open_sessions(session.connection(), me.id, now)
    return Account(bool(second), bool(codes), [name for _id, name, _zone in ordered], zone, views)


BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def browser_text(user_agent: str) -> str:
    """ "Firefox on Linux", of what a browser says of itself."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), _("A browser"))
    system = next((name for sign, name in SYSTEMS if sign in user_agent), None)
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser
