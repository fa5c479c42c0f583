"""Rows of bookings: properties, guests, stays, nights and schedules.

All amounts are minor units of the booking's currency.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

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

from kit.db import Base, BigId, Instant, beginning, only

Status = Literal["blockout", "provisional", "booking", "cancelled"]

LINE_KINDS = (
    "'tax', 'fee', 'deposit', 'balance', 'insurance', 'security_deposit', 'amendment', "
    "'cancellation_fee'"
)
HELD = "kind = 'security_deposit' AND paid > 0"
FIRST_LINE_ID = 1001  # so that 1 and 2 in PaymentScheduleIds always mean stages


class PaymentRule(Base):
    """How the schedule of a booking is made, and what cancelling it costs (product section 3).

    Rates are hundredths of a percent (1000 is 10 %) of accommodation and extras; `booking_fee` is
    in minor units of the location's currency. The balance is due `balance_days` before arrival.
    """

    __tablename__ = "payment_rules"
    __table_args__ = (
        CheckConstraint(
            "tax_rate BETWEEN 0 AND 10000 AND deposit_rate BETWEEN 0 AND 10000", name="rates"
        ),
        CheckConstraint("booking_fee >= 0 AND balance_days >= 0", name="not_negative"),
        CheckConstraint("keeps IN ('nothing', 'stage_1', 'percentage')", name="keeps"),
        CheckConstraint("kept_rate BETWEEN 0 AND 10000", name="kept_rate"),
        Index("ix_payment_rules_location_id", "location_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    name: Mapped[str] = mapped_column(String(100))
    tax_rate: Mapped[int] = mapped_column(server_default="0")
    booking_fee: Mapped[int] = mapped_column(BigInteger, server_default="0")
    deposit_rate: Mapped[int] = mapped_column(server_default="0")
    balance_days: Mapped[int] = mapped_column(server_default="0")
    keeps: Mapped[str] = mapped_column(String(10), server_default="nothing")
    kept_rate: Mapped[int] = mapped_column(server_default="0")


class Property(Base):
    """What is rented, and what a night in it costs. Without a price and a payment rule it cannot be
    booked by the API. `insurance` is the price of the breakages insurance, None where there is
    none; `breakages_deposit` what is asked for otherwise, and returned after check-out."""

    __tablename__ = "properties"
    __table_args__ = (
        CheckConstraint(
            "night_price >= 0 AND insurance >= 0 AND breakages_deposit >= 0", name="not_negative"
        ),
        Index("ix_properties_location_id", "location_id", "id"),
        Index("ix_properties_payment_rule_id", "payment_rule_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    name: Mapped[str] = mapped_column(String(100))
    payment_rule_id: Mapped[int | None] = mapped_column(ForeignKey("payment_rules.id"))
    night_price: Mapped[int | None] = mapped_column(BigInteger)
    insurance: Mapped[int | None] = mapped_column(BigInteger)
    breakages_deposit: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Extra(Base):
    """Something a guest may order with a stay ("Cot")."""

    __tablename__ = "extras"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class PropertyExtra(Base):
    """An extra that a property offers, and its price for a stay."""

    __tablename__ = "property_extras"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        Index("ix_property_extras_extra_id", "extra_id"),
    )

    property_id: Mapped[int] = mapped_column(ForeignKey("properties.id"), primary_key=True)
    extra_id: Mapped[int] = mapped_column(ForeignKey("extras.id"), primary_key=True)
    price: Mapped[int] = mapped_column(BigInteger)


class Source(Base):
    """Where bookings come from, in the agency's own words ("Website", "Phone")."""

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class Contact(Base):
    """The guest who books. The only place with a guest's name and address. The desk finds guests
    by how their names or address begin."""

    __tablename__ = "contacts"
    __table_args__ = (
        beginning("ix_contacts_last_name", "last_name"),
        beginning("ix_contacts_first_name", "first_name"),
        beginning("ix_contacts_email", "email"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    title: Mapped[str] = mapped_column(String(20), server_default="")
    first_name: Mapped[str] = mapped_column(String(100), server_default="")
    last_name: Mapped[str] = mapped_column(String(100), server_default="")
    email: Mapped[str | None] = mapped_column(String(254))
    telephone: Mapped[str] = mapped_column(String(40), server_default="")
    mobile: Mapped[str] = mapped_column(String(40), server_default="")
    address1: Mapped[str] = mapped_column(String(100), server_default="")
    address2: Mapped[str] = mapped_column(String(100), server_default="")
    city: Mapped[str] = mapped_column(String(60), server_default="")
    county: Mapped[str] = mapped_column(String(60), server_default="")
    postcode: Mapped[str] = mapped_column(String(20), server_default="")
    country: Mapped[str] = mapped_column(String(60), server_default="")
    source: Mapped[str] = mapped_column(String(100), server_default="")
    locale: Mapped[str] = mapped_column(String(20), server_default="en_GB")


class Booking(Base):
    """A booking and the sums of its ledger, kept with every change under the booking's lock.

    `paid` is what lies on its lines, `credit` what fits none; outstanding is total - paid.
    `charges` are the surcharges of cleared payments, in neither. It arrives with the first of its
    stays and leaves with the last. `abandoned_at` is when the guest was written to about an
    abandoned booking, which happens once. `is_owners`: an owner's own stay, which costs nothing.
    `not_taken_off` is what amendments made it cheaper by when no line was left to shrink; what
    makes it dearer later uses that up first. `commission_waived_at` is when the booking fee was
    taken off (bookings.waiving); the amounts of its lines do not tell, since amending shrinks them
    too. `link_version` goes up when the guest's links to pay are withdrawn: older ones are dead.
    The `log_` columns are the head of the booking's chain of the event log (audit.chain);
    `event_count` is how many events partners may have been told of it (partners.events).
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
        Index("ix_bookings_credit", "location_id", "id", **only("credit > 0")),
        # The orders of the list with what most lists ask for, and the counts: all of it is in the
        # index, so that a page in the middle is counted off without reading the bookings.
        Index("ix_bookings_status", "status", "location_id", "id"),
        Index("ix_bookings_created_at", "created_at", "id", "location_id", "status"),
        Index("ix_bookings_arrives_on", "arrives_on", "id", "location_id", "status"),
        Index("ix_bookings_leaves_on", "leaves_on", "id"),
        Index("ix_bookings_modified_at", "modified_at", "id"),
        # What the desk's search asks for; the unique key above is by location first.
        Index("ix_bookings_account_identifier", "account_identifier"),
        Index(
            "ix_bookings_external_reference",
            "external_reference",
            **only("external_reference IS NOT NULL"),
        ),
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
    abandoned_at: Mapped[datetime | None] = mapped_column(Instant)
    is_owners: Mapped[bool] = mapped_column(server_default=text("false"))
    not_taken_off: Mapped[int] = mapped_column(BigInteger, server_default="0")
    commission_waived_at: Mapped[datetime | None] = mapped_column(Instant)
    link_version: Mapped[int] = mapped_column(server_default="0")
    event_count: Mapped[int] = mapped_column(server_default="0")
    log_count: Mapped[int]
    log_hash: Mapped[str] = mapped_column(String(64))
    log_seal: Mapped[str] = mapped_column(String(64))


class Stay(Base):
    """One property of a booking, from the day of arrival to the day of leaving.

    `accommodation` is what the nights cost, `owner_amount` what the sender says is the owner's
    part of it, `commission_type` the vendor's number for who bears a discount. `tax_rate`
    (hundredths of a percent; None: not known) and `insurance`, what that costs where it was chosen,
    are what was agreed on, whatever the property asks for later. A property that an amendment takes
    out of the booking is dropped, not deleted: lines and payments name it.
    """

    __tablename__ = "stays"
    __table_args__ = (
        UniqueConstraint("booking_id", "property_id", name="uq_stays_property"),
        CheckConstraint("leaves_on > arrives_on", name="dates"),
        CheckConstraint(
            "adults >= 0 AND children >= 0 AND infants >= 0 AND pets >= 0", name="party"
        ),
        CheckConstraint("accommodation >= 0 AND owner_amount >= 0", name="amounts"),
        CheckConstraint("breakages IN ('none', 'insurance', 'deposit')", name="breakages"),
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
    accommodation: Mapped[int] = mapped_column(BigInteger, server_default="0")
    owner_amount: Mapped[int | None] = mapped_column(BigInteger)
    commission_type: Mapped[int | None]
    breakages: Mapped[str] = mapped_column(String(10), server_default="none")
    tax_rate: Mapped[int | None]
    insurance: Mapped[int] = mapped_column(BigInteger, server_default="0")
    dropped_at: Mapped[datetime | None] = mapped_column(Instant)


class Guest(Base):
    """Somebody who stays; the lead guest is the first. The passport's number is encrypted, and
    `passport_mask` is what may be shown of it."""

    __tablename__ = "guests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_guests_stay",
        ),
        Index("ix_guests_booking_id", "booking_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    property_id: Mapped[int] = mapped_column(BigInteger)
    is_lead: Mapped[bool]
    name: Mapped[str] = mapped_column(String(100))
    age: Mapped[int | None]
    passport: Mapped[str | None] = mapped_column(Text, info={"sealed": True})
    passport_mask: Mapped[str] = mapped_column(String(20), server_default="")


class BookingExtra(Base):
    """An extra that was ordered: its name and price (of one) as they were then."""

    __tablename__ = "booking_extras"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND price >= 0", name="amounts"),
        ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_booking_extras_stay",
        ),
        Index("ix_booking_extras_booking_id", "booking_id"),
        Index("ix_booking_extras_extra_id", "extra_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(BigInteger)
    property_id: Mapped[int] = mapped_column(BigInteger)
    extra_id: Mapped[int] = mapped_column(ForeignKey("extras.id"))
    name: Mapped[str] = mapped_column(String(100))
    quantity: Mapped[int]
    price: Mapped[int] = mapped_column(BigInteger)


class Night(Base):
    """A night of a property that is taken. The primary key keeps two bookings out of one night."""

    __tablename__ = "nights"
    __table_args__ = (Index("ix_nights_booking_id", "booking_id"),)

    property_id: Mapped[int] = mapped_column(ForeignKey("properties.id"), primary_key=True)
    night: Mapped[date] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))


class ScheduleLine(Base):
    """One amount due of a booking, and how much of it is paid. Stage 1 is due with the deposit,
    stage 2 with the balance.

    Cancelling closes a line: it then asks for nothing, and `closed_amount` is what it asked for,
    so that reactivating can restore it. `reminded_at` is when the guest was reminded of it.
    """

    __tablename__ = "schedule_lines"
    __table_args__ = (
        UniqueConstraint("id", "booking_id", name="uq_schedule_lines_booking"),
        CheckConstraint(f"id >= {FIRST_LINE_ID}", name="id"),
        CheckConstraint("stage IN (1, 2)", name="stage"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("paid >= 0 AND paid <= amount", name="paid"),
        CheckConstraint(f"kind IN ({LINE_KINDS})", name="kind"),
        CheckConstraint(
            "closed_amount IS NULL OR (closed_amount >= 0 AND amount = 0)", name="closed"
        ),
        ForeignKeyConstraint(
            ["booking_id", "property_id"],
            ["stays.booking_id", "stays.property_id"],
            name="fk_schedule_lines_stay",
        ),
        Index("ix_schedule_lines_booking_id", "booking_id"),
        Index("ix_schedule_lines_due_on", "due_on", "booking_id"),
        Index("ix_schedule_lines_owed", "due_on", "booking_id", **only("paid < amount")),
        Index("ix_schedule_lines_held", "booking_id", **only(HELD)),
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
    closed_amount: Mapped[int | None] = mapped_column(BigInteger)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)


class Enquiry(Base):
    """What somebody who has not booked yet asked for, for the managers of the location."""

    __tablename__ = "enquiries"
    __table_args__ = (
        CheckConstraint("budget >= 0", name="budget"),
        Index("ix_enquiries_location_id", "location_id", "id"),
        Index("ix_enquiries_partner_id", "partner_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"))
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"))
    first_name: Mapped[str] = mapped_column(String(100), server_default="")
    last_name: Mapped[str] = mapped_column(String(100), server_default="")
    email: Mapped[str | None] = mapped_column(String(254))
    mobile: Mapped[str] = mapped_column(String(40), server_default="")
    telephone: Mapped[str] = mapped_column(String(40), server_default="")
    property_ids: Mapped[list[int]] = mapped_column(JSON)
    arrives_on: Mapped[date | None]
    leaves_on: Mapped[date | None]
    nights: Mapped[int | None]
    budget: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    adults: Mapped[int | None]
    children: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(100), server_default="")
    comments: Mapped[str] = mapped_column(Text, server_default="")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
