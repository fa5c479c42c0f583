"""What the sandbox remembers: its own books, which the ledger never reads but by asking."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only


class SandboxTransaction(Base):
    """One order that the sandbox was given, under the code of whoever gave it.

    `page` is what the address of its page ends in: unlike the code, which stands on receipts, only
    the guest's browser is told it. `state`: open (a page waits for the guest), pending (settled as
    `becomes` at `settles_at`), paid, declined or closed. `told` counts how often the same code
    came. `related` is the code of the transaction that a refund, release, abort, void or repeat is
    about. `sealed_back` is where the guest comes from, which may be a link that opens a booking.
    The worker tells the outcome at `notice_url` at `notice_at`, for the `notices`-th time.
    """

    __tablename__ = "sandbox_transactions"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('pay', 'charge', 'refund', 'release', 'abort', 'void')", name="kind"
        ),
        CheckConstraint("state IN ('open', 'pending', 'paid', 'declined', 'closed')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_sandbox_transactions_notice_at", "notice_at", **only("notice_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(50), unique=True)
    page: Mapped[str | None] = mapped_column(String(30), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(200), server_default="")
    state: Mapped[str] = mapped_column(String(10))
    becomes: Mapped[str | None] = mapped_column(String(10))
    settles_at: Mapped[datetime | None] = mapped_column(Instant)
    decline: Mapped[str | None] = mapped_column(String(20))
    related: Mapped[str | None] = mapped_column(String(50))
    token: Mapped[str] = mapped_column(String(60))
    last_digits: Mapped[str] = mapped_column(String(4), server_default="")
    sealed_back: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    notice_url: Mapped[str | None] = mapped_column(String(2000))
    notice_at: Mapped[datetime | None] = mapped_column(Instant)
    notices: Mapped[int] = mapped_column(server_default=text("0"))
    told: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(Instant)
