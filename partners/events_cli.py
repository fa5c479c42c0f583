"""flask events: where partners are told of what happens, what was sent, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import Connection, func, select

from audit.chain import SYSTEM
from kit import clock
from kit.commands import Commands
from kit.db import in_transaction, reading
from kit.errors import DomainError
from kit.ids import opaque
from outbox.models import Message
from partners.endpoints import (
    NewEndpoint,
    add_endpoint,
    remove_endpoint,
    renew_secret,
    signing_secret,
    switch_on,
)
from partners.events import TYPES, receiver
from partners.models import Endpoint, Partner, WebhookCall
from partners.resending import Resent, Which
from partners.resending import resend as send_again
from partners.targets import check_target

WIDTH_OF_PIPES = 200  # lines that grep finds whole
MOST_CALLS = 50
LONGEST_NAME = 100
ID = click.IntRange(1, 2**63 - 1)

T = TypeVar("T")

events = Commands("events", help="Signed events: the addresses of partners that are told.")


def _name(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    if name is None or (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
        return name
    raise click.BadParameter(f"it must have 1 to {LONGEST_NAME} characters, all of them printable.")


@events.command("add")
@click.argument("client_id")
@click.argument("url")
@click.option(
    "--event",
    "types",
    multiple=True,
    type=click.Choice(TYPES),
    help="Only events of this type; repeat it. Default: all.",
)
@click.option("--name", callback=_name, help="What to call it; made up unless given.")
def add(client_id: str, url: str, types: tuple[str, ...], name: str | None) -> None:
    """Tell a partner's program of every change of payments and bookings at its locations.

    Prints the secret that the events are signed with, once.
    """
    new = _refusable(
        lambda: NewEndpoint(
            name=name or opaque(10).lower(),
            target=check_target(url),
            events=tuple(dict.fromkeys(types)),
            secret=signing_secret(),
        )
    )

    def work(connection: Connection) -> int:
        return add_endpoint(connection, _partner(connection, client_id), new, SYSTEM, clock.now())

    number = _done(work)
    click.echo(f"Endpoint:       {number} ({new.name})")
    click.echo(f"Signing secret: {new.secret}")
    click.echo("Keep the secret now: it cannot be shown again.")


@events.command("list")
def list_() -> None:
    """List the endpoints of all partners, those of Lightspeed K-Series, too."""
    columns = ("id", "partner", "kind", "name", "address", "events", "state", "waiting", "given up")
    table = Table(*(Column(each, overflow="fold") for each in columns), box=SIMPLE_HEAD)
    query = select(Endpoint, Partner.client_id).join(Partner, Partner.id == Endpoint.partner_id)
    there = query.where(Endpoint.removed_at.is_(None)).order_by(Endpoint.id)
    ended = select(Message.receiver, Message.state, func.count(Message.id))
    unsent = ended.where(Message.receiver.is_not(None), Message.state != "sent")
    with reading() as session:
        counts = {
            (name, state): count
            for name, state, count in session.execute(
                unsent.group_by(Message.receiver, Message.state)
            )
        }
        for each, client_id in session.execute(there):
            words = each.events.replace(" ", "\n") or ("all" if each.kind == "events" else "")
            cells = [str(each.id), client_id, each.kind, each.name, each.url, words, _state(each)]
            states = [(receiver(each.id), state) for state in ("waiting", "given_up")]
            table.add_row(*cells, *(str(counts.get(state, 0)) for state in states))
    _show(table)


def _state(endpoint: Endpoint) -> str:
    if not endpoint.live:
        return "off"
    since = endpoint.failing_since
    return f"failing since {since:%Y-%m-%d %H:%M} UTC" if since else "on"


@events.command("remove")
@click.argument("endpoint", type=ID)
def remove(endpoint: int) -> None:
    """Take an endpoint away; what still waits for it is given up."""

    def work(connection: Connection) -> None:
        row = _endpoint(connection, endpoint)
        remove_endpoint(connection, row.partner_id, row.kind, row.name, SYSTEM, clock.now())

    _done(work)
    click.echo(f"Endpoint {endpoint} is removed.")


@events.command("on")
@click.argument("endpoint", type=ID)
def on(endpoint: int) -> None:
    """Switch an endpoint on that was switched off, because it answered 410; what still waits for
    it is tried at once."""

    def work(connection: Connection) -> bool:
        _endpoint(connection, endpoint, to_be_told=True)
        return switch_on(connection, endpoint, SYSTEM, "by command", clock.now())

    changed = _done(work)
    click.echo(f"Endpoint {endpoint} is {'on' if changed else 'on already'}.")


@events.command("renew")
@click.argument("endpoint", type=ID)
def renew(endpoint: int) -> None:
    """Give an endpoint a new signing secret and print it, once. The old one ends at once."""
    secret = signing_secret()

    def work(connection: Connection) -> None:
        row = _endpoint(connection, endpoint, to_be_told=True)
        if row.kind != "events":
            raise click.ClickException("Only the endpoints of events have a signing secret.")
        renew_secret(connection, endpoint, secret, SYSTEM, clock.now())

    _done(work)
    click.echo(f"Signing secret: {secret}")
    click.echo("Keep the secret now: it cannot be shown again.")


@events.command("calls")
@click.option("--endpoint", type=ID, help="Only calls of this endpoint.")
@click.option("--booking", type=ID, help="Only calls that tell of this booking.")
@click.option("--full", is_flag=True, help="With the bodies that were sent and came back.")
def calls(endpoint: int | None, booking: int | None, full: bool) -> None:
    """Show the last calls: what was told to whom, the answer, how long it took, and how the
    message stands now."""
    columns = (WebhookCall, Message.booking_id, Message.context, Message.state)
    query = select(*columns).join(Message, Message.id == WebhookCall.message_id)
    if endpoint is not None:
        query = query.where(WebhookCall.endpoint_id == endpoint)
    if booking is not None:
        query = query.where(Message.booking_id == booking)
    heads = ("message", "endpoint", "booking", "event", "at (UTC)", "answer", "ms", "message is")
    table = Table(*(Column(each, overflow="fold") for each in heads), box=SIMPLE_HEAD)
    if full:
        table.add_column("request and answer", overflow="fold")
    with reading() as session:
        for row in session.execute(query.order_by(WebhookCall.id.desc()).limit(MOST_CALLS)):
            told, call = orjson.loads(row.context["body"]), row.WebhookCall
            cells = [call.message_id, call.endpoint_id, row.booking_id or "", told.get("type", "")]
            cells += [f"{call.at:%Y-%m-%d %H:%M:%S}", call.problem or call.status, call.took_ms]
            cells += [row.state, *([f"{call.request}\n{call.answer}"] if full else [])]
            table.add_row(*(_harmless(str(cell)) for cell in cells))
    _show(table)


@events.command("resend")
@click.argument("messages", nargs=-1, type=ID)
@click.option("--given-up", is_flag=True, help="All that were given up.")
@click.option("--endpoint", type=ID, help="Of those, only what is for this endpoint.")
@click.option("--booking", type=ID, help="All that tell of this booking.")
def resend(
    messages: tuple[int, ...], given_up: bool, endpoint: int | None, booking: int | None
) -> None:
    """Send messages again: by their ids, all of a booking, or all that were given up.

    They go out with the same webhook-id, so that a receiver that has one already knows it.
    """
    if bool(messages) + given_up + (booking is not None) != 1:
        raise click.UsageError("Say which: ids of messages, --booking ID, or --given-up.")
    which = Which(messages=messages, booking=booking, given_up=given_up, endpoint=endpoint)

    def work(connection: Connection) -> Resent:
        if endpoint is not None:
            _endpoint(connection, endpoint)
        resent = send_again(connection, which, SYSTEM, clock.now())
        if resent.unknown:
            ids = ", ".join(map(str, resent.unknown))
            raise click.ClickException(f"No message to an endpoint has the id {ids}.")
        return resent

    resent = _done(work)
    click.echo(f"Sent again: {resent.count}.")
    if resent.waiting:
        click.echo(f"Still on their way: {resent.waiting}.")
    if resent.left_out:
        click.echo(f"Left out, since their endpoint is off or was removed: {resent.left_out}.")


def _partner(connection: Connection, client_id: str) -> int:
    query = select(Partner.id).where(Partner.client_id == client_id, Partner.revoked_at.is_(None))
    found = connection.scalar(query)
    if found is None:
        raise click.ClickException(f"There is no partner with the client id {client_id!r}.")
    return found


def _endpoint(connection: Connection, endpoint_id: int, *, to_be_told: bool = False) -> Any:
    query = select(Endpoint.__table__, Partner.revoked_at).join(
        Partner, Partner.id == Endpoint.partner_id
    )
    mine = query.where(Endpoint.id == endpoint_id, Endpoint.removed_at.is_(None))
    row = connection.execute(mine).first()
    if row is None:
        raise click.ClickException(f"There is no endpoint {endpoint_id}.")
    if to_be_told and row.revoked_at is not None:
        raise click.ClickException(f"The partner of endpoint {endpoint_id} was revoked.")
    return row


def _done(work: Callable[[Connection], T]) -> T:
    return _refusable(lambda: in_transaction(work))


def _refusable(work: Callable[[], T]) -> T:
    try:
        return work()
    except DomainError as refused:
        raise click.ClickException(refused.message) from None


def _harmless(text: str) -> str:
    """Without what would move the cursor or colour the screen: others have written it."""
    return "".join(
        each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text
    )


def _show(table: Table) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_PIPES
    console.print(table)
