"""How much is waiting to be sent: what an operator should be woken by."""

from __future__ import annotations

from sqlalchemy import func, select

from kit import clock
from kit.db import reading
from outbox.models import GIVEN_UP, WAITING, Message


def backlog() -> dict[str, float]:
    """Messages waiting and given up, and for how many seconds the oldest one has been due."""
    with reading() as session:
        waiting, oldest = session.execute(
            select(func.count(Message.id), func.min(Message.due_at)).where(WAITING)
        ).one()
        given_up = session.scalar(select(func.count(Message.id)).where(GIVEN_UP)) or 0
    overdue = (clock.now() - oldest).total_seconds() if oldest else 0.0
    return {
        "outbox_waiting": waiting,
        "outbox_given_up": given_up,
        "outbox_oldest_due_seconds": max(0.0, overdue),
    }
