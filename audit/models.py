"""Rows of the event log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only


class LogEntry(Base):
    """One entry; only ever inserted. `body` is what was hashed, the other columns are for finding.

    `chain` is the booking's id, or 0 for everything that is about no booking. The body is
    canonical JSON and holds no personal data of guests: ids, names of fields, amounts.
    """

    __tablename__ = "event_log"
    __table_args__ = (
        UniqueConstraint("chain", "no", name="uq_event_log_chain"),
        CheckConstraint("no > 0", name="no"),
        CheckConstraint("severity IN ('low', 'medium', 'high')", name="severity"),
        CheckConstraint("actor_kind IN ('person', 'partner', 'system')", name="actor_kind"),
        Index("ix_event_log_at", "at"),
        Index("ix_event_log_severity", "severity", "at"),
        Index("ix_event_log_actor", "actor_kind", "actor_id", "at"),
        Index("ix_event_log_rest", "at", **only("chain = 0")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain: Mapped[int] = mapped_column(BigInteger)
    no: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    action: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(6))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))


class LogHead(Base):
    """Where chain 0 ends. A booking's chain ends on its own row, which is written anyway."""

    __tablename__ = "log_heads"
    __table_args__ = (CheckConstraint("chain = 0", name="only_zero"),)

    chain: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_count: Mapped[int]
    log_hash: Mapped[str] = mapped_column(String(64))
    log_seal: Mapped[str] = mapped_column(String(64))
