"""Locations as commands name them."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from locations.models import Location


def location_named(session: Session, name: str | None) -> int | None:
    """The id of the location of this client name; None for None, which is all of them.

    Raises ClickException, which names those that there are.
    """
    if name is None:
        return None
    found = session.scalar(select(Location.id).where(Location.client_name == name))
    if found is None:
        known = ", ".join(session.scalars(select(Location.client_name).order_by(Location.id)))
        raise click.ClickException(f"No location is called {name!r}; there are: {known}.")
    return found
