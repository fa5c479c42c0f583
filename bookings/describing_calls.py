"""What the description of the API says of the calls that create and change bookings."""

from __future__ import annotations

from typing import Any

from kit.describing import answers, says

DAY = {"format": "date"}
REASON = says("Why; kept in the event log.", "Guest fell ill")
ID = says("The booking.", 4354)

GUEST = {
    "Name": says("Name of somebody who stays.", "Rui Sousa"),
    "Age": says("Age in years.", 41),
    "Passport": says("Number of the passport; kept encrypted, shown masked."),
}
EXTRA = {
    "Id": says("An extra that the property offers.", 8297),
    "Qty": says("How many; 1 unless given, 0 is none.", 1),
}
STAY = {
    "Id": says("The property.", 8849),
    "Checkin": says("Day of arrival.", "2030-12-20", **DAY),
    "Checkout": says("Day of leaving, at most 366 nights later.", "2030-12-27", **DAY),
    "LeadGuestName": says("Name of the guest who leads the party.", "Ana Sousa"),
    "LeadGuestAge": says("Age of the lead guest."),
    "LeadGuestPassport": says("Passport of the lead guest; kept encrypted, shown masked."),
    "Adults": says("How many adults.", 2),
    "Children": says("How many children.", 1),
    "Infants": says("How many infants."),
    "Pets": says("How many pets."),
    "InsuranceBreakages": says(
        "None (unless given), Insurance where the property offers it, or BreakageDeposit: a"
        " security deposit, due with the balance and returned after check-out.",
        "BreakageDeposit",
    ),
    "CommissionType": says("Who bears a discount, by the vendor's numbers; kept as it came."),
    "VoucherCode": says("There are no vouchers yet: any code is refused."),
    "AccommodationCost": says("What the nights cost, agreed on instead of the price list."),
    "OwnerAmount": says("The owner's part of it; kept as it came."),
    "GuestNotes": says("Added to the booking's GuestNotes."),
}
CONTACT = {
    "ContactId": says("A guest that is known already; the other fields are then ignored."),
    "Title": says("Of the guest."),
    "FirstName": says("Of the guest.", "Ana"),
    "LastName": says("Of the guest.", "Sousa"),
    "Email": says("Where the guest is written to.", "ana@example.com"),
    "Email1": says("Instead of Email when that is empty."),
    "Telephone": says("Of the guest."),
    "Mobile": says("Of the guest."),
    "Address1": says("Of the guest."),
    "Address2": says("Of the guest."),
    "City": says("Of the guest."),
    "County": says("Of the guest."),
    "Postcode": says("Of the guest."),
    "Country": says(
        "Name or ISO code; how dates and money are written to the guest goes by it.", "Portugal"
    ),
    "Source": says("Where the guest came from."),
}
NOTES = {
    "GuestNotes": says("What the guest wrote."),
    "HouseKeeperNotes": says("For the house-keeper."),
    "InternalNotes": says("For the agency."),
}
CREATING = NOTES | {
    "BrandId": says("The location; it must be that of the properties.", 1),
    "BookingTagIds": says("Tags to put on it, such as 12 while a website booking is unpaid.", "12"),
    "Source": says("Id or name of a source (GET /apis/sources).", "Website"),
    "SendEmail": says("Whether the guest is written to about the payment; true unless given."),
    "PaidAmount": says("A payment that comes with it, in the same transaction.", "195.00"),
    "PaymentMethod": says("Name or code of its payment method, letter for letter.", "PayPal"),
    "IsDeferredPayment": says("`true`: the PaidAmount is promised, not there."),
    "PaymentToken": says("The provider's token for charging the card again."),
    "CardPartialNumbers": says("The last four digits of the card."),
    "CardType": says("The card's brand."),
    "SagepaySecurityKey": says("Of the live SagePay (Opayo) transaction; all four or none."),
    "SagepayVendorTxCode": says("Of the live SagePay (Opayo) transaction; all four or none."),
    "SagepayVPSTxId": says("Of the live SagePay (Opayo) transaction; all four or none."),
    "SagepayTxAuthNo": says("Of the live SagePay (Opayo) transaction; all four or none."),
    "Reference": says("Your own id of the payment."),
    "ExternalReservationID": says("Your own id of the booking; shown in lists, searched by term."),
    "OwnerBooking": says("1: the owner's own stay, which blocks the dates and costs nothing."),
}
AMENDING = NOTES | {"BookingId": ID, "Reason": REASON}
CALCULATING = {"BrandId": says("The location; it must be that of the properties.", 1)}
UPDATING = NOTES | {"BookingId": ID}
CANCELLING = {
    "BookingId": ID,
    "Reason": REASON,
    "SendEmail": says("Whether the guest is written to; true unless given."),
}
REACTIVATING = {"BookingId": ID, "Reason": REASON}
ENQUIRING = {
    "firstname": says("Of whoever asks.", "Ana"),
    "lastname": says("Of whoever asks.", "Sousa"),
    "email": says("Where to answer to; or mobile, or phone.", "ana@example.com"),
    "mobile": says("Of whoever asks."),
    "phone": says("Of whoever asks."),
    "propertyids": says("Which properties; ids with commas between them.", "8849"),
    "BrandId": says("The location; that of the properties unless given."),
    "startdate": says("First day.", "2030-12-20", **DAY),
    "enddate": says("Last day.", "2030-12-27", **DAY),
    "days": says("How many nights."),
    "budget": says("What it may cost.", "900"),
    "currency": says("Of the budget; the location's unless given."),
    "adults": says("How many adults.", 2),
    "children": says("How many children."),
    "source": says("Where they found the agency."),
    "comments": says("What they ask for.", "Is the pool heated in December?"),
    "createdate": says("When they asked; now unless given."),
}


def call(operation: str, description: str, scope: str, **answer: Any) -> dict[str, Any]:
    """A call as `bp.doc` takes it; `answer`: schema and example of success."""
    others = answers(400, 401, 403, 411, 413, 415, 500, 503)
    return {
        "operationId": operation,
        "description": f"{description} Needs the scope `{scope}`.",
        "security": [{"token": [scope]}],
        "responses": {
            200: {"description": "Done.", "content": {"application/json": answer}},
            **others,
        },
    }


DONE = {
    "type": "object",
    "required": ["Success", "BookingId"],
    "properties": {
        "Success": {"type": "boolean", "const": True},
        "BookingId": {"type": "integer"},
    },
}
EXAMPLE = {"Success": True, "BookingId": 4354}

W = "bookings:write"
CREATE = call(
    "createBooking",
    "Books one or several properties of one location for a guest: nights, schedule, tags and, with"
    " a PaidAmount, the first payment, all in one transaction. Nights that somebody has: 409.",
    W,
    schema=DONE,
    example=EXAMPLE,
)
AMEND = call(
    "amendBooking",
    "Changes items, dates and guests. Properties that are given are all of them from now on; within"
    " one, guests and extras stay as they are unless given. A lower total shrinks the schedule from"
    " its end and releases money as credit; a higher one adds a line, due with the balance.",
    W,
    schema=DONE,
    example=EXAMPLE,
)
UPDATE = call("updateBooking", "Replaces the notes that are given.", W,
              schema=DONE, example=EXAMPLE)  # fmt: skip
CANCELS = (
    "Cancels a booking: nights are free, lines are closed, and what the rule keeps is one line"
    " Cancellation fee; the other money is credit to refund. 403 when external payments are in"
    " the way."
)
CANCEL = call("cancelBookingByGet", CANCELS, W, schema=DONE, example=EXAMPLE)
CANCEL_BY_POST = call("cancelBooking", CANCELS, W, schema=DONE, example=EXAMPLE)
REACTIVATES = (
    "Takes a cancelled booking up again, with its schedule as it was; 409 names the booking that"
    " has its nights, if one has."
)
REACTIVATE = call("reactivateBookingByGet", REACTIVATES, W, schema=DONE, example=EXAMPLE)
REACTIVATE_BY_POST = call("reactivateBooking", REACTIVATES, W, schema=DONE, example=EXAMPLE)
CALC = call(
    "calculateBooking",
    "What a booking would cost; nothing is stored, and past dates are fine.",
    "bookings:read",
    schema={"type": "object"},
)
ENQUIRE = call(
    "createEnquiry",
    "Stores what somebody who has not booked yet asks for.",
    W,
    schema={
        "type": "object",
        "required": ["Success", "EnquiryId"],
        "properties": {
            "Success": {"type": "boolean", "const": True},
            "EnquiryId": {"type": "integer"},
        },
    },
    example={"Success": True, "EnquiryId": 1},
)
