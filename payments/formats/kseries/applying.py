"""Applying an accepted payment, and telling its sender what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from kit import form
from kit.clock import day_at
from kit.errors import DomainError, Refused
from kit.fields import number
from locations.finding import Place, by_ids
from outbox.leasing import Leased
from outbox.models import Message
from partners import endpoints
from partners.events import hook_row
from partners.hooks import Dressed
from payments.account import Clock
from payments.commands import TakePayment
from payments.errors import BookingUnknown
from payments.formats.kseries import accounts, errors, methods
from payments.formats.kseries.schemas import NAME
from payments.inbox import Waiting
from payments.taking import Call, take_payment


@dataclass(frozen=True, slots=True)
class Command:
    """What was kept of an accepted payment (accepting.py)."""

    business_location_id: int
    endpoint: str
    identifier: str | None
    account_id: int | None
    amount: str
    tip: str
    method: str | None
    staff_id: int | None
    device_id: int | None

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        given = (("staffId", self.staff_id), ("deviceId", self.device_id))
        return tuple((name, str(number)) for name, number in given if number is not None)


class PaymentApplier:
    """The applier of this format (payments.inbox.Applier)."""

    def apply(self, connection: Connection, waiting: Waiting, clock_of: Clock) -> Mapping[str, Any]:
        """Take the payment. The day it was paid is the day it was accepted."""
        command = Command(**waiting.command)
        account = _account(connection, waiting.location_id, command)
        [place] = [Place(*row) for row in connection.execute(by_ids(waiting.caller.locations))]
        order = TakePayment(
            source=NAME,
            booking_id=account.booking_id,
            amount=Decimal(command.amount),
            tip=Decimal(command.tip),
            currency=None,
            state="cleared",
            method=command.method or methods.default_of(connection, waiting.location_id),
            paid_on=day_at(waiting.accepted_at, place.time_zone),
            no_credit=True,
            reference=waiting.reference,
            attributes=command.attributes,
        )
        call = Call(waiting.origin, lambda receipt: str(receipt.payment.id).encode())
        taken = take_payment(connection, order, waiting.caller, call, clock_of)
        return {"booking": account.booking_id, "payment": int(taken.answer)}

    def ended(
        self,
        connection: Connection,
        waiting: Waiting,
        refusal: DomainError | Refused | None,
        at: datetime,
    ) -> Mapping[str, Any]:
        """Tell the endpoint that the payment named; nobody, when it has been removed. Kept is by
        which message, so that a failure can be withdrawn (accepting.py)."""
        command = Command(**waiting.command)
        outcome = {"status": "SUCCESS"} if refusal is None else {"status": "FAILURE"}
        why = {} if refusal is None else errors.failure(refusal)
        endpoint = endpoints.find(connection, waiting.partner_id, NAME, command.endpoint)
        told = {}
        if endpoint is not None:
            account = _account_if_any(connection, waiting.location_id, command)
            payload = {
                "type": "PAYMENT",
                **outcome,
                "thirdPartyReference": waiting.reference,
                "businessLocationId": command.business_location_id,
                **_names(command, account),
                **why,
            }
            if account and endpoint.provides_account:
                payload["account"] = accounts.shown(connection, account, waiting.partner_id, number)
            booking_id = account.booking_id if account else None
            # As it will be sent: amounts are numbers with their digits, never floats.
            row = hook_row(NAME, endpoint.id, form.encode(payload), booking_id, at)
            connection.execute(insert(Message), [row])
            told = {"message_id": row["message_id"]}
        return {**outcome, **why, **told}


def dressed(endpoint: Any, secret: str | None, message: Leased, _: bytes, __: datetime) -> Dressed:
    """How the messages of this format go out: with a key, and Basic auth where it was asked for."""
    auth = None if secret is None else (endpoint.username, secret)
    return Dressed({"X-Lightspeed-Idempotency-Key": message.message_id}, auth)


def _account(connection: Connection, location_id: int, command: Command) -> accounts.Account:
    return accounts.find(connection, location_id, command.identifier, command.account_id)


def _account_if_any(
    connection: Connection, location_id: int, command: Command
) -> accounts.Account | None:
    try:
        return _account(connection, location_id, command)
    except BookingUnknown:
        return None


def _names(command: Command, account: accounts.Account | None) -> dict[str, str]:
    """The account as we know it, or as it was named. Ids are texts, as the vendor sends them."""
    identifier = account.identifier if account else command.identifier
    number = account.booking_id if account else command.account_id
    names = {"ikentooAccountIdentifier": identifier, "ikentooAccountId": number}
    return {name: str(value) for name, value in names.items() if value is not None}
