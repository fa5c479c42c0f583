"""The second pass over a file: all of its bookings, in the caller's one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from audit import recording
from audit.chain import Entry
from audit.models import LogEntry
from bookings.importing.agency import agency
from bookings.importing.checking import Advance, batches
from bookings.importing.entries import IMPORT, Ids, Rows, add_rows
from bookings.importing.reading import Sheet, rows
from bookings.importing.records import Record, understand
from bookings.importing.settling import dues_of, settle
from bookings.models import FIRST_LINE_ID, Booking, Contact, Night, ScheduleLine, Stay
from payments.models import Allocation, Payment
from tags.models import BookingTag

# Each table after those it points at.
ORDER: tuple[Any, ...] = (
    Contact, Booking, Stay, Night, ScheduleLine, BookingTag, Payment, Allocation, LogEntry,
)  # fmt: skip


class AgencyChanged(Exception):
    """A line that was right when it was checked is not any more."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many bookings and payments."""

    bookings: int
    payments: int


def write(
    connection: Connection, sheet: Sheet, now: datetime, advance: Advance = lambda _: None
) -> Written:
    """Write all bookings of a file that was checked.

    Raises AgencyChanged, and IntegrityError when somebody has taken an account or a night since
    the check. Whatever it raises, the caller's transaction must not be committed.
    """
    bookings = payments = 0
    for records in batches(_records(connection, sheet, now)):
        _write(connection, records, now)
        bookings += len(records)
        payments += sum(each.paid is not None for each in records)
        advance(records[-1].number)
    if bookings:
        told = {"bookings": bookings, "payments": payments}
        entry = Entry("bookings.imported", {}, {}, told, severity="medium")
        recording.record(connection, entry, IMPORT, now)
    return Written(bookings, payments)


def _records(connection: Connection, sheet: Sheet, now: datetime) -> Iterator[Record]:
    house = agency(connection, now)
    for row in rows(sheet):
        found = understand(row, house)
        if found.record is None:
            raise AgencyChanged(f"line {row.number}: {' '.join(found.faults)}")
        yield found.record


def _write(connection: Connection, records: Sequence[Record], now: datetime) -> None:
    dues = [dues_of(each) for each in records]
    bookings = iter(_ids(connection, Booking, len(records)))
    contacts = iter(_ids(connection, Contact, len(records)))
    payments = iter(_ids(connection, Payment, sum(each.paid is not None for each in records)))
    lines = iter(_ids(connection, ScheduleLine, sum(map(len, dues)), FIRST_LINE_ID))
    made: Rows = defaultdict(list)
    for each, asked in zip(records, dues, strict=True):
        settled = settle(each, asked, [next(lines) for _ in asked])
        payment = next(payments) if each.paid is not None else None
        ids = Ids(next(bookings), next(contacts), payment)
        add_rows(made, each, settled, ids, recording.chain(), now)
    for model in ORDER:
        if some := made[model]:
            connection.execute(insert(model), some)


def _ids(connection: Connection, model: Any, count: int, least: int = 1) -> Sequence[int]:
    """So many ids ahead of the rows, in ascending order. PostgreSQL's sequence has counted them;
    on SQLite they follow the highest, right for the one writer that a transaction is."""
    if not count:
        return ()
    if connection.dialect.name == "postgresql":
        sequence = f"{model.__tablename__}_id_seq"
        some = select(func.nextval(sequence)).select_from(func.generate_series(1, count))
        return list(connection.scalars(some))
    highest = connection.scalar(select(func.max(model.id))) or 0
    first = max(highest + 1, least)
    return range(first, first + count)
