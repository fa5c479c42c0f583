"""flask partners: add, list, revoke."""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import select

from audit.chain import SYSTEM
from kit import clock
from kit.commands import Commands
from kit.db import in_transaction, reading
from partners.models import Partner, PartnerLocation
from partners.registering import PartnerRefused, add_partner, revoke_partner
from partners.scopes import DEFAULT, FORMATS, SCOPES, scopes_for

WIDTH_OF_PIPES = 200  # lines that grep finds whole

partners = Commands("partners", help="The programs that may call our APIs.")


@partners.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(SCOPES)),
    help=f"What it may do; repeat it. Default: {' '.join(DEFAULT)}; with --format, its own.",
)
@click.option(
    "--location",
    "locations",
    multiple=True,
    type=int,
    required=True,
    help="Id of a location it may reach; repeat it.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="A format it speaks besides our own; repeat it. Prints what that format signs in with. The"
    " scopes that it needs replace the default; those given by --scope must include them.",
)
@click.option("--may-waive-commission", is_flag=True, help="May take the booking fee off a total.")
def add(
    name: str,
    scopes: tuple[str, ...],
    locations: tuple[int, ...],
    formats: tuple[str, ...],
    may_waive_commission: bool,
) -> None:
    """Add a partner and print its credentials, once."""
    try:
        made = in_transaction(
            lambda connection: add_partner(
                connection,
                name,
                scopes or scopes_for(formats),
                locations,
                SYSTEM,
                clock.now(),
                formats=formats,
                may_waive_commission=may_waive_commission,
            )
        )
    except PartnerRefused as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"Client id:     {made.client_id}")
    click.echo(f"Client secret: {made.client_secret}")
    for format_, words in made.others.items():
        for word, value in words.items():
            click.echo(f"{format_} {word}: {value}")
    click.echo("Keep the secrets now: they cannot be shown again.")


@partners.command("list")
def list_() -> None:
    """List the partners with their scopes and locations."""
    with reading() as session:
        places: dict[int, list[str]] = {}
        for place in session.execute(
            select(PartnerLocation.partner_id, PartnerLocation.location_id)
        ):
            places.setdefault(place.partner_id, []).append(str(place.location_id))
        # What is copied (ids, scopes) or compared (days) stays whole; names may be broken.
        columns = [
            Column(name, no_wrap=name not in ("Name", "Locations"), overflow="fold")
            for name in ("Client id", "Name", "Scopes", "Locations", "Since", "Revoked")
        ]
        table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
        for partner in session.scalars(select(Partner).order_by(Partner.id)):
            revoked = f"{partner.revoked_at:%Y-%m-%d}" if partner.revoked_at else ""
            table.add_row(
                partner.client_id,
                partner.name,
                partner.scopes.replace(" ", "\n"),
                ", ".join(places.get(partner.id, [])),
                f"{partner.created_at:%Y-%m-%d}",
                revoked,
            )
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_OF_PIPES
    console.print(table)


@partners.command("revoke")
@click.argument("client_id")
def revoke(client_id: str) -> None:
    """Take away a partner's credentials and tokens; every process refuses them within a second."""
    try:
        in_transaction(
            lambda connection: revoke_partner(connection, client_id, SYSTEM, clock.now())
        )
    except PartnerRefused as refused:
        raise click.ClickException(refused.message) from None
    click.echo(f"{client_id} is revoked.")
