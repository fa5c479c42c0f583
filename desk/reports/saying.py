"""Values of reports in words: of dimensions, of measures, of what describes a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from desk.words import NOTHING, _, amount_text, day_text, long_day_text, money_text
from kit.money import Money
from office.reports.report import Dimension, Measure, Value

# What stands in a report as soon as there is something.
NOTHING_YET: Mapping[str, str] = {
    "money": _("Payments stand here on the day their money was there, and refunds with them."),
    "sources": _("Payments stand here by the door they came by, once their money is there."),
    "due": _("What bookings ask for stands here by the week it is due in, until it is paid."),
    "overdue": _("What bookings ask for stands here by how late it is, until it is paid."),
    "deferred": _("Cheques under way and promises stand here on the day they are expected."),
    "attempts": _("Attempts that bring no money stand here, with what became of them."),
    "held": _("Credit and security deposits stand here until they are used or given back."),
}


def value_text(dimension: Dimension, value: Value, label: str | None = None) -> str:
    """A value of a dimension; `label` is the name of an id."""
    if isinstance(value, date):
        return long_day_text(value) if dimension.kind == "day" else day_text(value)
    if value is None:
        return _("No partner") if dimension.name == "partner" else _("None")
    if dimension.words:
        return _(dimension.words[str(value)])
    return label or str(value)


def sum_text(measure: Measure, sum: int, currency: str) -> str:
    """A figure in a column: an amount (minor units) without its currency, or a number of things;
    a dash for nothing."""
    if measure.kind == "amount":
        return amount_text(Money(sum, currency))
    return f"{sum:,}" if sum else NOTHING


def sum_in_full(measure: Measure, sum: int, currency: str) -> str:
    """A figure in a sentence: an amount with its currency."""
    return money_text(Money(sum, currency)) if measure.kind == "amount" else f"{sum:,}"


def plain_sum(measure: Measure, sum: int, currency: str) -> str:
    """A figure for a script: a plain decimal."""
    return Money(sum, currency).plain if measure.kind == "amount" else str(sum)
