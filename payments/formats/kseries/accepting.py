"""Accepting a payment: what can be judged without the booking is judged at once, then it waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection

from audit.chain import Origin
from kit.currencies import exponent
from kit.errors import Refused
from kit.money import Money, TooManyDecimals
from locations.finding import Place
from outbox.delivering import withdraw
from partners import endpoints
from partners.authentication import Caller
from partners.errors import EndpointUnknown
from payments import inbox
from payments.errors import BookingUnknown, WrongDecimals
from payments.formats.kseries import accounts
from payments.formats.kseries.schemas import NAME, Order


def accept_payment(
    connection: Connection,
    order: Order,
    place: Place,
    caller: Caller,
    origin: Origin,
    now: datetime,
) -> None:
    """Keep the payment for the worker, in the caller's transaction.

    Raises WrongDecimals (for every amount that has too many), EndpointUnknown and
    CommandReferenceUsed; nothing is kept then. What an earlier try under the reference came to is
    not told any more: its sender would take that for the end of this one.
    """
    Refused.if_any(_slips(connection, order, place))
    if endpoints.find(connection, caller.partner_id, NAME, order.endpoint) is None:
        raise EndpointUnknown(order.endpoint)
    new = inbox.Acceptance(
        format=NAME,
        location_id=place.id,
        command={
            "business_location_id": order.business_location_id,
            "endpoint": order.endpoint,
            "identifier": order.identifier,
            "account_id": order.account_id,
            "amount": f"{order.amount:f}",
            "tip": f"{order.tip:f}",
            "method": order.method,
            "staff_id": order.staff_id,
            "device_id": order.device_id,
        },
        ticket=str(uuid4()),
        accepted_at=now,
        apply_by=now + timedelta(milliseconds=order.ttl_ms),
        reference=order.reference,
    )
    inbox.accept(connection, new, caller, origin)
    ends = inbox.failed_before(connection, new, caller)
    if told := [end["message_id"] for end in ends if end and "message_id" in end]:
        withdraw(connection, told, origin, now)


def _slips(connection: Connection, order: Order, place: Place) -> list[WrongDecimals]:
    """Decimals are judged by the booking's currency. When there is no such account, a webhook will
    say so; and what it is judged by when it is there by then."""
    try:
        account = accounts.find(connection, place.id, order.identifier, order.account_id)
    except BookingUnknown:
        return []
    found = []
    for field, came in (("amount", order.amount), ("tip", order.tip)):
        try:
            Money.of(came, account.currency)
        except TooManyDecimals:
            places = exponent(account.currency)
            found.append(WrongDecimals(field, f"{came:f}", account.currency, places))
    return found
