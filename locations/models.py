"""Rows of locations."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId


class Location(Base):
    """An outlet or brand. Days ("due", "overdue", "today") are in its zone (IANA name).

    `client_name`, `business_location_id` and the token (SHA-256, `kit.ids.digest`) are how
    partners' formats name it. `overpayment` says what happens to money that fits no open line.
    A website booking is held for `hold_minutes`; guests are reminded `reminder_days` before an
    amount of the balance is due. `checkout_url` is the agency's own page to go on paying at, with
    {booking} where the booking's id belongs.
    """

    __tablename__ = "locations"
    __table_args__ = (
        CheckConstraint("overpayment IN ('accept', 'refuse')", name="overpayment"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("hold_minutes > 0 AND reminder_days >= 0", name="patience"),
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
    hold_minutes: Mapped[int] = mapped_column(server_default="30")
    reminder_days: Mapped[int] = mapped_column(server_default="7")
    checkout_url: Mapped[str | None] = mapped_column(String(250))
