"""What card providers were asked to do, and what has become of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only

PENDING = "state IN ('open', 'unknown')"
PENDING_MONEY = f"kind IN ('pay', 'charge') AND {PENDING}"
PENDING_ACT = f"kind NOT IN ('pay', 'charge') AND {PENDING}"
# At most one of these at a time for a booking, or for a payment: nobody pays a line twice in two
# tabs. What a provider has done and the ledger cannot follow (`trouble`) is stored beside them.
ONLY_MONEY = f"{PENDING_MONEY} AND trouble IS NULL"
ONLY_ACT = f"{PENDING_ACT} AND trouble IS NULL"
DUE = "due_at IS NOT NULL"


class CardIntent(Base):
    """One order to a card provider, stored before the provider hears of it.

    `code` is what the provider knows it by, unique for ever. `state`: open until the outcome is
    known; unknown when nobody could find out and staff must; succeeded, failed and cancelled are
    ends, of which the last two give way to the news that money has moved after all, and the first
    to a provider's that it did not hear our yes and took nothing. `due_at` is
    when the worker asks the gateway, as long as the state is open. `of_payment_id` is the payment
    whose card or money it is about, `payment_id` the one that was recorded for it. `sealed` is
    encrypted JSON of what the provider's page needs; `trouble` is why the outcome could not be
    applied. `person_id` is who of the staff ordered it (None: the guest), `reason` what for.
    """

    __tablename__ = "card_intents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["booking_id", "currency"],
            ["bookings.id", "bookings.currency"],
            name="fk_card_intents_booking",
        ),
        ForeignKeyConstraint(
            ["of_payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_card_intents_of_payment",
        ),
        ForeignKeyConstraint(
            ["payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_card_intents_payment",
        ),
        CheckConstraint(
            "kind IN ('pay', 'charge', 'refund', 'release', 'abort', 'void')", name="kind"
        ),
        CheckConstraint(
            "state IN ('open', 'unknown', 'succeeded', 'failed', 'cancelled')", name="state"
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(f"({PENDING}) = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'open') = (due_at IS NOT NULL)", name="due_at"),
        CheckConstraint("kind = 'pay' OR of_payment_id IS NOT NULL", name="of_payment"),
        Index("uq_card_intents_money", "booking_id", unique=True, **only(ONLY_MONEY)),
        Index("uq_card_intents_act", "of_payment_id", unique=True, **only(ONLY_ACT)),
        Index("ix_card_intents_due_at", "due_at", "id", **only(DUE)),
        Index("ix_card_intents_unknown", "id", **only("state = 'unknown'")),
        Index("ix_card_intents_booking_id", "booking_id", "id"),
        Index("ix_card_intents_payment_id", "payment_id", **only("payment_id IS NOT NULL")),
        Index("ix_card_intents_of_payment_id", "of_payment_id", "id"),
        Index("ix_card_intents_method_id", "method_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    gateway: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"))
    wishes: Mapped[str] = mapped_column(Text, server_default="1,2")
    of_payment_id: Mapped[int | None] = mapped_column(BigInteger)
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(500))
    sealed: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    decline: Mapped[str | None] = mapped_column(String(20))
    failure_reason: Mapped[str | None] = mapped_column(String(500))
    trouble: Mapped[str | None] = mapped_column(String(500))
    asks: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
