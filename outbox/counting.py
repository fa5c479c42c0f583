"""How much is waiting to be sent: what an operator should be woken by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from kit import clock
from kit.db import reading
from outbox.models import GIVEN_UP, WAITING, WITHDRAWN, Message, Receiver


def backlog() -> dict[str, float]:
    """Messages waiting and given up, and for how many seconds the oldest has been due: mails, and
    messages to programs. What rests with its program is due when the rest is over."""
    now = clock.now()
    with reading() as session:
        mails, mail_due = _mails(session)
        told, program_due = _programs(session)
        given_up = select(func.count(Message.id)).where(GIVEN_UP, not_(WITHDRAWN))
        return {
            "outbox_mails_waiting": mails,
            "outbox_mails_oldest_due_seconds": _overdue(mail_due, now),
            "outbox_programs_waiting": told,
            "outbox_programs_oldest_due_seconds": _overdue(program_due, now),
            "outbox_given_up": session.scalar(given_up) or 0,
        }


def _mails(session: Session) -> tuple[int, datetime | None]:
    query = select(func.count(Message.id), func.min(Message.due_at))
    count, oldest = session.execute(query.where(WAITING, Message.receiver.is_(None))).one()
    return count, oldest


def _programs(session: Session) -> tuple[int, datetime | None]:
    query = (
        select(func.count(Message.id), func.min(Message.due_at), func.min(Receiver.rests_until))
        .outerjoin(Receiver, Receiver.name == Message.receiver)
        .where(WAITING, Message.receiver.is_not(None))
        .group_by(Message.receiver)
    )
    found = session.execute(query).all()
    due = [max(oldest, rests_until or oldest) for _, oldest, rests_until in found]
    return sum(count for count, *_ in found), min(due, default=None)


def _overdue(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
