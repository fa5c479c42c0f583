"""Filters of the event log, as the address carries them: a bookmark keeps them. What cannot be read
is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from audit.reading import Wanted
from desk.log.choices import Choices
from desk.words import _
from kit.db import LARGEST

# Actions are called "payment.cleared": the groups are by what stands before the dot.
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "payments": (_("Payments"), ("payment", "card")),
    "bookings": (_("Bookings"), ("booking", "bookings", "enquiry", "guest")),
    "messages": (_("Messages"), ("message", "events", "mail")),
    "staff": (_("Staff"), ("staff",)),
    "partners": (_("Partners"), ("partner", "credential", "endpoint")),
    "settings": (_("Methods, tags and locations"), ("method", "tag", "location")),
}
# Nothing of these is ever in the chain of a booking.
OF_NO_BOOKING = ("staff", "partners", "settings")
SEVERITIES: Mapping[str, str] = {"low": _("Low"), "medium": _("Medium"), "high": _("High")}


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for. `actor` is "person-3", "partner-7" or "system"."""

    since: date | None = None
    until: date | None = None
    actor: str | None = None
    booking: int | None = None
    payment: int | None = None
    group: str | None = None
    severity: str | None = None
    location: int | None = None

    @property
    def args(self) -> dict[str, str]:
        """The same for an address, in the words of the form."""
        return {name: str(getattr(self, field)) for field, name in NAMES.items()
                if getattr(self, field) is not None}  # fmt: skip

    def wanted(self, choices: Choices) -> Wanted:
        """For the log's own columns. Days begin and end in the zone of the location asked for."""
        zone = choices.zone_of(self.location)
        kind, id = actor_of(self.actor)
        return Wanted(
            since=begins(self.since, zone) if self.since else None,
            until=begins(self.until + timedelta(days=1), zone) if self.until else None,
            actor_kind=kind,
            actor_id=id,
            severity=self.severity,
            groups=GROUPS[self.group][1] if self.group else (),
            chain=0 if self.group in OF_NO_BOOKING else self.booking,
        )


NAMES: Mapping[str, str] = {
    "since": "from",
    "until": "to",
    "actor": "actor",
    "booking": "booking",
    "payment": "payment",
    "group": "group",
    "severity": "severity",
    "location": "location",
}


def filters(given: Mapping[str, str]) -> Filters:
    """Those of an address."""
    group, severity = given.get("group"), given.get("severity")
    return Filters(
        since=day(given.get("from")),
        until=day(given.get("to")),
        actor=given.get("actor") if actor_of(given.get("actor"))[0] else None,
        booking=number(given.get("booking")),
        payment=number(given.get("payment")),
        group=group if group in GROUPS else None,
        severity=severity if severity in SEVERITIES else None,
        location=number(given.get("location")),
    )


def number(came: str | None) -> int | None:
    """An id, or none."""
    text = (came or "").strip()
    found = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else 0
    return found if 0 < found <= LARGEST else None


def day(came: str | None) -> date | None:
    try:
        found = date.fromisoformat((came or "").strip())
    except ValueError:
        return None
    return found if 1900 < found.year < 9000 else None


def actor_of(came: str | None) -> tuple[str | None, int | None]:
    """Kind and id of an actor; (None, None) of nobody."""
    kind, _dash, id = (came or "").partition("-")
    if kind == "system" and not id:
        return kind, None
    found = number(id)
    return (kind, found) if kind in ("person", "partner") and found else (None, None)


def begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
