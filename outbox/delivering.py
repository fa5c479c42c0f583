"""Delivering messages: claim some in one transaction, send outside any, record in another.

Mails and messages to programs go different ways, and each way has its own deliverer: a program
that hangs keeps no mail waiting. Nor does it keep other programs: several are told at once.

At least once: a worker that dies between the server's "250" and the record leaves a lease behind
that ends within LEASE_S, and the next worker sends the message again under the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from secrets import randbelow
from typing import Any, Protocol

import structlog
from flask import Flask, current_app
from sqlalchemy import Connection, Update, and_, case, delete, insert, not_, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from audit.chain import SYSTEM, Entry, Origin
from audit.recording import record
from kit import clock
from kit.db import in_transaction, is_lock_timeout, is_unavailable
from kit.log import failure
from outbox.leasing import FREE, Leased, is_due, lease_mails, lease_turns, release
from outbox.mail import SEND_S, DeliveryFailed, Note
from outbox.models import GIVEN_UP, REPLACED, WAITING, WITHDRAWN, Message, Receiver
from outbox.worker import stopping

# What must be left of a lease before one is sent: the sending, and time for the record of it.
ENOUGH_FOR_A_MAIL = timedelta(seconds=SEND_S + 10)
ENOUGH_FOR_A_CALL = timedelta(seconds=15)
# Programs that are told something at the same time. Calls hold no connection to the database.
CALLS = 8
# After so long another program has its turn, however much there is to be told to this one.
TURN = timedelta(seconds=1)
PAUSE_S = 1
MOST_IDS = 1000  # in one statement
LONGEST_REASON = 500

FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(hours=4)
# A roll of the dice below ROLLS makes a delay longer or shorter by up to a quarter, in permille.
ROLLS = 501

KEPT_TRYING = timedelta(days=3)
LONGEST_WAIT = timedelta(days=1)  # of those that receivers ask for
# A message that staff send again is old already: about half an hour of tries are granted to it.
LEAST_ATTEMPTS = 8

# How many of those that grew too old with a dead receiver are given up at a time.
AT_ONCE = 100

Clock = Callable[[], datetime]


log = structlog.get_logger()


class Deliverer(Protocol):
    """A way for messages to leave: returns once one has left, or raises DeliveryFailed. `Note` is
    what to write down with the outcome, in its transaction. `programs`: to programs, or mails."""

    @property
    def programs(self) -> bool: ...

    def send(self, message: Leased, at: datetime) -> Note | None: ...


def deliver(
    deliverer: Deliverer,
    worker_name: str,
    now: Clock = clock.now,
    stopped: Callable[[], bool] = stopping,
    calls: int = CALLS,
) -> int:
    """Try to deliver what is due this way; answer how many messages were tried.

    Of mails a few, one by one; programs are told until there is nothing left, `calls` of them at
    once. Once `stopped`, the messages that are being sent are the last.
    """
    if deliverer.programs:
        return _take_turns(deliverer, worker_name, now, stopped, calls)
    return _send(lease_mails(worker_name, now()), deliverer, now, stopped)


def _take_turns(
    deliverer: Deliverer, worker_name: str, now: Clock, stopped: Callable[[], bool], calls: int
) -> int:
    """Let programs have their turns, each one call at a time. Who is slow costs nobody else
    anything: as soon as a place is free, or something new is due, the next one has its turn."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def turn(leased: Sequence[Leased]) -> int:
        with app.app_context():
            return _send(leased, deliverer, now, stopped)

    tried, busy = 0, dict[Future[int], str]()
    with ThreadPoolExecutor(calls, "programs") as pool:
        while True:
            free = 0 if stopped() else calls - len(busy)
            for leased in lease_turns(worker_name, now(), busy.values(), free) if free else ():
                busy[pool.submit(turn, leased)] = str(leased[0].receiver)
            if not busy:
                return tried
            for done in wait(busy, PAUSE_S, FIRST_COMPLETED).done:
                del busy[done]
                tried += done.result()


def _send(
    leased: Sequence[Leased], deliverer: Deliverer, now: Clock, stopped: Callable[[], bool]
) -> int:
    """Send one after the other, and give back what the lease or the turn is too short for."""
    tried, began = 0, now()
    enough = ENOUGH_FOR_A_CALL if deliverer.programs else ENOUGH_FOR_A_MAIL
    for message in leased:
        over = deliverer.programs and now() - began >= TURN
        if over or stopped() or message.until - now() < enough:
            break
        tried += 1
        if not _try(message, deliverer, now):
            break
    release(leased[tried:])
    return tried


def retry_delay(attempts: int, roll: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, and never quite the same.

    `roll` is a random number below ROLLS: messages that failed together come back apart.
    """
    # 20 doublings are far past the longest delay, and a timedelta has an end.
    growing = FIRST_DELAY * (1 << min(attempts - 1, 20))
    return min(growing, LONGEST_DELAY) * (750 + roll) / 1000


def resend(connection: Connection, ids: Sequence[int], at: datetime, *, sent: bool = False) -> int:
    """Put given-up messages back among those that wait, and with `sent` also those that have
    left already; answer how many were such. Those that were withdrawn stay where they are."""
    ended = and_(~WAITING if sent else GIVEN_UP, not_(WITHDRAWN))
    values: dict[str, Any] = {"state": "waiting", "due_at": at, "attempts": 0}
    values |= {"sent_at": None, "dismissed_at": None}
    some = (ids[first : first + MOST_IDS] for first in range(0, len(ids), MOST_IDS))
    queries = (update(Message).where(Message.id.in_(each), ended) for each in some)
    return sum(connection.execute(query.values(values)).rowcount for query in queries)


def withdraw(
    connection: Connection, message_ids: Sequence[str], origin: Origin, at: datetime
) -> None:
    """Give up what is not true any more and has not left yet. One that is being sent at this moment
    may still arrive; it is not sent again."""
    waiting = update(Message).where(Message.message_id.in_(message_ids), WAITING)
    gone = waiting.values(state="given_up", last_error=REPLACED, **FREE)
    for row in connection.execute(gone.returning(Message.id, Message.booking_id)).all():
        about = {"message": row.id, "booking": row.booking_id}
        before, after = {"state": "waiting"}, {"state": "given_up"}
        entry = Entry("message.withdrawn", about, before, after, reason=REPLACED)
        record(connection, entry, origin, at)


def wake(connection: Connection, receiver: str, at: datetime) -> None:
    """Let everything that waits for a receiver be tried now: somebody says that it is well."""
    waiting = update(Message).where(Message.receiver == receiver, WAITING, Message.due_at > at)
    connection.execute(waiting.values(due_at=at))
    connection.execute(delete(Receiver).where(Receiver.name == receiver))


def _try(message: Leased, deliverer: Deliverer, now: Clock) -> bool:
    """Send one message, and record what came of it; whether its receiver may be tried again at
    once. No message's fault stops those after it."""
    try:
        note = deliverer.send(message, now())
    except DeliveryFailed as refusal:
        return _record_failure(message, refusal, now)
    except Exception as error:
        # By class and place: the text of an error may hold what was being written.
        log.error("message_not_made", message=message.id, kind=message.kind, **failure(error))
        return _record_failure(message, DeliveryFailed(type(error).__name__, permanent=False), now)
    _record(message, {"state": "sent", "sent_at": now(), "last_error": None}, now, note)
    log.info("message_sent", message=message.id, kind=message.kind)
    return True


def _record_failure(message: Leased, refusal: DeliveryFailed, now: Clock) -> bool:
    at, reason = now(), refusal.reason[:LONGEST_REASON]
    too_old = at - message.created_at > KEPT_TRYING and (
        message.attempts >= LEAST_ATTEMPTS or refusal.given_time
    )
    told = {"message": message.id, "kind": message.kind, "attempts": message.attempts}
    delay = retry_delay(message.attempts, randbelow(ROLLS))
    due = at + max(delay, min(refusal.wait or delay, LONGEST_WAIT))
    ends = refusal.permanent or too_old
    outcome = {"state": "given_up"} if ends else {"due_at": due}

    def note(connection: Connection) -> None:
        if ends:
            record(
                connection, _given_up(message.id, message.booking_id, message.attempts), SYSTEM, at
            )
        if refusal.note:
            refusal.note(connection)
        if refusal.rests and message.receiver:
            _rest(connection, message.receiver, at + min(refusal.rests, LONGEST_WAIT))
            if refusal.given_time:
                _give_up_old(connection, message, reason, at)

    try:
        _record(message, outcome | {"last_error": reason}, now, note)
    except DeliveryFailed as another:
        # What was to be noted has found out that things are not as they were when it was sent.
        return _record_failure(message, another, now)
    if ends:
        log.error("message_given_up", reason=reason, **told)
    else:
        log.warning("message_delayed", reason=reason, due_at=due, **told)
    return not refusal.rests


def _rest(connection: Connection, receiver: str, until: datetime) -> None:
    """Leave a receiver alone: what cannot be reached is not tried with every single message."""
    longer = or_(Receiver.rests_until.is_(None), Receiver.rests_until < until)
    latest = case((longer, until), else_=Receiver.rests_until)
    there = update(Receiver).where(Receiver.name == receiver).values(rests_until=latest)
    if not connection.execute(there).rowcount:
        # Of two workers at once one fails on the key, and run again it finds the row.
        connection.execute(insert(Receiver), [{"name": receiver, "rests_until": until}])


def _give_up_old(connection: Connection, message: Leased, reason: str, at: datetime) -> None:
    """Give up what grew too old while its receiver was dead: it is not tried with every single
    one of them, and so they would never have had their turn."""
    in_hand = Message.leased_by == message.lease  # counted as tries, and not tried any more
    old = (
        select(Message.id, Message.booking_id, Message.attempts - case((in_hand, 1), else_=0))
        .where(Message.receiver == message.receiver, or_(in_hand, is_due(at)), WAITING)
        .where(Message.created_at < at - KEPT_TRYING)
        .order_by(Message.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(old).all()
    mine = update(Message).where(Message.id.in_([each.id for each in found]))
    connection.execute(mine.values(state="given_up", last_error=reason, **FREE))
    for each in found:
        record(connection, _given_up(*each), SYSTEM, at)
    if found:
        told = {"receiver": message.receiver, "count": len(found), "reason": reason}
        log.error("messages_given_up", **told)


def _given_up(message_id: int, booking_id: int | None, attempts: int) -> Entry:
    about = {"message": message_id, "booking": booking_id}
    before, after = {"state": "waiting"}, {"state": "given_up", "attempts": attempts}
    return Entry("message.given_up", about, before, after, severity="medium")


def _record(
    message: Leased, outcome: Mapping[str, Any], now: Clock, note: Note | None = None
) -> None:
    """Write an outcome down, trying again while the database is away and the lease lasts.

    What has left the house but is not recorded would be sent twice.
    """

    def write(connection: Connection) -> bool:
        held = connection.execute(_ending(message, outcome)).rowcount == 1
        if held and note is not None:
            note(connection)
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
    return held.values(**FREE, **outcome)


def _may_pass(error: DBAPIError | PoolTimeout) -> bool:
    return is_unavailable(error) or (isinstance(error, DBAPIError) and is_lock_timeout(error))
