"""Rows of bookings: properties, guests, stays, nights and schedules.

All amounts are minor units of the booking's currency.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base, BigId, Instant

Status = Literal["blockout", "provisional", "booking", "cancelled"]

FIRST_LINE_ID = 1001  # so that 1 and 2 in PaymentScheduleIds always mean stages


class Property(Base):
    """What is rented."""

    __tablename__ = "properties"
    __table_args__ = (Index("ix_properties_location_id", "location_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    name: Mapped[str] = mapped_column(String(100))


class Source(Base):
    """Where bookings come from, in the agency's own words ("Website", "Phone")."""

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class Contact(Base):
    """The guest who books. The only place with a guest's name and address."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(String(20), server_default="")
    first_name: Mapped[str] = mapped_column(String(100), server_default="")
    last_name: Mapped[str] = mapped_column(String(100), server_default="")
    email: Mapped[str | None] = mapped_column(String(254))
    telephone: Mapped[str] = mapped_column(String(40), server_default="")
    mobile: Mapped[str] = mapped_column(String(40), server_default="")
    country: Mapped[str] = mapped_column(String(60), server_default="")
    locale: Mapped[str] = mapped_column(String(20), server_default="en_GB")


class Booking(Base):
    """A booking and the sums of its ledger, kept with every change under the booking's lock.

    `paid` is what lies on its lines, `credit` what fits none; outstanding is total - paid.
    `charges` are the surcharges of cleared payments, in neither. It arrives with the first of its
    stays and leaves with the last. The `log_` columns are the head
    of the booking's chain of the event log (audit.chain).
    """

    __tablename__ = "bookings"
    __table_args__ = (
        UniqueConstraint(
            "location_id", "account_identifier", name="uq_bookings_account_identifier"
        ),
        UniqueConstraint("id", "currency", name="uq_bookings_currency"),
        CheckConstraint(
            "status IN ('blockout', 'provisional', 'booking', 'cancelled')", name="status"
        ),
        CheckConstraint("paid >= 0 AND paid <= total", name="paid"),
        CheckConstraint("credit >= 0 AND charges >= 0", name="not_negative"),
        # Credit is used as soon as a line is open, so the two never stand together.
        CheckConstraint("status = 'cancelled' OR credit = 0 OR paid = total", name="credit_unused"),
        Index("ix_bookings_location_id", "location_id", "id"),
        Index("ix_bookings_contact_id", "contact_id"),
        Index("ix_bookings_source_id", "source_id"),
        Index("ix_bookings_status", "status", "id"),
        Index("ix_bookings_created_at", "created_at", "id"),
        Index("ix_bookings_arrives_on", "arrives_on", "id"),
        Index("ix_bookings_leaves_on", "leaves_on", "id"),
        Index("ix_bookings_modified_at", "modified_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    account_identifier: Mapped[str] = mapped_column(String(50))
    external_reference: Mapped[str | None] = mapped_column(String(100))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("sources.id"))
    status: Mapped[str] = mapped_column(String(11))
    currency: Mapped[str] = mapped_column(String(3))
    arrives_on: Mapped[date]
    leaves_on: Mapped[date]
    total: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger, server_default="0")
    credit: Mapped[int] = mapped_column(BigInteger, server_default="0")
    charges: Mapped[int] = mapped_column(BigInteger, server_default="0")
    guest_notes: Mapped[str] = mapped_column(Text, server_default="")
    housekeeper_notes: Mapped[str] = mapped_column(Text, server_default="")
    internal_notes: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    modified_at: Mapped[datetime] = mapped_column(Instant)
    log_count: Mapped[int]
    log_hash: Mapped[str] = mapped_column(String(64))
    log_seal: Mapped[str] = mapped_column(String(64))


class Stay(Base):
    """One property of a booking, from the day of arrival to the day of leaving."""

    __tablename__ = "stays"
    __table_args__ = (
        UniqueConstraint("booking_id", "property_id", name="uq_stays_property"),
        CheckConstraint("leaves_on > arrives_on", name="dates"),
        CheckConstraint(
            "adults >= 0 AND children >= 0 AND infants >= 0 AND pets >= 0", name="party"
        ),
        Index("ix_stays_property_id", "property_id", "arrives_on"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    property_id: Mapped[int] = mapped_column(ForeignKey("properties.id"))
    arrives_on: Mapped[date]
    leaves_on: Mapped[date]
    adults: Mapped[int] = mapped_column(server_default="0")
    children: Mapped[int] = mapped_column(server_default="0")
    infants: Mapped[int] = mapped_column(server_default="0")
    pets: Mapped[int] = mapped_column(server_default="0")


class Night(Base):
    """A night of a property that is taken. The primary key keeps two bookings out of one night."""

    __tablename__ = "nights"
    __table_args__ = (Index("ix_nights_booking_id", "booking_id"),)

    property_id: Mapped[int] = mapped_column(ForeignKey("properties.id"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))


class ScheduleLine(Base):
    """One amount due of a booking, and how much of it is paid. Stage 1 is due with the deposit,
    stage 2 with the balance."""

    __tablename__ = "schedule_lines"
    __table_args__ = (
        UniqueConstraint("id", "booking_id", name="uq_schedule_lines_booking"),
        CheckConstraint(f"id >= {FIRST_LINE_ID}", name="id"),
        CheckConstraint("stage IN (1, 2)", name="stage"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("paid >= 0 AND paid <= amount", name="paid"),
        CheckConstraint("kind IN ('tax', 'fee', 'deposit', 'balance')", name="kind"),
        ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_schedule_lines_stay",
        ),
        Index("ix_schedule_lines_booking_id", "booking_id"),
        Index("ix_schedule_lines_due_on", "due_on", "booking_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    property_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    stage: Mapped[int]
    amount: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    paid: Mapped[int] = mapped_column(BigInteger, server_default="0")
