"""Closes and their entries as files: what each column means, and how rows are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, select
from sqlalchemy.orm import Session, aliased

from kit.db import LARGEST
from kit.money import Money
from kit.sql import Query
from kit.tables import Cell, Column
from kit.texts import N_
from locations.models import Location
from office.closing.records import entries_of
from office.exports.lists import Listed, Locations, Wanted
from office.models import DayClose, DayCloseEntry, DayCloseFigure
from staff.models import Person

NEEDS = "close_day"
AT_ONCE = 1000
AMOUNTS = ("cleared", "refunded", "voided", "charges", "tips")

CLOSE_COLUMNS = (
    Column("close", "number", "the close"),
    Column("location", "text", "the name of its location"),
    Column("day", "day", "the last day it took, at the location"),
    Column("since_utc", "moment", "from when it takes what was recorded, included"),
    Column("until_utc", "moment", "until when, not included"),
    Column("closed_at_utc", "moment", "when it was made"),
    Column("closed_by", "text", "the e-mail address of who made it"),
    Column("method", "text", "the method as it was called then; empty where nothing moved"),
    Column("kind", "text", "cash, bank, cheque, voucher or credit"),
    Column("currency", "text", "ISO 4217; that of all amounts of the row"),
    Column("count", "number", "how many entries: payments, refunds and reversals"),
    Column("cleared", "amount", "what came in"),
    Column("refunded", "amount", "what was paid back, less than 0"),
    Column("voided", "amount", "what was reversed: payments less than 0, refunds more"),
    Column("charges", "amount", "charges, those paid back or reversed taken off"),
    Column("tips", "amount", "tips, likewise"),
    Column("total", "amount", "the sum of these five"),
    Column("opening", "amount", "cash only: what lay there before"),
    Column("expected", "amount", "cash only: opening and total"),
    Column("counted", "amount", "cash only: what was found"),
    Column("difference", "amount", "cash only: counted less expected"),
    Column("reason", "text", "why there is a difference"),
    Column("note", "text", "the note of the close"),
)
ENTRY_COLUMNS = (
    Column("close", "number", "the close"),
    Column("location", "text", "the name of its location"),
    Column("day", "day", "the last day the close took"),
    Column("payment", "number", "the payment, or the refund"),
    Column("booking", "number", "its booking"),
    Column("what", "text", "cleared, refunded or void"),
    Column("recorded_at_utc", "moment", "when that was recorded"),
    Column("method", "text", "the method as it was called when the day was closed"),
    Column("source", "text", "by which door it came: ipro, spektrix, kseries, brink, iiko, desk, "
           "guest or import"),
    Column("currency", "text", "ISO 4217; that of all amounts of the row"),
    Column("amount", "amount", "as it counts: money that left is less than 0"),
    Column("charges", "amount", "likewise"),
    Column("tip", "amount", "likewise"),
    Column("total", "amount", "the sum of these three"),
)  # fmt: skip


def closes_wanted(wanted: Wanted, locations: Locations) -> list[ColumnElement[bool]]:
    """The closes that the filters of the address leave: `location`, `from` and `to` (days, both
    included), `close`, `differences` (1: only those with one)."""
    found: list[ColumnElement[bool]] = []
    if locations is not None:
        found.append(DayClose.location_id.in_(sorted(locations)))
    for name, column in (("location", DayClose.location_id), ("close", DayClose.id)):
        if (number := _number(wanted, name)) is not None:
            found.append(column == number)
    if (first := _day(wanted, "from")) is not None:
        found.append(DayClose.day >= first)
    if (last := _day(wanted, "to")) is not None:
        found.append(DayClose.day <= last)
    if wanted.get("differences") == "1":
        found.append(has_difference())
    return found


def has_difference() -> ColumnElement[bool]:
    """Whether cash was missing, or too much, at a close."""
    figure = aliased(DayCloseFigure)  # the list may itself be of figures
    moved = figure.cleared + figure.refunded + figure.voided + figure.charges + figure.tips
    query = select(figure.close_id).where(figure.close_id == DayClose.id)
    return query.where(figure.counted != figure.opening + moved).exists()


def _number(wanted: Wanted, name: str) -> int | None:
    text = wanted.get(name, "").strip()
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))
    return min(int(text), LARGEST) if plain else None


def _day(wanted: Wanted, name: str) -> date | None:
    try:
        return date.fromisoformat(wanted.get(name, "").strip())
    except ValueError:
        return None


def _figures(wanted: Wanted, locations: Locations) -> Query:
    close = DayClose
    columns: list[Any] = [close.id, Location.name, close.day, close.since, close.until]
    columns += [close.closed_at, Person.email, close.note, *DayCloseFigure.__table__.columns]
    return (
        select(*columns)
        .select_from(DayClose)
        .join(Location, Location.id == DayClose.location_id)
        .outerjoin(Person, Person.id == DayClose.person_id)
        .outerjoin(DayCloseFigure, DayCloseFigure.close_id == DayClose.id)
        .where(*closes_wanted(wanted, locations))
    )


def _entries(wanted: Wanted, locations: Locations) -> Query:
    query = entries_of(None).join(DayClose, DayClose.id == DayCloseEntry.close_id)
    query = query.join(Location, Location.id == DayClose.location_id)
    names: list[Any] = [DayClose.id, DayClose.day, Location.name]
    return query.add_columns(*names).where(*closes_wanted(wanted, locations))


def _count(query: Query, session: Session) -> int:
    return session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0


def _close_rows(session: Session, wanted: Wanted, locations: Locations) -> Iterator[Sequence[Cell]]:
    query = _figures(wanted, locations).order_by(
        DayClose.day, DayClose.id, DayCloseFigure.currency, DayCloseFigure.method_id
    )
    for row in session.execute(query, execution_options={"yield_per": AT_ONCE}).mappings():
        yield _close_row(row)


def _close_row(row: RowMapping) -> Sequence[Cell]:
    head = [row[name] for name in ("id", "name", "day", "since", "until", "closed_at", "email")]
    if row["currency"] is None:
        return [*head, *[None] * (len(CLOSE_COLUMNS) - len(head) - 1), row["note"]]
    parts = [row[name] for name in AMOUNTS]
    total, cash = sum(parts), [None] * 4
    if row["counted"] is not None:
        expected = row["opening"] + total
        cash = [row["opening"], expected, row["counted"], row["counted"] - expected]
    money = [_money(minor, row["currency"]) for minor in (*parts, total, *cash)]
    words = [row[name] for name in ("method", "kind", "currency", "count")]
    return [*head, *words, *money, row["reason"], row["note"]]


def _entry_rows(session: Session, wanted: Wanted, locations: Locations) -> Iterator[Sequence[Cell]]:
    query = _entries(wanted, locations).order_by(
        DayClose.day, DayClose.id, DayCloseEntry.payment_id, DayCloseEntry.kind
    )
    for row in session.execute(query, execution_options={"yield_per": AT_ONCE}).mappings():
        is_void = row["kind"] == "void"
        what = "void" if is_void else "refunded" if row["is_refund"] else "cleared"
        moment: datetime = row["voided_at"] if is_void else row["cleared_at"]
        names = ("amount", "charges", "tip", "total")
        money = [_money(row[name], row["currency"]) for name in names]
        yield [row["id"], row["name"], row["day"], row["payment_id"], row["booking_id"], what,
               moment, row["method"], row["source"], row["currency"], *money]  # fmt: skip


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(int(minor), currency)


CLOSES = Listed(
    name="closes",
    title=N_("Closed days"),
    needs=NEEDS,
    columns=CLOSE_COLUMNS,
    count=lambda session, wanted, locations: _count(_figures(wanted, locations), session),
    rows=_close_rows,
    personal=False,
)
ENTRIES = replace(
    CLOSES,
    name="close-entries",
    title=N_("Entries of closed days"),
    columns=ENTRY_COLUMNS,
    count=lambda session, wanted, locations: _count(_entries(wanted, locations), session),
    rows=_entry_rows,
)
LISTED = (CLOSES, ENTRIES)
