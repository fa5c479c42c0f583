"""flask export: bookings and payments as CSV files."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from bookings.exporting import payments
from bookings.exporting.bookings import booking_rows, count_bookings
from bookings.exporting.wanted import Wanted
from bookings.importing.columns import COLUMNS
from kit.commands import Commands
from kit.db import reading
from kit.files import whole_file
from kit.progress import progress
from locations.cli import location_named

DAY = click.DateTime(["%Y-%m-%d"])

export_group = Commands("export", help="Bookings and payments as CSV files.")


def _options(what: str) -> Callable[[Any], Any]:
    """FILE and the filters; `what` the days are of."""

    def add(command: Any) -> Any:
        for option in (
            click.option("--to", "last", type=DAY, help=f"Last day of {what}, yyyy-mm-dd."),
            click.option("--from", "first", type=DAY, help=f"First day of {what}, yyyy-mm-dd."),
            click.option("--location", help="Only this location (its client name)."),
            click.argument("file", type=click.Path(dir_okay=False, allow_dash=True)),
        ):
            command = option(command)
        return command

    return add


@export_group.command("bookings")
@_options("arrival")
def export_bookings(
    file: str, location: str | None, first: datetime | None, last: datetime | None
) -> None:
    """Write the bookings to a CSV FILE (- is standard output), in the columns that the import
    reads."""
    _export(file, COLUMNS, count_bookings, booking_rows, location, first, last)


@export_group.command("payments")
@_options("payment")
def export_payments(
    file: str, location: str | None, first: datetime | None, last: datetime | None
) -> None:
    """Write every payment with all of its columns to a CSV FILE (- is standard output)."""
    count, rows = payments.count_payments, payments.payment_rows
    _export(file, payments.COLUMNS, count, rows, location, first, last)


def _export(
    file: str,
    columns: Sequence[str],
    count: Callable[[Session, Wanted], int],
    rows: Callable[[Session, Wanted], Iterator[list[str]]],
    location: str | None,
    first: datetime | None,
    last: datetime | None,
) -> None:
    if first and last and first > last:
        raise click.UsageError("--from is after --to: no day is in between.")
    written = 0
    with reading() as session:
        wanted = Wanted(location_named(session, location), _day(first), _day(last))
        with whole_file(file) as target, progress() as bar:
            task = bar.add_task("writing lines", total=count(session, wanted))
            sheet = csv.writer(target)
            sheet.writerow(columns)
            for cells in rows(session, wanted):
                sheet.writerow(cells)
                written += 1
                bar.advance(task)
    click.echo(f"Exported: {written} lines.", err=True)


def _day(came: datetime | None) -> date | None:
    return came.date() if came else None
