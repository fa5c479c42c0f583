"""Leases: whose messages are sent next, and by whom.

What is waiting may be a great deal, so nothing here counts or sorts it: a program is found by a
step through the index for each program that anything waits for, and its messages by their place in
the index. Looking is reading, and only who found something writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    insert,
    or_,
    select,
    update,
)

from kit.db import in_transaction, reading
from kit.ids import short
from outbox.models import WAITING, Message, Receiver

LEASE_S = 60
LEASE = timedelta(seconds=LEASE_S)
BATCH = 10

FREE: Mapping[str, None] = {"leased_by": None, "leased_until": None}


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this worker alone may send until the lease ends."""

    id: int
    kind: str
    message_id: str
    booking_id: int | None
    receiver: str | None
    context: Mapping[str, Any]
    created_at: datetime
    attempts: int
    lease: str
    until: datetime


def lease_mails(worker_name: str, at: datetime) -> list[Leased]:
    """The oldest few of those that are due."""
    query = _messages().where(is_due(at), Message.receiver.is_(None))
    with reading() as session:
        if session.execute(query.limit(1)).first() is None:
            return []
    return in_transaction(lambda connection: _claim(connection, query, worker_name, at))


def lease_turns(
    worker_name: str, at: datetime, busy: Collection[str], most: int
) -> list[list[Leased]]:
    """The oldest few messages of each of a few programs: of those that were tried the longest ago,
    so that each comes round whatever waits for others. Nothing for those that rest or are `busy`.
    """
    with reading() as session:
        names = session.scalars(_whose_turn(at, busy).limit(most)).all()
    if not names:
        return []

    def take(connection: Connection) -> list[list[Leased]]:
        mine = _note_try(connection, names, at)
        queries = [_messages().where(is_due(at), Message.receiver == name) for name in mine]
        turns = [_claim(connection, query, worker_name, at) for query in queries]
        return [turn for turn in turns if turn]

    return in_transaction(take)


def release(untried: Sequence[Leased]) -> None:
    """Give messages back that were never tried, so that nobody waits for their leases to end."""
    if not untried:
        return
    ids, lease = [message.id for message in untried], untried[0].lease
    mine = update(Message).where(Message.id.in_(ids), Message.leased_by == lease)
    values = {"attempts": Message.attempts - 1, **FREE}
    in_transaction(lambda connection: connection.execute(mine.values(values)))


def is_due(at: datetime) -> ColumnElement[bool]:
    """Whether a message is to be tried and is nobody's."""
    free = or_(Message.leased_until.is_(None), Message.leased_until <= at)
    return and_(WAITING, Message.due_at <= at, free)


def _messages() -> Select[Any]:
    columns: Select[Any] = (
        select(Message.id, Message.kind, Message.message_id, Message.booking_id, Message.receiver)
        .add_columns(Message.context, Message.created_at)
        .add_columns((Message.attempts + 1).label("attempts"))
    )
    return columns.order_by(Message.due_at, Message.id)


def _claim(
    connection: Connection, query: Select[Any], worker_name: str, at: datetime
) -> list[Leased]:
    # A name of its own for each lease: two workers of one name must not end each other's.
    lease, until = f"{worker_name[:23]}-{short()}", at + LEASE
    due = query.limit(BATCH).with_for_update(skip_locked=True, of=Message)
    rows = connection.execute(due).mappings().all()
    leased = [Leased(lease=lease, until=until, **row) for row in rows]
    mine = update(Message).where(Message.id.in_([message.id for message in leased]))
    claim = {"leased_by": lease, "leased_until": until, "attempts": Message.attempts + 1}
    if leased:
        connection.execute(mine.values(claim))
    return leased


def _whose_turn(at: datetime, busy: Iterable[str]) -> Select[Any]:
    """The names of programs that something is due for, the longest untried first."""
    # One step through the index for each: the first name, then the first beyond each.
    names = select(Message.receiver).where(WAITING).order_by(Message.receiver).limit(1)
    first = select(names.where(Message.receiver.is_not(None)).scalar_subquery().label("name"))
    found = first.cte("found", recursive=True)
    beyond = names.where(Message.receiver > found.c.name).correlate(found).scalar_subquery()
    found = found.union_all(select(beyond).where(found.c.name.is_not(None)))
    # Not "exists", which PostgreSQL may answer by joining all that waits.
    due = select(Message.id).where(Message.receiver == found.c.name, is_due(at))
    due = due.order_by(Message.due_at).limit(1).correlate(found)
    rested = or_(Receiver.rests_until.is_(None), Receiver.rests_until <= at)
    return (
        select(found.c.name)
        .outerjoin(Receiver, Receiver.name == found.c.name)
        .where(
            found.c.name.is_not(None),
            found.c.name.not_in(list(busy)),
            rested,
            due.scalar_subquery().is_not(None),
        )
        .order_by(Receiver.tried_at.is_not(None), Receiver.tried_at, found.c.name)
    )


def _note_try(connection: Connection, names: Sequence[str], at: datetime) -> list[str]:
    """Write down that these are tried now; which of them nobody else has in hand."""
    named = select(Receiver.name).where(Receiver.name.in_(names))
    # Nobody waits here for whoever records what came of a call.
    mine = connection.scalars(named.with_for_update(skip_locked=True)).all()
    new = set(names) - set(connection.scalars(named))
    connection.execute(update(Receiver).where(Receiver.name.in_(mine)).values(tried_at=at))
    if new:
        # Of two workers at once one fails on the key, and run again it finds the row.
        connection.execute(insert(Receiver), [{"name": name, "tried_at": at} for name in new])
    return [name for name in names if name in new or name in mine]
