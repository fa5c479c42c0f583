"""Reports as tests read them: what the lines say, in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit import clock
from kit.db import reading
from office.reports.all import REPORTS
from office.reports.report import Filters, Section, Value, figures, order_of, rows


def report(name: str, **filters: Any) -> dict[str, Section]:
    """The sections of a report by currency; without filters it is about all there is."""
    given: dict[str, Any] = {"now": clock.now()} | filters
    with reading() as session:
        found = figures(session, REPORTS[name], Filters(**given))
    return {section.currency: section for section in found}


def lines(name: str, *measures: str, **filters: Any) -> list[tuple[Value, ...]]:
    """The lines of a report that has one currency: values of its dimensions, then these sums."""
    found = report(name, **filters)
    assert len(found) <= 1
    return [
        (*group.of.values(), *(group.sums[each] for each in measures))
        for section in found.values()
        for group in section.groups
    ]


def listed(
    name: str, of: Mapping[str, Value] | None = None, currency: str = "EUR", **filters: Any
) -> list[dict[str, Any]]:
    """The rows of a line, in the order of the list; of all lines unless values are given."""
    given: dict[str, Any] = {"now": clock.now()} | filters
    kind = REPORTS[name]
    query = rows(kind, Filters(**given), currency, of or {})
    with reading() as session:
        query = query.order_by(*order_of(kind, query).by())
        return [dict(row) for row in session.execute(query).mappings()]
