"""Rows of locations."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId


class Location(Base):
    """An outlet or brand. Days ("due", "overdue", "today") are in its zone (IANA name).

    `client_name`, `business_location_id` and the token (SHA-256, `kit.ids.digest`) are how
    partners' formats name it. `overpayment` says what happens to money that fits no open line.
    """

    __tablename__ = "locations"
    __table_args__ = (
        CheckConstraint("overpayment IN ('accept', 'refuse')", name="overpayment"),
        CheckConstraint("length(currency) = 3", name="currency"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    client_name: Mapped[str] = mapped_column(String(50), unique=True)
    business_location_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(50))
    mail_sender: Mapped[str] = mapped_column(String(254))
    is_demonstration: Mapped[bool] = mapped_column(server_default=text("false"))
    overpayment: Mapped[str] = mapped_column(String(6), server_default="accept")
