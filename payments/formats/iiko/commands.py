"""Commands of this wire: kept for the worker, and asked for later by their correlationId."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, bindparam, select

from audit.chain import Origin
from kit.db import glance
from kit.ids import digest
from partners.authentication import Caller
from payments.errors import CommandReferenceUsed, KeyReused
from payments.formats.iiko.schemas import Order
from payments.inbox import Acceptance, accept
from payments.models import AcceptedCommand

FORMAT = "iiko"
APPLIED_WITHIN = timedelta(minutes=5)
STATES = {"waiting": "InProgress", "done": "Success", "failed": "Error"}
# Of a command that the inbox has ended by itself.
UNTOLD = {
    "exception": {"message": "The command was not applied, by a fault of ours."},
    "errorReason": "Common",
}

_MINE = select(AcceptedCommand).where(
    AcceptedCommand.format == FORMAT,
    AcceptedCommand.partner_id == bindparam("partner_id"),
    AcceptedCommand.location_id == bindparam("location_id"),
)
BY_TICKET = _MINE.with_only_columns(AcceptedCommand.state, AcceptedCommand.outcome).where(
    AcceptedCommand.ticket == bindparam("ticket")
)
BY_KEY = (
    _MINE.with_only_columns(AcceptedCommand.ticket, AcceptedCommand.command)
    .where(AcceptedCommand.reference == bindparam("reference"))
    .order_by(AcceptedCommand.id.desc())
)


def keep(
    connection: Connection,
    order: Order,
    location_id: int,
    caller: Caller,
    origin: Origin,
    key: str | None,
    now: datetime,
) -> tuple[str, bool]:
    """Keep a command for the worker, in the caller's transaction; its correlationId, and whether
    that was given before, to the same request under the same key.

    A key is good for one command until that has failed. Raises KeyReused.
    """
    new = Acceptance(
        format=FORMAT,
        location_id=location_id,
        command={"order_id": order.order_id, "parts": [asdict(part) for part in order.parts]},
        ticket=str(uuid4()),
        accepted_at=now,
        apply_by=now + APPLIED_WITHIN,
        # As long as the column: 200 bits of a hash are as good as the key.
        reference=None if key is None else digest(key)[:50],
    )
    try:
        accept(connection, new, caller, origin)
    except CommandReferenceUsed:
        mine = _whose(caller, location_id) | {"reference": new.reference}
        earlier = connection.execute(BY_KEY, mine).first()
        if earlier is None or earlier.command != new.command:
            raise KeyReused from None
        return earlier.ticket, True
    return new.ticket, False


def status(caller: Caller, location_id: int, correlation_id: str) -> dict[str, Any] | None:
    """How far a command of this partner's at this location has come; None: there is none."""
    row = glance(BY_TICKET, _whose(caller, location_id) | {"ticket": correlation_id})
    if row is None:
        return None
    told = (row.outcome or UNTOLD) if row.state == "failed" else {}
    return {"state": STATES[row.state], **told}


def _whose(caller: Caller, location_id: int) -> dict[str, Any]:
    return {"partner_id": caller.partner_id, "location_id": location_id}
