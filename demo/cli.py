"""flask demo: load the demonstration agency."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade

from demo import agency
from demo.loading import NotOurs, load
from kit import clock
from kit.db import transaction


@click.command("demo")
@click.option("--yes", is_flag=True, help="Load it into a database that is not the embedded one.")
@with_appcontext
def demo(yes: bool) -> None:
    """Load the demonstration agency: the same ids and names every time, safe to repeat."""
    embedded = f"sqlite:///{Path(current_app.instance_path) / 'bookings.sqlite'}"
    if current_app.config["SQLALCHEMY_DATABASE_URI"] != embedded and not yes:
        raise click.ClickException(
            "This is not the embedded database; say --yes to load the demonstration into it."
        )
    upgrade()
    try:
        with transaction() as connection:
            added = load(connection, clock.now())
    except NotOurs as refused:
        raise click.ClickException(
            f"{refused} The demonstration needs a database of its own."
        ) from None
    there = f"loaded ({added} rows added)" if added else "there already"
    click.echo(f"The demonstration agency is {there}.")
    click.echo("Partner: client id demo, secret demo-secret. Try docs/formats/ipro.md.")
    people = ", ".join(row["email"] for row in agency.STAFF)
    click.echo(f"Staff: {people}; password {agency.PASSWORD}. The desk is at /desk/.")
