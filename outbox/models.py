"""Rows of the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Index,
    String,
    and_,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only

# A literal for the index and for those who ask: what was given up and not put aside, and what has
# been tried in vain a few times.
TROUBLED = "(state = 'given_up' AND dismissed_at IS NULL) OR (state = 'waiting' AND attempts >= 3)"


class Message(Base):
    """A message to the world. Its context never changes; the worker renders it.

    `receiver` names the program that gets it, when one does. Mails have none.

    `message_id` is stable: a message that goes out twice carries the same one. A worker that
    delivers holds a lease on it until `leased_until`. `dismissed_at`: staff have put one aside that
    was given up.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'given_up')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_outbox_due_at",
            "due_at",
            **only("state = 'waiting' AND receiver IS NULL"),
        ),
        Index(
            "ix_outbox_given_up",
            "created_at",
            **only("state = 'given_up'"),
        ),
        Index(
            "ix_outbox_receiver",
            "receiver",
            "due_at",
            "id",
            **only("state = 'waiting' AND receiver IS NOT NULL"),
        ),
        Index("ix_outbox_booking_id", "booking_id"),
        Index("ix_outbox_troubled", "id", **only(TROUBLED)),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    message_id: Mapped[str] = mapped_column(String(320), unique=True)
    booking_id: Mapped[int | None] = mapped_column(BigInteger)
    receiver: Mapped[str | None] = mapped_column(String(40))
    context: Mapped[dict[str, object]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(server_default="0")
    leased_by: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    dismissed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(500))


class Receiver(Base):
    """A program that was told something: when it was last tried, so that others have their turns
    first. One that could take nothing rests: none of its messages is tried before `rests_until`,
    neither those that wait nor those still to come."""

    __tablename__ = "receivers"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    rests_until: Mapped[datetime | None] = mapped_column(Instant)


# Literals: with bound parameters PostgreSQL's general plan could not use the partial indexes, and
# almost all rows are sent ones.
WAITING = Message.state == literal_column("'waiting'")
GIVEN_UP = Message.state == literal_column("'given_up'")
# Given up because it is not true any more: nobody is to be woken by it, nor is it sent again.
REPLACED = "replaced by a new try"
WITHDRAWN = and_(GIVEN_UP, Message.last_error.is_not_distinct_from(REPLACED))
