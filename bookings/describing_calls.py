"""What the description of the API says of the calls that create and change bookings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bookings import errors
from bookings.describing_answers import CHANGED, CREATED, PRICED, STORED
from kit import describing
from kit.errors import DomainError
from kit.form import Refusals
from kit.money import Money
from payments.describing import EVERY_WRITE, OF_MONEY
from payments.errors import BookingUnknown

CREATE = """Books one or several properties of one location for a guest: nights, schedule, tags and,
with a PaidAmount, the first payment; all of it in one transaction, or nothing. It is provisional
until stage 1 is paid or promised, then a booking; with OwnerBooking=1 a blockout.

Fields may come in the body or in the query. Nights that somebody has are named (409)."""
CALC = """What a booking would cost: nothing is stored, no nights are held, past dates are fine.
Taken nights are no error here but `Availability: false`."""
AMEND = """Changes items, dates, guests, notes and the guest's addresses. Properties that are given
are all of them from now on; of each, what is not given stays as it is, and so do prices, tax and
insurance as they were agreed on. Extras that are given are changed or added (Qty=0 takes one out),
the others stay; guests that are given take the place of those there. Without properties the items
stay. The booking fee never changes. Without anything to change, nothing is written.

A lower total shrinks the schedule from its end and the money released is credit; a higher one adds
a line "Amendment", due with the balance. Payments are not touched."""
UPDATE = "Replaces the notes that are given. Cancelled bookings may be noted too."
CANCEL = """Cancels a booking: its nights are free, its lines are closed, and what the property's
rule keeps is one line "Cancellation fee"; other money is credit to refund. The guest is written to.

External payments that are cleared, uncleared or deferred are in the way (403), unless they were
refunded in full: refund them first, or let the desk cancel."""
REACTIVATE = """Takes a cancelled booking up again: the schedule as it was, the money back on its
lines, the nights held anew. It is provisional unless stage 1 is paid or promised. When somebody has
the nights, the answer names the booking (409)."""
BY_GET = """

**A GET with effect**, because the vendor's client calls it so: do not let anything that follows
links come here. POST does the same; take it."""
ENQUIRE = "Stores what somebody who has not booked yet asks for, for the managers to read."

NIGHTS = [date(2030, 12, 20), date(2030, 12, 21)]
# One error of every class that bookings are refused with, by the calls that do.
OF_ITEMS: list[DomainError] = [
    errors.PropertyUnknown("stays[0].property", 8848),
    errors.PropertyTwice("stays[1].property", 8849),
    errors.ExtraUnknown("stays[0].extras[0].extra", 7, 8849, [8297, 9240]),
    errors.SeveralLocations("stays[1].property"),
    errors.CostDecimals("stays[0].accommodation", "650.005", "EUR", 2),
    errors.NotOnOffer("stays[0].property", 8849),
    errors.InsuranceNotOffered("stays[0].breakages", 8849),
    errors.VoucherUnknown("stays[0].voucher", "SUMMER"),
]
CALCULATING: list[DomainError] = [*OF_ITEMS, errors.BrandElsewhere(2, 1)]
TAKEN = errors.NightsTaken("stays[0].arrives_on", 8849, NIGHTS)
PAST = errors.ArrivedAlready("stays[0].arrives_on", date(2020, 12, 20), date(2030, 3, 10))
CREATING: list[DomainError] = [
    *CALCULATING,
    PAST,
    errors.ContactUnknown(4),
    errors.SourceUnknown("Web", ["Website", "Phone"]),
    errors.BookingTagUnknown([99]),
    TAKEN,
    *OF_MONEY,
    *EVERY_WRITE,
]
OF_BOOKING: list[DomainError] = [BookingUnknown(4355), *EVERY_WRITE]
AMENDING: list[DomainError] = [
    *OF_ITEMS,
    PAST,
    TAKEN,
    errors.AmendOfCancelled(5003),
    *OF_BOOKING,
]
CANCELLING: list[DomainError] = [
    errors.AlreadyCancelled(5003),
    errors.ExternalPaymentPresent(4354, [1207]),
    *OF_BOOKING,
]
REACTIVATING: list[DomainError] = [
    errors.NotCancelled(4354, "booking"),
    errors.NightsTaken("booking_id", 8849, NIGHTS, [4711]),
    *OF_BOOKING,
]
ENQUIRING: list[DomainError] = [
    errors.PropertyUnknown("property_ids", 8848),
    errors.SeveralLocations("property_ids"),
    errors.BrandUnknown(3),
    errors.CurrencyUnknown("XX", "EUR"),
    errors.CostDecimals("budget", "900.005", "EUR", 2),
    *EVERY_WRITE,
]
# Met in the formats of partners only, where a booking is confirmed when it is paid.
IN_FORMATS: list[DomainError] = [
    errors.NotConfirmable(5003, "cancelled"),
    errors.StillOpen(4354, Money(100_00, "EUR")),
    errors.TooLateToWaive(4354, "booking"),
]


def samples() -> list[DomainError]:
    """At least one error of every class that bookings are refused with."""
    return [*CREATING, *AMENDING, *CANCELLING, *REACTIVATING, *ENQUIRING, *IN_FORMATS]


def described(
    statuses: Mapping[type[DomainError], int],
    words: Mapping[str, str],
    words_of_enquiries: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """Every call, as `bp.doc` takes it; from the doors' own tables of errors and words."""
    door, asking = Refusals(statuses, words), Refusals(statuses, words_of_enquiries)

    def write(name: str, about: str, refused: list[DomainError]) -> dict[str, Any]:
        answer = CREATED if refused is CREATING else CHANGED
        return describing.writes(name, about, "bookings:write", answer, door, refused)

    return {
        "create": write("createBooking", CREATE, CREATING),
        "calc": _reads("calculateBooking", CALC, "bookings:read", PRICED, door, CALCULATING),
        "amend": write("amendBooking", AMEND, AMENDING),
        "update": write("updateBooking", UPDATE, OF_BOOKING),
        "cancel": write("cancelBooking", CANCEL, CANCELLING),
        "cancel_by_get": _without_body(write("cancelBookingByGet", CANCEL + BY_GET, CANCELLING)),
        "reactivate": write("reactivateBooking", REACTIVATE, REACTIVATING),
        "reactivate_by_get": _without_body(
            write("reactivateBookingByGet", REACTIVATE + BY_GET, REACTIVATING)
        ),
        "enquire": describing.writes(
            "createEnquiry", ENQUIRE, "bookings:write", STORED, asking, ENQUIRING
        ),
    }


def _reads(
    name: str,
    about: str,
    scope: str,
    answer: Mapping[str, Any],
    door: Refusals,
    refused: list[DomainError],
) -> dict[str, Any]:
    """A call that stores nothing: it needs no key and has no dry run."""
    found = describing.writes(name, about, scope, answer, door, refused)
    return {**found, "parameters": []}


def _without_body(call: dict[str, Any]) -> dict[str, Any]:
    kept = {status: told for status, told in call["responses"].items() if status not in BODIES}
    return {**call, "responses": kept}


BODIES = (411, 413, 415)
