"""What the description of the API says of what the calls that create and change bookings take."""

from __future__ import annotations

from kit.describing import says
from payments.describing_fields import FIELDS as PAYING

DAY = {"format": "date"}
REASON = says("Why; kept in the event log.", "Guest fell ill")
ID = says("The booking.", 4354)

GUEST = {
    "Name": says("Name of somebody who stays.", "Rui Sousa"),
    "Age": says("Age in years.", 41),
    "Passport": says("Number of the passport.", "AB123456"),
}
EXTRA = {
    "Id": says("An extra that the property offers.", 8297),
    "Qty": says("How many; unless given as many as are ordered, or 1. 0 takes it out.", 1),
}
STAY = {
    "Id": says("The property.", 8849),
    "Checkin": says("Day of arrival.", "2030-12-20", **DAY),
    "Checkout": says("Day of leaving, at most 366 nights later.", "2030-12-27", **DAY),
    "LeadGuestName": says("Name of the guest who leads the party.", "Ana Sousa"),
    "LeadGuestAge": says("Age of the lead guest; needs the name.", 41),
    "LeadGuestPassport": says("Number of the lead guest's passport.", "AB123457"),
    "Adults": says("How many adults.", 2),
    "Children": says("How many children.", 1),
    "Infants": says("How many infants.", 0),
    "Pets": says("How many pets.", 0),
    "InsuranceBreakages": says(
        "None (unless given), Insurance where the property offers it, or BreakageDeposit (also"
        " BreakagesDeposit): a security deposit, due with the balance, returned after check-out.",
        "BreakageDeposit",
    ),
    "CommissionType": says("By the vendor's numbers, 1 to 5; kept as it came.", "1"),
    "VoucherCode": says("There are no vouchers: any code is refused (422).", ""),
    "AccommodationCost": says(
        "What the nights cost together, instead of the price a night.", "650"
    ),
    "OwnerAmount": says("The owner's part of it; kept as it came, it changes no price.", "500"),
    "GuestNotes": says("Added below the booking's GuestNotes.", "We arrive late."),
}
CONTACT = {
    "ContactId": says(
        "A guest who has a booking at your locations (ContactID there); the other fields are then"
        " ignored.",
        4,
    ),
    "Title": says("Of the guest.", "Ms"),
    "FirstName": says("Of the guest.", "Ana"),
    "LastName": says("Of the guest.", "Sousa"),
    "Email": says("Where the guest is written to.", "ana@example.com"),
    "Email1": says("Instead of Email when that is empty.", "ana@example.org"),
    "Telephone": says("Of the guest.", "+351 21 000 0000"),
    "Mobile": says("Of the guest.", "+351 912 345 678"),
    "Address1": says("Of the guest.", "Rua do Sol 1"),
    "Address2": says("Of the guest.", "2.º esq."),
    "City": says("Of the guest.", "Lisboa"),
    "County": says("Of the guest.", "Lisboa"),
    "Postcode": says("Of the guest.", "1200-001"),
    "Country": says(
        "Name or ISO code; how dates and money are written to the guest goes by it.", "Portugal"
    ),
    "Source": says("Where the guest came from.", "Google"),
}
NOTES = {
    "GuestNotes": says("What the guest wrote.", "We arrive late."),
    "HouseKeeperNotes": says("For the house-keeper.", "Cot in the small room"),
    "InternalNotes": says("For the agency.", "Regular guest"),
}
CARD = (
    "PaymentToken",
    "CardPartialNumbers",
    "CardType",
    "SagepaySecurityKey",
    "SagepayVendorTxCode",
    "SagepayVPSTxId",
    "SagepayTxAuthNo",
)
CREATING = NOTES | {
    "BrandId": says("The location; it must be that of the properties.", 1),
    "BookingTagIds": says("Tags to put on it, such as 12 while a website booking is unpaid.", "12"),
    "Source": says("Id or name of a source (GET /apis/sources).", "Website"),
    "SendEmail": says(
        "Whether the guest is written to about the payment; true unless given.", False
    ),
    "PaidAmount": says("A payment that comes with it, in the same transaction.", "195.00"),
    "PaymentMethod": says("Name or code of its payment method, letter for letter.", "PayPal"),
    "BalanceDueDate": says("With a PaidAmount: when the rest of the balance is due.", "2030-10-25"),
    "IsDeferredPayment": says("`true`: the PaidAmount is promised, not there.", False),
    **{name: PAYING[name] for name in CARD},
    "Reference": says("Your own id of the payment that comes with it.", "order-77"),
    "ExternalReservationID": says(
        "Your own id of the booking; shown in lists, searched by term.", "web-4711"
    ),
    "OwnerBooking": says("1: the owner's own stay, which blocks the dates and costs nothing.", "0"),
}
AMENDING = NOTES | {"BookingId": ID, "Reason": REASON}
CALCULATING = {"BrandId": says("The location; it must be that of the properties.", 1)}
UPDATING = NOTES | {"BookingId": ID}
CANCELLING = {
    "BookingId": ID,
    "Reason": REASON,
    "SendEmail": says("Whether the guest is written to; true unless given.", False),
}
REACTIVATING = {"BookingId": ID, "Reason": REASON}
ENQUIRING = {
    "firstname": says("Of whoever asks.", "Ana"),
    "lastname": says("Of whoever asks.", "Sousa"),
    "email": says("Where to answer to; or mobile, or phone.", "ana@example.com"),
    "mobile": says("Of whoever asks.", "+351 912 345 678"),
    "phone": says("Of whoever asks; also called telephone.", "+351 21 000 0000"),
    "propertyids": says("Which properties; ids with commas between them.", "8849"),
    "BrandId": says("The location; that of the properties unless given.", 1),
    "startdate": says("First day.", "2030-12-20", **DAY),
    "enddate": says("Last day.", "2030-12-27", **DAY),
    "days": says("How many nights.", 7),
    "budget": says("What it may cost.", "900"),
    "currency": says("Of the budget; the location's unless given.", "EUR"),
    "adults": says("How many adults.", 2),
    "children": says("How many children.", 1),
    "source": says("Where they found the agency.", "Google"),
    "comments": says("What they ask for.", "Is the pool heated in December?"),
    "createdate": says(
        "When they asked, a day or a moment; now unless given.", "2024-05-31T13:45:00Z"
    ),
}
