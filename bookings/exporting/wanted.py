"""What to export, and how cells are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bookings.models import Booking
from kit.money import Money
from kit.sheets import escaped

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """One location (its id), and days from and to, both included; None: all."""

    location_id: int | None = None
    first: date | None = None
    last: date | None = None

    def of(self, query: Any, day: Any) -> Any:
        """The rows of a query over bookings that are wanted, by the day in this column."""
        if self.location_id is not None:
            query = query.where(Booking.location_id == self.location_id)
        if self.first is not None:
            query = query.where(day >= self.first)
        if self.last is not None:
            query = query.where(day <= self.last)
        return query


def cell(value: str | int | date | datetime | Money | None) -> str:
    """Texts are escaped, so that no spreadsheet runs them; amounts are plain decimals, days and
    moments as ISO 8601 writes them."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return value.plain
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return escaped(value) if isinstance(value, str) else str(value)
