"""What time it is: instants in UTC, days in the zone of a location."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def day_at(instant: datetime, zone: str) -> date:
    """Which day it is at an IANA zone ("Atlantic/Azores") at this instant."""
    return instant.astimezone(ZoneInfo(zone)).date()
