"""What the event log says of card payments themselves: that one was ordered, that nothing came of
it, that a person settled it. What became of the money is said where it is recorded."""

from __future__ import annotations

from sqlalchemy import Connection

from audit.chain import Entry, Origin, Severity
from payments import saving
from payments.account import Account
from payments.intents import Intent

ORDERED, REFUSED, VOUCHED = "card.ordered", "card.refused", "card.settled_by_hand"


def note(
    connection: Connection,
    account: Account,
    intent: Intent,
    action: str,
    origin: Origin,
    *,
    was: str | None = None,
    severity: Severity = "high",
    reason: str | None = None,
) -> None:
    """Write down how an intent stands, and stood before (`was`), in the chain of its booking. The
    account is not for saving any more: the chain has moved on."""
    booking = account.booking
    about = {
        "booking": booking.id,
        "location": booking.location_id,
        "intent": intent.id,
        "payment": intent.payment_id or intent.of_payment_id,
    }
    after = {
        "state": intent.state,
        "kind": intent.kind,
        "amount": intent.amount,
        "currency": intent.currency,
        "gateway": intent.gateway,
    }
    before = {} if was is None else {"state": was}
    entry = Entry(action, about, before, after, severity=severity, reason=reason)
    saving.note(connection, account, entry, origin)
