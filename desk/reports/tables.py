"""The figures of a report as its table shows them, each with the way to its rows: pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from desk.reports.saying import sum_text, value_text
from desk.words import _
from office.reports.report import Group, Measure, Report, Section

# Beyond so many lines a page is no longer read; the file has them all.
MOST_LINES = 1000

Way = Callable[[str, Group, Measure], str]
"""The address of a figure's rows: of its currency, the line it stands in, and its measure."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure; without a `path` it is nothing, or has no rows."""

    text: str
    path: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of figures, one for each measure."""

    title: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of the same day (or whatever the first dimension is), under the sums of them. A report
    with one dimension has blocks without lines."""

    head: Line
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Table:
    """The part of a report in one currency; `left_out` lines are not shown."""

    currency: str
    blocks: Sequence[Block]
    total: Line
    left_out: int


def table(report: Report, section: Section, way: Way) -> Table:
    """The table of a section. Its sums are of all lines, also of those left out."""
    blocks, left = [], MOST_LINES
    for groups in by_first(report, section.groups):
        if left > 0:
            blocks.append(_block(report, section.currency, groups, left, way))
            left -= len(groups)
    total = _line(report, section.currency, Group({}, section.sums), _("In all"), way)
    return Table(section.currency, blocks, total, max(len(section.groups) - MOST_LINES, 0))


def by_first(report: Report, groups: Sequence[Group]) -> list[list[Group]]:
    """Groups with the same value of the first dimension together, in their order."""
    first = report.dimensions[0].name
    return [list(same) for _value, same in groupby(groups, key=lambda group: group.of[first])]


def added(report: Report, groups: Sequence[Group]) -> dict[str, int]:
    """The sums of these groups, by measure; of amounts in minor units."""
    return {each.name: sum(group.sums[each.name] for group in groups) for each in report.measures}


def _block(report: Report, currency: str, groups: Sequence[Group], most: int, way: Way) -> Block:
    first, *rest = report.dimensions
    value = groups[0].of[first.name]
    whole = Group({first.name: value}, added(report, groups))
    title = value_text(first, value, groups[0].labels.get(first.name))
    lines = []
    for group in groups[:most] if rest else ():
        words = [
            value_text(each, group.of[each.name], group.labels.get(each.name)) for each in rest
        ]
        lines.append(_line(report, currency, group, ", ".join(words), way))
    return Block(_line(report, currency, whole, title, way), lines)


def _line(report: Report, currency: str, group: Group, title: str, way: Way) -> Line:
    return Line(title, [_cell(currency, group, each, way) for each in report.measures])


def _cell(currency: str, group: Group, measure: Measure, way: Way) -> Cell:
    sum = group.sums[measure.name]
    path = way(currency, group, measure) if sum else None
    return Cell(sum_text(measure, sum, currency), path)
