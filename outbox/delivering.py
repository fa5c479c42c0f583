"""Delivering messages: claim some in one transaction, send outside any, record in another.

At least once: a worker that dies between the server's "250" and the record leaves a lease behind
that ends within LEASE_S, and the next worker sends the message again under the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from secrets import randbelow
from typing import Any

import structlog
from sqlalchemy import Connection, Update, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from audit.chain import SYSTEM, Entry
from audit.recording import record
from kit import clock
from kit.db import in_transaction, is_lock_timeout, is_unavailable, transaction
from kit.ids import short
from kit.log import failure
from outbox.mail import SEND_S, DeliveryFailed, Email, Sender
from outbox.models import GIVEN_UP, WAITING, Message
from outbox.worker import stopping

LEASE_S = 60
LEASE = timedelta(seconds=LEASE_S)
# What must be left of a lease before a mail is sent: the sending, and time for the record of it.
ENOUGH = timedelta(seconds=SEND_S + 10)
BATCH = 10
PAUSE_S = 1
LONGEST_REASON = 500

FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=4)
# A roll of the dice below ROLLS makes a delay longer or shorter by up to a quarter, in permille.
ROLLS = 501

KEPT_TRYING = timedelta(days=3)
# A message that staff send again is old already: about half an hour of tries are granted to it.
LEAST_ATTEMPTS = 8

Renderer = Callable[[Mapping[str, Any]], Email]
Clock = Callable[[], datetime]


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this worker alone may send until the lease ends."""

    id: int
    kind: str
    message_id: str
    booking_id: int | None
    context: Mapping[str, Any]
    created_at: datetime
    attempts: int
    lease: str
    until: datetime


def deliver(
    renderers: Mapping[str, Renderer],
    sender: Sender,
    worker_name: str,
    now: Clock = clock.now,
    stopped: Callable[[], bool] = stopping,
) -> int:
    """Try to deliver the messages that are due, a few of them; answer how many were tried.

    `renderers` make the mail of a message's context, by its kind. Once `stopped`, the message that
    is being sent is the last.
    """
    leased = _lease(worker_name, now())
    tried = 0
    for message in leased:
        if stopped() or message.until - now() < ENOUGH:
            break
        _try(message, renderers, sender, now)
        tried += 1
    _release(leased[tried:])
    return tried


def retry_delay(attempts: int, roll: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, and never quite the same.

    `roll` is a random number below ROLLS: messages that failed together come back apart.
    """
    # 20 doublings are far past the longest delay, and a timedelta has an end.
    growing = FIRST_DELAY * (1 << min(attempts - 1, 20))
    return min(growing, LONGEST_DELAY) * (750 + roll) / 1000


def resend(connection: Connection, ids: Sequence[int], at: datetime) -> int:
    """Put given-up messages back among those that wait; answer how many were such."""
    given_up = update(Message).where(Message.id.in_(ids), GIVEN_UP)
    return connection.execute(given_up.values(state="waiting", due_at=at, attempts=0)).rowcount


def _lease(worker_name: str, at: datetime) -> list[Leased]:
    # A name of its own for each lease: two workers of one name must not end each other's.
    lease, until = f"{worker_name[:23]}-{short()}", at + LEASE
    free = or_(Message.leased_until.is_(None), Message.leased_until <= at)
    due = (
        select(Message.id, Message.kind, Message.message_id, Message.booking_id, Message.context)
        .add_columns(Message.created_at, (Message.attempts + 1).label("attempts"))
        .where(WAITING, Message.due_at <= at, free)
        .order_by(Message.due_at, Message.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    with transaction() as connection:
        rows = connection.execute(due).mappings().all()
        leased = [Leased(lease=lease, until=until, **row) for row in rows]
        mine = update(Message).where(Message.id.in_([message.id for message in leased]))
        claim = {"leased_by": lease, "leased_until": until, "attempts": Message.attempts + 1}
        if leased:
            connection.execute(mine.values(claim))
    return leased


def _release(untried: Sequence[Leased]) -> None:
    """Give messages back that were never tried, so that nobody waits for their leases to end."""
    if not untried:
        return
    with transaction() as connection:
        for message in untried:
            connection.execute(_ending(message, {"attempts": message.attempts - 1}))


def _try(message: Leased, renderers: Mapping[str, Renderer], sender: Sender, now: Clock) -> None:
    """Send one message, and record what came of it. No message's fault stops those after it."""
    try:
        sender.send(_render(message, renderers, now()))
    except DeliveryFailed as refusal:
        _record_failure(message, refusal, now)
    except Exception as error:
        # By class and place: the text of an error may hold what was being written.
        log.error("message_not_made", message=message.id, kind=message.kind, **failure(error))
        _record_failure(message, DeliveryFailed(type(error).__name__, permanent=False), now)
    else:
        _record(message, {"state": "sent", "sent_at": now(), "last_error": None}, now)
        log.info("message_sent", message=message.id, kind=message.kind)


def _render(message: Leased, renderers: Mapping[str, Renderer], at: datetime) -> Email:
    renderer = renderers.get(message.kind)
    if renderer is None:
        # Not for good: a worker of a newer release may know the kind.
        raise DeliveryFailed("nothing renders messages of this kind", permanent=False)
    email = renderer(message.context)
    for name, value in (("Message-ID", message.message_id), ("Date", format_datetime(at))):
        del email[name]
        email[name] = value
    return email


def _record_failure(message: Leased, refusal: DeliveryFailed, now: Clock) -> None:
    at, reason = now(), refusal.reason[:LONGEST_REASON]
    too_old = at - message.created_at > KEPT_TRYING and message.attempts >= LEAST_ATTEMPTS
    told = {"message": message.id, "kind": message.kind, "attempts": message.attempts}
    if refusal.permanent or too_old:
        _record(message, {"state": "given_up", "last_error": reason}, now, _given_up(message))
        log.error("message_given_up", reason=reason, **told)
    else:
        due = at + retry_delay(message.attempts, randbelow(ROLLS))
        _record(message, {"due_at": due, "last_error": reason}, now)
        log.warning("message_delayed", reason=reason, due_at=due, **told)


def _given_up(message: Leased) -> Entry:
    about = {"message": message.id, "booking": message.booking_id}
    before, after = {"state": "waiting"}, {"state": "given_up", "attempts": message.attempts}
    return Entry("message.given_up", about, before, after, severity="medium")


def _record(
    message: Leased, outcome: Mapping[str, Any], now: Clock, entry: Entry | None = None
) -> None:
    """Write an outcome down, trying again while the database is away and the lease lasts.

    What has left the house but is not recorded would be sent twice.
    """

    def write(connection: Connection) -> bool:
        held = connection.execute(_ending(message, outcome)).rowcount == 1
        if held and entry is not None:
            record(connection, entry, SYSTEM, now())
        return held

    while True:
        try:
            if not in_transaction(write):
                log.error("lease_lost", message=message.id, kind=message.kind)
            return
        except (DBAPIError, PoolTimeout) as error:
            if not _may_pass(error) or now() >= message.until:
                raise
            time.sleep(PAUSE_S)


def _ending(message: Leased, outcome: Mapping[str, Any]) -> Update:
    """The outcome and the end of the lease; changes nothing when the lease has become another's."""
    held = update(Message).where(Message.id == message.id, Message.leased_by == message.lease)
    return held.values(leased_by=None, leased_until=None, **outcome)


def _may_pass(error: DBAPIError | PoolTimeout) -> bool:
    return is_unavailable(error) or (isinstance(error, DBAPIError) and is_lock_timeout(error))
