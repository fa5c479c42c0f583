"""Bars, as the script of the desk draws them (static/charts.js): all words are put here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Series:
    """One bar for each place of the axis; `values` are plain decimals ("1015.00")."""

    name: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Bars:
    """`titles` say in full what each place of the axis is, `labels` what stands below it ("" for
    nothing). `unit` is what the values are of: a currency, or nothing for numbers of things.
    `accent` is the place that stands out. `thinned`: labels that find no room are left out."""

    unit: str
    titles: Sequence[str]
    labels: Sequence[str]
    series: Sequence[Series]
    accent: int | None = None
    thinned: bool = False

    def plain(self) -> dict[str, Any]:
        """For the JSON in the page."""
        return asdict(self)
