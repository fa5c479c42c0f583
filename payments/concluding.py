"""Concluding card payments: what a provider says has become of an intent is applied to the ledger.

The outcome may come several times and by several ways (the call's answer, the guest's return, the
provider's notice, the worker's question), in any order: under the booking's lock the first one is
applied, and the others change nothing. Money that has moved is always recorded, even when it was
thought to be given up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import Connection, insert, select, update

from audit.chain import Actor, Origin
from kit import clock
from kit.errors import DomainError, Refused
from kit.vault import masks
from payments import intents
from payments.account import Account, Clock, open_account
from payments.card_errors import IntentUnknown
from payments.clearing import ClearPayment, FailPayment, clear_payment, fail_payment
from payments.gateways.gateway import LONGEST_S, Outcome
from payments.gateways.models import CardIntent
from payments.intents import Intent, sealed
from payments.landing import land, land_attempt
from payments.models import CardOnFile
from payments.noting import REFUSED, note
from payments.refunding import RefundPayment, refund_payment
from payments.saving import Done
from payments.voiding import VoidPayment, void_payment
from staff.models import Person

# How long after it was ordered the worker goes on asking before staff are shown the case.
ASKED_FOR = timedelta(hours=1)
SOONEST, LATEST = timedelta(seconds=5), timedelta(minutes=10)
# Whoever was held up before its call does not call any more after CALLED_WITHIN; so what a provider
# has not heard of by NEVER_CALLED_AFTER, it never will.
CALLED_WITHIN = timedelta(seconds=LONGEST_S)
NEVER_CALLED_AFTER = CALLED_WITHIN + timedelta(seconds=3 * LONGEST_S)
LONGEST_REASON = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Concluded:
    """An intent after an outcome was applied; `is_news`: this time, by this call."""

    intent: Intent
    is_news: bool


def conclude(
    connection: Connection,
    code: str,
    outcome: Outcome,
    clock_of: Clock = clock.now,
    origin: Origin | None = None,
    *,
    may_refuse: bool = False,
    vouched: bool = False,
) -> Concluded:
    """Apply an outcome in the caller's transaction. `origin` is the person who settles a case by
    hand (None: the one who ordered it, or the guest). `may_refuse`: no money has moved yet, the
    provider waits for our yes; it is that the intent has succeeded. `vouched`: the caller logs that
    a person said so.

    Raises IntentUnknown and BookingBusy.
    """
    found = intents.by_code(connection, code)
    if found is None:
        raise IntentUnknown
    account = open_account(connection, found.booking_id, None, clock_of)
    intent = intents.by_id(connection, found.id) or found
    outcome = _if_wanted(intent, outcome) if may_refuse else outcome
    by = origin or origin_of(connection, intent)
    if may_refuse and intent.state == "succeeded" and outcome.status in ("failed", "cancelled"):
        values = _taken_back(connection, account, intent, by)
    elif _says_nothing_new(intent, outcome, by_hand=origin is not None):
        return Concluded(intent, False)
    else:
        values = _values(connection, account, intent, outcome, by)
    is_news = any(getattr(intent, name) != value for name, value in values.items())
    if not is_news:
        return Concluded(intent, False)
    stored = _stored(connection, intent, values)
    if not vouched and _goes_unsaid(stored):
        note(connection, account, stored, REFUSED, by, was=intent.state, reason=intent.reason)
    return Concluded(stored, True)


def _goes_unsaid(intent: Intent) -> bool:
    """Whether staff ordered it, nothing came of it, and no payment says so: the log must."""
    is_over = intent.state in ("failed", "cancelled")
    return is_over and intent.kind != "pay" and intent.payment_id is None


def _if_wanted(intent: Intent, outcome: Outcome) -> Outcome:
    """The outcome when a provider may still be told no: money is not taken that was given up, or
    is not what was ordered."""
    if outcome.status != "succeeded" or intent.state == "succeeded":
        return outcome
    if not intent.is_pending:
        return Outcome("cancelled")
    told = _wrong_amount(intent, outcome)
    return Outcome("failed", decline="provider_fault", reason=told) if told else outcome


def ask_later(connection: Connection, intent_id: int, now: datetime) -> None:
    """Something went wrong on our side when an intent was to be settled: it is tried again later,
    and others before it. At last it is shown to staff, as if nobody had answered."""
    query = select(*intents.COLUMNS).where(CardIntent.id == intent_id, CardIntent.state == "open")
    row = connection.execute(query.with_for_update()).first()
    if row is not None:
        _stored(connection, Intent(*row), _ask_again(Intent(*row), now))


def _stored(connection: Connection, intent: Intent, values: Mapping[str, Any]) -> Intent:
    query = update(CardIntent).where(CardIntent.id == intent.id).values(values)
    return Intent(*connection.execute(query.returning(*intents.COLUMNS)).one())


def origin_of(connection: Connection, intent: Intent) -> Origin:
    """Who ordered it: a person of the staff, or the guest by a link, of whom the log keeps
    nothing."""
    if intent.person_id is None:
        return Origin(Actor("system", None, "guest link"), None, None)
    name = connection.scalar(select(Person.email).where(Person.id == intent.person_id))
    return Origin(Actor("person", intent.person_id, name or ""), None, None)


def _says_nothing_new(intent: Intent, outcome: Outcome, *, by_hand: bool) -> bool:
    """Whether the outcome comes too late to change anything. What a provider once said it had done
    (`trouble`) only a person can say was not."""
    if intent.state == "succeeded":
        return True
    if outcome.status == "succeeded":
        return False
    return not intent.is_pending or (intent.trouble is not None and not by_hand)


def _values(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> dict[str, Any]:
    """The columns as they are to be, of an intent that an outcome may still change."""
    if outcome.status == "succeeded":
        return _succeeded(connection, account, intent, outcome, origin)
    if outcome.status == "failed":
        return _failed(connection, account, intent, outcome, origin)
    return _not_done(intent, outcome, account.now)


def _not_done(intent: Intent, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """No money has moved, or nobody knows yet. A case that staff are shown stays with them."""
    is_old = now >= intent.created_at + NEVER_CALLED_AFTER
    if outcome.status == "cancelled" or (outcome.status == "missing" and is_old):
        return {"state": "cancelled", "ended_at": now, "due_at": None}
    return {} if intent.state == "unknown" else _ask_again(intent, now)


def _ask_again(intent: Intent, now: datetime) -> dict[str, Any]:
    """When the worker asks next; after ASKED_FOR it is shown to staff instead. A page that is open
    for the guest has until it closes, and is asked about just then."""
    closes_at = intent.expires_at or intent.created_at
    if now >= closes_at + ASKED_FOR:
        return {"state": "unknown", "due_at": None}
    due_at = now + min(SOONEST * 2 ** min(intent.asks, 10), LATEST)
    return {
        "asks": intent.asks + 1,
        "due_at": min(due_at, closes_at) if now < closes_at else due_at,
    }


def _succeeded(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> dict[str, Any]:
    if told := _wrong_amount(intent, outcome):
        log.error("card_amount_differs", intent=intent.id, gateway=intent.gateway)
        return _trouble(told)
    end = {"state": "succeeded", "ended_at": account.now, "due_at": None}
    end |= {"trouble": None, "decline": None, "failure_reason": None}
    if _is_recorded(account, intent):
        return end
    try:
        with connection.begin_nested():
            done = APPLY[intent.kind](connection, account, intent, outcome, origin)
    except (DomainError, Refused) as error:
        # The provider has done it and the ledger cannot follow: a person must look.
        log.error("card_outcome_not_applied", intent=intent.id, kind=intent.kind)
        return _trouble(str(error))
    return {**end, "payment_id": done.payment_id}


def _is_recorded(account: Account, intent: Intent) -> bool:
    """Whether its money is in the ledger already, and was in doubt since."""
    recorded = [each for each in account.payments if each.id == intent.payment_id]
    return any(each.state == "cleared" for each in recorded)


def _wrong_amount(intent: Intent, outcome: Outcome) -> str | None:
    """What a provider says that is not what was ordered, for staff; None when all is right."""
    if outcome.amount in (None, intent.money):
        return None
    return f"{intent.gateway} says {outcome.amount}, {_ordered(intent)}"


def _ordered(intent: Intent) -> str:
    return f"{intent.money} was ordered."


def is_contradicted(intent: Intent) -> bool:
    """Whether its provider has named another amount than was ordered."""
    return intent.trouble is not None and intent.trouble.endswith(_ordered(intent))


def _trouble(told: str) -> dict[str, Any]:
    trouble = told[:LONGEST_REASON]
    return {"state": "unknown", "ended_at": None, "due_at": None, "trouble": trouble}


def _failed(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> dict[str, Any]:
    reason = (outcome.reason or "")[:LONGEST_REASON] or None
    end = {"state": "failed", "ended_at": account.now, "due_at": None,
           "decline": outcome.decline or "declined", "failure_reason": reason}  # fmt: skip
    if not intent.takes_money:
        return end
    done = land_attempt(connection, account, intent, outcome, origin)
    return {**end, "payment_id": done.payment_id}


def _taken_back(
    connection: Connection, account: Account, intent: Intent, origin: Origin
) -> dict[str, Any]:
    """The provider did not hear our yes and has taken nothing: what was recorded never came."""
    log.error("card_money_not_taken", intent=intent.id, gateway=intent.gateway)
    payment_id = cast(int, intent.payment_id)  # it has succeeded
    reason = f"{intent.gateway} did not hear in time that it was recorded, and took no money"
    order = VoidPayment(payment_id=payment_id, reason=reason, at_provider=True)
    try:
        with connection.begin_nested():
            void_payment(connection, order, origin, lambda: account.now)
    except (DomainError, Refused) as error:
        return _trouble(f"{reason}. {error}")
    return {"state": "failed", "ended_at": account.now, "due_at": None,
            "decline": "provider_fault", "failure_reason": reason}  # fmt: skip


def _take(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> Done:
    done = land(connection, account, intent, outcome, origin)
    _keep_card(connection, done.payment_id, outcome)
    return done


def _keep_card(connection: Connection, payment_id: int, outcome: Outcome) -> None:
    """What the new transaction is refunded or charged again by."""
    digits, card_type = (outcome.last_digits or "")[-4:], (outcome.card_type or "")[:50]
    if outcome.secrets or digits or card_type:
        row = {"payment_id": payment_id, "sealed": sealed(outcome.secrets),
               "masks": masks(outcome.secrets), "last_digits": digits or None,
               "card_type": card_type or None}  # fmt: skip
        connection.execute(insert(CardOnFile), [row])


def _refund(
    connection: Connection, account: Account, intent: Intent, _: Outcome, origin: Origin
) -> Done:
    order = RefundPayment(
        payment_id=_of(intent), source="desk", amount=intent.money.decimal, reason=intent.reason,
        gateway=intent.gateway,
    )  # fmt: skip
    return refund_payment(connection, order, origin, None, lambda: account.now)


def _release(
    connection: Connection, account: Account, intent: Intent, outcome: Outcome, origin: Origin
) -> Done:
    order = ClearPayment(payment_id=_of(intent), reason=intent.reason, at_provider=True)
    return clear_payment(connection, order, origin, None, lambda: account.now)


def _abort(
    connection: Connection, account: Account, intent: Intent, _: Outcome, origin: Origin
) -> Done:
    order = FailPayment(payment_id=_of(intent), reason=intent.reason, at_provider=True)
    return fail_payment(connection, order, origin, None, lambda: account.now)


def _void(
    connection: Connection, account: Account, intent: Intent, _: Outcome, origin: Origin
) -> Done:
    order = VoidPayment(payment_id=_of(intent), reason=intent.reason or "", at_provider=True)
    return void_payment(connection, order, origin, lambda: account.now)


def _of(intent: Intent) -> int:
    return cast(int, intent.of_payment_id)  # the database demands it of every act


Applier = Callable[[Connection, Account, Intent, Outcome, Origin], Done]
APPLY: Mapping[str, Applier] = {
    "pay": _take,
    "charge": _take,
    "refund": _refund,
    "release": _release,
    "abort": _abort,
    "void": _void,
}
