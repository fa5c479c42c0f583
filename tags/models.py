"""Rows of tags."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant

TagRole = Literal["payment_failed", "payment_processed", "website_booking_in_progress"]
IN_PROGRESS: TagRole = "website_booking_in_progress"
FAILED: TagRole = "payment_failed"
PROCESSED: TagRole = "payment_processed"
ROLES = "'payment_failed', 'payment_processed', 'website_booking_in_progress'"


class Tag(Base):
    """A word staff and partners put on bookings. A role gives it a meaning to the system."""

    __tablename__ = "tags"
    __table_args__ = (CheckConstraint(f"role IN ({ROLES})", name="role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    colour: Mapped[str] = mapped_column(String(20))
    role: Mapped[str | None] = mapped_column(String(40), unique=True)


class BookingTag(Base):
    """A tag on a booking, and since when. The foreign key keeps a tag in use from being deleted."""

    __tablename__ = "booking_tags"
    __table_args__ = (Index("ix_booking_tags_tag_id", "tag_id", "booking_id"),)

    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True)
    added_at: Mapped[datetime | None] = mapped_column(Instant)
