"""Rows of the ledger.

All amounts are minor units of the payment's currency, which is its booking's: the foreign key
says so. Payments and allocations are never deleted and their amounts never change.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant
from partners.models import Partner

# A payment that failed or was voided frees its natural keys. Literal text, not a parameter: the
# planner uses a partial index only for a condition it can read.
HOLDS_KEYS = "state NOT IN ('failed', 'void')"

COMING = "state IN ('uncleared', 'deferred')"
# Deferred money nobody has been told of when it did not come.
LATE = "state = 'deferred' AND overdue_told_at IS NULL"


class PaymentMethod(Base):
    """What the seeds call payment type, custom payment type or tender, with its policy.

    Policy (seed 000): `manual_prohibited` = never typed in at the desk; `from_outside` = APIs may
    use it; `paying` = which payments they may send: external (completed), on_site (not completed)
    or both. `overpayment` says whether money that fits no open line is taken.
    """

    __tablename__ = "payment_methods"
    __table_args__ = (
        CheckConstraint("kind IN ('cash', 'bank', 'cheque', 'voucher', 'credit')", name="kind"),
        CheckConstraint("paying IN ('external', 'on_site', 'both')", name="paying"),
        CheckConstraint("overpayment IN ('accept', 'refuse')", name="overpayment"),
        CheckConstraint("NOT (kind = 'cash' AND manual_prohibited)", name="cash_is_manual"),
        CheckConstraint("NOT from_outside OR kind IN ('cash', 'bank')", name="outside_kind"),
        CheckConstraint("NOT from_outside OR code IS NOT NULL", name="outside_code"),
        CheckConstraint("code <> '' AND code = upper(code)", name="code"),
        CheckConstraint("length(public_id) = 33", name="public_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    code: Mapped[str | None] = mapped_column(String(30), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    comment: Mapped[str] = mapped_column(String(250), server_default="")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    public_id: Mapped[str] = mapped_column(String(33), unique=True)
    number: Mapped[int | None] = mapped_column(unique=True)
    is_refund: Mapped[bool]
    takes_tips: Mapped[bool]
    manual_prohibited: Mapped[bool]
    from_outside: Mapped[bool]
    paying: Mapped[str] = mapped_column(String(10), server_default="on_site")
    overpayment: Mapped[str] = mapped_column(String(6), server_default="accept")


class MethodAttribute(Base):
    """A detail that may, or must, come with a payment by this method."""

    __tablename__ = "method_attributes"

    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    position: Mapped[int]
    required: Mapped[bool]


class MethodPartner(Base):
    """A partner that may use the method. A method without any is open to all."""

    __tablename__ = "method_partners"
    __table_args__ = (Index("ix_method_partners_partner_id", "partner_id"),)

    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey(Partner.id), primary_key=True)


class MethodSwitchedOff(Base):
    """A location that does not use the method."""

    __tablename__ = "methods_switched_off"
    __table_args__ = (Index("ix_methods_switched_off_location_id", "location_id"),)

    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"), primary_key=True)


class Payment(Base):
    """Money that came, was tried or was promised.

    `source` is the door it came by; `wishes` are the stages and lines the sender asked to fill
    first ("1,2"), kept with property, due date and mail wish until an uncleared payment clears.
    `category` is the vendor's PaymentCategory, `vps_hash` the SHA-256 of the SagepayVPSTxId.

    A refund is a negative payment that points at the one it pays back (`refund_of`); its money is
    taken off that payment's allocations, and it has none of its own. `settled_on` is the day the
    money was there, for one that cleared; `overdue_told_at` when a promise was told to be late.
    """

    __tablename__ = "payments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["booking_id", "currency"],
            ["bookings.id", "bookings.currency"],
            name="fk_payments_booking",
        ),
        ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_payments_stay",
        ),
        UniqueConstraint("id", "booking_id", name="uq_payments_booking"),
        CheckConstraint(
            "state IN ('cleared', 'uncleared', 'deferred', 'failed', 'void')", name="state"
        ),
        ForeignKeyConstraint(
            ["refund_of", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_payments_refund_of",
        ),
        CheckConstraint(
            "(refund_of IS NULL AND amount > 0 AND charges >= 0 AND tip >= 0)"
            " OR (refund_of IS NOT NULL AND amount <= 0 AND charges <= 0 AND tip <= 0"
            " AND amount + charges + tip < 0)",
            name="amounts",
        ),
        CheckConstraint("refund_of IS NULL OR state IN ('cleared', 'void')", name="refund"),
        CheckConstraint(
            "source IN ('ipro', 'spektrix', 'kseries', 'brink', 'iiko', 'desk', 'guest', 'import')",
            name="source",
        ),
        CheckConstraint("category BETWEEN 0 AND 13", name="category"),
        CheckConstraint("failure_reason IS NULL OR state IN ('failed', 'void')", name="failure"),
        Index(
            "uq_payments_reference",
            "booking_id",
            "partner_id",
            "reference",
            unique=True,
            postgresql_where=text(f"reference IS NOT NULL AND {HOLDS_KEYS}"),
            sqlite_where=text(f"reference IS NOT NULL AND {HOLDS_KEYS}"),
        ),
        Index(
            "uq_payments_vps_hash",
            "booking_id",
            "vps_hash",
            unique=True,
            postgresql_where=text(f"vps_hash IS NOT NULL AND {HOLDS_KEYS}"),
            sqlite_where=text(f"vps_hash IS NOT NULL AND {HOLDS_KEYS}"),
        ),
        Index("ix_payments_booking_id", "booking_id", "id"),
        Index(
            "ix_payments_coming",
            "booking_id",
            "id",
            postgresql_where=text(COMING),
            sqlite_where=text(COMING),
        ),
        Index("ix_payments_paid_on", "paid_on", "id"),
        Index(
            "ix_payments_refund_of",
            "refund_of",
            postgresql_where=text("refund_of IS NOT NULL"),
            sqlite_where=text("refund_of IS NOT NULL"),
        ),
        Index(
            "ix_payments_late",
            "paid_on",
            postgresql_where=text(LATE),
            sqlite_where=text(LATE),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey(Partner.id))
    source: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    charges: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tip: Mapped[int] = mapped_column(BigInteger, server_default="0")
    currency: Mapped[str] = mapped_column(String(3))
    category: Mapped[int]
    refund_of: Mapped[int | None] = mapped_column(BigInteger)
    paid_on: Mapped[date]
    settled_on: Mapped[date | None]
    comments: Mapped[str] = mapped_column(String(2000), server_default="")
    failure_reason: Mapped[str | None] = mapped_column(String(2000))
    reference: Mapped[str | None] = mapped_column(String(50))
    vps_hash: Mapped[str | None] = mapped_column(String(64))
    wishes: Mapped[str] = mapped_column(Text)
    property_id: Mapped[int | None] = mapped_column(BigInteger)
    balance_due_on: Mapped[date | None]
    send_email: Mapped[bool]
    overdue_told_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Allocation(Base):
    """How much of a payment's money lies on which line; no line = credit. Append-only: the sums
    per payment and per line are what counts."""

    __tablename__ = "allocations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payment_id", "booking_id"],
            ["payments.id", "payments.booking_id"],
            name="fk_allocations_payment",
        ),
        ForeignKeyConstraint(
            ["line_id", "booking_id"],
            ["schedule_lines.id", "schedule_lines.booking_id"],
            name="fk_allocations_line",
        ),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint(
            "cause IN ('payment', 'clearing', 'refund', 'void', 'amendment', 'cancellation')",
            name="cause",
        ),
        Index("ix_allocations_payment_id", "payment_id"),
        Index("ix_allocations_booking_id", "booking_id"),
        Index("ix_allocations_line_id", "line_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(BigInteger)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    line_id: Mapped[int | None] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(Instant)


class CardOnFile(Base):
    """The card or Sagepay transaction of a payment. `sealed` is encrypted JSON of what came;
    `masks` is what may be shown of it, so that reading never needs a key."""

    __tablename__ = "cards_on_file"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    sealed: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    masks: Mapped[dict[str, str]] = mapped_column(JSON)
    last_digits: Mapped[str | None] = mapped_column(String(4))
    card_type: Mapped[str | None] = mapped_column(String(50))


class StoredAnswer(Base):
    """The answer to a request with an Idempotency-Key, to be given again byte for byte."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    partner_id: Mapped[int] = mapped_column(ForeignKey(Partner.id), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
