"""Groups of commands that say in a sentence when there is no database to work on."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError


class Commands(AppGroup):
    """Commands of one room, `flask <name> ...`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Raises click.ClickException where the database is away or has no tables, with the
        driver's word for it: its message may hold an address or what was being written."""
        try:
            return super().invoke(ctx)
        except (OperationalError, ProgrammingError) as error:
            word = type(error.orig).__name__
            raise click.ClickException(
                f"The database cannot be reached, or was never set up: flask db upgrade ({word})."
            ) from None
