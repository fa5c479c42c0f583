"""What to export, and how cells are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from kit.money import Money
from kit.sheets import escaped

AT_ONCE = 500
Advance = Callable[[int], object]  # called with how many rows were written since


@dataclass(frozen=True, slots=True)
class Wanted:
    """One location (its id), and days from and to, both included; None: all."""

    location_id: int | None = None
    first: date | None = None
    last: date | None = None


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
