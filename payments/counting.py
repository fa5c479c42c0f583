"""How much was accepted and is not applied yet, and which card payments are not settled: what an
operator should be woken by."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, literal_column, select

from kit import clock
from kit.db import reading
from payments.gateways.models import CardIntent
from payments.inbox import FAILED, WAITING
from payments.models import AcceptedCommand

LATELY = timedelta(days=1)


def inbox_backlog() -> dict[str, float]:
    """Commands that wait, for how many seconds the oldest has, and how many of the last day were
    not applied because their time was over."""
    row, now = AcceptedCommand, clock.now()
    waiting = select(func.count(row.id), func.min(row.accepted_at)).where(WAITING)
    late = select(func.count(row.id)).where(
        FAILED, row.ended_at > now - LATELY, row.ended_at >= row.apply_by
    )
    with reading() as session:
        count, oldest = session.execute(waiting).one()
        expired = session.scalar(late) or 0
    return {
        "inbox_waiting": count,
        "inbox_oldest_seconds": max(now - (oldest or now), timedelta()).total_seconds(),
        "inbox_expired": expired,
    }


def card_backlog() -> dict[str, float]:
    """Card payments that are under way, for how many seconds the one that is longest overdue has
    waited for its provider to be asked, and how many only a person can settle."""
    row, now = CardIntent, clock.now()
    under_way = select(func.count(row.id), func.min(row.due_at)).where(row.due_at.is_not(None))
    unknown = select(func.count(row.id)).where(literal_column("state = 'unknown'"))
    with reading() as session:
        count, due_at = session.execute(under_way).one()
        stuck = session.scalar(unknown) or 0
    return {
        "cards_under_way": count,
        "cards_oldest_due_seconds": max(now - (due_at or now), timedelta()).total_seconds(),
        "cards_unknown": stuck,
    }
