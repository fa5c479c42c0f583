"""What to export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bookings.models import Booking

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
