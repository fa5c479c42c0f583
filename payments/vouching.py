"""Vouching: nobody could find out what has become of a card payment, and a person who has looked at
the provider says it.

What it means for the ledger is decided where every outcome is applied (payments.concluding); here
it is written down that a person said so, and why.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from audit.chain import Origin
from kit import clock
from payments import intents
from payments.account import Clock, open_account
from payments.card_errors import AlreadySettled, AmountDiffers, IntentUnknown, LedgerDiffers
from payments.concluding import conclude, is_contradicted
from payments.gateways.gateway import Outcome
from payments.intents import Intent
from payments.noting import VOUCHED, note


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouch:
    """What a person says of an intent: that the provider has done it, or that there is nothing to
    record; and why they know."""

    intent_id: int
    is_done: bool
    reason: str


def vouch(
    connection: Connection, order: Vouch, origin: Origin, clock_of: Clock = clock.now
) -> Intent:
    """Settle an unknown intent by hand, in the caller's transaction; the intent as it is then.

    News from the provider that money has moved after all is still recorded later. Raises
    IntentUnknown, BookingBusy, AlreadySettled for what is not unknown (any more), AmountDiffers
    for another amount than the provider has named, and LedgerDiffers when the ledger cannot follow.
    """
    found = intents.by_id(connection, order.intent_id)
    if found is None:
        raise IntentUnknown
    open_account(connection, found.booking_id, None, clock_of)  # holds it: now nobody else settles
    intent = intents.by_id(connection, order.intent_id) or found
    if intent.state != "unknown":
        raise AlreadySettled(intent.state)
    if order.is_done and is_contradicted(intent):
        raise AmountDiffers(intent.trouble or "")
    outcome = Outcome("succeeded" if order.is_done else "cancelled")
    after = conclude(connection, intent.code, outcome, clock_of, origin, vouched=True).intent
    if after.is_pending:
        raise LedgerDiffers(after.trouble or "")
    # Once more: the payment has an entry of its own in the log.
    account = open_account(connection, intent.booking_id, None, clock_of)
    note(connection, account, after, VOUCHED, origin, was="unknown", reason=order.reason)
    return after
