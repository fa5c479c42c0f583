"""A booking as JSON in the house format (docs/formats/ipro.md)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bookings.models import Booking, BookingExtra, Guest, ScheduleLine
from bookings.queries import BookingView
from kit.currencies import symbol
from kit.fields import day_text, moment_text, number
from kit.money import Money
from payments.models import Payment
from payments.schemas import STATUS_OF

STATUS_IDS = {"blockout": 1, "provisional": 2, "booking": 3, "cancelled": 4}
STATUS_WORDS = {name: name.capitalize() for name in STATUS_IDS}


def item(view: BookingView) -> dict[str, Any]:
    """One booking of the list. Keys are the vendor's, the last one is ours; what we do not keep is
    empty or 0.00."""
    return {
        **_identity(view),
        **_money(view),
        **_party(view),
        **_due(view),
        **_notes(view.booking),
        "PaymentSchedules": [_line(line, view.booking.currency) for line in view.lines],
        "Payments": [_payment(payment) for payment in view.payments],
        "Bills": [],
        "Credit": number(Money(view.booking.credit, view.booking.currency)),
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

    accommodation = sum(stay.accommodation for stay, _ in view.stays)
    rate = Money(accommodation, booking.currency).percent(Decimal(100) / nights)
    not_kept = (
        "BookingFeeVAT", "AgentCommission", "Discount", "Compensation", "Commission",
        "CommissionVAT",
    )  # fmt: skip
    return {
        "RenterAmount": shown(accommodation),
        "BookingFee": shown(of_kind("fee")),
        "HolidayExtras": shown(sum(extra.price * extra.quantity for extra in view.extras)),
        "InsuranceTotal": shown(of_kind("insurance")),
        "SecurityDeposit": shown(of_kind("security_deposit")),
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
    return {
        **counts,
        "Guests": [_guest(guest, view) for guest in view.guests],
        "HolidayExtrasOrdered": [_extra(extra, view.booking.currency) for extra in view.extras],
    }


def _guest(guest: Guest, view: BookingView) -> dict[str, Any]:
    """The contact is the lead guest of the first stay; of the others no addresses are kept."""
    is_contact = guest.is_lead and guest.property_id == view.stays[0][0].property_id
    return {
        "Name": guest.name,
        "Age": guest.age,
        "Passport": guest.passport_mask,
        "Email": (view.contact.email or "") if is_contact else "",
        "Mobile": view.contact.mobile if is_contact else "",
    }


def _extra(extra: BookingExtra, currency: str) -> dict[str, Any]:
    return {
        "Name": extra.name,
        "Qty": extra.quantity,
        "Price": number(Money(extra.price, currency)),
        "ExtraNetPrice": number(Money(extra.price * extra.quantity, currency)),
        "PayableToOwner": number(Money(0, currency)),
    }


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
