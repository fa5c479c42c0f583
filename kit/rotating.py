"""flask keys rotate: encrypt everything that is stored encrypted with the newest key.

Columns say by themselves that they are sealed (`info={"sealed": True}`), so no room has to be
asked, and a new one cannot be forgotten.
"""

from __future__ import annotations

import click
from sqlalchemy import Column, Table, func, select, update

from kit.commands import Commands
from kit.db import Base, reading, transaction
from kit.progress import progress
from kit.vault import VaultLocked, vault

ROWS_AT_ONCE = 200

keys = Commands("keys", help="The keys that stored secrets are encrypted with.")


def sealed_columns() -> list[Column[str]]:
    """Every column whose values the vault has sealed."""
    tables = Base.metadata.sorted_tables
    return [column for table in tables for column in table.columns if column.info.get("sealed")]


@keys.command("rotate")
def rotate() -> None:
    """Encrypt every stored secret with the first of FLASK_ENCRYPTION_KEYS.

    Safe to stop and to repeat; the service may run meanwhile. Afterwards the older keys can be
    taken out of the setting.
    """
    done = 0
    with progress() as bar:
        for column in sealed_columns():
            with reading() as session:
                total = session.scalar(select(func.count(column))) or 0
            task = bar.add_task(f"{column.table.name}.{column.name}", total=total)
            last = 0
            while found := _rotate_some(column, last):
                count, last = found
                bar.advance(task, count)
                done += count
    click.echo(f"{done} values are encrypted with the newest key.")


def _rotate_some(column: Column[str], after: int) -> tuple[int, int] | None:
    """Rotate the next rows by key, in one short transaction: how many, and the last key."""
    table: Table = column.table
    key = next(iter(table.primary_key.columns))
    query = select(key, column).where(key > after, column.is_not(None)).order_by(key)
    with transaction() as connection:
        rows = connection.execute(query.limit(ROWS_AT_ONCE).with_for_update()).all()
        for row in rows:
            try:
                fresh = vault().reseal(row[1])
            except VaultLocked:
                raise click.ClickException(
                    f"{table.name} {row[0]} cannot be opened with the keys of "
                    "FLASK_ENCRYPTION_KEYS (or FLASK_SECRET_KEY); add the key it was sealed with."
                ) from None
            connection.execute(update(table).where(key == row[0]).values({column.name: fresh}))
    return (len(rows), rows[-1][0]) if rows else None
