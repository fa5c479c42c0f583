"""What time it is: instants in UTC, days in the zone of a location."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def day_at(instant: datetime, zone: str) -> date:
    """Which day it is at an IANA zone ("Atlantic/Azores") at this instant."""
    return instant.astimezone(ZoneInfo(zone)).date()


def begins(day: date, zone: str) -> datetime:
    """The first instant of a day there, also of one on which the clocks change at midnight."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
