"""flask export journal: the ledger for the bookkeeping, as a CSV file."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.db import reading
from kit.files import whole_file
from kit.money import Money
from kit.progress import progress
from kit.sheets import written
from locations.cli import location_named
from locations.models import Location
from office.journal.accounts import Chart
from office.journal.entries import Entry, Line, Unbalanced
from office.journal.listed import COLUMNS, cells, chart_of_setting, lines
from office.journal.queries import Wanted, count_postings
from payments.models import PaymentMethod

DAY = click.DateTime(["%Y-%m-%d"])


class Totals:
    """What went by: lines, entries, and debits and credits in minor units by currency."""

    def __init__(self) -> None:
        self.lines = self.entries = 0
        self.debits: dict[str, int] = defaultdict(int)
        self.credits: dict[str, int] = defaultdict(int)
        self._last = ""

    def count(self, entry: Entry, line: Line) -> None:
        self.lines += 1
        self.entries += entry.number != self._last
        self._last = entry.number
        side = self.debits if line.amount > 0 else self.credits
        side[entry.currency] += abs(line.amount)

    def told(self) -> Iterator[str]:
        yield f"Exported: {self.lines} lines of {self.entries} entries."
        for currency in sorted(self.debits):
            debit, credit = self.debits[currency], self.credits[currency]
            yield f"debit {Money(debit, currency)} = credit {Money(credit, currency)}"


@click.command("journal")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--location", help="Only this location (its client name).")
@click.option("--from", "first", type=DAY, help="First day of recording, yyyy-mm-dd.")
@click.option("--to", "last", type=DAY, help="Last day of recording, yyyy-mm-dd.")
def journal(file: str, location: str | None, first: datetime | None, last: datetime | None) -> None:
    """Write the journal, which balances to zero for every payment, to a CSV FILE (- is standard
    output)."""
    chart, totals = chart_of_setting(), Totals()
    with reading() as session:
        place = location_named(session, location)
        wanted = Wanted(_day(first), _day(last), place)
        if wanted.first and wanted.last and wanted.first > wanted.last:
            raise click.UsageError("--from is after --to: no day is in between.")
        try:
            _write(session, wanted, chart, file, totals)
        except Unbalanced as error:
            raise click.ClickException(f"{error} The export is not whole.") from None
        notes = [*_idle(session, chart), *_unfinished(session, wanted)]
    for sentence in (*totals.told(), *notes):
        click.echo(sentence, err=True)


def _write(session: Session, wanted: Wanted, chart: Chart, file: str, totals: Totals) -> None:
    with whole_file(file) as target, progress() as bar:
        task = bar.add_task("writing lines", total=count_postings(session, wanted))
        sheet = csv.writer(target)
        sheet.writerow([column.name for column in COLUMNS])
        for entry, line in lines(session, wanted, chart):
            sheet.writerow([written(cell) for cell in cells(entry, line)])
            totals.count(entry, line)
            bar.advance(task)


def _idle(session: Session, chart: Chart) -> Iterator[str]:
    """Accounts in the setting that no method has: most likely slips of the pen."""
    rows = session.execute(select(PaymentMethod.id, PaymentMethod.code))
    for name in chart.idle((row.id, row.code) for row in rows):
        yield f"Note: FLASK_ACCOUNT_CODES names {name}, which is no payment method."


def _unfinished(session: Session, wanted: Wanted) -> Iterator[str]:
    """Where the last day of the period is not over: whatever is still recorded belongs to it."""
    query = select(Location.client_name, Location.time_zone).order_by(Location.id)
    if wanted.location is not None:
        query = query.where(Location.id == wanted.location)
    now, last = clock.now(), wanted.last
    open_at = [
        name
        for name, zone in session.execute(query)
        if last is None or last >= clock.day_at(now, zone)
    ]
    if open_at:
        yield f"Note: the period is not over at {', '.join(open_at)}; more may be recorded in it."


def _day(came: datetime | None) -> date | None:
    return came.date() if came else None
