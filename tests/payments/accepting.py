"""A format of the tests' own whose payments wait in the inbox: small enough to see through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import Connection, insert

from audit.chain import Actor, Origin
from bookings.models import Booking
from kit import clock
from kit.db import in_transaction
from kit.errors import DomainError, Refused
from outbox.models import Message
from partners.authentication import Caller
from partners.events import hook_row
from payments import inbox
from payments.account import Clock
from payments.commands import TakePayment
from payments.inbox import Acceptance, Waiting
from payments.models import AcceptedCommand
from payments.taking import Call, take_payment
from tags.models import Tag
from tests import make
from tests.partners.telling import payload
from tests.payments.proofs import broken_chains, wrong_books

FORMAT = "tiny"
TTL = timedelta(minutes=5)

Hook = Callable[[Connection, Waiting], None]
Send = Callable[..., int]


def nothing(_: Connection, __: Waiting) -> None:
    """What happens in the middle, unless a test says otherwise."""


@dataclass
class Tiny:
    """Takes the payment of a command and tells an endpoint of the end. `before`, `after` and
    `telling` happen before and after the payment, and before the end is told; `tried` are the
    commands it was asked to apply."""

    before: Hook = nothing
    after: Hook = nothing
    telling: Hook = nothing
    tried: list[int] = field(default_factory=list)

    def apply(self, connection: Connection, waiting: Waiting, clock_of: Clock) -> Mapping[str, Any]:
        self.tried.append(waiting.id)
        self.before(connection, waiting)
        call = Call(waiting.origin, lambda receipt: str(receipt.payment.id).encode())
        taken = take_payment(connection, order_of(waiting), waiting.caller, call, clock_of)
        self.after(connection, waiting)
        return {"payment": int(taken.answer)}

    def ended(
        self,
        connection: Connection,
        waiting: Waiting,
        refusal: DomainError | Refused | None,
        at: datetime,
    ) -> Mapping[str, Any]:
        self.telling(connection, waiting)
        told = codes_of(refusal)
        row = hook_row(FORMAT, waiting.command["endpoint"], {"codes": told}, None, at)
        connection.execute(insert(Message), [row])
        return {"codes": told}


def order_of(waiting: Waiting) -> TakePayment:
    return TakePayment(
        source="kseries",  # one that the ledger knows
        booking_id=waiting.command["booking"],
        amount=Decimal(waiting.command["amount"]),
        currency=None,
        state="cleared",
        method="PayPal",
        paid_on=clock.day_at(waiting.accepted_at, "Europe/Lisbon"),
        no_credit=True,
        reference=waiting.reference,
        send_email=False,
    )


def codes_of(refusal: DomainError | Refused | None) -> list[str]:
    if refusal is None:
        return []
    return [each.code for each in (refusal.problems if isinstance(refusal, Refused) else [refusal])]


def write_a_tag(connection: Connection, waiting: Waiting) -> None:
    """Something besides the payment, to see whether it is taken back."""
    row = {"id": waiting.id, "name": f"Tag {waiting.id}", "colour": "#000000"}
    connection.execute(insert(Tag), [row])


def paid(booking: int) -> int:
    """What the ledger says was paid, which is also what its rows say."""
    assert wrong_books() == broken_chains() == []
    return int(make.row_of(Booking, booking).paid)


def speak(app: Flask, tiny: Tiny) -> None:
    """Let the worker of an application know the format."""
    inbox.register(app, FORMAT, tiny)


@dataclass(frozen=True)
class Sender:
    """A partner whose payments are accepted, and what listens to its bookings."""

    partner_id: int
    endpoint_id: int

    @classmethod
    def new(cls, *locations: int) -> Sender:
        partner_id = make.partner(locations=locations or (1,))
        return cls(partner_id, make.endpoint(partner_id))

    @property
    def caller(self) -> Caller:
        return Caller(self.partner_id, "A till", frozenset(), frozenset({1, 2}))

    def acceptance(
        self,
        booking: int,
        amount: str = "10.00",
        *,
        at: datetime | None = None,
        lives: timedelta = TTL,
        **other: Any,
    ) -> Acceptance:
        accepted_at = at or clock.now()
        given: dict[str, Any] = {"format": FORMAT, "location_id": 1} | other
        return Acceptance(
            command={"booking": booking, "amount": amount, "endpoint": self.endpoint_id},
            ticket=f"ticket {next(make.numbers)}",
            accepted_at=accepted_at,
            apply_by=accepted_at + lives,
            **given,
        )

    def send(self, booking: int, amount: str = "10.00", **options: Any) -> int:
        """Have a payment accepted; the id of its command. Raises what `accept` raises."""
        new = self.acceptance(booking, amount, **options)
        origin = Origin(Actor("partner", self.partner_id, "A till"), "203.0.113.7", "request-1")
        in_transaction(lambda connection: inbox.accept(connection, new, self.caller, origin))
        [row] = make.rows_of(AcceptedCommand, ticket=new.ticket)
        return int(row.id)


def command(id: int) -> Any:
    """The row of a command as it stands."""
    return make.row_of(AcceptedCommand, id)


def states() -> list[str]:
    """The state of every command, in the order they were accepted."""
    return [row.state for row in make.rows_of(AcceptedCommand)]


def told() -> list[list[str]]:
    """What endpoints were told of the ends of commands: codes of refusals, none when applied."""
    rows = make.rows_of(Message, kind=FORMAT)
    return [payload(row.context)["codes"] for row in rows]


def failing(times: int, error: BaseException) -> Hook:
    """Raises for the first so many commands it meets."""
    left = [error] * times

    def fail(_: Connection, __: Waiting) -> None:
        with suppress(IndexError):
            raise left.pop()

    return fail
