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

from kit.db import Base, BigId, Instant, only
from partners.models import Partner

# A payment that failed or was voided frees its natural keys.
HOLDS_KEYS = "state NOT IN ('failed', 'void')"

# Failed attempts that nobody has put aside yet.
FAILED = "state = 'failed' AND dismissed_at IS NULL"
COMING = "state IN ('uncleared', 'deferred')"
# Money counts from the moment it was recorded as cleared, until that is reversed.
POSTED = (
    "(state <> 'cleared' OR cleared_at IS NOT NULL)"
    " AND (cleared_at IS NULL OR state IN ('cleared', 'void'))"
    " AND (voided_at IS NULL OR (state = 'void' AND cleared_at IS NOT NULL))"
)
# What moved money that lay somewhere already; few rows, which taking a payment never writes.
MOVED_LATER = "cause NOT IN ('payment', 'clearing')"
NOT_FAILED = "reference IS NOT NULL AND state <> 'failed'"
# Deferred money nobody has been told of when it did not come.
LATE = "state = 'deferred' AND overdue_told_at IS NULL"


class PaymentMethod(Base):
    """What the seeds call payment type, custom payment type or tender, with its policy.

    Policy (seed 000): `manual_prohibited` = never typed in at the desk; `from_outside` = APIs may
    use it; `paying` = which payments they may send: external (completed), on_site (not completed)
    or both. `overpayment` says whether money that fits no open line is taken. `for_guests`: guests
    may pay by it on a provider's page.
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
        CheckConstraint(
            "NOT for_guests OR (kind = 'bank' AND from_outside AND paying <> 'on_site'"
            " AND NOT is_refund)",
            name="for_guests",
        ),
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
    for_guests: Mapped[bool] = mapped_column(server_default=text("false"))


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


class DefaultMethod(Base):
    """The method of a location's payments that come from outside and name none (K-Series)."""

    __tablename__ = "default_methods"
    __table_args__ = (Index("ix_default_methods_method_id", "method_id"),)

    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"), primary_key=True)
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"))


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
    `attributes` are details in the sender's words, [[name, value], ...]: shown, never acted on.

    A refund is a negative payment that points at the one it pays back (`refund_of`); its money is
    taken off that payment's allocations, and it has none of its own. `settled_on` is the day the
    money was there, for one that cleared; `cleared_at` and `voided_at` are when that and its
    reversal were recorded, which is what closed days and the journal go by: unlike a day, a moment
    is never typed in. `overdue_told_at`: when a promise was told to be late.
    `person_id` is who of the staff recorded it at the desk; `dismissed_at` when staff put a failed
    attempt aside. `gateway` is the card provider that has taken the money for us, if one has.
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
        CheckConstraint(POSTED, name="posted"),
        Index(
            "uq_payments_reference",
            "booking_id",
            "partner_id",
            "reference",
            unique=True,
            **only(f"reference IS NOT NULL AND {HOLDS_KEYS}"),
        ),
        Index(
            "uq_payments_vps_hash",
            "booking_id",
            "vps_hash",
            unique=True,
            **only(f"vps_hash IS NOT NULL AND {HOLDS_KEYS}"),
        ),
        Index("ix_payments_booking_id", "booking_id", "id"),
        Index(
            "ix_payments_coming",
            "booking_id",
            "id",
            **only(COMING),
        ),
        Index(
            "ix_payments_failed",
            "booking_id",
            "id",
            **only(FAILED),
        ),
        Index("ix_payments_paid_on", "paid_on", "id"),
        Index("ix_payments_day", text("coalesce(settled_on, paid_on)"), "id"),
        Index("ix_payments_settled_on", "settled_on", **only("state = 'cleared'")),
        Index("ix_payments_cleared_at", "cleared_at", **only("cleared_at IS NOT NULL")),
        Index("ix_payments_voided_at", "voided_at", **only("voided_at IS NOT NULL")),
        Index("ix_payments_reference", "reference", **only("reference IS NOT NULL")),
        Index(
            "ix_payments_refund_of",
            "refund_of",
            **only("refund_of IS NOT NULL"),
        ),
        Index(
            "ix_payments_late",
            "paid_on",
            **only(LATE),
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
    cleared_at: Mapped[datetime | None] = mapped_column(Instant)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    comments: Mapped[str] = mapped_column(String(2000), server_default="")
    failure_reason: Mapped[str | None] = mapped_column(String(2000))
    reference: Mapped[str | None] = mapped_column(String(50))
    vps_hash: Mapped[str | None] = mapped_column(String(64))
    attributes: Mapped[list[list[str]]] = mapped_column(JSON, server_default="[]")
    wishes: Mapped[str] = mapped_column(Text)
    property_id: Mapped[int | None] = mapped_column(BigInteger)
    balance_due_on: Mapped[date | None]
    send_email: Mapped[bool]
    overdue_told_at: Mapped[datetime | None] = mapped_column(Instant)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    dismissed_at: Mapped[datetime | None] = mapped_column(Instant)
    gateway: Mapped[str | None] = mapped_column(String(10))
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
        Index("ix_allocations_moved_later", "created_at", **only(MOVED_LATER)),
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


class IssuedReceipt(Base):
    """What a receipt says, kept when it is first asked for: the same for ever after, whatever
    becomes of names and lines. `context` are JSON values (payments.receipts)."""

    __tablename__ = "receipts"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    context: Mapped[dict[str, object]] = mapped_column(JSON)
    issued_at: Mapped[datetime] = mapped_column(Instant)


class StoredAnswer(Base):
    """The answer to a request with an Idempotency-Key, to be given again byte for byte.

    A `lasting` one is never forgotten: its key is the natural key of a format without any other.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    partner_id: Mapped[int] = mapped_column(ForeignKey(Partner.id), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    lasting: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class AcceptedCommand(Base):
    """A payment that a partner's format has accepted and the worker still has to apply, or has.

    `command` never changes. It is applied before `apply_by` or not at all; `reference` is the
    sender's own, unique at a location until it failed; `ticket` is what the sender asks for it by.
    `outcome` is what its format tells of the end, when that has come.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("apply_by > accepted_at", name="apply_by"),
        Index(
            "uq_inbox_reference",
            "format",
            "partner_id",
            "location_id",
            "reference",
            unique=True,
            **only(NOT_FAILED),
        ),
        Index(
            "ix_inbox_due_at",
            "due_at",
            "id",
            **only("state = 'waiting'"),
        ),
        Index(
            "ix_inbox_failed_reference",
            "partner_id",
            "reference",
            **only("state = 'failed' AND reference IS NOT NULL"),
        ),
        Index(
            "ix_inbox_failed_at",
            "ended_at",
            **only("state = 'failed'"),
        ),
        Index("ix_inbox_partner_id", "partner_id"),
        Index("ix_inbox_location_id", "location_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    format: Mapped[str] = mapped_column(String(10))
    partner_id: Mapped[int] = mapped_column(ForeignKey(Partner.id))
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    reference: Mapped[str | None] = mapped_column(String(50))
    ticket: Mapped[str] = mapped_column(String(36), unique=True)
    command: Mapped[dict[str, object]] = mapped_column(JSON)
    address: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    accepted_at: Mapped[datetime] = mapped_column(Instant)
    apply_by: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[dict[str, object] | None] = mapped_column(JSON)
