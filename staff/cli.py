"""flask staff: add, list."""

from __future__ import annotations

import sys

import click
from marshmallow import ValidationError

from audit.chain import SYSTEM
from kit import clock
from kit.commands import Commands
from kit.db import in_transaction
from kit.errors import DomainError
from kit.fields import Email
from staff.adding import AddPerson, add_person
from staff.links import DAYS, link_to_password
from staff.passwords import checked
from staff.permissions import ROLES

staff = Commands("staff", help="The people who sign in at the desk.")


def _email(_context: click.Context, _option: click.Parameter, text: str) -> str:
    field = Email()
    field.name = "EMAIL"
    try:
        return str(field.read(text))
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0])) from None


@staff.command("add")
@click.argument("email", callback=_email)
@click.option(
    "--role", type=click.Choice(list(ROLES)), required=True, help="Where they start from."
)
@click.option(
    "--location",
    "locations",
    multiple=True,
    type=int,
    help="Id of a location they are limited to; repeat it. Default: all locations.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, role: str, locations: tuple[int, ...], password_stdin: bool) -> None:
    """Add somebody, and print a link that sets their password, once."""
    try:
        password = checked(sys.stdin.readline().rstrip("\r\n")) if password_stdin else None
        command = AddPerson(email, role, locations, password)
        person_id = in_transaction(
            lambda connection: add_person(connection, command, SYSTEM, clock.now())
        )
    except DomainError as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"{email.lower()} is added as {role} (person {person_id}).")
    if password is None:
        link = link_to_password(person_id)
        click.echo(f"To set a password, once, within {DAYS} days: {link}")
