"""What a report is: rows of facts, and how they are grouped.

A figure is the sum of a measure over the facts of its group, worked out by the database from the
very query that lists the rows: a figure and its rows cannot differ. Amounts are minor units;
facts of two currencies are never in one group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from kit.paging import Order
from kit.sql import Query

CURRENCY = "currency"
KEY = "key"
# As a partner's id: any partner but the one who reads, who must not learn which.
OTHERS = 0

FilterName = Literal["from", "to", "location", "method", "partner", "source", "currency"]
"""As in the address of a page; on the wire of the API `office.reports.filters.ReportQuery`."""

Value = date | int | str | None
"""Of a dimension. None: the fact has none of it, such as a payment without a partner."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is reported on. Days are both included and those of the locations, None without a
    bound. `locations` is what the reader reaches (None: all); the others are one of each, or None
    for all. `no_partner`: only what came through no partner. `viewer` is the partner who reads,
    if it is one: the others are then not told apart. `now` is what the day at each location, and
    so the age of things, is told by."""

    now: datetime
    first: date | None = None
    last: date | None = None
    locations: frozenset[int] | None = None
    location: int | None = None
    method: int | None = None
    partner: int | None = None
    no_partner: bool = False
    source: str | None = None
    currency: str | None = None
    viewer: int | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """What facts are grouped by: a labelled column of the facts.

    `kind` is of its values: a `day`, a `week` (the Monday it begins with), an `id` whose name is
    the column `label` (None where there is no such thing), a `word` of `words` (each with its
    title, in the order they are shown in), or a `text` as somebody wrote it.
    """

    name: str
    title: str
    kind: Literal["day", "week", "id", "word", "text"]
    label: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is added up: a labelled column of the facts. `amount` is minor units of the fact's
    currency, `count` a number of things."""

    name: str
    title: str
    kind: Literal["amount", "count"] = "amount"


@dataclass(frozen=True, slots=True)
class Detail:
    """What the list of rows shows beside dimensions and measures: a labelled column of the facts,
    in the kinds of `kit.tables`. `is_private`: of a person, for the desk alone; never by API."""

    name: str
    title: str
    kind: Literal["text", "number", "amount", "day", "moment", "word"]
    words: Mapping[str, str] = field(default_factory=dict)
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`facts` makes the query of rows: one row each, with a column for every dimension and its
    label, every measure and every detail, `currency`, and `key` (a whole number, unique). Rows are
    listed by `ordered_by`, which ends in the key. `filters` are those it knows; `dated_by` says
    what day From and To are about. `is_of_period`: without both it is about the present month,
    otherwise about whatever there is. `chart` names the measures that are drawn over the first
    dimension."""

    name: str
    title: str
    says: str
    facts: Callable[[Filters], Query]
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    details: tuple[Detail, ...]
    chart: tuple[str, ...]
    filters: tuple[FilterName, ...]
    dated_by: str
    is_of_period: bool = False
    ordered_by: tuple[str, ...] = (KEY,)
    newest_first: bool = True

    def dimension(self, name: str) -> Dimension | None:
        return next((each for each in self.dimensions if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a report: `of` are the values of its dimensions (without the currency), `labels`
    the names of those that are ids."""

    of: Mapping[str, Value]
    sums: Mapping[str, int]
    labels: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a report in one currency, with the sums of all of its lines."""

    currency: str
    groups: Sequence[Group]
    sums: Mapping[str, int] = field(default_factory=dict)


def figures(session: Session, report: Report, filters: Filters) -> list[Section]:
    """The report, one section for each currency, in the order of currencies and dimensions. One
    statement."""
    facts = report.facts(filters).subquery()
    labels = [each.label for each in report.dimensions if each.label]
    names = [CURRENCY, *(each.name for each in report.dimensions), *labels]
    keys = [facts.c[name] for name in names]
    sums = [func.sum(facts.c[each.name]).label(each.name) for each in report.measures]
    found: dict[str, list[Group]] = {}
    for row in session.execute(select(*keys, *sums).group_by(*keys)).mappings():
        found.setdefault(row[CURRENCY], []).append(_group(report, row))
    return [_section(report, currency, found[currency]) for currency in sorted(found)]


def rows(report: Report, filters: Filters, currency: str, of: Mapping[str, Value]) -> Query:
    """The rows that a figure is the sum of: `of` are values of some or all dimensions. To be paged
    by `order_of`."""
    facts = report.facts(filters).subquery()
    query = select(facts).where(facts.c[CURRENCY] == currency)
    for name, value in of.items():
        query = query.where(facts.c[name] == value)  # of None SQLAlchemy makes IS NULL
    return query


def order_of(report: Report, query: Query) -> Order:
    """How the rows of `rows` are listed, by columns of that query."""
    columns = tuple(query.selected_columns[name] for name in report.ordered_by)
    return Order(columns, report.newest_first)


def _group(report: Report, row: RowMapping) -> Group:
    of = {each.name: row[each.name] for each in report.dimensions}
    labels = {each.name: row[each.label] for each in report.dimensions if each.label}
    # PostgreSQL adds integers up to a number of any length.
    return Group(of, {each.name: int(row[each.name] or 0) for each in report.measures}, labels)


def _section(report: Report, currency: str, groups: list[Group]) -> Section:
    groups.sort(key=lambda group: tuple(_place(each, group) for each in report.dimensions))
    sums = {each.name: sum(group.sums[each.name] for group in groups) for each in report.measures}
    return Section(currency, groups, sums)


def _place(dimension: Dimension, group: Group) -> tuple[int, Any, Any]:
    """Where a line stands: by day, by the order of words, by name; then what has no name of its
    own, and at last what has no value."""
    value = group.of[dimension.name]
    if dimension.words:
        return 0, list(dimension.words).index(str(value)), value
    if value is None or value == OTHERS:
        return 1 + (value is None), 0, 0
    return 0, _sortable(group.labels.get(dimension.name) or value), value


def _sortable(shown: Value) -> Any:
    return shown.casefold() if isinstance(shown, str) else shown
