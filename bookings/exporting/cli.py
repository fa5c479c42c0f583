"""flask export: bookings and payments as CSV files."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from bookings.exporting import payments
from bookings.exporting.bookings import booking_rows, count_bookings
from bookings.exporting.wanted import Wanted
from bookings.importing.columns import COLUMNS
from kit.db import reading
from kit.progress import progress
from locations.models import Location

DAY = click.DateTime(["%Y-%m-%d"])

export_group = AppGroup("export", help="Bookings and payments as CSV files.")


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
    written = 0
    with reading() as session:
        wanted = Wanted(_location(session, location), _day(first), _day(last))
        with _written(file) as target, progress() as bar:
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


def _location(session: Session, name: str | None) -> int | None:
    if name is None:
        return None
    found = session.scalar(select(Location.id).where(Location.client_name == name))
    if found is None:
        known = ", ".join(session.scalars(select(Location.client_name).order_by(Location.id)))
        raise click.ClickException(f"No location is called {name!r}; there are: {known}.")
    return found


@contextmanager
def _written(file: str) -> Iterator[IO[str]]:
    """A text stream to the file, which is there when all of it is: half an export must not look
    like a whole one."""
    if file == "-":
        out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
        try:
            yield out
        finally:
            out.flush()
            out.detach()
        return
    target = Path(file)
    part = target.with_name(f"{target.name}.part")
    try:
        with open(part, "w", encoding="utf-8", newline="", opener=_private) as out_file:
            yield out_file
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    """Guests' names and addresses are nobody else's to read."""
    return os.open(path, flags, 0o600)
