"""Rows of the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant


class Message(Base):
    """A message to the world. Its context never changes; the worker renders it.

    `message_id` is stable: a message that goes out twice carries the same one. A worker that
    delivers holds a lease on it until `leased_until`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'given_up')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_outbox_due_at",
            "due_at",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_outbox_given_up",
            "created_at",
            postgresql_where=text("state = 'given_up'"),
            sqlite_where=text("state = 'given_up'"),
        ),
        Index("ix_outbox_booking_id", "booking_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    message_id: Mapped[str] = mapped_column(String(320), unique=True)
    booking_id: Mapped[int | None] = mapped_column(BigInteger)
    context: Mapped[dict[str, object]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(server_default="0")
    leased_by: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(500))


# Literals: with bound parameters PostgreSQL's general plan could not use the partial indexes, and
# almost all rows are sent ones.
WAITING = Message.state == literal_column("'waiting'")
GIVEN_UP = Message.state == literal_column("'given_up'")
