"""The house format of bookings: the list's query, and a booking as JSON (docs/formats/ipro.md)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import fields, post_load

from bookings import describing
from bookings.models import Booking, ScheduleLine
from bookings.queries import MOST, BookingFilter, BookingView, Sorting
from kit.currencies import symbol
from kit.fields import (
    Choice,
    LeadingNumber,
    Numbers,
    PlainText,
    Typed,
    WholeNumber,
    day_text,
    moment_text,
    number,
)
from kit.form import Form
from kit.money import Money
from payments.models import Payment
from payments.schemas import STATUS_OF

DEFAULT_SIZE = 20
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)", re.ASCII)

STATUS_IDS = {"blockout": 1, "provisional": 2, "booking": 3, "cancelled": 4}
STATUS_WORDS = {name: name.capitalize() for name in STATUS_IDS}


class Moment(Typed):
    """A day, or a day and a time; a time without a zone is UTC."""

    hint = "a date, yyyy-mm-dd, with or without a time such as T13:45:00Z"

    def __init__(self, *, end_of_day: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.end_of_day = end_of_day

    def read(self, text: str) -> datetime:
        if not MOMENT.match(text):
            raise self.wrong(text)
        try:
            if len(text) == len("yyyy-mm-dd"):
                day = date.fromisoformat(text)
                return datetime.combine(day, time.max if self.end_of_day else time.min, UTC)
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # 9999-12-31 west of Greenwich is no year of ours
            raise self.wrong(text) from None


class Day(Moment):
    """The day of a moment: clients send dates with and without a time."""

    def read(self, text: str) -> Any:
        return super().read(text).date()


class BookingsQuery(Form):
    """The query of GET /apis/bookings. Clients send all of it, mostly empty."""

    described = describing.QUERY
    booking_id = WholeNumber(data_key="bookingID")
    term = PlainText(data_key="term", most=100)
    status = Choice({str(n): name for name, n in STATUS_IDS.items()}, data_key="bookingstatus")
    property_ids = Numbers(data_key="propertyids")
    contact_ids = Numbers(data_key="contactIDs")
    balance = Choice({"paid": "paid", "outstanding": "outstanding"}, data_key="balancestatus")
    ordered_from = Day(data_key="orderDateFrom")
    ordered_to = Day(data_key="orderDateTo")
    arrives_from = Day(data_key="checkinfrom")
    arrives_to = Day(data_key="checkinto")
    modified_from = Moment(data_key="modifiedTimeFrom")
    modified_to = Moment(data_key="modifiedTimeTo", end_of_day=True)
    with_tags = Numbers(data_key="IncludeBookingTags")
    without_tags = Numbers(data_key="ExcludeBookingTags")
    location_id = WholeNumber(data_key="LocationId")
    brand_id = WholeNumber(data_key="BrandID")
    size = LeadingNumber(data_key="size", least=1, most=MOST)
    index = LeadingNumber(data_key="index", least=1, most=10**9)
    sort = Choice({"createdate": "created", "checkin": "arrival"}, data_key="Sort")
    direction = Choice({"asc": False, "desc": True}, data_key="SortDirection")

    @post_load
    def wanted(self, values: dict[str, Any], **_: Any) -> tuple[BookingFilter, Sorting, int, int]:
        size, index = values.pop("size", DEFAULT_SIZE), values.pop("index", 1)
        sorting = Sorting(values.pop("sort", "created"), values.pop("direction", True))
        if (brand := values.pop("brand_id", None)) is not None:
            values.setdefault("location_id", brand)
        return BookingFilter(**values), sorting, size, index


class SourceOut(ma.Schema):
    """Where bookings come from."""

    id = fields.Integer(data_key="Id")
    name = fields.String(data_key="Name")


class PropertyOut(ma.Schema):
    """A property that can be booked."""

    id = fields.Integer(data_key="Id")
    name = fields.String(data_key="Name")
    currency = fields.String(data_key="Currency")


def item(view: BookingView) -> dict[str, Any]:
    """One booking of the list. Keys are the vendor's; what we do not keep is empty or 0.00."""
    return {
        **_identity(view),
        **_money(view),
        **_party(view),
        **_due(view),
        **_notes(view.booking),
        "PaymentSchedules": [_line(line, view.booking.currency) for line in view.lines],
        "Payments": [_payment(payment) for payment in view.payments],
        "Bills": [],
    }


def _identity(view: BookingView) -> dict[str, Any]:
    booking = view.booking
    return {
        "BookingId": booking.id,
        "ExternalReservationID": booking.external_reference,
        "PropertyId": view.stays[0][0].property_id if view.stays else None,
        "ContactID": booking.contact_id,
        "RepContactId": None,
        "BookingStatusId": STATUS_IDS[booking.status],
        "BrandId": booking.location_id,
        "TransactionID": booking.account_identifier,
        "OrderTime": moment_text(booking.created_at),
        "ModifiedTime": moment_text(booking.modified_at),
        "CheckIn": f"{booking.arrives_on:%Y-%m-%d}",
        "CheckOut": f"{booking.leaves_on:%Y-%m-%d}",
        "Country": view.contact.country,
        "Currency": symbol(booking.currency),
        "PropertyTypes": [],
        "Status": STATUS_WORDS[booking.status],
        "Source": view.source or "",
        "BookingTags": [{"Id": tag.id, "Name": tag.name} for tag in view.tags],
        "CustomerName": f"{view.contact.first_name} {view.contact.last_name}".strip(),
    }


def _money(view: BookingView) -> dict[str, Any]:
    booking = view.booking
    nights = (booking.leaves_on - booking.arrives_on).days or 1

    def shown(minor: int) -> Any:
        return number(Money(minor, booking.currency))

    def of_kind(kind: str) -> int:
        return sum(line.amount for line in view.lines if line.kind == kind)

    stay = sum(line.amount for line in view.lines if line.kind in ("deposit", "balance"))
    rate = Money(stay, booking.currency).percent(Decimal(100) / nights)
    not_kept = (
        "BookingFeeVAT", "HolidayExtras", "InsuranceTotal", "AgentCommission", "Discount",
        "Compensation", "Commission", "CommissionVAT", "SecurityDeposit",
    )  # fmt: skip
    return {
        "RenterAmount": shown(stay),
        "BookingFee": shown(of_kind("fee")),
        **{name: shown(0) for name in not_kept},
        "PaymentCharges": shown(booking.charges),
        "RenterBalance": shown(booking.total - booking.paid),
        "RenterTotal": shown(booking.total),
        "RatePerDay": number(rate),
    }


def _party(view: BookingView) -> dict[str, Any]:
    kinds = {"Adults": "adults", "Children": "children", "Infants": "infants", "Pets": "pets"}
    counts = {
        name: sum(getattr(stay, kind) for stay, _ in view.stays) for name, kind in kinds.items()
    }
    return {**counts, "Guests": [], "HolidayExtrasOrdered": []}


def _due(view: BookingView) -> dict[str, Any]:
    """The two stages of the schedule: what each amounts to, and when the last of it is due."""
    found: dict[str, Any] = {}
    for stage, name in ((1, "Deposit"), (2, "Balance")):
        lines = [line for line in view.lines if line.stage == stage]
        total = Money(sum(line.amount for line in lines), view.booking.currency)
        days = [line.due_on for line in lines]
        found[name] = number(total)
        found[f"{name}DueDate"] = day_text(max(days)) if days else None
    return found


def _notes(booking: Booking) -> dict[str, str]:
    return {
        "GuestNotes": booking.guest_notes,
        "HouseKeeperNotes": booking.housekeeper_notes,
        "InternalNotes": booking.internal_notes,
        "HolidayNotes": "",
        "ArrivalNotes": "",
        "DepartureNotes": "",
    }


def _line(line: ScheduleLine, currency: str) -> dict[str, Any]:
    return {
        "PaymentScheduleID": line.id,
        "PaymentScheduleName": line.name,
        "Stage": line.stage,
        "Amount": number(Money(line.amount, currency)),
        "Paid": number(Money(line.paid, currency)),
        "Outstanding": number(Money(line.amount - line.paid, currency)),
        "DueDate": day_text(line.due_on),
        "PropertyId": line.property_id,
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "PaymentID": payment.id,
        "Amount": number(Money(payment.amount, payment.currency)),
        "Status": STATUS_OF[payment.state],
        "State": payment.state,
        "PaymentDate": day_text(payment.paid_on),
    }
