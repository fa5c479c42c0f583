"""Payments that were accepted and are applied by the worker: exactly once, in time, or not at all.

The row of the command, the payment and the word about the end are written in one transaction, under
a lock on the row that other workers skip. A worker that dies in the middle leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from flask import Flask, current_app
from sqlalchemy import (
    Connection,
    Select,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from audit.chain import Actor, Origin
from kit import clock
from kit.db import is_unavailable, reading
from kit.errors import DomainError, Refused
from kit.log import failure
from outbox.worker import one_by_one
from partners.authentication import Caller
from partners.errors import Unauthenticated
from partners.models import Partner
from payments.account import Clock
from payments.errors import BookingBusy, CommandReferenceUsed, NotAppliedInTime
from payments.models import AcceptedCommand

APPLIERS = "appliers"
AT_ONCE, FROM_EACH = 50, 10
REST = timedelta(seconds=1)
LONGEST_REST = timedelta(minutes=1)
KEPT_UNKNOWN = timedelta(days=1)
# Literals: with bound parameters PostgreSQL's general plan could not use the partial indexes.
WAITING = AcceptedCommand.state == literal_column("'waiting'")
NOT_FAILED = AcceptedCommand.state != literal_column("'failed'")
FAILED = AcceptedCommand.state == literal_column("'failed'")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A command to keep. `command` are JSON values that its format's applier understands; `ticket`
    is what the sender asks for it by; it is applied before `apply_by` or not at all."""

    format: str
    location_id: int
    command: Mapping[str, Any]
    ticket: str
    accepted_at: datetime
    apply_by: datetime
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command whose turn it is, held by this transaction."""

    id: int
    format: str
    partner_id: int
    partner_name: str
    location_id: int
    reference: str | None
    command: Mapping[str, Any]
    address: str | None
    request_id: str | None
    accepted_at: datetime
    apply_by: datetime
    due_at: datetime
    revoked_at: datetime | None

    @property
    def caller(self) -> Caller:
        """The partner as it was let in: at this one location, for nothing but payments."""
        return Caller(
            self.partner_id, self.partner_name, frozenset(), frozenset({self.location_id})
        )

    @property
    def origin(self) -> Origin:
        actor = Actor("partner", self.partner_id, self.partner_name)
        return Origin(actor, self.address, self.request_id)


class Applier(Protocol):
    """What one format does with its commands."""

    def apply(self, connection: Connection, waiting: Waiting, clock_of: Clock) -> Mapping[str, Any]:
        """Do it, in the caller's transaction; what to keep of the outcome, as JSON values.

        `clock_of` raises NotAppliedInTime when the time has passed: it is asked under the booking's
        lock. Raises what the use cases raise; what was written is then taken back.
        """
        ...

    def ended(
        self,
        connection: Connection,
        waiting: Waiting,
        refusal: DomainError | Refused | None,
        at: datetime,
    ) -> Mapping[str, Any]:
        """Tell the sender of the end in the same transaction, if the format does; what to keep of
        a refusal (None: it was applied), as JSON values."""
        ...


def register(app: Flask, format: str, applier: Applier) -> None:
    """Make a format's commands known to the worker."""
    app.extensions.setdefault(APPLIERS, {})[format] = applier


def accept(connection: Connection, new: Acceptance, caller: Caller, origin: Origin) -> None:
    """Keep a command for the worker, in the caller's transaction.

    Raises CommandReferenceUsed when its reference belongs to one that waits or was applied; of two
    at once one fails on the key (IntegrityError), and run again it finds the other.
    """
    if new.reference is not None and _is_used(connection, new, caller):
        raise CommandReferenceUsed(new.reference)
    row = {
        "format": new.format,
        "partner_id": caller.partner_id,
        "location_id": new.location_id,
        "reference": new.reference,
        "ticket": new.ticket,
        "command": dict(new.command),
        "address": origin.address,
        "request_id": origin.request_id,
        "accepted_at": new.accepted_at,
        "apply_by": new.apply_by,
        "due_at": new.accepted_at,
    }
    connection.execute(insert(AcceptedCommand), [row])


def _is_used(connection: Connection, new: Acceptance, caller: Caller) -> bool:
    same = _same(AcceptedCommand.id, new, caller).where(NOT_FAILED)
    return connection.scalar(same) is not None


def _same(column: Any, new: Acceptance, caller: Caller) -> Select[Any]:
    """A column of the commands that have the same reference."""
    row = AcceptedCommand
    return select(column).where(
        row.format == new.format,
        row.partner_id == caller.partner_id,
        row.location_id == new.location_id,
        row.reference == new.reference,
        row.reference.is_not(None),
    )


def failed_before(connection: Connection, new: Acceptance, caller: Caller) -> Sequence[Any]:
    """What was kept of the ends of earlier commands under the reference of this one: it was free
    again, so all of them failed."""
    return connection.scalars(_same(AcceptedCommand.outcome, new, caller).where(FAILED)).all()


def apply_accepted(now: Callable[[], datetime] = clock.now) -> int:
    """Apply commands that wait, each in a transaction of its own; how many came to an end, well or
    not. Partners take turns, so that none of them keeps the others waiting; of each, the oldest
    come first.

    It looks on until something has come to an end, so that no number of commands that cannot be
    applied just now keeps the others waiting: those were put off, and what stays in the way is at
    other workers, who are few.
    """
    begun, done = now(), 0
    seen: set[int] = set()
    while not done and (ids := [each for each in _due(begun) if each not in seen]):
        seen.update(ids)
        done = one_by_one(ids, lambda connection, each: _apply(connection, each, now))
    return done


def _due(at: datetime) -> Sequence[int]:
    """Ids of commands whose turn it is: the oldest of each partner, then the second of each."""
    row = AcceptedCommand
    place = func.row_number().over(partition_by=row.partner_id, order_by=(row.due_at, row.id))
    due = select(row.id, row.due_at, place.label("place")).where(WAITING, row.due_at <= at)
    each = due.subquery()
    query = select(each.c.id).where(each.c.place <= FROM_EACH)
    query = query.order_by(each.c.place, each.c.due_at, each.c.id).limit(AT_ONCE)
    with reading() as session:
        return session.scalars(query).all()


def _apply(connection: Connection, command_id: int, now: Callable[[], datetime]) -> bool:
    """Apply one command in the caller's transaction; whether it has come to an end."""
    waiting = _hold(connection, command_id)
    if waiting is None:  # another worker has it, or had it
        return False
    applier: Applier | None = current_app.extensions.get(APPLIERS, {}).get(waiting.format)
    if applier is None:  # of a format that this release does not have
        return _without_format(connection, waiting, now())
    _be_brief(connection)
    try:
        with connection.begin_nested():
            _end(connection, waiting, applier, now)
    except Exception as error:
        if connection.invalidated:  # nothing more can be said to this database
            raise
        return _not_ended(connection, waiting, error, now())
    return True


def _be_brief(connection: Connection) -> None:
    """Wait a second at most for those who hold a booking: there is more to do, and the command
    comes up again. (Two who write to SQLite never meet here: one of them is still at BEGIN.)"""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{REST.seconds}s'"))


def _end(
    connection: Connection, waiting: Waiting, applier: Applier, now: Callable[[], datetime]
) -> None:
    """Apply a command, or take back what was written for it and keep why."""

    def in_time() -> datetime:
        at = now()
        if at >= waiting.apply_by:
            raise NotAppliedInTime
        return at

    refusal: DomainError | Refused | None = None
    kept: Mapping[str, Any] = {}
    try:
        with connection.begin_nested():
            in_time()
            if waiting.revoked_at is not None:
                raise Unauthenticated(token_came=True)
            kept = applier.apply(connection, waiting, in_time)
    except BookingBusy:
        raise
    except (DomainError, Refused) as error:
        refusal = error
    at = now()
    told = applier.ended(connection, waiting, refusal, at)
    values = {"state": "failed" if refusal else "done", "ended_at": at, "outcome": {**kept, **told}}
    mine = update(AcceptedCommand).where(AcceptedCommand.id == waiting.id)
    connection.execute(mine.values(values))


def _not_ended(connection: Connection, waiting: Waiting, error: Exception, at: datetime) -> bool:
    """What to do with what could not be brought to an end: try again in a second when others are in
    the way; otherwise it is a bug of ours, and rests as long as it has waited already. When its
    time is over it is looked at once more, to be refused, and when that fails again, it ends."""
    if isinstance(error, BookingBusy) or is_unavailable(error):
        return _put_off(connection, waiting, at + REST)
    if waiting.due_at > waiting.apply_by:
        return _end_untold(connection, waiting, at, failure(error))
    log.error("not_applied", command=waiting.id, format=waiting.format, **failure(error))
    then = at + min(max(at - waiting.accepted_at, REST), LONGEST_REST)
    due_at = then if at >= waiting.apply_by else min(then, waiting.apply_by)
    return _put_off(connection, waiting, due_at)


def _without_format(connection: Connection, waiting: Waiting, at: datetime) -> bool:
    """A worker of another release may know the format, and tell the sender; but not for ever."""
    if at >= waiting.apply_by + KEPT_UNKNOWN:
        return _end_untold(connection, waiting, at, {"error": "no such format"})
    return _put_off(connection, waiting, at + LONGEST_REST)


def _end_untold(
    connection: Connection, waiting: Waiting, at: datetime, why: Mapping[str, Any]
) -> bool:
    """End without the format's words what will never be applied: its reference is free again."""
    log.error("ended_untold", command=waiting.id, format=waiting.format, **why)
    mine = update(AcceptedCommand).where(AcceptedCommand.id == waiting.id)
    connection.execute(mine.values(state="failed", ended_at=at, outcome={}))
    return True


def _hold(connection: Connection, command_id: int) -> Waiting | None:
    row = AcceptedCommand
    of_partner = {"partner_name": Partner.name, "revoked_at": Partner.revoked_at}
    columns: list[Any] = [
        of_partner.get(name, getattr(row, name, None)).label(name)  # type: ignore[union-attr]
        for name in Waiting.__dataclass_fields__
    ]
    query = select(*columns)
    query = query.join(Partner, Partner.id == row.partner_id)
    mine = query.where(row.id == command_id, WAITING)
    found = connection.execute(mine.with_for_update(skip_locked=True, of=row)).mappings().first()
    return None if found is None else Waiting(**found)


def _put_off(connection: Connection, waiting: Waiting, due_at: datetime) -> bool:
    mine = update(AcceptedCommand).where(AcceptedCommand.id == waiting.id)
    connection.execute(mine.values(due_at=due_at))
    return False
