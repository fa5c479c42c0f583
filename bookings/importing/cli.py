"""flask import: bookings of another system."""

from __future__ import annotations

from datetime import datetime
from typing import IO

import click
from sqlalchemy.exc import DBAPIError, IntegrityError

from bookings.importing.checking import Report, check
from bookings.importing.reading import Sheet, sheet_of
from bookings.importing.writing import AgencyChanged, Written, write
from kit import clock
from kit.commands import Commands
from kit.db import is_unavailable, transaction
from kit.progress import progress

# Somebody who works on meanwhile may take a night that was free when the file was checked.
TRIES = 3

import_group = Commands("import", help="Take over what another system has.")


@import_group.command("bookings")
@click.argument("file", type=click.File("rb"))
@click.option("--check", "only_check", is_flag=True, help="Say what is wrong; write nothing.")
def import_bookings(file: IO[bytes], only_check: bool) -> None:
    """Import the bookings of a CSV FILE (- is standard input), all of them or, when a line is
    wrong, none: then every wrong line is told, and the exit code is 1."""
    with sheet_of(file) as sheet:
        try:
            told = _import(sheet, only_check)
        except DBAPIError as error:
            if not is_unavailable(error):
                raise
            raise click.ClickException(
                "The database is away, or busy for too long; nothing is imported. Try again."
            ) from None
    click.echo(told)


def _import(sheet: Sheet, only_check: bool) -> str:
    for _ in range(TRIES):
        now = clock.now()
        report = _check(sheet, now)
        if report.problems:
            _tell(report)
            raise SystemExit(1)
        if only_check:
            return f"Nothing is wrong: {_counted(report)}. Nothing is imported yet."
        try:
            return f"Imported: {_counted(_write(sheet, now))}."
        except (IntegrityError, AgencyChanged):
            continue  # the next check tells whose account or night it is
    raise click.ClickException(
        "Others change bookings faster than the file is read; nothing is imported. Try again."
    )


def _check(sheet: Sheet, now: datetime) -> Report:
    with progress() as bar:
        task = bar.add_task("checking lines", total=sheet.lines)
        return check(sheet, now, lambda line: bar.update(task, completed=line))


def _write(sheet: Sheet, now: datetime) -> Written:
    with progress() as bar, transaction() as connection:
        task = bar.add_task("writing lines", total=sheet.lines)
        return write(connection, sheet, now, lambda line: bar.update(task, completed=line))


def _counted(found: Report | Written) -> str:
    return f"{_some(found.bookings, 'booking')}, {_some(found.payments, 'payment')}"


def _some(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _tell(report: Report) -> None:
    for line, sentence in report.told:
        click.echo(f"line {line}: {sentence}", err=True)
    if more := report.problems - len(report.told):
        click.echo(f"... and {more} more.", err=True)
    wrong = f"{_some(report.problems, 'error')} on {_some(report.lines, 'line')}"
    click.echo(f"{wrong}; nothing is imported.", err=True)
