"""The rows that a figure is the sum of, as the page lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from desk.paging import SIZE, Slice, keyset
from desk.reports.saying import sum_text, value_text
from desk.words import _, day_text, moment_text
from kit.sql import Query
from office.reports.report import Detail, Dimension, Filters, Measure, Report, Value, order_of, rows

Show = Callable[[Any], str]
"""A value in words."""

ENDPOINTS: Mapping[str, tuple[str, str]] = {
    "payment_id": ("desk.payments.show", "payment_id"),
    "refund_of": ("desk.payments.show", "payment_id"),
    "booking_id": ("desk.bookings.one", "booking_id"),
}
"""Where a number of a row leads to, and as what."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: `of` is that of the facts it shows; `is_figure`: its sum is the
    figure."""

    of: str
    title: str
    show: Show
    is_number: bool = False
    is_figure: bool = False

    @property
    def style(self) -> str:
        return f"{'dk-money' if self.is_number else ''}{' dk-rep-sum' if self.is_figure else ''}"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    path: str | None
    style: str


@dataclass(frozen=True, slots=True)
class Total:
    """The figure itself, and of how many rows it is the sum; an amount is in minor units."""

    sum: int
    count: int


def of_figure(report: Report, filters: Filters, currency: str, of: Mapping[str, Value],
              measure: Measure) -> Query:  # fmt: skip
    """The rows that the figure is the sum of. Those of an amount are the ones that have some."""
    query = rows(report, filters, currency, of)
    if measure.kind == "amount":
        query = query.where(query.selected_columns[measure.name] != 0)
    return query


def page(session: Session, report: Report, query: Query, measure: Measure) -> tuple[Slice, Total]:
    """The page of a figure's rows that the address names, and the figure. One statement; two for a
    page on which nothing is."""
    found = query.cte("found")
    # PostgreSQL adds integers up to a number of any length.
    added = cast(func.coalesce(func.sum(found.c[measure.name]), 0), BigInteger)
    sums = select(added.label("sum"), func.count().label("count")).select_from(found)
    total = [sums.with_only_columns(each).scalar_subquery().label(f"total_{each.name}")
             for each in sums.selected_columns]  # fmt: skip
    listed = select(found, *total)
    slice_ = keyset(session, listed, order_of(report, listed), SIZE)
    if slice_.rows:
        return slice_, Total(slice_.rows[0].total_sum, slice_.rows[0].total_count)
    return slice_, Total(*session.execute(sums).one())


def columns(
    report: Report, of: Mapping[str, Value], measure: Measure, currency: str, zone: str
) -> list[Column]:
    """The columns of the list: what the figure's line does not say already, and the amounts, that
    of the figure last. Moments are told at `zone`."""
    told = [_of_dimension(each) for each in report.dimensions if each.name not in of]
    names = {each.of for each in told}
    told += [_of_detail(each, currency, zone) for each in report.details if each.name not in names]
    amounts = [each for each in report.measures if each.kind == "amount"]
    amounts.sort(key=lambda each: each is measure)
    show = _amount(currency)
    return told + [
        Column(each.name, _(each.title), show, is_number=True, is_figure=each is measure)
        for each in amounts
    ]


def cells(row: Any, columns: Sequence[Column]) -> list[Cell]:
    """A row in words."""
    found = row._mapping
    return [
        Cell(each.show(found[each.of]), _path(each.of, found[each.of]), each.style)
        for each in columns
    ]


def _path(name: str, value: Any) -> str | None:
    if value is None or name not in ENDPOINTS:
        return None
    endpoint, as_what = ENDPOINTS[name]
    return url_for(endpoint, **{as_what: value})


def _of_dimension(dimension: Dimension) -> Column:
    shown = dimension.label or dimension.name
    if dimension.kind == "day":  # as in other columns of days
        return Column(shown, _(dimension.title), day_text)
    return Column(shown, _(dimension.title), lambda value: value_text(dimension, value))


def _of_detail(detail: Detail, currency: str, zone: str) -> Column:
    shows: Mapping[str, Show] = {
        "text": str,
        "number": str,
        "amount": _amount(currency),
        "day": day_text,
        "moment": lambda moment: moment_text(moment, zone),
        "word": lambda word: _(detail.words.get(word, word)),
    }
    show = shows[detail.kind]
    is_number = detail.kind == "amount"
    title = f"{_(detail.title)}, {zone}" if detail.kind == "moment" else _(detail.title)
    return Column(detail.name, title, lambda v: "" if v is None else show(v), is_number)


def _amount(currency: str) -> Show:
    measure = Measure("amount", "")
    return lambda minor: sum_text(measure, int(minor), currency)
