"""The close of a day on paper: the same bytes whenever it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from kit.locales import DEFAULT, clock_text, date_text, money_text
from kit.money import Money
from locations.models import Location
from office.closing.records import Record, entries_of
from office.closing.rules import Line
from office.models import DayCloseEntry
from payments.papers.paper import Paper, Pdf, Row, Table
from payments.papers.sheet import drawn

# Entries that have a row: drawing thousands takes half a minute.
MOST_LISTED = 500
FIGURES = ("Count", "Came in", "Paid back", "Reversed", "Charges", "Tips", "Together")
CASH = ("Before", "Moved", "Expected", "Counted", "Difference")
DOORS = {
    "ipro": "House API",
    "spektrix": "Spektrix",
    "kseries": "Lightspeed K-Series",
    "brink": "PAR Brink",
    "iiko": "iiko",
    "desk": "Desk",
    "guest": "Guest's page",
    "import": "Import",
}
KINDS = {("cleared", False): "came in", ("cleared", True): "paid back"}


def close_pdf(session: Session, record: Record) -> Pdf:
    """The paper of a close, with its first 500 entries."""
    query = entries_of(record.id).order_by(DayCloseEntry.payment_id, DayCloseEntry.kind)
    entries = session.execute(query.limit(MOST_LISTED)).all()
    sender = session.get_one(Location, record.place.id).mail_sender
    paper = paper_of_close(record, entries, parseaddr(sender)[1])
    return Pdf(file_name(record), drawn(paper, record.closed_at))


def file_name(record: Record) -> str:
    return f"day-close-{record.place.id}-{record.day}.pdf"


def paper_of_close(record: Record, entries: Sequence[Any], address: str) -> Paper:
    """What the paper says. `entries` are rows of `entries_of`, the first ones."""
    days = date_text(record.day, DEFAULT)
    if record.first != record.day:
        days = f"{date_text(record.first, DEFAULT)} to {days}"
    tables = [_figures(currency, lines) for currency, lines in record.by_currency.items()]
    tables += [_cash(record), _doors(record), _entries(entries)]
    return Paper(
        place=record.place.name,
        address=address,
        title="Day close",
        lead=days,
        facts=_facts(record),
        tables=[table for table in tables if table.rows],
        notes=_notes(record, len(entries)),
        is_demonstration=record.is_demonstration,
    )


def _facts(record: Record) -> list[tuple[str, str]]:
    found = [
        ("Number", str(record.id)),
        ("Recorded from", _moment(record.since, record)),
        ("Recorded until", _moment(record.until, record)),
        ("Closed", _moment(record.closed_at, record)),
    ]
    found += [("Closed by", record.person)] if record.person else []
    return found + ([("Note", record.note)] if record.note else [])


def _figures(currency: str, lines: Sequence[Line]) -> Table:
    def cells(chosen: Sequence[Line]) -> list[str]:
        names = ("cleared", "refunded", "voided", "charges", "tips", "total")
        sums = [sum(getattr(line.figure, name) for line in chosen) for name in names]
        return [str(sum(line.figure.count for line in chosen)), *_amounts(sums, currency)]

    rows = [Row(line.figure.method, cells([line])) for line in lines]
    if len(rows) > 1:
        rows.append(Row("Together", cells(lines), is_sum=True))
    return Table(f"Money in {currency}", FIGURES, rows)


def _cash(record: Record) -> Table:
    rows = []
    for line in record.cash:
        parts = (line.opening, line.figure.total, line.expected, line.counted, line.difference)
        label = f"{line.figure.method}, {line.figure.currency}"
        details = [f"reason: {line.reason}"] if line.reason else []
        if line.opening != line.carried:
            carried = _amounts([line.carried], line.figure.currency)[0]
            details.insert(0, f"counted at the last close: {carried}")
        cells = _amounts([each or 0 for each in parts], line.figure.currency)
        rows.append(Row(label, cells, "; ".join(details)))
    return Table("Cash", CASH, rows)


def _doors(record: Record) -> Table:
    rows = [
        Row(
            f"{DOORS.get(door.source, door.source)}, {door.currency}",
            [str(door.count), *_amounts([door.total], door.currency)],
        )
        for door in record.doors
    ]
    return Table("By which door it came", ("Count", "Together"), rows)


def _entries(entries: Sequence[Any]) -> Table:
    rows = []
    for row in entries:
        what = KINDS.get((row.kind, bool(row.is_refund)), "reversed")
        label = f"Payment {row.payment_id}, {what}"
        detail = f"{row.method}, booking {row.booking_id}"
        rows.append(Row(label, _amounts([row.total], row.currency), detail))
    return Table("Entries", ("",), rows)


def _notes(record: Record, listed: int) -> list[str]:
    found = []
    if record.count > listed:
        found.append(f"{listed} of {record.count} entries are listed; the file (CSV) has all.")
    found.append(
        "A closed day does not change. What is corrected later stands on the day it is done."
    )
    if record.is_demonstration:
        found.append("This is a demonstration: no money has moved.")
    return found


def _amounts(minors: Sequence[int], currency: str) -> list[str]:
    return [money_text(Money(minor, currency), DEFAULT) for minor in minors]


def _moment(instant: datetime, record: Record) -> str:
    """ "20 November 2026, 18:04" at the location."""
    day = instant.astimezone(ZoneInfo(record.place.zone)).date()
    return f"{date_text(day, DEFAULT)}, {clock_text(instant, record.place.zone, DEFAULT)}"
