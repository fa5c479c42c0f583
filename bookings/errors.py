"""What bookings refuse, and why: one class a reason, the same for every door.

Fields of a property of the booking are named by their place: "stays[0].extras[1].extra".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import DomainError, PageError
from kit.money import Money


class BookingError(DomainError):
    """Base of everything that creating or changing a booking may be refused for."""


# Names and numbers that nothing of the agency is called by.


class PropertyUnknown(BookingError):
    """There is no such property, or it is of a location the caller cannot reach."""

    code = "property_unknown"

    def __init__(self, field: str, property_id: int) -> None:
        self.field = field
        super().__init__(f"There is no property {property_id}.")


class PropertyTwice(BookingError):
    code = "property_twice"

    def __init__(self, field: str, property_id: int) -> None:
        self.field = field
        super().__init__(f"Property {property_id} is named twice; one booking holds it once.")


class ExtraUnknown(BookingError):
    code = "extra_unknown"

    def __init__(self, field: str, extra_id: int, property_id: int, known: Sequence[int]) -> None:
        self.field = field
        there = ", ".join(map(str, known)) or "none"
        super().__init__(
            f"Property {property_id} offers no extra {extra_id}; its extras are {there}."
        )


class SeveralLocations(BookingError):
    code = "several_locations"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__("The properties are of several locations; book each location by itself.")


class BrandElsewhere(BookingError):
    code = "brand_elsewhere"
    field = "brand_id"

    def __init__(self, brand_id: int, location_id: int) -> None:
        super().__init__(f"The properties are of brand {location_id}, not {brand_id}.")


class BrandUnknown(BookingError):
    """There is no such location, or not for this caller or these properties."""

    code = "brand_unknown"
    field = "brand_id"

    def __init__(self, brand_id: int | None) -> None:
        """`brand_id` None: none was asked for, and the caller has no location at all."""
        nowhere = "You have no location that takes enquiries; ask the agency for one."
        named = f"There is no brand {brand_id} for this enquiry."
        super().__init__(nowhere if brand_id is None else named)


class CurrencyUnknown(BookingError):
    code = "currency_unknown"
    field = "currency"

    def __init__(self, came: str, home: str) -> None:
        super().__init__(f"{came!r} is no currency; {home} would be right, or another ISO code.")


class ContactUnknown(BookingError):
    """No guest with this id has a booking at a location that the caller reaches."""

    code = "contact_unknown"
    field = "contact_id"

    def __init__(self, contact_id: int) -> None:
        super().__init__(f"There is no contact {contact_id}.")


class SourceUnknown(BookingError):
    code = "source_unknown"
    field = "source"

    def __init__(self, came: str, known: Sequence[str]) -> None:
        there = ", ".join(known) or "none yet"
        super().__init__(f"No source is called {came!r}; there are: {there}.")


class BookingTagUnknown(BookingError):
    code = "booking_tag_unknown"
    field = "tags"

    def __init__(self, tags: Sequence[int]) -> None:
        super().__init__(f"There is no tag {', '.join(map(str, tags))}.")


class ArrivedAlready(BookingError):
    """Nothing can be booked, or moved, to a day that has passed at the location."""

    code = "arrival_in_past"

    def __init__(self, field: str, arrives_on: date, today: date) -> None:
        self.field = field
        super().__init__(f"The arrival is {arrives_on}; today, {today}, is the earliest.")


class CostDecimals(BookingError):
    code = "cost_decimals"

    def __init__(self, field: str, came: str, currency: str, places: int) -> None:
        self.field = field
        super().__init__(f"{came} has more decimals than {currency} has; it has {places}.")


# Conflicts with what is there already.


class NightsTaken(BookingError):
    """Somebody has these nights; all of them are named, so that a guest can choose anew."""

    code = "nights_taken"

    def __init__(
        self, field: str, property_id: int, nights: Sequence[date], by: Sequence[int] = ()
    ) -> None:
        self.field = field
        self.nights = tuple(nights)
        whose = f" (booking {', '.join(map(str, by))})" if by else ""
        super().__init__(f"Property {property_id} is taken{whose} for {nights_in_words(nights)}.")


class AlreadyCancelled(BookingError):
    code = "already_cancelled"
    field = "booking_id"

    def __init__(self, booking_id: int) -> None:
        super().__init__(f"Booking {booking_id} is cancelled already.")


class NotCancelled(BookingError):
    code = "not_cancelled"
    field = "booking_id"

    def __init__(self, booking_id: int, status: str) -> None:
        super().__init__(
            f"Booking {booking_id} is not cancelled but {status}; there is nothing to reactivate."
        )


class AmendOfCancelled(BookingError):
    code = "amend_of_cancelled"
    field = "booking_id"

    def __init__(self, booking_id: int) -> None:
        super().__init__(f"Booking {booking_id} is cancelled; reactivate it before amending it.")


class NotConfirmable(BookingError):
    """A cancelled booking, or an owner's blockout, is not made a booking by confirming it."""

    code = "not_confirmable"
    field = "booking_id"

    def __init__(self, booking_id: int, status: str) -> None:
        super().__init__(f"Booking {booking_id} is {status}; only a provisional one is confirmed.")


class StillOpen(BookingError):
    """Whoever confirms says that all of it is paid."""

    code = "still_open"
    field = "booking_id"

    def __init__(self, booking_id: int, left: Money) -> None:
        super().__init__(
            f"{left} of booking {booking_id} is still open; it is confirmed when nothing is."
        )


class TooLateToWaive(BookingError):
    code = "too_late_to_waive"
    field = "booking_id"

    def __init__(self, booking_id: int, status: str) -> None:
        super().__init__(
            f"The status of booking {booking_id} is {status}; its commission can be waived "
            "only while it is provisional."
        )


# Rules of the business.


class NotOnOffer(BookingError):
    code = "not_on_offer"

    def __init__(self, field: str, property_id: int) -> None:
        self.field = field
        super().__init__(
            f"Property {property_id} has no price or no payment rule yet; it cannot be booked here."
        )


class InsuranceNotOffered(BookingError):
    code = "insurance_not_offered"

    def __init__(self, field: str, property_id: int) -> None:
        self.field = field
        super().__init__(
            f"Property {property_id} offers no insurance; None and BreakageDeposit are possible."
        )


class VoucherUnknown(BookingError):
    """A price with a voucher that nobody knows would not be the price the guest was shown."""

    code = "voucher_unknown"

    def __init__(self, field: str, came: str) -> None:
        self.field = field
        super().__init__(f"No voucher has the code {came!r}.")


class ExternalPaymentPresent(BookingError):
    """The external system must give its money back first (product section 5)."""

    code = "external_payment_present"
    field = "booking_id"

    def __init__(self, booking_id: int, payments: Sequence[int]) -> None:
        self.payments = tuple(payments)
        which = ", ".join(map(str, payments))
        super().__init__(
            f"Booking {booking_id} holds external payments ({which}); refund them first, or let "
            "the desk cancel it."
        )


class FeeTooHigh(PageError):
    """At the desk, where another fee than the rule's may be kept."""

    code = "fee_too_high"
    field = "fee"

    def __init__(self, most: Money) -> None:
        super().__init__(f"The booking asks for {most} in all; the fee is that at most.")


def nights_in_words(nights: Sequence[date]) -> str:
    """Nights as a guest would say them: runs as first to last."""
    runs: list[list[date]] = []
    for night in sorted(nights):
        if runs and (night - runs[-1][-1]).days == 1:
            runs[-1].append(night)
        else:
            runs.append([night])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"the night{'s' if len(nights) > 1 else ''} of {', '.join(words)}"
