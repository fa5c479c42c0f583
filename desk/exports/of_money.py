"""Bookings and their money as files: bookings, schedule lines, payments, allocations, attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bookings.exporting import payments as exporting
from bookings.models import Booking, Contact, ScheduleLine, Source
from desk.bookings import queries as bookings
from desk.bookings.filters import wanted_of as bookings_wanted
from desk.exports.filters import conditions
from desk.exports.making import (
    ACCOUNT,
    BOOKING,
    CURRENCY,
    GUEST,
    LOCATION,
    Told,
    amount,
    day,
    from_query,
    moment,
    number,
    text,
)
from desk.owing import still_open
from desk.payments import queries as payments
from desk.payments.filters import wanted_of as payments_wanted
from kit import clock
from kit.errors import Refused
from kit.sql import Query
from kit.texts import N_
from locations.models import Location
from office.exports.lists import Wanted
from partners.models import Partner
from payments.models import Allocation, Payment, PaymentMethod
from staff.models import Person
from staff.permissions import Permission

SOURCE = text(
    "source",
    "the door it came by: ipro (the house API), spektrix, kseries, brink, iiko, desk, guest (the"
    " guest's page) or import",
)
PARTNER = text("partner", "the partner whose program sent it; empty where none did")
PERSON = text("person", "the e-mail address of who of the staff recorded it at the desk")
METHOD = text("method", "the name of the payment method")
STATE = text("state", "cleared, uncleared, deferred, failed or void")

_OF_BOOKING = [getattr(Booking, name) for name in (
    "external_reference", "status", "currency", "arrives_on", "leaves_on", "total", "paid",
    "credit", "charges", "created_at", "modified_at",
)]  # fmt: skip
_OF_GUEST = [getattr(Contact, name) for name in (
    "first_name", "last_name", "email", "telephone", "mobile", "country",
)]  # fmt: skip


def _bookings(session: Session, wanted: Wanted) -> Query:
    asked, places = bookings_wanted(wanted), bookings.choices(session).locations
    query: Query = (
        bookings.listed(asked, places, clock.now())
        .join(Location, Location.id == Booking.location_id)
        .outerjoin(Source, Source.id == Booking.source_id)
        .with_only_columns(
            Booking.id.label("booking"),
            Booking.account_identifier.label("account"),
            Location.client_name.label("location"),
            Source.name.label("source"),
            *_OF_BOOKING,
            *_OF_GUEST,
            *bookings.HANGING,
            maintain_column_froms=True,
        )
    )
    return query


def _told_bookings(_session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    for row in rows:
        is_open = still_open(row.total, row.paid, row.promised)
        yield {
            **row._mapping,
            "properties": "; ".join(name for _id, name in sorted(row.properties)),
            "tags": "; ".join(name for _id, name, _colour in sorted(row.tags)),
            "promised": row.total - row.paid - is_open,
            "open": is_open,
        }


BOOKINGS = from_query(
    name="bookings",
    title=N_("Bookings"),
    needs=Permission.READ,
    columns=(
        BOOKING,
        ACCOUNT,
        text("external_reference", "the sender's own reference, where it gave one"),
        LOCATION,
        text("status", "provisional, booking, cancelled or blockout"),
        text("first_name", "of the guest who booked"),
        text("last_name", "of the guest who booked"),
        text("email", "of the guest who booked"),
        text("telephone", "of the guest who booked"),
        text("mobile", "of the guest who booked"),
        text("country", "of the guest who booked"),
        text("properties", "the names of what is booked, with semicolons between them"),
        day("arrives_on", "day of arrival"),
        day("leaves_on", "day of leaving"),
        CURRENCY,
        amount("total", "what is asked for in all: paid + promised + open"),
        amount("paid", "cleared money that lies on lines"),
        amount("promised", "deferred and uncleared payments, as far as they cover open lines"),
        amount("open", "what is neither paid nor promised"),
        amount("credit", "cleared money that fits no line"),
        amount("charges", "surcharges of cleared payments, in none of the others"),
        text("tags", "the names of its tags, with semicolons between them"),
        text("source", "where the booking came from, in the agency's words"),
        moment("created_at", "when it was made"),
        moment("modified_at", "when it was last changed"),
    ),
    asking=_bookings,
    order=lambda wanted: bookings.ORDERS[bookings_wanted(wanted).sort].by(),
    telling=_told_bookings,
)


def _guest(row: Any) -> str:
    return f"{row.first_name} {row.last_name}".strip()


def _with_guests(_session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    for row in rows:
        yield {**row._mapping, "guest": _guest(row)}


def _of_bookings(query: Query) -> Query:
    """With the facts that each row of a booking's money begins with."""
    return query.add_columns(
        Booking.id.label("booking"),
        Booking.account_identifier.label("account"),
        Location.client_name.label("location"),
        Booking.currency,
        Contact.first_name,
        Contact.last_name,
    )


def _lines(_session: Session, wanted: Wanted) -> Query:
    line = ScheduleLine
    query: Query = select(
        line.id.label("line"), line.name, line.kind, line.stage, line.property_id.label("property"),
        line.due_on, line.amount, line.paid, (line.amount - line.paid).label("unpaid"),
        line.closed_amount, line.reminded_at, Booking.status,
    )  # fmt: skip
    query = query.join(Booking, Booking.id == line.booking_id)
    query = query.join(Location, Location.id == Booking.location_id)
    query = query.join(Contact, Contact.id == Booking.contact_id)
    return _of_bookings(query).where(*conditions(wanted, line.due_on))


LINES = from_query(
    name="schedule-lines",
    title=N_("Schedule lines"),
    needs=Permission.READ,
    columns=(
        number("line", "the line's id"),
        BOOKING,
        ACCOUNT,
        LOCATION,
        GUEST,
        text("status", "that of the booking: provisional, booking, cancelled or blockout"),
        text("name", "what the line is called"),
        text(
            "kind",
            "tax, fee, deposit, balance, insurance, security_deposit, amendment or"
            " cancellation_fee",
        ),
        number("stage", "1 is due with the deposit, 2 with the balance"),
        number("property", "the id of the property it is about; empty for the whole booking"),
        day("due_on", "the day it is due, at the location"),
        CURRENCY,
        amount("amount", "what it asks for"),
        amount("paid", "cleared money that lies on it"),
        amount("unpaid", "what is not paid of it; some of that may be promised"),
        amount("closed_amount", "of a cancelled booking: what it asked for before"),
        moment("reminded_at", "when the guest was reminded of it"),
    ),
    asking=_lines,
    order=lambda _wanted: (ScheduleLine.due_on, ScheduleLine.id),
    telling=_with_guests,
)


def _payments(_session: Session, wanted: Wanted) -> Query:
    asked, wrong = payments_wanted({name: each for name, each in wanted.items() if each.strip()})
    Refused.if_any(wrong)
    query = exporting.listed().add_columns(
        Contact.first_name,
        Contact.last_name,
        Payment.cleared_at,
        Payment.voided_at,
        Payment.gateway,
        Person.email.label("person"),
    )
    query = query.join(Contact, Contact.id == Booking.contact_id)
    query = query.outerjoin(Person, Person.id == Payment.person_id)
    return payments.filtered(query, asked)


def _told_payments(session: Session, rows: Sequence[Any]) -> Iterator[Told]:
    for row, told in zip(rows, exporting.told(session, rows), strict=True):
        yield {**told, "guest": _guest(row)}


PAYMENTS = from_query(
    name="payments",
    title=N_("Payments"),
    needs=Permission.READ,
    columns=(
        number("payment", "the payment's id"),
        BOOKING,
        ACCOUNT,
        text("external_reference", "the booking's reference at its sender"),
        LOCATION,
        GUEST,
        day("paid_on", "the day it was paid or tried on, or is promised for"),
        day("settled_on", "the day its money was there; empty before that"),
        STATE,
        METHOD,
        text("method_code", "the code of the method"),
        text("kind", "that of the method: cash, bank, cheque, voucher or credit"),
        SOURCE,
        PARTNER,
        PERSON,
        CURRENCY,
        amount("amount", "what came or was promised or tried; below 0 it is a refund"),
        amount("charges", "surcharges that came with it, not in the amount"),
        amount("tip", "tip that came with it, not in the amount"),
        amount("on_deposit", "how much of it lies on lines of the deposit now"),
        amount("on_balance", "how much of it lies on lines of the balance now"),
        amount("credit", "how much of it fits no line now"),
        number("refund_of", "of a refund: the payment it pays back"),
        number("category", "the sender's PaymentCategory"),
        number("property", "the id of the property it was sent for"),
        text("reference", "the sender's reference of the payment"),
        text("gateway", "the card provider that has taken it for us"),
        text("comments", "what was written to it"),
        text("failure_reason", "why it failed"),
        moment("created_at", "when it was recorded"),
        moment("cleared_at", "when it was recorded as cleared"),
        moment("voided_at", "when that was reversed"),
    ),
    asking=_payments,
    order=lambda _wanted: payments.NEWEST_FIRST.by(),
    telling=_told_payments,
)


def _allocations(_session: Session, wanted: Wanted) -> Query:
    row = Allocation
    query: Query = select(
        row.id.label("allocation"), row.created_at, row.payment_id.label("payment"),
        row.line_id.label("line"), ScheduleLine.name.label("line_name"), ScheduleLine.stage,
        row.cause, row.amount, Payment.state, Payment.source,
        PaymentMethod.name.label("method"),
    )  # fmt: skip
    query = query.join(Payment, Payment.id == row.payment_id)
    query = query.join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.join(Booking, Booking.id == row.booking_id)
    query = query.join(Location, Location.id == Booking.location_id)
    query = query.join(Contact, Contact.id == Booking.contact_id)
    query = query.outerjoin(ScheduleLine, ScheduleLine.id == row.line_id)
    return _of_bookings(query).where(*conditions(wanted, row.created_at))


ALLOCATIONS = from_query(
    name="allocations",
    title=N_("Allocations"),
    needs=Permission.READ,
    columns=(
        number("allocation", "the id of the row of the ledger"),
        moment("created_at", "when it was written"),
        BOOKING,
        ACCOUNT,
        LOCATION,
        number("payment", "whose money it is"),
        METHOD,
        SOURCE,
        text("state", "that of the payment now: cleared, uncleared, deferred, failed or void"),
        number("line", "the schedule line the money lies on; empty is credit"),
        text("line_name", "what the line is called"),
        number("stage", "that of the line: 1 deposit, 2 balance"),
        text("cause", "payment, clearing, refund, void, amendment or cancellation"),
        CURRENCY,
        amount("amount", "how much came to the line; below 0 it left"),
    ),
    asking=_allocations,
    order=lambda _wanted: (Allocation.id,),
    personal=False,
)


def _attempts(_session: Session, wanted: Wanted) -> Query:
    query: Query = select(
        Payment.id.label("payment"), Payment.paid_on.label("tried_on"), Payment.source,
        PaymentMethod.name.label("method"), Partner.name.label("partner"),
        Person.email.label("person"), Payment.amount, Payment.charges, Payment.tip,
        Payment.reference, Payment.failure_reason, Payment.created_at, Payment.dismissed_at,
    )  # fmt: skip
    query = query.join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    query = query.join(Booking, Booking.id == Payment.booking_id)
    query = query.join(Location, Location.id == Booking.location_id)
    query = query.join(Contact, Contact.id == Booking.contact_id)
    query = query.outerjoin(Partner, Partner.id == Payment.partner_id)
    query = query.outerjoin(Person, Person.id == Payment.person_id)
    failed = Payment.state == "failed"
    return _of_bookings(query).where(failed, *conditions(wanted, Payment.paid_on))


ATTEMPTS = from_query(
    name="failed-attempts",
    title=N_("Failed attempts"),
    needs=Permission.READ,
    columns=(
        number("payment", "the id of the attempt"),
        BOOKING,
        ACCOUNT,
        LOCATION,
        GUEST,
        day("tried_on", "the day it was tried on, or was promised for"),
        METHOD,
        SOURCE,
        PARTNER,
        PERSON,
        CURRENCY,
        amount("amount", "what would have come"),
        amount("charges", "surcharges that would have come with it"),
        amount("tip", "tip that would have come with it"),
        text("reference", "the sender's reference of the attempt"),
        text("failure_reason", "why it failed"),
        moment("created_at", "when it was recorded"),
        moment("dismissed_at", "when staff put it aside"),
    ),
    asking=_attempts,
    order=lambda _wanted: (Payment.id.desc(),),
    telling=_with_guests,
)

OF_MONEY = (BOOKINGS, PAYMENTS, LINES, ALLOCATIONS, ATTEMPTS)
