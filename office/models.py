"""Rows of the office: closed days, and files that the worker writes. Amounts are minor units."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant, only


class DayClose(Base):
    """A location's day, closed. It takes all money that was recorded as cleared or as void there
    from `since` to `until` and is in no close yet; what comes later is the next one's."""

    __tablename__ = "day_closes"
    __table_args__ = (
        UniqueConstraint("location_id", "day", name="uq_day_closes_day"),
        CheckConstraint("until > since", name="until"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    day: Mapped[date]
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(String(500), server_default="")
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[datetime] = mapped_column(Instant)


class DayCloseEntry(Base):
    """A payment that a close counts: `kind` `cleared`, its money came (or, a refund, left), or
    `void`, that was reversed. In one close only, for ever; amounts are signed as they count."""

    __tablename__ = "day_close_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('cleared', 'void')", name="kind"),
        Index("ix_day_close_entries_close_id", "close_id", "payment_id"),
    )

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(7), primary_key=True)
    close_id: Mapped[int] = mapped_column(ForeignKey("day_closes.id"))
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    charges: Mapped[int] = mapped_column(BigInteger)
    tip: Mapped[int] = mapped_column(BigInteger)


class DayCloseFigure(Base):
    """What a close says of one method in one currency, in words and figures as they were.

    `cleared` is money that came, `refunded` (below 0) what was paid back; `voided` takes back what
    was reversed of both, as do `charges` and `tips`. All of them together is what the method has
    moved. Of cash `opening` lay there before, `counted` is what was found, and a difference has a
    `reason`.
    """

    __tablename__ = "day_close_figures"
    __table_args__ = (
        CheckConstraint("(kind = 'cash') = (counted IS NOT NULL)", name="counted"),
        CheckConstraint("kind = 'cash' OR opening = 0", name="opening"),
        CheckConstraint("opening >= 0 AND counted >= 0", name="cash"),
        CheckConstraint("cleared >= 0 AND refunded <= 0", name="signs"),
        CheckConstraint(
            "counted IS NULL OR reason IS NOT NULL"
            " OR counted = opening + cleared + refunded + voided + charges + tips",
            name="reason",
        ),
    )

    close_id: Mapped[int] = mapped_column(ForeignKey("day_closes.id"), primary_key=True)
    method_id: Mapped[int] = mapped_column(ForeignKey("payment_methods.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    method: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    count: Mapped[int]
    cleared: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = mapped_column(BigInteger)
    voided: Mapped[int] = mapped_column(BigInteger)
    charges: Mapped[int] = mapped_column(BigInteger)
    tips: Mapped[int] = mapped_column(BigInteger)
    opening: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    counted: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(500))


class ExportFile(Base):
    """A list that somebody asked for as a file and the worker writes. `wanted` are the filters as
    they stood in the address, `locations` what the person reached when asking (None: all).

    A worker that writes it holds it until `leased_until`; one that died is taken over from the
    start. `problem` is why one has failed, a word of office.exports.files. The file is gone at
    `expires_at`.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed', 'deleted')", name="state"),
        CheckConstraint("format IN ('csv', 'xlsx')", name="format"),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="problem"),
        Index("ix_exports_waiting", "id", **only("state = 'waiting'")),
        Index("ix_exports_person_id", "person_id", "id"),
        Index("ix_exports_expires_at", "expires_at", **only("state IN ('done', 'failed')")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(40))
    format: Mapped[str] = mapped_column(String(4))
    wanted: Mapped[dict[str, str]] = mapped_column(JSON)
    locations: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    rows_total: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(server_default=text("0"))
    size: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    problem: Mapped[str | None] = mapped_column(String(20))
    leased_by: Mapped[str | None] = mapped_column(String(40))
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class ExportPart(Base):
    """A piece of a file, so that any web process can send what any worker wrote."""

    __tablename__ = "export_parts"

    export_id: Mapped[int] = mapped_column(
        ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True
    )
    no: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
