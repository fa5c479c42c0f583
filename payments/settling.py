"""Between the ledger and a provider: the intent is stored, then the provider is called, then its
outcome is stored; no transaction is open during the call.

Whatever ends a process between two of these steps, the intent stays pending, and the worker asks
the provider what has become of it. A question never moves money.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic, sleep
from typing import TypeVar, cast

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError

from audit.chain import Origin
from kit import clock
from kit.db import in_transaction, is_unavailable, reading
from kit.errors import DomainError
from kit.log import failure
from outbox.worker import stopping
from payments import intents
from payments.account import Clock
from payments.card_errors import CardPaymentUnderWay, IntentUnknown
from payments.concluding import (
    CALLED_WITHIN,
    NEVER_CALLED_AFTER,
    Concluded,
    ask_later,
    conclude,
)
from payments.errors import BookingBusy
from payments.gateways.gateway import UNKNOWN, Gateway, Order, Outcome, Page, Visit
from payments.gateways.models import CardIntent
from payments.gateways.registry import gateways
from payments.intents import Intent, sealed
from payments.ordering import PayOnline, UseCard, card_of, order_act, order_page

AT_ONCE = 20
TRIES = 3
# How long a second click waits for the page that the first one is opening.
PAGE_COMES_WITHIN_S, LOOKED_AGAIN_S = 5.0, 0.1
URL, BACK = "url", "back_url"
UNSETTLED, KNOWN = ("pending", "unknown"), ("succeeded", "failed")
# How long a known answer that could not be written waits before the next try.
TRIED_AGAIN_AFTER_S = (0.2, 1.0, 3.0)

T = TypeVar("T")
# What the provider's page has to know, once there is an intent: only a door knows its addresses.
VisitOf = Callable[[Intent], Visit]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """Where the guest goes on to pay; `url` None: there is no page, and `intent` says why."""

    intent: Intent
    url: str | None


def open_page(order: PayOnline, visit_of: VisitOf) -> Opened:
    """Let a guest pay: order it, and open a page at the provider. The page that is there already
    for the same is the answer again. Another one that the same guest has left open is closed
    first, unless it is being paid on: then its intent is the answer.

    Raises what `order_page` raises.
    """
    looked_at = None
    for _ in range(TRIES):
        try:
            return _go_on(in_transaction(lambda each: order_page(each, order)), visit_of)
        except CardPaymentUnderWay:
            pending = _with_page(order.booking_id)
            if pending and pending.has_page and pending.code != looked_at:
                # Another click may have just opened it: it may be the very page that is wanted.
                looked_at = pending.code
            elif left := _make_way(pending):
                return Opened(left, None)
    return _go_on(in_transaction(lambda each: order_page(each, order)), visit_of)


def _go_on(intent: Intent, visit_of: VisitOf) -> Opened:
    if url := intent.secrets.get(URL):
        return Opened(intent, url)
    return _start(intent, visit_of(intent))


def _start(intent: Intent, visit: Visit) -> Opened:
    gateway = gateways()[intent.gateway]
    page = _call(intent, lambda: gateway.start(_order(intent, {}), visit))
    if isinstance(page, Outcome):
        # Without a page nobody can have paid on it.
        told = page if page.status == "failed" else replace(page, status="cancelled")
        return Opened(_conclude(intent.code, told).intent, None)
    kept = in_transaction(lambda connection: _keep_page(connection, intent, page, visit.back_url))
    if kept.is_pending:
        return Opened(kept, page.url)
    # Somebody did not wait for this page, and may be paying on another one: it is shown to nobody.
    closed = _call(intent, lambda: gateway.give_up(intent.code))
    return Opened(_conclude(intent.code, closed).intent, None)


def _keep_page(connection: Connection, intent: Intent, page: Page, back_url: str) -> Intent:
    """Store the address before anybody is sent there, if the intent has not come to an end."""
    kept = sealed({**page.secrets, URL: page.url, BACK: back_url})
    mine = update(CardIntent).where(CardIntent.id == intent.id, CardIntent.state == "open")
    connection.execute(mine.values(sealed=kept, due_at=intent.expires_at))
    return cast(Intent, intents.by_id(connection, intent.id))


def _with_page(booking_id: int) -> Intent | None:
    """What is pending, once its page is there."""
    pending = _pending(booking_id)
    if pending is not None and pending.kind == "pay" and not pending.has_page:
        return _wait_for_page(pending)
    return pending


def _make_way(pending: Intent | None) -> Intent | None:
    """End what stands in the way of another page; the intent, if money may be moving on it."""
    if pending is None or pending.kind != "pay" or pending.state == "unknown":
        return pending
    if not pending.has_page:
        in_transaction(lambda connection: _drop(connection, pending))
        return None
    gateway = gateways().get(pending.gateway)
    if gateway is None:
        return pending
    outcome = _close(gateway, pending, Outcome("pending"))
    settled = _conclude(pending.code, outcome).intent
    return settled if settled.is_pending or settled.state == "succeeded" else None


def _pending(booking_id: int) -> Intent | None:
    with reading() as session:
        return intents.pending_money(session.connection(), booking_id)


def _wait_for_page(pending: Intent) -> Intent | None:
    """What is pending once another click has opened its page, or has taken too long to; None when
    it has come to an end."""
    found: Intent | None = pending
    ends = monotonic() + PAGE_COMES_WITHIN_S
    while found is not None and not found.has_page and monotonic() < ends:
        sleep(LOOKED_AGAIN_S)
        found = _pending(pending.booking_id)
    return found


def _drop(connection: Connection, intent: Intent) -> None:
    """Give up an intent whose page has no address yet: nobody can be sent there any more."""
    pageless = (CardIntent.state == "open", CardIntent.sealed.is_(None))
    mine = update(CardIntent).where(CardIntent.id == intent.id, *pageless)
    connection.execute(mine.values(state="cancelled", ended_at=clock.now(), due_at=None))


def use_card(order: UseCard, origin: Origin) -> Intent:
    """Charge, refund, release, abort or void, now; the intent as it is after the provider's answer.

    Raises what `order_act` raises.
    """
    return carry_through(in_transaction(lambda each: order_act(each, order, origin)), origin)


def carry_through(intent: Intent, origin: Origin) -> Intent:
    """Let the provider do what `order_act` has just stored, in a transaction that has ended; the
    intent as it is after the provider's answer. Never twice for one intent."""
    payment_id = cast(int, intent.of_payment_id)
    with reading() as session:
        secrets = card_of(session.connection(), payment_id)
        related = _code_of(session.connection(), payment_id)
    outcome = _call(intent, lambda: _perform(_order(intent, secrets, related), intent))
    for pause in TRIED_AGAIN_AFTER_S if outcome.status in KNOWN else ():
        try:
            return _conclude(intent.code, outcome, origin).intent
        except (BookingBusy, DBAPIError):
            # Not every provider can be asked: what it says now it may say only once.
            log.warning("outcome_not_written_yet", intent=intent.id)
            sleep(pause)
    try:
        return _conclude(intent.code, outcome, origin).intent
    except BookingBusy:
        log.warning("left_for_later", intent=intent.id, reason=BookingBusy.code)
        return intent


def _perform(order: Order, intent: Intent) -> Outcome:
    """Call the provider, unless we were held up for so long that the intent may be given up by
    now, and others ordered in its place."""
    if clock.now() >= intent.created_at + CALLED_WITHIN:
        return Outcome("cancelled")
    return gateways()[intent.gateway].perform(order)


def _code_of(connection: Connection, payment_id: int) -> str | None:
    """The code under which the provider took this payment for us."""
    query = select(CardIntent.code).where(
        CardIntent.payment_id == payment_id, CardIntent.kind.in_(("pay", "charge"))
    )
    return connection.scalar(query)


def _order(intent: Intent, secrets: dict[str, str], related: str | None = None) -> Order:
    return Order(
        kind=intent.kind,  # type: ignore[arg-type]
        code=intent.code,
        amount=intent.money,
        description=f"Booking {intent.booking_id}",
        secrets=secrets,
        related=related,
    )


def settle(code: str) -> Concluded:
    """Ask the provider what has become of an intent, and write it down. Raises IntentUnknown and
    BookingBusy."""
    with reading() as session:
        intent = intents.by_code(session.connection(), code)
    if intent is None:
        raise IntentUnknown
    return _settle(intent, clock.now)


def _settle(intent: Intent, clock_of: Clock) -> Concluded:
    if intent.state == "succeeded":
        return Concluded(intent, False)
    gateway = gateways().get(intent.gateway)
    if gateway is None:
        return _conclude(intent.code, UNKNOWN, clock_of=clock_of)
    outcome = _call(intent, lambda: gateway.ask(intent.code))
    if _is_over(intent, clock_of()):
        outcome = _close(gateway, intent, outcome)
    return _conclude(intent.code, outcome, clock_of=clock_of)


def _close(gateway: Gateway, intent: Intent, outcome: Outcome) -> Outcome:
    """What has become of a page that is to be open no more. A provider that waits for our yes need
    not be called: from now on it is told no."""
    if gateway.waits_for_us and intent.state == "open" and outcome.status in UNSETTLED:
        return Outcome("cancelled")
    if outcome.status != "pending":
        return outcome
    return _call(intent, lambda: gateway.give_up(intent.code))


def _is_over(intent: Intent, now: datetime) -> bool:
    """Whether nobody pays on the page any more: its time is over, or nobody was sent there."""
    if intent.expires_at is None:
        return False
    is_lost = not intent.has_page and now >= intent.created_at + NEVER_CALLED_AFTER
    return is_lost or now >= intent.expires_at


def settle_pending(clock_of: Clock = clock.now) -> int:
    """Ask for the outcomes that are due, a batch of them; how many came to an end.

    Nothing that goes wrong with one of them stops those after it; when none came to an end, the
    last error is raised, so that the job is seen to fail.
    """
    with reading() as session:
        ids = intents.due(session.connection(), clock_of(), AT_ONCE)
    done, failed = 0, None
    for each in ids:
        if stopping():
            break
        try:
            done += _settle_due(each, clock_of)
        except Exception as error:
            if is_unavailable(error):
                raise
            failed = _put_off(each, error, clock_of())
    if failed is not None and not done:
        raise failed
    return done


def _settle_due(intent_id: int, clock_of: Clock) -> bool:
    """Whether it came to an end now."""
    with reading() as session:
        intent = intents.by_id(session.connection(), intent_id)
    if intent is None or intent.due_at is None:
        return False
    after = _settle(intent, clock_of).intent
    return intent.is_pending and not after.is_pending


def _put_off(intent_id: int, error: Exception, now: datetime) -> Exception | None:
    """Let others have their turn before this one; the error, unless it is the business's own."""
    in_transaction(lambda connection: ask_later(connection, intent_id, now))
    if isinstance(error, DomainError):
        log.warning("left_for_later", intent=intent_id, reason=error.code)
        return None
    log.error("card_payment_not_settled", intent=intent_id, **failure(error))
    return error


def believe(gateway_name: str, form: dict[str, str]) -> str | None:
    """Take in what a provider's server tells; what to answer it, None for a stranger's.

    What it tells is checked by the provider's signature, never by where it comes from. Raises
    BookingBusy and VaultLocked: then it tells again, or is asked.
    """
    gateway = gateways().get(gateway_name)
    notice = gateway.notice(form) if gateway else None
    if gateway is None or notice is None:
        return None
    with reading() as session:
        intent = intents.by_code(session.connection(), notice.code)
    if intent is None or intent.gateway != gateway_name:
        return None
    outcome = gateway.believe(notice, intent.secrets)
    if outcome is None:
        return None
    after = in_transaction(
        lambda each: conclude(each, notice.code, outcome, may_refuse=gateway.waits_for_us)
    ).intent
    is_paid = outcome.status == "succeeded"
    understood = after.state == "succeeded" if is_paid else not after.is_pending
    return gateway.reply(understood, intent.secrets.get(BACK, ""))


def _call(intent: Intent, call: Callable[[], T | Outcome]) -> T | Outcome:
    """A provider's answer; "unknown" when the call broke down."""
    try:
        return call()
    except Exception as error:
        log.error("gateway_failed", gateway=intent.gateway, intent=intent.id, **failure(error))
        return UNKNOWN


def _conclude(
    code: str, outcome: Outcome, origin: Origin | None = None, clock_of: Clock = clock.now
) -> Concluded:
    return in_transaction(lambda each: conclude(each, code, outcome, clock_of, origin))
