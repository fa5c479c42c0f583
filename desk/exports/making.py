"""Lists of the desk as files: a query, and how its rows are told in the list's columns.

The queries read as the person at the desk reaches (desk.access.within), who may also be the person
the worker acts for; `locations` of a list says the same and is not looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from kit.money import Money
from kit.sql import Query
from kit.tables import Cell, Column
from office.exports.lists import Listed, Locations, Wanted

AT_ONCE = 500
MEANT = {True: "yes", False: "no"}

Told = Mapping[str, Any]
Asking = Callable[[Session, Wanted], Query]
Telling = Callable[[Session, Sequence[Any]], Iterable[Told]]


def as_they_are(_session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    """Rows whose columns have the names of the list's."""
    for row in rows:
        yield row._mapping


def from_query(
    *,
    name: str,
    title: str,
    needs: str,
    columns: Sequence[Column],
    asking: Asking,
    order: Callable[[Wanted], Sequence[Any]],
    telling: Telling = as_they_are,
    personal: bool = True,
) -> Listed:
    """A list of what a query finds. `asking` gives it with the filters and without an order;
    `telling` makes of some of its rows what stands under the columns' names. Amounts are told in
    minor units, or as Money; the currency of a row stands under "currency"."""

    def count(session: Session, wanted: Wanted, _locations: Locations) -> int:
        query = asking(session, wanted)
        counting = query.with_only_columns(func.count(), maintain_column_froms=True)
        return session.execute(counting.order_by(None)).scalar_one()

    def rows(session: Session, wanted: Wanted, _locations: Locations) -> Iterator[Sequence[Cell]]:
        query = asking(session, wanted).order_by(*order(wanted))
        found = session.execute(query, execution_options={"yield_per": AT_ONCE})
        for some in found.partitions():
            for told in telling(session, some):
                yield [cell(told, column) for column in columns]

    return Listed(
        name=name, title=title, needs=needs, columns=columns, count=count, rows=rows,
        personal=personal,
    )  # fmt: skip


def from_all(
    *,
    name: str,
    title: str,
    needs: str,
    columns: Sequence[Column],
    telling: Callable[[Session], Iterable[Told]],
) -> Listed:
    """A short list without filters, which its page shows as a whole; nothing of guests is in it."""

    def rows(session: Session, _wanted: Wanted, _locations: Locations) -> Iterator[Sequence[Cell]]:
        for told in telling(session):
            yield [cell(told, column) for column in columns]

    return Listed(
        name=name,
        title=title,
        needs=needs,
        columns=columns,
        count=lambda session, _wanted, _locations: sum(1 for _told in telling(session)),
        rows=rows,
        personal=False,
    )


def cell(told: Told, column: Column) -> Cell:
    """What stands in a column of a row."""
    value = told.get(column.name)
    if isinstance(value, bool):
        return MEANT[value]
    if column.kind == "amount" and value is not None and not isinstance(value, Money):
        return Money(int(value), told["currency"])
    return int(value) if column.kind == "number" and value is not None else value


def text(name: str, meaning: str) -> Column:
    """A column of texts. Meanings are of the document, and in plain words."""
    return Column(name, "text", meaning)


def number(name: str, meaning: str) -> Column:
    """A column of whole numbers: ids and counts."""
    return Column(name, "number", meaning)


def amount(name: str, meaning: str) -> Column:
    """A column of amounts in the currency of their row."""
    return Column(name, "amount", meaning)


def day(name: str, meaning: str) -> Column:
    """A column of days."""
    return Column(name, "day", meaning)


def moment(name: str, meaning: str) -> Column:
    """A column of moments, in UTC."""
    return Column(name, "moment", meaning)


BOOKING = number("booking", "the booking's id")
ACCOUNT = text("account", "the booking's account identifier")
LOCATION = text("location", "the client name of the booking's location")
CURRENCY = text("currency", "ISO 4217 code of all amounts in the row")
GUEST = text("guest", "first and last name of the guest who booked")
