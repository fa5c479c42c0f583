"""Reports as files: the figures, and the rows that figures are sums of. Their filters are those of
the report's pages; what is wrong with one is told, for a file of other figures than were asked for
would be taken for what it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from desk.exports.making import AT_ONCE, CURRENCY, Told, amount, cell, day, number, text
from desk.forms import Slips
from desk.reports.asking import FIGURE, asked, asked_rows
from desk.reports.choices import choices
from desk.reports.listing import of_figure
from desk.typed import Slip
from kit import clock
from kit.errors import Refused
from kit.sql import Query
from kit.tables import Cell, Column, Kind
from office.exports.lists import Listed, Locations, Wanted
from office.reports.all import REPORTS
from office.reports.report import Detail, Dimension, Measure, Report, figures, order_of
from staff.permissions import Permission

ROWS = "-rows"
KINDS: Mapping[str, Kind] = {
    "text": "text", "word": "text", "number": "number", "amount": "amount", "day": "day",
    "moment": "moment",
}  # fmt: skip


def _figures(session: Session, report: Report, wanted: Wanted) -> Iterator[Told]:
    found = asked(report, wanted, choices(session), clock.now())
    _refuse(found.slips)
    for section in figures(session, report, found.filters):
        for group in section.groups:
            ids = {f"{name}_id": group.of[name] for name in group.labels}
            named = {**group.of, **group.labels}
            yield {"currency": section.currency, **named, **ids, **group.sums}


def _rows(session: Session, report: Report, wanted: Wanted) -> Query:
    """The rows of a figure, where one is named; else all that the report is made of."""
    there, now = choices(session), clock.now()
    if FIGURE in wanted:
        found, measure = asked_rows(report, wanted, there, now)
        _refuse(found.slips)
        return of_figure(report, found.filters, str(found.filters.currency), found.of, measure)
    found = asked(report, wanted, there, now)
    _refuse(found.slips)
    return select(report.facts(found.filters).subquery())


def _refuse(slips: Slips) -> None:
    """Raises what is wrong with the filters."""
    told = [Slip(name, text) for name, texts in slips.fields.items() for text in texts]
    Refused.if_any([*told, *(Slip("", text) for text in slips.all)])


def _told_row(report: Report, row: Any) -> Told:
    """A row by the names of the columns."""
    found = dict(row._mapping)
    for dimension in report.dimensions:
        if dimension.label:
            found[f"{dimension.name}_id"] = found[dimension.name]
            found[dimension.name] = found[dimension.label]
    return found


def _of_dimension(dimension: Dimension) -> Sequence[Column]:
    meaning = f"{dimension.title}".lower()
    if dimension.kind == "day":
        return [day(dimension.name, meaning)]
    if dimension.kind == "week":
        return [day(dimension.name, f"{meaning}: the Monday it begins with")]
    if dimension.label:
        return [
            text(dimension.name, f"{meaning}, by name"),
            number(f"{dimension.name}_id", f"{meaning}, by id"),
        ]
    words = f": {', '.join(dimension.words)}" if dimension.words else ""
    return [text(dimension.name, f"{meaning}{words}")]


def _of_measure(measure: Measure) -> Column:
    if measure.kind == "amount":
        return amount(measure.name, measure.title.lower())
    return number(measure.name, f"how many: {measure.title.lower()}")


def _of_detail(detail: Detail) -> Column:
    words = f": {', '.join(detail.words)}" if detail.words else ""
    return Column(detail.name, KINDS[detail.kind], f"{detail.title.lower()}{words}")


def _columns(report: Report) -> tuple[Column, ...]:
    """Those of the figures."""
    of = [column for each in report.dimensions for column in _of_dimension(each)]
    return (CURRENCY, *of, *map(_of_measure, report.measures))


def _row_columns(report: Report) -> tuple[Column, ...]:
    """Those of the rows: the same, and what describes a row."""
    columns = _columns(report)
    known = {column.name for column in columns}
    known |= {each.label for each in report.dimensions if each.label}
    details = [_of_detail(each) for each in report.details if each.name not in known]
    measured = len(report.measures)
    return (*columns[:-measured], *details, *columns[-measured:])


def _cells(columns: Sequence[Column]) -> Callable[[Told], Sequence[Cell]]:
    return lambda told: [cell(told, column) for column in columns]


def _of_figures(report: Report) -> Listed:
    cells = _cells(_columns(report))

    def count(session: Session, wanted: Wanted, _locations: Locations) -> int:
        return sum(1 for _told in _figures(session, report, wanted))

    def rows(session: Session, wanted: Wanted, _locations: Locations) -> Iterator[Sequence[Cell]]:
        return map(cells, _figures(session, report, wanted))

    return Listed(
        name=f"report-{report.name}",
        title=report.title,
        needs=Permission.REPORTS,
        columns=_columns(report),
        count=count,
        rows=rows,
        personal=False,
    )


def _of_rows(report: Report) -> Listed:
    cells = _cells(_row_columns(report))

    def count(session: Session, wanted: Wanted, _locations: Locations) -> int:
        found = _rows(session, report, wanted).subquery()
        return session.execute(select(func.count()).select_from(found)).scalar_one()

    def rows(session: Session, wanted: Wanted, _locations: Locations) -> Iterator[Sequence[Cell]]:
        query = _rows(session, report, wanted)
        ordered = query.order_by(*order_of(report, query).by())
        for row in session.execute(ordered, execution_options={"yield_per": AT_ONCE}):
            yield cells(_told_row(report, row))

    return Listed(
        name=f"report-{report.name}{ROWS}",
        title=report.title,
        needs=Permission.REPORTS,
        columns=_row_columns(report),
        count=count,
        rows=rows,
    )


OF_FIGURES = tuple(map(_of_figures, REPORTS.values()))
OF_ROWS = tuple(map(_of_rows, REPORTS.values()))
