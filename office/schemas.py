"""Reports in the house format: queries in, figures and rows out (docs/office/reports.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from kit import form
from kit.fields import LeadingNumber, moment_text, number
from kit.money import Money
from office import describing
from office.reports.filters import WIRE, Asked, ReportQuery, RowsQuery
from office.reports.report import CURRENCY, Report, Section, Value
from payments.queries import MOST


class FiguresQuery(ReportQuery):
    """The query of GET /apis/reports/{name}."""

    described = describing.FILTERS


class RowPageQuery(RowsQuery):
    """The query of GET /apis/reports/{name}/rows."""

    described = describing.FILTERS | describing.OF_LINES | describing.PAGES
    size = LeadingNumber(data_key="size", least=1, most=MOST)
    index = LeadingNumber(data_key="index", least=1, most=10**9)


# Columns whose names on the wire are not just their own words; ids have their names beside them.
WORDS = {
    "location": "Location",
    "method_name": "Method",
    "partner_name": "Partner",
    "due_on": "DueDate",
    "leaves_on": "DepartureDate",
    "tried_at": "CreatedTime",
}


def wire(column: str) -> str:
    """The name on the wire of a column of facts."""
    named = WORDS.get(column) or WIRE.get(column)
    return named or "".join(word.capitalize() for word in column.split("_"))


def listed(reports: Sequence[Report]) -> bytes:
    """The answer of GET /apis/reports."""
    shown = [
        {
            "Name": each.name,
            "Title": each.title,
            "About": each.says,
            "DatedBy": each.dated_by,
            "Filters": [WIRE[name] for name in each.filters],
            "Lines": [wire(dimension.name) for dimension in each.dimensions],
            "Figures": [wire(measure.name) for measure in each.measures],
        }
        for each in reports
    ]
    return form.encode({"Reports": shown})


def report(of: Report, asked: Asked, sections: Sequence[Section]) -> bytes:
    """The answer of GET /apis/reports/{name}."""
    shown = [
        {
            "Currency": section.currency,
            "Sums": _sums(of, section.currency, section.sums),
            "Lines": [
                _of(of, group.of, group.labels) | _sums(of, section.currency, group.sums)
                for group in section.groups
            ],
        }
        for section in sections
    ]
    first, last = (_plain(day) for day in (asked.filters.first, asked.filters.last))
    return form.encode({"Report": of.name, "From": first, "To": last, "Sections": shown})


def rows(of: Report, found: Sequence[Mapping[str, Any]], total: int) -> bytes:
    """The answer of GET /apis/reports/{name}/rows. Nothing of a person is in it."""
    return form.encode({"TotalHits": total, "Rows": [_row(of, each) for each in found]})


def _row(of: Report, row: Mapping[str, Any]) -> dict[str, Any]:
    currency = row[CURRENCY]
    names = {each.name: row[each.name] for each in of.dimensions}
    labels = {each.name: row[each.label] for each in of.dimensions if each.label}
    details = {
        wire(each.name): number(Money(row[each.name], currency))
        if each.kind == "amount"
        else _plain(row[each.name])
        for each in of.details
        if not each.is_private
    }
    return _of(of, names, labels) | _sums(of, currency, row) | {"Currency": currency} | details


def _of(of: Report, names: Mapping[str, Value], labels: Mapping[str, Any]) -> dict[str, Any]:
    """What a line is about: ids with their names beside them."""
    shown: dict[str, Any] = {}
    for each in of.dimensions:
        shown[wire(each.name)] = _plain(names[each.name])
        if each.label:
            shown[wire(each.label)] = labels[each.name]
    return shown


def _sums(of: Report, currency: str, sums: Mapping[str, int]) -> dict[str, Any]:
    return {
        wire(each.name): number(Money(sums[each.name], currency))
        if each.kind == "amount"
        else sums[each.name]
        for each in of.measures
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value
