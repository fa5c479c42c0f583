"""flask ledger: prove the books."""

from __future__ import annotations

import click
from sqlalchemy import func, select

from bookings.models import Booking
from kit.commands import Commands
from kit.db import reading
from kit.progress import progress
from payments.books import faults
from payments.checking import all_books

ledger = Commands("ledger", help="The books of all bookings.")


@ledger.command("check")
def check() -> None:
    """Hold every booking against the rules of the ledger; list what is wrong, exit code 1."""
    wrong, checked = [], 0
    with reading() as session, progress() as bar:
        total = session.scalar(select(func.count(Booking.id))) or 0
        task = bar.add_task("bookings", total=total)
        for books in all_books(session):
            wrong += [f"booking {books.booking.id}: {sentence}" for sentence in faults(books)]
            checked += 1
            bar.advance(task)
    for sentence in wrong:
        click.echo(f"WRONG  {sentence}", err=True)
    if wrong:
        raise SystemExit(1)
    click.echo(f"The books are right: {checked} bookings.")
