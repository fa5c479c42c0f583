"""The journal as a file: one line for each line of an entry, in stable columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from kit.errors import Refused
from kit.money import Money
from kit.settings import setting
from kit.tables import Cell, Column
from kit.texts import N_
from office.exports.lists import Listed
from office.journal.accounts import Chart
from office.journal.entries import Entry, Line, entries
from office.journal.filters import wanted_of
from office.journal.queries import Wanted, count_postings, postings
from staff.permissions import Permission

COLUMNS = (
    Column("date", "day", "the day it was recorded, at the booking's location"),
    Column("value_date", "day", "the day that the money was there or left; of moves, the date"),
    Column("journal", "text", "the entry's number, the same on all of its lines"),
    Column("account", "text", "the code of the account"),
    Column("account_name", "text", "the method, or the kind of line"),
    Column("debit", "amount", "what the account is debited"),
    Column("credit", "amount", "what the account is credited"),
    Column("amount", "amount", "debits more than 0, credits less; an entry adds up to 0"),
    Column("currency", "text", "that of the booking; an entry has one"),
    Column("location", "text", "the client name of the location"),
    Column("booking", "number", "the id of the booking"),
    Column("payment", "number", "the id of the payment, or of the refund"),
    Column("kind", "text", "method, charges, tip, credit, or the kind of the schedule line"),
    Column("method", "text", "the method that the money came or left by"),
    Column("source", "text", "the door it came by: ipro, spektrix, kseries, brink, iiko, desk, "
           "guest or import"),
    Column("partner", "text", "the partner that sent it"),
    Column("reference", "text", "the sender's reference"),
    Column("text", "text", "what happened; nothing about the guest"),
)  # fmt: skip


def lines(session: Session, wanted: Wanted, chart: Chart) -> Iterator[tuple[Entry, Line]]:
    """Every line of the journal with its entry; read some at a time. Raises Unbalanced."""
    for entry in entries(postings(session, wanted), chart):
        for line in entry.lines:
            yield entry, line


def cells(entry: Entry, line: Line) -> Sequence[Cell]:
    """The cells of one line, in the order of COLUMNS."""
    amount = Money(line.amount, entry.currency)
    return (
        entry.day,
        entry.value_day,
        entry.number,
        line.account,
        line.account_name,
        amount if line.amount > 0 else None,
        Money(-line.amount, entry.currency) if line.amount < 0 else None,
        amount,
        entry.currency,
        entry.location,
        entry.booking_id,
        entry.payment_id,
        line.place,
        line.method,
        entry.source,
        entry.partner,
        entry.reference,
        entry.text,
    )


def chart_of_setting() -> Chart:
    """The accounts of the running application."""
    return Chart(setting("ACCOUNT_CODES"))


def _wanted(given: Mapping[str, str], reach: frozenset[int] | None) -> Wanted:
    """Raises what is mistyped: a file must not hold other days than were asked for."""
    wanted, wrong = wanted_of(given, reach)
    Refused.if_any(wrong)
    return wanted


def _count(session: Session, given: Mapping[str, str], reach: frozenset[int] | None) -> int:
    return count_postings(session, _wanted(given, reach))


def _rows(
    session: Session, given: Mapping[str, str], reach: frozenset[int] | None
) -> Iterator[Sequence[Cell]]:
    wanted = _wanted(given, reach)
    return (cells(*each) for each in lines(session, wanted, chart_of_setting()))


LISTED = Listed(
    name="journal",
    title=N_("Journal"),
    needs=Permission.REPORTS,
    columns=COLUMNS,
    count=_count,
    rows=_rows,
    personal=False,
)
